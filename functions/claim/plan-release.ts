import { Problem } from '../errors.ts';
import { deploymentsBefore } from '../rollback/listed-orders.ts';
import { readRelease } from '../rollback/read-release.ts';
import type {
  ReleaseChoice,
  ReleasePlan,
  ReleaseReadings,
  ReleaseRequest,
  RolledBackBefore,
} from '../rollback/release.ts';
import type { ReleaseFacts } from '../task.ts';
import {
  calledBefore,
  lookAtRelease,
  mayHaveTakenEffect,
  rollbackOrderIn,
  type ReleaseRecord,
} from './release-tasks.ts';
import type { ReleaseClaimDependencies } from './roll-back-release-once.ts';

/** How many deployments before a release are looked at: its own rollback may stand between it and the release before. */
export const deploymentsLookedAt = 2;

/**
 * Reads all that is to be known of a release that has ended, and decides whether it is rolled back. EDAS may list the
 * rollback of a release as a deployment like any other: so the tasks of the releases before this one are looked at, too.
 *
 * @param decide `planReleaseRollback`, or `planReleaseChoice` where a person decides
 * @param deadlineAt milliseconds, on the clock
 * @throws Problem with the rule that fails, or why EDAS or Function Compute could not be asked
 */
export async function planRelease<Plan extends ReleasePlan | ReleaseChoice>(
  request: ReleaseRequest,
  decide: (request: ReleaseRequest, readings: ReleaseReadings) => Plan | RolledBackBefore,
  deadlineAt: number,
  dependencies: ReleaseClaimDependencies,
): Promise<Plan | RolledBackBefore> {
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
  if (undone) return requireGone(undone.release, undone.record, request, readings);
  const times = records.flatMap(({ record }) => calledBefore(record) ?? []);
  const rolledBackAt = times.length > 0 ? Math.max(...times) : undefined;
  const rolledBack = records
    .filter(({ record }) => mayHaveTakenEffect(record))
    .map(({ release, record }) => ({
      changeOrderId: release,
      rollbackChangeOrderId: rollbackOrderIn(record),
    }));
  const plan = decide(request, { ...readings, rolledBackAt, rolledBack });
  const isUnsure = records.some(({ record }) => record.call === 'unreadable');
  if (plan.plan !== 'already_rolled_back' && isUnsure) throw unsure(app, changeOrderId);
  return plan;
}

/**
 * The deployment that is asked for is the rollback of the release before it, which may have failed.
 *
 * @throws Problem `release_already_tried` unless the release runs nowhere any more
 */
function requireGone(
  changeOrderId: string,
  record: ReleaseRecord,
  { app, changeOrderId: rollback }: ReleaseRequest,
  readings: ReleaseReadings,
): RolledBackBefore {
  const release = record.call === 'claimed' ? (record.report ?? record.claim)?.release : undefined;
  if (release && runsStill(release, readings) === false) {
    return { plan: 'already_rolled_back', changeOrderId, rollbackChangeOrderId: rollback };
  }
  throw new Problem(
    'release_already_tried',
    `The deployment ${rollback} is the rollback of the release ${changeOrderId}, and EDAS does not show that this release runs no more. This request rolled nothing back. Decide in the EDAS console.`,
    { app, changeOrderId },
  );
}

/**
 * Whether the version of a release runs anywhere; undefined where EDAS does not show it. A person may have gone back to it,
 * under the same name and another id.
 */
export function runsStill(
  { groups, fromVersion, fromVersionId }: ReleaseFacts,
  { state, history }: Pick<ReleaseReadings, 'state' | 'history'>,
): boolean | undefined {
  const concerned = state.groups.filter(({ id }) => groups.includes(id));
  if (concerned.length === 0) return undefined;
  const entries = history.filter(({ version }) => version === fromVersion);
  const ids = [fromVersionId, ...entries.map(({ id }) => id)];
  const isOn = ({ versionId = '' }: { versionId: string | undefined }) => ids.includes(versionId);
  return (
    concerned.some(({ versionId }) => versionId === undefined) ||
    [...state.groups, ...state.instances].some(isOn)
  );
}

function unsure(app: string, changeOrderId: string): Problem {
  return new Problem(
    'task_not_taken',
    'Function Compute could not be asked whether the release before was rolled back: the log says why. This request rolled nothing back. Ask for the rollback again, or roll back in the EDAS console.',
    { app, changeOrderId },
  );
}
