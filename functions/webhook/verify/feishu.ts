import { isUtf8 } from 'node:buffer';
import { createDecipheriv } from 'node:crypto';
import { Problem } from '../../errors.ts';
import { isRecord } from '../../lib/json.ts';
import { decodeBase64, decodeHex } from './digest.ts';
import { matches, sha256, type SignedRequest } from './match.ts';
import { requireFreshHeader } from './timestamp.ts';

/**
 * Feishu and Lark events: hexadecimal SHA-256 (no HMAC) over time, nonce, encrypt key and raw body, which is usually
 * `{"encrypt": …}`.
 * https://open.feishu.cn/document/server-docs/event-subscription-guide/event-subscription-configure-/encrypt-key-encryption-configuration-case
 */
export interface FeishuParameters {
  scheme: 'feishu';
}

/** Its header, and how far it may be from now. */
export const feishuTimestamp = {
  header: 'x-lark-request-timestamp',
  unit: 's',
  toleranceSeconds: 300,
} as const;
export const feishuNonceHeader = 'x-lark-request-nonce';
export const feishuSignatureHeader = 'x-lark-signature';

/**
 * @param now epoch milliseconds
 * @throws Problem `signature_missing`, `signature_malformed`, `signature_mismatch`, or one of the timestamp's
 */
export function verifyFeishu(
  keys: readonly Buffer[],
  { headers, body }: Pick<SignedRequest, 'headers' | 'body'>,
  now: number,
): void {
  const nonce = headers.get(feishuNonceHeader);
  const signature = headers.get(feishuSignatureHeader);
  if (!signature || nonce === undefined) {
    throw new Problem(
      'signature_missing',
      `The headers ${feishuSignatureHeader} and ${feishuNonceHeader} must be there. Feishu signs once the app has an Encrypt Key.`,
    );
  }
  const digest = decodeHex(signature);
  if (digest?.length !== 32) {
    throw new Problem(
      'signature_malformed',
      `The header ${feishuSignatureHeader} must hold 32 bytes in hex.`,
    );
  }
  const time = requireFreshHeader(feishuTimestamp, headers, now);
  const expected = keys.map((key) => feishuSignature(key, time, nonce, body));
  if (!matches(expected, [digest])) {
    throw new Problem(
      'signature_mismatch',
      `The signature in ${feishuSignatureHeader} was not made with this source's Encrypt Key over the body that arrived.`,
    );
  }
}

export function feishuSignature(key: Buffer, time: string, nonce: string, body: Buffer): Buffer {
  return sha256(time, nonce, key, body);
}

/**
 * The plain text of `{"encrypt": <base64>}`: AES-256-CBC under SHA-256 of the Encrypt Key, the first 16 bytes being the
 * initialisation vector. Undefined where the body is not of this form, or none of the keys makes JSON of it: one time
 * in 256 a wrong key seems to fit, while a key is being rotated.
 */
export function decryptFeishu(keys: readonly Buffer[], body: unknown): string | undefined {
  const text = isRecord(body) ? body['encrypt'] : undefined;
  const bytes = typeof text === 'string' ? decodeBase64(text) : undefined;
  if (!bytes) return undefined;
  return keys.map((key) => decryptToJson(key, bytes)).find((plain) => plain !== undefined);
}

function decryptToJson(key: Buffer, bytes: Buffer): string | undefined {
  try {
    const decipher = createDecipheriv('aes-256-cbc', sha256(key), bytes.subarray(0, 16));
    const plain = Buffer.concat([decipher.update(bytes.subarray(16)), decipher.final()]);
    // Bytes that are not UTF-8 would become other characters, as in a body that is not encrypted.
    if (!isUtf8(plain)) return undefined;
    JSON.parse(plain.toString('utf8'));
    return plain.toString('utf8');
  } catch {
    return undefined;
  }
}
