import { splitTarget, type ApiRequest } from '../request.ts';

/** The operations of Function Compute, version 2023-03-30, that the stand-in knows. */
export type FcOperation = 'InvokeFunction' | 'GetAsyncTask' | 'ListTriggers' | 'GetAsyncInvokeConfig';

/** What a request asks for. */
export interface FcCall {
  /** `undefined` when method and path are none that the stand-in knows. */
  readonly operation: FcOperation | undefined;
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** The host that the caller names, with its port. */
  readonly host: string;
  readonly functionName: string | undefined;
  readonly taskId: string | undefined;
  /** The body, taken for UTF-8. */
  readonly payload: string;
}

// https://help.aliyun.com/en/functioncompute/fc/developer-reference/api-fc-2023-03-30-invokefunction
// https://alibabacloud.com/help/en/functioncompute/fc-3-0/developer-reference/api-fc-2023-03-30-getasynctask
const invocation = /^POST \/2023-03-30\/functions\/([^/]+)\/invocations$/;
const taskState = /^GET \/2023-03-30\/functions\/([^/]+)\/async-tasks\/([^/]+)$/;
// https://www.alibabacloud.com/help/en/functioncompute/fc/developer-reference/api-fc-2023-03-30-listtriggers
// https://www.alibabacloud.com/help/en/functioncompute/fc/developer-reference/api-fc-2023-03-30-getasyncinvokeconfig
const ofFunction = /^GET \/2023-03-30\/functions\/([^/]+)\/(triggers|async-invoke-config)$/;

export function readCall({ method, target, headers, body }: ApiRequest): FcCall {
  const { path } = splitTarget(target);
  const invoked = invocation.exec(`${method} ${path}`);
  const asked = taskState.exec(`${method} ${path}`);
  const read = ofFunction.exec(`${method} ${path}`);
  return {
    operation: operationOf({ invoked, asked, read }),
    method,
    path,
    host: headers.host ?? '',
    functionName: (invoked ?? asked ?? read)?.[1],
    taskId: asked?.[2] ?? headers['x-fc-async-task-id']?.toString(),
    get payload() {
      return body.toString('utf8');
    },
  };
}

type Match = RegExpExecArray | null;

function operationOf({
  invoked,
  asked,
  read,
}: Record<'invoked' | 'asked' | 'read', Match>): FcOperation | undefined {
  if (invoked) return 'InvokeFunction';
  if (asked) return 'GetAsyncTask';
  if (!read) return undefined;
  return read[2] === 'triggers' ? 'ListTriggers' : 'GetAsyncInvokeConfig';
}
