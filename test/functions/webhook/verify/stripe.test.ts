import { describe, expect, test } from 'vitest';
import { verifyStripe } from '../../../../functions/webhook/verify/stripe.ts';
import { problemOf, verdictOf } from '../../../support/problem.ts';

const now = Date.parse('2026-01-02T03:04:05Z');
// printf '1767323045.{"a":1}' | openssl dgst -sha256 -hmac fake-secret
const hex = 'd66c0a5629d04bc3a7be7faacda95320edc8963672478ec26ded8ce0acbbb9f4';
const hexOfOldSecret = 'b8173143417d03d8b5bbe253543315279bd9151fb64cfeab9be484a94aecddbf';
// The same over 1767323045000.{"a":1}
const hexOfMilliseconds = 'f62638f8fd3c2190df9e0bbfbc55cf7ef548f6050e80e12b182c6a2fed8999af';
const zeros = '0'.repeat(64);

interface Attempt {
  body?: string;
  secrets?: string[];
  at?: number;
}

function verify(
  header: string | undefined,
  { body = '{"a":1}', secrets = ['fake-secret'], at = now }: Attempt = {},
) {
  const headers = new Map(header === undefined ? [] : [['x-stripe', header]]);
  verifyStripe(
    { scheme: 'stripe', header: 'x-stripe', toleranceSeconds: 300 },
    secrets.map((secret) => Buffer.from(secret)),
    { headers, body: Buffer.from(body) },
    at,
  );
}

const verdict = verdictOf(verify);

describe("a signature in Stripe's way is accepted", () => {
  test.each([
    ['alone', `t=1767323045,v1=${hex}`],
    ['in upper case', `t=1767323045,v1=${hex.toUpperCase()}`],
    ['before its time', `v1=${hex},t=1767323045`],
    ['with spaces after the commas', `t=1767323045, v1=${hex}`],
    ['first of several', `t=1767323045,v1=${hex},v1=${zeros}`],
    ['last of several', `t=1767323045,v1=${zeros},v1=${hex}`],
    ['among other versions and rubbish', `t=1767323045,v0=${zeros},v1=zz,,x,v1=${hex},v2=${zeros}`],
  ])('%s', (_, header) => {
    expect(verdict(header)).toBe('accepted');
  });

  test('made with either of the secrets, while one is being rotated', () => {
    const secrets = ['fake-secret', 'fake-old-secret'];
    expect(verdict(`t=1767323045,v1=${hex}`, { secrets })).toBe('accepted');
    expect(verdict(`t=1767323045,v1=${hexOfOldSecret}`, { secrets })).toBe('accepted');
  });
});

describe('it is refused', () => {
  test.each<[string, string, string | undefined]>([
    ['signature_missing', 'no header', undefined],
    ['signature_missing', 'an empty header', ''],
    ['signature_malformed', 'no v1', 't=1767323045'],
    ['signature_malformed', 'a v1 that is no hex', `t=1767323045,v1=${hex.replace('d', 'g')}`],
    ['signature_malformed', 'a v1 of half a byte less', `t=1767323045,v1=${hex.slice(1)}`],
    ['signature_malformed', 'an empty v1', 't=1767323045,v1='],
    ['signature_malformed', 'v0 alone, which is for tests', `t=1767323045,v0=${hex}`],
    ['signature_malformed', 'V1', `t=1767323045,V1=${hex}`],
    ['signature_malformed', 'two times', `t=1767323045,t=1767323045,v1=${hex}`],
    ['signature_malformed', 'two times, one of them stale', `t=1614265330,v1=${hex},t=1767323045`],
    ['signature_malformed', 'another separator', `t=1767323045;v1=${hex}`],
    ['signature_malformed', 'the bare signature', hex],
    ['timestamp_missing', 'no time', `v1=${hex}`],
    ['timestamp_malformed', 'an empty time', `t=,v1=${hex}`],
    ['timestamp_malformed', 'a time with letters', `t=1767323045x,v1=${hex}`],
    ['timestamp_malformed', 'NaN', `t=NaN,v1=${hex}`],
    ['timestamp_malformed', 'a time that is ISO 8601', `t=2026-01-02T03:04:05Z,v1=${hex}`],
    ['timestamp_out_of_window', 'milliseconds, although signed', `t=1767323045000,v1=${hexOfMilliseconds}`],
    ['signature_mismatch', 'another time within the window', `t=1767323046,v1=${hex}`],
    ['timestamp_malformed', 'the same time written differently', `t=01767323045,v1=${hex}`],
    ['signature_mismatch', 'the signature of another secret', `t=1767323045,v1=${hexOfOldSecret}`],
  ])('as %s with %s', (code, _, header) => {
    expect(verdict(header)).toBe(code);
  });

  test('as signature_malformed with a v1 of another length', () => {
    expect(verdict(`t=1767323045,v1=${hex.slice(2)}`)).toBe('signature_malformed');
    expect(verdict(`t=1767323045,v1=${hex}00`)).toBe('signature_malformed');
  });

  test('with another body, another secret, or no secret at all', () => {
    const header = `t=1767323045,v1=${hex}`;
    expect(verdict(header, { body: '{"a":2}' })).toBe('signature_mismatch');
    expect(verdict(header, { body: '' })).toBe('signature_mismatch');
    expect(verdict(header, { secrets: ['fake-old-secret'] })).toBe('signature_mismatch');
    expect(verdict(header, { secrets: [] })).toBe('signature_mismatch');
  });

  test('outside of its window, on both sides', () => {
    const header = `t=1767323045,v1=${hex}`;
    expect(verdict(header, { at: now + 300_000 })).toBe('accepted');
    expect(verdict(header, { at: now - 300_000 })).toBe('accepted');
    expect(verdict(header, { at: now + 300_001 })).toBe('timestamp_out_of_window');
    expect(verdict(header, { at: now - 300_001 })).toBe('timestamp_out_of_window');
  });

  test.each<[string, string | undefined]>([
    ['The header x-stripe is missing or empty.', undefined],
    ['The header x-stripe must be t=<unix seconds>,v1=<32 bytes in hex>.', 'rubbish'],
    ['The header x-stripe holds no t=<unix seconds>.', `v1=${hex}`],
    ['The time in the header x-stripe is not a time in whole seconds since 1970.', `t=soon,v1=${hex}`],
    [
      "The signature in x-stripe was not made with this source's secret over the body that arrived. Check that both sides have the same secret and that nothing changes the body on its way.",
      `t=1767323045,v1=${zeros}`,
    ],
  ])('with where to look, and with nothing that was sent or is expected: %s', (message, header) => {
    expect(
      problemOf(() => {
        verify(header);
      })?.message,
    ).toBe(message);
  });
});
