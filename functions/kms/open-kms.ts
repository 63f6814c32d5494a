import type { ServiceAccess } from '../alibaba/service-access.ts';
import type { KmsClient } from './client.ts';
import { kmsEndpoint } from './endpoint.ts';

/**
 * Loads the SDK and opens KMS.
 *
 * @throws KmsFailure where its address cannot be used; Problem `credentials_missing`
 */
export async function openKms({ region, endpoint, openCredentials }: ServiceAccess): Promise<KmsClient> {
  const origin = kmsEndpoint(region, endpoint);
  const credentials = await openCredentials();
  const { createKmsClient } = await import('./client.ts');
  return createKmsClient(origin, credentials);
}
