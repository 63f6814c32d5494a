import { decodeHex } from '../lib/decode-bytes.ts';
import { decodeSecretBase64, decodeWhsec } from '../lib/whsec.ts';

/** How a sender makes the HMAC key from the secret that it shows. `whsec`: Standard Webhooks, `whsec_<base64>`, or the
 * base64 alone. */
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
      return decodeWhsec(secret);
  }
}
