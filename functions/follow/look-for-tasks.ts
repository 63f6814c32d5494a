import { lookAtClaim, mostClaims } from '../claim/claim.ts';
import { lookAtRelease } from '../claim/release-tasks.ts';
import { readTaskRecord, taskIn } from '../claim/task-calls.ts';
import { isDead } from '../platform/task-queue.ts';
import { claimIdFor, releaseTaskIdFor, reportIdFor } from '../task.ts';
import type { TaskDependencies } from './dependencies.ts';
import { queueAccess } from './queue-access.ts';

/** `unseen`: Function Compute cannot be asked. */
export type Sight = 'begun' | 'not_begun' | 'unseen';

/**
 * What the tasks of a change order show of its rollback: whether one has begun, or is handed over. Whatever has begun is
 * told by its own tasks.
 */
export async function lookForTasks(changeOrderId: string, dependencies: TaskDependencies): Promise<Sight> {
  const sights = await Promise.all([
    lookForClaim(changeOrderId, dependencies),
    lookForReleaseTask(changeOrderId, dependencies),
    lookForReleaseCall(changeOrderId, dependencies),
  ]);
  return (
    sights.find((sight) => sight === 'begun') ?? sights.find((sight) => sight === 'unseen') ?? 'not_begun'
  );
}

/** A claim that has ended without a rollback shows nothing, but there may be one after it. */
async function lookForClaim(changeOrderId: string, dependencies: TaskDependencies): Promise<Sight> {
  const { now } = dependencies;
  for (let claim = 1; claim <= mostClaims;) {
    const access = queueAccess(dependencies);
    const record = await readTaskRecord(claimIdFor(changeOrderId, claim), access);
    if (record === 'absent') return lookForReport(changeOrderId, claim, dependencies);
    if (record === 'unreadable') return 'unseen';
    const found = await lookAtClaim(changeOrderId, claim, now, access);
    if (found.reasonOfEnd === undefined) return 'begun';
    claim = found.claim + 1;
  }
  return 'not_begun';
}

/** What was sent without a claim may have left a report. */
async function lookForReport(
  changeOrderId: string,
  claim: number,
  dependencies: TaskDependencies,
): Promise<Sight> {
  const record = await readTaskRecord(reportIdFor(changeOrderId, claim), queueAccess(dependencies));
  if (typeof record === 'string') return sightOf(record);
  return taskIn(record)?.rollback === 'refused' ? 'not_begun' : 'begun';
}

async function lookForReleaseTask(changeOrderId: string, dependencies: TaskDependencies): Promise<Sight> {
  for (let attempt = 1; attempt <= mostClaims; attempt += 1) {
    const taskId = releaseTaskIdFor(changeOrderId, attempt);
    const record = await readTaskRecord(taskId, queueAccess(dependencies));
    if (typeof record === 'string') return sightOf(record);
    if (!isDead(record.state)) return 'begun';
  }
  return 'not_begun';
}

async function lookForReleaseCall(changeOrderId: string, dependencies: TaskDependencies): Promise<Sight> {
  const { call } = await lookAtRelease(changeOrderId, queueAccess(dependencies));
  if (call === 'claimed') return 'begun';
  return call === 'none' ? 'not_begun' : 'unseen';
}

function sightOf(record: 'absent' | 'unreadable'): Sight {
  return record === 'absent' ? 'not_begun' : 'unseen';
}
