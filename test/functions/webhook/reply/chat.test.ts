import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { errorCatalogue, Problem, type ErrorCode } from '../../../../functions/errors.ts';
import type { Outcome } from '../../../../functions/webhook/outcome.ts';
import { chatMessage } from '../../../../functions/webhook/reply/chat.ts';
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

test('Slack shows the whole channel what is rolled back, which order, and who asked', () => {
  expect(chatMessage('slack', rollingBack, 'roadrunner')).toEqual({
    response_type: 'in_channel',
    text: `Rolling back: change order ${changeOrderId}, asked for by roadrunner. EDAS accepted the rollback.`,
  });
});

test('Slack shows a refusal only to the user who asked, and why', () => {
  const problem = new Problem('change_order_finished', 'The change order has succeeded.', { changeOrderId });
  expect(chatMessage('slack', problem, 'roadrunner')).toEqual({
    response_type: 'ephemeral',
    text: `Not rolled back: change order ${changeOrderId}. The change order has succeeded. (change_order_finished)`,
  });
});

test('DingTalk gets a message of its own kind', () => {
  expect(chatMessage('dingtalk', rollingBack, undefined)).toEqual({
    msgtype: 'text',
    text: { content: `Rolling back: change order ${changeOrderId}. EDAS accepted the rollback.` },
  });
});

test('Feishu gets a toast, green for what happened and red for what did not', () => {
  expect(chatMessage('feishu', rollingBack, undefined)).toEqual({
    toast: {
      type: 'success',
      content: `Rolling back: change order ${changeOrderId}. EDAS accepted the rollback.`,
    },
  });
  const held = { outcome: 'suspended', changeOrderId, message: 'Nothing was sent.' } as const;
  expect(chatMessage('feishu', held, undefined)).toMatchObject({ toast: { type: 'info' } });
  expect(chatMessage('feishu', new Problem('internal', 'why'), undefined)).toEqual({
    toast: { type: 'error', content: 'Not rolled back. why (internal)' },
  });
});

test.each(['change_order_id_missing', 'change_order_id_ambiguous'] as const)(
  'a command with %s says what to type instead',
  (code) => {
    expect(chatMessage('dingtalk', new Problem(code, 'No id.'), undefined)).toEqual({
      msgtype: 'text',
      text: { content: `Not rolled back. No id. Type: rollback <change order id> (${code})` },
    });
  },
);

test('an order that was terminated already is not called rolled back, nor finished with', () => {
  const outcome = { outcome: 'already_terminated', changeOrderId, message: 'Check the versions.' } as const;
  expect(chatMessage('dingtalk', outcome, undefined)).toEqual({
    msgtype: 'text',
    text: { content: `Terminated already: change order ${changeOrderId}. Check the versions.` },
  });
});

test('a rollback that a task does is shown to the whole channel, and is not called rolled back yet', () => {
  const outcome = { outcome: 'deferred', changeOrderId, message: 'A task does it.' } as const;
  const text = `Handed to a task: change order ${changeOrderId}, asked for by roadrunner. A task does it.`;
  expect(chatMessage('slack', outcome, 'roadrunner')).toEqual({ response_type: 'in_channel', text });
  expect(chatMessage('dingtalk', outcome, 'roadrunner')).toEqual({
    msgtype: 'text',
    text: { content: text },
  });
  expect(chatMessage('feishu', outcome, 'roadrunner')).toEqual({ toast: { type: 'info', content: text } });
});

test('no answer says that nothing was rolled back while that is not known', () => {
  const problem = new Problem('edas_outcome_unknown', 'It was sent once.', { changeOrderId });
  expect(chatMessage('dingtalk', problem, undefined)).toEqual({
    msgtype: 'text',
    text: {
      content: `It is not known yet what became of change order ${changeOrderId}. It was sent once. (edas_outcome_unknown)`,
    },
  });
});

test('what is no command is answered with what to type', () => {
  const ignored = { outcome: 'ignored', message: 'This is no command.' } as const;
  expect(chatMessage('slack', ignored, 'roadrunner')).toEqual({
    response_type: 'ephemeral',
    text: 'This is no command.',
  });
});

describe('whatever a sender or EDAS wrote', () => {
  const chats = ['slack', 'dingtalk', 'feishu'] as const;

  /** The text of an answer, in the field in which its chat has it. */
  function textOf(chat: Chat, result: Outcome | Problem, actor?: string): string {
    const answer = chatMessage(chat, result, actor);
    if (chat === 'slack') return (answer as { text: string }).text;
    if (chat === 'feishu') return (answer as { toast: { content: string } }).toast.content;
    return (answer as { text: { content: string } }).text.content;
  }

  const message = hostileText;
  const outcome = fc.oneof(
    fc.record({
      outcome: fc.constantFrom('deferred', 'already_terminated', 'dry_run', 'suspended'),
      changeOrderId: fc.constant(changeOrderId),
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

  test.each(chats)('the answer in %s is one line that mentions nobody and hides nothing', (chat) => {
    fc.assert(
      fc.property(fc.oneof(outcome, problem), fc.option(hostileText, { nil: undefined }), (result, actor) => {
        const text = textOf(chat, result, actor);
        expect(dangersIn(chat, text)).toEqual([]);
        expect(text.isWellFormed()).toBe(true);
        // Slack writes an ampersand as five characters.
        expect(text.length).toBeLessThanOrEqual(5 * 1400);
        if (result instanceof Problem) expect(text.endsWith(` (${result.code})`)).toBe(true);
      }),
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

  test('what to type is shown as it is to be typed', () => {
    const unclear = new Problem('change_order_id_missing', 'No id.');
    expect(textOf('dingtalk', unclear)).toContain('Type: rollback <change order id> (');
    expect(textOf('feishu', unclear)).toContain('Type: rollback <change order id> (');
    expect(textOf('slack', unclear)).toContain('Type: rollback &lt;change order id&gt; (');
  });
});
