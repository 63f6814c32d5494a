import RPCClient from '@alicloud/pop-core/lib/rpc.js';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { forbidden } from '../../../../local/stand-ins/kms/faults.ts';
import {
  startKmsStandIn,
  type KmsStandIn,
  type RecordedCall,
} from '../../../../local/stand-ins/kms/stand-in.ts';

const credentials = {
  accessKeyId: 'fake-access-key-id',
  accessKeySecret: 'fake-access-key-secret',
  securityToken: 'fake-security-token',
};

let kms: KmsStandIn;
let told: RecordedCall[];

beforeEach(async () => {
  told = [];
  kms = await startKmsStandIn({ credentials, onCall: (call) => told.push(call) });
});

afterEach(() => kms.close());

/** What is answered, also where it is a failure. */
function ask(
  parameters: Record<string, string>,
  action = 'GetSecretValue',
  key = credentials,
): Promise<unknown> {
  const client = new RPCClient({ endpoint: kms.url, apiVersion: '2016-01-20', ...key });
  return client
    .request<unknown>(action, parameters, { method: 'POST' })
    .catch((error: unknown) => (error as { data: unknown }).data);
}

test('a secret is given in the documented shape, at its current version unless it is said otherwise', async () => {
  kms.secrets.put('pipeline', 'first');
  kms.secrets.put('pipeline', 'second');
  expect(await ask({ SecretName: 'pipeline' })).toEqual({
    SecretName: 'pipeline',
    SecretType: 'Generic',
    SecretDataType: 'text',
    SecretData: 'second',
    VersionId: 'v2',
    VersionStages: { VersionStage: ['ACSCurrent'] },
    CreateTime: expect.any(String) as string,
    RequestId: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
  });
  const previous = await ask({ SecretName: 'pipeline', VersionStage: 'ACSPrevious' });
  expect(previous).toMatchObject({ SecretData: 'first', VersionId: 'v1' });
});

test('a new version moves both labels, and the one before them is gone', () => {
  for (const text of ['first', 'second', 'third']) kms.secrets.put('pipeline', text);
  expect(kms.secrets.get('pipeline')).toMatchObject({
    current: { data: 'third', versionId: 'v3' },
    previous: { data: 'second', versionId: 'v2' },
  });
});

test.each([
  ['a secret that is not there', { SecretName: 'other' }, 'GetSecretValue', 'Forbidden.ResourceNotFound'],
  [
    'a version that is not there',
    { SecretName: 'pipeline', VersionStage: 'ACSPrevious' },
    'GetSecretValue',
    'Forbidden.ResourceNotFound',
  ],
  [
    'an unknown label',
    { SecretName: 'pipeline', VersionStage: 'toString' },
    'GetSecretValue',
    'Forbidden.ResourceNotFound',
  ],
  ['no name', {}, 'GetSecretValue', 'MissingParameter'],
  ['another action', { SecretName: 'pipeline' }, 'DeleteSecret', 'InvalidAction.NotFound'],
])('%s is refused', async (_, parameters, action, Code) => {
  kms.secrets.put('pipeline', 'first');
  expect(await ask(parameters as Record<string, string>, action)).toMatchObject({ Code });
});

test('who cannot sign is refused, and meets no fault', async () => {
  kms.setFault(() => forbidden());
  const other = { ...credentials, accessKeySecret: 'another-fake-secret' };
  expect(await ask({ SecretName: 'pipeline' }, 'GetSecretValue', other)).toMatchObject({
    Code: 'SignatureDoesNotMatch',
  });
  expect(await ask({ SecretName: 'pipeline' })).toMatchObject({ Code: 'Forbidden.NoPermission' });
});

test('each call is recorded and told', async () => {
  kms.secrets.put('pipeline', 'first');
  await ask({ SecretName: 'pipeline', VersionStage: 'ACSCurrent' });
  const call = { action: 'GetSecretValue', secretName: 'pipeline', stage: 'ACSCurrent', status: 200 };
  expect([kms.calls, told]).toEqual([[call], [call]]);
});
