import type { CredentialsProvider } from './credentials.ts';

/** Where a service of Alibaba Cloud is called, and with which credentials. */
export interface ServiceAccess {
  /** Region id, such as `cn-hangzhou`. */
  region: string | undefined;
  /** A host name or an origin to call instead of the service's public one. */
  endpoint: string | undefined;
  /** @throws Problem `credentials_missing` */
  openCredentials: () => Promise<CredentialsProvider>;
}
