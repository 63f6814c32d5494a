import { errorCatalogue, type Problem } from '../errors.ts';

/**
 * Whether EventBridge has to deliver an event again, which it does where the function fails. Only where nothing was decided, and
 * nothing sent: EDAS or Function Compute is in trouble, and a later attempt may find it well. After a doubt never: a task finds out
 * what became of it, or people do.
 *
 * @param mayBeSent whether a rollback may have been sent in this invocation
 */
export function mustBeDeliveredAgain({ code }: Problem, mayBeSent: boolean): boolean {
  if (code === 'edas_outcome_unknown') return false;
  if (code === 'internal' && mayBeSent) return false;
  return errorCatalogue[code].retry;
}
