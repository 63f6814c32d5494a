import { createHash, timingSafeEqual } from 'node:crypto';

/** A request as far as a signature goes: header names in lower case, and the body as it arrived. */
export interface SignedRequest {
  headers: ReadonlyMap<string, string>;
  /** Of the address, decoded. Repeated keys arrive joined by a comma. */
  query?: ReadonlyMap<string, string> | undefined;
  body: Buffer;
}

/**
 * Whether one of the digests is one of the expected ones. Every pair is compared, so that time does not tell which of
 * them nearly fitted. A digest of another length fits nothing.
 */
export function matches(expected: readonly Buffer[], digests: readonly Buffer[]): boolean {
  let isMatch = false;
  for (const each of expected) {
    for (const digest of digests) {
      isMatch = (digest.length === each.length && timingSafeEqual(each, digest)) || isMatch;
    }
  }
  return isMatch;
}

export function sha256(...parts: readonly (string | Buffer)[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}
