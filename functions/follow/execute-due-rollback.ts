import { mostClaims } from '../claim/claim.ts';
import { rollBackOnce, type SentRollback } from '../claim/roll-back-once.ts';
import { readTaskRecord } from '../claim/task-calls.ts';
import { Problem } from '../errors.ts';
import { timeLeft } from '../rollback/budget.ts';
import { changeOrdersOf } from '../rollback/change-orders.ts';
import { reportIdFor, type RollbackDue, type RollbackOverdue } from '../task.ts';
import type { TaskDependencies } from './dependencies.ts';
import { queueAccess } from './queue-access.ts';

/** For a rollback, with all reads around it and its claim, and for its report. */
const [rollbackTimeoutMs, claimTimeoutMs, reportTimeoutMs] = [20_000, 10_000, 10_000];
/** The share of the time for a look whether the webhook went ahead. The rest is for the rollback. */
const shareOfFirstLook = 0.25;
/** A task that starts later than this comes late. */
const lateAfterMs = 300_000;

/**
 * Decides like a webhook that rolls back itself: claims, sends and reports. Function Compute may run a task several
 * times, also at the same moment; one of these runs gets the claim.
 *
 * @returns `taken` where another run or delivery has the claim
 */
export async function executeDueRollback(
  task: RollbackDue | RollbackOverdue,
  dependencies: TaskDependencies,
): Promise<SentRollback | 'taken'> {
  const { problemStartedAt, rollback, ...facts } = task;
  const { edas, clock, isSuspended, mayBeRetry, waitedMs, rollbackDeadlineAt } = dependencies;
  const deadlineAt = Math.min(clock.now() + rollbackTimeoutMs, rollbackDeadlineAt);
  if (rollback === 'due' && (await wentAhead(task, deadlineAt, dependencies))) return 'taken';
  const end = await rollBackOnce(
    {
      request: {
        changeOrderId: task.changeOrderId,
        deadlineAt,
        hold: isSuspended ? 'suspended' : undefined,
        problemStartedAt,
        refusesSucceeded: rollback === 'due' && task.ended !== undefined,
        // People may have acted before a late task, and this one does not know what was done before it.
        onlyIfInFlight: rollback === 'overdue' || mayBeRetry || waitedMs > lateAfterMs,
      },
      task: facts,
      firstClaim: claimAfter(task),
      // A run before this one may have sent the rollback without a claim.
      mayGoUnclaimed: rollback === 'due' && !mayBeRetry,
      claimTimeoutMs,
      reportTimeoutMs,
      answersSender: false,
    },
    {
      ...dependencies,
      changeOrders: changeOrdersOf(edas, task.operation),
      queue: { ...queueAccess(dependencies), deadlineAt: deadlineAt + reportTimeoutMs },
    },
  );
  return end.result === 'taken' ? 'taken' : end;
}

/** Whether the webhook went ahead although it had handed the rollback over: it could not know that it had. */
async function wentAhead(
  { changeOrderId }: RollbackDue,
  deadlineAt: number,
  dependencies: TaskDependencies,
): Promise<boolean> {
  const { clock } = dependencies;
  const lookUntil = clock.now() + timeLeft({ deadlineAt }, clock) * shareOfFirstLook;
  const queue = { ...queueAccess(dependencies), deadlineAt: lookUntil };
  return typeof (await readTaskRecord(reportIdFor(changeOrderId), queue)) !== 'string';
}

/** @throws Problem `edas_outcome_unknown` where one function after the other was cut off */
function claimAfter(task: RollbackDue | RollbackOverdue): number {
  const claim = task.rollback === 'due' ? 1 : task.claim;
  if (claim < mostClaims) return claim + 1;
  throw new Problem(
    'edas_outcome_unknown',
    'Each function that had to send the rollback was cut off. It is not tried again: look at the change order in the EDAS console.',
    { changeOrderId: task.changeOrderId },
  );
}
