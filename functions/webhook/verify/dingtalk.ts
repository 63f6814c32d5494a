import { Problem } from '../../errors.ts';
import { decodeBase64 } from '../../lib/decode-bytes.ts';
import { dingTalkSignature } from '../../lib/dingtalk-signature.ts';
import { matches, type SignedRequest } from './match.ts';
import { requireFreshHeader } from './timestamp.ts';

/**
 * DingTalk's robots: `sign` is base64 of HMAC-SHA256(secret, `<timestamp>\n<secret>`). It covers a time and nothing
 * else, so an attacker who has seen one request can make others for an hour: such a source must name its applications.
 * https://open.dingtalk.com/document/robots/enterprise-created-chatbot
 */
export interface DingTalkParameters {
  scheme: 'dingtalk';
}

/** The header with the signature. */
export const dingTalkSignatureHeader = 'sign';
/** Its header, and how far it may be from now. */
export const dingTalkTimestamp = { header: 'timestamp', unit: 'ms', toleranceSeconds: 3600 } as const;

/**
 * @param now epoch milliseconds
 * @throws Problem `signature_missing`, `signature_malformed`, `signature_mismatch`, or one of the timestamp's
 */
export function verifyDingTalk(
  keys: readonly Buffer[],
  { headers }: Pick<SignedRequest, 'headers'>,
  now: number,
): void {
  const sign = headers.get(dingTalkSignatureHeader);
  if (!sign) throw new Problem('signature_missing', 'The header sign is missing or empty.');
  const digest = decodeBase64(sign);
  if (digest?.length !== 32)
    throw new Problem('signature_malformed', 'The header sign must hold 32 bytes in base64.');
  const time = requireFreshHeader(dingTalkTimestamp, headers, now);
  const expected = keys.map((key) => dingTalkSignature(key, time));
  if (!matches(expected, [digest])) {
    throw new Problem(
      'signature_mismatch',
      "The header sign was not made with this source's secret and this timestamp. Check that the secret is the robot's own (AppSecret).",
    );
  }
}
