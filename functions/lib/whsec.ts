/**
 * The HMAC key of a secret of Standard Webhooks, `whsec_<base64>`, or the base64 alone, as its own libraries and Svix's
 * take it. Undefined where the secret is not of this form or makes an empty key.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/libraries/javascript/src/index.ts
 * https://github.com/svix/svix-webhooks/blob/main/javascript/src/webhook.ts
 */
export function decodeWhsec(secret: string): Buffer | undefined {
  return decodeSecretBase64(secret.replace(/^whsec_/, ''));
}

/**
 * Standard base64 whose padding may be left out, as Standard Webhooks' own libraries allow. A secret is the operator's
 * own text, so this need not be as strict as for a digest, which an attacker can send.
 * https://github.com/standard-webhooks/standard-webhooks/tree/main/libraries
 */
export function decodeSecretBase64(text: string): Buffer | undefined {
  const letters = text.replace(/={1,2}$/, '');
  const isBase64 = /^[A-Za-z0-9+/]+$/.test(letters) && letters.length % 4 !== 1;
  const isPadded = letters.length < text.length;
  return isBase64 && (!isPadded || text.length % 4 === 0) ? Buffer.from(letters, 'base64') : undefined;
}
