import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createKmsClient, type KmsClient } from '../../../functions/kms/client.ts';
import type { KmsFailure, KmsFailureKind } from '../../../functions/kms/failure.ts';
import * as faults from '../../../local/stand-ins/kms/faults.ts';
import type { Fault } from '../../../local/stand-ins/kms/faults.ts';
import { startKmsStandIn, type KmsStandIn } from '../../../local/stand-ins/kms/stand-in.ts';

const credentials = {
  accessKeyId: 'STS.fake-access-key-id',
  accessKeySecret: 'fake-access-key-secret',
  securityToken: 'fake-security-token',
};
const secret = 'fake-secret-that-nobody-may-see';
const unhurried = 5_000;

let kms: KmsStandIn;
let client: KmsClient;

beforeEach(async () => {
  kms = await startKmsStandIn({ credentials });
  kms.secrets.put('pipeline', secret);
  client = clientWith(credentials);
});

afterEach(() => kms.close());

function clientWith(keys: typeof credentials | Promise<typeof credentials>): KmsClient {
  return createKmsClient(kms.url, { getCredentials: () => Promise.resolve(keys) });
}

async function failureOf(read: Promise<unknown>): Promise<KmsFailure> {
  const error: unknown = await read.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({ name: 'KmsFailure' });
  return error as KmsFailure;
}

const current = (timeoutMs = unhurried) => client.getSecretValue('pipeline', 'ACSCurrent', timeoutMs);

describe('a secret', () => {
  test("is read with KMS's GetSecretValue, at the stage that is asked for", async () => {
    kms.secrets.put('pipeline', 'fake-newer-secret');
    expect(await current()).toEqual({ text: 'fake-newer-secret', versionId: 'v2' });
    expect(await client.getSecretValue('pipeline', 'ACSPrevious', unhurried)).toEqual({
      text: secret,
      versionId: 'v1',
    });
    expect(kms.calls).toEqual([
      { action: 'GetSecretValue', secretName: 'pipeline', stage: 'ACSCurrent', status: 200 },
      { action: 'GetSecretValue', secretName: 'pipeline', stage: 'ACSPrevious', status: 200 },
    ]);
  });

  test.each(['a/b', 'a+b', 'a=b', 'a@b.c-d_e', '0'])('may be called %j', async (name) => {
    kms.secrets.put(name, secret);
    expect(await client.getSecretValue(name, 'ACSCurrent', unhurried)).toMatchObject({ text: secret });
  });

  test.each(['{"secret":"fake"}', ' fake \n', '密钥', ''])('%j is given as it is', async (text) => {
    kms.secrets.put('pipeline', text);
    expect(await current()).toMatchObject({ text });
  });

  test('is read also where it is longer than anybody would make it', async () => {
    const text = '\u0001'.repeat(30 * 1024);
    kms.secrets.put('pipeline', text);
    expect(await current()).toMatchObject({ text });
  });

  test('is read with a long-lived key, which has no token', async () => {
    await kms.close();
    const { accessKeyId, accessKeySecret } = credentials;
    kms = await startKmsStandIn({ credentials: { accessKeyId, accessKeySecret } });
    kms.secrets.put('pipeline', secret);
    const provider = { getCredentials: () => Promise.resolve({ accessKeyId, accessKeySecret }) };
    client = createKmsClient(kms.url, provider);
    expect(await current()).toMatchObject({ text: secret });
  });

  test('that is binary is refused', async () => {
    kms.secrets.put('pipeline', 'AAEC', 'binary');
    const failure = await failureOf(current());
    expect([failure.kind, failure.message]).toEqual([
      'refused',
      'It is binary, and a secret here is text: store its text as a new version.',
    ]);
  });
});

describe('what KMS says instead of a secret', () => {
  test.each<[Fault, KmsFailureKind, string]>([
    [faults.forbidden(), 'refused', 'KMS answered Forbidden.NoPermission (HTTP 403). The function'],
    [faults.throttled(), 'unavailable', 'KMS answered Rejected.Throttling (HTTP 429).'],
    [faults.inDebt(), 'unavailable', 'KMS answered Forbidden.InDebt (HTTP 400).'],
    [faults.serviceUnavailable(), 'unavailable', 'KMS answered ServiceUnavailableTemporary (HTTP 503).'],
    [faults.internalFailure(), 'unavailable', 'KMS answered InternalFailure (HTTP 500).'],
    [faults.signatureMismatch(), 'unavailable', 'KMS answered SignatureDoesNotMatch (HTTP 400).'],
    [
      faults.refusal({ status: 400, code: 'Forbidden.Anything', message: '' }),
      'refused',
      'KMS answered Forbidden.Anything',
    ],
    [
      faults.refusal({ status: 400, code: 'InvalidSecurityToken.Expired', message: '' }),
      'unavailable',
      'KMS answered InvalidSecurityToken.Expired (HTTP 400).',
    ],
    [
      faults.refusal({ status: 400, code: 'not a code', message: '' }),
      'unavailable',
      'KMS answered without a code (HTTP 400).',
    ],
    [faults.reset(), 'unavailable', 'ECONNRESET.'],
    [faults.htmlBadGateway(), 'unavailable', 'its answer cannot be read.'],
    [faults.emptyBody(), 'unavailable', 'its answer cannot be read.'],
    [faults.jsonNull(), 'unavailable', 'its answer cannot be read.'],
    [faults.truncatedJson(), 'unavailable', 'its answer cannot be read.'],
    [faults.secretAsText(), 'unavailable', 'its answer cannot be read.'],
    [faults.saidToBeCompressed(), 'unavailable', 'KMS gave no secret at'],
    [faults.oversized(), 'unavailable', 'the answer is larger than 256 KiB.'],
  ])('$name is understood, and neither it nor a credential is quoted', async (fault, kind, message) => {
    kms.setFault(() => fault);
    const failure = await failureOf(current());
    expect(failure.kind).toBe(kind);
    expect(failure.message).toContain(message);
    const told = JSON.stringify([failure.message, failure.requestId, failure.cause]);
    for (const value of [secret, secret.slice(0, 12), ...Object.values(credentials)]) {
      expect(told).not.toContain(value);
    }
  });

  test('of a name that it does not know names the place where it was asked', async () => {
    const failure = await failureOf(client.getSecretValue('other', 'ACSCurrent', unhurried));
    expect([failure.kind, failure.message]).toEqual([
      'refused',
      `KMS answered Forbidden.ResourceNotFound (HTTP 404). Is it spelt as in KMS, and in the region of ${new URL(kms.url).host}?`,
    ]);
    expect(failure.requestId).toMatch(/^[0-9a-f-]{36}$/);
  });

  test.each([
    { SecretData: 7, SecretDataType: 'text' },
    { SecretData: 'fake' },
    { SecretDataType: 'text' },
    [],
    'text',
  ])('%j is no secret', async (body) => {
    kms.setFault(() => ({
      name: 'made by this test',
      instead: (response) => response.writeHead(200).end(JSON.stringify(body)),
    }));
    expect(await failureOf(current())).toMatchObject({
      kind: 'unavailable',
      message: "KMS's answer cannot be read: it holds no secret.",
    });
  });

  test('nothing, because nobody listens there', async () => {
    await kms.close();
    const { kind, message } = await failureOf(current());
    expect([kind, message]).toEqual([
      'unavailable',
      `KMS gave no secret at ${new URL(kms.url).host}: ECONNREFUSED.`,
    ]);
  });
});

describe('the time of a read', () => {
  test('ends it, though KMS is silent', async () => {
    kms.setFault(() => faults.silent());
    const { kind, message } = await failureOf(current(100));
    expect(kind).toBe('unavailable');
    expect(message).toContain('no answer within');
  });

  test('ends it, though no credentials come', async () => {
    client = clientWith(new Promise(() => undefined));
    expect(await failureOf(current(50))).toMatchObject({
      kind: 'unavailable',
      message: 'No credentials came within 50 ms.',
    });
    expect(kms.calls).toEqual([]);
  });

  test('holds for credentials and KMS together', async () => {
    kms.setFault(() => faults.silent());
    client = clientWith(sleep(300).then(() => credentials));
    const { message } = await failureOf(current(600));
    const [, leftMs] = /no answer within (\d+) ms/.exec(message) ?? [];
    expect(Number(leftMs)).toBeLessThanOrEqual(300);
  });
});

test('nothing that opens anything stands in the address', async () => {
  const addresses: string[] = [];
  kms.setFault(() => ({
    name: 'made by this test',
    instead: (response) => {
      addresses.push(response.req.url ?? '');
      response.end('{}');
    },
  }));
  await failureOf(current());
  expect(addresses).toEqual(['/']);
});
