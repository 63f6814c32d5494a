import { describe, expect, test } from 'vitest';
import type { ErrorCode } from '../../../../functions/errors.ts';
import type { SecretEncoding } from '../../../../functions/secrets/decode-secret.ts';
import { secretEncodingOf } from '../../../../functions/secrets/read-key.ts';
import { coversPayload, verify, type VerifyParameters } from '../../../../functions/webhook/verify/verify.ts';
import { linkQuery, signatureHeaders } from '../../../../local/signing/sign.ts';
import { codeOf } from '../../../support/problem.ts';
import { bodyInHex } from '../../../support/source.ts';

const now = Date.parse('2026-01-02T03:04:05Z');
const body = Buffer.from('{"a":1}');
const grant = { app: '3616cdca-4f92-4413-8a51-000000000001', expiresAtSeconds: 1_775_001_600 };

const schemes: [VerifyParameters, ErrorCode, ErrorCode][] = [
  [bodyInHex, 'signature_missing', 'signature_mismatch'],
  [
    { scheme: 'stripe', header: 'x-stripe', toleranceSeconds: 300 },
    'signature_missing',
    'signature_mismatch',
  ],
  [{ scheme: 'dingtalk' }, 'signature_missing', 'signature_mismatch'],
  [{ scheme: 'feishu' }, 'signature_missing', 'signature_mismatch'],
  [{ scheme: 'token', header: 'x-token', format: 'plain' }, 'token_missing', 'token_mismatch'],
  [{ scheme: 'link', source: 'cloudmonitor' }, 'signature_missing', 'signature_mismatch'],
];

describe.each(schemes)('the one gate, for %o', (parameters, missing, mismatch) => {
  const open = (secret: string, keys = [Buffer.from('fake-secret')]) => {
    const headers = new Map(Object.entries(signatureHeaders(parameters, secret, body, { now })));
    const query =
      parameters.scheme === 'link'
        ? new Map(new URLSearchParams(linkQuery(parameters, secret, grant)).entries())
        : undefined;
    return verify(parameters, keys, { headers, query, body }, now);
  };

  test('opens to a sender that knows the secret, with a grant where it came by a link', () => {
    expect(open('fake-secret')).toEqual(parameters.scheme === 'link' ? grant : undefined);
  });

  test('without any key, opens to no sender, and says of the right request that only the key does not fit', () => {
    expect(codeOf(() => open('fake-secret', []))).toBe(mismatch);
  });

  test('stays shut to every other sender', () => {
    expect(codeOf(() => open('fake-other-secret'))).toBe(mismatch);
    const unsigned = { headers: new Map<string, string>(), body };
    expect(codeOf(() => verify(parameters, [Buffer.from('fake-secret')], unsigned, now))).toBe(missing);
  });
});

test.each<[VerifyParameters['scheme'], boolean]>([
  ['hmac', true],
  ['stripe', true],
  ['feishu', true],
  ['dingtalk', false],
  ['token', false],
  ['link', false],
])('whether %s covers the payload: %s, and who does not must name its applications', (scheme, covers) => {
  expect(coversPayload({ scheme })).toBe(covers);
});

test.each<[SecretEncoding, VerifyParameters]>([
  ['whsec', { ...bodyInHex, secretEncoding: 'whsec' }],
  ['hex', { ...bodyInHex, secretEncoding: 'hex' }],
  ['plain', { scheme: 'stripe', header: 'x-stripe', toleranceSeconds: 300 }],
  ['plain', { scheme: 'link', source: 'cloudmonitor' }],
])('the secret is %s for %o', (encoding, parameters) => {
  expect(secretEncodingOf(parameters)).toBe(encoding);
});
