import { expect, onTestFinished, test, vi } from 'vitest';
import { createNarrator } from '../../../local/sandbox/narrator.ts';
import type { ReceivedMessage } from '../../../local/stand-ins/channels/receiver.ts';

/** What a narrator tells, line by line. */
function listen(isVerbose: boolean) {
  const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
  onTestFinished(() => {
    log.mockRestore();
  });
  return {
    narrator: createNarrator(isVerbose),
    told: () => log.mock.calls.flat().join('\n').split('\n'),
  };
}

const request = { address: 'http://127.0.0.1:9000/hook', headers: { 'x-sign': 'abc' } };
const path = { method: 'POST', path: '/hook' };
const answer = (statusCode: number, body: object) =>
  ({ statusCode, headers: {}, isBase64Encoded: false, body: JSON.stringify(body) }) as const;
const longText = 'word '.repeat(200);

test.each([true, false])(
  'a terminal obeys nothing in an answer, nor in a line of a log: verbose %s',
  (isVerbose) => {
    const { narrator, told } = listen(isVerbose);
    narrator.answer(path, answer(200, { message: '\u009b2J' }), 1);
    narrator.log('{"level":"warn","msg":"\u202e"}');
    narrator.taskLog('no JSON \u202e');
    const text = told().join('\n');
    expect(text).toContain('\\u{9b}2J');
    expect(text.match(/\\u\{202e\}/g)).toHaveLength(2);
  },
);

test('the story is a short line for each step', () => {
  const { narrator, told } = listen(false);
  narrator.request(request, JSON.stringify({ text: longText }));
  narrator.answer(path, answer(202, { outcome: 'rolling_back', message: 'EDAS accepted the rollback.' }), 12);
  narrator.answer(path, answer(409, { code: 'problem_predates_change', detail: longText }), 12);
  narrator.answer(path, answer(200, { text: 'Rolling back:\nchange order 1' }), 12);
  narrator.log(JSON.stringify({ level: 'info', msg: 'decision', detail: longText }));
  narrator.log(JSON.stringify({ level: 'warn', msg: 'a secret is short', reason: 'A_SECRET is short' }));
  narrator.taskLog(JSON.stringify({ level: 'info', msg: 'news' }));
  const lines = told();
  expect(lines).toEqual([
    expect.stringMatching(/^ {3}sender → function {2}POST \/hook {2}\{"text":"word .*…$/),
    '   function → sender  POST /hook answered 202 rolling_back: EDAS accepted the rollback.',
    expect.stringMatching(
      /^ {3}function → sender {2}POST \/hook answered 409 problem_predates_change: word .*…$/,
    ),
    '   function → sender  POST /hook answered 200 Rolling back:',
    '   function → log     warn a secret is short: A_SECRET is short',
  ]);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(117);
});

test('with verbose, nothing is left out', () => {
  const { narrator, told } = listen(true);
  narrator.request(request, longText.trim());
  narrator.answer(path, answer(202, { message: longText.trim() }), 12);
  narrator.log('{"level":"info","msg":"decision"}');
  expect(told()).toEqual([
    '   sender → function  POST http://127.0.0.1:9000/hook',
    '                      x-sign: abc',
    `                      ${longText.trim()}`,
    '   function → sender  POST /hook answered 202 in 12 ms',
    `                      {"message":"${longText.trim()}"}`,
    '   function → log     {"level":"info","msg":"decision"}',
  ]);
});

test.each([
  [false, ['   task → people      dingtalk, feishu: \u6210\u529f', '   task → people      slack: Succeeded']],
  [
    true,
    [
      '   task → people',
      '                      dingtalk, feishu ┌ \u6210\u529f',
      '                                       └ more',
      '   task → people',
      '                      slack ┌ Succeeded',
      '                            └ more',
    ],
  ],
])(
  'messages that come at once are told in the order of the channels, the same text once: verbose %s',
  async (isVerbose, lines) => {
    const { narrator, told } = listen(isVerbose);
    const message = (kind: ReceivedMessage['kind'], text: string) => ({ kind, text }) as ReceivedMessage;
    narrator.message(message('slack', 'Succeeded\nmore'));
    narrator.message(message('feishu', '\u6210\u529f\nmore'));
    narrator.message(message('dingtalk', '\u6210\u529f\nmore'));
    await vi.waitFor(() => {
      expect(told()).toEqual(lines);
    });
  },
);
