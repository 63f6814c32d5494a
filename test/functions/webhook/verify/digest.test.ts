import { describe, expect, test } from 'vitest';
import { decodeDigest } from '../../../../functions/webhook/verify/digest.ts';

describe('a digest in hex', () => {
  test.each(['00ff10', '00FF10', '00Ff10'])('is read in either case: %s', (text) => {
    expect(decodeDigest(text, 'hex')).toEqual(Buffer.from([0x00, 0xff, 0x10]));
  });

  test.each([
    ['nothing at all', ''],
    ['half a byte at the end', '00ff1'],
    ['another letter', '00fg'],
    ['white space before it', ' 00ff'],
    ['a newline after it', '00ff\n'],
    ['a prefix of its own', '0x00ff'],
    ['full-width digits', '００'],
  ])('is refused with %s', (_, text) => {
    expect(decodeDigest(text, 'hex')).toBeUndefined();
  });
});

describe('a digest in base64', () => {
  test.each([
    ['+/8=', [0xfb, 0xff]],
    ['AAEC', [0, 1, 2]],
    ['AA==', [0]],
  ])('is read in the standard alphabet: %s', (text, bytes) => {
    expect(decodeDigest(text, 'base64')).toEqual(Buffer.from(bytes));
  });

  test.each([
    ['nothing at all', ''],
    ['only padding', '=='],
    ['URL-safe letters', '-_8='],
    ['its padding left out', '+/8'],
    ['too much padding', 'AAEC='],
    ['bits that no byte uses', '+/9='],
    ['a gap', 'AA EC'],
    ['a newline after it', 'AAEC\n'],
    ['rubbish in it', 'AA!EC'],
    ['something after its padding', 'AA==AAEC'],
  ])('is refused with %s', (_, text) => {
    expect(decodeDigest(text, 'base64')).toBeUndefined();
  });
});

describe('a digest in base64 of hex', () => {
  // printf 00ff10 | base64; printf 00FF10 | base64
  test.each(['MDBmZjEw', 'MDBGRjEw'])('is read in either case: %s', (text) => {
    expect(decodeDigest(text, 'base64-of-hex')).toEqual(Buffer.from([0x00, 0xff, 0x10]));
  });

  test.each([
    ['nothing at all', ''],
    ['hex alone', '00ff10'],
    ['base64 of the bytes', 'AP8Q'],
    // printf 00ff1 | base64
    ['half a byte at the end', 'MDBmZjE='],
    // printf 00fg | base64
    ['another letter', 'MDBmZw=='],
    // printf '00ff10\n' | base64
    ['a newline under the base64', 'MDBmZjEwCg=='],
    ['a newline after the base64', 'MDBmZjEw\n'],
    ['its padding left out', 'MDBmZg'],
    // Bytes above 7 bits whose low bits are those of digits.
    ['bytes that are no letters', Buffer.from('b0b0e6e6', 'hex').toString('base64')],
  ])('is refused with %s', (_, text) => {
    expect(decodeDigest(text, 'base64-of-hex')).toBeUndefined();
  });
});
