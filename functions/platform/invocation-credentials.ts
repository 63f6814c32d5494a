import type { CredentialsProvider } from '../alibaba/credentials.ts';
import { Problem } from '../errors.ts';
import { type FunctionContext } from './context.ts';
import { isInFunctionCompute, type Environment } from './settings.ts';

/**
 * The credentials of this invocation: the temporary ones of the function's role. Outside Function Compute, the default
 * chain of `@alicloud/credentials` (environment, aliyun CLI profile, …), so that a developer can try the real thing.
 *
 * @throws Problem `credentials_missing`
 */
export async function invocationCredentials(
  context: FunctionContext,
  env: Environment,
): Promise<CredentialsProvider> {
  const { accessKeyId, accessKeySecret, securityToken } = context.credentials ?? {};
  if (accessKeyId && accessKeySecret && securityToken) {
    const { StaticSTSCredentialsProviderBuilder } =
      await import('@alicloud/credentials/dist/src/providers/static_sts.js');
    return new StaticSTSCredentialsProviderBuilder()
      .withAccessKeyId(accessKeyId)
      .withAccessKeySecret(accessKeySecret)
      .withSecurityToken(securityToken)
      .build();
  }
  // Checked here because the library fills a gap from ALIBABA_CLOUD_* variables, which in a long-lived instance may
  // hold a token that has expired.
  if (isInFunctionCompute(env)) {
    throw new Problem(
      'credentials_missing',
      'The function has no role, so it may not call Alibaba Cloud. Create the role as policy/README.md says, and deploy again.',
    );
  }
  return defaultChain();
}

async function defaultChain(): Promise<CredentialsProvider> {
  // Not part of the bundle: no request in Function Compute needs it. See local/build/bundle.ts.
  const { DefaultCredentialsProvider } = await import('@alicloud/credentials');
  const chain = DefaultCredentialsProvider.builder().build();
  return {
    getCredentials: async () => {
      try {
        return await chain.getCredentials();
      } catch (cause) {
        throw new Problem(
          'credentials_missing',
          'No Alibaba Cloud credentials were found on this machine. Run "aliyun configure", or set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET.',
          {},
          { cause },
        );
      }
    },
  };
}
