import type { Target } from '../../rollback/find-change-order.ts';
import type { AnswerAddress } from '../../task.ts';
import type { CompiledSource } from '../source/compiled-source.ts';
import type { JSONValue } from '../source/expression.ts';
import type { LinkGrant } from '../verify/link.ts';
import { selectAnswerAddress, selectProblemStart, selectTarget } from './select.ts';

/** What a payload asks to roll back, and what limits that. */
export interface RollbackIntent {
  target: Target;
  /** The application, where the payload or the link names one. */
  app: string | undefined;
  /** The change order must belong to one of these. Undefined: any application that the function's role reaches. */
  apps: readonly string[] | undefined;
  /** Epoch milliseconds. A change that began later is not to blame. */
  problemStartedAt: number | undefined;
  /** Where the people of a chat wait for the result. */
  answerAt: AnswerAddress | undefined;
}

/**
 * Reads out of a payload what it asks for, within what a link allows.
 *
 * @param now epoch milliseconds
 * @throws Problem `payload_malformed`, `change_order_id_missing`, `change_order_id_ambiguous`, `app_missing`,
 *   `app_ambiguous`, `app_not_allowed`
 */
export async function selectIntent(
  source: CompiledSource,
  payload: JSONValue,
  grant: LinkGrant | undefined,
  now: number,
): Promise<RollbackIntent> {
  const problemStartedAt = await selectProblemStart(source, payload, now);
  const target = await selectTarget(source, payload, grant);
  return {
    target,
    app: 'app' in target ? target.app : grant?.app,
    apps: grant ? [grant.app] : source.apps,
    problemStartedAt,
    answerAt: await selectAnswerAddress(source, payload),
  };
}
