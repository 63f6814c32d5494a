import { TaskQueueFailure, type TaskQueue, type TaskState } from '../platform/task-queue.ts';
import { leastCallMs, timeLeft } from '../rollback/budget.ts';
import type { Clock, RollbackDependencies } from '../rollback/dependencies.ts';
import { taskIdFor, type RollbackTask } from '../task.ts';
import { reasonOf } from '../text.ts';

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
export type Follow = 'dispatched' | 'exists' | 'failed';

export interface HandOver {
  openQueue: () => Promise<TaskQueue>;
  /** Milliseconds, on the clock. */
  deadlineAt: number;
  clock: Clock;
  warn: RollbackDependencies['warn'];
}

/** Of the time that is left, for each of at most three calls: a third is left for a rollback of our own. */
const shareOfCall = 0.3;
/** Milliseconds. Function Compute takes a task in some tens of them. */
const longestCallMs = 3_000;

/** These will not roll anything back any more. */
const deadStates: readonly TaskState[] = ['Failed', 'Stopped', 'Expired', 'Invalid'];

/**
 * Hands a rollback over to a task. Undefined: no task will do it, and the log says why. Then the webhook has to, for the
 * emergency brake does not depend on the queue.
 */
export async function deferRollback(task: RollbackTask, handOver: HandOver): Promise<Deferred | undefined> {
  const { changeOrderId } = task;
  const result = await submit(task, handOver);
  if (result === 'failed') return undefined;
  if (result === 'accepted') {
    const message = 'A task rolls the change order back, once, and then follows the rollback to its end.';
    return { outcome: 'deferred', changeOrderId, message };
  }
  const state = await stateOf(changeOrderId, handOver);
  if (state !== 'unknown' && deadStates.includes(state)) {
    const reason = `The task ${taskIdFor(changeOrderId)} is ${state}.`;
    handOver.warn('the task of this change order is dead, so the webhook rolls back itself', {
      changeOrderId,
      reason,
    });
    return undefined;
  }
  if (result === 'settled') {
    const message = `A task has the change order: this webhook's own, or an earlier one. ${describeTask(state)}`;
    return { outcome: 'deferred', changeOrderId, task: state, message };
  }
  const message = `${describeTask(state)} This webhook did nothing.`;
  return { outcome: 'deferred', changeOrderId, duplicate: true, task: state, message };
}

/** Lets a task follow a rollback that was accepted. It stands, whatever becomes of that. */
export async function followRollback(task: RollbackTask, handOver: HandOver): Promise<Follow> {
  const result = await submit(task, handOver);
  return result === 'accepted' || result === 'settled' ? 'dispatched' : result;
}

function describeTask(state: TaskState | 'unknown'): string {
  switch (state) {
    case 'unknown':
      return 'There is a task for this change order, and what has become of it cannot be read: the log says why.';
    case 'Succeeded':
      return 'There was a task for this change order, and it has ended: its messages and its log say how.';
    default:
      return `There is a task for this change order (${state}).`;
  }
}

/** `settled`: the answer got lost, and a task is there. */
type Submission = 'accepted' | 'exists' | 'settled' | 'failed';

async function submit(task: RollbackTask, handOver: HandOver): Promise<Submission> {
  const { changeOrderId } = task;
  const call = async () => {
    const queue = await handOver.openQueue();
    return queue.submit(taskIdFor(changeOrderId), JSON.stringify(task), timeOfCall(handOver));
  };
  try {
    return await call().catch(async (error: unknown) => {
      if (!(error instanceof TaskQueueFailure && error.isInDoubt)) throw error;
      // The same id: had the first one arrived, this one is not taken.
      return (await call()) === 'accepted' ? 'accepted' : 'settled';
    });
  } catch (error) {
    // Whatever it was: the rollback must not fail because of the queue.
    handOver.warn('no task could be handed over', { changeOrderId, reason: reasonOf(error) });
    return 'failed';
  }
}

async function stateOf(changeOrderId: string, handOver: HandOver): Promise<TaskState | 'unknown'> {
  try {
    const queue = await handOver.openQueue();
    return await queue.stateOf(taskIdFor(changeOrderId), timeOfCall(handOver));
  } catch (error) {
    const reason = reasonOf(error);
    handOver.warn('what has become of the task cannot be read', { changeOrderId, reason });
    return 'unknown';
  }
}

function timeOfCall(handOver: HandOver): number {
  const leftMs = timeLeft(handOver, handOver.clock);
  if (leftMs < leastCallMs) throw new TaskQueueFailure('No time was left to hand a task over.', false);
  return Math.max(leastCallMs, Math.min(longestCallMs, leftMs * shareOfCall));
}
