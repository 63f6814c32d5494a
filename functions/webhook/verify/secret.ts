import { decodeBase64, decodeHex } from './digest.ts';

/** How a sender makes the HMAC key from the secret that it shows. `whsec`: Standard Webhooks, `whsec_<base64>`. */
export type SecretEncoding = 'plain' | 'hex' | 'base64' | 'whsec';

/** The HMAC key, or undefined where the secret is not of this encoding or makes an empty key. */
export function decodeSecret(secret: string, encoding: SecretEncoding): Buffer | undefined {
  switch (encoding) {
    case 'plain':
      return secret === '' ? undefined : Buffer.from(secret, 'utf8');
    case 'hex':
      return decodeHex(secret);
    case 'base64':
      return decodeBase64(secret);
    case 'whsec':
      return secret.startsWith('whsec_') ? decodeBase64(secret.slice('whsec_'.length)) : undefined;
  }
}
