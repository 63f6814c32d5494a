import { Problem } from '../../errors.ts';
import { decodeBase64 } from '../../lib/decode-bytes.ts';
import { matches, sha256, type SignedRequest } from './match.ts';

/**
 * A secret that the sender sends instead of signing with it. It covers nothing: an attacker who has seen one request
 * can make any other, so such a source must name its applications.
 */
export interface TokenParameters {
  scheme: 'token';
  /** In lower case. */
  header: string;
  /**
   * `plain`: the header is the secret. `bearer`, `basic`: RFC 6750 and RFC 7617; of `basic`, the secret is
   * `user:password`.
   */
  format: 'plain' | 'bearer' | 'basic';
}

/** @throws Problem `token_missing`, `token_mismatch` */
export function verifyToken(
  { header, format }: TokenParameters,
  keys: readonly Buffer[],
  { headers }: Pick<SignedRequest, 'headers'>,
): void {
  const value = headers.get(header);
  if (!value) throw new Problem('token_missing', `The header ${header} is missing or empty.`);
  const given = format === 'plain' ? value : credential(value, format);
  // Hashes are of one length whatever was sent, so comparing them tells nothing of the token's own.
  const expected = keys.map((key) => sha256(key));
  if (given === undefined || !matches(expected, [sha256(given)])) {
    throw new Problem('token_mismatch', `The header ${header} does not hold ${describe(format)}.`);
  }
}

/** What follows the name of the authentication scheme, which may be of either case. */
function credential(value: string, format: 'bearer' | 'basic'): Buffer | undefined {
  const [, name = '', text = ''] = /^([A-Za-z]+) +(\S+)$/.exec(value) ?? [];
  if (name.toLowerCase() !== format) return undefined;
  return format === 'bearer' ? Buffer.from(text, 'utf8') : decodeBase64(text);
}

function describe(format: TokenParameters['format']): string {
  switch (format) {
    case 'plain':
      return "this source's token";
    case 'bearer':
      return `"Bearer " and this source's token`;
    case 'basic':
      return `"Basic " and this source's user and password`;
  }
}
