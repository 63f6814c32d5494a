import { decodeHex } from './digest.ts';

/** How a sender makes the HMAC key from the secret that it shows. `whsec`: Standard Webhooks, `whsec_<base64>`. */
export type SecretEncoding = 'plain' | 'hex' | 'base64' | 'whsec';

/**
 * Signs the tests of a webhook in Zendesk that has not been created yet.
 * https://developer.zendesk.com/documentation/webhooks/verifying/#signing-secrets-on-new-webhooks
 */
export const publicZendeskSecret = 'dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ==';

/** The HMAC key, or undefined where the secret is not of this encoding or makes an empty key. */
export function decodeSecret(secret: string, encoding: SecretEncoding): Buffer | undefined {
  switch (encoding) {
    case 'plain':
      return secret === '' ? undefined : Buffer.from(secret, 'utf8');
    case 'hex':
      return decodeHex(secret);
    case 'base64':
      return decodeSecretBase64(secret);
    case 'whsec':
      return secret.startsWith('whsec_') ? decodeSecretBase64(secret.slice('whsec_'.length)) : undefined;
  }
}

/**
 * Standard base64 whose padding may be left out, as Standard Webhooks' own libraries allow. A secret is the operator's
 * own text: it need not be as strict as a digest, which anybody can send.
 * https://github.com/standard-webhooks/standard-webhooks/tree/main/libraries
 */
function decodeSecretBase64(text: string): Buffer | undefined {
  const letters = text.replace(/={1,2}$/, '');
  const isBase64 = /^[A-Za-z0-9+/]+$/.test(letters) && letters.length % 4 !== 1;
  const isPadded = letters.length < text.length;
  return isBase64 && (!isPadded || text.length % 4 === 0) ? Buffer.from(letters, 'base64') : undefined;
}
