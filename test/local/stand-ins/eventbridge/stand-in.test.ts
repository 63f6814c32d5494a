import { describe, expect, onTestFinished, test } from 'vitest';
import {
  asyncRetry,
  backoffRetry,
  exponentialDecayRetry,
  type RetryRules,
} from '../../../../local/stand-ins/eventbridge/retry-rules.ts';
import {
  startEventBridgeStandIn,
  type EventBridgeOptions,
  type EventBridgeStandIn,
} from '../../../../local/stand-ins/eventbridge/stand-in.ts';
import { createVirtualTime, type VirtualTime } from './virtual-time.ts';

const start = Date.parse('2026-11-29T03:00:00Z');
const event = { specversion: '1.0', id: 'fake-id', source: 'acs.sls.alert', type: 'sls:AlertEvent:Firing' };

interface Bus extends EventBridgeStandIn {
  time: VirtualTime;
  /** What the function was invoked with, and how many seconds after the start. */
  invocations: { event: Record<string, unknown>; retryCount: number; seconds: number }[];
}

async function open(
  answer: (retryCount: number) => unknown = () => ({ outcome: 'ignored' }),
  options: Partial<EventBridgeOptions> = {},
): Promise<Bus> {
  const time = createVirtualTime(start);
  const invocations: Bus['invocations'] = [];
  const bus = await startEventBridgeStandIn({
    accountId: '1234567890123456',
    region: 'cn-hangzhou',
    now: time.now,
    sleep: time.sleep,
    random: () => 0.5,
    ...options,
    invoke: (payload, retryCount) => {
      const seconds = (time.now() - start) / 1000;
      invocations.push({
        event: JSON.parse(payload.toString()) as Record<string, unknown>,
        retryCount,
        seconds,
      });
      return Promise.resolve().then(() => answer(retryCount));
    },
  });
  onTestFinished(bus.close);
  return Object.assign(bus, { time, invocations });
}

const fail = () => {
  throw new Error('EDAS is down');
};

describe('a published event', () => {
  test('is delivered twice, with what EventBridge adds to it', async () => {
    const { publish, time, invocations, deliveries, deadLetters } = await open();
    publish(event);
    await time.pass();
    const added = {
      aliyunaccountid: '1234567890123456',
      aliyuneventbusname: 'default',
      aliyunregionid: 'cn-hangzhou',
      aliyunpublishtime: '2026-11-29T03:00:00.000Z',
    };
    expect(invocations.map((each) => each.event)).toEqual([
      { ...added, ...event },
      { ...added, ...event },
    ]);
    expect(deliveries.map(({ copy, end }) => ({ copy, end }))).toEqual([
      { copy: 0, end: { returned: { outcome: 'ignored' } } },
      { copy: 1, end: { returned: { outcome: 'ignored' } } },
    ]);
    expect(deadLetters).toEqual([]);
  });

  test('keeps an account that its publisher has set', async () => {
    const { publish, time, invocations } = await open();
    publish({ ...event, aliyunaccountid: '9999999999999999' });
    await time.pass();
    expect(invocations[0]?.event).toMatchObject({
      aliyunaccountid: '9999999999999999',
      aliyuneventbusname: 'default',
    });
  });

  test('is delivered as often, and in the order, that is asked for', async () => {
    const { publish, time, invocations, deliveries } = await open(undefined, {
      copies: 3,
      delayMs: (copy, { id }) => (id === 'late' ? 5000 : ([3000, 1000, 7000][copy] ?? 0)),
    });
    publish({ ...event, id: 'late' });
    publish(event);
    await time.pass();
    expect(invocations.map(({ event: { id }, seconds }) => [id, seconds])).toEqual([
      ['fake-id', 1],
      ['fake-id', 3],
      ['late', 5],
      ['late', 5],
      ['late', 5],
      ['fake-id', 7],
    ]);
    expect(deliveries.map(({ copy }) => copy)).toEqual([1, 0, 0, 1, 2, 2]);
  });

  test('changes places with another one at random', async () => {
    const numbers = [0.9, 0.1];
    const { publish, time, invocations } = await open(undefined, {
      copies: 1,
      random: () => numbers.shift() ?? 0,
    });
    publish({ ...event, id: 'first' });
    publish({ ...event, id: 'second' });
    await time.pass();
    expect(invocations.map(({ event: { id } }) => id)).toEqual(['second', 'first']);
  });
});

describe('a delivery that fails', () => {
  const once = { copies: 1, delayMs: () => 0 };

  test('is made again until it succeeds', async () => {
    const { publish, time, deliveries, deadLetters } = await open(
      (retryCount) => (retryCount < 2 ? fail() : 'done'),
      once,
    );
    publish(event);
    await time.pass();
    expect(deliveries.map(({ retryCount, end }) => ({ retryCount, end }))).toEqual([
      { retryCount: 0, end: { threw: 'EDAS is down' } },
      { retryCount: 1, end: { threw: 'EDAS is down' } },
      { retryCount: 2, end: { returned: 'done' } },
    ]);
    expect(deadLetters).toEqual([]);
  });

  const seconds: [string, RetryRules, number[]][] = [
    ['asynchronous invocations', asyncRetry(), [0, 0.5, 1.5, 3.5]],
    ['asynchronous invocations with one retry', asyncRetry(1), [0, 0.5]],
    ['asynchronous invocations for 2 s', asyncRetry(8, 2000), [0, 0.5, 1.5]],
    ['BACKOFF_RETRY', backoffRetry, [0, 15, 30, 45]],
  ];
  test.each(seconds)(
    'is made again as documented, and is a dead letter then: %s',
    async (_what, retry, at) => {
      const { publish, time, invocations, deadLetters } = await open(fail, { ...once, retry });
      const taken = publish(event);
      await time.pass();
      expect(invocations.map((each) => each.seconds)).toEqual(at);
      expect(deadLetters).toEqual([{ event: taken, copy: 0, deliveries: at.length, reason: 'EDAS is down' }]);
    },
  );

  test('is made again 176 times in a day: EXPONENTIAL_DECAY_RETRY', async () => {
    const { publish, time, invocations, deadLetters } = await open(fail, {
      ...once,
      retry: exponentialDecayRetry,
    });
    publish(event);
    await time.pass();
    expect(invocations).toHaveLength(177);
    expect(invocations.slice(0, 12).map((each) => each.seconds)).toEqual([
      0, 1, 3, 7, 15, 31, 63, 127, 255, 511, 1023, 1535,
    ]);
    expect(invocations.at(-1)?.seconds).toBe(511 + 167 * 512);
    expect(deadLetters).toHaveLength(1);
  });

  test('is not made again once the stand-in is closed', async () => {
    const { publish, time, deliveries, deadLetters, settled, close } = await open(fail, once);
    publish(event);
    const settling = settled();
    await close();
    await settling;
    await time.pass();
    expect(deliveries.length).toBeLessThan(2);
    expect(deadLetters).toEqual([]);
  });
});

describe('POST /events', () => {
  const post = (bus: Bus, body: string) => fetch(`${bus.url}/events`, { method: 'POST', body });

  test('takes an event, and GET says what became of it', async () => {
    const bus = await open((retryCount) => (retryCount === 0 ? fail() : { outcome: 'rolling_back' }), {
      copies: 1,
    });
    const answer = await post(bus, JSON.stringify({ ...event, id: 'an id/1' }));
    expect([answer.status, await answer.json()]).toEqual([200, { eventId: 'an id/1' }]);
    const read = async () => (await fetch(`${bus.url}/events/${encodeURIComponent('an id/1')}`)).json();
    expect(await read()).toEqual({ id: 'an id/1', isOpen: true, deliveries: [], deadLetters: [] });
    await bus.time.pass();
    expect(await read()).toEqual({
      id: 'an id/1',
      isOpen: false,
      deliveries: [
        { copy: 0, retryCount: 0, startedAt: start + 500, end: { threw: 'EDAS is down' } },
        { copy: 0, retryCount: 1, startedAt: start + 1000, end: { returned: { outcome: 'rolling_back' } } },
      ],
      deadLetters: [],
    });
  });

  test('GET says of an id that was published twice what became of the second event alone', async () => {
    const bus = await open((retryCount) => ({ outcome: 'ignored', retryCount }), { copies: 1 });
    await post(bus, JSON.stringify(event));
    await bus.time.pass();
    await post(bus, JSON.stringify(event));
    const read = async () => (await fetch(`${bus.url}/events/${event.id}`)).json();
    expect(await read()).toMatchObject({ isOpen: true, deliveries: [] });
    await bus.time.pass();
    expect(await read()).toMatchObject({ isOpen: false, deliveries: [{ copy: 0 }] });
    expect(bus.deliveries).toHaveLength(2);
  });

  test.each([
    ['no JSON', '{', 400, 'The event is not JSON: '],
    ['a list', '[]', 400, 'The event must be one JSON object.'],
    ['no id', JSON.stringify({ ...event, id: undefined }), 400, 'The id of an event must be a text.'],
    ['another version', JSON.stringify({ ...event, specversion: '0.3' }), 400, 'The specversion of an event'],
    ['a long id', JSON.stringify({ ...event, id: 'i'.repeat(129) }), 400, 'The id of an event may have 128'],
    ['no source', JSON.stringify({ ...event, source: '' }), 400, 'The source of an event must be a text.'],
    ['a number as type', JSON.stringify({ ...event, type: 1 }), 400, 'The type of an event must be a text.'],
    [
      'an event of more than 256 KB',
      JSON.stringify({ ...event, data: 'd'.repeat(256 * 1024) }),
      413,
      'An event may have 256 KB at most',
    ],
  ])('refuses %s, and delivers nothing', async (_what, body, status, beginning) => {
    const bus = await open();
    const answer = await post(bus, body);
    expect(answer.status).toBe(status);
    expect((await answer.text()).startsWith(beginning)).toBe(true);
    await bus.time.pass();
    expect(bus.invocations).toEqual([]);
  });

  test('takes an id of 128 characters', async () => {
    const bus = await open();
    expect((await post(bus, JSON.stringify({ ...event, id: 'i'.repeat(128) }))).status).toBe(200);
  });

  test('lays aside what Function Compute does not take with an asynchronous invocation', async () => {
    const bus = await open();
    const answer = await post(bus, JSON.stringify({ ...event, data: 'd'.repeat(128 * 1024) }));
    expect(answer.status).toBe(200);
    await bus.time.pass();
    expect(bus.invocations).toEqual([]);
    const reason = 'Function Compute takes 128 KB with an asynchronous invocation.';
    expect(bus.deadLetters).toMatchObject([{ deliveries: 0, reason }]);
  });

  test.each([
    ['GET', '/events/nothing', 404, 'No event of this id was published.'],
    ['GET', '/events/%', 400, 'The id of the event is not'],
    ['GET', '/events', 404, 'Publish an event with POST /events'],
    ['POST', '/', 404, 'Publish an event with POST /events'],
  ])('%s %s is answered with %i', async (method, path, status, beginning) => {
    const { url } = await open();
    const answer = await fetch(`${url}${path}`, { method });
    expect(answer.status).toBe(status);
    expect((await answer.text()).startsWith(beginning)).toBe(true);
  });
});
