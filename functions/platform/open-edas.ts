import type { EdasClient } from '../edas/client.ts';
import { edasEndpoint } from '../edas/endpoint.ts';
import { invocationCredentials } from './credentials.ts';
import type { Environment, FunctionContext } from './function-compute.ts';
import { setting } from './settings.ts';

/**
 * EDAS, with the credentials of this invocation. Loads the SDK.
 *
 * @throws Problem `edas_endpoint_invalid`, `credentials_missing`
 */
export async function openEdas(context: FunctionContext, env: Environment): Promise<EdasClient> {
  const region = setting(env, 'REGION') ?? context.region ?? setting(env, 'FC_REGION');
  const endpoint = edasEndpoint(region, setting(env, 'EDAS_ENDPOINT'));
  const credentials = await invocationCredentials(context, env);
  const { createEdasClient } = await import('../edas/client.ts');
  return createEdasClient(endpoint, credentials);
}
