import { reasonOf } from '../lib/text.ts';
import type { Clock } from '../lib/time.ts';
import { TaskQueueFailure, type TaskQueue, type TaskState } from '../platform/task-queue.ts';
import { leastCallMs, timeLeft } from '../rollback/budget.ts';
import type { RollbackDependencies } from '../rollback/dependencies.ts';
import { taskIdFor, type RollbackDone, type RollbackDue, type RollbackTask } from '../task.ts';

/** A rollback that a task does, now or later. */
export interface Deferred {
  outcome: 'deferred';
  changeOrderId: string;
  /** A task of this change order was there already. */
  duplicate?: true;
  /** What has become of that task; `unknown` where that cannot be read. */
  task?: TaskState | 'unknown';
  message: string;
}

/** Whether a task follows a rollback: this request's own, one that was there already, or none. */
export type FollowStatus = 'dispatched' | 'exists' | 'failed';

export interface HandOverDependencies {
  openQueue: () => Promise<TaskQueue>;
  /** Milliseconds, on the clock. */
  deadlineAt: number;
  clock: Clock;
  warn: RollbackDependencies['warn'];
}

/**
 * Each call to the queue may take this share of the time that is left. After three calls about a third is left for a
 * rollback by the webhook itself.
 */
const shareOfCall = 0.3;
/** Milliseconds. Function Compute takes a task in some tens of them. */
const longestCallMs = 3_000;

/** These will not roll anything back any more. */
const deadStates: readonly TaskState[] = ['Failed', 'Stopped', 'Expired', 'Invalid'];

/** Why no task will roll back: none could be handed over, or the one that there is will not do anything any more. */
export type NoTask = 'no_queue' | 'dead_task';

/**
 * Hands a rollback over to a task. If no task will do it, the log says why, and the webhook rolls back itself: the
 * emergency brake does not depend on the queue.
 */
export async function deferRollback(
  task: RollbackDue,
  handOver: HandOverDependencies,
): Promise<Deferred | NoTask> {
  const { changeOrderId } = task;
  const taskId = taskIdFor(changeOrderId);
  const result = await submit(taskId, task, handOver);
  if (result === 'failed') return 'no_queue';
  if (result === 'accepted') {
    const message = 'A task rolls the change order back, once, and then follows the rollback to its end.';
    return { outcome: 'deferred', changeOrderId, message };
  }
  const state = await stateOf(taskId, handOver);
  if (result === 'in_doubt' && state === 'unknown') return 'no_queue';
  if (isDead(state)) {
    handOver.warn('the task of this change order is dead, so the webhook rolls back itself', {
      changeOrderId,
      reason: `The task ${taskId} is ${state}.`,
    });
    return 'dead_task';
  }
  if (result === 'exists') {
    const message = `${describeState(state)} This webhook did nothing.`;
    return { outcome: 'deferred', changeOrderId, duplicate: true, task: state, message };
  }
  const message = `A task has the change order: this webhook's own, or an earlier one. ${describeState(state)}`;
  return { outcome: 'deferred', changeOrderId, task: state, message };
}

/** Hands over a task that follows an accepted rollback. The rollback stands even if that fails. */
export async function followRollback(
  taskId: string,
  task: RollbackDone,
  handOver: HandOverDependencies,
): Promise<FollowStatus> {
  const result = await submit(taskId, task, handOver);
  switch (result) {
    case 'accepted':
    case 'settled':
      return 'dispatched';
    case 'in_doubt': {
      const state = await stateOf(taskId, handOver);
      return state === 'unknown' || isDead(state) ? 'failed' : 'dispatched';
    }
    default:
      return result;
  }
}

function isDead(state: TaskState | 'unknown'): boolean {
  return state !== 'unknown' && deadStates.includes(state);
}

function describeState(state: TaskState | 'unknown'): string {
  switch (state) {
    case 'unknown':
      return 'There is a task for this change order, and what has become of it cannot be read: the log says why.';
    case 'Succeeded':
      return 'There was a task for this change order, and that task has ended: its messages and its log say how. If the change is not rolled back all the same, roll it back in the EDAS console.';
    default:
      return `There is a task for this change order (${state}).`;
  }
}

/** `settled`: the answer got lost, and a task is there. `in_doubt`: it got lost, and only the task's state can tell. */
type Submission = 'accepted' | 'exists' | 'settled' | 'in_doubt' | 'failed';

async function submit(
  taskId: string,
  task: RollbackTask,
  handOver: HandOverDependencies,
): Promise<Submission> {
  const call = async () => {
    const queue = await handOver.openQueue();
    return queue.submit(taskId, JSON.stringify(task), timeOfCall(handOver));
  };
  try {
    return await call();
  } catch (error) {
    if (error instanceof TaskQueueFailure && error.isInDoubt) return submitAgain(taskId, call, handOver);
    // Whatever it was: the rollback must not fail because of the queue.
    handOver.warn('no task could be handed over', { taskId, reason: reasonOf(error) });
    return 'failed';
  }
}

/** The answer got lost. A second one of the same id is not taken if the first one arrived. */
async function submitAgain(
  taskId: string,
  call: () => Promise<'accepted' | 'exists'>,
  handOver: HandOverDependencies,
): Promise<Submission> {
  try {
    return (await call()) === 'accepted' ? 'accepted' : 'settled';
  } catch (error) {
    const reason = reasonOf(error);
    handOver.warn('it is not known whether a task was handed over, so its state is read', { taskId, reason });
    return 'in_doubt';
  }
}

async function stateOf(taskId: string, handOver: HandOverDependencies): Promise<TaskState | 'unknown'> {
  try {
    const queue = await handOver.openQueue();
    return await queue.stateOf(taskId, timeOfCall(handOver));
  } catch (error) {
    handOver.warn('what has become of the task cannot be read', { taskId, reason: reasonOf(error) });
    return 'unknown';
  }
}

function timeOfCall(handOver: HandOverDependencies): number {
  const leftMs = timeLeft(handOver, handOver.clock);
  if (leftMs < leastCallMs) throw new TaskQueueFailure('No time was left to hand a task over.', false);
  return Math.max(leastCallMs, Math.min(longestCallMs, leftMs * shareOfCall));
}
