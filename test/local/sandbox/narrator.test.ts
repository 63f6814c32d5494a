import { expect, onTestFinished, test, vi } from 'vitest';
import { createNarrator } from '../../../local/sandbox/narrator.ts';
import type { ReceivedMessage } from '../../../local/stand-ins/channels/receiver.ts';
import type { RecordedCall } from '../../../local/stand-ins/edas/stand-in.ts';
import type { RecordedCall as RecordedTaskCall } from '../../../local/stand-ins/fc/stand-in.ts';

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

const edasCall = (operation: RecordedCall['operation'], status = 200) =>
  ({ operation, status, host: '127.0.0.1:1' }) as RecordedCall;
const fcCall = (operation: RecordedTaskCall['operation'], taskId: string, status: number) =>
  ({ operation, taskId, status, host: '127.0.0.1:2' }) as RecordedTaskCall;

test('reads that follow one another are one line of the story, told before what comes after them', () => {
  const { narrator, told } = listen(false);
  narrator.call(edasCall('ListRecentChangeOrder'));
  narrator.call(edasCall('ListRecentChangeOrder'));
  narrator.taskCall(fcCall('GetAsyncTask', 'ended-call-1', 404));
  narrator.call(edasCall('QueryApplicationStatus', 503));
  narrator.taskCall(fcCall('InvokeFunction', 'ended-1', 202));
  narrator.call(edasCall('GetChangeOrderInfo'));
  narrator.call(edasCall('RollbackChangeOrder'));
  narrator.answer(path, answer(202, { outcome: 'rolling_back' }), 1);
  expect(told()).toEqual([
    '   function → EDAS    ListRecentChangeOrder (2), QueryApplicationStatus HTTP 200, HTTP 503',
    '   function → FC      InvokeFunction ended-1 HTTP 202',
    '   function → EDAS    GetChangeOrderInfo HTTP 200',
    '   function → EDAS    RollbackChangeOrder HTTP 200',
    '   function → sender  POST /hook answered 202 rolling_back',
  ]);
});

test('with verbose, each read has its line, and so has each question about a task', () => {
  const { narrator, told } = listen(true);
  narrator.call(edasCall('ListRecentChangeOrder'));
  narrator.call(edasCall('ListRecentChangeOrder'));
  narrator.taskCall(fcCall('GetAsyncTask', 'ended-call-1', 404));
  expect(told()).toEqual([
    '   function → EDAS    ListRecentChangeOrder HTTP 200',
    '   function → EDAS    ListRecentChangeOrder HTTP 200',
    '   function → FC      GetAsyncTask ended-call-1 HTTP 404',
  ]);
});

test.each([
  [
    'Succeeded\nVersion: from 2 back to 1\nStatus: 2\nInstances: 3 of 4 healthy\nNext: wait',
    ['Succeeded', '                      Version: from 2 back to 1 · Instances: 3 of 4 healthy'],
  ],
  [
    '\u6210\u529f\n版本：从 2 回到 1\n实例：3/4 个状态正常',
    ['\u6210\u529f', '                      版本：从 2 回到 1 · 实例：3/4 个状态正常'],
  ],
  ['Started\nVersion: from 2 back to 1\nNext: wait', ['Started']],
  [
    'Decide\nAlert: x\nOpen the page and decide: http://127.0.0.1:9/confirm/abc',
    ['Decide', '                      Open the page and decide: http://127.0.0.1:9/confirm/abc'],
  ],
])(
  'of a message the story has the versions, once the instances are known, and where a person decides: %j',
  async (text, [first, ...rest]) => {
    const { narrator, told } = listen(false);
    narrator.message({ kind: 'slack', text } as ReceivedMessage);
    await vi.waitFor(() => {
      expect(told()).toEqual([`   task → people      slack: ${first}`, ...rest]);
    });
  },
);

const delivery = {
  id: 'request-1',
  eventId: 'e1',
  source: 'acs.sls.alert',
  type: 'sls:AlertEvent:Firing',
  payload: Buffer.from('{}'),
  before: 0,
  at: 0,
};

test('events are told from the sender to what each delivery came to', () => {
  const { narrator, told } = listen(false);
  narrator.published({ id: 'e1', source: 'acs.sls.alert', type: 'sls:AlertEvent:Firing' });
  narrator.delivered(delivery);
  narrator.ended(delivery, { returned: { outcome: 'rolling_back', message: 'EDAS accepted.' } }, 12);
  narrator.delivered({ ...delivery, before: 1 });
  narrator.ended({ ...delivery, before: 1 }, { threw: `EDAS is down: ${longText}` }, 12);
  const event = { id: 'e1', source: 'a', type: 'b', payload: Buffer.from('{}') };
  narrator.givenUp({ event, copy: 1, deliveries: 4, reason: 'EDAS is down' });
  const lines = told();
  expect(lines).toEqual([
    '   sender → bus       acs.sls.alert sls:AlertEvent:Firing e1',
    '   bus → function     delivery 1 of e1',
    '   function → bus     delivery 1 came to rolling_back: EDAS accepted.',
    '   bus → function     delivery 2 of e1',
    expect.stringMatching(
      /^ {3}function → bus {5}delivery 2 came to a failure, so it may come again: EDAS is down: word .*…$/,
    ),
    '   bus → dead letters e1, delivered 4 times: EDAS is down',
  ]);
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(116);
});

test.each([true, false])('a terminal obeys nothing in an event: verbose %s', (isVerbose) => {
  const { narrator, told } = listen(isVerbose);
  const evil = '\u009b2J\u202e';
  narrator.published({ id: evil, source: evil, type: evil });
  narrator.delivered({ ...delivery, eventId: evil });
  narrator.ended(delivery, { returned: { code: 'app_missing', detail: evil } }, 1);
  narrator.ended(delivery, { threw: evil }, 1);
  narrator.givenUp({ event: { ...delivery, id: evil }, copy: 0, deliveries: 1, reason: evil });
  const text = told().join('\n');
  expect(text).not.toMatch(/[\u009b\u202e]/);
  expect(text.match(/\\u\{202e\}/g)?.length).toBeGreaterThanOrEqual(8);
});
