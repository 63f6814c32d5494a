import { mostClaims } from '../claim/claim.ts';
import { lookAtRelease, mayBeRollbackOf } from '../claim/release-tasks.ts';
import { readTaskRecord, taskIn, type QueueAccess } from '../claim/task-calls.ts';
import { Problem } from '../errors.ts';
import { allAfterSettled } from '../lib/async.ts';
import type { FoundChangeOrder } from '../rollback/find-change-order.ts';
import { rollbackComesWithinMs } from '../rollback/listed-orders.ts';
import { claimIdFor, reportIdFor, type RollbackTask } from '../task.ts';

/** Milliseconds. What is slower must not hold the emergency brake up. */
const longestLookMs = 3_000;
/** How many deployments before an order are looked at: another one may stand between a deployment and its rollback. */
const deploymentsLookedAt = 2;

/**
 * Why a change order that EDAS tells of must not be rolled back: EDAS's list or the tasks show that it is a rollback itself, or may be one. To
 * roll it back would bring the bad version back, and EDAS would tell of that, too.
 *
 * @returns a sentence; undefined where it is a deployment like any other
 * @throws Problem `task_not_taken` where Function Compute cannot be asked: nothing is sent without knowing
 */
export async function reasonNotToRollBack(
  found: FoundChangeOrder,
  queue: QueueAccess,
): Promise<string | undefined> {
  const { changeOrderId, reasonNotToRollBack, deploymentsBefore = [] } = found;
  if (reasonNotToRollBack !== undefined) return reasonNotToRollBack;
  const deadlineAt = Math.min(queue.deadlineAt, queue.clock.now() + longestLookMs);
  const looks = deploymentsBefore.slice(0, deploymentsLookedAt).map(async (before) => {
    const isRollback = await isRolledBackBy(before, found, { ...queue, deadlineAt });
    return isRollback ? before : undefined;
  });
  const before = (await allAfterSettled(looks)).find((each) => each !== undefined);
  if (before === undefined) return undefined;
  return `The change order ${changeOrderId} is, or may be, the rollback of ${before} by this function.`;
}

/** Whether the tasks of a deployment say that its rollback is, or may be, the order that was found. */
async function isRolledBackBy(
  before: string,
  found: FoundChangeOrder,
  access: QueueAccess,
): Promise<boolean> {
  const [release, reports] = await allAfterSettled([
    lookAtRelease(before, access),
    readReports(before, found, access),
  ]);
  if (release.call === 'unreadable') throw unknown(found);
  return mayBeRollbackOf(release, found) || reports.some((report) => saysRollback(report, found));
}

/** The reports of all claims: there is none behind a claim that was not taken. @throws Problem */
async function readReports(
  before: string,
  found: FoundChangeOrder,
  access: QueueAccess,
): Promise<RollbackTask[]> {
  const reports: RollbackTask[] = [];
  for (let claim = 1; claim <= mostClaims; claim += 1) {
    const [claimed, reported] = await Promise.all([
      readTaskRecord(claimIdFor(before, claim), access),
      readTaskRecord(reportIdFor(before, claim), access),
    ]);
    if (claimed === 'unreadable' || reported === 'unreadable') throw unknown(found);
    const report = taskIn(reported);
    if (report) reports.push(report);
    if (claimed === 'absent') break;
  }
  return reports;
}

function unknown({ changeOrderId }: FoundChangeOrder): Problem {
  return new Problem(
    'task_not_taken',
    `Function Compute could not be asked whether the change order ${changeOrderId} is a rollback by this function: the log says why. Nothing was rolled back. Roll back in the EDAS console if that is needed.`,
    { changeOrderId },
  );
}

/** Whether the report of a change that was rolled back in flight says, or leaves open, that this order does that. */
function saysRollback(report: RollbackTask, { changeOrderId, createdAt = 0 }: FoundChangeOrder): boolean {
  if (report.rollback !== 'done' && report.rollback !== 'unknown') return false;
  const named = report.rollback === 'done' ? report.rollbackChangeOrderId : undefined;
  // EDAS may name the order that it was sent, and carry the rollback out under another one.
  if (named !== undefined && named !== report.changeOrderId) return named === changeOrderId;
  return createdAt <= report.requestedAt + rollbackComesWithinMs;
}
