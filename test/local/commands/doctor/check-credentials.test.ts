import { afterEach, describe, expect, test, vi } from 'vitest';
import { Problem } from '../../../../functions/errors.ts';
import { invocationCredentials } from '../../../../functions/platform/invocation-credentials.ts';
import { checkCredentials } from '../../../../local/commands/doctor/check-credentials.ts';

const fake = { accessKeyId: 'fake-key-id', accessKeySecret: 'fake-key-secret' };

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('the credentials of this machine', () => {
  test('are found in the environment by the default chain, and not shown', async () => {
    vi.stubEnv('ALIBABA_CLOUD_ACCESS_KEY_ID', fake.accessKeyId);
    vi.stubEnv('ALIBABA_CLOUD_ACCESS_KEY_SECRET', fake.accessKeySecret);
    const { finding, credentials } = await checkCredentials(await invocationCredentials({}, {}));
    expect(finding).toMatchObject({
      verdict: 'right',
      what: expect.stringMatching(
        /from ALIBABA_CLOUD_ACCESS_KEY_ID in this shell.*not the role's/,
      ) as unknown,
    });
    expect(JSON.stringify(finding)).not.toContain('fake');
    expect(await credentials?.getCredentials()).toMatchObject(fake);
  });

  test.each([
    ['default/cli_profile/static_ak', 'from the profile of the aliyun CLI'],
    ['default/ecs_ram_role', 'from the role of this cloud machine'],
    ['default/of-tomorrow', 'default/of-tomorrow'],
  ])('of the provider %s are said to come from there', async (providerName, words) => {
    const provider = { getCredentials: () => Promise.resolve({ ...fake, providerName }) };
    expect((await checkCredentials(provider)).finding.what).toContain(words);
  });

  test('that are not there cannot be checked', async () => {
    const provider = { getCredentials: () => Promise.reject(new Problem('credentials_missing', 'fake')) };
    expect(await checkCredentials(provider)).toEqual({
      finding: {
        verdict: 'unknown',
        what: 'no Alibaba Cloud credentials were found on this machine',
        advice: expect.stringContaining('aliyun configure') as unknown,
      },
    });
  });
});
