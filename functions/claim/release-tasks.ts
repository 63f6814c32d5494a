import { isDead } from '../platform/task-queue.ts';
import { clockDifferenceMs } from '../rollback/ended-release.ts';
import {
  releaseClaimIdFor,
  releaseReportIdFor,
  releaseTaskIdFor,
  type ReleaseRollbackDue,
  type RollbackClaimed,
  type RollbackReport,
  type RollbackTask,
} from '../task.ts';
import { mostClaims } from './claim.ts';
import { readTaskRecord, submitTask, taskIn, type QueueAccess, type Submission } from './task-calls.ts';

/** What the tasks of a release show of its one call. */
export type ReleaseRecord =
  /** The call was claimed; `report`: what came of it, where that is known. */
  | { call: 'claimed'; claim: RollbackClaimed | undefined; report: RollbackReport | undefined }
  /** As far as Function Compute shows it, nothing was sent. */
  | { call: 'none' }
  /** Function Compute could not be asked. The log has the reason. */
  | { call: 'unreadable' };

/** Reads what has become of the one call for a release. Never throws. */
export async function lookAtRelease(changeOrderId: string, access: QueueAccess): Promise<ReleaseRecord> {
  const [claim, report] = await Promise.all([
    readTaskRecord(releaseClaimIdFor(changeOrderId), access),
    readTaskRecord(releaseReportIdFor(changeOrderId), access),
  ]);
  if (claim === 'absent' && report === 'absent') return { call: 'none' };
  if (typeof claim === 'string' && typeof report === 'string') return { call: 'unreadable' };
  const claimed = taskIn(claim);
  const reported = taskIn(report);
  return {
    call: 'claimed',
    claim: claimed?.rollback === 'claimed' ? claimed : undefined,
    report: reported && isReport(reported) ? reported : undefined,
  };
}

function isReport(task: RollbackTask): task is RollbackReport {
  return task.rollback === 'done' || task.rollback === 'unknown' || task.rollback === 'refused';
}

/** When the call was made at the latest, epoch milliseconds; undefined where nothing shows it. */
export function calledBefore(record: ReleaseRecord): number | undefined {
  if (record.call !== 'claimed') return undefined;
  return record.claim?.sendsUntil ?? record.report?.requestedAt;
}

/** Whether the call may have rolled the release back. */
export function mayHaveTakenEffect(
  record: ReleaseRecord,
): record is Extract<ReleaseRecord, { call: 'claimed' }> {
  return record.call === 'claimed' && record.report?.rollback !== 'refused';
}

/** The change order that carries the rollback of a release out, as EDAS named it. */
export function rollbackOrderIn(record: ReleaseRecord): string | undefined {
  const report = record.call === 'claimed' ? record.report : undefined;
  return report?.rollback === 'done' ? report.rollbackChangeOrderId : undefined;
}

/** Whether a deployment may be the rollback of a release that its tasks know of. */
export function mayBeRollbackOf(
  record: ReleaseRecord,
  { changeOrderId, createdAt = 0 }: { changeOrderId: string; createdAt?: number | undefined },
): boolean {
  if (!mayHaveTakenEffect(record)) return false;
  const named = rollbackOrderIn(record);
  if (named !== undefined) return named === changeOrderId;
  // What was made long after the one call is a release of its own.
  return createdAt <= (record.claim?.sendsUntil ?? Infinity) + clockDifferenceMs;
}

/**
 * Hands the rollback of a release over to a task. Only a task that died is followed by another, and then the claim on the
 * call tells whether it had made it.
 *
 * @returns `exists`: a task has it already; `in_doubt`: a task may have it
 */
export async function handOverReleaseRollback(
  task: ReleaseRollbackDue,
  access: QueueAccess,
): Promise<Submission> {
  for (let attempt = 1; ; attempt += 1) {
    const taskId = releaseTaskIdFor(task.changeOrderId, attempt);
    const submission = await submitTask(taskId, task, access);
    if (submission !== 'exists' || attempt === mostClaims) return submission;
    const record = await readTaskRecord(taskId, access);
    if (typeof record === 'string' || !isDead(record.state)) return 'exists';
    access.warn('the task of this release is dead, so another one is handed over', { taskId });
  }
}
