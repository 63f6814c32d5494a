import { Problem } from '../errors.ts';
import { describeValue } from './describe-value.ts';
import { evaluate, evaluateText } from './evaluate.ts';
import { reasonOfEvent } from './expected.ts';
import type { JSONValue, Path } from './expression.ts';
import type { RollbackPolicy } from './policy.ts';

/** Who asked, as the sender says it; only for the log and the answer, so it never stops a rollback. */
export async function selectActor(source: RollbackPolicy, payload: JSONValue): Promise<string | undefined> {
  if (!source.actor) return undefined;
  return evaluateText(source.actor, payload, 'actor');
}

/** Why a payload that was understood asks for no rollback; undefined where it may. */
export async function reasonToIgnore(
  source: RollbackPolicy,
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
export async function requireAllowed(source: RollbackPolicy, payload: JSONValue): Promise<void> {
  if (!source.allow) return;
  if ((await evaluate(source.allow, payload, 'allow')) !== true) {
    throw new Problem('sender_not_allowed', `\`allow: ${source.allow.text}\` is not true for this payload.`);
  }
}
