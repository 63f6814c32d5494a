import OpenApiUtil from '@alicloud/openapi-util';
import ROAClient from '@alicloud/pop-core/lib/roa.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  createRoaVerifier,
  sign,
  signatureDoesNotMatch,
  stringToSign,
} from '../../../../local/stand-ins/edas/roa-signature.ts';
import type { AccessKey } from '../../../../local/stand-ins/gateway.ts';
import type { ApiRequest } from '../../../../local/stand-ins/request.ts';
import { startRecorder } from '../../../support/recorder.ts';
import { runs } from '../../../support/runs.ts';

const permanentKey = { accessKeyId: 'fake-access-key-id', accessKeySecret: 'fake-access-key-secret' };
const temporaryKey = { ...permanentKey, securityToken: 'fake-security-token' };
const path = '/pop/v5/oam/changeorder/rollback';
const query = { ChangeOrderId: '4f40e616-cdcd-4250-a018-efd4599c0000' };

const { received, endpoint } = startRecorder();

interface Call {
  key?: AccessKey;
  apiVersion?: string;
  query?: Record<string, string>;
  body?: string;
  headers?: Record<string, string>;
}

/** A request that pop-core signed and sent, as it arrived. */
async function signedByPopCore(call: Call = {}): Promise<ApiRequest> {
  const credentials = call.key ?? permanentKey;
  const client = new ROAClient({
    endpoint: endpoint(),
    apiVersion: call.apiVersion ?? '2017-08-01',
    credentialsProvider: { getCredentials: () => Promise.resolve(credentials) },
  });
  await client.request('PUT', path, call.query ?? query, call.body ?? '', call.headers ?? {});
  const request = received.at(-1);
  if (!request) throw new Error('Nothing arrived');
  return request;
}

function verifierFor(key: AccessKey, now = () => Date.now()) {
  return createRoaVerifier(key, now);
}

function withHeaders(request: ApiRequest, headers: Record<string, string | undefined>): ApiRequest {
  return { ...request, headers: { ...request.headers, ...headers } };
}

describe('a request signed by pop-core', () => {
  test('is accepted with a permanent access key', async () => {
    expect(verifierFor(permanentKey)(await signedByPopCore())).toBeUndefined();
  });

  test('is accepted with a temporary access key and its security token', async () => {
    const request = await signedByPopCore({ key: temporaryKey });
    expect(request.headers['x-acs-security-token']).toBe('fake-security-token');
    expect(verifierFor(temporaryKey)(request)).toBeUndefined();
  });

  test('is accepted with a body, whose MD5 is signed', async () => {
    const request = await signedByPopCore({
      body: '{"name":"部署"}',
      headers: { 'content-type': 'application/json' },
    });
    expect(verifierFor(permanentKey)(request)).toBeUndefined();
  });

  test('is accepted with every query', async () => {
    const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9._-]{0,8}$/);
    const value = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom('a b', 'a+b', 'a&b=c', '%41', '部署', ''),
    );
    await fc.assert(
      fc.asyncProperty(fc.dictionary(name, value), async (random) => {
        expect(verifierFor(permanentKey)(await signedByPopCore({ query: random }))).toBeUndefined();
      }),
      { numRuns: runs(50) },
    );
  });

  test('is refused with another secret', async () => {
    const request = await signedByPopCore({
      key: { ...permanentKey, accessKeySecret: 'another-fake-secret' },
    });
    expect(verifierFor(permanentKey)(request)).toMatchObject({ status: 400, code: 'SignatureDoesNotMatch' });
  });

  test('is refused with an unknown access key', async () => {
    const request = await signedByPopCore({ key: { ...permanentKey, accessKeyId: 'another-fake-id' } });
    expect(verifierFor(permanentKey)(request)).toMatchObject({
      status: 404,
      code: 'InvalidAccessKeyId.NotFound',
    });
  });

  test.each([
    ['method', (request: ApiRequest) => ({ ...request, method: 'POST' })],
    ['path', (request: ApiRequest) => ({ ...request, target: request.target.replace('rollback', 'abort') })],
    ['query', (request: ApiRequest) => ({ ...request, target: request.target.replace('4f40', '5f40') })],
    ['extra query', (request: ApiRequest) => ({ ...request, target: `${request.target}&Force=true` })],
    ['accept', (request: ApiRequest) => withHeaders(request, { accept: 'text/xml' })],
    ['content type', (request: ApiRequest) => withHeaders(request, { 'content-type': 'text/plain' })],
    [
      'date',
      (request: ApiRequest) => withHeaders(request, { date: new Date(Date.now() - 60_000).toUTCString() }),
    ],
    ['signed header', (request: ApiRequest) => withHeaders(request, { 'x-acs-signature-nonce': 'another' })],
    [
      'extra signed header',
      (request: ApiRequest) => withHeaders(request, { 'x-acs-region-id': 'cn-beijing' }),
    ],
    [
      'missing signature',
      (request: ApiRequest) => withHeaders(request, { authorization: 'acs fake-access-key-id:' }),
    ],
  ])('is refused when its %s was changed on the way', async (_what, change) => {
    const request = await signedByPopCore();
    expect(verifierFor(permanentKey)(change(request))).toMatchObject({
      status: 400,
      code: 'SignatureDoesNotMatch',
    });
  });

  test('is refused when its body was changed on the way', async () => {
    const request = { ...(await signedByPopCore({ body: 'a' })), body: Buffer.from('b') };
    expect(verifierFor(permanentKey)(request)).toMatchObject({ status: 400, code: 'ContentMD5NotMatched' });
  });

  test.each([undefined, '', 'Basic ZmFrZTpmYWtl', 'acs', 'acs fake-access-key-id'])(
    'is refused, not thrown at, with the authorization %j',
    async (authorization) => {
      const request = withHeaders(await signedByPopCore(), { authorization });
      expect(verifierFor(permanentKey)(request)).toMatchObject({ code: 'InvalidAccessKeyId.NotFound' });
    },
  );

  test('is refused for another API version', async () => {
    const request = await signedByPopCore({ apiVersion: '2014-12-05' });
    expect(verifierFor(permanentKey)(request)).toMatchObject({ status: 400, code: 'InvalidVersion' });
  });

  test.each([
    [-15 * 60_000 - 1, 'InvalidTimeStamp.Expired'],
    [-15 * 60_000, undefined],
    [15 * 60_000, undefined],
    [15 * 60_000 + 1, 'InvalidTimeStamp.Expired'],
  ])('dated %i ms from the clock gives %s', async (distance, code) => {
    const date = Date.parse('2026-01-02T03:04:05Z');
    const request = await signedByPopCore({ headers: { date: new Date(date).toUTCString() } });
    expect(verifierFor(permanentKey, () => date + distance)(request)?.code).toBe(code);
  });

  test('is refused when its date is not one', async () => {
    const request = await signedByPopCore({ headers: { date: 'yesterday' } });
    expect(verifierFor(permanentKey)(request)).toMatchObject({
      status: 400,
      code: 'InvalidTimeStamp.Format',
    });
  });
});

describe('a nonce', () => {
  test('is good once', async () => {
    const verify = verifierFor(permanentKey);
    const request = await signedByPopCore();
    expect(verify(request)).toBeUndefined();
    expect(verify(request)).toMatchObject({ status: 400, code: 'SignatureNonceUsed' });
  });

  test('is not used up by a request that is refused', async () => {
    const verify = verifierFor(permanentKey);
    const request = await signedByPopCore();
    expect(verify({ ...request, method: 'POST' })).toBeDefined();
    expect(verify(request)).toBeUndefined();
  });

  test('must be there', async () => {
    const request = await signedByPopCore({ headers: { 'x-acs-signature-nonce': '' } });
    expect(verifierFor(permanentKey)(request)).toMatchObject({ status: 400, code: 'MissingSignatureNonce' });
  });
});

describe('a security token', () => {
  test('must be there when the key is temporary', async () => {
    const request = await signedByPopCore({ key: permanentKey });
    expect(verifierFor(temporaryKey)(request)).toMatchObject({ status: 400, code: 'MissingSecurityToken' });
  });

  test.each([
    ['of another key', { ...temporaryKey, securityToken: 'another-fake-token' }],
    ['of the same length', { ...temporaryKey, securityToken: 'fake-security-tokem' }],
  ])('%s is refused', async (_what, key) => {
    const request = await signedByPopCore({ key });
    expect(verifierFor(temporaryKey)(request)).toMatchObject({
      status: 400,
      code: 'InvalidSecurityToken.MismatchWithAccessKey',
    });
  });

  test('with a permanent key is refused', async () => {
    const request = await signedByPopCore({ key: temporaryKey });
    expect(verifierFor(permanentKey)(request)?.code).toBe('InvalidSecurityToken.MismatchWithAccessKey');
  });

  test('is refused without the access key id it belongs to', async () => {
    const request = await signedByPopCore({
      key: temporaryKey,
      headers: { 'x-acs-accesskey-id': 'another-fake-id' },
    });
    expect(verifierFor(temporaryKey)(request)?.code).toBe('InvalidSecurityToken.MismatchWithAccessKey');
  });

  test('is refused once it has expired', async () => {
    const expired = { ...temporaryKey, securityTokenExpiresAt: Date.now() - 1 };
    const request = await signedByPopCore({ key: temporaryKey });
    expect(verifierFor(expired)(request)).toMatchObject({
      status: 400,
      code: 'InvalidSecurityToken.Expired',
    });
  });

  test('comes back in the message that refuses a wrong signature, as from the real gateway', async () => {
    const request = await signedByPopCore({
      key: { ...temporaryKey, accessKeySecret: 'another-fake-secret' },
    });
    const message = verifierFor(temporaryKey)(request)?.message;
    expect(message).toBe(signatureDoesNotMatch(request).message);
    expect(message).toContain('server string to sign is:PUT\napplication/json\n');
    expect(message).toContain('x-acs-security-token:fake-security-token\n');
  });
});

const headers = {
  accept: 'application/json',
  date: 'Fri, 02 Jan 2026 03:04:05 GMT',
  'x-acs-version': '2017-08-01',
  'x-acs-signature-nonce': 'fake-nonce',
};

/** The part of `@alicloud/openapi-util` used here, and all that it reads of a request. It shares no code with ours. */
const openApiUtil: {
  getStringToSign(
    request: Pick<ApiRequest, 'method' | 'headers'> & { pathname: string; query: object },
  ): string;
  getROASignature(text: string, secret: string): string;
} = OpenApiUtil;

function signedByOpenApiUtil(
  { method, headers }: ApiRequest,
  pathname: string,
  query: Record<string, string>,
) {
  const text = openApiUtil.getStringToSign({ method, pathname, query, headers });
  return { text, signature: openApiUtil.getROASignature(text, 'fake-access-key-secret') };
}

function bodiless(method: string, target: string, extraHeaders: Record<string, string> = {}): ApiRequest {
  return { method, target, headers: { ...headers, ...extraHeaders }, body: Buffer.alloc(0) };
}

describe('the string to sign', () => {
  test('is method, four headers, the x-acs- headers by name, and the path with its query by name', () => {
    expect(stringToSign(bodiless('PUT', `${path}?b=2&a=%E9%83%A8%20x%26y%3Dz`))).toBe(
      'PUT\napplication/json\n\n\nFri, 02 Jan 2026 03:04:05 GMT\n' +
        'x-acs-signature-nonce:fake-nonce\nx-acs-version:2017-08-01\n' +
        `${path}?a=部 x&y=z&b=2`,
    );
  });

  test.each([
    {
      request: bodiless('PUT', `${path}?ChangeOrderId=4f40e616`),
      path,
      query: { ChangeOrderId: '4f40e616' },
    },
    { request: bodiless('GET', '/pop/v5/app/app_list'), path: '/pop/v5/app/app_list', query: {} },
    {
      request: bodiless('POST', '/pop/v5/app/app_info?Zone=&AppId=3616cdca&b=a%2Bb&B=%25', {
        'content-md5': '1B2M2Y8AsgTpgAmY7PhCfg==',
        'content-type': 'application/json',
        'x-acs-security-token': ' fake\tsecurity-token ',
        'x-acs-accesskey-id': 'fake-access-key-id',
      }),
      path: '/pop/v5/app/app_info',
      query: { AppId: '3616cdca', B: '%', b: 'a+b', Zone: '' },
    },
  ])('and its signature are those of openapi-util for $request.method $path', ({ request, path, query }) => {
    const theirs = signedByOpenApiUtil(request, path, query);
    expect(stringToSign(request)).toBe(theirs.text);
    expect(sign(theirs.text, 'fake-access-key-secret')).toBe(theirs.signature);
  });

  test('and its signature are those of openapi-util for every query', () => {
    const name = fc.stringMatching(/^[A-Za-z]\w{0,8}$/);
    fc.assert(
      fc.property(fc.dictionary(name, fc.string({ unit: 'grapheme' })), (query) => {
        const encoded = Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
        const request = bodiless('PUT', `${path}?${encoded.join('&')}`);
        const theirs = signedByOpenApiUtil(request, path, query);
        expect(stringToSign(request)).toBe(theirs.text);
        expect(sign(stringToSign(request), 'fake-access-key-secret')).toBe(theirs.signature);
      }),
    );
  });

  test('is made for every request line, without throwing', () => {
    fc.assert(
      fc.property(fc.string(), (target) => {
        expect(() => stringToSign(bodiless('PUT', target))).not.toThrow();
      }),
    );
  });
});
