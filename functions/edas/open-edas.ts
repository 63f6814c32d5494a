import type { FunctionContext } from '../platform/context.ts';
import { invocationCredentials } from '../platform/invocation-credentials.ts';
import { regionOf, setting, type Environment } from '../platform/settings.ts';
import type { EdasClient } from './client.ts';
import { edasEndpoint } from './endpoint.ts';

/**
 * EDAS, with the credentials of this invocation. Loads the SDK.
 *
 * @throws Problem `edas_endpoint_invalid`, `credentials_missing`
 */
export async function openEdas(context: FunctionContext, env: Environment): Promise<EdasClient> {
  const endpoint = edasEndpoint(regionOf(context, env), setting(env, 'EDAS_ENDPOINT'));
  const credentials = await invocationCredentials(context, env);
  const { createEdasClient } = await import('./client.ts');
  return createEdasClient(endpoint, credentials);
}
