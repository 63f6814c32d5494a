import { EdasFailure } from '../edas/failure.ts';
import { phaseOf } from '../edas/status.ts';
import { Problem } from '../errors.ts';
import { isDead } from '../platform/task-queue.ts';
import { timeLeft } from '../rollback/budget.ts';
import type { ChangeOrders } from '../rollback/change-orders.ts';
import type { RollbackDependencies } from '../rollback/dependencies.ts';
import type { RollbackOutcome } from '../rollback/outcome.ts';
import { sentence } from '../rollback/refusal.ts';
import type { RollbackRequest } from '../rollback/request.ts';
import { rollBack } from '../rollback/rollback.ts';
import { reportIdFor, type RollbackReport, type TaskFacts } from '../task.ts';
import { takeClaim, type ClaimResult, type TakenClaim } from './claim.ts';
import { readTaskRecord, submitTask, type QueueAccess } from './task-calls.ts';

/** A rollback that one invocation of many has to send. */
export interface ClaimableRollback {
  request: RollbackRequest;
  task: TaskFacts;
  /** The number of the first claim that is tried; undefined where the queue was just found not to work. */
  firstClaim: number | undefined;
  /** Whether to send the rollback although the queue takes no claim: the emergency brake goes first. */
  mayGoUnclaimed: boolean;
  /** Milliseconds that claiming may take. It never takes more than half of the time that is left. */
  claimTimeoutMs: number;
  /** Milliseconds that handing the report over may take. */
  reportTimeoutMs: number;
  /** Whether the sender waits for the answer, which says what came of it. */
  answersSender: boolean;
}

export interface ClaimDependencies extends RollbackDependencies {
  /** Epoch milliseconds. */
  now: () => number;
  queue: QueueAccess;
}

/** With what claim a rollback was sent. */
export type SendingClaim = Exclude<ClaimResult, TakenClaim>;

/** Whether a task has the report of a rollback. `exists`: there was a report before. */
export type ReportStatus = 'dispatched' | 'exists' | 'failed';

/** How a rollback ended for the invocation that had to send it. */
type RollbackEnd = { result: 'outcome'; outcome: RollbackOutcome } | { result: 'problem'; problem: Problem };

/** A rollback that this invocation sent, or found not to be needed or allowed. */
export type SentRollback = RollbackEnd & {
  /** Undefined where nothing was sent. */
  claim?: SendingClaim | undefined;
  /** Undefined where there was nothing to report. */
  report?: { task: RollbackReport; status: ReportStatus } | undefined;
};

/**
 * Rolls a change order back as `rollBack` does, but claims it right before the rollback is sent, and sends nothing where
 * another invocation has the claim. What came of it is handed over as a report: its task follows the rollback, finds out
 * what became of it, or does nothing, so that the next delivery may claim anew.
 *
 * @throws whatever is no Problem. Then nothing is reported, and the task of the claim finds out.
 */
export async function rollBackOnce(
  rollback: ClaimableRollback,
  dependencies: ClaimDependencies,
): Promise<SentRollback | TakenClaim> {
  const { changeOrders, wasInFlight } = watchReads(dependencies.changeOrders);
  let claim: SendingClaim | undefined;
  const claimIt = async () => {
    const result = await claimRollback(rollback, dependencies);
    if (result.result === 'taken') return result;
    if (result.result === 'no_queue' && !rollback.mayGoUnclaimed) throw claimNeeded(rollback.request);
    claim = result;
    return undefined;
  };
  const end = await endOf(rollBack(rollback.request, { ...dependencies, changeOrders }, claimIt));
  if (end.result === 'taken' || !claim) return end;
  const task = reportOn(end, rollback, wasInFlight(), dependencies.now());
  // Without a claim, no task waits for the word that nothing was done.
  if (task.rollback === 'refused' && claim.result === 'no_queue' && !claim.mayExist) return { ...end, claim };
  const number = claim.result === 'held' ? claim.claim : rollback.firstClaim;
  const { clock, queue } = dependencies;
  const deadlineAt = Math.min(queue.deadlineAt, clock.now() + rollback.reportTimeoutMs);
  const reportId = reportIdFor(task.changeOrderId, number);
  const status = await handOverReport(reportId, task, { ...queue, deadlineAt });
  return { ...end, claim, report: { task, status } };
}

/** The same change orders, and whether a read has shown one in flight. */
function watchReads(changeOrders: ChangeOrders): { changeOrders: ChangeOrders; wasInFlight: () => boolean } {
  let inFlight = false;
  const read: ChangeOrders['read'] = async (id, timeoutMs) => {
    const order = await changeOrders.read(id, timeoutMs);
    inFlight ||= phaseOf(order.status) === 'in_flight';
    return order;
  };
  return { changeOrders: { ...changeOrders, read }, wasInFlight: () => inFlight };
}

async function claimRollback(
  { request, task, firstClaim, claimTimeoutMs }: ClaimableRollback,
  { clock, now, random, queue }: ClaimDependencies,
): Promise<ClaimResult> {
  if (firstClaim === undefined) return { result: 'no_queue', mayExist: false };
  const { requestId = '' } = task;
  const facts = {
    ...task,
    // The executions of one task have the same request id.
    holder: `${requestId}/${random()}`,
    sendsUntil: Math.round(now() + timeLeft(request, clock)),
    problemStartedAt: request.problemStartedAt,
  };
  // A queue that does not answer must not use up the time for the rollback.
  const deadlineAt = clock.now() + Math.min(claimTimeoutMs, timeLeft(request, clock) / 2);
  return takeClaim(facts, firstClaim, now, { ...queue, deadlineAt });
}

/** An attempt before this one may have sent the rollback, and only the claim could tell. */
function claimNeeded({ changeOrderId }: RollbackRequest): Problem {
  return new Problem(
    'edas_outcome_unknown',
    'An earlier attempt of this task may have sent the rollback. Function Compute could not be asked for the claim, which would tell, so this attempt sent nothing. Look at the change order in the EDAS console.',
    { changeOrderId },
  );
}

async function endOf(rollback: Promise<RollbackOutcome | TakenClaim>): Promise<RollbackEnd | TakenClaim> {
  try {
    const end = await rollback;
    return 'result' in end ? end : { result: 'outcome', outcome: end };
  } catch (error) {
    if (error instanceof Problem) return { result: 'problem', problem: error };
    throw error;
  }
}

function reportOn(
  end: RollbackEnd,
  { task, answersSender: isKnownToSender }: ClaimableRollback,
  wasInFlight: boolean,
  sentBefore: number,
): RollbackReport {
  if (end.result === 'problem') return reportOnProblem(end.problem, task, wasInFlight, sentBefore);
  const { outcome } = end;
  if (outcome.outcome !== 'rolling_back') return { ...task, rollback: 'refused' };
  const rollbackChangeOrderId = outcome.evidence === 'reply' ? outcome.rollbackChangeOrderId : undefined;
  return { ...task, rollback: 'done', rollbackChangeOrderId, isKnownToSender };
}

/** What is reported of a rollback that failed. @param sentBefore epoch milliseconds */
export function reportOnProblem(
  { code, message, cause }: Problem,
  task: TaskFacts,
  wasInFlight: boolean,
  sentBefore: number,
): RollbackReport {
  if (code !== 'edas_outcome_unknown') return { ...task, rollback: 'refused' };
  // The sender is told what to do next. The task does it, so people need to know only what EDAS said.
  const reason = cause instanceof EdasFailure ? sentence(cause) : message;
  return { ...task, rollback: 'unknown', reason, sentBefore, wasInFlight };
}

/** Hands a report over. Never throws: the log has the reason. */
export async function handOverReport(
  taskId: string,
  report: RollbackReport,
  queue: QueueAccess,
): Promise<ReportStatus> {
  const submission = await submitTask(taskId, report, queue);
  switch (submission) {
    case 'accepted':
    case 'settled':
      return 'dispatched';
    case 'in_doubt': {
      const record = await readTaskRecord(taskId, queue);
      return typeof record === 'string' || isDead(record.state) ? 'failed' : 'dispatched';
    }
    default:
      return submission;
  }
}
