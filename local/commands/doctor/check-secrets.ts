import { KmsFailure } from '../../../functions/kms/failure.ts';
import type { Environment } from '../../../functions/platform/settings.ts';
import { readPreviousKey } from '../../../functions/secrets/kms-keys.ts';
import { readKey } from '../../../functions/secrets/read-key.ts';
import { nameInKms } from '../../../functions/secrets/secret-name.ts';
import type { CompiledSource } from '../../../functions/webhook/source/compiled-source.ts';
import { isClosed, loadSources } from '../../../functions/webhook/source/load-sources.ts';
import { digestBytes } from '../../../functions/webhook/verify/hmac.ts';
import type { VerifyParameters } from '../../../functions/webhook/verify/verify.ts';
import { sandboxSecrets } from '../../sandbox/secrets.ts';
import { right, skipped, unknown, warning, wrong, type Finding } from './finding.ts';
import type { KmsReading, KmsReadings } from './kms-readings.ts';

/** What is there in the place of a secret. */
const placeholders =
  /^(change[-_ ]?(me|it)|secret|password|passw0rd|token|test|example|todo|none|null|undefined|x{3,}|\.{3,}|<.*>|your[-_ ].*)$/i;

/** Shorter than this, a token or password can be found by trying; the function itself warns of such a key. */
const shortestBytes = 16;

/** Standard Webhooks: 24 to 64 bytes. https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md */
const whsecBytes = 24;

/** A secret in words, and what to do where it cannot stay. */
interface Place {
  /** With its name in sources.yaml. */
  what: string;
  /** What is said of one that is fit. */
  isFit: string;
  replace: string;
}

const makeOne = 'To make one: openssl rand -hex 32';

/**
 * Each secret of a source, in its variable or in KMS; whether any source is open; whether two have the same secret.
 *
 * @param readings what KMS gave; a secret that is not in it was not asked for
 * @param whyNotAsked for a secret that is not in the readings
 */
export function checkSecrets(
  sources: readonly CompiledSource[],
  env: Environment,
  readings: KmsReadings = new Map(),
  whyNotAsked = '--offline',
): Finding[] {
  const findings = sources.flatMap((source) =>
    source.secrets.flatMap((item) => {
      const name = nameInKms(item);
      if (name === undefined) return [checkVariable(source, item, env)];
      const reading = readings.get(name);
      if (reading) return checkInKms(source, item, reading);
      return [skipped(`${item} (${source.name}) is in KMS, which was not asked: ${whyNotAsked}`)];
    }),
  );
  return [...findings, ...checkShared(sources, env, readings), ...checkAnyOpen(sources, env)];
}

/** @returns whether these variables hold its secret, or it is in KMS, where only a call can tell */
export function isOpen(source: CompiledSource, env: Environment): boolean {
  const opened = loadSources([source], env, () => undefined).get(source.name);
  return opened !== undefined && !isClosed(opened);
}

function checkVariable(source: CompiledSource, variable: string, env: Environment): Finding {
  const { name } = source;
  const value = env[variable];
  if (value === undefined || value === '') {
    const other = source.secrets.find((each) => nameInKms(each) !== undefined || env[each]);
    if (other !== undefined) {
      return wrong(
        `${variable} is empty although ${other} is there, so the source ${name} would be closed to everybody`,
        'Put the secret that it stands for into .env, or take its name out of secrets in sources.yaml.',
      );
    }
    return warning(
      `${variable} is empty, so the source ${name} stays closed`,
      `Put the secret into .env. ${makeOne}. A source that is not used may stay closed.`,
    );
  }
  const replace = 'Put another value into .env. To make a secret: openssl rand -hex 32';
  return checkText(source, variable, value, { what: variable, isFit: 'is set, and long enough', replace });
}

/** Both versions are accepted, so both must be fit. */
function checkInKms(source: CompiledSource, item: string, reading: KmsReading): Finding[] {
  if (reading instanceof KmsFailure) return [notRead(`${item} (${source.name})`, reading)];
  const [current, previous] = reading;
  const isUsable = typeof readKey(current.text, source.verify) !== 'string';
  const replace = isUsable
    ? `Store two new versions of it in KMS, as the one before the newest counts as well. ${makeOne}`
    : `Store another as a new version in KMS. ${makeOne}`;
  const finding = checkText(source, item, current.text, {
    what: item,
    isFit: 'is in KMS, and long enough',
    replace,
  });
  return previous ? [finding, checkPrevious(source, item, previous.text)] : [finding];
}

function checkPrevious(source: CompiledSource, item: string, text: string): Finding {
  const what = `the previous version of ${item}`;
  const fault = readPreviousKey(text, source.verify);
  if (typeof fault === 'string') {
    return warning(
      `${what} ${fault}, so ${source.name} takes the current one alone`,
      'A sender that signs with the previous one is refused. Where none does, nothing is to be done.',
    );
  }
  const replace = `Give the sender the current one, then store a new version in KMS: this one counts until then. ${makeOne}`;
  return checkText(source, item, text, { what, isFit: 'counts as well, and is long enough', replace });
}

/** Why KMS did not give a secret. */
export function notRead(what: string, { kind, code, message }: KmsFailure): Finding {
  if (kind === 'unavailable') {
    return unknown(`${what} could not be read from KMS`, `${message} Run the doctor again.`);
  }
  if (code === undefined) return wrong(`${what} cannot be used`, message);
  if (code.includes('NotFound')) return wrong(`${what} is not in KMS`, message);
  return unknown(
    `${what} is not given to these credentials`,
    `${message} These are yours, not the role's: with --url, the function shows what its role may read.`,
  );
}

function checkText(source: CompiledSource, item: string, text: string, place: Place): Finding {
  const { what, isFit, replace } = place;
  const key = readKey(text, source.verify);
  if (typeof key === 'string') return wrong(`${what} ${key}`, replace);
  const fault = faultOfText(source, item, text, key);
  if (fault !== undefined) return wrong(`${what} ${fault}`, replace);
  const recommended = recommendedBytes(source.verify);
  if (key.length >= recommended) return right(`${what} (${source.name}) ${isFit}`);
  return warning(
    `${what} (${source.name}) makes a key of ${key.length} bytes; ${recommended} are recommended`,
    'Give the sender a longer one, where you choose it: openssl rand -hex 32. https://www.rfc-editor.org/rfc/rfc2104#section-3',
  );
}

function faultOfText(source: CompiledSource, item: string, value: string, key: Buffer): string | undefined {
  const own = passwordIn(source.verify, value);
  if (/^["'`]|["'`]$/.test(value)) return 'begins or ends with a quote, which would be a part of it';
  if (/\p{Cc}/u.test(value)) return 'holds a line break or another control character';
  if (placeholders.test(own)) return 'is a placeholder, and no secret';
  if (new Set(own).size < 4) return 'is made of the same few characters';
  if (sandboxSecrets([source])[item] === value) return "is the sandbox's, which is public";
  if (Math.min(key.length, Buffer.byteLength(own)) < shortestBytes)
    return `is shorter than ${shortestBytes} bytes`;
  return undefined;
}

/** Of user:password, the user is not secret. */
function passwordIn(verify: VerifyParameters, value: string): string {
  const isBasic = verify.scheme === 'token' && verify.format === 'basic';
  return isBasic ? value.slice(value.indexOf(':') + 1) : value;
}

/** RFC 2104 discourages a key that is shorter than the hash's output; a token is no key, and only has to be unguessable. */
function recommendedBytes(verify: VerifyParameters): number {
  if (verify.scheme === 'token') return shortestBytes;
  if (verify.scheme !== 'hmac') return digestBytes.sha256;
  return verify.secretEncoding === 'whsec' ? whsecBytes : digestBytes[verify.algorithm];
}

/** A secret that is known: where it stands, in words, and under which item of sources.yaml. */
interface Known {
  item: string;
  what: string;
  text: string;
}

/** Who has seen a token could use it as the other's; and while a secret is rotated, old and new must differ. */
function checkShared(sources: readonly CompiledSource[], env: Environment, readings: KmsReadings): Finding[] {
  const items = [...new Set(sources.flatMap(({ secrets }) => secrets))];
  const known = items.flatMap((item) => knownOf(item, env, readings));
  return known.flatMap((one, index) => {
    const twin = known.slice(0, index).find(({ item, text }) => item !== one.item && text === one.text);
    return twin ? [ofTwins(twin, one, sources)] : [];
  });
}

function knownOf(item: string, env: Environment, readings: KmsReadings): Known[] {
  const name = nameInKms(item);
  if (name === undefined) {
    const text = env[item];
    return text ? [{ item, what: item, text }] : [];
  }
  const reading = readings.get(name);
  if (!reading || reading instanceof KmsFailure) return [];
  const [current, previous] = reading;
  return [
    { item, what: item, text: current.text },
    ...(previous ? [{ item, what: `the previous version of ${item}`, text: previous.text }] : []),
  ];
}

function ofTwins(one: Known, other: Known, sources: readonly CompiledSource[]): Finding {
  const what = `${one.what} and ${other.what} have the same value`;
  const variables = [one.item, other.item].filter((item) => nameInKms(item) === undefined);
  const users = sources.filter(({ secrets }) => secrets.includes(one.item) || secrets.includes(other.item));
  // The secret of one source that is moved to KMS.
  if (variables.length !== 1 || users.length !== 1) return wrong(what, 'Give each a secret of its own.');
  return warning(
    what,
    `KMS has it, so ${variables.join()} is not needed: take it out of sources.yaml, s.yaml, .env.example and .env.`,
  );
}

function checkAnyOpen(sources: readonly CompiledSource[], env: Environment): Finding[] {
  if (sources.length === 0 || sources.some((source) => isOpen(source, env))) return [];
  return [
    wrong(
      'no source has its secret, so every webhook is refused',
      `Put the secret of at least one source into .env, which cp .env.example .env makes. ${makeOne}. If only events are to roll back, take sources out of sources.yaml instead.`,
    ),
  ];
}
