import { createHmac, timingSafeEqual } from 'node:crypto';
import { Problem } from '../../errors.ts';
import { decodeDigest, type DigestEncoding } from './digest.ts';
import type { SecretEncoding } from './secret.ts';
import { requireFreshTimestamp, type TimestampParameters } from './timestamp.ts';

/** `sha1` only where a sender knows nothing better and the configuration spells it out. */
export type HmacAlgorithm = 'sha256' | 'sha512' | 'sha1';

/** How a sender signs. Header names are in lower case. */
export interface HmacParameters {
  algorithm: HmacAlgorithm;
  header: string;
  encoding: DigestEncoding;
  /** What stands before each digest, e.g. `sha256=`; empty for none. */
  prefix: string;
  /** What separates several signatures while a secret rotates. Without it the header is exactly one signature. */
  separator?: ',' | ' ' | undefined;
  /** The signed bytes in order: literal text, `{body}`, `{timestamp}`, `{id}`. */
  signed: readonly string[];
  timestamp?: TimestampParameters | undefined;
  /** The header that `{id}` stands for. */
  idHeader?: string | undefined;
  secretEncoding: SecretEncoding;
}

/** A request as far as a signature goes: header names in lower case, and the body as it arrived. */
export interface SignedRequest {
  headers: ReadonlyMap<string, string>;
  body: Buffer;
}

const digestBytes: Record<HmacAlgorithm, number> = { sha256: 32, sha512: 64, sha1: 20 };

/**
 * Returns if one of the signatures was made with one of the keys over these very bytes.
 *
 * @param now epoch milliseconds
 * @throws Problem `signature_missing`, `signature_malformed`, `signature_mismatch`, or one of the timestamp's
 */
export function verifyHmac(
  parameters: HmacParameters,
  keys: readonly Buffer[],
  request: SignedRequest,
  now: number,
): void {
  const signatures = readSignatures(parameters, request.headers);
  const timestamp = parameters.timestamp && requireFreshTimestamp(parameters.timestamp, request.headers, now);
  const id = parameters.idHeader && requireId(parameters.idHeader, request.headers);
  const placeholders = new Map<string, string | Buffer | undefined>([
    ['{body}', request.body],
    ['{timestamp}', timestamp],
    ['{id}', id],
  ]);
  const signed = parameters.signed.map((part) => placeholders.get(part) ?? part);

  // Every key is tried against every signature, so that time does not tell which of them nearly fitted.
  let isMatch = false;
  for (const key of keys) {
    const hmac = createHmac(parameters.algorithm, key);
    for (const part of signed) hmac.update(part);
    const expected = hmac.digest();
    for (const signature of signatures) isMatch = timingSafeEqual(expected, signature) || isMatch;
  }
  if (!isMatch) {
    throw new Problem(
      'signature_mismatch',
      `The signature in ${parameters.header} was not made with this source's secret over the body that arrived. Check that both sides have the same secret and that nothing changes the body on its way.`,
    );
  }
}

/** The digests in the header, each as long as the algorithm makes it, so that comparing them cannot throw. */
function readSignatures(parameters: HmacParameters, headers: ReadonlyMap<string, string>): Buffer[] {
  const { header, separator, encoding, prefix, algorithm } = parameters;
  const value = headers.get(header);
  if (value === undefined || value === '') {
    throw new Problem('signature_missing', `The header ${header} is missing or empty.`);
  }
  const candidates = separator === undefined ? [value] : value.split(separator).map((each) => each.trim());
  const signatures = candidates
    .filter((candidate) => candidate.startsWith(prefix))
    .flatMap((candidate) => decodeDigest(candidate.slice(prefix.length), encoding) ?? [])
    .filter((digest) => digest.length === digestBytes[algorithm]);
  if (signatures.length === 0) throw malformed(parameters);
  return signatures;
}

function malformed({ header, prefix, encoding, algorithm, separator }: HmacParameters): Problem {
  const shape = `${prefix}<${digestBytes[algorithm]} bytes in ${encoding}>`;
  const list = separator === undefined ? 'exactly one' : 'at least one';
  return new Problem('signature_malformed', `The header ${header} must hold ${list} ${shape}.`);
}

function requireId(header: string, headers: ReadonlyMap<string, string>): string {
  const id = headers.get(header);
  if (!id)
    throw new Problem('signature_missing', `The header ${header}, a part of the signature, is missing.`);
  return id;
}
