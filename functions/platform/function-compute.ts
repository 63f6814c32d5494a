import { isRecord } from '../record.ts';

/**
 * What Function Compute 3.0 hands to a handler and takes from it, in the built-in Node.js runtime.
 * https://www.alibabacloud.com/help/en/functioncompute/fc-3-0/user-guide/http-trigger-invoking-function
 */

/** The second argument of a handler: only what this project reads. Anything may be missing when tried by hand. */
export interface FunctionContext {
  requestId?: string;
  region?: string;
  /** `{}` when the function has no role. Belongs to this invocation only. */
  credentials?: { accessKeyId?: string; accessKeySecret?: string; securityToken?: string };
}

/** Takes from a context what is of the right type; whatever was passed, it never throws. */
export function readContext(context: unknown): FunctionContext {
  const { requestId, region, credentials } = toRecord(context);
  const { accessKeyId, accessKeySecret, securityToken } = toRecord(credentials);
  return {
    ...(typeof requestId === 'string' && { requestId }),
    ...(typeof region === 'string' && { region }),
    credentials: {
      ...(typeof accessKeyId === 'string' && { accessKeyId }),
      ...(typeof accessKeySecret === 'string' && { accessKeySecret }),
      ...(typeof securityToken === 'string' && { securityToken }),
    },
  };
}

function toRecord(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : {};
}

/** Mapped to an HTTP response by the trigger. */
export interface FunctionResponse {
  statusCode: number;
  headers: Record<string, string>;
  isBase64Encoded: false;
  body: string;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** Whether the code runs in Function Compute, rather than on a laptop. It sets this variable in every instance. */
export function isInFunctionCompute(env: Environment): boolean {
  return Boolean(env['FC_FUNCTION_NAME']);
}
