import type { LinkGrant } from '../../../../functions/webhook/verify/link.ts';
import type { SignedRequest } from '../../../../functions/webhook/verify/match.ts';
import { coversPayload, type VerifyParameters } from '../../../../functions/webhook/verify/verify.ts';
import { linkQuery, signatureHeaders } from '../../../../local/signing/sign.ts';
import { presets, type PresetName } from '../../../../presets/index.ts';

export const presetNames = Object.keys(presets) as PresetName[];

/** How the sender of a preset proves who it is, to a source of the preset's name. */
export function verifyOf(preset: PresetName): VerifyParameters {
  const { verify } = presets[preset];
  return verify.scheme === 'link' ? { ...verify, source: preset } : verify;
}

/** A request as a test writes it down: of headers and query only what the sender proves itself with. */
export interface Written {
  headers: Record<string, string>;
  query: Record<string, string>;
  body: Buffer;
}

/** The request of a sender that knows the secret. */
export function write(
  parameters: VerifyParameters,
  secret: string,
  { body, id, now, grant }: { body: Buffer; id: string; now: number; grant: LinkGrant },
): Written {
  const query = parameters.scheme === 'link' ? linkQuery(parameters, secret, grant) : '';
  return {
    headers: signatureHeaders(parameters, secret, body, { now, id }),
    query: Object.fromEntries(new URLSearchParams(query)),
    body,
  };
}

export function toRequest({ headers, query, body }: Written): SignedRequest {
  return { headers: new Map(Object.entries(headers)), query: new Map(Object.entries(query)), body };
}

/**
 * The request with one bit of another value, once in each part that the sender proves itself with: the body where that is
 * covered, every header (time, id, MAC, token), every value and every name of the query. A letter that only changes its
 * case is left out: hexadecimal digits and the words Bearer and Basic mean the same in both.
 */
export function tamper(parameters: VerifyParameters, request: Written, position: number): Written[] {
  const { headers, query, body } = request;
  const withHeaders = changedEntries(headers, position).map((changed) => ({ ...request, headers: changed }));
  const withQuery = changedEntries(query, position).map((changed) => ({ ...request, query: changed }));
  const withNames = Object.keys(query).map((name) => {
    const renamed = Object.entries(query).map(([each, value]) => [
      each === name ? flipBitOfText(name, position) : each,
      value,
    ]);
    return { ...request, query: Object.fromEntries(renamed) as Record<string, string> };
  });
  const withBody = coversPayload(parameters) ? [{ ...request, body: flipBit(body, position) }] : [];
  return [...withBody, ...withHeaders, ...withQuery, ...withNames];
}

function changedEntries(entries: Record<string, string>, position: number): Record<string, string>[] {
  return Object.entries(entries).flatMap(([name, value]) => {
    const changed = flipBitOfText(value, position);
    return changed.toLowerCase() === value.toLowerCase() ? [] : [{ ...entries, [name]: changed }];
  });
}

/** The bytes with one bit of another value, counted round and round. */
export function flipBit(bytes: Uint8Array, position: number): Buffer {
  const flipped = Buffer.from(bytes);
  const bit = position % (8 * flipped.length);
  const index = Math.floor(bit / 8);
  flipped.writeUInt8(flipped.readUInt8(index) ^ (1 << (bit % 8)), index);
  return flipped;
}

/** The same for the text of a header, in which a character is a byte. */
export function flipBitOfText(text: string, position: number): string {
  return flipBit(Buffer.from(text, 'latin1'), position).toString('latin1');
}
