import { placeOfJsonFault } from '../../lib/json-fault.ts';
import { showUnseen } from '../../lib/text-for-people.ts';
import type { Source } from '../source/load-sources.ts';

/** Characters of the payload that are shown on each side of the place. */
const shown = 20;
/** Characters on each side in which secrets are looked for: more than one has. */
const searched = 5000;

/**
 * Where a text stops being JSON, what stands there, and what helps. Only for a sender that is known: most often its
 * template does not escape a text, and just the alerts that have one never arrive.
 */
export function describeJsonFault(text: string, what: string, { keys, jsonAdvice }: Source): string {
  const at = placeOfJsonFault(text);
  const lines = text.slice(0, at).split('\n');
  const column = (lines.at(-1)?.length ?? 0) + 1;
  const before = text.slice(Math.max(at - searched, 0), at);
  const masked = withoutSecrets(before + text.slice(at, at + searched), keys);
  const left = showUnseen(masked.slice(0, before.length)).slice(-shown).toWellFormed();
  const right = showUnseen(masked.slice(before.length)).slice(0, shown).toWellFormed();
  const place = `The ${what} stops being JSON in line ${lines.length}, column ${column}`;
  const words = right === '' ? `behind ‘${left}’ it ends` : `behind ‘${left}’ stands ‘${right}’`;
  const advice = jsonAdvice ?? 'A quotation mark, backslash or line break within a text must be escaped.';
  return `${place}: ${words}. ${advice}`;
}

/** A secret of its own kind in every spelling in which a payload could hold it, and what looks like one of another's. */
function withoutSecrets(text: string, keys: readonly Buffer[]): string {
  const own = keys.flatMap(spellingsOf).toSorted((a, b) => b.length - a.length);
  const withoutOwn = own.reduce((each, secret) => each.replaceAll(secret, mask), text);
  return foreign.reduce((each, pattern) => each.replaceAll(pattern, mask), withoutOwn);
}

function spellingsOf(key: Buffer): string[] {
  const plain = key.toString('utf8');
  const password = plain.slice(plain.indexOf(':') + 1);
  const spellings = [plain, password].flatMap((each) => [
    each,
    encodeURIComponent(each.toWellFormed()),
    JSON.stringify(each).slice(1, -1),
    Buffer.from(each).toString('base64').replace(/=+$/, ''),
  ]);
  const decoded = [key.toString('hex'), key.toString('base64').replace(/=+$/, '')];
  // Shorter ones are no secrets, and would mask half of the text.
  return [...spellings, ...decoded].filter((each) => each.length >= 4);
}

/** The user and password of an address; what stands behind a name that sounds of a secret; long runs with a digit in them. */
const foreign = [
  /(?<=\b(?:bearer|basic)\s{1,5})[^\s",}]+/gi,
  /(?<=:\/\/)[^\s/"']*(?=@)/g,
  /(?<=(?:pass|pwd|secret|token|key|auth|sign|session|credential)[\w-]{0,30}["']?\s{0,5}[:=]\s{0,5})(?:"[^,}\n]*|[^\s"&,}]+)/gi,
  /(?=[\w+/=.~-]{0,100}\d)[\w+/=.~-]{20,}/g,
];

/** As long as before, so that places stay. */
function mask(secret: string): string {
  return '*'.repeat(secret.length);
}
