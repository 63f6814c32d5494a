import { EdasFailure, type EdasFailureKind } from '../edas/failure.ts';
import { type Clock, backoffMs } from '../lib/time.ts';
import { leastCallMs } from './budget.ts';
import type { RollbackDependencies } from './dependencies.ts';

/** Failures that may have passed by the next attempt. */
const passing: readonly EdasFailureKind[] = ['not_sent', 'throttled', 'doubt'];

/**
 * Asks EDAS a question, again and again as long as that can help and there is time. For reads only, which change
 * nothing.
 *
 * @param question is given the milliseconds that it may take
 * @param deadlineAt milliseconds on the clock, at least `leastCallMs` from now
 * @throws EdasFailure the last one, or whatever else the question throws
 */
export async function readWithRetries<T>(
  question: (timeoutMs: number) => Promise<T>,
  deadlineAt: number,
  { clock, random }: Pick<RollbackDependencies, 'clock' | 'random'>,
): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await question(timeoutOf(deadlineAt, clock));
    } catch (error) {
      const pauseMs = backoffMs(attempt, random);
      const canHelp = error instanceof EdasFailure && passing.includes(error.kind);
      if (!canHelp || deadlineAt - clock.now() - pauseMs < leastCallMs) throw error;
      await clock.sleep(pauseMs);
    }
  }
}

/** Two thirds of what is left, so that one silent call is not the last one. */
function timeoutOf(deadlineAt: number, clock: Clock): number {
  return Math.max(leastCallMs, ((deadlineAt - clock.now()) * 2) / 3);
}
