import { describe, expect, test } from 'vitest';
import { decryptFeishu, feishuSignature, verifyFeishu } from '../../../../functions/webhook/verify/feishu.ts';
import { problemOf, verdictOf } from '../../../support/problem.ts';

const now = Date.parse('2026-01-02T03:04:05Z');
const time = '1767323045';
const nonce = 'nonce-1';
// printf '1767323045nonce-1fake-secret{"a":1}' | openssl dgst -sha256
const hex = '35eca928c78ab8a68465250a8d6ac25f28f29dc99d69fb396bc7e964927e4a43';
const hexOfOldSecret = 'a4cf8657521d75bcc76340fed9ea4ec19a49e6067a801922fbe69186061ea57f';
// Without the nonce.
const hexWithoutNonce = 'd9e494d4dc23726932e9acab6034f35604474fa7fab516fbe6c8ba953ff4fde3';

interface Attempt {
  body?: string;
  secrets?: string[];
  at?: number;
}

function verify(
  [timestamp, nonce, signature]: (string | undefined)[],
  { body = '{"a":1}', secrets = ['fake-secret'], at = now }: Attempt = {},
): void {
  const all = {
    'x-lark-request-timestamp': timestamp,
    'x-lark-request-nonce': nonce,
    'x-lark-signature': signature,
  };
  const headers = new Map(
    Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const])),
  );
  const keys = secrets.map((secret) => Buffer.from(secret));
  verifyFeishu(keys, { headers, body: Buffer.from(body) }, at);
}

const verdict = verdictOf(verify);

describe("Feishu's signature", () => {
  test('is accepted in either case, and with either of the keys', () => {
    expect(verdict([time, nonce, hex])).toBe('accepted');
    expect(verdict([time, nonce, hex.toUpperCase()])).toBe('accepted');
    const secrets = ['fake-secret', 'fake-old-secret'];
    expect(verdict([time, nonce, hex], { secrets })).toBe('accepted');
    expect(verdict([time, nonce, hexOfOldSecret], { secrets })).toBe('accepted');
  });

  test.each<[string, string, (string | undefined)[]]>([
    ['signature_missing', 'no signature', [time, nonce, undefined]],
    ['signature_missing', 'an empty signature', [time, nonce, '']],
    ['signature_missing', 'no nonce', [time, undefined, hexWithoutNonce]],
    ['signature_missing', 'an empty nonce', [time, '', hexWithoutNonce]],
    ['signature_malformed', 'an odd number of digits', [time, nonce, hex.slice(1)]],
    ['signature_malformed', '31 bytes', [time, nonce, hex.slice(2)]],
    ['signature_malformed', 'a prefix', [time, nonce, `sha256=${hex}`]],
    ['signature_malformed', 'base64', [time, nonce, Buffer.from(hex, 'hex').toString('base64')]],
    ['signature_malformed', 'two signatures', [time, nonce, `${hex},${hex}`]],
    ['timestamp_missing', 'no time', [undefined, nonce, hex]],
    ['timestamp_malformed', 'the word timestamp', ['timestamp', nonce, hex]],
    ['timestamp_malformed', 'an empty time', ['', nonce, hex]],
    ['timestamp_out_of_window', 'milliseconds', ['1767323045000', nonce, hex]],
    ['timestamp_out_of_window', 'a digit of the time moved into the nonce', ['176732304', `5${nonce}`, hex]],
    ['signature_mismatch', 'another time within the window', ['1767323046', nonce, hex]],
    ['signature_mismatch', 'another nonce', [time, 'nonce-2', hex]],
    ['signature_mismatch', 'the signature of another key', [time, nonce, hexOfOldSecret]],
  ])('is refused as %s: %s', (code, _, headers) => {
    expect(verdict(headers)).toBe(code);
  });

  test.each<[string, (string | undefined)[]]>([
    [
      'The headers x-lark-signature and x-lark-request-nonce must be there. Feishu signs once the app has an Encrypt Key.',
      [time, nonce, undefined],
    ],
    ['The header x-lark-signature must hold 32 bytes in hex.', [time, nonce, 'fake']],
    [
      "The signature in x-lark-signature was not made with this source's Encrypt Key over the body that arrived.",
      [time, nonce, hexOfOldSecret],
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

  const verdictOfSigned = (nonce: string, body: string, at = now) => {
    const seconds = String(Math.floor(at / 1000));
    const digest = feishuSignature(Buffer.from('fake-secret'), seconds, nonce, Buffer.from(body));
    return verdict([seconds, nonce, digest.toString('hex')], { body, at });
  };

  test.each<[string, string, string]>([
    ['a nonce of 128 characters', '~'.repeat(128), '{"a":1}'],
    ['a nonce of one', ' ', '{"a":1}'],
    ['white space at the end of the body, as in a file', nonce, '{"a":\n1}\r\n\t '],
    ['an empty object, and text that is not ASCII', nonce, '{"小王":{}}'],
  ])('covers what Feishu may send: %s', (_, given, body) => {
    expect(verdictOfSigned(given, body)).toBe('accepted');
  });

  test.each<[string, string, string]>([
    ['a nonce of 129 characters', '~'.repeat(129), '{"a":1}'],
    ['a nonce with a tab', 'nonce\t1', '{"a":1}'],
    ['a nonce that is not ASCII', 'nonce-é', '{"a":1}'],
    ['no body', nonce, ''],
    ['white space before the body', nonce, ' {"a":1}'],
    ['an array', nonce, '[{"a":1}]'],
    ['a form', nonce, 'a={}'],
    ['half an object', nonce, '{"a":1'],
    ['a word after the object', nonce, '{"a":1}\n{}\nx'],
    ['a zero byte', nonce, '{"a":"\u0000"}'],
  ])(
    'is refused as signature_malformed over what Feishu does not send, although it fits: %s',
    (_, given, body) => {
      expect(verdictOfSigned(given, body)).toBe('signature_malformed');
    },
  );

  test('is over a time of ten digits, whatever the clock of this machine says', () => {
    expect(verdictOfSigned(nonce, '{"a":1}', 1_000_000_000_000)).toBe('accepted');
    expect(verdictOfSigned(nonce, '{"a":1}', 999_999_999_000)).toBe('signature_malformed');
    expect(verdictOfSigned(nonce, '{"a":1}', 10_000_000_000_000)).toBe('signature_malformed');
  });

  test('is refused for its form with what is due', () => {
    const seconds = '999999999';
    const problem = (headers: string[], at = now) =>
      problemOf(() => {
        verify(headers, { at });
      })?.message;
    expect(problem([seconds, nonce, hex], 999_999_999_000)).toBe(
      'The header x-lark-request-timestamp must hold ten digits.',
    );
    expect(problem([time, 'é', hex])).toBe(
      'The header x-lark-request-nonce must hold 1 to 128 printable characters of ASCII.',
    );
  });

  test('is refused with another body, and where there is no key', () => {
    expect(verdict([time, nonce, hex], { body: '{"a":2}' })).toBe('signature_mismatch');
    expect(verdict([time, nonce, hex], { secrets: [] })).toBe('signature_mismatch');
  });

  test('is good for five minutes, on both sides', () => {
    expect(verdict([time, nonce, hex], { at: now + 300_000 })).toBe('accepted');
    expect(verdict([time, nonce, hex], { at: now - 300_000 })).toBe('accepted');
    expect(verdict([time, nonce, hex], { at: now + 300_001 })).toBe('timestamp_out_of_window');
    expect(verdict([time, nonce, hex], { at: now - 300_001 })).toBe('timestamp_out_of_window');
  });
});

describe('a body that Feishu encrypted', () => {
  const key = Buffer.from('fake-secret');
  const oldKey = Buffer.from('fake-old-secret');
  // printf '{"a":1}' | openssl enc -aes-256-cbc -K <SHA-256 of fake-secret> -iv 0707…, after those 16 bytes
  const encrypted = { encrypt: 'BwcHBwcHBwcHBwcHBwcHBze9qo/9RRW6P49H7KbaGR4=' };

  test('is decrypted with the key that fits, wherever that stands', () => {
    expect(decryptFeishu([key], encrypted)?.toString()).toBe('{"a":1}');
    expect(decryptFeishu([oldKey, key], encrypted)?.toString()).toBe('{"a":1}');
    expect(decryptFeishu([key, oldKey], encrypted)?.toString()).toBe('{"a":1}');
  });

  // One key in 256 leaves something that looks like padding.
  test('is decrypted with the key that fits, also where another one makes rubbish of it', () => {
    const body = { encrypt: 'BwcHBwcHBwcHBwcHBwcHB1S7uDWkbjXHSzSG6mpNLaw=' };
    expect(decryptFeishu([oldKey, key], body)?.toString()).toBe('{"n":59}');
  });

  // The same way, of {"a":"<ff>"}, where <ff> is that byte.
  test('is not decrypted to characters that were not sent, where it holds bytes that are no UTF-8', () => {
    const body = { encrypt: 'BwcHBwcHBwcHBwcHBwcHByL6KuNa7sLiqnXZtHWqWEE=' };
    expect(decryptFeishu([key], body)).toBeUndefined();
  });

  test('is not decrypted with another key, nor with none', () => {
    expect(decryptFeishu([oldKey], encrypted)).toBeUndefined();
    expect(decryptFeishu([], encrypted)).toBeUndefined();
  });

  test.each<[string, unknown]>([
    ['no object', 'text'],
    ['an array', ['encrypt']],
    ['nothing', null],
    ['without encrypt', { a: 1 }],
    ['with a number', { encrypt: 1 }],
    ['with an empty text', { encrypt: '' }],
    ['with no base64', { encrypt: '!' }],
    ['with URL-safe base64', { encrypt: encrypted.encrypt.replaceAll('/', '_') }],
    ['with less than the initialisation vector', { encrypt: Buffer.alloc(15).toString('base64') }],
    ['with the initialisation vector alone', { encrypt: Buffer.alloc(16).toString('base64') }],
    ['with half a block', { encrypt: Buffer.alloc(40).toString('base64') }],
  ])('is none, and nothing is thrown: %s', (_, body) => {
    expect(decryptFeishu([key, oldKey], body)).toBeUndefined();
  });
});
