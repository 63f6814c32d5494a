import { EdasFailure } from '../edas/failure.ts';
import { phaseOf } from '../edas/status.ts';
import { Problem } from '../errors.ts';
import { changeOrdersOf, type ChangeOrders } from '../rollback/change-orders.ts';
import type { RollbackOutcome } from '../rollback/outcome.ts';
import { sentence } from '../rollback/refusal.ts';
import { rollBack } from '../rollback/rollback.ts';
import type { RollbackDue } from '../task.ts';
import { ifReadable, readMs } from './reads.ts';
import type { TaskDependencies } from './task-dependencies.ts';

/** Milliseconds for a rollback, with all that it takes to be sure. */
const rollbackMs = 20_000;
/** Milliseconds in which an order should show that its rollback began, after EDAS's answer got lost. */
const doubtMs = 120_000;
/** Milliseconds between two looks at it. */
const doubtPauseMs = 10_000;
/** Milliseconds after which a task comes late. */
const lateMs = 300_000;

/** Nobody knows whether the rollback has begun, and people know that. */
export class ReportedDoubt extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.message);
    this.problem = problem;
  }
}

/** A rollback that has begun, as the order shows, although EDAS's answer got lost. */
interface ShownByOrder {
  outcome: 'rolling_back';
  evidence: 'order';
}

/**
 * The same decision as that of a webhook that rolls back itself, and more patience after a doubt.
 *
 * @throws Problem with the reason why nothing was rolled back; {@link ReportedDoubt}
 */
export async function executeDueRollback(
  task: RollbackDue,
  dependencies: TaskDependencies,
): Promise<RollbackOutcome | ShownByOrder> {
  const { changeOrderId, operation, problemStartedAt } = task;
  const { edas, clock, isRetry, waitedMs } = dependencies;
  // What comes late finds that people have acted: only what still runs is rolled back.
  const isRepeat = isRetry || waitedMs > lateMs;
  const { read, ...others } = changeOrdersOf(edas, operation);
  const seen = { inFlight: false };
  const watchedRead: ChangeOrders['read'] = async (id, timeoutMs) => {
    const order = await read(id, timeoutMs);
    seen.inFlight ||= phaseOf(order.status) === 'in_flight';
    return order;
  };
  const watched = { ...dependencies, changeOrders: { ...others, read: watchedRead } };
  const deadlineAt = Math.min(clock.now() + rollbackMs, dependencies.deadlineAt);
  const hold = dependencies.isSuspended ? ('suspended' as const) : undefined;
  const request = { changeOrderId, deadlineAt, hold, problemStartedAt, isRepeat };
  try {
    return await rollBack(request, watched);
  } catch (error) {
    // Of a retry that sent nothing, nothing got lost either.
    if (
      !(error instanceof Problem) ||
      error.code !== 'edas_outcome_unknown' ||
      !(error.cause instanceof EdasFailure)
    ) {
      throw error;
    }
    const problem = { code: error.code, message: describeDoubt(error.cause) };
    await dependencies.tell({ event: 'outcome_unknown', problem, failures: [] });
    // An order that nobody saw in flight proves nothing: it may have been terminated before.
    const hasBegun = (await showsTerminated(changeOrderId, watchedRead, dependencies)) && seen.inFlight;
    if (hasBegun) return { outcome: 'rolling_back', evidence: 'order' } as const;
    throw new ReportedDoubt(error);
  }
}

/** Not what a webhook would say: nobody has to send anything again. */
function describeDoubt(lost: EdasFailure): string {
  return `The rollback was sent, and its answer got lost. ${sentence(lost)} The change order is looked at for two more minutes. If it runs on until then, Function Compute may try the task again, and then the rollback is sent once more.`;
}

/** EDAS may show late what it did. */
async function showsTerminated(
  changeOrderId: string,
  read: ChangeOrders['read'],
  dependencies: TaskDependencies,
): Promise<boolean> {
  const { clock } = dependencies;
  const deadlineAt = Math.min(clock.now() + doubtMs, dependencies.deadlineAt);
  while (clock.now() + doubtPauseMs < deadlineAt) {
    await clock.sleep(doubtPauseMs);
    const order = await ifReadable(dependencies, () => read(changeOrderId, readMs));
    if (phaseOf(order?.status) === 'terminated') return true;
  }
  return false;
}
