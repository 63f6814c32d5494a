import { displayLagMs } from '../claim/claim.ts';
import { readTaskRecord, submitTask } from '../claim/task-calls.ts';
import { Problem } from '../errors.ts';
import { timeLeft } from '../rollback/budget.ts';
import { reportIdOf, type RollbackClaimed, type RollbackOverdue, type RollbackUnknown } from '../task.ts';
import type { TaskDependencies } from './dependencies.ts';
import { queueAccess } from './queue-access.ts';

/** The report usually comes within a second. */
const [firstPauseMs, longestPauseMs] = [1_000, 10_000];
/** However wrong a clock is: the longest deadline of a source, and the display lag. */
const longestWatchMs = 60_000 + displayLagMs;

/**
 * Waits for the report of the claim's holder. If none comes, the holder was cut off: then another task finishes its
 * work, or finds out what became of it. It is the report itself that this task then writes: of it and of a holder that
 * reports after all, one is taken.
 *
 * @throws Problem `edas_outcome_unknown` where no task could be handed over
 */
export async function watchClaim(
  task: RollbackClaimed,
  dependencies: TaskDependencies,
): Promise<'watched' | 'handed_over'> {
  const { changeOrderId } = task;
  const reportId = reportIdOf(task);
  if (await comes(reportId, waitMs(task, dependencies), dependencies)) return 'watched';
  const { sendsUntil, holder } = task;
  dependencies.warn('the function that had the claim was cut off, so another task finishes its work', {
    reason: `Invocation ${holder} had until ${sendsUntil}.`,
  });
  const submission = await submitTask(reportId, taskAfter(task), queueAccess(dependencies));
  if (submission === 'exists') return 'watched';
  if (submission === 'accepted' || submission === 'settled') return 'handed_over';
  throw new Problem(
    'edas_outcome_unknown',
    'The function that had to send the rollback was cut off, and no task could be handed over to finish its work. Look at the change order in the EDAS console.',
    { changeOrderId },
  );
}

/**
 * What is left to do once the holder was cut off. A change in flight shows whether it was rolled back, so its rollback can
 * be finished; of a release that has ended there is one call, which the holder may have made.
 */
function taskAfter(task: RollbackClaimed): RollbackOverdue | RollbackUnknown {
  const { sendsUntil, holder, ...facts } = task;
  if (!task.release) return { ...facts, rollback: 'overdue' };
  const reason = `The function that had to send it was cut off (${holder}).`;
  return { ...facts, rollback: 'unknown', reason, sentBefore: sendsUntil, wasInFlight: false };
}

/**
 * The holder's clock and this one may differ. Where this one is ahead, the time seems to be over at once, while the holder
 * still sends: so it is waited for at least as long as EDAS may need, if the function runs that long.
 */
function waitMs({ sendsUntil }: RollbackClaimed, { now, clock, deadlineAt }: TaskDependencies): number {
  const leastMs = Math.min(displayLagMs, timeLeft({ deadlineAt }, clock));
  return Math.min(Math.max(sendsUntil + displayLagMs - now(), leastMs), longestWatchMs);
}

async function comes(reportId: string, waitMs: number, dependencies: TaskDependencies): Promise<boolean> {
  const { clock } = dependencies;
  const endsAt = clock.now() + waitMs;
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    const leftMs = endsAt - clock.now();
    if (leftMs <= 0) return false;
    await clock.sleep(Math.min(pauseMs, leftMs));
    const record = await readTaskRecord(reportId, queueAccess(dependencies));
    if (typeof record !== 'string') return true;
  }
}
