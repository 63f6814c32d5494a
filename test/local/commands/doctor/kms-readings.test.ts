import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { compileSources } from '../../../../local/build/compile-sources.ts';
import { checkSecrets } from '../../../../local/commands/doctor/check-secrets.ts';
import {
  checkKmsEndpoint,
  namesInKms,
  readKmsSecrets,
  withKmsSecrets,
} from '../../../../local/commands/doctor/kms-readings.ts';
import * as faults from '../../../../local/stand-ins/kms/faults.ts';
import { startKmsStandIn, type KmsStandIn } from '../../../../local/stand-ins/kms/stand-in.ts';
import { fakeCredentials } from '../../../support/webhook.ts';

const sources = compileSources('sources: { one: { preset: generic, secrets: [kms:team/one] } }');
const secret = 'fake-secret-of-a-test-in-the-KMS';
const older = 'fake-secret-of-a-test-before-now';

let kms: KmsStandIn;

beforeEach(async () => {
  kms = await startKmsStandIn({ credentials: fakeCredentials });
  onTestFinished(() => kms.close());
});

const read = (ofSources = sources, credentials = fakeCredentials) =>
  readKmsSecrets(namesInKms(ofSources, {}), kms.url, { getCredentials: () => Promise.resolve(credentials) });

const check = async (ofSources = sources, env: NodeJS.Dict<string> = {}) => {
  const findings = checkSecrets(ofSources, env, await read(ofSources));
  expect(JSON.stringify(findings)).not.toContain('fake-secret');
  return findings;
};

describe('a secret in KMS', () => {
  test('that is fit is right, and so is the version before it', async () => {
    kms.secrets.put('team/one', older);
    kms.secrets.put('team/one', secret);
    expect(await check()).toEqual([
      { verdict: 'right', what: 'kms:team/one (one) is in KMS, and long enough' },
      {
        verdict: 'right',
        what: 'the previous version of kms:team/one (one) counts as well, and is long enough',
      },
    ]);
  });

  test('that is not there is wrong', async () => {
    expect(await check()).toMatchObject([
      {
        verdict: 'wrong',
        what: 'kms:team/one (one) is not in KMS',
        advice: expect.stringMatching(/Forbidden\.ResourceNotFound.*spelt.*region/) as unknown,
      },
    ]);
  });

  test('that is binary is wrong', async () => {
    kms.secrets.put('team/one', secret, 'binary');
    expect(await check()).toMatchObject([
      { verdict: 'wrong', advice: expect.stringContaining('It is binary') as unknown },
    ]);
  });

  test.each([
    ['padded', `${secret}\n`, 'white space', 'as a new version'],
    ['a placeholder', 'changeme', 'is a placeholder', 'two new versions'],
    ['short', secret.slice(0, 15), 'is shorter than 16 bytes', 'two new versions'],
  ])('that is %s is wrong', async (_what, text, reason, advice) => {
    kms.secrets.put('team/one', text);
    expect(await check()).toMatchObject([
      {
        verdict: 'wrong',
        what: expect.stringContaining(reason) as unknown,
        advice: expect.stringContaining(advice) as unknown,
      },
    ]);
  });

  test('that is not of its encoding is wrong', async () => {
    kms.secrets.put('team/one', secret);
    const hex = 'sources: { one: { verify: { header: X-S, secretEncoding: hex }, secrets: [kms:team/one] } }';
    expect(await check(compileSources(hex))).toMatchObject([
      { verdict: 'wrong', what: 'kms:team/one cannot be decoded: its encoding is hex' },
    ]);
  });

  test('whose previous version can be guessed is wrong, since it is accepted, too', async () => {
    kms.secrets.put('team/one', 'ab'.repeat(20));
    kms.secrets.put('team/one', secret);
    expect(await check()).toMatchObject([
      { verdict: 'right' },
      { verdict: 'wrong', what: 'the previous version of kms:team/one is made of the same few characters' },
    ]);
  });

  test('whose previous version cannot be used is a warning, since no webhook is accepted with it', async () => {
    kms.secrets.put('team/one', `${older}\n`);
    kms.secrets.put('team/one', secret);
    expect(await check()).toMatchObject([
      { verdict: 'right' },
      { verdict: 'warning', what: expect.stringMatching(/^the previous version .* white space/) as unknown },
    ]);
  });

  test('that these credentials may not read cannot be checked, and that says what the role needs', async () => {
    kms.setFault(() => faults.forbidden());
    expect(await check()).toMatchObject([
      {
        verdict: 'unknown',
        what: 'kms:team/one (one) is not given to these credentials',
        advice: expect.stringMatching(
          /kms:GetSecretValue.*policy\/README\.md.*yours, not the role's/,
        ) as unknown,
      },
    ]);
  });

  test.each([faults.throttled(), faults.inDebt(), faults.serviceUnavailable(), faults.secretAsText()])(
    'cannot be checked where KMS has trouble: $name',
    async (fault) => {
      kms.secrets.put('team/one', secret);
      kms.setFault(() => fault);
      expect(await check()).toMatchObject([
        { verdict: 'unknown', what: 'kms:team/one (one) could not be read from KMS' },
      ]);
    },
  );

  test('cannot be checked where KMS is not there', async () => {
    await kms.close();
    expect(await check()).toMatchObject([
      { verdict: 'unknown', advice: expect.stringContaining('ECONNREFUSED') as unknown },
    ]);
  });

  test('cannot be checked with credentials that KMS does not take, and these are not shown', async () => {
    const credentials = { ...fakeCredentials, accessKeySecret: 'another-key-secret' };
    const findings = checkSecrets(sources, {}, await read(sources, credentials));
    expect(findings).toMatchObject([
      { verdict: 'unknown', advice: expect.stringContaining('SignatureDoesNotMatch') as unknown },
    ]);
    const text = JSON.stringify(findings);
    expect([credentials.accessKeySecret, credentials.securityToken].some((part) => text.includes(part))).toBe(
      false,
    );
  });

  test('that two sources share is read once for both', async () => {
    const shared = compileSources(`
sources:
  one: { preset: generic, secrets: [kms:team/one] }
  two: { preset: generic, secrets: [kms:team/one] }
`);
    kms.secrets.put('team/one', secret);
    expect((await check(shared)).map(({ verdict }) => verdict)).toEqual(['right', 'right']);
    expect(kms.calls.map(({ stage }) => stage)).toEqual(['ACSCurrent', 'ACSPrevious']);
  });
});

describe('secrets of the same value', () => {
  const two = compileSources(`
sources:
  one: { preset: generic, secrets: [kms:team/one] }
  two: { preset: generic, secrets: [kms:team/two] }
`);

  test('are wrong where two sources have them in KMS', async () => {
    kms.secrets.put('team/one', secret);
    kms.secrets.put('team/two', secret);
    expect((await check(two)).at(-1)).toMatchObject({
      verdict: 'wrong',
      what: 'kms:team/one and kms:team/two have the same value',
    });
  });

  test('are wrong where one is a previous version', async () => {
    kms.secrets.put('team/one', secret);
    kms.secrets.put('team/two', secret);
    kms.secrets.put('team/two', older);
    expect((await check(two)).at(-1)).toMatchObject({
      verdict: 'wrong',
      what: 'kms:team/one and the previous version of kms:team/two have the same value',
    });
  });

  test('are wrong where one is the variable of another source', async () => {
    const other = compileSources(`
sources:
  one: { preset: generic, secrets: [kms:team/one] }
  two: { preset: generic, secrets: [TWO] }
`);
    kms.secrets.put('team/one', secret);
    expect((await check(other, { TWO: secret })).at(-1)).toMatchObject({ verdict: 'wrong' });
  });

  test('are a warning where a source has moved its secret to KMS, and still names the variable', async () => {
    const mixed = compileSources('sources: { one: { preset: generic, secrets: [kms:team/one, OLD] } }');
    kms.secrets.put('team/one', secret);
    expect((await check(mixed, { OLD: secret })).at(-1)).toMatchObject({
      verdict: 'warning',
      advice: expect.stringContaining('OLD is not needed') as unknown,
    });
    expect((await check(mixed, { OLD: older })).map(({ verdict }) => verdict)).toEqual(['right', 'right']);
  });

  test('are right where they are two versions of one secret', async () => {
    kms.secrets.put('team/one', secret);
    kms.secrets.put('team/one', secret);
    expect((await check()).map(({ verdict }) => verdict)).toEqual(['right', 'right']);
  });
});

describe('the address of KMS', () => {
  test('is that of the region, or KMS_ENDPOINT', () => {
    expect(checkKmsEndpoint(sources, { REGION: 'cn-beijing' })).toEqual({
      endpoint: 'https://kms.cn-beijing.aliyuncs.com',
    });
    expect(checkKmsEndpoint(sources, { KMS_ENDPOINT: kms.url })).toEqual({ endpoint: kms.url });
  });

  test.each([
    ['plain http', { KMS_ENDPOINT: 'http://kms.example.com' }, 'KMS_ENDPOINT must be https'],
    ['a path', { KMS_ENDPOINT: 'https://kms.example.com/x' }, 'KMS_ENDPOINT must be a host name'],
    ['no region', {}, 'The region of KMS is not known'],
  ])('is wrong with %s', (_what, env, reason) => {
    expect(checkKmsEndpoint(sources, env)).toMatchObject({
      finding: { verdict: 'wrong', what: expect.stringContaining(reason) as unknown },
    });
  });

  test('is of no interest where no secret is in KMS', () => {
    const variables = compileSources('sources: { one: { preset: generic, secrets: [ONE] } }');
    expect(checkKmsEndpoint(variables, { KMS_ENDPOINT: 'http://kms.example.com' })).toEqual({});
  });
});

test('what was read stands beside the variables, by its name in sources.yaml', async () => {
  const some = compileSources(
    'sources: { one: { preset: generic, secrets: [kms:team/one, kms:missing, ONE] } }',
  );
  kms.secrets.put('team/one', secret);
  expect(withKmsSecrets({ ONE: 'fake' }, await read(some))).toEqual({ ONE: 'fake', 'kms:team/one': secret });
});
