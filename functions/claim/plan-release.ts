import { Problem } from '../errors.ts';
import {
  findRolledBack,
  planReleaseRollback,
  type ReleasePlan,
  type ReleaseReadings,
  type ReleaseRequest,
  type RolledBackBefore,
} from '../rollback/ended-release.ts';
import { deploymentsBefore } from '../rollback/listed-orders.ts';
import { readRelease } from '../rollback/read-release.ts';
import { calledBefore, lookAtRelease, mayHaveTakenEffect, rollbackOrderIn } from './release-tasks.ts';
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
  const undone = records.find(({ record }) => rollbackOrderIn(record) === changeOrderId);
  if (undone) return requireGone(undone.release, request, readings);
  const times = records.flatMap(({ record }) => calledBefore(record) ?? []);
  const rolledBackAt = times.length > 0 ? Math.max(...times) : undefined;
  const rolledBack = records
    .filter(({ record }) => mayHaveTakenEffect(record))
    .map(({ release, record }) => ({
      changeOrderId: release,
      rollbackChangeOrderId: rollbackOrderIn(record),
    }));
  const plan = planReleaseRollback(request, { ...readings, rolledBackAt, rolledBack });
  const isSure = records.every(({ record }) => record.call !== 'unreadable');
  if (isSure || plan.plan === 'already_rolled_back') return plan;
  throw new Problem(
    'task_not_taken',
    'Function Compute could not be asked whether the release before was rolled back: the log says why. This request rolled nothing back. Send the webhook again, or roll back in the EDAS console.',
    { app, changeOrderId },
  );
}

/**
 * The deployment that is asked for is the rollback of the release before it. It may have failed, or have been for one group.
 *
 * @throws Problem `release_already_tried` unless the release runs nowhere
 */
function requireGone(
  release: string,
  { app, changeOrderId: rollback }: ReleaseRequest,
  readings: ReleaseReadings,
): RolledBackBefore {
  const gone = findRolledBack({ changeOrderId: release }, readings);
  if (gone) return { ...gone, changeOrderId: release, rollbackChangeOrderId: rollback };
  throw new Problem(
    'release_already_tried',
    `The deployment ${rollback} is the rollback of the release ${release}, and EDAS does not show that this release runs nowhere. This request rolled nothing back. Decide in the EDAS console.`,
    { app, changeOrderId: release },
  );
}
