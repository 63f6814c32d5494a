import { toRecord, toText } from '../lib/json.ts';

/**
 * What Function Compute 3.0 hands to a handler and takes from it, in the built-in Node.js runtime.
 * https://www.alibabacloud.com/help/en/functioncompute/fc-3-0/user-guide/http-trigger-invoking-function
 */

/** The second argument of a handler: only what this project reads. Anything may be missing when tried by hand. */
export interface FunctionContext {
  requestId?: string | undefined;
  region?: string | undefined;
  accountId?: string | undefined;
  /** `{}` when the function has no role. Belongs to this invocation only. */
  credentials?: {
    accessKeyId?: string | undefined;
    accessKeySecret?: string | undefined;
    securityToken?: string | undefined;
  };
  function?: {
    name?: string | undefined;
    /** Seconds after which Function Compute kills the invocation. */
    timeout?: number | undefined;
  };
  /** Of an asynchronous invocation: how often it was tried before. */
  retryCount?: number | undefined;
}

/** Takes from a context what is of the right type; whatever was passed, it never throws. */
export function readContext(context: unknown): FunctionContext {
  const { requestId, region, accountId, credentials, function: own, retryCount } = toRecord(context);
  const { accessKeyId, accessKeySecret, securityToken } = toRecord(credentials);
  const { name, timeout } = toRecord(own);
  return {
    requestId: toText(requestId),
    region: toText(region),
    accountId: toText(accountId),
    credentials: {
      accessKeyId: toText(accessKeyId),
      accessKeySecret: toText(accessKeySecret),
      securityToken: toText(securityToken),
    },
    function: { name: toText(name), timeout: toCount(timeout) },
    retryCount: toCount(retryCount),
  };
}

function toCount(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
}

/** Mapped to an HTTP response by the trigger. */
export interface FunctionResponse {
  statusCode: number;
  headers: Record<string, string>;
  isBase64Encoded: false;
  body: string;
}
