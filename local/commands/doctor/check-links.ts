import { Problem } from '../../../functions/errors.ts';
import { KmsFailure } from '../../../functions/kms/failure.ts';
import type { Environment } from '../../../functions/platform/settings.ts';
import { readKey } from '../../../functions/secrets/read-key.ts';
import type { CompiledSource } from '../../../functions/webhook/source/compiled-source.ts';
import { loadSources } from '../../../functions/webhook/source/load-sources.ts';
import {
  expiresSoon,
  verifyLink,
  type LinkGrant,
  type LinkParameters,
} from '../../../functions/webhook/verify/link.ts';
import { right, skipped, unknown, warning, wrong, type Finding } from './finding.ts';
import type { KmsReading, KmsReadings } from './kms-readings.ts';

/**
 * Whether links open their source, and for how long. Of a link, only source, application and time are shown: everyone who has
 * the rest can use it.
 *
 * @param links as `npm run link` printed them
 * @param now epoch milliseconds
 * @param readings what KMS gave
 */
export function checkLinks(
  links: readonly string[],
  sources: readonly CompiledSource[],
  env: Environment,
  now: number,
  readings: KmsReadings = new Map(),
): Finding[] {
  const known = { sources, env, readings };
  if (links.length > 0) return links.map((link, index) => checkLink(link, index + 1, known, now));
  const names = sources.filter(({ verify }) => verify.scheme === 'link').map(({ name }) => name);
  if (names.length === 0) return [];
  return [
    skipped(
      `the links of ${names.join(', ')}: they are not stored anywhere. --link URL checks one; the function's log warns of each in its last 14 days`,
    ),
  ];
}

interface Known {
  sources: readonly CompiledSource[];
  env: Environment;
  readings: KmsReadings;
}

function checkLink(link: string, number: number, { sources, env, readings }: Known, now: number): Finding {
  const url = URL.canParse(link) ? new URL(link) : undefined;
  if (!url) return wrong(`link ${number} is no address`, 'Copy it whole, and put it into single quotes.');
  const source = sources.find(({ name }) => url.pathname === `/${name}`);
  if (source?.verify.scheme !== 'link') {
    return wrong(
      `link ${number} leads to no source that is called by a link`,
      'Make a new one with npm run link.',
    );
  }
  const { name, secrets, verify } = source;
  const what = `link ${number} (${name})`;
  const { keys = [], secretsInKms = [] } = loadSources([source], env, () => undefined).get(name) ?? {};
  const allKeys = [...keys, ...secretsInKms.flatMap((secret) => keysIn(readings.get(secret), verify))];
  const isAllRead = secretsInKms.every((secret) => Array.isArray(readings.get(secret)));
  const finding = allKeys.length === 0 ? undefined : judge(what, verify, allKeys, url, now);
  if (finding && (isAllRead || finding.verdict !== 'wrong')) return finding;
  return unknown(
    `${what}: ${secrets.join(', ')} cannot be used here`,
    isAllRead
      ? 'Set it, and try again.'
      : 'It has to be read from KMS: the line of the secret says why it was not.',
  );
}

/** Both versions count. */
function keysIn(reading: KmsReading | undefined, verify: LinkParameters): Buffer[] {
  if (!reading || reading instanceof KmsFailure) return [];
  return reading.flatMap((version) => {
    const key = version && readKey(version.text, verify);
    return Buffer.isBuffer(key) ? [key] : [];
  });
}

function judge(
  what: string,
  verify: LinkParameters,
  keys: readonly Buffer[],
  { searchParams }: URL,
  now: number,
): Finding {
  try {
    const grant = verifyLink(verify, keys, { query: asFunctionComputeReads(searchParams) }, now);
    const text = `${what} opens its source ${describe(grant, now)}`;
    return expiresSoon(grant, now) ? warning(text, 'Make a new one in time: npm run link.') : right(text);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return wrong(`${what} does not open its source (${error.code})`, error.message);
  }
}

/** It joins the values of a key that comes more than once. */
function asFunctionComputeReads(query: URLSearchParams): ReadonlyMap<string, string> {
  return new Map([...query.keys()].map((key) => [key, query.getAll(key).join(',')]));
}

function describe({ app, expiresAtSeconds }: LinkGrant, now: number): string {
  const days = Math.floor((expiresAtSeconds - now / 1000) / 86_400);
  return `for the application ${app}, until ${new Date(expiresAtSeconds * 1000).toISOString()}, ${days} days from now`;
}
