import { describe, expect, test } from 'vitest';
import { verifyDingTalk } from '../../../../functions/webhook/verify/dingtalk.ts';
import { problemOf, verdictOf } from '../../../support/problem.ts';

const now = Date.parse('2026-01-02T03:04:05Z');
// printf '1767323045000\nfake-secret' | openssl dgst -sha256 -hmac fake-secret -binary | base64
const sign = 'JccrZeJ5cIWrr7YhAa/FCoObq1vIz2z/hYU8ctSPsV8=';
const signOfOldSecret = 'xiUwPfhL19FDAJ362TEOTWPIpgheJhM0KptBSKSftTM=';
const timestamp = '1767323045000';

function verify(headers: Record<string, string>, secrets = ['fake-secret'], at = now): void {
  const keys = secrets.map((secret) => Buffer.from(secret));
  verifyDingTalk(keys, { headers: new Map(Object.entries(headers)) }, at);
}

const verdict = verdictOf(verify);

describe("DingTalk's sign over a time and the secret", () => {
  test('is accepted, with either of the secrets while one is being rotated', () => {
    expect(verdict({ timestamp, sign })).toBe('accepted');
    const both = ['fake-secret', 'fake-old-secret'];
    expect(verdict({ timestamp, sign }, both)).toBe('accepted');
    expect(verdict({ timestamp, sign: signOfOldSecret }, both)).toBe('accepted');
  });

  test.each<[string, string, Record<string, string>]>([
    ['signature_missing', 'no sign', { timestamp }],
    ['signature_missing', 'an empty sign', { timestamp, sign: '' }],
    ['signature_malformed', 'URL-safe base64', { timestamp, sign: sign.replaceAll('/', '_') }],
    ['signature_malformed', 'base64 without padding', { timestamp, sign: sign.slice(0, -1) }],
    [
      'signature_malformed',
      'the percent-encoding of addresses',
      { timestamp, sign: encodeURIComponent(sign) },
    ],
    ['signature_malformed', 'hex', { timestamp, sign: '25c72b65'.repeat(8) }],
    ['signature_malformed', '31 bytes', { timestamp, sign: Buffer.alloc(31).toString('base64') }],
    ['signature_malformed', 'two of them', { timestamp, sign: `${sign},${sign}` }],
    ['timestamp_missing', 'no time', { sign }],
    ['timestamp_malformed', 'an empty time', { timestamp: '', sign }],
    ['timestamp_malformed', 'a time with letters', { timestamp: `${timestamp}x`, sign }],
    ['timestamp_malformed', 'two times', { timestamp: `${timestamp},${timestamp}`, sign }],
    ['timestamp_out_of_window', 'seconds where milliseconds are due', { timestamp: '1767323045', sign }],
    ['signature_mismatch', 'another time within the hour', { timestamp: '1767323045001', sign }],
    ['signature_mismatch', 'the sign of another secret', { timestamp, sign: signOfOldSecret }],
  ])('is refused as %s: %s', (code, _, headers) => {
    expect(verdict(headers)).toBe(code);
  });

  test.each<[string, Record<string, string>]>([
    ['The header sign is missing or empty.', { timestamp }],
    ['The header sign must hold 32 bytes in base64.', { timestamp, sign: 'fake' }],
    [
      "The header sign was not made with this source's secret and this timestamp. Check that the secret is the robot's own (AppSecret).",
      { timestamp, sign: signOfOldSecret },
    ],
  ])(
    'is refused with where to look, and with nothing that was sent or is expected: %s',
    (message, headers) => {
      expect(
        problemOf(() => {
          verify(headers);
        })?.message,
      ).toBe(message);
    },
  );

  test('opens nothing where there is no secret', () => {
    expect(verdict({ timestamp, sign }, [])).toBe('signature_mismatch');
  });

  test('is good for an hour, on both sides', () => {
    const secrets = ['fake-secret'];
    expect(verdict({ timestamp, sign }, secrets, now + 3_600_000)).toBe('accepted');
    expect(verdict({ timestamp, sign }, secrets, now - 3_600_000)).toBe('accepted');
    expect(verdict({ timestamp, sign }, secrets, now + 3_600_001)).toBe('timestamp_out_of_window');
    expect(verdict({ timestamp, sign }, secrets, now - 3_600_001)).toBe('timestamp_out_of_window');
  });
});
