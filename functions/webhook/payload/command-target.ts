import { Problem } from '../../errors.ts';
import type { Target } from '../../rollback/find-change-order.ts';
import type { JSONValue } from '../../select/expression.ts';
import { selectTarget, type Grant } from '../../select/intent.ts';
import type { CompiledSource } from '../source/compiled-source.ts';
import { adviceOn } from '../texts/advice.ts';
import { isNoCommand } from './command-fault.ts';
import { selectCommand, type TypedCommand } from './select-command.ts';

/** Why what a person wrote asks for no rollback, and what to type; undefined where it is a command, even a wrong one. */
export function reasonNoCommand(command: TypedCommand | undefined): string | undefined {
  return command && 'fault' in command && isNoCommand(command.fault) ? adviceOn(command) : undefined;
}

/**
 * What a command names; undefined where there is none.
 *
 * @throws Problem `change_order_id_missing`, `change_order_id_ambiguous`
 */
export function targetOfCommand(command: TypedCommand | undefined): Target | undefined {
  return command && { changeOrderId: orderOf(command) };
}

/**
 * What a webhook asks to roll back: what a person wrote, or what its payload or link names.
 *
 * @param command what a person wrote, where it has been read already
 * @throws Problem as `selectTarget` and `targetOfCommand`
 */
export async function selectWebhookTarget(
  source: CompiledSource,
  payload: JSONValue,
  grant?: Grant,
  command?: TypedCommand,
): Promise<Target> {
  const given = command ?? (await selectCommand(source, payload));
  return selectTarget(source, payload, grant, targetOfCommand(given));
}

/** @throws Problem `change_order_id_missing`, `change_order_id_ambiguous` */
function orderOf(command: TypedCommand): string {
  if ('changeOrderId' in command) return command.changeOrderId;
  const isAmbiguous = command.fault === 'several_ids' || command.fault === 'words_beside_id';
  throw new Problem(
    isAmbiguous ? 'change_order_id_ambiguous' : 'change_order_id_missing',
    adviceOn(command) ?? '',
  );
}
