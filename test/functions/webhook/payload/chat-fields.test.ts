import { describe, expect, test } from 'vitest';
import type { JSONValue } from '../../../../functions/select/expression.ts';
import { selectAnswerAddress } from '../../../../functions/webhook/payload/chat-fields.ts';
import type { CompiledSource } from '../../../../functions/webhook/source/compiled-source.ts';
import { sourceWith } from '../../../support/expression-source.ts';
import { pipelineSource } from '../../../support/source.ts';

describe('the address at which people of a chat wait', () => {
  const url = 'https://hooks.slack.com/commands/T1DC2JH3J/397700885554/fake';
  const chat = (changes: Partial<CompiledSource> = {}): CompiledSource => ({
    ...sourceWith({ answerAt: 'response_url' }),
    reply: 'slack',
    follow: true,
    ...changes,
  });

  test('is what the payload says', async () => {
    expect(await selectAnswerAddress(chat(), { response_url: url })).toEqual({ chat: 'slack', url });
    const deferred = chat({ follow: false, mode: 'deferred' });
    expect(await selectAnswerAddress(deferred, { response_url: url })).toEqual({ chat: 'slack', url });
  });

  test.each<[string, CompiledSource]>([
    ['no task that could use it', chat({ follow: false })],
    ['no chat', chat({ reply: 'json' })],
    ['a chat that gives none', chat({ reply: 'feishu' })],
    ['another chat', chat({ reply: 'dingtalk' })],
    ['no expression for it', { ...pipelineSource, reply: 'slack', follow: true }],
  ])('is none where there is %s', async (_what, configured) => {
    expect(await selectAnswerAddress(configured, { response_url: url })).toBeUndefined();
  });

  test.each<[JSONValue]>([
    [null],
    [7],
    [''],
    [[url]],
    [{ url }],
    ['http://hooks.slack.com/x'],
    ['https://hooks.slack.com:8443/x'],
    ['https://fake-user@hooks.slack.com/x'],
    ['https://a.hooks.slack.com/x'],
    ['https://hooks.slack.com.example.com/x'],
    [`https://hooks.slack.com/${'x'.repeat(2_000)}`],
  ])('is none where the payload says %j', async (value) => {
    expect(await selectAnswerAddress(chat(), { response_url: value })).toBeUndefined();
  });

  test.each([
    [undefined, 'rollback', 'en'],
    [undefined, '回滚', 'zh'],
    ['zh', 'rollback', 'zh'],
    ['en', '回滚', 'en'],
  ] as const)(
    'with the language %s and the command %s, gets the result in %s',
    async (own, text, language) => {
      const configured = chat({ language: own, command: sourceWith({ command: 'text' }).command });
      const address = await selectAnswerAddress(configured, { response_url: url, text });
      expect(address?.language).toBe(language);
    },
  );

  test('does not stop a rollback where the expression does not work', async () => {
    const broken = chat({ answerAt: sourceWith({ answerAt: "join('', response_url)" }).answerAt });
    expect(await selectAnswerAddress(broken, { response_url: 7 })).toBeUndefined();
  });
});
