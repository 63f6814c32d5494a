import { describe, expect, test } from 'vitest';
import { mostClaims } from '../../../functions/claim/claim.ts';
import { TaskQueueFailure, type TaskQueue } from '../../../functions/platform/task-queue.ts';
import {
  claimIdFor,
  readTask,
  reportIdFor,
  type RollbackDue,
  type RollbackOverdue,
} from '../../../functions/task.ts';
import {
  openFollow,
  rollbackOrder,
  type Attempt,
  type Follow,
  type FollowOptions,
} from '../../support/follow.ts';
import { taskDue, taskOrder } from '../../support/task.ts';

const startedAt = 1_000_000;
const due: RollbackDue = { ...taskDue, requestedAt: startedAt, app: undefined };
const overdue: RollbackOverdue = { ...due, rollback: 'overdue', claim: 1 };
const dueId = claimIdFor(taskOrder);

const eventsOf = ({ told }: Attempt) => told.map(({ event }) => event);
const endsOf = (ends: Awaited<ReturnType<Follow['runQueue']>>) =>
  ends.map(({ task, attempt: { last, wasKilled } }) =>
    [task.rollback, last?.event ?? (wasKilled ? 'killed' : 'failed')].join(' '),
  );

/** A task that is due is in the queue, as the webhook leaves it. */
function openDue(options: FollowOptions = {}): Follow {
  const follow = openFollow(options);
  follow.queue.put(dueId, due);
  return follow;
}

describe('a rollback that is due', () => {
  test('is claimed under the next number, sent, and reported; the task of the report follows it', async () => {
    const { account, queue, attempt, runQueue } = openFollow();
    expect(await attempt(due)).toEqual({
      told: [],
      last: { event: 'handed_over', rollbackChangeOrderId: rollbackOrder },
    });
    expect(account.puts).toEqual(['fine']);
    const tasks = queue.tasks.map(({ taskId, payload }) => [taskId, readTask(payload)]);
    const { source, actor, delivery, requestId, requestedAt } = due;
    const facts = { source, actor, delivery, requestId, requestedAt };
    expect(tasks).toMatchObject([
      [claimIdFor(taskOrder, 2), { ...facts, rollback: 'claimed', claim: 2, sendsUntil: startedAt + 20_000 }],
      [
        reportIdFor(taskOrder, 2),
        { ...facts, rollback: 'done', rollbackChangeOrderId: rollbackOrder, isKnownToSender: false },
      ],
    ]);
    expect(endsOf(await runQueue())).toEqual(['claimed watched', 'done succeeded']);
  });

  test('whose claim another run has is left to it: people hear of it from that one', async () => {
    const { account, queue, attempt } = openFollow();
    queue.put(
      claimIdFor(taskOrder, 2),
      { ...overdue, rollback: 'claimed', claim: 2, holder: 'other', sendsUntil: startedAt + 9_000 },
      'Running',
    );
    expect(await attempt(due)).toEqual({ told: [], last: { event: 'handed_over' } });
    expect(account.puts).toEqual([]);
  });

  test('is nothing to do where the webhook went ahead all the same, and reported', async () => {
    const { account, queue, attempt } = openFollow();
    queue.put(reportIdFor(taskOrder), { ...due, rollback: 'done', isKnownToSender: true });
    expect(await attempt(due)).toEqual({ told: [], last: { event: 'handed_over' } });
    expect(account.puts).toEqual([]);
  });

  test('and that EDAS refuses is told, and reported, so that a retry claims it anew', async () => {
    const { account, queue, runQueue } = openDue({ fates: ['fine', 'rejected'] });
    const ends = await runQueue();
    expect(endsOf(ends)).toEqual([
      'due failed',
      'due handed_over',
      'claimed watched',
      'refused nothing_to_do',
      'claimed watched',
      'done succeeded',
    ]);
    expect(eventsOf(ends[0]?.attempt ?? { told: [] })).toEqual(['not_rolled_back']);
    expect(queue.tasks.map(({ taskId }) => taskId)).toEqual([
      dueId,
      claimIdFor(taskOrder, 2),
      reportIdFor(taskOrder, 2),
      claimIdFor(taskOrder, 3),
      reportIdFor(taskOrder, 3),
    ]);
    expect(account.puts).toEqual(['rejected', 'fine']);
    expect(account.effects).toHaveLength(1);
  });

  test('whose answer gets lost is settled by the task of the report, and sent once', async () => {
    const { account, runQueue } = openDue({
      fates: ['fine', 'lost', 'doubt', 'doubt'],
      showsAfterMs: 40_000,
    });
    const ends = await runQueue();
    expect(endsOf(ends)).toEqual(['due handed_over', 'claimed watched', 'unknown terminated']);
    expect(ends.flatMap(({ attempt }) => eventsOf(attempt))).toEqual([
      'outcome_unknown',
      'started',
      'terminated',
    ]);
    expect(account.puts).toEqual(['lost']);
  });

  test('that comes to four runs at once is sent once', async () => {
    const { account, queue, attempt, runQueue } = openFollow();
    const ends = await Promise.all([attempt(due), attempt(due), attempt(due), attempt(due)]);
    expect(ends.map(({ last }) => last?.event)).toEqual(Array.from({ length: 4 }, () => 'handed_over'));
    expect(ends.flatMap(({ told }) => told)).toEqual([]);
    expect(account.puts).toEqual(['fine']);
    expect(queue.tasks).toHaveLength(2);
    expect(endsOf(await runQueue())).toEqual(['claimed watched', 'done succeeded']);
  });
});

describe('a run that is killed', () => {
  test.each([
    ['before the rollback arrives', 'killed', 'overdue handed_over'],
    ['after it', 'killed_after', 'overdue terminated'],
  ] as const)('after its claim, %s, leaves it to the task of the claim', async (_what, fate, finish) => {
    const { account, clock, runQueue } = openDue({ fates: ['fine', fate], showsAfterMs: 44_000 });
    const ends = await runQueue();
    expect(endsOf(ends).slice(0, 4)).toEqual([
      'due killed',
      'due handed_over',
      'claimed handed_over',
      finish,
    ]);
    expect(account.effects).toHaveLength(1);
    expect(account.puts).toEqual(fate === 'killed' ? ['killed', 'fine'] : ['killed_after']);
    // The work of the one that was cut off is finished after the last moment at which it could send, and the lag of EDAS.
    expect(clock.seconds()).toBeGreaterThanOrEqual(20 + 45);
    expect(ends.at(-1)?.attempt.last?.event).toBe(fate === 'killed' ? 'succeeded' : 'terminated');
  });

  test('before its claim is tried again, and claims', async () => {
    const { account, runQueue } = openDue({ fates: ['killed'] });
    expect(endsOf(await runQueue())).toEqual([
      'due killed',
      'due handed_over',
      'claimed watched',
      'done succeeded',
    ]);
    expect(account.puts).toEqual(['fine']);
  });
});

describe('an overdue rollback', () => {
  test('is sent under the next claim where the order is in flight', async () => {
    const { account, queue, attempt } = openFollow();
    expect((await attempt(overdue)).last).toEqual({
      event: 'handed_over',
      rollbackChangeOrderId: rollbackOrder,
    });
    expect(account.puts).toEqual(['fine']);
    expect(queue.tasks.map(({ taskId }) => taskId)).toEqual([
      claimIdFor(taskOrder, 2),
      reportIdFor(taskOrder, 2),
    ]);
  });

  test('is not sent where the change is terminated, and people are told of its end', async () => {
    const { account, attempt } = openFollow();
    account.abort();
    expect(eventsOf(await attempt(overdue))).toEqual(['terminated']);
    expect(account.puts).toEqual([]);
  });

  test('that cannot be decided is not called not done: the function that was cut off may have rolled back', async () => {
    const { account, attempt } = openFollow({ fates: Array.from({ length: 50 }, () => 'denied' as const) });
    const { told } = await attempt(overdue);
    expect(told).toMatchObject([{ event: 'outcome_unknown', problem: { code: 'edas_denied' } }]);
    expect(told[0]?.problem?.message).toMatch(/ The function that was cut off may have rolled back\.$/);
    expect(account.puts).toEqual([]);
  });

  test('is not sent without a claim', async () => {
    const { account, attempt } = openFollow({ queue: false });
    expect((await attempt(overdue)).error).toMatchObject({ code: 'edas_outcome_unknown' });
    expect(account.puts).toEqual([]);
  });

  test('is given up after so many claims', async () => {
    const { account, attempt } = openFollow();
    const { told, error } = await attempt({ ...overdue, claim: mostClaims });
    expect(error).toMatchObject({ code: 'edas_outcome_unknown' });
    expect(told[0]?.problem?.message).toContain('Each function that had to send the rollback was cut off.');
    expect(account.puts).toEqual([]);
  });
});

describe('where the queue is down', () => {
  test('a first run sends the rollback without a claim, and follows it by itself', async () => {
    const { account, attempt } = openFollow({ queue: false });
    const end = await attempt(due);
    expect(eventsOf(end)).toEqual(['started', 'succeeded']);
    expect(account.puts).toEqual(['fine']);
  });

  test('for the claim only, the task of the report follows', async () => {
    const { account, queue, attempt, runQueue } = openFollow();
    queue.fault = (call, taskId) =>
      call === 'submit' && taskId.startsWith('rollback-') ? 'down' : undefined;
    expect((await attempt(due)).last?.event).toBe('handed_over');
    expect(account.puts).toEqual(['fine']);
    expect(endsOf(await runQueue())).toEqual(['done succeeded']);
  });

  test('and the claim may be there all the same, its task finds the report', async () => {
    const { account, queue, attempt, runQueue } = openFollow({ fates: ['fine', 'rejected'] });
    queue.fault = (call, taskId) => {
      const isClaim = taskId === claimIdFor(taskOrder, 2);
      return isClaim && (call === 'read' || account.puts.length === 0) ? 'lost' : undefined;
    };
    await attempt(due);
    expect(queue.tasks.map(({ taskId }) => taskId)).toContain(reportIdFor(taskOrder, 2));
    expect(endsOf(await runQueue())).toContain('claimed watched');
    expect(account.puts).toEqual(['rejected']);
  });

  test.each([
    ['a retry', { retryCount: 1 }],
    ['a run that may be a retry, for Function Compute does not say,', { isRetry: false, mayBeRetry: true }],
  ])('%s sends nothing, and says so', async (_what, options) => {
    const { account, attempt } = openFollow({ queue: false });
    const { told, error } = await attempt(due, options);
    expect(account.puts).toEqual([]);
    expect(error).toMatchObject({ code: 'edas_outcome_unknown' });
    expect(told).toMatchObject([{ event: 'outcome_unknown', problem: { code: 'edas_outcome_unknown' } }]);
  });
});

test.each([10, 30, 60, 75, 600])(
  'a queue that never answers does not cost the rollback of a function that runs for %d s',
  async (timeout) => {
    const { account, attempt, clock } = openFollow();
    const wait = async (timeoutMs: number) => {
      await clock.sleep(timeoutMs);
      throw new TaskQueueFailure('It did not answer.', true);
    };
    const silent: TaskQueue = {
      submit: (_taskId, _payload, timeoutMs) => wait(timeoutMs),
      read: (_taskId, timeoutMs) => wait(timeoutMs),
    };
    const endsAt = clock.now() + timeout * 1000;
    clock.at(timeout, () => {
      expect(account.puts).toEqual(['fine']);
    });
    await attempt(due, {
      openQueue: () => Promise.resolve(silent),
      rollbackDeadlineAt: endsAt - Math.min(10_000, timeout * 250),
      deadlineAt: endsAt - Math.min(75_000, timeout * 500),
    });
    expect(account.puts).toEqual(['fine']);
  },
);

describe.each([
  ['a retry', { retryCount: 1 }],
  ['a run without retryCount', { isRetry: false, mayBeRetry: true }],
])('%s', (_what, options) => {
  test('sends the rollback where it gets the claim and the order is in flight', async () => {
    const { account, attempt, runQueue } = openFollow();
    expect((await attempt(due, options)).last?.event).toBe('handed_over');
    expect(account.puts).toEqual(['fine']);
    expect(endsOf(await runQueue())).toEqual(['claimed watched', 'done succeeded']);
  });

  test('sends nothing where the order cannot be read', async () => {
    const { account, queue, attempt } = openFollow({
      fates: Array.from({ length: 50 }, () => 'denied' as const),
    });
    await attempt(due, options);
    expect(account.puts).toEqual([]);
    expect(queue.tasks).toEqual([]);
  });

  test('that has the claim of an earlier run in its way sends nothing', async () => {
    const { account, attempt } = openFollow({ fates: ['fine', 'killed'] });
    expect(await attempt(due)).toMatchObject({ wasKilled: true });
    expect((await attempt(due, options)).last).toEqual({ event: 'handed_over' });
    expect(account.puts).toEqual(['killed']);
  });
});
