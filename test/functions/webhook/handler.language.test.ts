import { onTestFinished, describe, expect, test } from 'vitest';
import { errorCatalogue, Problem, type ErrorCode } from '../../../functions/errors.ts';
import { languages } from '../../../functions/lib/language.ts';
import { readCommand } from '../../../functions/webhook/payload/command.ts';
import { chatMessage } from '../../../functions/webhook/reply/chat.ts';
import { textsOf } from '../../../functions/webhook/texts/advice.ts';
import { openWithRelease } from '../../support/webhook.ts';

const app = '3616cdca-0000-4000-8000-000000000001';
const sources = `
sources:
  slack: { preset: slack, secrets: [SECRET] }
  slack-zh: { preset: slack, secrets: [SECRET], language: zh }
  dingtalk: { preset: dingtalk, secrets: [SECRET], apps: [${app}] }
  dingtalk-en: { preset: dingtalk, secrets: [SECRET], apps: [${app}], language: en }
  feishu: { preset: feishu, secrets: [SECRET] }
`;

async function open() {
  const plan = { appId: app, batchMs: 10 ** 12 };
  const { webhook, orderId } = await openWithRelease({ sources }, plan, onTestFinished);
  const dingTalk = async (source: string, content: string) => {
    const answer = await webhook.post(source, { conversationType: '2', text: { content } });
    return (answer.body as { text: { content: string } }).text.content;
  };
  const slack = async (source: string, command: string, text: string) => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const body = new URLSearchParams({ command, text }).toString();
    const answer = await webhook.post(source, body, { headers });
    return (answer.body as { text: string }).text;
  };
  return { orderId, dingTalk, slack, webhook };
}

test('a command is answered in its own language, unless the source has one', async () => {
  const { orderId, dingTalk, slack } = await open();
  expect(await dingTalk('dingtalk', `回滚 ${orderId}`)).toMatch(/^正在回滚：变更单 /);
  expect(await dingTalk('dingtalk', `回滾 ${orderId}`)).toMatch(/^此前已终止：变更单 /);
  expect(await dingTalk('dingtalk', `rollback ${orderId}`)).toMatch(/^Terminated already: change order /);
  expect(await dingTalk('dingtalk-en', `回滚 ${orderId}`)).toMatch(/^Terminated already: /);
  expect(await slack('slack-zh', '/rollback', orderId)).toMatch(/^此前已终止：/);
  expect(await slack('slack', '/回滚', orderId)).toMatch(/^此前已终止：/);
});

test('what is no command is answered in the language in which it is written', async () => {
  const { orderId, dingTalk } = await open();
  expect(await dingTalk('dingtalk', `请回滚 ${orderId}`)).toBe(
    '这不是命令：应以动词开头，而这里是“请”。请输入：＠机器人 回滚 <变更单 ID>',
  );
  expect(await dingTalk('dingtalk', `please rollback ${orderId}`)).toBe(
    'This is no command: “please” stands where the verb must be. The verb comes first. Type: ＠robot rollback <change order id>',
  );
});

test('in Slack, the verb may be typed behind the slash command that is the verb', async () => {
  const { orderId, slack } = await open();
  expect(await slack('slack', '/rollback', `rollback ${orderId}`)).toMatch(/^Rolling back: /);
});

test.each([
  ['/rollback', 'checkout', 'Type: /rollback &lt;change order id&gt; (change_order_id_missing)'],
  [
    '/rollback',
    '',
    'No id of a change order stands behind the verb. Type: /rollback &lt;change order id&gt; (',
  ],
  ['/edas', 'rollback checkout', 'Type: /edas rollback &lt;change order id&gt; ('],
  ['/edas', 'please', 'Type: /edas rollback &lt;change order id&gt;'],
  ['/rollback', 'help', 'This rolls one change order back. '],
  ['/回滚', '帮助', '这个命令回滚一个变更单。'],
])('in Slack, %s %s is advised: %s', async (command, text, advice) => {
  const { slack } = await open();
  expect(await slack('slack', command, text)).toContain(advice);
});

test('help is no refusal, and the log says so', async () => {
  const { slack, webhook } = await open();
  await slack('slack', '/rollback', 'help');
  expect(webhook.decisions()).toMatchObject([{ outcome: 'ignored' }]);
});

describe('every text for people is there in both languages', () => {
  const codes = Object.keys(errorCatalogue) as ErrorCode[];
  const inChat = (language: 'en' | 'zh', result: Parameters<typeof chatMessage>[0]) =>
    JSON.stringify(chatMessage(result, { chat: 'dingtalk', language, actor: undefined, command: undefined }));

  test.each(codes)('of the problem %s', (code) => {
    const problem = new Problem(code, 'The reason.');
    expect(inChat('en', problem)).toContain('The reason. (');
    expect(inChat('zh', problem)).toMatch(/[\u4e00-\u9fff。]详情：The reason\.（/);
  });

  test.each(languages)('of everything that is wrong with a command, in %s', (language) => {
    const told = Object.values(textsOf(language).faults).map((text) => text('WORDS'));
    expect(new Set(told).size).toBe(told.length);
    expect(told.filter((text) => /[\u4e00-\u9fff]/.test(text) !== (language === 'zh'))).toEqual([]);
  });

  const changeOrderId = 'dc5133d7-773f-4c81-9c5a-e2103dce0f6a';
  const versions = {
    fromVersion: '1.8.2',
    toVersion: '1.8.1',
    groups: ['8123db90-0000-4000-8000-000000000003'],
  };
  const rollingBack = { outcome: 'rolling_back', changeOrderId, message: 'M.' } as const;
  test.each([
    [{ ...rollingBack, evidence: 'order' }, 'EDAS 对回滚的应答未收到'],
    [{ ...rollingBack, evidence: 'order', claimed: false }, '不能保证只发起一次'],
    [{ ...rollingBack, evidence: 'order', claimed: true, follow: 'dispatched' }, '任务会跟踪到结束'],
    [{ outcome: 'deferred', changeOrderId, message: 'M.' }, '任务会回滚一次'],
    [
      { outcome: 'deferred', changeOrderId, message: 'M.', duplicate: true, task: 'Running' },
      '已有任务（Running）',
    ],
    [
      { outcome: 'already_terminated', changeOrderId, message: 'M.', rollbackChangeOrderId: 'abc' },
      '下一个变更单 abc 是一次回滚',
    ],
    [
      { outcome: 'deferred', changeOrderId, message: 'M.', ...versions },
      '该发布已结束，任务会将其从 1.8.2 回滚到 1.8.1，只发起一次，并跟踪到结束。配置和数据库的变更不会随之恢复。',
    ],
    [
      { outcome: 'deferred', changeOrderId, message: 'M.', ...versions, duplicate: true },
      '该变更单已有任务，本次没有发起回滚',
    ],
    [
      { outcome: 'already_rolled_back', changeOrderId, message: 'M.', rollbackChangeOrderId: 'abc' },
      `此前已回滚：变更单 ${changeOrderId}。该发布的版本已不在任何实例上运行，由变更单 abc 回滚，因此没有再发起回滚。`,
    ],
    [
      { outcome: 'already_rolled_back', changeOrderId, message: 'M.' },
      '该发布的版本已不在任何实例上运行，因此没有再发起回滚。',
    ],
    [
      { outcome: 'dry_run', changeOrderId, message: 'M.', ...versions },
      '此来源只演练（dryRun），没有发起回滚；否则现在会将其从 1.8.2 回滚到 1.8.1。',
    ],
    [
      { outcome: 'suspended', changeOrderId, message: 'M.', ...versions },
      'ROLLBACK_SUSPENDED 已打开，没有发起回滚；否则现在会将其从 1.8.2 回滚到 1.8.1。',
    ],
    [
      { outcome: 'dry_run', changeOrderId, message: 'M.' },
      '此来源只演练（dryRun），没有发起回滚；否则现在会发起。',
    ],
    [
      { outcome: 'suspended', changeOrderId, message: 'M.' },
      'ROLLBACK_SUSPENDED 已打开，没有发起回滚；否则现在会发起。',
    ],
    [{ outcome: 'ignored', message: 'M.' }, '已忽略。详情：M.'],
  ] as const)('of the outcome %j', (outcome, words) => {
    expect(inChat('en', outcome)).toContain('M.');
    expect(inChat('zh', outcome)).toContain(words);
  });

  test('a version of any length leaves room for the rest of the answer', () => {
    const long = { ...versions, fromVersion: 'a'.repeat(2000), toVersion: 'b'.repeat(2000) };
    const answer = inChat('zh', { outcome: 'deferred', changeOrderId, message: 'M.', ...long });
    expect(answer).toContain(`从 ${'a'.repeat(100)}… 回滚到 ${'b'.repeat(100)}…，`);
    expect(answer).toContain('配置和数据库的变更不会随之恢复。');
  });

  test('a command without a fault has no advice', () => {
    expect(readCommand(`rollback ${changeOrderId}`)).toEqual({
      verb: 'rollback',
      changeOrderId,
      language: 'en',
    });
  });
});
