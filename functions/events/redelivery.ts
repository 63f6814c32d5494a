import { errorCatalogue, type Problem } from '../errors.ts';
import { TaskQueueFailure } from '../platform/task-queue.ts';

/**
 * Whether EventBridge has to deliver an event again, which it does where the function fails. Only where nothing was decided, and
 * nothing sent: EDAS or Function Compute is in trouble, and a later attempt may find it well. After a doubt about EDAS never: a task
 * finds out what became of it, or people do. A doubt about handing a task over is none: of two tasks with one id, one is taken.
 *
 * @param mayBeSent whether a rollback may have been sent in this invocation
 */
export function mustBeDeliveredAgain(
  { code, cause }: Pick<Problem, 'code' | 'cause'>,
  mayBeSent: boolean,
): boolean {
  if (code === 'edas_outcome_unknown') return cause instanceof TaskQueueFailure && !mayBeSent;
  if (code === 'internal' && mayBeSent) return false;
  return errorCatalogue[code].retry;
}
