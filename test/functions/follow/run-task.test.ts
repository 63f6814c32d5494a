import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Problem } from '../../../functions/errors.ts';
import { languages } from '../../../functions/lib/language.ts';
import { messageFor } from '../../../functions/follow/message.ts';
import type { Notification } from '../../../functions/follow/rollback-event.ts';
import { claimIdFor } from '../../../functions/task.ts';
import { failureKinds } from '../../support/edas-failure.ts';
import { openFollow, type Attempt, type Fate, type FollowOptions } from '../../support/follow.ts';
import { notificationOf } from '../../support/notification.ts';
import { runs } from '../../support/runs.ts';
import { taskApp, taskDue, taskOrder } from '../../support/task.ts';

/** Where the queue is down, a task does all by itself. */
const open = (options: FollowOptions = {}) => openFollow({ queue: false, ...options });

const eventsOf = ({ told }: Attempt) => told.map(({ event }) => event);

test('what is returned is what people were told last', async () => {
  const { attempt } = open();
  const { told, last } = await attempt();
  expect(told.map(({ event }) => event)).toEqual(['started', 'succeeded']);
  expect(last).toEqual(told.at(-1));
});

test.each([
  ['done', 'unreadable'],
  ['due', 'outcome_unknown'],
] as const)('a fault of ours before a rollback that is %s is told as %s', async (rollback, event) => {
  const { attempt, client } = open({ task: { rollback } });
  client.getChangeOrderInfo = () => Promise.reject(new TypeError('made up'));
  const { told, error } = await attempt();
  expect(told).toMatchObject([{ event, problem: { code: 'internal' } }]);
  expect(error).toBeInstanceOf(TypeError);
});

describe('a retry', () => {
  test.each(failureKinds)(
    'that cannot read the order (%s) sends nothing, and claims nothing',
    async (kind) => {
      const { attempt, account } = open({ fates: Array.from({ length: 50 }, () => kind) });
      const { told, error } = await attempt({}, { retryCount: 1 });
      expect(account.puts).toEqual([]);
      expect(error).toBeInstanceOf(Problem);
      if (kind === 'not_found') {
        expect(told).toMatchObject([{ event: 'not_rolled_back' }]);
      } else {
        const message = expect.stringContaining(
          'An earlier attempt of this task may have rolled back.',
        ) as string;
        expect(told).toMatchObject([{ event: 'outcome_unknown', problem: { message } }]);
      }
    },
  );
});

describe('a first attempt that comes late, when people will have acted,', () => {
  const [inTime, late] = [300_000, 300_001];

  const withStatus = (status: number | undefined) => {
    const opened = open();
    const { client } = opened;
    const read = client.getChangeOrderInfo;
    client.getChangeOrderInfo = async (id, timeoutMs) => {
      const order = await read(id, timeoutMs);
      return opened.account.effects.length > 0 ? order : { ...order, status };
    };
    return opened;
  };

  test.each([2, 3, 7, 10, 4, 99, undefined])(
    'sends nothing where the order has ended (status %s), and says so',
    async (status) => {
      const { attempt, account } = withStatus(status);
      const { told, error } = await attempt({}, { waitedMs: late });
      expect(account.puts).toEqual([]);
      expect(error).toMatchObject({ code: 'edas_outcome_unknown' });
      expect(told).toMatchObject([{ event: 'outcome_unknown', problem: { code: 'edas_outcome_unknown' } }]);
      expect(told[0]?.problem?.message).toContain('This rollback comes late');
      expect(told[0]?.problem?.message).not.toContain('An earlier attempt');
    },
  );

  test.each([0, 1, 8, 9])('rolls back where the order is in flight (status %i)', async (status) => {
    const { attempt, account } = withStatus(status);
    expect(eventsOf(await attempt({}, { waitedMs: late }))).toEqual(['started', 'succeeded']);
    expect(account.puts).toEqual(['fine']);
  });

  test.each(failureKinds)('sends nothing where the order cannot be read (%s)', async (kind) => {
    const { attempt, account } = open({ fates: Array.from({ length: 50 }, () => kind) });
    const { told, error } = await attempt({}, { waitedMs: late });
    expect(account.puts).toEqual([]);
    expect(error).toBeInstanceOf(Problem);
    expect(told.map(({ event }) => event)).toEqual(['not_rolled_back']);
    expect(told[0]?.problem?.message).not.toContain('An earlier attempt');
  });

  test('finds nothing to do where the order was terminated, and says so', async () => {
    const { attempt, account } = withStatus(6);
    expect(eventsOf(await attempt({}, { waitedMs: late }))).toEqual(['already_terminated']);
    expect(account.puts).toEqual([]);
  });

  test('is one that waited for more than five minutes: before that, EDAS decides about what has ended', async () => {
    const { attempt, account } = withStatus(3);
    expect(eventsOf(await attempt({}, { waitedMs: inTime }))[0]).toBe('started');
    expect(account.puts).toEqual(['fine']);
  });
});

describe('a retry that finds the change terminated', () => {
  test.each([
    ['and the application is not known', undefined],
    ['and no rollback in the list', taskApp],
  ])('%s says that it does not follow, with the reason', async (_what, app) => {
    const { attempt, account } = open({ task: { app } });
    account.abort();
    const { told, last, error } = await attempt({}, { retryCount: 1 });
    expect([error, account.puts]).toEqual([undefined, []]);
    expect(told).toEqual([
      {
        event: 'unreadable',
        status: 6,
        problem: {
          message:
            'The change order is terminated, by an earlier attempt of this task or otherwise. Which order carries the rollback out is not known any more, so it is not followed.',
        },
        failures: [],
      },
    ]);
    expect(last).toEqual(told[0]);
    const notification: Notification = {
      ...notificationOf(),
      ...(told[0] ?? { event: 'started', failures: [] }),
    };
    for (const language of languages) {
      const text = messageFor({ ...notification, rollbackChangeOrderId: undefined }, language);
      expect(text).not.toMatch(/no rollback was sent|Terminated by somebody|^Terminated|^已终止/i);
    }
  });
});

test('the application is looked through for the rollback only where EDAS did not name it', async () => {
  const { attempt } = open({ namesOrder: false, task: { app: taskApp } });
  const { last } = await attempt();
  expect(last).toMatchObject({ event: 'terminated', rollbackChangeOrderId: undefined });
});

describe('whatever becomes of the calls, and whoever is killed, at most one rollback takes effect, and what people are told is true,', () => {
  // An EDAS that does not know an order which it knew a moment ago is one that lies.
  const honest = failureKinds.filter((kind) => kind !== 'not_found');
  const fate = fc.constantFrom<Fate>(
    ...(['fine', 'fine', 'fine', 'lost', 'lost', 'killed', 'killed_after'] as const),
    ...honest,
  );
  const options = {
    fates: fc.array(fate, { maxLength: 25 }),
    namesOrder: fc.boolean(),
    // EDAS is assumed to show a rollback within 45 s.
    showsAfterMs: fc.constantFrom(0, 44_000),
  };

  const expectTruth = ({ told, last, error, wasKilled }: Attempt, hasBegun: boolean) => {
    const events = told.map(({ event }) => event);
    if (last && 'failures' in last) expect(last).toEqual(told.at(-1));
    if (error !== undefined && told.length > 0) expect(told.at(-1)?.problem?.code).toBeDefined();
    if (!wasKilled && !last) expect(error).toBeDefined();
    if (events.includes('not_rolled_back')) expect(hasBegun).toBe(false);
    if (events.some((event) => ['started', 'succeeded', 'terminated'].includes(event))) {
      expect(hasBegun).toBe(true);
    }
  };

  test('where the queue is down', async () => {
    await fc.assert(
      fc.asyncProperty(fc.record(options), async (each) => {
        const { attempt, account } = open(each);
        for (const retryCount of [0, 1, 2]) {
          const end = await attempt({}, { retryCount });
          expect(account.effects.length).toBeLessThanOrEqual(1);
          expectTruth(end, account.effects.length === 1);
          if (!end.wasKilled) expect(end.told.length).toBeGreaterThan(0);
          if (end.last) break;
        }
      }),
      { numRuns: runs(100) },
    );
  });

  test('where it works: and one that is asked for is not lost, unless EDAS is what fails', async () => {
    await fc.assert(
      fc.asyncProperty(fc.record(options), async (each) => {
        const { account, queue, runQueue } = openFollow(each);
        queue.put(claimIdFor(taskOrder), { ...taskDue, app: undefined, requestedAt: 1_000_000 });
        await runQueue((attempt) => {
          expectTruth(attempt, account.effects.length > 0);
        });
        expect(account.effects.length).toBeLessThanOrEqual(1);
        const onlyKilled = each.fates.every((fate) => fate === 'fine' || fate.startsWith('killed'));
        const killings = each.fates.filter((fate) => fate.startsWith('killed'));
        if (onlyKilled && killings.length <= 2) expect(account.effects).toHaveLength(1);
      }),
      { numRuns: runs(100) },
    );
  });
});
