import { readOrigin } from '../alibaba/origin.ts';
import { Problem } from '../errors.ts';
import { readVariable, type Environment } from '../platform/settings.ts';
import { isShort, readKey, shortestKeyBytes, type KeyHolder } from '../secrets/read-key.ts';
import { nameInKms } from '../secrets/secret-name.ts';
import type { RollbackPolicy } from '../select/policy.ts';

/** What links to the page are made of. */
export interface ConfirmSettings extends KeyHolder {
  /** The origin of the address under which browsers reach this function. */
  publicUrl: string;
}

/** Why there can be no links: the variable, and what is wrong with its value. The value itself is left out. */
export interface ConfirmFault {
  variable: 'PUBLIC_URL' | 'CONFIRM_SECRET';
  reason: string;
}

/** A link is signed as one for senders is, in another text. */
const verify = { scheme: 'link', source: 'confirm' } as const;

/** Reads `PUBLIC_URL` and `CONFIRM_SECRET`, which may be `kms:NAME`: a secret in KMS. */
export function readConfirmSettings(env: Environment): ConfirmSettings | ConfirmFault {
  const url = readVariable(env['PUBLIC_URL']);
  if ('fault' in url) return { variable: 'PUBLIC_URL', reason: url.fault };
  const read = readOrigin(url.text);
  if ('fault' in read) return { variable: 'PUBLIC_URL', reason: read.fault };
  const secret = readVariable(env['CONFIRM_SECRET']);
  if ('fault' in secret) return { variable: 'CONFIRM_SECRET', reason: secret.fault };
  const holder = { name: 'confirm', verify, deadlineMs: kmsPatienceMs, publicUrl: read.origin };
  const inKms = nameInKms(secret.text);
  if (inKms === '') return { variable: 'CONFIRM_SECRET', reason: 'names no secret behind kms:' };
  if (inKms !== undefined) return { ...holder, keys: [], secretsInKms: [inKms] };
  const key = readKey(secret.text, verify);
  if (typeof key === 'string') return { variable: 'CONFIRM_SECRET', reason: key };
  if (isShort(key)) {
    const reason = `is shorter than ${shortestKeyBytes} bytes; make one with: openssl rand -hex 32`;
    return { variable: 'CONFIRM_SECRET', reason };
  }
  return { ...holder, keys: [key], secretsInKms: [] };
}

/** Why a source that asks people on the page cannot make links to it; undefined where it can, or needs none. */
export function faultOfAsking(
  { confirm }: Pick<RollbackPolicy, 'confirm'>,
  env: Environment,
): ConfirmFault | undefined {
  if (confirm?.by !== 'page') return undefined;
  const settings = readConfirmSettings(env);
  return 'publicUrl' in settings ? undefined : settings;
}

/**
 * The keys of the links, the current one first. A link can be tried offline, and lets anyone decide who has one: so a short
 * secret is not taken, wherever it is kept.
 *
 * @param addKeys reads the secret in KMS
 * @throws Problem `secrets_unavailable`, `source_not_configured`
 */
export async function readLinkKeys(
  settings: ConfirmSettings,
  addKeys: (settings: ConfirmSettings) => Promise<ConfirmSettings>,
): Promise<readonly [Buffer, ...Buffer[]]> {
  const { keys } = settings.secretsInKms.length > 0 ? await addKeys(settings) : settings;
  const [current, ...previous] = keys;
  if (current && !isShort(current)) return [current, ...previous.filter((key) => !isShort(key))];
  throw new Problem(
    'source_not_configured',
    `The secret in KMS that CONFIRM_SECRET names is shorter than ${shortestKeyBytes} bytes, so no link is made or taken.`,
  );
}

/** Milliseconds: reading KMS takes a share of it. */
const kmsPatienceMs = 5_000;
