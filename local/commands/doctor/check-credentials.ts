import { setTimeout as sleep } from 'node:timers/promises';
import type { CredentialsProvider } from '../../../functions/alibaba/credentials.ts';
import { Problem } from '../../../functions/errors.ts';
import { toRecord, toText } from '../../../functions/lib/json.ts';
import { right, unknown, type Finding } from './finding.ts';

/** How long a provider may ask a server, such as the metadata service of a cloud machine. */
const longestWaitMs = 10_000;

/** The providers of `@alicloud/credentials`, as a person knows them; each name may follow that of a chain. */
const origins: Record<string, string> = {
  env: 'from ALIBABA_CLOUD_ACCESS_KEY_ID in this shell',
  oidc_role_arn: 'from an OIDC token',
  cli_profile: 'from the profile of the aliyun CLI',
  profile: 'from ~/.alibabacloud/credentials.ini',
  ecs_ram_role: 'from the role of this cloud machine',
  credential_uri: 'from ALIBABA_CLOUD_CREDENTIALS_URI',
};

/** Whether this machine has credentials for EDAS and Function Compute. It says where from, and nothing of them. */
export async function checkCredentials(
  provider: CredentialsProvider,
): Promise<{ finding: Finding; credentials?: CredentialsProvider }> {
  const late = new AbortController();
  try {
    const credentials = await Promise.race([
      provider.getCredentials(),
      sleep(longestWaitMs, undefined, { signal: late.signal }),
    ]);
    if (!credentials)
      return { finding: unknown(`no credentials came within ${longestWaitMs / 1000} s`, howToGet) };
    const names = toText(toRecord(credentials)['providerName'])?.split('/') ?? [];
    const origin = names.map((name) => origins[name]).find((each) => each !== undefined);
    return {
      finding: right(
        `credentials are there, ${origin ?? names.join('/')}. They are yours, not the role's: what is asked with them shows what you may do`,
      ),
      credentials: { getCredentials: () => Promise.resolve(credentials) },
    };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return { finding: unknown('no Alibaba Cloud credentials were found on this machine', howToGet) };
  } finally {
    late.abort();
  }
}

const howToGet =
  'Run aliyun configure, or set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET. The deployment needs a key, too: npx s config add.';
