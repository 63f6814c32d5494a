/** What SHA-256 puts behind a message of so many bytes. FIPS 180-4, section 5.1.1 */
export function paddingOf(length: number): Buffer {
  const bits = Buffer.alloc(8);
  bits.writeBigUInt64BE(8n * BigInt(length));
  const zeros = Buffer.alloc((64 + 55 - (length % 64)) % 64);
  return Buffer.concat([Buffer.from([0x80]), zeros, bits]);
}

/**
 * The SHA-256 of a message that nobody need know, of its padding, and of this suffix, made of the message's digest: the digest
 * is all that SHA-256 remembers of what it has read.
 *
 * @param length of the message in bytes
 */
export function extendedDigest(digest: Buffer, length: number, suffix: Buffer): Buffer {
  const read = length + paddingOf(length).length + suffix.length;
  const rest = Buffer.concat([suffix, paddingOf(read)]);
  let state = wordsOf(digest);
  for (let at = 0; at < rest.length; at += 64) state = compress(state, wordsOf(rest.subarray(at, at + 64)));
  const bytes = Buffer.alloc(32);
  state.forEach((word, index) => bytes.writeUInt32BE(word >>> 0, 4 * index));
  return bytes;
}

function wordsOf(bytes: Buffer): number[] {
  return Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readInt32BE(4 * index));
}

/** Section 4.2.2: of the cube roots of the first 64 primes, the first 32 bits behind the point. */
const constants = primes(64).map((prime) => ((Math.cbrt(prime) % 1) * 2 ** 32) | 0);

function primes(count: number): number[] {
  const found: number[] = [];
  for (let number = 2; found.length < count; number += 1) {
    if (found.every((prime) => number % prime !== 0)) found.push(number);
  }
  return found;
}

const rotate = (word: number, by: number) => (word >>> by) | (word << (32 - by));

/** Section 6.2.2: one block of 16 words. */
function compress(state: readonly number[], block: readonly number[]): number[] {
  const words = [...block];
  const word = (index: number) => words[index] ?? 0;
  for (let t = 16; t < 64; t += 1) {
    const [early, late] = [word(t - 15), word(t - 2)];
    const small0 = rotate(early, 7) ^ rotate(early, 18) ^ (early >>> 3);
    const small1 = rotate(late, 17) ^ rotate(late, 19) ^ (late >>> 10);
    words.push((word(t - 16) + small0 + word(t - 7) + small1) | 0);
  }
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state;
  for (let t = 0; t < 64; t += 1) {
    const big1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
    const one = (h + big1 + ((e & f) ^ (~e & g)) + (constants[t] ?? 0) + word(t)) | 0;
    const two = ((rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    [a, b, c, d, e, f, g, h] = [(one + two) | 0, a, b, c, (d + one) | 0, e, f, g];
  }
  return [a, b, c, d, e, f, g, h].map((value, index) => ((state[index] ?? 0) + value) | 0);
}
