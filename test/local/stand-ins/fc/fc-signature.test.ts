import { createServer } from 'node:http';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createFcVerifier, sign, stringToSign } from '../../../../local/stand-ins/fc/fc-signature.ts';
import type { AccessKey } from '../../../../local/stand-ins/gateway.ts';
import { listen, type Listening } from '../../../../local/stand-ins/listen.ts';
import { receiveRequest, type ApiRequest } from '../../../../local/stand-ins/request.ts';
import { runs } from '../../../support/runs.ts';
import { accountId, fc2Client } from './fc2-client.ts';

const permanentKey = { accessKeyId: 'fake-access-key-id', accessKeySecret: 'fake-access-key-secret' };
const temporaryKey = {
  ...permanentKey,
  accessKeyId: 'STS.fake-key-id',
  securityToken: 'fake-security-token',
};
const date = 'Fri, 02 Jan 2026 03:04:05 GMT';
const signedAt = Date.parse(date);

const invocation: ApiRequest = {
  method: 'POST',
  target: '/2023-03-30/functions/follow/invocations',
  headers: {
    date,
    'content-type': 'application/octet-stream',
    'content-md5': 'NzdlZmI4ZTNmYTI3NmQ0Njc0OTMyMzkyYTY2NTU1ZTQ=',
    'x-fc-invocation-type': 'Async',
    'x-fc-account-id': accountId,
    'x-fc-async-task-id': 'rollback-4f40e616',
    authorization: 'FC fake-access-key-id:ztSwqlYXXhq7tTC8Sj8oT0T10RNbJzHeN3cMQynKEGA=',
  },
  body: Buffer.from('{"version":1}'),
};

const question: ApiRequest = {
  method: 'GET',
  target: '/2023-03-30/functions/follow/async-tasks/rollback-4f40e616?qualifier=LATEST',
  headers: {
    date,
    'x-fc-security-token': 'fake-security-token',
    'x-fc-account-id': accountId,
    authorization: 'FC STS.fake-key-id:D6cPtf3JnHdEolie8wXvQSGBz7Jm/p78Fw+K+ZqtjSM=',
  },
  body: Buffer.alloc(0),
};

const verify = createFcVerifier(permanentKey, accountId, () => signedAt);
const verifyTemporary = createFcVerifier(temporaryKey, accountId, () => signedAt);

function withHeaders(request: ApiRequest, headers: Record<string, string | undefined>): ApiRequest {
  return { ...request, headers: { ...request.headers, ...headers } };
}

/** The request with these headers, signed over them with the key. */
function signed(
  request: ApiRequest,
  headers: Record<string, string | undefined>,
  key: AccessKey,
): ApiRequest {
  const unsigned = withHeaders(request, headers);
  const signature = sign(stringToSign(unsigned), key.accessKeySecret);
  return withHeaders(unsigned, { authorization: `FC ${key.accessKeyId}:${signature}` });
}

const denied = { status: 403, code: 'AccessDenied' };
const mismatch = { status: 403, code: 'SignatureNotMatch' };

// The signatures above were made with `openssl dgst -sha256 -hmac fake-access-key-secret -binary | base64`.
describe('a request signed with openssl', () => {
  test('is accepted with a body, whose MD5 is signed', () => {
    expect(stringToSign(invocation)).toBe(
      'POST\nNzdlZmI4ZTNmYTI3NmQ0Njc0OTMyMzkyYTY2NTU1ZTQ=\napplication/octet-stream\n' +
        `${date}\nx-fc-account-id:1234567890123456\nx-fc-async-task-id:rollback-4f40e616\n` +
        'x-fc-invocation-type:Async\n/2023-03-30/functions/follow/invocations',
    );
    expect(verify(invocation)).toBeUndefined();
  });

  test('is accepted with a temporary access key and its security token, with every query', () => {
    expect(verifyTemporary(question)).toBeUndefined();
    expect(verifyTemporary({ ...question, target: question.target.split('?')[0] ?? '' })).toBeUndefined();
  });

  test.each<[string, (request: ApiRequest) => ApiRequest]>([
    ['method', (request) => ({ ...request, method: 'PUT' })],
    ['path', (request) => ({ ...request, target: request.target.replace('follow', 'other') })],
    ['content type', (request) => withHeaders(request, { 'content-type': 'application/json' })],
    ['content MD5', (request) => withHeaders(request, { 'content-md5': 'd++44/onbUZ0kyOSpmVV5A==' })],
    ['missing content MD5', (request) => withHeaders(request, { 'content-md5': undefined })],
    ['date', (request) => withHeaders(request, { date: 'Fri, 02 Jan 2026 03:04:06 GMT' })],
    ['task id', (request) => withHeaders(request, { 'x-fc-async-task-id': 'rollback-5f40e616' })],
    ['extra x-fc- header', (request) => withHeaders(request, { 'x-fc-log-type': 'Tail' })],
    [
      'signature',
      (request) => withHeaders(request, { authorization: 'FC fake-access-key-id:ztSwqlYXXhq7tTC8' }),
    ],
    ['missing signature', (request) => withHeaders(request, { authorization: 'FC fake-access-key-id:' })],
  ])('is refused when its %s was changed on the way', (_what, change) => {
    expect(verify(change(invocation))).toMatchObject(mismatch);
  });

  test('is refused without saying what was signed or expected', () => {
    const forged = withHeaders(question, { authorization: 'FC STS.fake-key-id:AAAA' });
    const refusal = JSON.stringify(verifyTemporary(forged));
    expect(refusal).toContain('SignatureNotMatch');
    expect(refusal).not.toContain('fake-security-token');
    expect(refusal).not.toContain('D6cPtf3JnHdEolie8wXvQSGBz7Jm');
  });

  test('is refused when its body was changed on the way', () => {
    expect(verify({ ...invocation, body: Buffer.from('{"version":2}') })).toMatchObject(denied);
  });

  test.each([undefined, '', 'Basic ZmFrZTpmYWtl', 'FC', 'FC fake-access-key-id', 'FC another-fake-id:AAAA'])(
    'is refused, not thrown at, with the authorization %j',
    (authorization) => {
      const refusal = verify(withHeaders(invocation, { authorization }));
      expect(refusal).toMatchObject({ status: 403, code: 'InvalidAccessKeyID' });
    },
  );

  test.each([
    [-15 * 60_000 - 1, 'AccessDenied'],
    [-15 * 60_000, undefined],
    [15 * 60_000, undefined],
    [15 * 60_000 + 1, 'AccessDenied'],
  ])('and looked at %i ms from its date gives %s', (distance, code) => {
    expect(createFcVerifier(permanentKey, accountId, () => signedAt + distance)(invocation)?.code).toBe(code);
  });
});

describe('a request that is rightly signed', () => {
  test('is accepted with the MD5 as RFC 1864 has it, and with none', () => {
    const md5 = { 'content-md5': 'd++44/onbUZ0kyOSpmVV5A==' };
    expect(verify(signed(invocation, md5, permanentKey))).toBeUndefined();
    expect(verify(signed(invocation, { 'content-md5': undefined }, permanentKey))).toBeUndefined();
  });

  test.each(['yesterday', '2026-01-02T03:04:05Z', ''])('is refused with the date %j', (given) => {
    expect(verify(signed(invocation, { date: given }, permanentKey))).toMatchObject(denied);
  });

  test('is refused for another account', () => {
    const request = signed(invocation, { 'x-fc-account-id': '6543210987654321' }, permanentKey);
    expect(verify(request)).toMatchObject(denied);
  });

  test.each(['date', 'x-fc-account-id'])('is refused without %s', (name) => {
    const refusal = verify(signed(invocation, { [name]: undefined }, permanentKey));
    expect(refusal).toMatchObject({ status: 400, code: 'MissingRequiredHeader' });
  });

  test.each([undefined, '', 'another-fake-token', 'fake-security-tokem'])(
    'with a temporary key is refused with the token %j',
    (token) => {
      const request = signed(question, { 'x-fc-security-token': token }, temporaryKey);
      expect(verifyTemporary(request)).toMatchObject(denied);
    },
  );

  test('with a permanent key is refused with a token', () => {
    const request = signed(invocation, { 'x-fc-security-token': 'fake-security-token' }, permanentKey);
    expect(verify(request)).toMatchObject(denied);
  });

  test('is refused once its token has expired', () => {
    const key = { ...temporaryKey, securityTokenExpiresAt: signedAt };
    expect(createFcVerifier(key, accountId, () => signedAt)(question)).toBeUndefined();
    expect(createFcVerifier(key, accountId, () => signedAt + 1)(question)).toMatchObject(denied);
  });
});

test('no header makes the check throw or a forged request pass', () => {
  const value = fc.option(fc.string(), { nil: undefined });
  const headers = fc.record({ date: value, authorization: value, 'content-md5': value });
  fc.assert(
    fc.property(headers, (random) => {
      expect(verify(withHeaders(invocation, random))).toBeDefined();
    }),
  );
});

describe('a request signed by fc2', () => {
  const received: ApiRequest[] = [];
  const recorder = createServer((message, response) => {
    void receiveRequest(message).then((request) => {
      received.push(request);
      response.writeHead(202).end();
    });
  });
  let listening: Listening;
  beforeAll(async () => {
    listening = await listen(recorder, 0);
  });
  afterAll(() => listening.close());

  async function sentByFc2(key: AccessKey, body = '{"version":1}'): Promise<ApiRequest> {
    const headers = { 'x-fc-invocation-type': 'Async', 'X-Fc-Async-Task-Id': 'rollback-4f40e616' };
    await fc2Client(listening.url, key).post('/functions/follow/invocations', body, headers);
    const request = received.at(-1);
    if (!request) throw new Error('Nothing arrived');
    return request;
  }

  test.each([
    ['permanent', permanentKey],
    ['temporary', temporaryKey],
  ])('is accepted with a %s access key', async (_what, key) => {
    const accept = createFcVerifier(key, accountId, () => Date.now());
    expect(accept(await sentByFc2(key))).toBeUndefined();
  });

  test('is accepted with every body', async () => {
    const accept = createFcVerifier(permanentKey, accountId, () => Date.now());
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme' }), async (body) => {
        expect(accept(await sentByFc2(permanentKey, body))).toBeUndefined();
      }),
      { numRuns: runs(30) },
    );
  });

  test('is refused with another secret', async () => {
    const request = await sentByFc2({ ...permanentKey, accessKeySecret: 'another-fake-secret' });
    expect(createFcVerifier(permanentKey, accountId, () => Date.now())(request)).toMatchObject(mismatch);
  });
});
