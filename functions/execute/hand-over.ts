import { lookAtClaim, type TakenClaim } from '../claim/claim.ts';
import { submitTask, type QueueAccess } from '../claim/task-calls.ts';
import { Problem } from '../errors.ts';
import { isDead, type TaskState } from '../platform/task-queue.ts';
import type { ReleaseVersions } from '../rollback/release.ts';
import { claimIdFor, type RollbackDue } from '../task.ts';

/** A rollback that a task does, now or later, or that another delivery does. */
export interface Deferred extends Partial<ReleaseVersions> {
  outcome: 'deferred';
  changeOrderId: string;
  /** A task of this change order was there already. */
  duplicate?: true;
  /** What has become of that task; `unknown` where that cannot be read. */
  task?: TaskState | 'unknown';
  message: string;
}

/** No task will roll back, so the function does itself. */
export interface OwnRollback {
  outcome: 'own';
  /** The number of the first claim to try; undefined where the queue cannot be used. */
  firstClaim: number | undefined;
}

/**
 * Hands a rollback over to a task. If no task will do it, the log says why, and the function rolls back itself: the
 * emergency brake does not depend on the queue.
 *
 * @param now epoch milliseconds
 * @throws Problem `edas_outcome_unknown` where an earlier delivery sent the rollback and its answer got lost
 */
export async function deferRollback(
  task: RollbackDue,
  now: () => number,
  access: QueueAccess,
): Promise<Deferred | OwnRollback> {
  const { changeOrderId } = task;
  const taskId = claimIdFor(changeOrderId);
  const submission = await submitTask(taskId, task, access);
  if (submission === 'failed') return { outcome: 'own', firstClaim: undefined };
  if (submission === 'accepted') {
    const message =
      'A task rolls the change order back, once, and another one then follows the rollback to its end.';
    return { outcome: 'deferred', changeOrderId, message };
  }
  const taken = await lookAtClaim(changeOrderId, 1, now, access);
  if (submission === 'in_doubt' && taken.state === 'unknown')
    return { outcome: 'own', firstClaim: undefined };
  if (taken.reasonOfEnd !== undefined) {
    access.warn('the task of this change order is dead, so this delivery rolls back itself', {
      changeOrderId,
      taskId,
      reason: taken.reasonOfEnd,
    });
    return { outcome: 'own', firstClaim: taken.claim + 1 };
  }
  if (submission === 'exists') return replyToTaken(changeOrderId, taken);
  const message = `A task has the change order: this delivery's own, or an earlier one. ${describeTaken(taken)}`;
  return { outcome: 'deferred', changeOrderId, task: taken.state, message };
}

/**
 * The answer to a delivery whose rollback another one has claimed.
 *
 * @throws Problem `edas_outcome_unknown` where that one has sent it and its answer got lost
 */
export function replyToTaken(changeOrderId: string, taken: TakenClaim): Deferred {
  const { task, state } = taken;
  if (task?.rollback === 'unknown') {
    throw new Problem(
      'edas_outcome_unknown',
      `An earlier delivery sent the rollback, and it was not known whether it began. This one sent nothing. A task looks at the change order for two minutes, and tells people. If the order is still in flight then, ask for the rollback again.`,
      { changeOrderId },
    );
  }
  const message = `${describeTaken(taken)} This delivery did nothing.`;
  return { outcome: 'deferred', changeOrderId, duplicate: true, task: state, message };
}

function describeTaken({ state, task }: TakenClaim): string {
  if (task?.rollback === 'done') {
    const { rollbackChangeOrderId: id } = task;
    const order = id === undefined ? '' : ` (rollback order ${id})`;
    return `EDAS accepted the rollback for an earlier delivery${order}, and a task follows it.`;
  }
  switch (state) {
    case 'unknown':
      return 'There is a task for this change order, and Function Compute does not show what has become of it: the log may say why.';
    case 'Succeeded':
      return 'There was a task for this change order, and that task has ended: its messages and its log say how. If the change is not rolled back all the same, roll it back in the EDAS console.';
    default:
      return task?.rollback === 'claimed'
        ? describeHolder(state)
        : `There is a task for this change order (${state}).`;
  }
}

/** @param state of the task that watches the delivery */
function describeHolder(state: TaskState): string {
  const what = isDead(state)
    ? `The task that watches it is ${state}: if the order is still in flight a minute from now, ask for the rollback again.`
    : `A task (${state}) finishes it if that delivery is cut off.`;
  return `Another delivery is rolling this change order back. ${what}`;
}
