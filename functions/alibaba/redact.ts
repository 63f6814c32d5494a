import { holdsPieceOf } from '../lib/text.ts';
import type { Credentials } from './credentials.ts';

/** A piece of a credential of this length counts as a quotation of it; a shorter piece is of no use to an attacker. */
const quotationLength = 12;

/** An id or a code of an API, or undefined where it is none or cannot be passed on. */
export function identifier(value: unknown, credentials: Credentials): string | undefined {
  const isIdentifier = typeof value === 'string' && /^[\w.-]{1,128}$/.test(value);
  return isIdentifier && !holdsPieceOfCredentials(value, credentials) ? value : undefined;
}

/** Whether a text holds a piece of the credentials, as they are, URL-encoded or as a JSON string. */
export function holdsPieceOfCredentials(text: string, credentials: Credentials): boolean {
  const { accessKeyId, accessKeySecret, securityToken } = credentials;
  return [securityToken, accessKeySecret, accessKeyId]
    .flatMap((secret) => (secret ? [secret, encodeURIComponent(secret), JSON.stringify(secret)] : []))
    .some((secret) => holdsPieceOf(text, secret, quotationLength));
}
