import type { EdasClient } from '../edas/client.ts';
import { edasEndpoint } from '../edas/endpoint.ts';
import { invocationCredentials } from './credentials.ts';
import type { Environment, FunctionContext } from './function-compute.ts';
import { regionOf, setting } from './settings.ts';

/**
 * EDAS, with the credentials of this invocation. Loads the SDK.
 *
 * @throws Problem `edas_endpoint_invalid`, `credentials_missing`
 */
export async function openEdas(context: FunctionContext, env: Environment): Promise<EdasClient> {
  const endpoint = edasEndpoint(regionOf(context, env), setting(env, 'EDAS_ENDPOINT'));
  const credentials = await invocationCredentials(context, env);
  const { createEdasClient } = await import('../edas/client.ts');
  return createEdasClient(endpoint, credentials);
}
