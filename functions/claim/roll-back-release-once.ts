import { Problem } from '../errors.ts';
import { excerpt } from '../lib/text.ts';
import { timeLeft } from '../rollback/budget.ts';
import { versionsOf, type ReleasePlan } from '../rollback/release.ts';
import type { ReleaseDependencies, ReleaseSearch } from '../rollback/read-release.ts';
import { rollBackRelease, type ReleaseReceipt } from '../rollback/roll-back-release.ts';
import {
  releaseClaimIdFor,
  releaseReportIdFor,
  type RollbackClaimed,
  type RollbackReport,
  type TaskFacts,
} from '../task.ts';
import { handOverReport, reportOnProblem, type ReportStatus } from './roll-back-once.ts';
import { readTaskRecord, submitTask, taskIn, type QueueAccess } from './task-calls.ts';

/** The one call for a release, which one run of a task has to make. */
export interface ClaimableReleaseRollback {
  plan: ReleasePlan;
  search: ReleaseSearch;
  task: TaskFacts;
  /** Milliseconds that claiming may take. */
  claimTimeoutMs: number;
  /** Milliseconds that handing the report over may take. */
  reportTimeoutMs: number;
}

export interface ReleaseClaimDependencies extends ReleaseDependencies {
  queue: QueueAccess;
}

/** What came of the one call, and whether a task has the report of it. */
export type SentReleaseRollback = { report: { task: RollbackReport; status: ReportStatus } } & (
  { result: 'accepted'; receipt: ReleaseReceipt } | { result: 'problem'; problem: Problem }
);

/**
 * Claims the one call for a release, makes it, and hands over what came of it. The claim is never given again: not after
 * a refusal, not after a doubt, and not where its holder died.
 *
 * @returns `taken` where another run has the claim, or had it
 * @throws Problem `edas_outcome_unknown` where Function Compute could not be asked for the claim: another run may have it
 */
export async function rollBackReleaseOnce(
  job: ClaimableReleaseRollback,
  dependencies: ReleaseClaimDependencies,
): Promise<SentReleaseRollback | 'taken'> {
  const { plan, search, reportTimeoutMs } = job;
  const { clock, now, queue } = dependencies;
  const { fromVersionId, seenUntil } = plan;
  const release = { ...versionsOf(plan), fromVersionId, seenUntil };
  const task: TaskFacts = { ...job.task, release };
  if (!(await takeCall(task, job, dependencies))) return 'taken';
  const end = await endOf(rollBackRelease(plan, search, dependencies));
  const report: RollbackReport =
    end.result === 'accepted'
      ? {
          ...task,
          rollback: 'done',
          rollbackChangeOrderId: end.receipt.rollbackChangeOrderId,
          isKnownToSender: false,
        }
      : withReason(reportOnProblem(end.problem, task, false, now()), end.problem);
  const deadlineAt = Math.min(queue.deadlineAt, clock.now() + reportTimeoutMs);
  const reportId = releaseReportIdFor(search.changeOrderId);
  const status = await handOverReport(reportId, report, { ...queue, deadlineAt });
  return { ...end, report: { task: report, status } };
}

/** A delivery that asks for the same rollback later is told why it is not tried again. */
function withReason(report: RollbackReport, { message }: Problem): RollbackReport {
  return report.rollback === 'refused' ? { ...report, reason: excerpt(message, 500) } : report;
}

/** @returns whether this run has the claim on the call */
async function takeCall(
  task: TaskFacts,
  { search, claimTimeoutMs }: ClaimableReleaseRollback,
  { clock, now, random, queue }: ReleaseClaimDependencies,
): Promise<boolean> {
  const holder = `${task.requestId ?? ''}/${random()}`;
  const sendsUntil = Math.round(now() + timeLeft(search, clock));
  const claimed: RollbackClaimed = { ...task, rollback: 'claimed', claim: 1, holder, sendsUntil };
  const taskId = releaseClaimIdFor(search.changeOrderId);
  const access = {
    ...queue,
    deadlineAt: clock.now() + Math.min(claimTimeoutMs, timeLeft(search, clock) / 2),
  };
  const submission = await submitTask(taskId, claimed, access);
  switch (submission) {
    case 'accepted':
      return true;
    case 'exists':
      return false;
    case 'settled':
      return (await holderOf(taskId, access)) === holder;
    default:
      throw new Problem(
        'edas_outcome_unknown',
        'Function Compute could not be asked for the claim on this rollback, so this run of the task sent nothing; another run of it may have. Look at the application in the EDAS console.',
        { app: search.app, changeOrderId: search.changeOrderId },
      );
  }
}

/** Undefined where that cannot be read: then another run may have the claim. */
async function holderOf(taskId: string, access: QueueAccess): Promise<string | undefined> {
  const task = taskIn(await readTaskRecord(taskId, access));
  return task?.rollback === 'claimed' ? task.holder : undefined;
}

async function endOf(
  call: Promise<ReleaseReceipt>,
): Promise<{ result: 'accepted'; receipt: ReleaseReceipt } | { result: 'problem'; problem: Problem }> {
  try {
    return { result: 'accepted', receipt: await call };
  } catch (error) {
    if (error instanceof Problem) return { result: 'problem', problem: error };
    throw error;
  }
}
