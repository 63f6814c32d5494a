/** An access key of Alibaba Cloud; temporary ones come with a security token. */
export interface Credentials {
  accessKeyId: string;
  accessKeySecret: string;
  securityToken?: string | undefined;
}

/** Where credentials come from; asked once per call. */
export interface CredentialsProvider {
  getCredentials(): Promise<Credentials>;
}
