import { createHmac } from 'node:crypto';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import type { ErrorCode } from '../../../functions/errors.ts';
import type { EdasStandIn } from '../../../local/stand-ins/edas/stand-in.ts';
import type { TestRequest } from '../../support/http-event.ts';
import { fakeSecret, openWithRelease, startTime, type Webhook } from '../../support/webhook.ts';

const sources = `
sources:
  hex: { preset: generic, secrets: [SECRET] }
  base64: { verify: { header: X-Signature, encoding: base64 }, secrets: [SECRET] }
  timed:
    verify: { header: X-Signature, signed: '{timestamp}.{body}', timestamp: { header: X-Time, unit: s } }
    secrets: [SECRET]
  form: { verify: { header: X-Signature, contentType: form }, secrets: [SECRET] }
`;
const changeOrderId = 'dc5133d7-773f-4c81-9c5a-e2103dce0f6a';
const good = JSON.stringify({ changeOrderId });
const now = Date.parse(startTime);

let edas: EdasStandIn;
let webhook: Webhook;

beforeEach(async () => {
  ({ edas, webhook } = await openWithRelease({ sources }, { id: changeOrderId }, onTestFinished));
});

function mac(text: string | Buffer, algorithm = 'sha256'): Buffer {
  return createHmac(algorithm, fakeSecret('SECRET')).update(text).digest();
}

const hex = mac(good).toString('hex');
/** A body whose MAC has both letters that the two alphabets of base64 write differently. */
const bodyOfBothAlphabets = Array.from({ length: 1000 }, (_, at) => `{"n":${at}}`).find((body) => {
  const text = mac(body).toString('base64');
  return text.includes('+') && text.includes('/');
});

const toHex = (signature: string, body = good): TestRequest => ({
  path: '/hex',
  headers: { 'X-Signature-256': signature, 'Content-Type': 'application/json' },
  body,
});
const signed = (body: string | Buffer, headers: Record<string, string> = {}): TestRequest => ({
  path: '/hex',
  headers: { 'X-Signature-256': `sha256=${mac(body).toString('hex')}`, ...headers },
  body,
  isBase64Encoded: true,
});
const timed = (time: string): TestRequest => ({
  path: '/timed',
  headers: { 'X-Signature': mac(`${time}.${good}`).toString('hex'), 'X-Time': time },
  body: good,
});
const form = (body: string): TestRequest => ({
  path: '/form',
  headers: {
    'X-Signature': mac(body).toString('hex'),
    'Content-Type': 'application/x-www-form-urlencoded',
  },
  body,
});

test('the same requests without their fault roll back', async () => {
  const requests = [toHex(`sha256=${hex}`), signed(good), timed(String(now / 1000))];
  for (const request of requests) expect((await webhook.send(request)).status).toBeLessThan(300);
  const base64 = { path: '/base64', headers: { 'X-Signature': mac(good).toString('base64') }, body: good };
  expect((await webhook.send(base64)).status).toBe(200);
  expect((await webhook.send(form(`changeOrderId=${changeOrderId}`))).status).toBe(200);
});

test.each<[string, ErrorCode, TestRequest]>([
  ['base64 where hex is due', 'signature_malformed', toHex(`sha256=${mac(good).toString('base64')}`)],
  [
    'hex where base64 is due',
    'signature_malformed',
    { path: '/base64', headers: { 'X-Signature': hex }, body: good },
  ],
  ['hex of odd length', 'signature_malformed', toHex(`sha256=${hex.slice(1)}`)],
  [
    'URL-safe base64 where standard is due',
    'signature_malformed',
    {
      path: '/base64',
      headers: { 'X-Signature': mac(bodyOfBothAlphabets ?? '').toString('base64url') },
      body: bodyOfBothAlphabets ?? '',
    },
  ],
  [
    'base64 without its padding',
    'signature_malformed',
    {
      path: '/base64',
      headers: { 'X-Signature': mac(good).toString('base64').replace('=', '') },
      body: good,
    },
  ],
  ['two signatures', 'signature_malformed', toHex(`sha256=${hex},sha256=${hex}`)],
  ['a signature of another scheme', 'signature_malformed', toHex(`v1=${hex}`)],
  [
    'a signature of another algorithm',
    'signature_malformed',
    toHex(`sha256=${mac(good, 'sha1').toString('hex')}`),
  ],
  ['a time in milliseconds where seconds are due', 'timestamp_out_of_window', timed(String(now))],
  ['a time with a fraction', 'timestamp_malformed', timed(`${now / 1000}.5`)],
  ['a time with something after it', 'timestamp_malformed', timed(`${now / 1000}abc`)],
  ['a time in words', 'timestamp_malformed', timed('NaN')],
  ['a byte order mark', 'payload_malformed', signed(`\ufeff${good}`)],
  ['bytes that are not UTF-8', 'payload_malformed', signed(Buffer.from('{"a":"\xff"}', 'latin1'))],
  ['a form under the name of JSON', 'payload_malformed', signed(`changeOrderId=${changeOrderId}`)],
  ['JSON under the name of a form', 'payload_malformed', form(good)],
  ['a form with a field twice', 'payload_malformed', form(`changeOrderId=${changeOrderId}&changeOrderId=x`)],
  ['a form with a broken escape', 'payload_malformed', form('changeOrderId=%E5%9')],
  ['an unknown content type', 'content_type_unsupported', signed(good, { 'Content-Type': 'image/png' })],
  [
    'a compressed body',
    'content_encoding_unsupported',
    signed(good, { 'Content-Encoding': 'gzip', 'Content-Type': 'application/json' }),
  ],
  ['nesting 10,000 deep', 'payload_malformed', signed(`${'['.repeat(10_000)}${']'.repeat(10_000)}`)],
  ['a string of 1 MiB', 'body_too_large', signed(`{"a":"${'x'.repeat(1024 * 1024)}"}`)],
  [
    'a string of nearly 1 MiB, and no id',
    'change_order_id_missing',
    signed(`{"changeOrderId":"${'x'.repeat(1024 * 1024 - 100)}"}`),
  ],
  [
    'a key twice',
    'payload_malformed',
    signed(`{"changeOrderId":"${changeOrderId}","changeOrderId":"${changeOrderId}"}`),
  ],
  ['an empty body', 'payload_malformed', signed('')],
  ['no id', 'change_order_id_missing', signed(JSON.stringify({ id: changeOrderId }))],
  [
    'two ids',
    'change_order_id_ambiguous',
    signed(JSON.stringify({ changeOrderId, change_order_id: '5ba3b2f4-1c7e-4a6d-8f00-000000000001' })),
  ],
  [
    'a form where JSON is due',
    'content_type_unsupported',
    signed(good, { 'Content-Type': 'application/x-www-form-urlencoded' }),
  ],
])('%s is refused as %s, and nothing is rolled back', async (_, code, request) => {
  const answer = await webhook.send(request);
  expect(answer.body).toMatchObject({ code });
  expect(answer.headers['Content-Type']).toBe('application/problem+json');
  expect(webhook.decisions()).toMatchObject([{ code }]);
  expect(edas.calls).toEqual([]);
});
