import { Problem } from '../../errors.ts';
import { isRecord } from '../../lib/json.ts';
import type { CompiledSource } from '../source/compiled-source.ts';
import type { JSONValue, Path } from '../source/expression.ts';
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

/** The chat's own id of who writes, where people decide in that chat. */
export async function selectPerson(source: CompiledSource, payload: JSONValue): Promise<string | undefined> {
  return source.person && evaluateText(source.person, payload, 'preset');
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
  if (result === true) return undefined;
  return `\`when: ${when.text}\` gave ${describeValue(result)}, not true.${describeAbsent(when.reads ?? [], payload)}`;
}

/** Why what a person wrote asks for no rollback, and what to type; undefined where it is a command, even a wrong one. */
export function reasonNoCommand(command: TypedCommand | undefined): string | undefined {
  return command && 'fault' in command && isNoCommand(command.fault) ? adviceOn(command) : undefined;
}

/** A wrong name in `when` is a brake that never holds, and is no error: so the answer and the log say where nothing was. */
function describeAbsent(reads: readonly Path[], payload: JSONValue): string {
  const absent = reads.filter((path) => !isThere(path, payload)).map(textOf);
  return absent.length > 0 ? ` The payload has nothing at ${absent.join(', ')}.` : '';
}

function isThere(path: Path, payload: unknown): boolean {
  let value = payload;
  for (const key of path) {
    value = typeof value === 'object' && value && Object.hasOwn(value, key) ? (value as Indexed)[key] : null;
  }
  return value !== null;
}

type Indexed = Record<string | number, unknown>;

function textOf(path: Path): string {
  const text = path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${key}`)).join('');
  return text.replace('.', '');
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
