import { Problem } from '../../errors.ts';
import { isRecord } from '../../lib/json.ts';
import type { CompiledSource } from '../source/compiled-source.ts';
import type { JSONValue } from '../source/expression.ts';
import { requireFresh } from '../verify/timestamp.ts';
import { adviceOn } from '../texts/advice.ts';
import { isNoCommand } from './command-fault.ts';
import { describeValue } from './describe-value.ts';
import { evaluate, evaluateText } from './evaluate.ts';
import { reasonOfEvent } from './expected.ts';
import type { TypedCommand } from './select-command.ts';

/**
 * Refuses a payload whose own time, which its signature covers, is not now.
 *
 * @param now epoch milliseconds
 * @throws Problem `timestamp_missing`, `timestamp_malformed`, `timestamp_out_of_window`
 */
export function requireFreshPayload(source: CompiledSource, payload: JSONValue, now: number): void {
  if (!source.payloadTimestamp) return;
  const { field, ...parameters } = source.payloadTimestamp;
  const value = isRecord(payload) && Object.hasOwn(payload, field) ? payload[field] : undefined;
  if (typeof value !== 'string' && typeof value !== 'number') {
    throw new Problem('timestamp_missing', `The payload has no ${field}, the time at which it was signed.`);
  }
  requireFresh(String(value), `The payload's ${field}`, parameters, now);
}

/** Who asked, as the sender says it; only for the log and the answer, so it never stops a rollback. */
export async function selectActor(source: CompiledSource, payload: JSONValue): Promise<string | undefined> {
  if (!source.actor) return undefined;
  return evaluateText(source.actor, payload, 'actor');
}

/** Why a payload that was understood asks for no rollback, whatever a person wrote in it; undefined where it may. */
export async function reasonToIgnore(
  source: CompiledSource,
  payload: JSONValue,
): Promise<string | undefined> {
  const reason = await reasonOfEvent(source, payload);
  if (reason !== undefined) return reason;
  const { when } = source;
  if (!when) return undefined;
  const result = await evaluate(when, payload, 'when');
  return result === true ? undefined : `\`when: ${when.text}\` gave ${describeValue(result)}, not true.`;
}

/** Why what a person wrote asks for no rollback, and what to type; undefined where it is a command, even a wrong one. */
export function reasonNoCommand(command: TypedCommand | undefined): string | undefined {
  return command && 'fault' in command && isNoCommand(command.fault) ? adviceOn(command) : undefined;
}

/**
 * @throws Problem `sender_not_allowed` unless `allow` gives true; any other value, even one that is not false, refuses
 */
export async function requireAllowed(source: CompiledSource, payload: JSONValue): Promise<void> {
  if (!source.allow) return;
  if ((await evaluate(source.allow, payload, 'allow')) !== true) {
    throw new Problem('sender_not_allowed', `\`allow: ${source.allow.text}\` is not true for this payload.`);
  }
}
