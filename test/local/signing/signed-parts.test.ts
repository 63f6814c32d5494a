import { createHash, createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import type { VerifyParameters } from '../../../functions/webhook/verify/verify.ts';
import { proofHeaders, signedParts } from '../../../local/signing/signed-parts.ts';
import { linkQuery, signatureHeaders } from '../../../local/signing/sign.ts';
import { presets } from '../../../presets/index.ts';

const secret = 'test-only-secret-of-a-sender';
const body = Buffer.from('{"text":"回滚"}');
const now = 1_700_000_000_000;

/** The bytes that are signed, with the secret where it is one of them. */
function bytesOf(verify: VerifyParameters, headers: Record<string, string>, contentType?: string): Buffer {
  const all = new Map(Object.entries(headers));
  if (contentType !== undefined) all.set('content-type', contentType);
  const parts = signedParts(verify, { headers: all, body });
  return Buffer.concat(parts.map(({ bytes }) => bytes ?? Buffer.from(secret)));
}

const hmacPresets = Object.entries(presets).flatMap(([name, { verify }]) =>
  verify.scheme === 'hmac' && verify.secretEncoding === 'plain' ? [[name, verify] as const] : [],
);

test.each(hmacPresets)(
  'the parts of a request of %s are what its signature was made over',
  (_name, verify) => {
    const headers = signatureHeaders(verify, secret, body, { now });
    const digest = createHmac(verify.algorithm, secret).update(bytesOf(verify, headers));
    expect(proofHeaders(verify).filter((name) => name in headers)).toEqual(
      expect.arrayContaining(Object.keys(headers)),
    );
    const given = headers[verify.header]?.slice(verify.prefix.length);
    const hex = digest.digest();
    expect([
      hex.toString('hex'),
      hex.toString('base64'),
      Buffer.from(hex.toString('hex')).toString('base64'),
    ]).toContain(given);
  },
);

test("of Stripe's, time, point and body", () => {
  const verify = { scheme: 'stripe', header: 'stripe-signature', toleranceSeconds: 300 } as const;
  const headers = signatureHeaders(verify, secret, body, { now });
  const digest = createHmac('sha256', secret).update(bytesOf(verify, headers)).digest('hex');
  expect(headers).toEqual({ 'stripe-signature': `t=1700000000,v1=${digest}` });
  expect(bytesOf(verify, headers).toString()).toBe('1700000000.{"text":"回滚"}');
});

test("of DingTalk's, time and secret, and nothing of the body; the secret itself is not given", () => {
  const verify = { scheme: 'dingtalk' } as const;
  const headers = signatureHeaders(verify, secret, body, { now });
  const digest = createHmac('sha256', secret).update(bytesOf(verify, headers)).digest('base64');
  expect(headers['sign']).toBe(digest);
  const parts = signedParts(verify, { headers: new Map(Object.entries(headers)), body });
  expect(parts.at(-1)).toEqual({ name: '{secret}', bytes: undefined });
});

test("of Feishu's, time, nonce, key and body", () => {
  const verify = { scheme: 'feishu' } as const;
  const headers = signatureHeaders(verify, secret, body, { now, id: 'nonce-1' });
  const digest = createHash('sha256').update(bytesOf(verify, headers)).digest('hex');
  expect(headers['x-lark-signature']).toBe(digest);
});

test('of a link, its source and what it authorises', () => {
  const verify = { scheme: 'link', source: 'sls' } as const;
  const app = '3616cdca-0000-4000-8000-000000000001';
  const query = new Map(
    new URLSearchParams(linkQuery(verify, secret, { app, expiresAtSeconds: 1_700_000_000 })),
  );
  const parts = signedParts(verify, { headers: new Map(), query, body });
  const text = Buffer.concat(parts.map(({ bytes }) => bytes ?? Buffer.of())).toString();
  expect(text).toBe(`link\nsls\n${app}\n\n1700000000`);
  expect(createHmac('sha256', secret).update(text).digest('hex')).toBe(query.get('sig'));
});

test('of a token, nothing', () => {
  const verify = { scheme: 'token', header: 'authorization', format: 'bearer' } as const;
  expect(signedParts(verify, { headers: new Map([['authorization', 'Bearer x']]), body })).toEqual([]);
});
