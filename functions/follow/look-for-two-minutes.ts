import { Problem } from '../errors.ts';
import { timeLeft } from '../rollback/budget.ts';
import { doubtTimeoutMs, type RollbackUnknown } from '../task.ts';
import type { TaskDependencies } from './dependencies.ts';

/** Between two looks. */
const pauseMs = 10_000;

/** What is looked for after a rollback whose answer got lost, and what people are told meanwhile. */
export interface Search<Found> {
  /** What this task does, as a sentence: it stands behind the reason of the doubt. */
  whatFollows: string;
  /** Undefined: not seen yet. */
  look: () => Promise<Found | undefined>;
  /** What is known, and what to do, where it was not seen in time. */
  describeEnd: () => string;
}

/**
 * Looks until it is seen whether a rollback has begun, for two minutes at most: EDAS may show late what it did. People are
 * notified at once of the doubt, and again if it stays; by a retry only of what no attempt before it can have told.
 *
 * @returns Problem `edas_outcome_unknown` if it was not seen in time; people know of it
 */
export async function lookForTwoMinutes<Found>(
  task: RollbackUnknown,
  { whatFollows, look, describeEnd }: Search<Found>,
  dependencies: TaskDependencies,
): Promise<Found | Problem> {
  const { isRetry, notify, clock } = dependencies;
  const { app, changeOrderId, reason } = task;
  const code = 'edas_outcome_unknown';
  const tell = (message: string) =>
    notify({ event: 'outcome_unknown', problem: { code, message }, failures: [] });
  const deadlineAt = clock.now() + leftMs(task, dependencies);
  const wasToldTheEnd = isRetry && timeLeft({ deadlineAt }, clock) <= 0;
  if (!isRetry) {
    await tell(`The rollback was sent, and it is not known whether it began. ${reason} ${whatFollows}`);
  }
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (clock.now() >= deadlineAt) break;
    await clock.sleep(Math.min(pauseMs, timeLeft({ deadlineAt }, clock)));
  }
  const message = describeEnd();
  if (!wasToldTheEnd) await tell(message);
  return new Problem(
    code,
    message,
    task.release && app !== undefined ? { app, changeOrderId } : { changeOrderId },
  );
}

/** At most two minutes, whatever the time of day is here and was where the rollback was sent. */
function leftMs({ sentBefore }: RollbackUnknown, { now, clock, deadlineAt }: TaskDependencies): number {
  return Math.min(sentBefore + doubtTimeoutMs - now(), doubtTimeoutMs, timeLeft({ deadlineAt }, clock));
}
