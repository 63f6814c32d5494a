import type { ChangeOrderInfo } from '../edas/change-order.ts';
import type { RollbackReceipt } from '../edas/client.ts';
import { EdasFailure } from '../edas/failure.ts';
import { changeOrderStatus, describeStatus, phaseOf } from '../edas/status.ts';
import { Problem } from '../errors.ts';
import { backoffMs, toIso, type Clock } from '../lib/time.ts';
import { afterFailure, unknownAfterThrottling } from './after-failure.ts';
import { leastCallMs, shareOf, timeLeft } from './budget.ts';
import type { RollbackDependencies } from './dependencies.ts';
import { acceptedByEdas, alreadyTerminated, held, terminatedByNow, type RollbackOutcome } from './outcome.ts';
import { readWithRetries } from './read-with-retries.ts';
import { explain, outOfTime, refusal } from './refusal.ts';
import type { RollbackRequest } from './request.ts';

/** Milliseconds. With less, a rollback that is sent again would hardly see its answer. */
const leastResendMs = 1_000;

/**
 * Rolls one change order back, once, and says what was seen.
 *
 * The order is read first: a repeat finds the work done. When it cannot be read, the rollback goes ahead, for this is
 * the emergency brake. It is sent again only if EDAS did not take it; after any doubt the order is read again instead.
 * See docs/decisions/0007.
 *
 * @param requirePermission called once, right before the rollback is sent: what it gives is returned, and nothing sent
 * @throws Problem with the reason why nothing was rolled back, or `edas_outcome_unknown`
 */
export async function rollBack<Refusal = never>(
  request: RollbackRequest,
  dependencies: RollbackDependencies,
  requirePermission: () => Promise<Refusal | undefined> = () => Promise.resolve(undefined),
): Promise<RollbackOutcome | Refusal> {
  const order = await readBefore(request, dependencies);
  return (
    outcomeWithoutSending(request, order) ??
    (await requirePermission()) ??
    (await sendUntilTaken(request, order, dependencies))
  );
}

/** @param order as it was read before, where it could be read */
async function sendUntilTaken(
  request: RollbackRequest,
  order: ChangeOrderInfo | undefined,
  dependencies: RollbackDependencies,
): Promise<RollbackOutcome> {
  const { clock, random } = dependencies;
  let before = order;
  let throttled: EdasFailure | undefined;
  for (let attempt = 0; ; attempt += 1) {
    if (timeLeft(request, clock) < leastCallMs) {
      throw throttled
        ? unknownAfterThrottling(throttled, before, request)
        : outOfTime({ changeOrderId: request.changeOrderId });
    }
    const failure = await send(request, dependencies);
    if (!(failure instanceof EdasFailure)) return acceptedByEdas(request.changeOrderId, failure);
    const pauseMs = backoffMs(attempt, random);
    const isLast = !maySendAgain(failure, throttled, pauseMs, request, clock);
    if (failure.kind === 'throttled') throttled = failure;
    if (isLast) return afterFailure(failure, { before, throttled }, request, dependencies);
    await warnAndPause(pauseMs, failure, request, dependencies);
    before = await readBetween(throttled, before, request, dependencies);
    // EDAS may have taken what it throttled, so the change is not rolled back a second time as a release that has ended.
    if (throttled && request.refusesSucceeded && before?.status === changeOrderStatus.succeeded) {
      throw unknownAfterThrottling(throttled, before, request);
    }
    const outcome = outcomeWithoutSending(request, before, failure);
    if (outcome) return outcome;
  }
}

/**
 * Applies the causality rule before the rollback is left to a task.
 *
 * @throws Problem `problem_predates_change`, `change_start_unknown`, or why the order could not be read
 */
export async function readAndRequireChangePredatesProblem(
  request: RollbackRequest,
  dependencies: RollbackDependencies,
): Promise<void> {
  if (request.problemStartedAt === undefined) return;
  const order = await readBefore(request, dependencies);
  if (phaseOf(order?.status) !== 'terminated') requireChangePredatesProblem(request, order);
}

async function readBefore(
  request: RollbackRequest,
  dependencies: RollbackDependencies,
): Promise<ChangeOrderInfo | undefined> {
  const { changeOrderId, hold, problemStartedAt, onlyIfInFlight = false } = request;
  const { clock, warn } = dependencies;
  // The read is required in three cases: on hold, because the answer says whether a rollback would work; with
  // problemStartedAt, because the rule needs the start of the change; and on a retry, because a repeat that is not
  // recognised rolls back twice.
  const isRequired = hold !== undefined || problemStartedAt !== undefined || onlyIfInFlight;
  if (timeLeft(request, clock) < leastCallMs) throw outOfTime({ changeOrderId });
  try {
    const shareMs = shareOf(isRequired ? 'requiredRead' : 'readBefore', request, clock);
    return await read(request, clock.now() + shareMs, dependencies);
  } catch (error) {
    if (!(error instanceof EdasFailure)) throw error;
    if (error.kind === 'not_found' || isRequired) throw refusal(error, 'read', { changeOrderId });
    const reason = explain(error, 'read');
    warn('the change order could not be read beforehand, so a repeat is not recognised', {
      changeOrderId,
      reason,
    });
    return undefined;
  }
}

function read(
  { changeOrderId }: RollbackRequest,
  deadlineAt: number,
  dependencies: RollbackDependencies,
): Promise<ChangeOrderInfo> {
  const { changeOrders } = dependencies;
  return readWithRetries(
    (timeoutMs) => changeOrders.read(changeOrderId, timeoutMs),
    deadlineAt,
    dependencies,
  );
}

/**
 * The answer where nothing needs to be sent. Undefined: a rollback is due.
 *
 * @param failure of the rollback that was sent before and not taken, if one was
 * @throws Problem with the reason why nothing may be sent
 */
function outcomeWithoutSending(
  request: RollbackRequest,
  order: ChangeOrderInfo | undefined,
  failure?: EdasFailure,
): RollbackOutcome | undefined {
  const { changeOrderId, hold } = request;
  if (phaseOf(order?.status) === 'terminated') {
    return failure ? terminatedByNow(changeOrderId, failure) : alreadyTerminated(request);
  }
  requireChangePredatesProblem(request, order);
  requireInFlightOnRepeat(request, order);
  const isOver = order?.supportRollback === false || request.refusesSucceeded === true;
  if (order?.status === changeOrderStatus.succeeded && isOver) throw finished(changeOrderId);
  return hold && held(hold, changeOrderId, order);
}

/**
 * An order that has ended since it was first asked for may have been rolled back under its own id.
 *
 * @throws Problem `edas_outcome_unknown` where an earlier attempt may have rolled it back
 */
function requireInFlightOnRepeat(
  { changeOrderId, onlyIfInFlight = false }: RollbackRequest,
  order: ChangeOrderInfo | undefined,
): void {
  if (!onlyIfInFlight || phaseOf(order?.status) === 'in_flight') return;
  throw new Problem(
    'edas_outcome_unknown',
    `This rollback comes late, or was sent before, and the change order's status is ${describeStatus(order?.status)}: so it is not sent. Check the versions in the EDAS console, and roll back there if the change is still in them.`,
    { changeOrderId },
  );
}

/** @throws Problem `problem_predates_change`, `change_start_unknown`: unless the change can be the cause of the problem */
export function requireChangePredatesProblem(
  { changeOrderId, problemStartedAt }: Pick<RollbackRequest, 'changeOrderId' | 'problemStartedAt'>,
  before: ChangeOrderInfo | undefined,
): void {
  if (problemStartedAt === undefined) return;
  const startedAt = before?.startedAt;
  if (startedAt === undefined) {
    throw new Problem(
      'change_start_unknown',
      'EDAS does not say when this change began, so it cannot be told whether it is to blame. This request rolled nothing back. Decide in the EDAS console.',
      { changeOrderId },
    );
  }
  if (startedAt <= problemStartedAt) return;
  throw new Problem(
    'problem_predates_change',
    `The problem began at ${toIso(problemStartedAt)}, before this change did, at ${toIso(startedAt)}: the change is not to blame. This request rolled nothing back. If it is to blame all the same, roll it back in the EDAS console.`,
    { changeOrderId },
  );
}

async function send(
  request: RollbackRequest,
  { changeOrders, clock }: RollbackDependencies,
): Promise<RollbackReceipt | EdasFailure> {
  try {
    return await changeOrders.rollBack(request.changeOrderId, shareOf('rollback', request, clock));
  } catch (error) {
    if (error instanceof EdasFailure) return error;
    throw error;
  }
}

/**
 * Whether EDAS did not take the rollback, and there is time for another attempt. What never left may be sent again and
 * again; what was throttled once, for nothing documents that EDAS then did nothing.
 */
function maySendAgain(
  { kind }: EdasFailure,
  throttledBefore: EdasFailure | undefined,
  pauseMs: number,
  request: RollbackRequest,
  clock: Clock,
): boolean {
  const isUntaken = kind === 'not_sent' || (kind === 'throttled' && !throttledBefore);
  return isUntaken && timeLeft(request, clock) - pauseMs >= leastResendMs;
}

async function warnAndPause(
  pauseMs: number,
  failure: EdasFailure,
  { changeOrderId }: RollbackRequest,
  { clock, warn }: RollbackDependencies,
): Promise<void> {
  const reason = failure.message;
  warn('EDAS did not take the rollback; the order is read before it is tried again', {
    changeOrderId,
    reason,
  });
  await clock.sleep(pauseMs);
}

/**
 * Reads the order before the rollback is sent again: another request may have been faster. Throttling is EDAS's word
 * that nothing was done, and is believed only where the order can be read. What never left needs no such witness.
 *
 * @param throttled how the rollback was throttled before, if it was
 * @param before the order as it was known until now
 * @throws Problem `edas_outcome_unknown`, `change_order_not_found`
 */
async function readBetween(
  throttled: EdasFailure | undefined,
  before: ChangeOrderInfo | undefined,
  request: RollbackRequest,
  dependencies: RollbackDependencies,
): Promise<ChangeOrderInfo | undefined> {
  const { changeOrderId, deadlineAt } = request;
  try {
    return await read(request, deadlineAt - leastResendMs + leastCallMs, dependencies);
  } catch (error) {
    if (!(error instanceof EdasFailure)) throw error;
    const reason = explain(error, 'read');
    dependencies.warn('the change order could not be read in between', { changeOrderId, reason });
    if (throttled) throw unknownAfterThrottling(throttled, undefined, request);
    if (error.kind === 'not_found') throw refusal(error, 'rollback', { changeOrderId });
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
