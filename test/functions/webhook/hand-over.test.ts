import { describe, expect, test } from 'vitest';
import {
  taskStates,
  TaskQueueFailure,
  type TaskQueue,
  type TaskState,
} from '../../../functions/platform/task-queue.ts';
import { leastCallMs } from '../../../functions/rollback/budget.ts';
import { readTask, type RollbackTask } from '../../../functions/task.ts';
import { deferRollback, followRollback, type HandOver } from '../../../functions/webhook/hand-over.ts';

const changeOrderId = 'dc5133d7-773f-4c81-9c5a-e2103dce0f6a';
const taskId = `rollback-${changeOrderId}`;
const task: RollbackTask = {
  version: 1,
  source: 'pipeline',
  requestedAt: 0,
  changeOrderId,
  operation: 'RollbackChangeOrder',
  rollback: 'due',
};
const doubt = new TaskQueueFailure('fake-doubt', true);
const refusal = new TaskQueueFailure('fake-refusal', false);

type Answer<T> = T | Error;

interface Course {
  handOver: HandOver;
  /** The name of each call, and the milliseconds that it was given. */
  calls: [string, number][];
  warnings: unknown[];
  now: () => number;
}

/** A queue that answers this, one after the other. A doubt comes when the time of the call is over. */
function course(
  { submits, state = 'Running' }: { submits: Answer<'accepted' | 'exists'>[]; state?: Answer<TaskState> },
  deadlineAt = 8_500,
): Course {
  let now = 0;
  const calls: [string, number][] = [];
  const answer = <T>(name: string, given: Answer<T> | undefined, timeoutMs: number): Promise<T> => {
    calls.push([name, Math.round(timeoutMs)]);
    if (given === doubt) now += timeoutMs;
    if (given === undefined) throw new Error('one call too many');
    return given instanceof Error ? Promise.reject(given) : Promise.resolve(given);
  };
  const queue: TaskQueue = {
    submit: (id, payload, timeoutMs) => {
      expect(id).toBe(taskId);
      expect(readTask(payload)).toEqual(task);
      return answer('submit', submits.shift(), timeoutMs);
    },
    stateOf: (id, timeoutMs) => {
      expect(id).toBe(taskId);
      return answer('stateOf', state, timeoutMs);
    },
  };
  const warnings: unknown[] = [];
  const clock = { now: () => now, sleep: (ms: number) => Promise.resolve(void (now += ms)) };
  const handOver: HandOver = {
    openQueue: () => Promise.resolve(queue),
    deadlineAt,
    clock,
    warn: (message, facts) => void warnings.push({ message, ...facts }),
  };
  return { handOver, calls, warnings, now: clock.now };
}

const names = ({ calls }: Course) => calls.map(([name]) => name).join(' ');

describe('a rollback is deferred', () => {
  test('by one call, where the task is accepted', async () => {
    const given = course({ submits: ['accepted'] });
    expect(await deferRollback(task, given.handOver)).toEqual({
      outcome: 'deferred',
      changeOrderId,
      message: 'A task rolls the change order back, once, and then follows the rollback to its end.',
    });
    expect(names(given)).toBe('submit');
    expect(given.warnings).toEqual([]);
  });

  const dead: TaskState[] = ['Failed', 'Stopped', 'Expired', 'Invalid'];
  const alive = taskStates.filter((state) => !dead.includes(state));

  test.each(alive)('to the task that is there, which is %s', async (state) => {
    const given = course({ submits: ['exists'], state });
    expect(await deferRollback(task, given.handOver)).toMatchObject({
      outcome: 'deferred',
      duplicate: true,
      task: state,
      message: expect.stringMatching(/This webhook did nothing\.$/) as string,
    });
    expect(names(given)).toBe('submit stateOf');
  });

  test.each(dead)('to nobody where the task that is there is %s, and the log says so', async (state) => {
    for (const submits of [['exists' as const], [doubt, 'exists' as const]]) {
      const given = course({ submits, state });
      expect(await deferRollback(task, given.handOver)).toBeUndefined();
      expect(given.warnings).toEqual([
        {
          message: 'the task of this change order is dead, so the webhook rolls back itself',
          changeOrderId,
          reason: `The task ${taskId} is ${state}.`,
        },
      ]);
    }
  });

  test('to a task of which nothing more is known, where its state cannot be read', async () => {
    const given = course({ submits: ['exists'], state: refusal });
    expect(await deferRollback(task, given.handOver)).toMatchObject({ duplicate: true, task: 'unknown' });
    expect(given.warnings).toEqual([
      { message: 'what has become of the task cannot be read', changeOrderId, reason: 'fake-refusal' },
    ]);
  });

  test('to the task that was accepted the second time, where the first answer got lost', async () => {
    const given = course({ submits: [doubt, 'accepted'] });
    expect(await deferRollback(task, given.handOver)).not.toHaveProperty('task');
    expect(names(given)).toBe('submit submit');
  });

  test('to the task of a lost answer, and the answer does not say whose it is', async () => {
    const given = course({ submits: [doubt, 'exists'], state: 'Enqueued' });
    expect(await deferRollback(task, given.handOver)).toEqual({
      outcome: 'deferred',
      changeOrderId,
      task: 'Enqueued',
      message: `A task has the change order: this webhook's own, or an earlier one. There is a task for this change order (Enqueued).`,
    });
  });

  test.each<[string, (Error | 'exists')[], string]>([
    ['is refused', [refusal], 'submit'],
    ['is in doubt twice', [doubt, doubt], 'submit submit'],
    ['is in doubt, and then refused', [doubt, refusal], 'submit submit'],
    ['fails for a reason that nobody thought of', [new TypeError('fake')], 'submit'],
  ])('to nobody where the task %s, and the log says why', async (_what, submits, calls) => {
    const reason = submits.at(-1) instanceof Error ? (submits.at(-1) as Error).message : '';
    const given = course({ submits });
    expect(await deferRollback(task, given.handOver)).toBeUndefined();
    expect(names(given)).toBe(calls);
    expect(given.warnings).toEqual([{ message: 'no task could be handed over', changeOrderId, reason }]);
  });

  test('to nobody where the queue cannot be opened', async () => {
    const given = course({ submits: [] });
    const openQueue = () => Promise.reject(new Error('fake-reason'));
    expect(await deferRollback(task, { ...given.handOver, openQueue })).toBeUndefined();
    expect(given.warnings).toMatchObject([{ reason: 'fake-reason' }]);
  });
});

describe('handing over leaves time for a rollback', () => {
  test.each([
    [8_500, [2550, 1785]],
    [4_000, [1200, 840]],
    [2_000, [600, 420]],
    [60_000, [3000, 3000]],
  ])('of %i ms, where Function Compute says nothing', async (deadlineMs, times) => {
    const given = course({ submits: [doubt, doubt] }, deadlineMs);
    expect(await deferRollback(task, given.handOver)).toBeUndefined();
    expect(given.calls.map(([, timeoutMs]) => timeoutMs)).toEqual(times);
    expect(given.now()).toBeLessThan(deadlineMs / 1.9);
  });

  test('also where the state is asked for in vain', async () => {
    const given = course({ submits: [doubt, 'exists'], state: doubt }, 2_000);
    expect(await deferRollback(task, given.handOver)).toMatchObject({ task: 'unknown' });
    expect(given.now()).toBeLessThan(2_000 * 0.66);
  });

  test('and asks nobody where there is none', async () => {
    for (const deadlineAt of [leastCallMs - 1, 0, -5_000]) {
      const given = course({ submits: ['accepted'] }, deadlineAt);
      expect(await deferRollback(task, given.handOver)).toBeUndefined();
      expect(given.calls).toEqual([]);
      expect(given.warnings).toMatchObject([{ reason: 'No time was left to hand a task over.' }]);
    }
  });

  test('and its calls never outlast the deadline, whatever it is', async () => {
    for (let deadlineAt = leastCallMs; deadlineAt <= 1_000; deadlineAt += 10) {
      const given = course({ submits: [doubt, 'exists'], state: doubt }, deadlineAt);
      await deferRollback(task, given.handOver);
      expect(given.now()).toBeLessThanOrEqual(deadlineAt);
    }
  });
});

describe('a rollback that has begun is followed', () => {
  test.each<[string, Answer<'accepted' | 'exists'>[], string]>([
    ['dispatched', ['accepted'], 'submit'],
    ['dispatched', [doubt, 'accepted'], 'submit submit'],
    ['dispatched', [doubt, 'exists'], 'submit submit'],
    ['exists', ['exists'], 'submit'],
    ['failed', [refusal], 'submit'],
    ['failed', [doubt, doubt], 'submit submit'],
  ])('%s', async (follow, submits, calls) => {
    const given = course({ submits });
    expect(await followRollback(task, given.handOver)).toBe(follow);
    expect(names(given)).toBe(calls);
    expect(given.warnings).toHaveLength(follow === 'failed' ? 1 : 0);
  });
});
