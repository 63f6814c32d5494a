import { isUtf8 } from 'node:buffer';
import { createDecipheriv } from 'node:crypto';
import { Problem } from '../../errors.ts';
import { decodeBase64, decodeHex } from '../../lib/decode-bytes.ts';
import { isRecord } from '../../lib/json.ts';
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
 * The digest alone proves less than an HMAC, so the form of what it covers is a part of the proof: see {@link requireForm}.
 *
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
  if (!signature || !nonce) {
    throw new Problem(
      'signature_missing',
      `The headers ${feishuSignatureHeader} and ${feishuNonceHeader} must be there. Feishu signs once the app has an Encrypt Key.`,
    );
  }
  const digest = decodeHex(signature);
  if (digest?.length !== 32) {
    throw malformed(`The header ${feishuSignatureHeader} must hold 32 bytes in hex.`);
  }
  const time = requireFreshHeader(feishuTimestamp, headers, now);
  requireForm(time, nonce, body);
  const expected = keys.map((key) => feishuSignature(key, time, nonce, body));
  if (!matches(expected, [digest])) {
    throw new Problem(
      'signature_mismatch',
      `The signature in ${feishuSignatureHeader} was not made with this source's Encrypt Key over the body that arrived.`,
    );
  }
}

/**
 * Refuses what Feishu cannot have signed, although the digest may fit.
 *
 * - SHA-256 can be gone on with from a digest, without the key: whoever has seen one request can sign its body with a padding
 *   and a text of their own after it (length extension). A padding holds the byte 80, which is no UTF-8 there, and zero bytes,
 *   since no body is so long that it fills the eight bytes of its length. JSON is UTF-8, and escapes zero bytes (RFC 8259).
 * - Nothing stands between time, nonce, key and body, so the time has one length, the nonce one alphabet, and the body one
 *   beginning: nothing can move from one into the next. What a nonce looks like is not documented; a header that a person
 *   could type is all that is asked for.
 */
function requireForm(time: string, nonce: string, body: Buffer): void {
  if (!/^\d{10}$/.test(time)) {
    throw malformed(`The header ${feishuTimestamp.header} must hold ten digits.`);
  }
  if (!/^[\x20-\x7e]{1,128}$/.test(nonce)) {
    throw malformed(`The header ${feishuNonceHeader} must hold 1 to 128 printable characters of ASCII.`);
  }
  if (!/^\{[^\0]*\}[ \t\r\n]*$/.test(body.toString('latin1')) || !isUtf8(body)) {
    throw malformed(
      'The body must be a JSON object in UTF-8, as Feishu sends it: {…}, without zero bytes. Another one may be forged, though its digest fits.',
    );
  }
}

function malformed(detail: string): Problem {
  return new Problem('signature_malformed', detail);
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
