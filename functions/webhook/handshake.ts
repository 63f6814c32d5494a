import { isUtf8 } from 'node:buffer';
import type { Ignored } from '../execute/outcome.ts';
import { isForm } from '../lib/form.ts';
import { isRecord, toText } from '../lib/json.ts';
import { publicZendeskSecret } from '../secrets/decode-secret.ts';
import type { JSONValue } from '../select/expression.ts';
import { parseJson } from './payload/parse.ts';
import type { Source } from './source/load-sources.ts';
import { decryptFeishu, feishuSignatureHeader } from './verify/feishu.ts';
import { verifyHmac } from './verify/hmac.ts';
import type { SignedRequest } from './verify/match.ts';

const longestChallenge = 1000;

/**
 * Answers a handshake that comes without a signature; undefined for every other request. Anyone can send one, so it
 * does nothing and tells nothing, and is accepted only where the request is nothing but the handshake.
 *
 * @param now epoch milliseconds
 */
export function handshakeReply(source: Source, request: SignedRequest, now: number): Ignored | undefined {
  switch (source.handshake) {
    case 'slack':
      return isSslCheck(request) ? { outcome: 'ignored', message: 'An SSL check.', body: '' } : undefined;
    case 'feishu':
      return request.headers.has(feishuSignatureHeader) ? undefined : unsignedChallenge(source, request.body);
    case 'zendesk':
      return isZendeskTest(source, request, now)
        ? {
            outcome: 'ignored',
            message: "A test, signed with Zendesk's public test secret. It proves nothing.",
          }
        : undefined;
    case undefined:
      return undefined;
  }
}

/** Answers a handshake that has been verified, or undefined for every other payload. */
export function challengeReply({ handshake }: Source, payload: JSONValue): Ignored | undefined {
  if (handshake !== 'slack' && handshake !== 'feishu') return undefined;
  if (!isRecord(payload) || payload['type'] !== 'url_verification') return undefined;
  const challenge = toText(payload['challenge']);
  if (challenge === undefined || challenge.length > longestChallenge) return undefined;
  return { outcome: 'ignored', message: 'A challenge.', body: `${JSON.stringify({ challenge })}\n` };
}

/** `ssl_check=1` with the sender's deprecated token, and nothing that could be a command. */
function isSslCheck({ headers, body }: SignedRequest): boolean {
  if (body.length > longestChallenge || !isForm(headers.get('content-type'))) return false;
  return /^(token=[^&]*&)?ssl_check=1(&token=[^&]*)?$/.test(body.toString('latin1'));
}

function unsignedChallenge(source: Source, body: Buffer): Ignored | undefined {
  const outer = parseUnsigned(body);
  if (outer === undefined) return undefined;
  if (!isEncrypted(outer)) return challengeOnly(source, outer);
  const plain = decryptFeishu(source.keys, outer);
  const inner = plain === undefined ? undefined : attemptJson(plain);
  return inner === undefined ? undefined : challengeOnly(source, inner);
}

/** Whether only a key can tell that an unsigned request is a challenge. */
export function mayBeEncryptedChallenge({ handshake }: Source, { headers, body }: SignedRequest): boolean {
  if (handshake !== 'feishu' || headers.has(feishuSignatureHeader)) return false;
  const outer = parseUnsigned(body);
  return outer !== undefined && isEncrypted(outer);
}

function parseUnsigned(body: Buffer): JSONValue | undefined {
  if (body.length > 4 * longestChallenge || !isUtf8(body)) return undefined;
  return attemptJson(body.toString('utf8'));
}

/** What cannot be read is no challenge, and is refused for want of a signature, whatever is wrong with it. */
function attemptJson(text: string): JSONValue | undefined {
  try {
    return parseJson(text, 'body');
  } catch {
    return undefined;
  }
}

function isEncrypted(outer: JSONValue): boolean {
  return isRecord(outer) && 'encrypt' in outer && hasOnly(outer, ['encrypt']);
}

function challengeOnly(source: Source, payload: JSONValue): Ignored | undefined {
  return hasOnly(payload, ['challenge', 'token', 'type']) ? challengeReply(source, payload) : undefined;
}

function hasOnly(payload: JSONValue, keys: readonly string[]): boolean {
  return isRecord(payload) && Object.keys(payload).every((key) => keys.includes(key));
}

function isZendeskTest(source: Source, request: SignedRequest, now: number): boolean {
  if (source.verify.scheme !== 'hmac') return false;
  try {
    verifyHmac(source.verify, [Buffer.from(publicZendeskSecret)], request, now);
    return true;
  } catch {
    return false;
  }
}
