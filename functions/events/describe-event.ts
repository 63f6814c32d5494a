import { isRecord } from '../lib/json.ts';
import { excerpt } from '../lib/text.ts';
import type { CloudEvent } from './cloud-event.ts';

/** How much of an event the log shows: levels, fields of an object, items of a list, characters of a text and of a name. */
const [mostLevels, mostFields, mostItems, mostCharacters, longestName] = [6, 40, 5, 200, 60];

/** Bytes of all of them as JSON. Function Compute cuts a line at 32 KB, and half a JSON object is none. */
const mostBytes = 16_000;

/** How many bytes of the log line are left. */
interface Room {
  bytes: number;
}

/** An event for the log: cut to what tells its shape, and without what may be secret. */
export function describeEvent({ payload }: Pick<CloudEvent, 'payload'>): unknown {
  return describe(payload, 0, { bytes: mostBytes });
}

function describe(value: unknown, level: number, room: Room): unknown {
  if (typeof value === 'string') return take(excerpt(withoutSecrets(value), mostCharacters), room);
  if (typeof value !== 'object' || value === null) return take(value, room);
  if (level === mostLevels) return take('…', room);
  if (Array.isArray(value)) return describeItems(value, level, room);
  return isRecord(value) ? describeFields(value, level, room) : '…';
}

/** The value, if there is room for it. */
function take(value: unknown, room: Room): unknown {
  room.bytes -= Buffer.byteLength(JSON.stringify(value)) + 1;
  return room.bytes < 0 ? '…' : value;
}

function describeItems(items: readonly unknown[], level: number, room: Room): unknown[] {
  const shown: unknown[] = [];
  take([], room);
  for (const item of items.slice(0, mostItems)) {
    if (room.bytes < 0) break;
    shown.push(describe(item, level + 1, room));
  }
  return items.length > shown.length ? [...shown, `… ${items.length - shown.length} more`] : shown;
}

function describeFields(value: Record<string, unknown>, level: number, room: Room): Record<string, unknown> {
  const fields = Object.entries(value);
  const shown: [string, unknown][] = [];
  const isPairOfSecret = namesSecret(value);
  take({}, room);
  for (const [name, each] of fields.slice(0, mostFields)) {
    if (room.bytes < 0) break;
    const nameShown = excerpt(withoutSecrets(name), longestName);
    take(nameShown, room);
    const isHidden = secretName.test(name) || (isPairOfSecret && valueName.test(name));
    shown.push([nameShown, isHidden ? take(notShown, room) : describe(each, level + 1, room)]);
  }
  const described = Object.fromEntries(shown) as Record<string, unknown>;
  return fields.length > shown.length
    ? { ...described, '…': `${fields.length - shown.length} more` }
    : described;
}

const notShown = '[not shown]';

/** What a name has in it whose value may be a secret. */
const secretWords =
  'secret|token|passw|pwd|passphrase|authori[sz]ation|cookie|credential|signature|access.?key|api.?key|webhook|private|session|jwt|bearer|connection.?str';

/** Names of fields that may hold a secret. What they hold is not shown. */
const secretName = new RegExp(`${secretWords}|^(auth|sign|ak|sk|dsn)$`, 'i');

/** The fields of a pair, such as a dimension or a label: `{"name":"token","value":"…"}`. */
const [pairName, valueName] = [/^(name|key)$/i, /^val(ue)?s?$/i];

/** Whether an object is such a pair, and names a secret. */
function namesSecret(value: Record<string, unknown>): boolean {
  return Object.entries(value).some(
    ([name, each]) => pairName.test(name) && typeof each === 'string' && secretName.test(each),
  );
}

/**
 * What may be secret in a text: behind the host of an address, behind a name as above, after `Bearer`, and what is long and random.
 * A UUID is an id, and tells what the event is about.
 */
const hiding: readonly [RegExp, string][] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[^]*/g, notShown],
  [/\b([a-z][a-z\d+.-]{0,20}:\/\/)(?:[^\s/?#@"']*@)?([a-z\d.-]*(?::\d+)?)[^\s"'<>]*/gi, '$1$2/…'],
  [/\b(bearer|basic)\s+[\w.~+/=-]{6,}/gi, `$1 ${notShown}`],
  [new RegExp(`((?:${secretWords})[\\w.-]{0,40}\\\\*["']?\\s*[:=]\\s*)\\\\*"[^"]*"`, 'gi'), `$1${notShown}`],
  [new RegExp(`((?:${secretWords})[\\w.-]{0,40}\\\\*["']?\\s*[:=]\\s*)[^\\s"',;&}]+`, 'gi'), `$1${notShown}`],
  [/\b(LTAI|STS\.|sk-|gh[pousr]_|xox[a-z]-|whsec_)[\w./+=-]{6,}/g, notShown],
  [/\beyJ[\w-]{6,}(\.[\w-]+)*/g, notShown],
];

const longAndRandom = /[\w+/=-]{32,}/g;
const uuid = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

function withoutSecrets(text: string): string {
  let shown = text;
  for (const [pattern, instead] of hiding) shown = shown.replaceAll(pattern, instead);
  return shown.replaceAll(longAndRandom, (run) => (uuid.test(run) || !/\d/.test(run) ? run : notShown));
}
