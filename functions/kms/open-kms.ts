import type { FunctionContext } from '../platform/context.ts';
import { invocationCredentials } from '../platform/invocation-credentials.ts';
import { regionOf, setting, type Environment } from '../platform/settings.ts';
import type { KmsClient } from './client.ts';
import { kmsEndpoint } from './endpoint.ts';

/**
 * KMS, with the credentials of this invocation. Loads the SDK.
 *
 * @throws KmsFailure where its address cannot be used; Problem `credentials_missing`
 */
export async function openKms(context: FunctionContext, env: Environment): Promise<KmsClient> {
  const endpoint = kmsEndpoint(regionOf(context, env), setting(env, 'KMS_ENDPOINT'));
  const credentials = await invocationCredentials(context, env);
  const { createKmsClient } = await import('./client.ts');
  return createKmsClient(endpoint, credentials);
}
