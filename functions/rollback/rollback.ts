import type { ChangeOrderInfo, RollbackReceipt } from '../edas/client.ts';
import { EdasFailure } from '../edas/failure.ts';
import { Problem } from '../errors.ts';
import { afterFailure } from './after-failure.ts';
import { ask, backoff } from './ask.ts';
import { endOfShare, leastCallMs, timeLeft, type RollbackDependencies } from './dependencies.ts';
import { accepted, alreadyTerminated, held, terminatedByNow, type RollbackOutcome } from './outcome.ts';
import { explain, outOfTime, refusal } from './refusal.ts';
import type { RollbackRequest } from './request.ts';
import { phaseOf } from './states.ts';

/** Milliseconds. With less, a rollback that is sent again would hardly see its answer. */
const leastResendMs = 1_000;

/**
 * Rolls one change order back, at most once, and says what was seen.
 *
 * The order is read first: a repeat finds the work done. When it cannot be read, the rollback goes ahead, for this is
 * the emergency brake. It is sent again only if EDAS certainly did not take it; after any doubt the order is read again
 * instead.
 *
 * @throws Problem with the reason why nothing was rolled back, or `edas_outcome_unknown`
 */
export async function rollBack(
  request: RollbackRequest,
  dependencies: RollbackDependencies,
): Promise<RollbackOutcome> {
  let order = await readBefore(request, dependencies);
  let failure: EdasFailure | undefined;
  for (let attempt = 0; ; attempt += 1) {
    const settled = settle(request, order, failure, dependencies);
    if (settled) return settled;
    const answer = await send(request, dependencies);
    if (!(answer instanceof EdasFailure)) return accepted(request.changeOrderId, answer);
    failure = answer;
    if (!(await canSendAgain(failure, attempt, request, dependencies))) {
      return afterFailure(failure, order, request, dependencies);
    }
    order = await readBetween(failure, order, request, dependencies);
  }
}

async function readBefore(
  request: RollbackRequest,
  dependencies: RollbackDependencies,
): Promise<ChangeOrderInfo | undefined> {
  const { changeOrderId } = request;
  const { clock, warn } = dependencies;
  // Who holds a rollback back wants to know whether it would work, and the causality rule is authority: then the read is
  // no mere advice.
  const isRequired = request.hold !== undefined || request.problemStartedAt !== undefined;
  if (timeLeft(request, clock) < leastCallMs) {
    if (isRequired) throw outOfTime({ changeOrderId });
    return undefined;
  }
  try {
    // A generous share: an order that could not be read may be rolled back a second time.
    return await read(request, endOfShare(0.4, request, clock), dependencies);
  } catch (error) {
    if (!(error instanceof EdasFailure)) throw error;
    if (error.kind === 'not_found' || isRequired) throw refusal(error, 'read', { changeOrderId });
    warn('the change order could not be read beforehand', {
      changeOrderId,
      reason: explain(error, 'read'),
    });
    return undefined;
  }
}

function read(
  { changeOrderId }: RollbackRequest,
  until: number,
  dependencies: RollbackDependencies,
): Promise<ChangeOrderInfo> {
  const { changeOrders } = dependencies;
  return ask((timeoutMs) => changeOrders.read(changeOrderId, timeoutMs), until, dependencies);
}

/**
 * What the order says, so that nothing needs to be sent. Undefined: a rollback is due.
 *
 * @param failure of the rollback that was sent before and not taken, if one was
 * @throws Problem with the reason why nothing may be sent
 */
function settle(
  request: RollbackRequest,
  order: ChangeOrderInfo | undefined,
  failure: EdasFailure | undefined,
  { clock }: RollbackDependencies,
): RollbackOutcome | undefined {
  const { changeOrderId, hold } = request;
  if (phaseOf(order?.status) === 'terminated') {
    return failure ? terminatedByNow(changeOrderId, failure) : alreadyTerminated(request);
  }
  requireToBlame(request, order);
  if (order?.status === 2 && order.supportRollback === false) throw finished(changeOrderId);
  if (timeLeft(request, clock) < leastCallMs) throw outOfTime({ changeOrderId });
  return hold && held(hold, changeOrderId, order);
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

async function send(
  request: RollbackRequest,
  { changeOrders, clock }: RollbackDependencies,
): Promise<RollbackReceipt | EdasFailure> {
  try {
    // Two fifths stay for reading the order again, should the answer get lost.
    return await changeOrders.rollBack(request.changeOrderId, timeLeft(request, clock) * 0.6);
  } catch (error) {
    if (error instanceof EdasFailure) return error;
    throw error;
  }
}

/** Waits before the next attempt, if EDAS certainly took nothing and there is time for one. */
async function canSendAgain(
  { kind, message }: EdasFailure,
  attempt: number,
  request: RollbackRequest,
  { clock, random, warn }: RollbackDependencies,
): Promise<boolean> {
  const pauseMs = backoff(attempt, random);
  const isUntaken = kind === 'not_sent' || kind === 'throttled';
  if (!isUntaken || timeLeft(request, clock) - pauseMs < leastResendMs) return false;
  warn('EDAS did not take the rollback, which is tried again', {
    changeOrderId: request.changeOrderId,
    reason: message,
  });
  await clock.sleep(pauseMs);
  return true;
}

/**
 * The order before the rollback is sent again: somebody may have been faster. Throttling is EDAS's word that nothing was
 * done, and is believed only where the order can be read. What never left needs no such witness.
 *
 * @param before the order as it was known until now
 * @throws Problem `edas_throttled`
 */
async function readBetween(
  failure: EdasFailure,
  before: ChangeOrderInfo | undefined,
  request: RollbackRequest,
  dependencies: RollbackDependencies,
): Promise<ChangeOrderInfo | undefined> {
  const { changeOrderId, deadlineAt } = request;
  try {
    return await read(request, deadlineAt - leastResendMs + leastCallMs, dependencies);
  } catch (error) {
    if (!(error instanceof EdasFailure)) throw error;
    if (failure.kind === 'throttled') throw refusal(failure, 'rollback', { changeOrderId });
    return before;
  }
}

function finished(changeOrderId: string): Problem {
  return new Problem(
    'change_order_finished',
    'The change order has succeeded and EDAS says that it does not support a rollback any more. Roll the application back to an earlier version in the EDAS console.',
    { changeOrderId },
  );
}
