import RPCClient from '@alicloud/pop-core/lib/rpc.js';
import { openConnection } from '../../../functions/alibaba/connection.ts';
import type { CredentialsProvider } from '../../../functions/alibaba/credentials.ts';
import { identifier } from '../../../functions/alibaba/redact.ts';
import { toRecord } from '../../../functions/lib/json.ts';

const longestWaitMs = 10_000;
const largestAnswerBytes = 256 * 1024;

/** Whether a role is there, or the code with which RAM, or the network, kept it to itself. */
export type RoleReading = 'there' | 'missing' | { code: string };

/**
 * Looks a role up in RAM: `GetRole`, a read.
 *
 * @param endpoint an origin
 */
export async function readRole(
  name: string,
  endpoint: string,
  credentials: CredentialsProvider,
): Promise<RoleReading> {
  const keys = await credentials.getCredentials();
  const { accessKeyId, accessKeySecret, securityToken } = keys;
  const connection = openConnection(endpoint, longestWaitMs, largestAnswerBytes);
  try {
    const client = new RPCClient({
      endpoint,
      apiVersion: '2015-05-01',
      accessKeyId,
      accessKeySecret,
      ...(securityToken !== undefined && { securityToken }),
    });
    // With GET, signature and token would stand in the address, which proxies log.
    const options = { method: 'POST', agent: connection.agent, readTimeout: longestWaitMs + 50 };
    const answer = toRecord(await client.request<unknown>('GetRole', { RoleName: name }, options));
    return toRecord(answer['Role'])['RoleName'] === name ? 'there' : { code: 'an answer without the role' };
  } catch (error) {
    const { data, code: ofSystem } = toRecord(error);
    const code = identifier(toRecord(data)['Code'] ?? ofSystem, keys) ?? connection.abortReason();
    return code === 'EntityNotExist.Role' ? 'missing' : { code: code ?? 'no answer that can be read' };
  } finally {
    connection.close();
  }
}
