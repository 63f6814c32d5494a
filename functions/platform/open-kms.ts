import type { KmsClient } from '../kms/client.ts';
import { kmsEndpoint } from '../kms/endpoint.ts';
import { invocationCredentials } from './credentials.ts';
import type { Environment, FunctionContext } from './function-compute.ts';
import { regionOf, setting } from './settings.ts';

/**
 * KMS, with the credentials of this invocation. Loads the SDK.
 *
 * @throws KmsFailure where its address cannot be used; Problem `credentials_missing`
 */
export async function openKms(context: FunctionContext, env: Environment): Promise<KmsClient> {
  const endpoint = kmsEndpoint(regionOf(context, env), setting(env, 'KMS_ENDPOINT'));
  const credentials = await invocationCredentials(context, env);
  const { createKmsClient } = await import('../kms/client.ts');
  return createKmsClient(endpoint, credentials);
}
