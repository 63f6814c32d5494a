import { planRelease } from '../claim/plan-release.ts';
import { lookAtRelease } from '../claim/release-tasks.ts';
import { rollBackReleaseOnce, type SentReleaseRollback } from '../claim/roll-back-release-once.ts';
import type { QueueAccess } from '../claim/task-calls.ts';
import { Problem } from '../errors.ts';
import { reasonOf } from '../lib/text.ts';
import { planReleaseRollback } from '../rollback/ended-release.ts';
import type { ReleasePlan, RolledBackBefore } from '../rollback/release.ts';
import type { ReleaseRollbackDue } from '../task.ts';
import type { TaskDependencies } from './dependencies.ts';
import { queueAccess } from './queue-access.ts';

/** For the rollback of a release, with all reads before it and its claim, and for its report. */
const [rollbackTimeoutMs, claimTimeoutMs, reportTimeoutMs] = [30_000, 10_000, 10_000];

/**
 * Decides again, by what EDAS shows now, and makes the one call for a release.
 *
 * @returns `taken` where another run has made it, or makes it
 */
export async function executeReleaseRollback(
  task: ReleaseRollbackDue,
  dependencies: TaskDependencies,
): Promise<SentReleaseRollback | RolledBackBefore | 'taken'> {
  const { clock, isSuspended, rollbackDeadlineAt } = dependencies;
  const { app, changeOrderId, problemStartedAt, ended, ...facts } = task;
  const deadlineAt = Math.min(clock.now() + rollbackTimeoutMs, rollbackDeadlineAt);
  const queue = { ...queueAccess(dependencies), deadlineAt: deadlineAt + reportTimeoutMs };
  const request = { ...ended, app, changeOrderId, problemStartedAt };
  const plan = await planUnlessSent(
    () => planRelease(request, planReleaseRollback, deadlineAt, { ...dependencies, queue }),
    changeOrderId,
    queue,
  );
  if (plan === 'taken' || plan.plan === 'already_rolled_back') return plan;
  if (isSuspended) {
    throw new Problem(
      'rollback_suspended',
      'ROLLBACK_SUSPENDED is on: nothing was sent. Ask for the rollback again afterwards.',
      { app, changeOrderId },
    );
  }
  return rollBackReleaseOnce(
    {
      plan,
      search: { app, changeOrderId, deadlineAt },
      task: { ...facts, app, changeOrderId },
      claimTimeoutMs,
      reportTimeoutMs,
    },
    { ...dependencies, queue },
  );
}

/**
 * Function Compute may run a task several times, also at the same moment. Where the rules refuse, that may be because of
 * what another run has done.
 */
async function planUnlessSent(
  plan: () => Promise<ReleasePlan | RolledBackBefore>,
  changeOrderId: string,
  queue: QueueAccess,
): Promise<ReleasePlan | RolledBackBefore | 'taken'> {
  let refusal: unknown;
  try {
    const planned = await plan();
    if (planned.plan === 'roll_back') return planned;
    const { call } = await lookAtRelease(changeOrderId, queue);
    return call === 'claimed' ? 'taken' : planned;
  } catch (error) {
    refusal = error;
  }
  const { call } = await lookAtRelease(changeOrderId, queue);
  if (call === 'claimed') return 'taken';
  if (call === 'none') throw refusal;
  throw new Problem(
    'edas_outcome_unknown',
    `${reasonOf(refusal)} Function Compute could not be asked whether another run of this task has sent the rollback before. Look at the application in the EDAS console.`,
    { changeOrderId },
    { cause: refusal },
  );
}
