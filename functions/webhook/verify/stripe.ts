import { Problem } from '../../errors.ts';
import { decodeHex } from '../../lib/decode-bytes.ts';
import { hmac, mismatch } from './hmac.ts';
import { matches, type SignedRequest } from './match.ts';
import { requireFresh } from './timestamp.ts';

/**
 * Time and signatures in one header, `t=<unix seconds>,v1=<hex>,v1=<hex>`: HMAC-SHA256 over `<t>.<body>`. The secret
 * is used as it is shown, `whsec_` included. https://docs.stripe.com/webhooks#verify-manually
 */
export interface StripeParameters {
  scheme: 'stripe';
  /** In lower case. */
  header: string;
  toleranceSeconds: number;
}

/**
 * @param now epoch milliseconds
 * @throws Problem `signature_missing`, `signature_malformed`, `signature_mismatch`, or one of the timestamp's
 */
export function verifyStripe(
  { header, toleranceSeconds }: StripeParameters,
  keys: readonly Buffer[],
  { headers, body }: SignedRequest,
  now: number,
): void {
  const value = headers.get(header);
  if (!value) throw new Problem('signature_missing', `The header ${header} is missing or empty.`);
  const items = value.split(',').map((item) => item.trim());
  const all = (name: string) =>
    items.filter((item) => item.startsWith(`${name}=`)).map((item) => item.slice(name.length + 1));
  const signatures = all('v1')
    .flatMap((text) => decodeHex(text) ?? [])
    .filter((signature) => signature.length === 32);
  const [time, ...otherTimes] = all('t');
  if (signatures.length === 0 || otherTimes.length > 0) {
    throw new Problem(
      'signature_malformed',
      `The header ${header} must be t=<unix seconds>,v1=<32 bytes in hex>.`,
    );
  }
  if (time === undefined)
    throw new Problem('timestamp_missing', `The header ${header} holds no t=<unix seconds>.`);
  requireFresh(time, `The time in the header ${header}`, { unit: 's', toleranceSeconds }, now);
  const expected = keys.map((key) => hmac('sha256', key, [`${time}.`, body]));
  if (!matches(expected, signatures)) throw mismatch(header);
}
