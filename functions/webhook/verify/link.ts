import { Problem } from '../../errors.ts';
import { decodeHex } from '../../lib/decode-bytes.ts';
import { isId } from '../../lib/text.ts';
import { toIso } from '../../lib/time.ts';
import { hmac } from './hmac.ts';
import { matches, type SignedRequest } from './match.ts';

/**
 * A signed address, for senders that can only be given an address:
 * `POST /<source>?app=<id>&exp=<unix seconds>&sig=<hex>`, and `&order=<id>` where it is for one change order.
 */
export interface LinkParameters {
  scheme: 'link';
  /** The source that the link is for; another source with the same secret does not take it. */
  source: string;
}

/** What a link authorises, and until when. Ids are in lower case. */
export interface LinkGrant {
  app: string;
  /** Only this change order. */
  changeOrderId?: string | undefined;
  /** Epoch seconds. */
  expiresAtSeconds: number;
}

/** A link lives no longer than this, whatever was signed. */
export const longestLinkSeconds = 400 * 86_400;

/**
 * @param now epoch milliseconds
 * @throws Problem `signature_missing`, `link_malformed`, `signature_mismatch`, `link_expired`
 */
export function verifyLink(
  { source }: LinkParameters,
  keys: readonly Buffer[],
  { query = new Map() }: Pick<SignedRequest, 'query'>,
  now: number,
): LinkGrant {
  const signature = query.get('sig');
  if (!signature) {
    throw new Problem(
      'signature_missing',
      'The address carries no signature (sig). This source is called by a link: make one with npm run link.',
    );
  }
  const grant = readGrant(query);
  const digest = decodeHex(signature);
  if (!grant || digest?.length !== 32) {
    throw new Problem(
      'link_malformed',
      'The address must carry app, exp and sig, perhaps order, each once and nothing else. Copy the link whole.',
    );
  }
  const expected = keys.map((key) => linkSignature(key, source, grant));
  if (!matches(expected, [digest])) {
    throw new Problem(
      'signature_mismatch',
      "The link was not made with this source's secret, or something in it was changed. Make a new one with npm run link.",
    );
  }
  requireUnexpired(grant, now);
  return grant;
}

/** No part can hold a newline, so no two links sign the same text. */
export function linkSignature(key: Buffer, source: string, grant: LinkGrant): Buffer {
  const { app, changeOrderId = '', expiresAtSeconds } = grant;
  return hmac('sha256', key, [['link', source, app, changeOrderId, expiresAtSeconds].join('\n')]);
}

/** Whether it is time to make another one: the last 14 days. */
export function expiresSoon({ expiresAtSeconds }: LinkGrant, now: number): boolean {
  return expiresAtSeconds - now / 1000 < 14 * 86_400;
}

/** A grant for the log. */
export function describeGrant({ app, changeOrderId, expiresAtSeconds }: LinkGrant): Record<string, unknown> {
  return { app, changeOrderId, expiresAt: toIso(expiresAtSeconds * 1000) };
}

function readGrant(query: ReadonlyMap<string, string>): LinkGrant | undefined {
  const known = ['app', 'order', 'exp', 'sig'];
  if ([...query.keys()].some((key) => !known.includes(key))) return undefined;
  const [app = '', order, exp = ''] = ['app', 'order', 'exp'].map((key) => query.get(key));
  if (!isId(app) || (order !== undefined && !isId(order))) return undefined;
  if (!/^[1-9]\d{0,11}$/.test(exp)) return undefined;
  return { app, changeOrderId: order, expiresAtSeconds: Number(exp) };
}

function requireUnexpired({ expiresAtSeconds }: LinkGrant, now: number): void {
  const left = expiresAtSeconds - now / 1000;
  const time = toIso(expiresAtSeconds * 1000);
  if (left <= 0) {
    throw new Problem('link_expired', `The link expired at ${time}. Make a new one with npm run link.`);
  }
  if (left > longestLinkSeconds) {
    throw new Problem(
      'link_malformed',
      `The link expires at ${time}, later than any may: 400 days from now. Make a new one with npm run link.`,
    );
  }
}
