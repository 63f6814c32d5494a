import OpenApiUtil from '@alicloud/openapi-util';
import RPCClient from '@alicloud/pop-core/lib/rpc.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AccessKey } from '../../../../local/stand-ins/gateway.ts';
import {
  createRpcVerifier,
  readParameters,
  sign,
  stringToSign,
  type RpcParameters,
} from '../../../../local/stand-ins/kms/rpc-signature.ts';
import { startRecorder } from '../../../support/recorder.ts';
import { runs } from '../../../support/runs.ts';

const permanentKey = { accessKeyId: 'fake-access-key-id', accessKeySecret: 'fake-access-key-secret' };
const temporaryKey = { ...permanentKey, securityToken: 'fake-security-token' };

const { received, endpoint } = startRecorder();

interface Call {
  key?: typeof permanentKey & { securityToken?: string };
  apiVersion?: string;
  method?: 'GET' | 'POST';
  parameters?: Record<string, string>;
}

/** A call that pop-core signed and sent, as it arrived. */
async function signedByPopCore(call: Call = {}): Promise<{ parameters: RpcParameters; method: string }> {
  const client = new RPCClient({
    endpoint: endpoint(),
    apiVersion: call.apiVersion ?? '2016-01-20',
    ...(call.key ?? permanentKey),
  });
  const { method = 'POST', parameters = { SecretName: 'pipeline' } } = call;
  await client.request('GetSecretValue', parameters, { method });
  const request = received.at(-1);
  if (!request) throw new Error('Nothing arrived');
  return { parameters: readParameters(request), method: request.method };
}

/** The code of what is wrong with a call, if anything. */
function codeOf(
  { parameters, method }: { parameters: RpcParameters; method: string },
  key: AccessKey = permanentKey,
  now = () => Date.now(),
): string | undefined {
  return createRpcVerifier(key, now)(parameters, method)?.code;
}

describe('a call signed by pop-core', () => {
  test.each(['GET', 'POST'] as const)('with %s is accepted', async (method) => {
    expect(codeOf(await signedByPopCore({ method }))).toBeUndefined();
  });

  test('is accepted with a temporary access key and its security token', async () => {
    expect(codeOf(await signedByPopCore({ key: temporaryKey }), temporaryKey)).toBeUndefined();
  });

  test('is accepted with all parameters', async () => {
    const name = fc.stringMatching(/^[A-Z][A-Za-z0-9._-]{0,8}$/);
    const value = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom('a b', 'a+b', 'a&b=c', '%41', '密钥', "!'()*", ''),
    );
    const standard = ['Action', 'Version', 'Signature', 'Timestamp', 'Format'];
    await fc.assert(
      fc.asyncProperty(fc.dictionary(name, value), async (random) => {
        fc.pre(Object.keys(random).every((key) => !standard.includes(key)));
        expect(codeOf(await signedByPopCore({ parameters: random }))).toBeUndefined();
      }),
      { numRuns: runs(50) },
    );
  });

  test.each<[string, Call, AccessKey, string]>([
    ['another secret', {}, { ...permanentKey, accessKeySecret: 'another-fake' }, 'SignatureDoesNotMatch'],
    ['an unknown key', {}, { ...permanentKey, accessKeyId: 'other' }, 'InvalidAccessKeyId.NotFound'],
    ['no token', {}, temporaryKey, 'MissingSecurityToken'],
    [
      'another token',
      { key: { ...temporaryKey, securityToken: 'other' } },
      temporaryKey,
      'InvalidSecurityToken.MismatchWithAccessKey',
    ],
    [
      'a token that is not due',
      { key: temporaryKey },
      permanentKey,
      'InvalidSecurityToken.MismatchWithAccessKey',
    ],
    ['another version', { apiVersion: '2017-08-01' }, permanentKey, 'InvalidVersion'],
  ])('is refused with %s', async (_, call, key, code) => {
    expect(codeOf(await signedByPopCore(call), key)).toBe(code);
  });

  test('is refused when a parameter was changed on its way, added or taken away', async () => {
    const { parameters, method } = await signedByPopCore();
    const changed = new Map([...parameters, ['SecretName', 'other']]);
    const added = new Map([...parameters, ['VersionStage', 'ACSPrevious']]);
    const less = new Map([...parameters].filter(([name]) => name !== 'SecretName'));
    for (const each of [changed, added, less]) {
      expect(codeOf({ parameters: each, method })).toBe('SignatureDoesNotMatch');
    }
    expect(codeOf({ parameters, method: 'GET' })).toBe('SignatureDoesNotMatch');
  });

  test('is refused when it is more than 15 minutes off, in either direction', async () => {
    const call = await signedByPopCore();
    for (const minutes of [-16, 16]) {
      const code = codeOf(call, permanentKey, () => Date.now() + minutes * 60_000);
      expect(code).toBe('InvalidTimeStamp.Expired');
    }
  });

  test('is refused when it comes twice', async () => {
    const { parameters, method } = await signedByPopCore();
    const verify = createRpcVerifier(permanentKey, () => Date.now());
    expect(verify(parameters, method)).toBeUndefined();
    expect(verify(parameters, method)?.code).toBe('SignatureNonceUsed');
  });
});

test.each(['Timestamp', 'SignatureNonce', 'SignatureMethod', 'Signature'])(
  'a call without %s is refused',
  async (name) => {
    const { parameters, method } = await signedByPopCore();
    const less = new Map([...parameters].filter(([each]) => each !== name && each !== 'Signature'));
    // Signed anew, so that nothing else is wrong with it.
    const signature = sign(stringToSign(less, method), permanentKey.accessKeySecret);
    const signed = name === 'Signature' ? less : new Map([...less, ['Signature', signature]]);
    expect(codeOf({ parameters: signed, method })).toBeTypeOf('string');
  },
);

test("makes the signature that Alibaba Cloud's own library makes", async () => {
  const { parameters, method } = await signedByPopCore({ key: temporaryKey });
  const unsigned = Object.fromEntries([...parameters].filter(([name]) => name !== 'Signature'));
  const theirs = OpenApiUtil.getRPCSignature(unsigned, method, permanentKey.accessKeySecret);
  expect(sign(stringToSign(parameters, method), permanentKey.accessKeySecret)).toBe(theirs);
});
