import { describe, expect, test } from 'vitest';
import { readTaskRecord, submitTask } from '../../../functions/claim/task-calls.ts';
import { leastCallMs } from '../../../functions/rollback/budget.ts';
import type { RollbackRefused } from '../../../functions/task.ts';
import {
  doubt,
  facts,
  namesOf,
  recordOf,
  refusal,
  reportOf,
  simulateQueue,
  type Fault,
} from '../../support/simulated-queue.ts';

const taskId = reportOf(1);
const task: RollbackRefused = { ...facts, rollback: 'refused' };
const bug = new TypeError('fake-bug');
const noTime = 'No time was left to ask Function Compute.';
const refused = 'no task could be handed over';
const unknown = 'it is not known whether a task was handed over';

describe('a task that is handed over is', () => {
  test.each<{ submits: Fault[]; exists?: true; submission: string; warning?: [string, string] }>([
    { submits: [], submission: 'accepted' },
    { submits: [], exists: true, submission: 'exists' },
    { submits: [doubt], submission: 'accepted' },
    { submits: ['lost'], submission: 'settled' },
    { submits: [doubt], exists: true, submission: 'settled' },
    { submits: ['lost', doubt], submission: 'in_doubt', warning: [unknown, 'fake-doubt'] },
    { submits: [doubt, refusal], submission: 'in_doubt', warning: [unknown, 'fake-refusal'] },
    { submits: [doubt, bug], submission: 'in_doubt', warning: [unknown, 'fake-bug'] },
    { submits: [refusal], submission: 'failed', warning: [refused, 'fake-refusal'] },
    { submits: [bug], submission: 'failed', warning: [refused, 'fake-bug'] },
  ])('$submission %#', async ({ submits, exists, submission, warning }) => {
    const tasks = exists && { [taskId]: recordOf('{}') };
    const calls = submits[0] === doubt || submits[0] === 'lost' ? 2 : 1;
    const queue = simulateQueue({ submits: [...submits], ...(tasks && { tasks }) });
    expect(await submitTask(taskId, task, queue.access)).toBe(submission);
    expect(namesOf(queue)).toEqual(Array(calls).fill('submit report 1'));
    expect(queue.warnings).toEqual(warning ? [{ message: warning[0], taskId, reason: warning[1] }] : []);
  });

  test('written as JSON', async () => {
    const queue = simulateQueue();
    await submitTask(taskId, task, queue.access);
    expect(JSON.parse(queue.tasks.get(taskId)?.payload ?? '')).toEqual(task);
  });

  test('not taken where the queue cannot be opened', async () => {
    const { access, warnings } = simulateQueue();
    const openQueue = () => Promise.reject(new Error('fake-reason'));
    expect(await submitTask(taskId, task, { ...access, openQueue })).toBe('failed');
    expect(warnings).toMatchObject([{ reason: 'fake-reason' }]);
  });

  test('in doubt where the first answer took all the time', async () => {
    const queue = simulateQueue({ submits: [doubt], deadlineAt: leastCallMs });
    expect(await submitTask(taskId, task, queue.access)).toBe('in_doubt');
    expect(queue.warnings).toEqual([{ message: unknown, taskId, reason: noTime }]);
  });
});

describe('a task that is read is', () => {
  test('as the queue shows it', async () => {
    const queue = simulateQueue({ tasks: { [taskId]: recordOf(task, 'Stopped') } });
    expect(await readTaskRecord(taskId, queue.access)).toEqual(recordOf(task, 'Stopped'));
    expect(queue.warnings).toEqual([]);
  });

  test('absent where it shows none', async () => {
    expect(await readTaskRecord(taskId, simulateQueue().access)).toBe('absent');
  });

  test.each([refusal, doubt, bug])('unreadable where the queue fails: $message', async (failure) => {
    const queue = simulateQueue({ reads: { [taskId]: failure } });
    expect(await readTaskRecord(taskId, queue.access)).toBe('unreadable');
    expect(queue.warnings).toEqual([
      { message: 'what has become of the task cannot be read', taskId, reason: failure.message },
    ]);
  });
});

describe('a call is given', () => {
  test.each([
    [8_500, [4_250, 2_125, 2_125]],
    [1_000, [500, 250, 250]],
    [300, [150, 100]],
    [leastCallMs, [leastCallMs]],
  ])('half of the %i ms that are left, and a read all of them: %j', async (deadlineAt, times) => {
    const { access, calls } = simulateQueue({
      submits: [doubt, doubt],
      reads: { [taskId]: doubt },
      deadlineAt,
    });
    await submitTask(taskId, task, access);
    await readTaskRecord(taskId, access);
    expect(calls.map(([, timeoutMs]) => timeoutMs)).toEqual(times);
  });

  test('another share of it for a try, where the queue may be slow', async () => {
    const { access, calls } = simulateQueue({ submits: [doubt], deadlineAt: 1_000 });
    await submitTask(taskId, task, { ...access, shareOfTry: 0.8 });
    expect(calls.map(([, timeoutMs]) => timeoutMs)).toEqual([800, 160]);
  });

  test.each([leastCallMs - 1, 0, -5_000])('to nobody where %i ms are left', async (deadlineAt) => {
    const { access, calls, warnings } = simulateQueue({ deadlineAt });
    expect(await submitTask(taskId, task, access)).toBe('failed');
    expect(await readTaskRecord(taskId, access)).toBe('unreadable');
    expect(calls).toEqual([]);
    expect(warnings).toMatchObject([{ reason: noTime }, { reason: noTime }]);
  });
});
