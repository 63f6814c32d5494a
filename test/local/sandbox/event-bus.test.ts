import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { startEventBus } from '../../../local/sandbox/event-bus.ts';
import { tellAll } from '../../../local/sandbox/listener.ts';

const event = { specversion: '1.0', id: 'e1', source: 'shop', type: 'failed' };
const context = { accountId: '1234567890123456', region: 'cn-fake', credentials: {} };

test('tells of each delivery under the id that the function gets, and how often the event came before', async () => {
  const heard: unknown[] = [];
  const requestIds: unknown[] = [];
  const bus = await startEventBus({
    invoke: (_payload, { requestId, accountId, retryCount }) => {
      requestIds.push(requestId);
      return Promise.resolve({ outcome: 'ignored', accountId, retryCount });
    },
    context,
    heard: tellAll([
      {
        published: ({ id }) => heard.push(['published', id]),
        delivered: ({ id, before, eventId, source, type }) =>
          heard.push(['delivered', requestIds.length, id, before, eventId, source, type]),
        ended: ({ id, before }, end) => heard.push(['ended', id, before, end]),
      },
    ]),
    port: 0,
  });
  onTestFinished(bus.close);
  bus.publish(event);
  await bus.settled();
  await sleep(0);
  const end = { returned: { outcome: 'ignored', accountId: '1234567890123456', retryCount: 0 } };
  const [first, second] = requestIds;
  expect(first).not.toBe(second);
  expect(heard).toEqual([
    ['published', 'e1'],
    ['delivered', 0, first, 0, 'e1', 'shop', 'failed'],
    ['ended', first, 0, end],
    ['delivered', 1, second, 1, 'e1', 'shop', 'failed'],
    ['ended', second, 1, end],
  ]);
});

test('delivers again where the function fails', async () => {
  const ends: unknown[] = [];
  let count = 0;
  const bus = await startEventBus({
    invoke: () => {
      count += 1;
      return count <= 2 ? Promise.reject(new Error('EDAS is down')) : Promise.resolve({ outcome: 'ignored' });
    },
    context,
    heard: tellAll([{ ended: ({ before }, end) => ends.push([before, 'threw' in end]) }]),
    port: 0,
  });
  onTestFinished(bus.close);
  bus.publish(event);
  await bus.settled();
  expect(ends).toEqual([
    [0, true],
    [1, true],
    [2, false],
    [3, false],
  ]);
});

test('listens on another port where its own is taken', async () => {
  const options = { invoke: () => Promise.resolve(), context, heard: tellAll([]) };
  const first = await startEventBus({ ...options, port: 0 });
  onTestFinished(first.close);
  const second = await startEventBus({ ...options, port: Number(new URL(first.url).port) });
  onTestFinished(second.close);
  expect(second.url).not.toBe(first.url);
});
