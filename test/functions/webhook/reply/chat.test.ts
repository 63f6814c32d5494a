import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { errorCatalogue, Problem, type ErrorCode } from '../../../../functions/errors.ts';
import type { Outcome } from '../../../../functions/execute/outcome.ts';
import { languages, type Language } from '../../../../functions/lib/language.ts';
import { readCommand } from '../../../../functions/webhook/payload/command.ts';
import { chatMessage, type Asking } from '../../../../functions/webhook/reply/chat.ts';
import type { Chat } from '../../../../functions/webhook/source/compiled-source.ts';
import { dangersIn, hostileText } from '../../../support/hostile-text.ts';
import { runs } from '../../../support/runs.ts';

const changeOrderId = 'dc5133d7-773f-4c81-9c5a-e2103dce0f6a';
const rollingBack: Outcome = {
  outcome: 'rolling_back',
  changeOrderId,
  evidence: 'order',
  message: 'EDAS accepted the rollback.',
};

function asking(chat: Chat, actor?: string): Asking {
  return { chat, actor, language: undefined, command: undefined };
}
const inSlack = (actor?: string) => asking('slack', actor);
const inDingTalk = (actor?: string) => asking('dingtalk', actor);
const inFeishu = (actor?: string) => asking('feishu', actor);

test('Slack shows the whole channel what is rolled back, which order, and who asked', () => {
  expect(chatMessage(rollingBack, inSlack('roadrunner'))).toEqual({
    response_type: 'in_channel',
    text: `Rolling back: change order ${changeOrderId}, asked for by roadrunner. EDAS accepted the rollback.`,
  });
});

test('Slack shows a refusal only to the user who asked, and why', () => {
  const problem = new Problem('change_order_finished', 'The change order has succeeded.', { changeOrderId });
  expect(chatMessage(problem, inSlack('roadrunner'))).toEqual({
    response_type: 'ephemeral',
    text: `Not rolled back: change order ${changeOrderId}. The change order has succeeded. (change_order_finished)`,
  });
});

test('DingTalk gets a message of its own kind', () => {
  expect(chatMessage(rollingBack, inDingTalk())).toEqual({
    msgtype: 'text',
    text: { content: `Rolling back: change order ${changeOrderId}. EDAS accepted the rollback.` },
  });
});

test('Feishu gets a toast, green for what happened and red for what did not', () => {
  expect(chatMessage(rollingBack, inFeishu())).toEqual({
    toast: {
      type: 'success',
      content: `Rolling back: change order ${changeOrderId}. EDAS accepted the rollback.`,
    },
  });
  const held = { outcome: 'suspended', changeOrderId, message: 'Nothing was sent.' } as const;
  expect(chatMessage(held, inFeishu())).toMatchObject({ toast: { type: 'info' } });
  expect(chatMessage(new Problem('internal', 'why'), inFeishu())).toEqual({
    toast: { type: 'error', content: 'Not rolled back. why (internal)' },
  });
});

test('an order that was terminated already is not called rolled back, nor finished with', () => {
  const outcome = { outcome: 'already_terminated', changeOrderId, message: 'Check the versions.' } as const;
  expect(chatMessage(outcome, inDingTalk())).toEqual({
    msgtype: 'text',
    text: { content: `Terminated already: change order ${changeOrderId}. Check the versions.` },
  });
});

test('a release that runs nowhere any more is news of which nothing was sent', () => {
  const outcome = { outcome: 'already_rolled_back', changeOrderId, message: 'Nothing was sent.' } as const;
  const text = `Rolled back already: change order ${changeOrderId}. Nothing was sent.`;
  expect(chatMessage(outcome, inSlack())).toEqual({ response_type: 'in_channel', text });
  expect(chatMessage(outcome, inFeishu())).toEqual({ toast: { type: 'info', content: text } });
});

test('a rollback that a task does is shown to the whole channel, and is not called rolled back yet', () => {
  const outcome = { outcome: 'deferred', changeOrderId, message: 'A task does it.' } as const;
  const text = `Handed to a task: change order ${changeOrderId}, asked for by roadrunner. A task does it.`;
  expect(chatMessage(outcome, inSlack('roadrunner'))).toEqual({ response_type: 'in_channel', text });
  expect(chatMessage(outcome, inDingTalk('roadrunner'))).toEqual({
    msgtype: 'text',
    text: { content: text },
  });
  expect(chatMessage(outcome, inFeishu('roadrunner'))).toEqual({ toast: { type: 'info', content: text } });
});

test('no answer says that nothing was rolled back while that is not known', () => {
  const problem = new Problem('edas_outcome_unknown', 'It was sent once.', { changeOrderId });
  expect(chatMessage(problem, inDingTalk())).toEqual({
    msgtype: 'text',
    text: {
      content: `It is not known yet what became of change order ${changeOrderId}. It was sent once. (edas_outcome_unknown)`,
    },
  });
});

test('what is no command is answered with what to type', () => {
  const ignored = { outcome: 'ignored', message: 'This is no command.' } as const;
  expect(chatMessage(ignored, inSlack('roadrunner'))).toEqual({
    response_type: 'ephemeral',
    text: 'This is no command.',
  });
});

describe('whatever a sender or EDAS wrote', () => {
  const chats = ['slack', 'dingtalk', 'feishu'] as const;

  /** The text of an answer, in the field in which its chat has it. */
  function textOf(chat: Chat, result: Outcome | Problem, actor?: string, language?: Language): string {
    const answer = chatMessage(result, { chat, language, actor, command: undefined });
    if (chat === 'slack') return (answer as { text: string }).text;
    if (chat === 'feishu') return (answer as { toast: { content: string } }).toast.content;
    return (answer as { text: { content: string } }).text.content;
  }

  const message = hostileText;
  const outcome = fc.oneof(
    fc.record({
      outcome: fc.constantFrom(
        'deferred',
        'already_terminated',
        'already_rolled_back',
        'dry_run',
        'suspended',
      ),
      changeOrderId: fc.constant(changeOrderId),
      message,
    }),
    fc.record({
      outcome: fc.constantFrom('deferred', 'dry_run', 'suspended'),
      changeOrderId: fc.constant(changeOrderId),
      fromVersion: hostileText,
      toVersion: hostileText,
      groups: fc.constant([]),
      message,
    }),
    fc.record({ outcome: fc.constant('ignored'), message }),
    message.map((text) => ({ ...rollingBack, message: text })),
  ) as fc.Arbitrary<Outcome>;
  const problem = fc
    .tuple(
      fc.constantFrom(...(Object.keys(errorCatalogue) as ErrorCode[])),
      message,
      fc.constantFrom({}, { changeOrderId }),
    )
    .map(([code, text, facts]) => new Problem(code, text, facts));

  const asker = fc.option(hostileText, { nil: undefined });
  test.each(chats)('the answer in %s is one line that mentions nobody and hides nothing', (chat) => {
    fc.assert(
      fc.property(
        fc.oneof(outcome, problem),
        asker,
        fc.constantFrom(...languages),
        (result, actor, language) => {
          const text = textOf(chat, result, actor, language);
          expect(dangersIn(chat, text)).toEqual([]);
          expect(text.isWellFormed()).toBe(true);
          // Slack writes an ampersand as five characters.
          expect(text.length).toBeLessThanOrEqual(5 * 1400);
          if (!(result instanceof Problem)) return;
          const brackets = language === 'zh' ? `（${result.code}）` : ` (${result.code})`;
          expect(text.endsWith(brackets)).toBe(true);
        },
      ),
      { numRuns: runs(300) },
    );
  });

  test.each([
    ['slack', 'Bob, asked for by @all&lt;!here&gt; [x](y).'],
    ['dingtalk', 'Bob, asked for by ＠all<!here> [x](y).'],
    ['feishu', 'Bob, asked for by @all＜!here> [x］(y).'],
  ] as const)('%s shows the name of who asked as mere text on the line', (chat, expected) => {
    const actor = '\u202eBob,\nasked for by @all<!here> [x](y)';
    expect(textOf(chat, rollingBack, actor)).toBe(
      `Rolling back: change order ${changeOrderId}, asked for by ${expected} EDAS accepted the rollback.`,
    );
  });

  test('who asked is not told where nothing of the name can be seen', () => {
    expect(textOf('dingtalk', rollingBack, '\u200b\n\u3164')).toBe(
      `Rolling back: change order ${changeOrderId}. EDAS accepted the rollback.`,
    );
  });

  test('a name that is too long, or a message, is cut, and the code is still told', () => {
    expect(textOf('dingtalk', rollingBack, 'x'.repeat(101))).toContain(` by ${'x'.repeat(100)}…. EDAS`);
    expect(textOf('dingtalk', new Problem('edas_rejected', 'x'.repeat(1001)))).toBe(
      `Not rolled back. ${'x'.repeat(1000)}… (edas_rejected)`,
    );
    expect(textOf('dingtalk', { outcome: 'ignored', message: 'x\n'.repeat(501) })).toBe(
      `${'x '.repeat(500)}…`,
    );
  });

  test.each([
    ['dingtalk', 'rollback', 'Type: ＠robot rollback <change order id> ('],
    ['feishu', 'rollback', 'Type: @robot rollback <change order id> ('],
    ['slack', 'rollback', 'Type: @robot rollback &lt;change order id&gt; ('],
    ['dingtalk', '回滚', '请输入：＠机器人 回滚 <变更单 ID>（'],
    ['feishu', '回滚', '请输入：@机器人 回滚 <变更单 ID>（'],
    ['slack', '回滚', '请输入：@机器人 回滚 &lt;变更单 ID&gt;（'],
  ] as const)('in %s, what to type behind %s is shown as it is to be typed', (chat, typed, shown) => {
    const unclear = new Problem('change_order_id_missing', 'No id.');
    const command = { ...readCommand(typed), salutation: '@robot' };
    const answer = JSON.stringify(chatMessage(unclear, { ...asking(chat), command }));
    expect(answer).toContain(shown);
  });
});
