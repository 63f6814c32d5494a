import { describe, expect, onTestFinished, test } from 'vitest';
import {
  Tasks,
  type Invocation,
  type RetryRules,
  type RunTask,
} from '../../../../local/stand-ins/fc/tasks.ts';

const forever: RunTask = () => new Promise(() => undefined);
const payload = Buffer.from('{}');

function start(run: RunTask, rules?: RetryRules, now: () => number = () => 0): Tasks {
  const tasks = new Tasks({ follow: run, other: run }, now, rules);
  onTestFinished(() => {
    tasks.close();
  });
  return tasks;
}

const submit = (tasks: Tasks, taskId = 'task', functionName = 'follow') =>
  tasks.submit(functionName, taskId, payload, 'fake-request-id');

test('a task is enqueued when it is taken, and has succeeded when its attempt has', async () => {
  let clock = 1_000;
  const invocations: Invocation[] = [];
  const tasks = start(
    (invocation) => {
      expect(tasks.get('follow', 'task')).toMatchObject({ status: 'Running', startedAt: 1_000 });
      invocations.push(invocation);
      clock = 3_500;
      return Promise.resolve();
    },
    {},
    () => clock,
  );

  expect(submit(tasks)).toBe(true);
  expect(tasks.get('follow', 'task')).toMatchObject({ status: 'Enqueued', startedAt: undefined });
  await tasks.settled();
  expect(tasks.all).toEqual([
    {
      functionName: 'follow',
      taskId: 'task',
      requestId: 'fake-request-id',
      payload,
      status: 'Succeeded',
      startedAt: 1_000,
      endedAt: 3_500,
      alreadyRetriedTimes: 0,
      errorMessage: undefined,
    },
  ]);
  expect(invocations).toMatchObject([
    { functionName: 'follow', taskId: 'task', requestId: 'fake-request-id', payload, retryCount: 0 },
  ]);
});

test('an id is taken once for each function, and stays taken when its task has ended', async () => {
  let runs = 0;
  const tasks = start(() => {
    runs += 1;
    return Promise.resolve();
  });
  expect([submit(tasks), submit(tasks), submit(tasks, 'task', 'other')]).toEqual([true, false, true]);
  await tasks.settled();
  expect(submit(tasks)).toBe(false);
  expect(runs).toBe(2);
});

test('a function that is not there takes no task', () => {
  const tasks = start(forever);
  expect(tasks.knows('follow')).toBe(true);
  expect(tasks.knows('toString')).toBe(false);
  expect(() => submit(tasks, 'task', 'unknown')).toThrow('There is no function unknown.');
});

describe('a task whose attempt fails', () => {
  test.each([
    [undefined, 3],
    [0, 0],
    [2, 2],
  ])('is tried again, with %j retries, and then has failed', async (maxRetries, retries) => {
    const counts: number[] = [];
    const tasks = start(
      ({ retryCount }) => {
        counts.push(retryCount);
        return Promise.reject(new Error(`attempt ${retryCount} broke`));
      },
      { maxRetries },
      () => 5,
    );
    submit(tasks);
    await tasks.settled();
    expect(counts).toEqual(Array.from({ length: retries + 1 }, (_each, index) => index));
    expect(tasks.get('follow', 'task')).toMatchObject({
      status: 'Failed',
      endedAt: 5,
      alreadyRetriedTimes: retries,
      errorMessage: `attempt ${retries} broke`,
    });
  });

  test('succeeds with the first attempt that does', async () => {
    const tasks = start(({ retryCount }) => {
      if (retryCount === 0) throw new Error('broke at once');
      return Promise.resolve();
    });
    submit(tasks);
    await tasks.settled();
    expect(tasks.get('follow', 'task')).toMatchObject({ status: 'Succeeded', alreadyRetriedTimes: 1 });
  });

  test('is retrying until the delay is over', async () => {
    const tasks = start(() => Promise.reject(new Error('broke')), { retryDelayMs: 600_000 });
    submit(tasks);
    await expect.poll(() => tasks.get('follow', 'task')?.status).toBe('Retrying');
    expect(tasks.get('follow', 'task')).toMatchObject({ endedAt: undefined, alreadyRetriedTimes: 1 });
  });
});

describe('a task that is delivered several times at once', () => {
  test('is run so often by each attempt, and succeeds when all runs of one have', async () => {
    const counts: number[] = [];
    const tasks = start(
      ({ retryCount }) => {
        counts.push(retryCount);
        return counts.length === 2 ? Promise.reject(new Error('one broke')) : Promise.resolve();
      },
      { runsAtOnce: 3 },
    );
    submit(tasks);
    await tasks.settled();
    expect(counts).toEqual([0, 0, 0, 1, 1, 1]);
    expect(tasks.get('follow', 'task')).toMatchObject({ status: 'Succeeded', errorMessage: 'one broke' });
  });
});

describe('a state that is set by hand', () => {
  test('stops the attempt, stays, and is followed by no other attempt', async () => {
    const signals: AbortSignal[] = [];
    const tasks = start(({ signal }) => {
      signals.push(signal);
      return forever({} as Invocation);
    });
    submit(tasks);
    await expect.poll(() => signals.length).toBe(1);

    tasks.setState('follow', 'task', 'Failed');
    await tasks.settled();
    expect(tasks.get('follow', 'task')).toMatchObject({ status: 'Failed', endedAt: 0 });
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
  });

  test('holds for a task that has not begun, which never does', async () => {
    const tasks = start(() => Promise.reject(new Error('must not run')));
    submit(tasks);
    tasks.setState('follow', 'task', 'Dequeued');
    await tasks.settled();
    expect(tasks.get('follow', 'task')).toMatchObject({ status: 'Dequeued', errorMessage: undefined });
  });

  test('makes a task that was not there, whose id is then taken', async () => {
    const tasks = start(forever, {}, () => 7);
    tasks.setState('follow', 'task', 'Running');
    expect(tasks.get('follow', 'task')).toMatchObject({ status: 'Running', startedAt: 7 });
    expect(submit(tasks)).toBe(false);
    await tasks.settled();
  });
});

describe('close', () => {
  test('stops every attempt, also one that does not obey, and leaves the states', async () => {
    const tasks = start(forever);
    submit(tasks);
    await expect.poll(() => tasks.get('follow', 'task')?.status).toBe('Running');
    tasks.close();
    await tasks.settled();
    expect(tasks.get('follow', 'task')?.status).toBe('Running');
  });

  test('keeps what is taken later from beginning', async () => {
    const tasks = start(() => Promise.reject(new Error('must not run')));
    tasks.close();
    submit(tasks);
    await tasks.settled();
    expect(tasks.get('follow', 'task')?.status).toBe('Enqueued');
  });
});
