import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ChangeOrderProgress } from '../../../functions/edas/change-order.ts';
import type { EdasClient } from '../../../functions/edas/client.ts';
import type { EdasFailureKind } from '../../../functions/edas/failure.ts';
import { Problem } from '../../../functions/errors.ts';
import { languages } from '../../../functions/follow/configuration.ts';
import { messageFor } from '../../../functions/follow/message.ts';
import type { RollbackEvent, Notification } from '../../../functions/follow/rollback-event.ts';
import { runTask } from '../../../functions/follow/run-task.ts';
import type { RollbackTask } from '../../../functions/task.ts';
import { failed, failureKinds } from '../../support/edas-failure.ts';
import { notificationOf } from '../../support/notification.ts';
import { runs } from '../../support/runs.ts';
import { leapingClock, taskApp, taskDue, taskOrder } from '../../support/task.ts';

/** What becomes of a call: a failure before EDAS does what it is asked, the answer lost after it, or all is well. */
type Fate = EdasFailureKind | 'lost' | 'fine';

/** An EDAS that takes every rollback, and carries it out within a minute under another id, or does not say which. */
class Account {
  /** When rollbacks took effect. */
  readonly effects: number[] = [];
  readonly puts: Fate[] = [];
  readonly #now: () => number;
  readonly #fates: Fate[];
  readonly #namesOrder: boolean;
  #abortedAt = Infinity;

  constructor(now: () => number, fates: readonly Fate[], namesOrder = true) {
    this.#now = now;
    this.#fates = [...fates];
    this.#namesOrder = namesOrder;
  }

  abort(): void {
    this.#abortedAt = this.#now();
  }

  client(): EdasClient {
    const rollBack: EdasClient['rollBack'] = () => {
      const fate = this.#fates.shift() ?? 'fine';
      this.puts.push(fate);
      return this.#meet(fate, () => {
        this.effects.push(this.#now());
        const rollbackChangeOrderId = this.#namesOrder ? 'rollback' : undefined;
        return { rollbackChangeOrderId, requestId: undefined, traceId: undefined };
      });
    };
    return {
      getChangeOrderInfo: (id) => this.#meet(this.#fates.shift() ?? 'fine', () => this.#show(id)),
      getApplicationName: () => this.#meet(this.#fates.shift() ?? 'fine', () => 'checkout'),
      listRecentChangeOrders: () => this.#meet(this.#fates.shift() ?? 'fine', () => []),
      rollBack,
    };
  }

  #show(id: string): ChangeOrderProgress {
    const [begun = Infinity] = this.effects;
    const isOver = this.#now() >= begun + 60_000;
    const ofChange = this.#now() >= Math.min(begun, this.#abortedAt) ? 6 : 1;
    const ofRollback = isOver ? 2 : 1;
    return {
      status: id === taskOrder ? ofChange : ofRollback,
      supportRollback: true,
      startedAt: 0,
      description: undefined,
      batches: { done: 0, total: 1 },
      failures: [],
    };
  }

  #meet<T>(fate: Fate, work: () => T): Promise<T> {
    if (fate !== 'fine' && fate !== 'lost') return Promise.reject(failed(fate));
    const result = work();
    return fate === 'fine' ? Promise.resolve(result) : Promise.reject(failed('doubt'));
  }
}

interface Attempt {
  told: RollbackEvent[];
  last?: RollbackEvent;
  error?: unknown;
}

interface Setting {
  fates?: readonly Fate[];
  namesOrder?: boolean;
  task?: Partial<RollbackTask>;
}

function open({ fates = [], namesOrder, task }: Setting = {}) {
  const clock = leapingClock(1_000_000);
  const account = new Account(clock.now, fates, namesOrder);
  const client = account.client();
  const attempt = async (isRetry = false, waitedMs = 0): Promise<Attempt> => {
    const told: RollbackEvent[] = [];
    const means = {
      edas: () => Promise.resolve(client),
      clock,
      random: () => 0,
      warn: () => undefined,
      isSuspended: false,
      deadlineAt: clock.now() + 3_000_000,
      isRetry,
      waitedMs,
      notify: (event: RollbackEvent) => Promise.resolve(void told.push(event)),
    };
    try {
      return { told, last: await runTask({ ...taskDue, app: undefined, ...task }, means) };
    } catch (error) {
      return { told, error };
    }
  };
  return { account, attempt, client, clock };
}

const eventsOf = ({ told }: Attempt) => told.map(({ event }) => event);

test('what is returned is what people were told last', async () => {
  const { attempt } = open();
  const { told, last } = await attempt();
  expect(told.map(({ event }) => event)).toEqual(['started', 'succeeded']);
  expect(last).toEqual(told.at(-1));
});

describe('after a doubt', () => {
  test('an order that shows as terminated within two minutes has begun', async () => {
    const doubts = Array.from({ length: 26 }, (): Fate => 'doubt');
    const { attempt, account } = open({ fates: ['fine', 'lost', ...doubts] });
    expect(eventsOf(await attempt())).toEqual(['outcome_unknown', 'started', 'terminated']);
    expect(account.effects).toHaveLength(1);
  });

  test('an order that a person stops looks the same, and its end says so', async () => {
    const { attempt, account, clock } = open({ fates: ['fine', 'doubt'] });
    clock.at(60, () => {
      account.abort();
    });
    expect(eventsOf(await attempt())).toEqual(['outcome_unknown', 'started', 'terminated']);
    expect(account.effects).toEqual([]);
  });

  test('an order that was never seen in flight proves nothing', async () => {
    const blind = Array.from({ length: 8 }, (): Fate => 'rejected');
    const { attempt, account } = open({ fates: ['rejected', 'lost', ...blind] });
    const { told, error } = await attempt();
    expect(told.map(({ event }) => event)).toEqual(['outcome_unknown']);
    expect(error).toMatchObject({ code: 'edas_outcome_unknown' });
    expect(account.effects).toHaveLength(1);
  });

  test('an order that was seen in flight meanwhile, and is terminated then, has begun', async () => {
    const { attempt, account, clock } = open({ fates: ['rejected', 'doubt'] });
    clock.at(60, () => {
      account.effects.push(clock.now());
    });
    expect(eventsOf(await attempt())).toEqual(['outcome_unknown', 'started', 'terminated']);
  });
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
      const { told, error } = await attempt(true);
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

  test('that rolls back reports it from the start, for no earlier one did', async () => {
    const { attempt } = open();
    expect(eventsOf(await attempt(true))).toEqual(['started', 'succeeded']);
  });
});

describe('a first attempt that comes late, when people will have acted,', () => {
  const [inTime, late] = [300_000, 300_001];

  const withStatus = (status: number | undefined, setting: Setting = {}) => {
    const opened = open(setting);
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
      const { told, error } = await attempt(false, late);
      expect(account.puts).toEqual([]);
      expect(error).toMatchObject({ code: 'edas_outcome_unknown' });
      expect(told).toMatchObject([{ event: 'outcome_unknown', problem: { code: 'edas_outcome_unknown' } }]);
      expect(told[0]?.problem?.message).toContain('This rollback comes late');
      expect(told[0]?.problem?.message).not.toContain('An earlier attempt');
    },
  );

  test.each([0, 1, 8, 9])('rolls back where the order is in flight (status %i)', async (status) => {
    const { attempt, account } = withStatus(status);
    expect(eventsOf(await attempt(false, late))).toEqual(['started', 'succeeded']);
    expect(account.puts).toEqual(['fine']);
  });

  test.each(failureKinds)('sends nothing where the order cannot be read (%s)', async (kind) => {
    const { attempt, account } = open({ fates: Array.from({ length: 50 }, () => kind) });
    const { told, error } = await attempt(false, late);
    expect(account.puts).toEqual([]);
    expect(error).toBeInstanceOf(Problem);
    expect(told.map(({ event }) => event)).toEqual(['not_rolled_back']);
    expect(told[0]?.problem?.message).not.toContain('An earlier attempt');
  });

  test('finds nothing to do where the order was terminated, and says so', async () => {
    const { attempt, account } = withStatus(6);
    expect(eventsOf(await attempt(false, late))).toEqual(['already_terminated']);
    expect(account.puts).toEqual([]);
  });

  test('is one that waited for more than five minutes: before that, EDAS decides about what has ended', async () => {
    const { attempt, account } = withStatus(3);
    expect(eventsOf(await attempt(false, inTime))[0]).toBe('started');
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
    const { told, last, error } = await attempt(true);
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

test('whatever becomes of the calls, at most one rollback takes effect, and what people are told is true', async () => {
  // An EDAS that does not know an order which it knew a moment ago is one that lies.
  const honest = failureKinds.filter((kind) => kind !== 'not_found');
  const fate = fc.constantFrom<Fate>('fine', 'fine', 'fine', 'lost', 'lost', ...honest);
  const fates = fc.array(fate, { maxLength: 25 });
  await fc.assert(
    fc.asyncProperty(fates, fc.boolean(), async (each, namesOrder) => {
      const { attempt, account } = open({ fates: each, namesOrder });
      for (const isRetry of [false, true, true]) {
        const { told, last, error } = await attempt(isRetry);
        expect(account.effects.length).toBeLessThanOrEqual(1);
        const events = told.map(({ event }) => event);
        expect(events.length).toBeGreaterThan(0);
        if (error === undefined) expect(last).toEqual(told.at(-1));
        else expect(told.at(-1)?.problem?.code).toBeDefined();
        const hasBegun = account.effects.length === 1;
        if (events.includes('not_rolled_back')) expect(hasBegun).toBe(false);
        if (events.some((event) => ['started', 'succeeded', 'terminated'].includes(event))) {
          expect(hasBegun).toBe(true);
        }
        if (error === undefined) break;
      }
    }),
    { numRuns: runs(100) },
  );
});
