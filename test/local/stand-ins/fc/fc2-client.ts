import FcClient from '@alicloud/fc2';
import type { AccessKey } from '../../../../local/stand-ins/gateway.ts';

export const accountId = '1234567890123456';

/** What fc2 makes of an answer below 300. */
export interface Fc2Answer {
  headers: Record<string, string | undefined>;
  data: unknown;
}

/** fc2's own client, told to speak the API of Function Compute 3.0. */
export function fc2Client(
  endpoint: string,
  key: AccessKey,
  { account = accountId, timeout = 5_000 }: { account?: string; timeout?: number } = {},
): FcClient<Fc2Answer> {
  const { accessKeyId: accessKeyID, accessKeySecret, securityToken } = key;
  const keys = { accessKeyID, accessKeySecret, securityToken };
  const client = new FcClient<Fc2Answer>(account, { ...keys, region: 'cn-hangzhou', endpoint, timeout });
  client.version = '2023-03-30';
  return client;
}
