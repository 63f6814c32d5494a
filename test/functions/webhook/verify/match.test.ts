import { describe, expect, test } from 'vitest';
import { matches, sha256 } from '../../../../functions/webhook/verify/match.ts';

const [a, b, c] = ['aa'.repeat(32), 'bb'.repeat(32), 'cc'.repeat(32)].map((hex) =>
  Buffer.from(hex, 'hex'),
) as [Buffer, Buffer, Buffer];

describe('digests match the expected ones', () => {
  test.each<[string, Buffer[], Buffer[]]>([
    ['one and one', [a], [a]],
    ['the first of several', [a, b], [a]],
    ['the last of several', [a, b], [b]],
    ['one of several that were sent', [a], [c, a, b]],
    ['one of several among several', [b, a], [c, b]],
    ['the right one after one of another length', [a], [Buffer.alloc(1), a]],
  ])('%s', (_, expected, digests) => {
    expect(matches(expected, digests)).toBe(true);
  });

  test.each<[string, Buffer[], Buffer[]]>([
    ['another one', [a], [b]],
    ['none that is expected', [], [a]],
    ['none that was sent', [a], []],
    ['neither', [], []],
    ['the beginning of the expected one', [a], [a.subarray(0, 31)]],
    ['the expected one and more', [a], [Buffer.concat([a, a])]],
    ['an empty one', [a], [Buffer.alloc(0)]],
    ['a wrong one after another wrong one', [a, b], [c, c]],
  ])('but not %s, and nothing is thrown', (_, expected, digests) => {
    expect(matches(expected, digests)).toBe(false);
  });
});

test('sha256 is that of its parts one after the other', () => {
  // printf 'abc' | openssl dgst -sha256
  const expected = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
  expect(sha256('abc').toString('hex')).toBe(expected);
  expect(sha256('a', Buffer.from('b'), 'c').toString('hex')).toBe(expected);
});
