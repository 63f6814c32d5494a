import { createHash } from 'node:crypto';
import FcClient from '@alicloud/fc2';
import type { Credentials, CredentialsProvider } from '../alibaba/credentials.ts';
import { exchange, ExchangeFailure, type Answer } from '../alibaba/exchange.ts';
import { identifier } from '../alibaba/redact.ts';
import { toRecord, toText } from '../lib/json.ts';
import { taskStates, TaskQueueFailure, type TaskQueue } from './task-queue.ts';

/** Where a task goes. */
export interface TaskFunction {
  name: string;
  accountId: string;
  region: string;
  /** An origin. Default: the public address of Function Compute's API in the region. */
  endpoint?: string | undefined;
}

type Action = 'fc:InvokeFunction' | 'fc:GetAsyncTask';
/** The queue of one function, with the credentials of this invocation. */
export function createTaskQueue(target: TaskFunction, credentials: CredentialsProvider): TaskQueue {
  const own = `/functions/${target.name}`;
  return {
    submit: async (taskId, payload, timeoutMs) => {
      const keys = await credentials.getCredentials();
      const client = new BoundedFcClient(target, keys, timeoutMs);
      const judged = await callApi(keys, () =>
        client.post(`${own}/invocations`, payload, {
          'x-fc-invocation-type': 'Async',
          'x-fc-async-task-id': taskId,
        }),
      );
      const { status, code, isForeign } = judged;
      if (status === 202 && code === undefined && !isForeign) return 'accepted';
      // One page documents 409, an older one 400.
      // https://help.aliyun.com/zh/functioncompute/fc-2-0/user-guide/asynchronous-task-deduplication
      const isConflict = status === 409 || (status === 400 && /AlreadyExist/i.test(code ?? ''));
      if (isConflict && !isForeign) return 'exists';
      throw refused(judged, 'fc:InvokeFunction', target);
    },
    read: async (taskId, timeoutMs) => {
      const keys = await credentials.getCredentials();
      const client = new BoundedFcClient(target, keys, timeoutMs);
      const judged = await callApi(keys, () => client.get(`${own}/async-tasks/${taskId}`));
      if (judged.status === 404 && judged.code?.includes('Task')) return 'absent';
      if (judged.status !== 200 || judged.isForeign) throw refused(judged, 'fc:GetAsyncTask', target);
      // https://help.aliyun.com/zh/functioncompute/fc/developer-reference/api-fc-2023-03-30-struct-asynctask
      const state = taskStates.find((each) => each === judged.data['status']);
      if (state) return { state, payload: toText(judged.data['taskPayload']) };
      throw new TaskQueueFailure('Function Compute gave no state of the task that is known here.', false);
    },
  };
}

interface ApiAnswer {
  status: number;
  /** Function Compute's own, such as `FunctionNotFound`. */
  code: string | undefined;
  data: Record<string, unknown>;
  /** Neither empty nor JSON, such as the page of a proxy. */
  isForeign: boolean;
}

async function callApi(keys: Credentials, call: () => Promise<Answer>): Promise<ApiAnswer> {
  try {
    const { status, text } = await call();
    const value = parse(text);
    const data = toRecord(value);
    // `Code` since 2023-03-30, `ErrorCode` before.
    const code = identifier(data['Code'] ?? data['ErrorCode'], keys);
    return { status, code, data, isForeign: value === undefined && text.trim() !== '' };
  } catch (error) {
    if (!(error instanceof ExchangeFailure)) throw error;
    throw new TaskQueueFailure(
      `Function Compute could not be asked: ${error.message}.`,
      error.mayHaveArrived,
    );
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A 4xx is a clear no; whatever else is no clear yes leaves in doubt what was done. */
function refused(judged: ApiAnswer, action: Action, target: TaskFunction): TaskQueueFailure {
  const { status, code, isForeign } = judged;
  const who = isForeign ? 'Something on the way to Function Compute' : 'Function Compute';
  const said = [`${who} answered ${status}`, code].filter((part) => part !== undefined).join(' ');
  const isRefusal = status >= 400 && status <= 499 && status !== 408;
  const answer = isForeign ? undefined : { status, code };
  return new TaskQueueFailure(`${said}.${adviceOn(judged, action, target)}`, !isRefusal, answer);
}

function adviceOn(
  { status, isForeign }: ApiAnswer,
  action: Action,
  { name, region, accountId }: TaskFunction,
): string {
  if (isForeign) return ' Is FUNCTION_ENDPOINT, where it is set, the address of its API?';
  switch (status) {
    case 401:
    case 403:
      return ` The function's role needs ${action} on acs:fc:${region}:${accountId}:functions/${name}: see policy/README.md.`;
    case 404:
      return ` Is FOLLOW_FUNCTION, ${name}, the name of the follow function in this region, and is it deployed?`;
    default:
      return '';
  }
}

/**
 * fc2's client with its verbs, headers and signature, over a connection of our own. fc2's sends over sockets that are
 * kept alive beyond the invocation, takes answers of any size, and hides the status and, since the API of 2023-03-30
 * calls it otherwise, the code of a refusal.
 */
export class BoundedFcClient extends FcClient<Answer> {
  readonly #timeoutMs: number;

  constructor({ accountId, region, endpoint }: TaskFunction, keys: Credentials, timeoutMs: number) {
    const { accessKeyId: accessKeyID, accessKeySecret, securityToken } = keys;
    const address = endpoint ?? `https://${accountId}.${region}.fc.aliyuncs.com`;
    super(accountId, { accessKeyID, accessKeySecret, securityToken, region, endpoint: address });
    // As Serverless Devs' own component reaches the API of Function Compute 3.0.
    // https://github.com/devsapp/fc3/blob/master/src/resources/fc/index.ts
    this.version = '2023-03-30';
    this.#timeoutMs = timeoutMs;
  }

  override async request(
    method: 'GET' | 'POST',
    path: string,
    _query: unknown,
    payload?: string | Buffer | null,
    more: Record<string, string> = {},
  ): Promise<Answer> {
    const resource = `/${this.version}${path}`;
    const body = payload ? Buffer.from(payload) : undefined;
    const unsigned = { ...this.buildHeaders(), ...more, ...(body && contentHeaders(body)) };
    const { accessKeyID, accessKeySecret } = this;
    const authorization = FcClient.getSignature(accessKeyID, accessKeySecret, method, resource, unsigned);
    const headers = { ...unsigned, authorization };
    return exchange(`${this.endpoint}${resource}`, { method, headers, body }, this.#timeoutMs);
  }
}

function contentHeaders(body: Buffer): Record<string, string> {
  // The hexadecimal text of the digest in base64: so fc2 makes it, and Function Compute takes it.
  const digest = createHash('md5').update(body).digest('hex');
  return {
    'content-type': 'application/octet-stream',
    'content-length': String(body.length),
    'content-md5': Buffer.from(digest).toString('base64'),
  };
}
