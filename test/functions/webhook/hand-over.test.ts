import { describe, expect, test } from 'vitest';
import {
  taskStates,
  TaskQueueFailure,
  type TaskQueue,
  type TaskState,
} from '../../../functions/platform/task-queue.ts';
import { leastCallMs } from '../../../functions/rollback/budget.ts';
import {
  readTask,
  secondTaskIdFor,
  taskIdFor,
  type RollbackDone,
  type RollbackDue,
} from '../../../functions/task.ts';
import {
  deferRollback,
  followRollback,
  type HandOverDependencies,
} from '../../../functions/webhook/hand-over.ts';

const changeOrderId = 'dc5133d7-773f-4c81-9c5a-e2103dce0f6a';
const taskId = `rollback-${changeOrderId}`;
const task: RollbackDue = {
  version: 1,
  source: 'pipeline',
  requestedAt: 0,
  changeOrderId,
  operation: 'RollbackChangeOrder',
  rollback: 'due',
};
const done: RollbackDone = {
  ...task,
  rollback: 'done',
  rollbackChangeOrderId: '5ba3b2f4-1c7e-4a6d-8f00-000000000001',
};
const doubt = new TaskQueueFailure('fake-doubt', true);
const refusal = new TaskQueueFailure('fake-refusal', false);

type Answer<T> = T | Error;

interface Course {
  handOver: HandOverDependencies;
  /** The name of each call, and the milliseconds that it was given. */
  calls: [string, number][];
  /** The ids that were named, and the tasks that were handed over. */
  ids: Set<string>;
  submitted: unknown[];
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
  const ids = new Set<string>();
  const submitted: unknown[] = [];
  const answer = <T>(name: string, given: Answer<T> | undefined, timeoutMs: number): Promise<T> => {
    calls.push([name, Math.round(timeoutMs)]);
    if (given === doubt) now += timeoutMs;
    if (given === undefined) throw new Error('one call too many');
    return given instanceof Error ? Promise.reject(given) : Promise.resolve(given);
  };
  const queue: TaskQueue = {
    submit: (id, payload, timeoutMs) => {
      ids.add(id);
      submitted.push(readTask(payload));
      return answer('submit', submits.shift(), timeoutMs);
    },
    stateOf: (id, timeoutMs) => {
      ids.add(id);
      return answer('stateOf', state, timeoutMs);
    },
  };
  const warnings: unknown[] = [];
  const clock = { now: () => now, sleep: (ms: number) => Promise.resolve(void (now += ms)) };
  const handOver: HandOverDependencies = {
    openQueue: () => Promise.resolve(queue),
    deadlineAt,
    clock,
    warn: (message, facts) => void warnings.push({ message, ...facts }),
  };
  return { handOver, calls, ids, submitted, warnings, now: clock.now };
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
    expect([...given.ids]).toEqual([taskId]);
    expect(given.submitted).toEqual([task]);
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

  test('to a task that has succeeded, and the answer says what to do if nothing is rolled back all the same', async () => {
    const given = course({ submits: ['exists'], state: 'Succeeded' });
    expect(await deferRollback(task, given.handOver)).toMatchObject({
      message:
        'There was a task for this change order, and that task has ended: its messages and its log say how. If the change is not rolled back all the same, roll it back in the EDAS console. This webhook did nothing.',
    });
  });

  test.each(dead)('to nobody where the task that is there is %s, and the log says so', async (state) => {
    for (const submits of [['exists' as const], [doubt, 'exists' as const]]) {
      const given = course({ submits, state });
      expect(await deferRollback(task, given.handOver)).toBe('dead_task');
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
      { message: 'what has become of the task cannot be read', taskId, reason: 'fake-refusal' },
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

  test.each<[string, Error]>([
    ['is refused', refusal],
    ['fails for a reason that nobody thought of', new TypeError('fake')],
  ])('to nobody where the task %s, and the log says why', async (_what, failure) => {
    const given = course({ submits: [failure] });
    expect(await deferRollback(task, given.handOver)).toBe('no_queue');
    expect(names(given)).toBe('submit');
    expect(given.warnings).toEqual([
      { message: 'no task could be handed over', taskId, reason: failure.message },
    ]);
  });

  const secondTries = [refusal, doubt, new TypeError('fake')].map((second) => ({ second }));
  const inDoubt = 'it is not known whether a task was handed over, so its state is read';

  describe.each(secondTries)(
    'where its answer got lost, and the second try fails ($second.message),',
    (row) => {
      const { second } = row;
      const submits = () => [doubt, second];

      test.each(alive)('to the task of which the state, asked for once, is %s', async (state) => {
        const given = course({ submits: submits(), state });
        const deferred = await deferRollback(task, given.handOver);
        expect(deferred).toMatchObject({ outcome: 'deferred', task: state });
        expect(deferred).not.toHaveProperty('duplicate');
        expect(names(given)).toBe('submit submit stateOf');
        expect([...given.ids]).toEqual([taskId]);
        expect(given.warnings).toEqual([{ message: inDoubt, taskId, reason: second.message }]);
      });

      test.each(dead)('to nobody where it is %s', async (state) => {
        const given = course({ submits: submits(), state });
        expect(await deferRollback(task, given.handOver)).toBe('dead_task');
        expect(names(given)).toBe('submit submit stateOf');
      });

      test('to nobody where it cannot be read, and the log says why', async () => {
        const given = course({ submits: submits(), state: refusal });
        expect(await deferRollback(task, given.handOver)).toBe('no_queue');
        expect(names(given)).toBe('submit submit stateOf');
        expect(given.warnings).toEqual([
          { message: inDoubt, taskId, reason: second.message },
          { message: 'what has become of the task cannot be read', taskId, reason: 'fake-refusal' },
        ]);
      });
    },
  );

  test('to nobody where the queue cannot be opened', async () => {
    const given = course({ submits: [] });
    const openQueue = () => Promise.reject(new Error('fake-reason'));
    expect(await deferRollback(task, { ...given.handOver, openQueue })).toBe('no_queue');
    expect(given.warnings).toMatchObject([{ reason: 'fake-reason' }]);
  });
});

describe('handing over leaves time for a rollback', () => {
  test.each([
    [8_500, [2550, 1785, 1250]],
    [4_000, [1200, 840, 588]],
    [2_000, [600, 420, 294]],
    [60_000, [3000, 3000, 3000]],
  ])('of %i ms, where Function Compute says nothing', async (deadlineMs, times) => {
    const given = course({ submits: [doubt, doubt], state: doubt }, deadlineMs);
    expect(await deferRollback(task, given.handOver)).toBe('no_queue');
    expect(given.calls.map(([, timeoutMs]) => timeoutMs)).toEqual(times);
    expect(given.now()).toBeLessThan(deadlineMs * 0.66);
  });

  test('also where the state is asked for in vain', async () => {
    const given = course({ submits: [doubt, 'exists'], state: doubt }, 2_000);
    expect(await deferRollback(task, given.handOver)).toMatchObject({ task: 'unknown' });
    expect(given.now()).toBeLessThan(2_000 * 0.66);
  });

  test('and asks nobody where there is none', async () => {
    for (const deadlineAt of [leastCallMs - 1, 0, -5_000]) {
      const given = course({ submits: ['accepted'] }, deadlineAt);
      expect(await deferRollback(task, given.handOver)).toBe('no_queue');
      expect(given.calls).toEqual([]);
      expect(given.warnings).toMatchObject([{ reason: 'No time was left to hand a task over.' }]);
    }
  });

  test('and its calls never outlast the deadline, whatever it is', async () => {
    for (let deadlineAt = leastCallMs; deadlineAt <= 1_000; deadlineAt += 10) {
      for (const second of [doubt, 'exists' as const]) {
        const given = course({ submits: [doubt, second], state: doubt }, deadlineAt);
        await deferRollback(task, given.handOver);
        expect(given.now()).toBeLessThanOrEqual(deadlineAt);
      }
    }
  });
});

describe('a rollback that has begun is followed', () => {
  const rows: [string, Answer<'accepted' | 'exists'>[], Answer<TaskState> | undefined, string][] = [
    ['dispatched', ['accepted'], undefined, 'submit'],
    ['dispatched', [doubt, 'accepted'], undefined, 'submit submit'],
    ['dispatched', [doubt, 'exists'], undefined, 'submit submit'],
    ['dispatched', [doubt, refusal], 'Enqueued', 'submit submit stateOf'],
    ['dispatched', [doubt, doubt], 'Succeeded', 'submit submit stateOf'],
    ['exists', ['exists'], undefined, 'submit'],
    ['failed', [refusal], undefined, 'submit'],
    ['failed', [doubt, refusal], 'Expired', 'submit submit stateOf'],
    ['failed', [doubt, doubt], refusal, 'submit submit stateOf'],
  ];
  const titled = rows.map(([follow, submits, state, calls]) => ({ follow, submits, state, calls }));

  test.each(titled)('$follow, after $calls', async ({ follow, submits, state, calls }) => {
    for (const id of [taskIdFor(changeOrderId), secondTaskIdFor(changeOrderId)]) {
      const given = course({ submits: [...submits], ...(state !== undefined && { state }) });
      expect(await followRollback(id, done, given.handOver)).toBe(follow);
      expect(names(given)).toBe(calls);
      expect([...given.ids]).toEqual([id]);
      expect(given.submitted[0]).toEqual(done);
      const whatFailed = submits.at(-1) instanceof Error ? 1 : 0;
      expect(given.warnings).toHaveLength(whatFailed + (state === refusal ? 1 : 0));
    }
  });
});
