import type { ServiceAccess } from '../alibaba/service-access.ts';
import type { EdasClient } from './client.ts';
import { edasEndpoint } from './endpoint.ts';

/**
 * Loads the SDK and opens EDAS.
 *
 * @throws Problem `edas_endpoint_invalid`, `credentials_missing`
 */
export async function openEdas({ region, endpoint, openCredentials }: ServiceAccess): Promise<EdasClient> {
  const origin = edasEndpoint(region, endpoint);
  const credentials = await openCredentials();
  const { createEdasClient } = await import('./client.ts');
  return createEdasClient(origin, credentials);
}
