import { handOverReleaseRollback } from '../claim/release-tasks.ts';
import { Problem } from '../errors.ts';
import type {
  ReleaseFacts,
  ReleaseRollbackDue,
  RollbackDue,
  RollbackOverdue,
  RollbackReport,
  RollbackUnknown,
} from '../task.ts';
import type { TaskDependencies } from './dependencies.ts';
import { executeReleaseRollback } from './execute-release-rollback.ts';
import { lookAtInstances } from './look-at-instances.ts';
import { queueAccess } from './queue-access.ts';
import type { InstanceCounts, RollbackEvent } from './rollback-event.ts';
import { settleReleaseDoubt } from './settle-release-doubt.ts';
import { told, type QuietEnd, type StartedRollback } from './task-end.ts';

/** @returns the report, where no other task has it */
export async function rollBackReleaseInTask(
  task: ReleaseRollbackDue,
  dependencies: TaskDependencies,
): Promise<RollbackReport | RollbackEvent | QuietEnd> {
  const end = await executeReleaseRollback(task, dependencies);
  if (end === 'taken') return { event: 'handed_over' };
  if ('plan' in end) {
    const { rollbackChangeOrderId } = end;
    const event: RollbackEvent = { event: 'already_rolled_back', rollbackChangeOrderId, failures: [] };
    await dependencies.notify(event);
    return event;
  }
  const { report } = end;
  if (report.task.rollback === 'refused' && end.result === 'problem') throw end.problem;
  if (report.status === 'failed') return report.task;
  const rollbackChangeOrderId = end.result === 'accepted' ? end.receipt.rollbackChangeOrderId : undefined;
  return { event: 'handed_over', rollbackChangeOrderId };
}

/**
 * Nothing shows a rollback of a release but the application itself.
 *
 * @returns Problem `edas_outcome_unknown` where it shows nothing; people know of it
 */
export async function followReleaseInDoubt(
  task: RollbackUnknown & { app: string; release: ReleaseFacts },
  dependencies: TaskDependencies,
): Promise<StartedRollback | RollbackEvent | Problem> {
  const begun = await settleReleaseDoubt(task, dependencies);
  if (begun instanceof Problem) return begun;
  const release = { ...task.release, app: task.app };
  const { rollbackChangeOrderId } = begun;
  const { notify } = dependencies;
  if (rollbackChangeOrderId !== undefined) {
    await notify({
      event: 'started',
      rollbackChangeOrderId,
      isPresumed: true,
      release: told(release),
      failures: [],
    });
    return { rollbackChangeOrderId, isPresumed: true, wasNotified: false, release };
  }
  const instances = await lookAtInstances(release, dependencies);
  const seen = { release: told(release), instances, failures: [] };
  const last: RollbackEvent = isComplete(instances)
    ? { event: 'succeeded', isPresumed: true, ...seen }
    : { event: 'unreadable', problem: { message: orderUnknown }, ...seen };
  await notify(last);
  return last;
}

/** Without its order, only the instances show that a rollback has ended. */
function isComplete(instances: InstanceCounts | undefined): boolean {
  return instances !== undefined && instances.onVersion === instances.total;
}

const orderUnknown =
  'EDAS shows another version in the groups, so the rollback has begun; and no change order of it, so it cannot be followed.';

/**
 * Leaves a change that has ended meanwhile to a task that rolls the release back, where the source allows that.
 *
 * @throws Problem `task_not_taken`
 */
export async function goesOnAsRelease(
  { code }: Problem,
  task: RollbackDue | RollbackOverdue,
  dependencies: TaskDependencies,
): Promise<boolean> {
  if (code !== 'change_order_finished' || task.rollback !== 'due') return false;
  const { ended, app, changeOrderId } = task;
  if (!ended || app === undefined) return false;
  const due: ReleaseRollbackDue = { ...task, rollback: 'ended', app, ended };
  const submission = await handOverReleaseRollback(due, queueAccess(dependencies));
  const why = 'The change order has ended meanwhile, so that only another task rolls the release back';
  switch (submission) {
    case 'failed':
      throw new Problem(
        'task_not_taken',
        `${why}, and Function Compute took none. This task sent nothing. Ask for the rollback again, or roll back in the EDAS console.`,
        { app, changeOrderId },
      );
    case 'in_doubt':
      throw new Problem(
        'edas_outcome_unknown',
        `${why}, and it is not known whether Function Compute took one. This task sent nothing. Look at the application in the EDAS console.`,
        { app, changeOrderId },
      );
    default:
      return true;
  }
}
