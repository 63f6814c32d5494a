import { EdasFailure } from '../edas/failure.ts';
import { phaseOf } from '../edas/status.ts';
import { Problem } from '../errors.ts';
import { changeOrdersOf, type ChangeOrders } from '../rollback/change-orders.ts';
import type { RollbackOutcome } from '../rollback/outcome.ts';
import { sentence } from '../rollback/refusal.ts';
import { rollBack } from '../rollback/rollback.ts';
import type { RollbackDue } from '../task.ts';
import type { TaskDependencies } from './dependencies.ts';
import { ifReadable, readTimeoutMs } from './optional-reads.ts';

/** For a rollback, with all reads around it. */
const rollbackTimeoutMs = 20_000;
/** After EDAS's answer got lost, the order should show within this time that its rollback has started. */
const doubtTimeoutMs = 120_000;
/** Between two reads of the order. */
const doubtPauseMs = 10_000;
/** A task that starts later than this comes late. */
const lateAfterMs = 300_000;

/** It is not known whether the rollback has started. People were already notified of that. */
export interface UnknownRollback {
  outcome: 'unknown';
  problem: Problem;
}

/** A rollback that has started, as the order shows, although EDAS's answer got lost. */
interface ShownByOrder {
  outcome: 'rolling_back';
  evidence: 'order';
}

/**
 * Decides like a webhook that rolls back itself, and waits longer for the order after a doubt.
 *
 * @throws Problem with the reason why nothing was rolled back
 */
export async function executeDueRollback(
  { changeOrderId, operation, problemStartedAt }: RollbackDue,
  dependencies: TaskDependencies,
): Promise<RollbackOutcome | ShownByOrder | UnknownRollback> {
  const { edas, clock, isSuspended, isRetry, waitedMs } = dependencies;
  const { changeOrders, wasInFlight } = watchReads(changeOrdersOf(edas, operation));
  const request = {
    changeOrderId,
    deadlineAt: Math.min(clock.now() + rollbackTimeoutMs, dependencies.deadlineAt),
    hold: isSuspended ? ('suspended' as const) : undefined,
    problemStartedAt,
    // People may have acted before a late task, and a retry does not know what the attempt before it did.
    onlyIfInFlight: isRetry || waitedMs > lateAfterMs,
  };
  try {
    return await rollBack(request, { ...dependencies, changeOrders });
  } catch (error) {
    if (!isDoubt(error)) throw error;
    const problem = { code: error.code, message: describeDoubt(error.cause) };
    await dependencies.notify({ event: 'outcome_unknown', problem, failures: [] });
    const isTerminated = await becomesTerminated(changeOrderId, changeOrders.read, dependencies);
    // An order that was not seen in flight proves nothing: it may have been terminated before.
    if (isTerminated && wasInFlight()) return { outcome: 'rolling_back', evidence: 'order' };
    return { outcome: 'unknown', problem: error };
  }
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

/**
 * Whether a rollback was sent and its answer got lost: rollback/after-failure.ts gives that problem the EdasFailure as
 * its cause. A retry that sent nothing has no cause.
 */
function isDoubt(error: unknown): error is Problem & { cause: EdasFailure } {
  if (!(error instanceof Problem)) return false;
  return error.code === 'edas_outcome_unknown' && error.cause instanceof EdasFailure;
}

/** Unlike the webhook's sentence it does not ask anybody to send the webhook again. */
function describeDoubt(lost: EdasFailure): string {
  return `The rollback was sent, and its answer got lost. ${sentence(lost)} The change order is looked at for two more minutes. If it runs on until then, Function Compute may try the task again, and then the rollback is sent once more.`;
}

/** EDAS may show late what it did. */
async function becomesTerminated(
  changeOrderId: string,
  read: ChangeOrders['read'],
  dependencies: TaskDependencies,
): Promise<boolean> {
  const { clock } = dependencies;
  const deadlineAt = Math.min(clock.now() + doubtTimeoutMs, dependencies.deadlineAt);
  while (clock.now() + doubtPauseMs < deadlineAt) {
    await clock.sleep(doubtPauseMs);
    const order = await ifReadable(dependencies, () => read(changeOrderId, readTimeoutMs));
    if (phaseOf(order?.status) === 'terminated') return true;
  }
  return false;
}
