import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { ChangeOrderProgress } from '../../../functions/edas/change-order.ts';
import type { RollbackEvent } from '../../../functions/follow/rollback-event.ts';
import {
  claimIdFor,
  decisionIdFor,
  readTask,
  waitIdFor,
  type RollbackAsked,
  type RollbackDecided,
} from '../../../functions/task.ts';
import { failed } from '../../support/edas-failure.ts';
import { openFollow, type AttemptOptions, type Follow } from '../../support/follow.ts';
import { fakeLink } from '../../support/notification.ts';
import { taskDue, taskOrder } from '../../support/task.ts';

/** When the webhook asked, on the clock of {@link openFollow}. */
const askedAt = 1_000_000;
const minute = 60_000;
const register = decisionIdFor(taskOrder);

const asked: RollbackAsked = {
  ...taskDue,
  rollback: 'asked',
  requestedAt: askedAt,
  ask: 1,
  expiresAt: askedAt + 15 * minute,
  by: 'page',
  link: fakeLink,
  people: 1,
  summary: 'Error rate of checkout is 12 %',
  problemStartedAt: askedAt - 3 * minute,
};

const decided = (decidedAt: number): RollbackDecided => ({
  ...taskDue,
  rollback: 'decided',
  decision: 'leave',
  decidedBy: { name: 'Li Ming', isProved: false },
  decidedAt,
});

const orderWith = (differences: Partial<ChangeOrderProgress>): ChangeOrderProgress => ({
  status: 1,
  supportRollback: true,
  startedAt: 0,
  description: 'checkout 2.4.0',
  batches: { done: 2, total: 5 },
  failures: [],
  ...differences,
});

/** What EDAS shows of the change from so many milliseconds after the question on; undefined: it cannot be read. */
type Course = readonly (readonly [fromMs: number, order: Partial<ChangeOrderProgress> | undefined])[];

interface World extends Follow {
  /** Milliseconds after the question at which EDAS was read. */
  reads: number[];
  /** Runs the task, as if the clock stood so many milliseconds after the question. */
  ask: (task?: Partial<RollbackAsked>, options?: AttemptOptions) => ReturnType<Follow['attempt']>;
  warnings: string[];
}

function openWorld(course: Course = [[0, {}]]): World {
  const follow = openFollow();
  const { clock } = follow;
  const reads: number[] = [];
  const warnings: string[] = [];
  const getChangeOrderInfo = () => {
    const sinceMs = clock.now() - askedAt;
    reads.push(sinceMs);
    const order = course.findLast(([fromMs]) => sinceMs >= fromMs)?.[1];
    return order ? Promise.resolve(orderWith(order)) : Promise.reject(failed('doubt'));
  };
  return {
    ...follow,
    reads,
    warnings,
    ask: (task, options) =>
      follow.attempt(
        { ...asked, ...task },
        {
          edas: () => Promise.resolve({ ...follow.client, getChangeOrderInfo }),
          warn: (message) => void warnings.push(message),
          ...options,
        },
      ),
  };
}

const told = (events: readonly RollbackEvent[]) => events.map(({ event }) => event);

describe('people', () => {
  test('are asked with all that they have to know, and told when the time is over', async () => {
    const { ask, clock } = openWorld();
    const end = await ask();
    expect(end.told).toEqual([
      {
        event: 'asked',
        question: {
          by: 'page',
          link: fakeLink,
          people: 1,
          expiresAt: asked.expiresAt,
          leftMs: 15 * minute,
          summary: 'Error rate of checkout is 12 %',
          problemStartedAt: askedAt - 3 * minute,
        },
        description: 'checkout 2.4.0',
        status: 1,
        batches: { done: 2, total: 5 },
        failures: [],
      },
      {
        event: 'not_decided',
        undecided: 'time_over',
        description: 'checkout 2.4.0',
        status: 1,
        failures: [],
      },
    ]);
    expect(end.last).toEqual(end.told[1]);
    expect(clock.now()).toBe(asked.expiresAt + 5_000);
  });

  test('are asked although EDAS cannot be read', async () => {
    const end = await openWorld([[0, undefined]]).ask();
    expect(told(end.told)).toEqual(['asked', 'not_decided']);
    expect(end.told[0]).toMatchObject({ description: undefined, batches: undefined });
  });

  test('hear nothing more of the question once one of them has decided', async () => {
    const { ask, clock, queue } = openWorld();
    clock.at(100, () => {
      queue.put(register, decided(clock.now()));
    });
    const end = await ask();
    expect(told(end.told)).toEqual(['asked']);
    expect(end.last).toEqual({ event: 'decided' });
    expect(clock.seconds()).toBeGreaterThan(100);
    expect(clock.seconds()).toBeLessThanOrEqual(130);
  });

  test('who decide in the last second are heard, also where Function Compute shows it a little later', async () => {
    const { ask, clock, queue } = openWorld();
    clock.at(15 * 60 + 4, () => {
      queue.put(register, decided(asked.expiresAt - 1));
    });
    expect((await ask()).last).toEqual({ event: 'decided' });
  });

  test('who decided about an earlier question are asked again, and it is not said that no one has decided', async () => {
    const { ask, queue } = openWorld();
    queue.put(register, decided(askedAt - minute));
    const end = await ask({ ask: 2 });
    expect(told(end.told)).toEqual(['asked']);
    expect(end.last).toEqual({ event: 'decided' });
  });
});

describe('the change', () => {
  const over = [
    ['was rolled back or stopped elsewhere', { status: 6 }],
    ['has ended by itself, and EDAS takes no rollback of it', { status: 2, supportRollback: false }],
  ] as const;

  test.each(over)('%s: people learn that there is nothing to decide any more', async (_what, order) => {
    const { ask, clock } = openWorld([
      [0, {}],
      [4 * minute, order],
    ]);
    const end = await ask();
    expect(told(end.told)).toEqual(['asked', 'not_decided']);
    expect(end.last).toMatchObject({ undecided: 'change_over', status: order.status });
    expect(clock.now() - askedAt).toBeLessThanOrEqual(4 * minute + 60_000);
  });

  test.each(over)('%s before people are asked: they are told that alone', async (_what, order) => {
    const end = await openWorld([[0, order]]).ask();
    expect(end.told).toMatchObject([{ event: 'not_decided', undecided: 'change_over' }]);
  });

  test.each([
    ['has failed', { status: 3 }],
    ['has succeeded in part', { status: 7 }],
    ['has succeeded, and EDAS would still roll it back', { status: 2 }],
    ['waits for a person', { status: 8 }],
    ['has a status that EDAS does not document', { status: 99 }],
  ])('%s: there is still something to decide', async (_what, order) => {
    const end = await openWorld([
      [0, {}],
      [minute, order],
    ]).ask();
    expect(end.last).toMatchObject({ undecided: 'time_over', status: order.status });
  });

  test('is read every 30 s at most while people decide', async () => {
    const { ask, reads } = openWorld();
    await ask();
    // The last one is for the message that the time is over.
    const pauses = reads.slice(1, -1).map((at, index) => at - (reads[index] ?? 0));
    expect(Math.min(...pauses)).toBeGreaterThanOrEqual(30_000);
    expect(reads.length).toBeGreaterThan(15);
  });

  test('of a release that has ended is over, and so that says nothing', async () => {
    const choice = { fromVersion: '1.8.2', toVersion: '1.8.1', candidates: ['1.8.1'] };
    const end = await openWorld([[0, { status: 2, supportRollback: false }]]).ask({ choice });
    expect(told(end.told)).toEqual(['asked', 'not_decided']);
    expect(end.told[0]).toMatchObject({ question: { choice }, batches: undefined });
    expect(end.last).toMatchObject({ undecided: 'time_over' });
  });
});

describe('before people are told that no one has decided', () => {
  test('the change is read once more, for it may have been stopped a moment ago', async () => {
    const lastSecond = asked.expiresAt - askedAt - 1_000;
    const { ask } = openWorld([
      [0, {}],
      [lastSecond, { status: 6 }],
    ]);
    expect((await ask()).last).toMatchObject({ undecided: 'change_over', status: 6 });
  });

  test.each([
    ['by a decision that Function Compute did not take', 'time_over', []],
    ['by another source', 'change_over', [[4 * minute, { status: 6 }]]],
  ] as const)(
    'a rollback that has begun (%s) is left to its own tasks to tell',
    async (_what, _end, later) => {
      const { ask, clock, queue } = openWorld([[0, {}], ...later]);
      clock.at(200, () => {
        queue.put(
          claimIdFor(taskOrder),
          { ...taskDue, rollback: 'claimed', claim: 1, holder: 'h', sendsUntil: 1 },
          'Running',
        );
      });
      const end = await ask();
      expect(told(end.told)).toEqual(['asked']);
      expect(end.last).toEqual({ event: 'watched' });
    },
  );

  test('a decision is looked for once more', async () => {
    const { ask, queue } = openWorld([
      [0, {}],
      [minute, { status: 6 }],
    ]);
    let looks = 0;
    queue.fault = (_call, taskId) => {
      if (taskId === register) looks += 1;
      // It is taken right after the change was looked at.
      if (looks === 8) queue.put(register, decided(askedAt + minute));
      return undefined;
    };
    const end = await ask();
    expect(told(end.told)).toEqual(['asked']);
    expect(end.last).toEqual({ event: 'decided' });
  });

  test('and where the tasks cannot be read, it is not said that nothing was sent', async () => {
    const { ask, queue } = openWorld();
    queue.fault = (_call, taskId) => (taskId === register ? undefined : 'down');
    expect((await ask()).last).toMatchObject({ event: 'not_decided', undecided: 'unseen' });
  });
});

test('the register is looked at after 5 s, and then less and less often, every 30 s in the end', async () => {
  const { ask, queue, clock } = openWorld();
  const looks: number[] = [];
  queue.fault = () => {
    looks.push(clock.now() - askedAt);
    return undefined;
  };
  await ask();
  expect(looks.slice(0, 8)).toEqual([0, 5_000, 12_500, 23_750, 40_625, 65_937.5, 95_937.5, 125_937.5]);
});

describe('a question that no channel takes', () => {
  const deaf = (tried: number): AttemptOptions => ({
    notify: () => Promise.resolve({ reached: 0, tried }),
  });

  test.each([0, 3])('of %d fails the task, so that Function Compute tries again', async (tried) => {
    const { ask, clock } = openWorld();
    const end = await ask({}, deaf(tried));
    expect(end.error).toMatchObject({
      code: 'notification_failed',
      message: expect.stringContaining(`None of ${tried} channels could be told the question`) as string,
    });
    expect(clock.seconds()).toBe(0);
  });

  test('has not failed where one channel took it', async () => {
    const { ask } = openWorld();
    const end = await ask({}, { notify: () => Promise.resolve({ reached: 1, tried: 3 }) });
    expect(end.error).toBeUndefined();
  });

  test('says nothing of the link', async () => {
    const { error } = await openWorld().ask({}, deaf(3));
    expect(inspect(error, { depth: null })).not.toContain(fakeLink.slice(-20));
  });
});

describe('a retry', () => {
  const retry = { retryCount: 1 };

  test('asks again: what the attempt before it told is not known', async () => {
    const end = await openWorld().ask({}, retry);
    expect(told(end.told)).toEqual(['asked', 'not_decided']);
  });

  test('says how much time is left by now', async () => {
    const { ask, clock } = openWorld();
    await clock.sleep(12 * minute);
    const end = await ask({}, retry);
    expect(end.told[0]?.question?.leftMs).toBe(3 * minute);
  });

  test('after the end tells that no one decided, and asks nothing', async () => {
    const { ask, clock } = openWorld();
    await clock.sleep(20 * minute);
    const end = await ask({}, retry);
    expect(end.told).toMatchObject([{ event: 'not_decided', undecided: 'time_over' }]);
  });

  test.each([2, 20])('%d minutes after the question is quiet where people have decided', async (minutes) => {
    const { ask, clock, queue } = openWorld();
    await clock.sleep(minutes * minute);
    queue.put(register, decided(askedAt + minute));
    const end = await ask({}, retry);
    expect(end).toMatchObject({ told: [], last: { event: 'decided' } });
  });
});

test('a first attempt that comes after the end says that people could not be asked in time', async () => {
  const { ask, clock } = openWorld();
  await clock.sleep(20 * minute);
  const end = await ask();
  expect(end.told).toMatchObject([{ event: 'not_decided', undecided: 'never_asked' }]);
});

describe('where the time of the function is shorter than that of the people', () => {
  const fiveMinutes = ({ clock }: World) => ({ deadlineAt: clock.now() + 5 * minute });

  test('another task waits on, tells no question, and in the end that no one has decided', async () => {
    const world = openWorld();
    const { ask, clock, queue } = world;
    const first = await ask({}, fiveMinutes(world));
    expect(told(first.told)).toEqual(['asked']);
    expect(first.last).toEqual({ event: 'handed_over' });
    expect(clock.now() - askedAt).toBe(5 * minute);
    expect(queue.tasks.map(({ taskId }) => taskId)).toEqual([`ask-${taskOrder}-wait-1`]);

    const second = await ask(queued(world, 1), fiveMinutes(world));
    expect(second).toMatchObject({ told: [], last: { event: 'handed_over' } });
    await ask(queued(world, 2), fiveMinutes(world));
    const last = await ask(queued(world, 3), fiveMinutes(world));
    expect(last.told).toMatchObject([{ event: 'not_decided', undecided: 'time_over' }]);
    expect(clock.now()).toBe(asked.expiresAt + 5_000);
  });

  test('a retry of it hands over nothing twice', async () => {
    const world = openWorld();
    for (const retryCount of [0, 1]) {
      const end = await world.ask({ waited: 1 }, { retryCount, ...fiveMinutes(world) });
      expect(end).toMatchObject({ told: [], last: { event: 'handed_over' } });
    }
    expect(world.queue.tasks).toHaveLength(1);
  });

  test('the second question has tasks of its own', async () => {
    const world = openWorld();
    await world.ask({ ask: 2 }, fiveMinutes(world));
    expect(world.queue.tasks.map(({ taskId }) => taskId)).toEqual([`ask-${taskOrder}-2-wait-1`]);
  });

  test('and no task is taken, it ends without a message, for nothing is over yet, and the log says so', async () => {
    const world = openWorld();
    world.queue.fault = (call) => (call === 'submit' ? 'down' : undefined);
    const end = await world.ask({}, fiveMinutes(world));
    expect(told(end.told)).toEqual(['asked']);
    expect(end.last).toEqual({ event: 'still_open' });
    expect(world.warnings).toContain('no task waits for the decision any more, and people may still decide');
  });

  test('a decision in the last moment is still seen', async () => {
    const world = openWorld();
    world.clock.at(299, () => {
      world.queue.put(register, decided(world.clock.now()));
    });
    expect((await world.ask({}, fiveMinutes(world))).last).toEqual({ event: 'decided' });
  });

  /** The task that waits on after so many others, as it was handed over. */
  function queued({ queue }: World, waited: number): Partial<RollbackAsked> {
    const task = readTask(queue.get(waitIdFor(asked, waited))?.payload);
    if (task.rollback !== 'asked') throw new Error('the task does not wait');
    return task;
  }
});

describe('where Function Compute cannot be asked', () => {
  test('for a while, a decision is seen afterwards', async () => {
    const { ask, clock, queue } = openWorld();
    queue.fault = () => (clock.seconds() > 60 && clock.seconds() < 880 ? 'down' : undefined);
    clock.at(100, () => {
      queue.put(register, decided(clock.now()));
    });
    expect((await ask()).last).toEqual({ event: 'decided' });
  });

  test('at the end, it is asked for a minute more, and then no one says that no one has decided', async () => {
    const { ask, clock, queue } = openWorld();
    queue.fault = () => (clock.seconds() > 60 ? 'down' : undefined);
    const end = await ask();
    expect(told(end.told)).toEqual(['asked', 'not_decided']);
    expect(end.last).toMatchObject({ undecided: 'unseen' });
    expect(clock.now() - asked.expiresAt).toBe(65_000);
  });
});
