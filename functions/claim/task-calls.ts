import { reasonOf } from '../lib/text.ts';
import type { Clock } from '../lib/time.ts';
import { TaskQueueFailure, type TaskQueue, type TaskRecord } from '../platform/task-queue.ts';
import { leastCallMs, timeLeft } from '../rollback/budget.ts';
import type { RollbackDependencies } from '../rollback/dependencies.ts';
import { readTask, type RollbackTask } from '../task.ts';

/** The queue of tasks, and until when it may be called. */
export interface QueueAccess {
  openQueue: () => Promise<TaskQueue>;
  /** Milliseconds, on the clock. */
  deadlineAt: number;
  /** The share of the time for one try at handing a task over. The rest is for a second one, and for reading the task. */
  shareOfTry?: number;
  clock: Clock;
  warn: RollbackDependencies['warn'];
}

/**
 * What became of handing a task over.
 *
 * - `exists`: a task of this id was there before.
 * - `settled`: the first answer got lost, and a task of this id is there now: this one, or one that was there before.
 * - `in_doubt`: every answer got lost. A task may be there.
 * - `failed`: this task was certainly not taken.
 */
export type Submission = 'accepted' | 'exists' | 'settled' | 'in_doubt' | 'failed';

/** Hands a task over. Never throws: a rollback must not fail because of the queue. The log has the reason. */
export async function submitTask(
  taskId: string,
  task: RollbackTask,
  access: QueueAccess,
): Promise<Submission> {
  const submit = async () => {
    const queue = await access.openQueue();
    return queue.submit(taskId, JSON.stringify(task), timeOfCall(access, access.shareOfTry ?? 0.5));
  };
  try {
    return await submit();
  } catch (error) {
    if (error instanceof TaskQueueFailure && error.isInDoubt) return submitAgain(taskId, submit, access);
    access.warn('no task could be handed over', { taskId, reason: reasonOf(error) });
    return 'failed';
  }
}

/** The answer got lost. A second one of the same id is not taken if the first one arrived. */
async function submitAgain(
  taskId: string,
  submit: () => Promise<'accepted' | 'exists'>,
  access: QueueAccess,
): Promise<Submission> {
  try {
    return (await submit()) === 'accepted' ? 'accepted' : 'settled';
  } catch (error) {
    access.warn('it is not known whether a task was handed over', { taskId, reason: reasonOf(error) });
    return 'in_doubt';
  }
}

/** Reads a task. Never throws; `unreadable`: the log has the reason. */
export async function readTaskRecord(
  taskId: string,
  access: QueueAccess,
): Promise<TaskRecord | 'absent' | 'unreadable'> {
  try {
    const queue = await access.openQueue();
    return await queue.read(taskId, timeOfCall(access));
  } catch (error) {
    access.warn('what has become of the task cannot be read', { taskId, reason: reasonOf(error) });
    return 'unreadable';
  }
}

/** Undefined where the task cannot be read, or is none of this version. */
export function taskIn(record: TaskRecord | 'absent' | 'unreadable'): RollbackTask | undefined {
  if (typeof record === 'string') return undefined;
  try {
    return readTask(record.payload);
  } catch {
    return undefined;
  }
}

function timeOfCall(access: QueueAccess, share = 1): number {
  const leftMs = timeLeft(access, access.clock);
  if (leftMs >= leastCallMs) return Math.max(leastCallMs, leftMs * share);
  throw new TaskQueueFailure('No time was left to ask Function Compute.', false);
}
