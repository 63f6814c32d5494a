import type { ChangeOrderInfo, RollbackReceipt } from '../edas/client.ts';
import { EdasFailure } from '../edas/failure.ts';
import { Problem } from '../errors.ts';
import { reasonOf } from '../text.ts';
import { leastCallMs, timeLeft, type RollbackDependencies } from './dependencies.ts';
import { problemOfFailure, refusal, sentence } from './refusal.ts';
import { describeStatus, phaseOf } from './states.ts';

/** A reason to check everything and send nothing. */
export type Hold = 'dry_run' | 'suspended';

export interface RollbackRequest {
  changeOrderId: string;
  /** Epoch milliseconds. Everything, reads included, is over by then. */
  deadlineAt: number;
  hold?: Hold | undefined;
  /** Epoch milliseconds. A change that began later is not to blame, and is not rolled back. */
  problemStartedAt?: number | undefined;
}

interface EdasIds {
  requestId: string | undefined;
  traceId: string | undefined;
}

/** What happened to the change order. `message` is the sentence for the person who reads the answer. */
export type RollbackOutcome = { changeOrderId: string; message: string } & (
  | {
      outcome: 'rolling_back';
      /** `reply`: EDAS said so. `order`: the order was in flight before and terminated after. */
      evidence: 'reply' | 'order';
      rollbackChangeOrderId?: string | undefined;
      edas?: EdasIds;
    }
  | { outcome: 'already_terminated' | Hold }
);

/** What an order that ended from outside leaves to be checked by a person. */
const whatTerminatedMeans =
  'That is what a rollback leaves, but a change that was only aborted looks the same and leaves the updated instances updated: check the versions in the EDAS console.';

const pauseBetweenReadsMs = 700;

/**
 * Rolls one change order back, at most once, and says what was seen.
 *
 * The order is read first: a repeat finds the work done. When it cannot be read, the rollback goes ahead, for this is
 * the emergency brake. It is sent once; after any doubt the order is read again rather than the request repeated.
 *
 * @throws Problem with the reason why nothing was rolled back, or `edas_outcome_unknown`
 */
export async function rollBack(
  request: RollbackRequest,
  dependencies: RollbackDependencies,
): Promise<RollbackOutcome> {
  const { changeOrderId } = request;
  const before = await readBefore(request, dependencies);
  if (phaseOf(before?.status) === 'terminated') {
    return alreadyTerminated(changeOrderId, 'The change order is terminated already. Nothing was sent.');
  }
  requireToBlame(request, before);
  if (before?.status === 2 && before.supportRollback === false) throw finished(changeOrderId);

  const budgetMs = timeLeft(request, dependencies.clock);
  if (budgetMs < leastCallMs) throw outOfTime(changeOrderId);
  if (request.hold) return held(request.hold, changeOrderId, before);
  try {
    // Two fifths stay for reading the order again, should the answer get lost.
    return accepted(changeOrderId, await dependencies.changeOrders.rollBack(changeOrderId, budgetMs * 0.6));
  } catch (error) {
    if (!(error instanceof EdasFailure)) throw error;
    return afterFailure(error, before, request, dependencies);
  }
}

async function readBefore(
  request: RollbackRequest,
  { changeOrders, clock, warn }: RollbackDependencies,
): Promise<ChangeOrderInfo | undefined> {
  const { changeOrderId } = request;
  // Who holds a rollback back wants to know whether it would work, and the causality rule is authority: then the read is
  // no mere advice.
  const isRequired = request.hold !== undefined || request.problemStartedAt !== undefined;
  if (timeLeft(request, clock) < leastCallMs) {
    if (isRequired) throw outOfTime(changeOrderId);
    return undefined;
  }
  try {
    // A generous share: an order that could not be read may be rolled back a second time.
    return await changeOrders.read(changeOrderId, timeLeft(request, clock) * 0.4);
  } catch (error) {
    if (!(error instanceof EdasFailure)) throw error;
    if (error.kind === 'not_found' || isRequired) throw refusal(error, { changeOrderId });
    warn('the change order could not be read beforehand', { changeOrderId, reason: error.message });
    return undefined;
  }
}

/** @throws Problem unless the change can be the cause of the problem */
function requireToBlame(
  { changeOrderId, problemStartedAt }: RollbackRequest,
  before: ChangeOrderInfo | undefined,
): void {
  if (problemStartedAt === undefined) return;
  const startedAt = before?.startedAt;
  if (startedAt === undefined) {
    throw new Problem(
      'change_start_unknown',
      'EDAS does not say when this change began, so it cannot be told whether it is to blame. No rollback was sent.',
      { changeOrderId },
    );
  }
  if (startedAt <= problemStartedAt) return;
  throw new Problem(
    'problem_predates_change',
    `The problem began at ${toIso(problemStartedAt)}, before this change did, at ${toIso(startedAt)}: the change is not to blame. No rollback was sent.`,
    { changeOrderId },
  );
}

function toIso(time: number): string {
  return new Date(time).toISOString();
}

async function afterFailure(
  failure: EdasFailure,
  before: ChangeOrderInfo | undefined,
  request: RollbackRequest,
  dependencies: RollbackDependencies,
): Promise<RollbackOutcome> {
  if (failure.kind === 'rejected') return afterRejection(failure, request, dependencies);
  if (failure.kind === 'doubt') return afterDoubt(failure, before, request, dependencies);
  throw refusal(failure, { changeOrderId: request.changeOrderId });
}

/** EDAS said no. If the order is terminated by now, somebody was faster, and that is no failure. */
async function afterRejection(
  failure: EdasFailure,
  request: RollbackRequest,
  dependencies: RollbackDependencies,
): Promise<RollbackOutcome> {
  const { changeOrderId } = request;
  const after = await readAgain(request, dependencies);
  if (phaseOf(after?.status) === 'terminated') {
    return alreadyTerminated(changeOrderId, `The change order is terminated by now. ${sentence(failure)}`);
  }
  throw problemOfFailure('edas_rejected', `${sentence(failure)} ${whatIsSeen(after)}`, failure, {
    changeOrderId,
  });
}

/** The rollback may have begun. Read the order until it shows, or until the time is up. */
async function afterDoubt(
  failure: EdasFailure,
  before: ChangeOrderInfo | undefined,
  request: RollbackRequest,
  dependencies: RollbackDependencies,
): Promise<RollbackOutcome> {
  const { changeOrderId } = request;
  const wasInFlight = phaseOf(before?.status) === 'in_flight';
  const { clock } = dependencies;
  let last = await readAgain(request, dependencies);
  while (!isAtRest(last, before) && timeLeft(request, clock) >= 2 * leastCallMs) {
    await clock.sleep(Math.min(pauseBetweenReadsMs, timeLeft(request, clock) - leastCallMs));
    last = (await readAgain(request, dependencies)) ?? last;
  }
  if (phaseOf(last?.status) === 'terminated' && wasInFlight) return shownByOrder(changeOrderId, failure);
  throw problemOfFailure('edas_outcome_unknown', unknownDetail(failure, last), failure, { changeOrderId });
}

async function readAgain(
  request: RollbackRequest,
  { changeOrders, clock, warn }: RollbackDependencies,
): Promise<ChangeOrderInfo | undefined> {
  const { changeOrderId } = request;
  const budgetMs = timeLeft(request, clock);
  if (budgetMs < leastCallMs) return undefined;
  try {
    // Half, so that one silent read is not the last one.
    return await changeOrders.read(changeOrderId, Math.max(leastCallMs, budgetMs / 2));
  } catch (error) {
    // Whatever it was: a rollback has been sent, and the answer must not be about anything else.
    warn('the change order could not be read afterwards', { changeOrderId, reason: reasonOf(error) });
    return undefined;
  }
}

/** Whether reading on is of no use: it is terminated, or has finished since. */
function isAtRest(order: ChangeOrderInfo | undefined, before: ChangeOrderInfo | undefined): boolean {
  const phase = phaseOf(order?.status);
  return phase === 'terminated' || (phase === 'finished' && order?.status !== before?.status);
}

function accepted(changeOrderId: string, receipt: RollbackReceipt): RollbackOutcome {
  const { rollbackChangeOrderId, requestId, traceId } = receipt;
  return {
    outcome: 'rolling_back',
    changeOrderId,
    rollbackChangeOrderId,
    edas: { requestId, traceId },
    evidence: 'reply',
    message: 'EDAS accepted the rollback. It runs batch by batch; follow it in the EDAS console.',
  };
}

function shownByOrder(changeOrderId: string, failure: EdasFailure): RollbackOutcome {
  return {
    outcome: 'rolling_back',
    changeOrderId,
    evidence: 'order',
    message: `The change order was in flight before the rollback was sent and is terminated now. ${sentence(failure)}`,
  };
}

function alreadyTerminated(changeOrderId: string, seen: string): RollbackOutcome {
  return { outcome: 'already_terminated', changeOrderId, message: `${seen} ${whatTerminatedMeans}` };
}

function held(hold: Hold, changeOrderId: string, before: ChangeOrderInfo | undefined): RollbackOutcome {
  const why = hold === 'dry_run' ? 'This source is a dry run' : 'ROLLBACK_SUSPENDED is on';
  const message = `${why}: nothing was sent. A rollback would have been sent now; the change order's status is ${describeStatus(before?.status)}.`;
  return { outcome: hold, changeOrderId, message };
}

function finished(changeOrderId: string): Problem {
  return new Problem(
    'change_order_finished',
    'The change order has succeeded and EDAS says that it does not support a rollback any more. Roll the application back to an earlier version in the EDAS console.',
    { changeOrderId },
  );
}

function outOfTime(changeOrderId: string): Problem {
  const detail = 'No time was left to ask EDAS. No rollback was sent.';
  return new Problem('edas_unavailable', detail, { changeOrderId });
}

function unknownDetail(failure: EdasFailure, last: ChangeOrderInfo | undefined): string {
  return `The rollback was sent once and will not be sent again for this request. ${sentence(failure)} ${whatIsSeen(last)} Look at the change order in the EDAS console, or send the webhook again: it reads the order first.`;
}

function whatIsSeen(after: ChangeOrderInfo | undefined): string {
  return after
    ? `The change order's status is ${describeStatus(after.status)}.`
    : 'The change order could not be read afterwards.';
}
