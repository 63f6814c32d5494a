import type { ChangeOrderInfo } from '../edas/client.ts';
import { EdasFailure } from '../edas/failure.ts';
import { reasonOf } from '../text.ts';
import { jitter } from './ask.ts';
import { leastCallMs, timeLeft, type RollbackDependencies } from './dependencies.ts';
import { shownByOrder, terminatedByNow, type RollbackOutcome } from './outcome.ts';
import { explain, problemOfFailure, refusal, sentence } from './refusal.ts';
import type { RollbackRequest } from './request.ts';
import { describeStatus, phaseOf } from './states.ts';

const pauseBetweenReadsMs = 700;

/**
 * What became of a rollback that failed and is not sent again.
 *
 * @param before the order as it was known when the rollback was sent
 * @throws Problem unless the order shows that it is terminated
 */
export async function afterFailure(
  failure: EdasFailure,
  before: ChangeOrderInfo | undefined,
  request: RollbackRequest,
  dependencies: RollbackDependencies,
): Promise<RollbackOutcome> {
  if (failure.kind === 'rejected') return afterRejection(failure, request, dependencies);
  if (failure.kind === 'doubt') return afterDoubt(failure, before, request, dependencies);
  throw refusal(failure, 'rollback', { changeOrderId: request.changeOrderId });
}

/** EDAS said no. If the order is terminated by now, somebody was faster, and that is no failure. */
async function afterRejection(
  failure: EdasFailure,
  request: RollbackRequest,
  dependencies: RollbackDependencies,
): Promise<RollbackOutcome> {
  const { changeOrderId } = request;
  const { order: after } = await readAgain(request, dependencies);
  if (phaseOf(after?.status) === 'terminated') return terminatedByNow(changeOrderId, failure);
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
  const last = await readUntilAtRest(before, request, dependencies);
  if (phaseOf(last?.status) === 'terminated' && wasInFlight) return shownByOrder(changeOrderId, failure);
  throw problemOfFailure('edas_outcome_unknown', unknownDetail(failure, last), failure, { changeOrderId });
}

/** The order as it was seen last. */
async function readUntilAtRest(
  before: ChangeOrderInfo | undefined,
  request: RollbackRequest,
  dependencies: RollbackDependencies,
): Promise<ChangeOrderInfo | undefined> {
  const { clock, random } = dependencies;
  let last: ChangeOrderInfo | undefined;
  for (;;) {
    const { order, isFinal } = await readAgain(request, dependencies);
    last = order ?? last;
    const leftMs = timeLeft(request, clock);
    if (isFinal || isAtRest(last, before) || leftMs < 2 * leastCallMs) return last;
    await clock.sleep(Math.min(jitter(pauseBetweenReadsMs, random), leftMs / 2));
  }
}

/** What was read, if anything, and whether reading on is of no use. */
interface Rereading {
  order?: ChangeOrderInfo;
  isFinal?: boolean;
}

async function readAgain(
  request: RollbackRequest,
  { changeOrders, clock, warn }: RollbackDependencies,
): Promise<Rereading> {
  const { changeOrderId } = request;
  const budgetMs = timeLeft(request, clock);
  if (budgetMs < leastCallMs) return {};
  try {
    // Half, so that one silent read is not the last one.
    return { order: await changeOrders.read(changeOrderId, Math.max(leastCallMs, budgetMs / 2)) };
  } catch (error) {
    // Whatever it was: a rollback has been sent, and the answer must not be about anything else.
    const isOfEdas = error instanceof EdasFailure;
    const reason = isOfEdas ? explain(error, 'read') : reasonOf(error);
    warn('the change order could not be read afterwards', { changeOrderId, reason });
    return { isFinal: !isOfEdas || error.kind === 'denied' || error.kind === 'unauthenticated' };
  }
}

/** Whether reading on is of no use: it is terminated, or has finished since. */
function isAtRest(order: ChangeOrderInfo | undefined, before: ChangeOrderInfo | undefined): boolean {
  const phase = phaseOf(order?.status);
  return phase === 'terminated' || (phase === 'finished' && order?.status !== before?.status);
}

function unknownDetail(failure: EdasFailure, last: ChangeOrderInfo | undefined): string {
  return `The rollback was sent and will not be sent again for this request. ${sentence(failure)} ${whatIsSeen(last)} Look at the change order in the EDAS console, or send the webhook again: it reads the order first.`;
}

function whatIsSeen(after: ChangeOrderInfo | undefined): string {
  return after
    ? `The change order's status is ${describeStatus(after.status)}.`
    : 'The change order could not be read afterwards.';
}
