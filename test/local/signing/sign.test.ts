import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeSecret } from '../../../functions/secrets/decode-secret.ts';
import { verifyHmac, type HmacParameters } from '../../../functions/webhook/verify/hmac.ts';
import { verify, type VerifyParameters } from '../../../functions/webhook/verify/verify.ts';
import { linkQuery, signatureHeaders } from '../../../local/signing/sign.ts';
import { presets } from '../../../presets/index.ts';
import { codeOf } from '../../support/problem.ts';

const standardWebhooks: HmacParameters = {
  scheme: 'hmac',
  algorithm: 'sha256',
  header: 'webhook-signature',
  encoding: 'base64',
  prefix: 'v1,',
  separator: ' ',
  signed: ['{id}', '.', '{timestamp}', '.', '{body}'],
  timestamp: { header: 'webhook-timestamp', unit: 's', toleranceSeconds: 300 },
  idHeader: 'webhook-id',
  secretEncoding: 'whsec',
};

test('it signs as GitHub does', () => {
  // https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries#testing-the-webhook-payload-validation
  expect(signatureHeaders(presets.github.verify, "It's a Secret to Everybody", 'Hello, World!')).toEqual({
    'x-hub-signature-256': 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17',
  });
});

test('it signs as Standard Webhooks does', () => {
  // https://docs.svix.com/receiving/verifying-payloads/how-manual
  const headers = signatureHeaders(
    standardWebhooks,
    'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    '{"test": 2432232314}',
    { now: 1_614_265_330_999, id: 'msg_p5jXN8AQM9LWM0D4loKWxJek' },
  );
  expect(headers).toEqual({
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  });
});

test.each([
  ['s', '1614265330'],
  ['ms', '1614265330999'],
  ['iso', '2021-02-25T15:02:10.999Z'],
] as const)('it writes the time in %s as %s', (unit, expected) => {
  const timestamp = { header: 'webhook-timestamp', unit, toleranceSeconds: 300 };
  const headers = signatureHeaders({ ...standardWebhooks, timestamp }, 'whsec_AAAA', '', {
    now: 1_614_265_330_999,
  });
  expect(headers['webhook-timestamp']).toBe(expected);
});

test('it says so when the secret cannot be decoded', () => {
  expect(() => signatureHeaders(standardWebhooks, 'not-the-secret', '')).toThrow(
    'The secret cannot be decoded: its encoding is whsec.',
  );
});

describe('what it makes for a sender of another scheme opens the function, and under another secret does not:', () => {
  const now = 1_614_265_330_999;
  const body = Buffer.from('{}');
  const codeWith = (parameters: VerifyParameters, signing: string) =>
    codeOf(() => {
      const headers = new Map(Object.entries(signatureHeaders(parameters, signing, body, { now })));
      verify(parameters, [Buffer.from('fake:secret')], { headers, body }, now);
    });

  test.each<[string, VerifyParameters, string]>([
    ['stripe', { scheme: 'stripe', header: 'stripe-signature', toleranceSeconds: 300 }, 'signature_mismatch'],
    ['dingtalk', { scheme: 'dingtalk' }, 'signature_mismatch'],
    ['feishu', { scheme: 'feishu' }, 'signature_mismatch'],
    ['a plain token', { scheme: 'token', header: 'x-token', format: 'plain' }, 'token_mismatch'],
    ['a bearer token', { scheme: 'token', header: 'authorization', format: 'bearer' }, 'token_mismatch'],
    ['user and password', { scheme: 'token', header: 'authorization', format: 'basic' }, 'token_mismatch'],
  ])('%s', (_what, parameters, code) => {
    expect(codeWith(parameters, 'fake:secret')).toBeUndefined();
    expect(codeWith(parameters, 'fake:other')).toBe(code);
  });

  test.each([
    ['for an application', undefined],
    ['for a change order', 'dc5133d7-773f-4c81-9c5a-e2103dce0f6a'],
  ])('a link %s', (_what, changeOrderId) => {
    const parameters = { scheme: 'link', source: 'hook' } as const;
    const grant = {
      app: '3616cdca-0000-4000-8000-000000000001',
      changeOrderId,
      expiresAtSeconds: 1_614_265_390,
    };
    const open = (signing: string) => {
      const query = new Map(new URLSearchParams(linkQuery(parameters, signing, grant)));
      return verify(parameters, [Buffer.from('fake:secret')], { headers: new Map(), query, body }, now);
    };
    expect(open('fake:secret')).toEqual(grant);
    expect(codeOf(() => open('fake:other'))).toBe('signature_mismatch');
  });
});

test('a field payload of a form is signed decoded', () => {
  const contentType = 'application/x-www-form-urlencoded';
  const { verify: parameters } = presets.gitea;
  const ofForm = signatureHeaders(parameters, 'fake-secret', 'payload=%7B%7D', { contentType });
  expect(ofForm).toEqual(signatureHeaders(parameters, 'fake-secret', '{}'));
});

describe('for all parameters, secrets, bodies and times,', () => {
  const literal = fc.constantFrom('.', ':', 'v0:', 'constructor', 'toString');
  const parametersArbitrary: fc.Arbitrary<HmacParameters> = fc
    .record({
      algorithm: fc.constantFrom('sha256', 'sha512', 'sha1'),
      encoding: fc.constantFrom('hex', 'base64', 'base64-of-hex'),
      prefix: fc.constantFrom('', 'sha256=', 'v1,'),
      separator: fc.constantFrom(undefined, ' ' as const),
      unit: fc.constantFrom(undefined, 's', 'ms', 'iso'),
      hasId: fc.boolean(),
      literal,
    })
    .map(({ separator, unit, hasId, literal: text, ...rest }) => ({
      ...rest,
      scheme: 'hmac',
      header: 'x-signature',
      ...(separator && { separator }),
      signed: [text, ...(hasId ? ['{id}', text] : []), ...(unit ? ['{timestamp}', text] : []), '{body}'],
      ...(unit && { timestamp: { header: 'x-time', unit, toleranceSeconds: 300 } }),
      ...(hasId && { idHeader: 'x-id' }),
      secretEncoding: 'plain',
    }));
  const requestArbitrary = fc.record({
    parameters: parametersArbitrary,
    secret: fc.string({ minLength: 1 }),
    body: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    now: fc.integer({ min: 0, max: 4_000_000_000_000 }),
  });

  function verifyHeaders(
    parameters: HmacParameters,
    secret: string,
    headers: object,
    body: Buffer,
    now: number,
  ): void {
    const key = decodeSecret(secret, parameters.secretEncoding);
    if (!key) throw new Error('the secret must make a key');
    verifyHmac(parameters, [key], { headers: new Map(Object.entries(headers)), body }, now);
  }

  test('the function takes what was signed', () => {
    fc.assert(
      fc.property(requestArbitrary, ({ parameters, secret, body, now }) => {
        const headers = signatureHeaders(parameters, secret, body, { now });
        verifyHeaders(parameters, secret, headers, body, now);
      }),
    );
  });

  test('the function refuses it with one more byte, or with another secret', () => {
    fc.assert(
      fc.property(requestArbitrary, ({ parameters, secret, body, now }) => {
        const headers = signatureHeaders(parameters, secret, body, { now });
        const mismatch = expect.objectContaining({ code: 'signature_mismatch' }) as Error;
        const longer = Buffer.concat([body, Buffer.from('!')]);
        expect(() => {
          verifyHeaders(parameters, secret, headers, longer, now);
        }).toThrow(mismatch);
        expect(() => {
          verifyHeaders(parameters, `${secret}!`, headers, body, now);
        }).toThrow(mismatch);
      }),
    );
  });
});
