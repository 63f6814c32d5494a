import { findChangeOrder, type FoundChangeOrder } from '../rollback/find-change-order.ts';
import type { RollbackIntent } from '../select/intent.ts';
import type { AuditRecord } from './audit-record.ts';
import { executeRollback, type ExecutionDependencies, type RollbackInput } from './execute-rollback.ts';
import type { Outcome } from './outcome.ts';

/** What is asked for, by whom, and until when. */
export interface IntentInput extends Pick<
  RollbackInput,
  'source' | 'deadlineAt' | 'receivedAt' | 'summary' | 'actorId'
> {
  intent: RollbackIntent;
  /** Why what was found must not be rolled back, as a sentence. Undefined: whatever was found is rolled back. */
  reasonNotToRollBack?: ((found: FoundChangeOrder) => Promise<string | undefined>) | undefined;
  /** Gets the application and the change order as soon as they are known. */
  record: AuditRecord;
}

/**
 * Finds the change order that an intent is for, within what its source may touch, and rolls it back as the source says.
 *
 * @throws Problem
 */
export async function executeIntent(
  { record, reasonNotToRollBack, ...input }: IntentInput,
  dependencies: ExecutionDependencies,
): Promise<Outcome> {
  const { source, intent, deadlineAt } = input;
  const mayHaveEnded = source.ended !== undefined;
  const looksForRollback = reasonNotToRollBack !== undefined;
  const found = await findChangeOrder(
    { ...intent, mayHaveEnded, looksForRollback, deadlineAt },
    dependencies,
  );
  const { app, changeOrderId } = found;
  record.add({ app, changeOrderId });
  const reason = await reasonNotToRollBack?.(found);
  if (reason !== undefined) return { outcome: 'ignored', message: `${reason} It is not rolled back.` };
  const { warning } = intent;
  if (warning !== undefined) dependencies.warn(warning, { changeOrderId });
  const outcome = await executeRollback({ ...input, found, facts: record.facts }, dependencies);
  return warning === undefined ? outcome : withWarning(outcome, warning);
}

/** Adds to the outcome of a change order that is rolled back, or would be, what was not checked. */
function withWarning(outcome: Outcome, warning: string): Outcome {
  if (outcome.outcome === 'already_terminated' || outcome.outcome === 'already_rolled_back') return outcome;
  if (outcome.outcome === 'ignored' || outcome.outcome === 'left_alone') return outcome;
  if ('duplicate' in outcome) return outcome;
  return { ...outcome, causality: 'unchecked', message: `${outcome.message} ${warning}` };
}
