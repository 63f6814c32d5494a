import { expect, test } from 'vitest';
import { describeAnswer } from '../../../../local/commands/send/describe-answer.ts';

test.each([
  ['an outcome', 'json', 202, '{"outcome":"rolling_back"}', []],
  [
    'a problem',
    'json',
    404,
    '{"code":"source_unknown"}',
    ['No source has this path: docs/errors.md#source_unknown'],
  ],
  ['an unknown code', 'json', 400, '{"code":"constructor"}', []],
  ['what is no JSON', 'json', 403, 'The trigger does not list the method', []],
  ["Slack's text", 'slack', 200, '{"text":"a &lt;b&gt; &amp; c"}', ['a <b> & c']],
  ["DingTalk's text", 'dingtalk', 200, '{"text":{"content":"done"}}', ['done']],
  ["Feishu's text", 'feishu', 200, '{"toast":{"content":"done"}}', ['done']],
  [
    'a refusal in a chat',
    'slack',
    200,
    '{"text":"Not rolled back. (app_missing)"}',
    ['Not rolled back. (app_missing)', 'The payload names no application: docs/errors.md#app_missing'],
  ],
] as const)('%s is told', (_what, reply, status, text, lines) => {
  expect(describeAnswer({ reply }, { status, text })).toEqual(lines);
});
