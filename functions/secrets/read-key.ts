import type { Log } from '../platform/log.ts';
import { readVariable } from '../platform/settings.ts';
import { decodeSecret, publicZendeskSecret, type SecretEncoding } from './decode-secret.ts';
import { nameInKms } from './secret-name.ts';

/** What a key is made for, as far as it says how the secret is written. */
export interface SecretUse {
  scheme: string;
  /** Default: the text as it is. */
  secretEncoding?: SecretEncoding;
  /** `basic`: it is `user:password`. */
  format?: string;
}

export function secretEncodingOf({ secretEncoding = 'plain' }: SecretUse): SecretEncoding {
  return secretEncoding;
}

/** A source, or what else has keys, some of them in KMS. */
export interface KeyHolder {
  name: string;
  verify: SecretUse;
  /** One for each variable; those of the secrets in KMS too, once they were read for the request. */
  keys: readonly Buffer[];
  /** The names of its secrets in KMS. */
  secretsInKms: readonly string[];
  /** Milliseconds until the request must be answered. */
  deadlineMs: number;
}

/** Shorter than this, a key can be found by trying. https://www.rfc-editor.org/rfc/rfc2104#section-3 asks for more. */
export const shortestKeyBytes = 16;

export function isShort(key: Buffer): boolean {
  return key.length < shortestKeyBytes;
}

/** @param secret its name in `sources.yaml` */
export function warnOfShortKey(source: string, secret: string, log: Log): void {
  const reason = `${secret} is shorter than ${shortestKeyBytes} bytes; make one with: openssl rand -hex 32`;
  const place = nameInKms(secret) === undefined ? 'variable' : 'secret';
  log('warn', 'a secret is short', { source, [place]: secret, reason });
}

/** The key, or what is wrong with the secret. */
export function readKey(value: string | undefined, verify: SecretUse): Buffer | string {
  const variable = readVariable(value);
  if ('fault' in variable) return variable.fault;
  const { text: secret } = variable;
  if (secret === publicZendeskSecret) return "is Zendesk's test secret, which is public";
  const isBasic = verify.scheme === 'token' && verify.format === 'basic';
  if (isBasic && !/^[^:]+:./.test(secret)) return 'is not of the form user:password';
  const encoding = secretEncodingOf(verify);
  const more = encoding === 'whsec' ? ', which is base64, with or without whsec_ before it' : '';
  return decodeSecret(secret, encoding) ?? `cannot be decoded: its encoding is ${encoding}${more}`;
}
