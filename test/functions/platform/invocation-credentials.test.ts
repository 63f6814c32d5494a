import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { invocationCredentials } from '../../../functions/platform/invocation-credentials.ts';

const inFunctionCompute = { FC_FUNCTION_NAME: 'webhook' };
const onALaptop = {};

const variables = {
  ALIBABA_CLOUD_ACCESS_KEY_ID: 'fake-id-of-the-environment',
  ALIBABA_CLOUD_ACCESS_KEY_SECRET: 'fake-secret-of-the-environment',
  ALIBABA_CLOUD_SECURITY_TOKEN: 'fake-token-of-the-environment',
};

afterEach(() => {
  vi.unstubAllEnvs();
});

function stsOf(invocation: string) {
  return {
    accessKeyId: `STS.fake-id-of-${invocation}`,
    accessKeySecret: `fake-secret-of-${invocation}`,
    securityToken: `fake-token-of-${invocation}`,
  };
}

function stubVariables(): void {
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
}

describe('in Function Compute', () => {
  test('the credentials are those of the invocation, whatever the variables say', async () => {
    stubVariables();
    const provider = await invocationCredentials({ credentials: stsOf('first') }, inFunctionCompute);
    expect(await provider.getCredentials()).toMatchObject(stsOf('first'));
  });

  test('those of two invocations do not mix', async () => {
    const providers = await Promise.all(
      ['first', 'second'].map((name) =>
        invocationCredentials({ credentials: stsOf(name) }, inFunctionCompute),
      ),
    );
    const seen = await Promise.all([...providers, ...providers].map((provider) => provider.getCredentials()));
    expect(seen).toMatchObject([stsOf('first'), stsOf('second'), stsOf('first'), stsOf('second')]);
  });

  const { accessKeyId, accessKeySecret, securityToken } = stsOf('first');
  test.each([
    ['no credentials at all', undefined],
    ['{}, as for a function without a role', {}],
    ['no id', { accessKeySecret, securityToken }],
    ['no secret', { accessKeyId, securityToken }],
    ['no token', { accessKeyId, accessKeySecret }],
    ['an empty id', { ...stsOf('first'), accessKeyId: '' }],
    ['an empty secret', { ...stsOf('first'), accessKeySecret: '' }],
    ['an empty token', { ...stsOf('first'), securityToken: '' }],
  ])('%s is credentials_missing and no gap is filled from the variables', async (_what, credentials) => {
    stubVariables();
    const context = credentials === undefined ? {} : { credentials };
    await expect(invocationCredentials(context, inFunctionCompute)).rejects.toMatchObject({
      code: 'credentials_missing',
      message: expect.stringContaining('policy/README.md') as string,
    });
  });
});

describe('on a laptop', () => {
  test('the variables are used, with their token', async () => {
    stubVariables();
    const provider = await invocationCredentials({}, onALaptop);
    expect(await provider.getCredentials()).toMatchObject({
      accessKeyId: variables.ALIBABA_CLOUD_ACCESS_KEY_ID,
      accessKeySecret: variables.ALIBABA_CLOUD_ACCESS_KEY_SECRET,
      securityToken: variables.ALIBABA_CLOUD_SECURITY_TOKEN,
    });
  });

  test('the variables may be a long-lived key without a token', async () => {
    stubVariables();
    vi.stubEnv('ALIBABA_CLOUD_SECURITY_TOKEN', undefined);
    const provider = await invocationCredentials({}, onALaptop);
    const { accessKeyId, securityToken } = await provider.getCredentials();
    expect(accessKeyId).toBe(variables.ALIBABA_CLOUD_ACCESS_KEY_ID);
    expect(securityToken ?? '').toBe('');
  });

  test('credentials of the invocation still come first', async () => {
    stubVariables();
    const provider = await invocationCredentials({ credentials: stsOf('first') }, onALaptop);
    expect(await provider.getCredentials()).toMatchObject(stsOf('first'));
  });

  test('without any, each call is credentials_missing and says what to do', async () => {
    await stubBareMachine();
    const provider = await invocationCredentials({}, onALaptop);
    for (let call = 1; call <= 2; call += 1) {
      await expect(provider.getCredentials()).rejects.toMatchObject({
        code: 'credentials_missing',
        message: expect.stringMatching(/aliyun configure.*ALIBABA_CLOUD_ACCESS_KEY_ID/) as string,
      });
    }
  });
});

/** No variables, no profiles, no metadata service, and a credentials URI that refuses. */
async function stubBareMachine(): Promise<void> {
  const home = await mkdtemp(join(tmpdir(), 'no-credentials-'));
  onTestFinished(() => rm(home, { recursive: true }));
  for (const name of Object.keys(process.env)) {
    if (name.startsWith('ALIBABA_CLOUD_')) vi.stubEnv(name, undefined);
  }
  vi.stubEnv('ALIBABA_CLOUD_ECS_METADATA_DISABLED', 'true');
  // Without a URI the library asks a host called "undefined".
  vi.stubEnv('ALIBABA_CLOUD_CREDENTIALS_URI', 'http://127.0.0.1:1');
  vi.stubEnv('HOME', home);
  vi.stubEnv('USERPROFILE', home);
}
