import type { ChangeOrderInfo } from '../edas/change-order.ts';
import { EdasFailure } from '../edas/failure.ts';
import { changeOrderStatus, describeStatus, phaseOf } from '../edas/status.ts';
import type { Problem } from '../errors.ts';
import { reasonOf } from '../lib/text.ts';
import { backoffMs } from '../lib/time.ts';
import { leastCallMs, timeLeft } from './budget.ts';
import type { RollbackDependencies } from './dependencies.ts';
import { shownByOrder, terminatedByNow, type RollbackOutcome } from './outcome.ts';
import { explain, problemFromFailure, refusal, sentence } from './refusal.ts';
import type { RollbackRequest } from './request.ts';

/** What was known when a rollback failed for good. */
export interface BeforeFailure {
  /** The order as it was known when the rollback was sent. */
  before: ChangeOrderInfo | undefined;
  /** How the rollback was throttled, now or before, if it was. */
  throttled: EdasFailure | undefined;
}

/**
 * What became of a rollback that failed and is not sent again.
 *
 * @throws Problem unless the order shows that it is terminated
 */
export async function afterFailure(
  failure: EdasFailure,
  { before, throttled }: BeforeFailure,
  request: RollbackRequest,
  dependencies: RollbackDependencies,
): Promise<RollbackOutcome> {
  if (failure.kind === 'doubt') return afterDoubt(failure, before, request, dependencies);
  if (throttled) return afterThrottling(throttled, request, dependencies);
  if (failure.kind === 'rejected' || failure.kind === 'not_found') {
    return afterRefusal(failure, request, dependencies);
  }
  throw refusal(failure, 'rollback', { changeOrderId: request.changeOrderId });
}

/** EDAS refused. If the order is terminated by now, another request or a person was faster, and that is no failure. */
async function afterRefusal(
  failure: EdasFailure,
  request: RollbackRequest,
  dependencies: RollbackDependencies,
): Promise<RollbackOutcome> {
  const { changeOrderId } = request;
  const { order } = await readAgain(request, dependencies);
  if (phaseOf(order?.status) === 'terminated') return terminatedByNow(changeOrderId, failure);
  if (failure.kind !== 'rejected') throw refusal(failure, 'rollback', { changeOrderId });
  const detail = `${sentence(failure)} ${describeSeen(order)} ${adviceAfterRejection(order)}`;
  const hasSucceeded = order?.status === changeOrderStatus.succeeded;
  const code = hasSucceeded ? 'change_order_finished' : 'edas_rejected';
  throw problemFromFailure(code, detail, failure, { changeOrderId });
}

/** No document says that EDAS does nothing where it throttles. So the order is the only witness. */
async function afterThrottling(
  throttled: EdasFailure,
  request: RollbackRequest,
  dependencies: RollbackDependencies,
): Promise<RollbackOutcome> {
  const { order } = await readAgain(request, dependencies);
  if (phaseOf(order?.status) === 'terminated') return terminatedByNow(request.changeOrderId, throttled);
  throw unknownAfterThrottling(throttled, order, request);
}

/** @param order as it was seen last */
export function unknownAfterThrottling(
  throttled: EdasFailure,
  order: ChangeOrderInfo | undefined,
  { changeOrderId }: RollbackRequest,
): Problem {
  const detail = `EDAS throttled the rollback, which most probably means that it did nothing. ${sentence(throttled)} ${describeSeen(order)} ${adviceAfterDoubt(order)}`;
  return problemFromFailure('edas_outcome_unknown', detail, throttled, { changeOrderId });
}

/** What a person should do about an order that EDAS does not roll back. */
function adviceAfterRejection(order: ChangeOrderInfo | undefined): string {
  switch (phaseOf(order?.status)) {
    case 'in_flight':
      return 'Another delivery may have been faster and EDAS does not show it yet: look at the change order in the EDAS console, or ask for the rollback again.';
    case 'finished':
      return 'It has ended: roll the application back to an earlier version in the EDAS console.';
    default:
      return 'Look at it in the EDAS console.';
  }
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
  const last = await readUntilEnded(before, request, dependencies);
  if (phaseOf(last?.status) === 'terminated' && wasInFlight) return shownByOrder(changeOrderId, failure);
  const detail = `The rollback was sent and will not be sent again for this request. ${sentence(failure)} ${describeSeen(last)} ${adviceAfterDoubt(last)}`;
  throw problemFromFailure('edas_outcome_unknown', detail, failure, { changeOrderId });
}

/** The order as it was seen last. */
async function readUntilEnded(
  before: ChangeOrderInfo | undefined,
  request: RollbackRequest,
  dependencies: RollbackDependencies,
): Promise<ChangeOrderInfo | undefined> {
  const { clock, random } = dependencies;
  let last: ChangeOrderInfo | undefined;
  for (let attempt = 0; ; attempt += 1) {
    const reading = await readAgain(request, dependencies);
    last = reading.order ?? last;
    const leftMs = timeLeft(request, clock);
    // One call's time to pause, and one to read.
    const isOver = leftMs < 2 * leastCallMs;
    if (isOver || hasEnded(last, before) || isHopeless(reading)) return last;
    await clock.sleep(Math.min(backoffMs(attempt, random), leftMs / 2));
  }
}

/** The order, or why it could not be read; neither where no time was left to read it. */
interface ReadResult {
  order?: ChangeOrderInfo;
  error?: unknown;
}

async function readAgain(
  request: RollbackRequest,
  { changeOrders, clock, warn }: RollbackDependencies,
): Promise<ReadResult> {
  const { changeOrderId } = request;
  const budgetMs = timeLeft(request, clock);
  if (budgetMs < leastCallMs) return {};
  try {
    // Half, so that one silent read is not the last one.
    return { order: await changeOrders.read(changeOrderId, Math.max(leastCallMs, budgetMs / 2)) };
  } catch (error) {
    // Whatever it was: a rollback has been sent, and the answer must not be about anything else.
    const reason = error instanceof EdasFailure ? explain(error, 'read') : reasonOf(error);
    warn('the change order could not be read afterwards', { changeOrderId, reason });
    return { error };
  }
}

/** Whether the order may not be read, so that asking again is of no use. */
function isHopeless({ error }: ReadResult): boolean {
  if (error === undefined) return false;
  return !(error instanceof EdasFailure) || error.kind === 'denied' || error.kind === 'unauthenticated';
}

/** Whether the order is terminated, or has finished since the rollback was sent. */
function hasEnded(order: ChangeOrderInfo | undefined, before: ChangeOrderInfo | undefined): boolean {
  const phase = phaseOf(order?.status);
  return phase === 'terminated' || (phase === 'finished' && order?.status !== before?.status);
}

function describeSeen(after: ChangeOrderInfo | undefined): string {
  return after
    ? `The change order's status is ${describeStatus(after.status)}.`
    : 'The change order could not be read afterwards.';
}

/**
 * What a person should do about an unknown outcome. Sending it all again is good advice only where the order can be
 * read.
 */
function adviceAfterDoubt(last: ChangeOrderInfo | undefined): string {
  if (!last) {
    return 'Look at it in the EDAS console before you ask for the rollback again: as long as the order cannot be read, that may roll back a second time.';
  }
  if (phaseOf(last.status) === 'terminated') {
    return 'It was not seen in flight before, so it is not known what ended it: check the versions in the EDAS console.';
  }
  return 'Look at it in the EDAS console. If it stays like this, ask for the rollback again: the rollback is sent once more unless the order shows as terminated by then.';
}
