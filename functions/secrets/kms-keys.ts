import { Problem } from '../errors.ts';
import type { KmsClient } from '../kms/client.ts';
import { allAfterSettled } from '../lib/async.ts';
import type { Log } from '../platform/log.ts';
import { SecretUnavailable, type KmsSecrets, type SecretVersions } from './kms-secrets.ts';
import {
  isShort,
  readKey,
  shortestKeyBytes,
  warnOfShortKey,
  type KeyHolder,
  type SecretUse,
} from './read-key.ts';

/** Gives a source, or what else has keys, those of its secrets in KMS, beside those that it has already. */
export type AddKmsKeys = <Holder extends KeyHolder>(
  holder: Holder,
  openKms: () => Promise<KmsClient>,
) => Promise<Holder>;

/** Milliseconds for which a secret is kept: so soon after it has changed, the new version counts. */
const freshMs = 5 * 60_000;
/** The same for one that cannot be used, so that a source opens soon after that was mended. */
const freshWhileUnfitMs = 60_000;

/** Milliseconds. KMS takes some tens of them. */
const longestReadMs = 2000;
/** Of the sender's patience: most of it is for the rollback. */
const shareOfRead = 0.3;

/** The keys of one source in one secret, or none where its current version cannot be used. */
interface Decoded {
  versions: SecretVersions;
  keys: readonly Buffer[];
}

/**
 * Both versions of a secret make a key, for the sender changes to the new one at a moment of its own.
 *
 * @throws Problem `secrets_unavailable`, `source_not_configured`
 */
export function createAddKmsKeys(secrets: KmsSecrets, log: Log): AddKmsKeys {
  /** By source and secret: two sources may decode the same secret differently. */
  const decoded = new Map<string, Decoded>();

  async function keysIn(
    name: string,
    source: KeyHolder,
    openKms: () => Promise<KmsClient>,
  ): Promise<readonly Buffer[]> {
    const id = `${source.name} ${name}`;
    const before = decoded.get(id);
    const versions = await secrets.read(name, {
      openKms,
      timeoutMs: Math.min(longestReadMs, source.deadlineMs * shareOfRead),
      maxAgeMs: before?.keys.length === 0 ? freshWhileUnfitMs : freshMs,
    });
    if (before?.versions === versions) return before.keys;
    const keys = decode(name, versions, source, log);
    decoded.set(id, { versions, keys });
    return keys;
  }

  return async (source, openKms) => {
    const keys = await allAfterSettled(
      source.secretsInKms.map((name) => keysIn(name, source, openKms)),
    ).catch((error: unknown) => {
      throw error instanceof SecretUnavailable ? toSecretsProblem(error) : error;
    });
    if (keys.some((each) => each.length === 0)) throw notConfigured();
    return { ...source, keys: [...source.keys, ...keys.flat()] };
  };
}

/** A previous version that cannot be used closes nothing: the current one was often made to replace it. */
function decode(
  name: string,
  [current, previous]: SecretVersions,
  source: KeyHolder,
  log: Log,
): readonly Buffer[] {
  const secret = `kms:${name}`;
  const key = readKey(current.text, source.verify);
  if (typeof key === 'string') {
    log('error', 'a source is closed', { source: source.name, secret, reason: `${secret} ${key}` });
    return [];
  }
  if (isShort(key)) warnOfShortKey(source.name, secret, log);
  const old = previous && readPreviousKey(previous.text, source.verify);
  if (typeof old === 'string') {
    const reason = `The previous version of ${secret} ${old}`;
    log('warn', 'a previous secret is not used', { source: source.name, secret, reason });
  }
  return Buffer.isBuffer(old) ? [key, old] : [key];
}

/**
 * The key, or why it is not used. A short one can be found by trying: often a secret is made with something in its
 * place, such as a single letter, and the real one is stored afterwards.
 */
export function readPreviousKey(text: string, verify: SecretUse): Buffer | string {
  const key = readKey(text, verify);
  return Buffer.isBuffer(key) && isShort(key) ? `is shorter than ${shortestKeyBytes} bytes` : key;
}

function toSecretsProblem({ retryAfterSeconds }: SecretUnavailable): Problem {
  if (retryAfterSeconds === undefined) return notConfigured();
  return new Problem(
    'secrets_unavailable',
    `A secret of this source could not be read from KMS, so requests are refused for now. KMS is asked again in ${retryAfterSeconds} s; the log says what it said.`,
    { retryAfterSeconds },
  );
}

function notConfigured(): Problem {
  return new Problem(
    'source_not_configured',
    'A secret of this source in KMS is missing, cannot be used, or may not be read, so every request is refused. The log names the secret. Once it is corrected, the source opens by itself within about a minute.',
  );
}
