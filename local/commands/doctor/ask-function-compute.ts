import type { CredentialsProvider } from '../../../functions/alibaba/credentials.ts';
import {
  BoundedFcClient,
  callApi,
  type ApiAnswer,
  type TaskFunction,
} from '../../../functions/platform/fc2-task-queue.ts';

const longestWaitMs = 10_000;

/** What Function Compute tells of a function. Both are reads. */
export interface FunctionReader {
  /** `ListTriggers`: the first page, of 20. */
  triggers: () => Promise<ApiAnswer>;
  /** `GetAsyncInvokeConfig` */
  asyncInvokeConfig: () => Promise<ApiAnswer>;
}

export function readerOf(target: TaskFunction, credentials: CredentialsProvider): FunctionReader {
  const get = async (what: string) => {
    const keys = await credentials.getCredentials();
    const client = new BoundedFcClient(target, keys, longestWaitMs);
    return callApi(keys, () => client.get(`/functions/${target.name}/${what}`));
  };
  return {
    triggers: () => get('triggers'),
    asyncInvokeConfig: () => get('async-invoke-config'),
  };
}
