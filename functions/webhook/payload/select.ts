import { Problem } from '../../errors.ts';
import { isRecord, toText } from '../../record.ts';
import type { CompiledSource } from '../source/source.ts';
import { takeChangeOrderId, type Finding } from './change-order-id.ts';
import { describeValue } from './describe-value.ts';
import { evaluate, type JSONValue } from './expression.ts';

/** The names that are looked at where a source says nothing. */
const usualNames = ['changeOrderId', 'ChangeOrderId', 'change_order_id'];

/** Why a payload is none of our business, or undefined if `when` says that it is. */
export async function reasonToIgnore(
  source: CompiledSource,
  payload: JSONValue,
): Promise<string | undefined> {
  if (!source.when) return undefined;
  const result = await evaluate(source.when, payload, 'when');
  return result === true
    ? undefined
    : `\`when: ${source.when.text}\` gave ${describeValue(result)}, not true.`;
}

/** @throws Problem `sender_not_allowed` unless `allow` gives true itself, not just something that is not false */
export async function requireAllowed(source: CompiledSource, payload: JSONValue): Promise<void> {
  if (!source.allow) return;
  if ((await evaluate(source.allow, payload, 'allow')) !== true) {
    throw new Problem('sender_not_allowed', `\`allow: ${source.allow.text}\` is not true for this payload.`);
  }
}

/** @throws Problem `change_order_id_missing`, `change_order_id_ambiguous` */
export async function selectChangeOrderId(source: CompiledSource, payload: JSONValue): Promise<string> {
  const { changeOrderId } = source;
  if (!changeOrderId) return takeChangeOrderId(usualFindings(payload));
  const value = await evaluate(changeOrderId, payload, 'changeOrderId');
  return takeChangeOrderId([{ place: changeOrderId.text, value }]);
}

/** Who asked, as the sender says it; only for the log, so it never stops a rollback. */
export async function nameActor(source: CompiledSource, payload: JSONValue): Promise<string | undefined> {
  if (!source.actor) return undefined;
  return toText(await evaluate(source.actor, payload, 'actor').catch(() => null));
}

function usualFindings(payload: JSONValue): Finding[] {
  const object = isRecord(payload) ? payload : {};
  return usualNames.map((name) => ({
    place: name,
    value: Object.hasOwn(object, name) ? object[name] : undefined,
  }));
}
