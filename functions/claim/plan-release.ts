import { Problem } from '../errors.ts';
import {
  planReleaseRollback,
  type ReleasePlan,
  type ReleaseRequest,
  type RolledBackBefore,
} from '../rollback/ended-release.ts';
import { deploymentsBefore } from '../rollback/listed-orders.ts';
import { readRelease } from '../rollback/read-release.ts';
import { calledBefore, lookAtRelease, rollbackOrderIn } from './release-tasks.ts';
import type { ReleaseClaimDependencies } from './roll-back-release-once.ts';

/** How many deployments before a release are looked at: its own rollback may stand between it and the release before. */
const deploymentsLookedAt = 2;

/**
 * Reads all that is to be known of a release that has ended, and decides whether it is rolled back. EDAS may list the
 * rollback of a release as a deployment like any other: so the tasks of the releases before this one are looked at, too.
 *
 * @param deadlineAt milliseconds, on the clock
 * @throws Problem with the rule that fails, or why EDAS or Function Compute could not be asked
 */
export async function planRelease(
  request: ReleaseRequest,
  deadlineAt: number,
  dependencies: ReleaseClaimDependencies,
): Promise<ReleasePlan | RolledBackBefore> {
  const { app, changeOrderId } = request;
  const readings = await readRelease({ app, changeOrderId, deadlineAt }, dependencies);
  const before = deploymentsBefore(changeOrderId, readings.orders).slice(0, deploymentsLookedAt);
  const records = await Promise.all(
    before.map(async (each) => ({
      release: each.changeOrderId,
      record: await lookAtRelease(each.changeOrderId, dependencies.queue),
    })),
  );
  const rolledBack = records.find(({ record }) => rollbackOrderIn(record) === changeOrderId);
  if (rolledBack) {
    return {
      plan: 'already_rolled_back',
      changeOrderId: rolledBack.release,
      rollbackChangeOrderId: changeOrderId,
    };
  }
  const times = records.flatMap(({ record }) => calledBefore(record) ?? []);
  const rolledBackAt = times.length > 0 ? Math.max(...times) : undefined;
  const plan = planReleaseRollback(request, { ...readings, rolledBackAt });
  const isUnsure = records.some(({ record }) => record.call === 'unreadable');
  if (plan.plan === 'roll_back' && isUnsure) throw unsure(app, changeOrderId);
  return plan;
}

function unsure(app: string, changeOrderId: string): Problem {
  return new Problem(
    'task_not_taken',
    'Function Compute could not be asked whether this deployment is itself the rollback of the release before it: the log says why. Nothing was sent. Send the webhook again, or roll back in the EDAS console.',
    { app, changeOrderId },
  );
}
