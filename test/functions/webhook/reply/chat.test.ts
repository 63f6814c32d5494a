import { expect, test } from 'vitest';
import { Problem } from '../../../../functions/errors.ts';
import type { Outcome } from '../../../../functions/webhook/outcome.ts';
import { chatMessage } from '../../../../functions/webhook/reply/chat.ts';

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

test('Slack mentions no user, whatever the name of who asked', () => {
  expect(chatMessage('slack', rollingBack, '<!channel> & <@U1>')).toMatchObject({
    text: expect.stringContaining('asked for by &lt;!channel&gt; &amp; &lt;@U1&gt;.') as string,
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
