import { describe, expect, test } from 'vitest';
import { readExpiry } from '../../../local/signing/expiry.ts';

const now = Date.parse('2026-01-02T03:04:05.678Z');
const expiresAt = (text: string | undefined) => new Date(readExpiry(text, now) * 1000).toISOString();

describe('a link ends', () => {
  test.each([
    ['90d', '2026-04-02T03:04:05.000Z'],
    ['12h', '2026-01-02T15:04:05.000Z'],
    ['400d', '2027-02-06T03:04:05.000Z'],
    ['2026-12-31', '2026-12-31T00:00:00.000Z'],
  ])('%s: at %s', (text, time) => {
    expect(expiresAt(text)).toBe(time);
  });
});

test.each([
  [undefined, 'every link expires'],
  ['', 'must be days (90d)'],
  ['90', 'must be days (90d)'],
  ['90m', 'must be days (90d)'],
  ['90constructor', 'must be days (90d)'],
  ['-1d', 'must be days (90d)'],
  ['1.5d', 'must be days (90d)'],
  ['2026-02-30', 'must be days (90d)'],
  ['2026-13-01', 'must be days (90d)'],
  ['2026-12-31T00:00:00Z', 'must be days (90d)'],
  ['0d', 'is not in the future'],
  ['2026-01-02', 'is not in the future'],
  ['401d', '400 days from now'],
  ['9601h', '400 days from now'],
  ['2027-02-07', '400 days from now'],
])('%s is no end of a link', (text, message) => {
  expect(() => readExpiry(text, now)).toThrow(message);
});
