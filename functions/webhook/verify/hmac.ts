import { createHmac } from 'node:crypto';
import { Problem } from '../../errors.ts';
import { formField, isForm } from '../../lib/form.ts';
import type { SecretEncoding } from '../../secrets/decode-secret.ts';
import { decodeDigest, type DigestEncoding } from './digest.ts';
import { matches, type SignedRequest } from './match.ts';
import { requireFreshHeader, type TimestampHeader } from './timestamp.ts';

/** `sha1` only where a sender knows nothing better and its preset, or the configuration, spells it out. */
export type HmacAlgorithm = 'sha256' | 'sha512' | 'sha1';

/** How a sender signs. Header names are in lower case. */
export interface HmacParameters {
  scheme: 'hmac';
  algorithm: HmacAlgorithm;
  header: string;
  /** Other names of the header, for a sender that goes by several: the first that is there counts. */
  aliases?: readonly string[] | undefined;
  /** Other names of all three headers, for a sender that may use them instead: as one family, and never a mix. */
  unbranded?: { header: string; timestamp: string; idHeader: string } | undefined;
  encoding: DigestEncoding;
  /** What stands before each digest, e.g. `sha256=`; empty for none. */
  prefix: string;
  /** What separates several signatures while a secret rotates. Without it the header is exactly one signature. */
  separator?: ',' | ' ' | undefined;
  /**
   * The signed bytes in order: literal text, `{body}`, `{timestamp}`, `{id}`, or `{payload}`: the decoded field
   * `payload` where the body is a form, else the body.
   */
  signed: readonly string[];
  timestamp?: TimestampHeader | undefined;
  /** The header that `{id}` stands for. */
  idHeader?: string | undefined;
  secretEncoding: SecretEncoding;
}

/** How long the digests of an algorithm are. */
export const digestBytes: Record<HmacAlgorithm, number> = { sha256: 32, sha512: 64, sha1: 20 };

/**
 * Returns if one of the signatures was made with one of the keys over these very bytes.
 *
 * @param now epoch milliseconds
 * @throws Problem `signature_missing`, `signature_malformed`, `signature_mismatch`, or one of the timestamp's
 */
export function verifyHmac(
  given: HmacParameters,
  keys: readonly Buffer[],
  request: SignedRequest,
  now: number,
): void {
  const parameters = inNamesOf(given, request.headers);
  const signatures = readSignatures(parameters, request.headers);
  const timestamp = parameters.timestamp && requireFreshHeader(parameters.timestamp, request.headers, now);
  const id = parameters.idHeader && requireId(parameters.idHeader, request.headers);
  const placeholders = new Map<string, string | Buffer | undefined>([
    ['{body}', request.body],
    ['{timestamp}', timestamp],
    ['{id}', id],
  ]);
  const signed = parameters.signed.map((part) =>
    part === '{payload}' ? payloadOf(request) : (placeholders.get(part) ?? part),
  );
  const expected = keys.map((key) => hmac(parameters.algorithm, key, signed));
  if (!matches(expected, signatures)) throw mismatch(parameters.header);
}

/** With the sender's own names of the headers, unless only the family of the others is complete. */
function inNamesOf(parameters: HmacParameters, headers: ReadonlyMap<string, string>): HmacParameters {
  const { header, timestamp, idHeader, unbranded } = parameters;
  if (!unbranded || !timestamp) return parameters;
  const hasAll = (...names: (string | undefined)[]) =>
    names.every((name) => name !== undefined && (headers.get(name) ?? '') !== '');
  const { header: otherHeader, timestamp: otherTime, idHeader: otherId } = unbranded;
  if (hasAll(header, timestamp.header, idHeader) || !hasAll(otherHeader, otherTime, otherId))
    return parameters;
  return {
    ...parameters,
    header: otherHeader,
    timestamp: { ...timestamp, header: otherTime },
    idHeader: otherId,
  };
}

export function hmac(algorithm: HmacAlgorithm, key: Buffer, parts: readonly (string | Buffer)[]): Buffer {
  const digest = createHmac(algorithm, key);
  for (const part of parts) digest.update(part);
  return digest.digest();
}

export function mismatch(header: string): Problem {
  return new Problem(
    'signature_mismatch',
    `The signature in ${header} was not made with this source's secret over the body that arrived. Check that both sides have the same secret and that nothing changes the body on its way.`,
  );
}

/** The digests in the header, each as long as the algorithm makes it. */
function readSignatures(parameters: HmacParameters, headers: ReadonlyMap<string, string>): Buffer[] {
  const { header, aliases = [], separator, encoding, prefix, algorithm } = parameters;
  const value = [header, ...aliases].map((name) => headers.get(name)).find((each) => each !== undefined);
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

function payloadOf({ headers, body }: SignedRequest): string | Buffer {
  if (!isForm(headers.get('content-type'))) return body;
  const payload = formField(body, 'payload');
  if (payload !== undefined) return payload;
  throw new Problem('signature_malformed', 'The signed field payload of the form is not there, or not once.');
}
