import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { feishuSignature, verifyFeishu } from '../../../../functions/webhook/verify/feishu.ts';
import { sha256 } from '../../../../functions/webhook/verify/match.ts';
import { problemOf } from '../../../support/problem.ts';
import { runs } from '../../../support/runs.ts';
import { extendedDigest, paddingOf } from './length-extension.ts';

const now = Date.parse('2026-01-02T03:04:05Z');
const time = '1767323045';
const order = '{"command":"rollback dc5133d7-773f-4c81-9c5a-e2103dce0f6a"}';

interface Signed {
  time: string;
  nonce: string;
  body: Buffer;
  digest: Buffer;
}

function verify({ time, nonce, body, digest }: Signed, keys: Buffer[]) {
  const headers = new Map([
    ['x-lark-request-timestamp', time],
    ['x-lark-request-nonce', nonce],
    ['x-lark-signature', digest.toString('hex')],
  ]);
  return problemOf(() => {
    verifyFeishu(keys, { headers, body }, now);
  });
}

/** What Feishu would send. */
function sign(key: Buffer, nonce: string, body: Buffer): Signed {
  return { time, nonce, body, digest: feishuSignature(key, time, nonce, body) };
}

/** What an attacker makes of it, who knows how long the key is, and not the key. */
function extend({ time, nonce, body, digest }: Signed, keyLength: number, suffix: Buffer): Signed {
  const length = time.length + nonce.length + keyLength + body.length;
  return {
    time,
    nonce,
    body: Buffer.concat([body, paddingOf(length), suffix]),
    digest: extendedDigest(digest, length, suffix),
  };
}

const keys = fc.uint8Array({ minLength: 1, maxLength: 100 }).map((bytes) => Buffer.from(bytes));
const nonces = fc.stringMatching(/^[0-9A-Za-z_-]{1,40}$/);
const bodies = fc
  .dictionary(fc.string(), fc.jsonValue({ maxDepth: 1 }))
  .map((it) => Buffer.from(JSON.stringify(it)));

test('the extension is that of SHA-256, for messages of every length', () => {
  for (let length = 0; length <= 200; length += 1) {
    const [message, suffix] = [Buffer.alloc(length, 'm'), Buffer.from(order)];
    expect(extendedDigest(sha256(message), length, suffix)).toEqual(
      sha256(message, paddingOf(length), suffix),
    );
  }
});

describe("a request of Feishu's that was gone on with from its digest, without the key", () => {
  test('has the digest that the key makes of it, and is refused for its form, with the reason', () => {
    const key = Buffer.from('fake-encrypt-key');
    const signed = sign(key, 'nonce-1', Buffer.from('{"encrypt":"BwcHBw=="}'));
    const forged = extend(signed, key.length, Buffer.from(order));
    expect(verify(signed, [key])).toBeUndefined();
    expect(forged.digest).toEqual(feishuSignature(key, time, 'nonce-1', forged.body));
    expect(verify(forged, [key])).toMatchObject({
      code: 'signature_malformed',
      message:
        'The body must be a JSON object in UTF-8, as Feishu sends it: {…}, without zero bytes. Another one may be forged, though its digest fits.',
    });
  });

  test('is refused, whatever the key, the request and the suffix are', () => {
    const suffixes = fc.oneof(
      bodies,
      fc.constantFrom('', '}', '"}', ' ', order).map((text) => Buffer.from(text)),
      fc.uint8Array({ maxLength: 150 }).map((bytes) => Buffer.from(bytes)),
    );
    fc.assert(
      fc.property(keys, nonces, bodies, suffixes, (key, nonce, body, suffix) => {
        const signed = sign(key, nonce, body);
        expect(verify(signed, [key])).toBeUndefined();
        const forged = extend(signed, key.length, suffix);
        expect(forged.digest).toEqual(feishuSignature(key, time, nonce, forged.body));
        expect(verify(forged, [key])?.code).toBe('signature_malformed');
      }),
      { numRuns: runs(200) },
    );
  });

  // Either alone would do: neither is left to chance.
  test.each<[string, number[]]>([
    ['a zero byte', [0x00]],
    ['the byte 80', [0x80]],
  ])('is refused for %s of its padding alone', (_, bytes) => {
    const key = Buffer.from('fake-encrypt-key');
    const body = Buffer.concat([Buffer.from('{"a":1}'), Buffer.from(bytes), Buffer.from(order)]);
    expect(verify(sign(key, 'nonce-1', body), [key])?.code).toBe('signature_malformed');
  });
});

describe('bytes that move between time, nonce, key and body leave the digest as it is, and are refused', () => {
  test('between time and nonce, in either direction', () => {
    const moves = fc.integer({ min: -10, max: 5 }).filter((move) => move !== 0);
    fc.assert(
      fc.property(keys, fc.stringMatching(/^[0-9]{6,20}$/), bodies, moves, (key, nonce, body, move) => {
        const signed = sign(key, nonce, body);
        const both = time + nonce;
        const at = time.length + move;
        const moved = { ...signed, time: both.slice(0, at), nonce: both.slice(at) };
        expect(feishuSignature(key, moved.time, moved.nonce, body)).toEqual(signed.digest);
        expect(verify(moved, [key])?.code).toMatch(/^timestamp_(malformed|out_of_window)$/);
      }),
      { numRuns: runs(100) },
    );
  });

  // The key stands between them, so it has to stand there twice.
  test('from the nonce into the body, where the nonce ends with the key', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9A-Za-z]{1,20}$/), nonces, bodies, (text, nonce, body) => {
        const key = Buffer.from(text);
        const signed = sign(key, nonce + text, body);
        const moved = { ...signed, nonce, body: Buffer.concat([key, body]) };
        expect(feishuSignature(key, time, nonce, moved.body)).toEqual(signed.digest);
        expect(verify(signed, [key])).toBeUndefined();
        expect(verify(moved, [key])?.code).toBe('signature_malformed');
      }),
      { numRuns: runs(100) },
    );
  });

  test('from one key into the body, where another key is its beginning', () => {
    const [long, short] = [Buffer.from('fake-key-2'), Buffer.from('fake-key')];
    const signed = sign(long, 'nonce-1', Buffer.from(order));
    const moved = { ...signed, body: Buffer.concat([Buffer.from('-2'), signed.body]) };
    expect(feishuSignature(short, time, 'nonce-1', moved.body)).toEqual(signed.digest);
    expect(verify(moved, [long, short])?.code).toBe('signature_malformed');
  });
});
