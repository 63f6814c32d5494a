import { errorCatalogue, Problem } from '../errors.ts';
import { reasonOf } from '../lib/text.ts';
import type { Log, LogFields, LogLevel } from './log.ts';

/**
 * What a handler failed of. The caller learns nothing of a fault of ours but where to look for it: in the log.
 *
 * @param facts of the invocation, for the log
 */
export function toProblem(error: unknown, facts: LogFields, log: Log): Problem {
  if (error instanceof Problem) return error;
  const stack = error instanceof Error ? error.stack : reasonOf(error);
  log('error', 'the function failed', { ...facts, stack });
  return new Problem('internal', 'The function failed. Its log says why, under this requestId.');
}

/** Whose fault it is decides how loud the log is. */
export function levelOf({ code }: Problem): LogLevel {
  return errorCatalogue[code].status >= 500 ? 'error' : 'warn';
}
