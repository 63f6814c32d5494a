import { phaseOf } from '../edas/status.ts';
import { Problem } from '../errors.ts';
import type { RollbackUnknown } from '../task.ts';
import type { TaskDependencies } from './dependencies.ts';
import { ifReadable, readTimeoutMs } from './optional-reads.ts';

/** After EDAS's answer got lost, the order should show within this time that its rollback has begun. */
const doubtTimeoutMs = 120_000;
/** Between two reads of the order. */
const doubtPauseMs = 10_000;

/**
 * Finds out by reading what became of a rollback whose answer got lost. People are notified at once of the doubt, and
 * again if it stays.
 *
 * @returns when the change order is terminated
 * @throws Problem `edas_outcome_unknown` if it is not terminated in time: the task fails, and so frees its claim
 */
export async function settleDoubt(task: RollbackUnknown, dependencies: TaskDependencies): Promise<void> {
  const { isRetry, notify } = dependencies;
  const notifyOnce = async (message: string) => {
    const problem = { code: 'edas_outcome_unknown' as const, message };
    if (!isRetry) await notify({ event: 'outcome_unknown', problem, failures: [] });
    return new Problem(problem.code, message, { changeOrderId: task.changeOrderId });
  };
  await notifyOnce(
    `${task.reason} This task looks at the change order for two minutes, and does not send the rollback again.`,
  );
  if (await becomesTerminated(task, dependencies)) return;
  throw await notifyOnce(
    'Two minutes after the rollback was sent, the change order is not terminated, so most probably the rollback had no effect. Look at it in the EDAS console. To send the rollback once more, send the webhook again.',
  );
}

/** EDAS may show late what it did. */
async function becomesTerminated(
  { changeOrderId, sentBefore }: RollbackUnknown,
  dependencies: TaskDependencies,
): Promise<boolean> {
  const { edas, now, clock } = dependencies;
  const leftMs = Math.min(sentBefore + doubtTimeoutMs - now(), doubtTimeoutMs);
  const deadlineAt = Math.min(clock.now() + leftMs, dependencies.deadlineAt);
  for (;;) {
    const order = await ifReadable(dependencies, async () =>
      (await edas()).getChangeOrderInfo(changeOrderId, readTimeoutMs),
    );
    if (phaseOf(order?.status) === 'terminated') return true;
    if (clock.now() >= deadlineAt) return false;
    await clock.sleep(Math.min(doubtPauseMs, deadlineAt - clock.now()));
  }
}
