import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FunctionContext, FunctionResponse } from '../../functions/platform/context.ts';
import { Refusal } from '../stand-ins/guard.ts';
import type { Listening } from '../stand-ins/listen.ts';
import { readBody } from '../stand-ins/request.ts';
import { serve } from '../stand-ins/serve.ts';
import { toHttpEvent } from './http-event.ts';

export interface FunctionServerOptions {
  invoke: (event: Buffer, context: FunctionContext) => Promise<FunctionResponse>;
  /** What each invocation gets, besides its request id. */
  context: FunctionContext;
  port: number;
  onAnswer?: (
    request: { method: string; path: string },
    response: FunctionResponse,
    durationMs: number,
  ) => void;
}

/** As the trigger in s.yaml lists them. */
const methods = ['GET', 'POST'];

/**
 * An HTTP server in the place of Function Compute's HTTP trigger: it turns requests into events and results into
 * responses, on loopback only.
 *
 * @throws the system's error where the port is taken
 */
export function startFunctionServer(options: FunctionServerOptions): Promise<Listening> {
  const { port } = options;
  return serve((request, response) => answer(request, response, options), { port });
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { invoke, context, onAnswer }: FunctionServerOptions,
): Promise<void> {
  const startedAt = performance.now();
  const { method = '', url = '' } = request;
  if (!methods.includes(method)) throw new Refusal(403, `The trigger does not list the method ${method}.`);
  const event = toHttpEvent(request, await readBody(request));
  // A handler that throws is what Function Compute answers with 502; ours must never get here.
  const result = await invoke(event, { ...context, requestId: randomUUID() }).catch((error: unknown) => {
    throw new Refusal(502, `The invocation failed: ${String(error)}`);
  });
  const { statusCode, headers, body } = result;
  response.writeHead(statusCode, headers).end(body);
  const [path = ''] = url.split('?');
  onAnswer?.({ method, path }, result, performance.now() - startedAt);
}
