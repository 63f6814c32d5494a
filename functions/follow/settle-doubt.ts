import type { ChangeOrderProgress } from '../edas/change-order.ts';
import { describeStatus, phaseOf } from '../edas/status.ts';
import { Problem } from '../errors.ts';
import { timeLeft } from '../rollback/budget.ts';
import { doubtTimeoutMs, type RollbackUnknown } from '../task.ts';
import type { TaskDependencies } from './dependencies.ts';
import { ifReadable, readTimeoutMs } from './optional-reads.ts';

/** Between two reads of the order. */
export const doubtPauseMs = 10_000;

/**
 * Finds out by reading what became of a rollback whose answer got lost. People are notified at once of the doubt, and
 * again if it stays; by a retry only of what no attempt before it can have told.
 *
 * @param retry what a retry of this task does
 * @returns Problem `edas_outcome_unknown` if the change order is not terminated in time; people know of it
 */
export async function settleDoubt(
  task: RollbackUnknown,
  dependencies: TaskDependencies,
  retry: 'sends_again' | 'sends_nothing',
): Promise<Problem | undefined> {
  const { isRetry, notify, clock } = dependencies;
  const { changeOrderId, reason } = task;
  const code = 'edas_outcome_unknown';
  const tell = (message: string) =>
    notify({ event: 'outcome_unknown', problem: { code, message }, failures: [] });
  const deadlineAt = clock.now() + doubtTimeLeftMs(task, dependencies);
  const wasToldTheEnd = isRetry && timeLeft({ deadlineAt }, clock) <= 0;
  if (!isRetry) {
    await tell(
      `The rollback was sent, and it is not known whether it began. ${reason} This task looks at the change order for two minutes, and until then nothing sends the rollback again.`,
    );
  }
  const last = await readUntilTerminated(changeOrderId, deadlineAt, dependencies);
  if (phaseOf(last?.status) === 'terminated') return undefined;
  const message = last ? `${noEffect(last)} ${whatIsNext[retry]}` : unseen;
  if (!wasToldTheEnd) await tell(message);
  return new Problem(code, message, { changeOrderId });
}

const unseen =
  'The rollback was sent, and the change order cannot be read, so it is still not known whether the rollback began. Look at it in the EDAS console before you send the webhook again: as long as the order cannot be read, that may roll back a second time.';

function noEffect({ status }: ChangeOrderProgress): string {
  return `The rollback was sent, and the change order's status is still ${describeStatus(status)}, so most probably the rollback had no effect. Look at it in the EDAS console.`;
}

const whatIsNext = {
  sends_again:
    'Function Compute may run this task again: if the order is still in flight then, the rollback is sent once more.',
  sends_nothing: 'To send the rollback once more, send the webhook again.',
} as const;

/** At most two minutes, whatever the time of day is here and was where the rollback was sent. */
export function doubtTimeLeftMs(
  { sentBefore }: RollbackUnknown,
  { now, clock, deadlineAt }: TaskDependencies,
): number {
  return Math.min(sentBefore + doubtTimeoutMs - now(), doubtTimeoutMs, timeLeft({ deadlineAt }, clock));
}

/** EDAS may show late what it did. The order as it was seen last. */
async function readUntilTerminated(
  changeOrderId: string,
  deadlineAt: number,
  dependencies: TaskDependencies,
): Promise<ChangeOrderProgress | undefined> {
  const { edas, clock } = dependencies;
  let last: ChangeOrderProgress | undefined;
  for (;;) {
    const order = await ifReadable(dependencies, async () =>
      (await edas()).getChangeOrderInfo(changeOrderId, readTimeoutMs),
    );
    last = order ?? last;
    if (phaseOf(last?.status) === 'terminated' || clock.now() >= deadlineAt) return last;
    await clock.sleep(Math.min(doubtPauseMs, timeLeft({ deadlineAt }, clock)));
  }
}
