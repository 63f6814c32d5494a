import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { confirmPath } from '../../functions/execute/confirm-path.ts';
import type { FunctionContext, FunctionResponse } from '../../functions/platform/context.ts';
import { Refusal } from '../stand-ins/guard.ts';
import type { Listening } from '../stand-ins/listen.ts';
import { readBody } from '../stand-ins/request.ts';
import { serve } from '../stand-ins/serve.ts';
import { toHttpEvent } from './http-event.ts';
import type { SandboxListener } from './listener.ts';

export interface FunctionServerOptions {
  invoke: (event: Buffer, context: FunctionContext) => Promise<FunctionResponse>;
  /** What each invocation gets, besides its request id. */
  context: FunctionContext;
  port: number;
  onRequest?: SandboxListener['received'];
  onAnswer?: SandboxListener['answer'];
}

/** As the trigger in s.yaml lists them. */
const methods = ['GET', 'HEAD', 'POST'];

/**
 * An HTTP server in the place of Function Compute's HTTP trigger: it turns requests into events and results into
 * responses, on loopback only.
 *
 * @throws the system's error where the port is taken
 */
export function startFunctionServer(options: FunctionServerOptions): Promise<Listening> {
  const { port } = options;
  const isPage = (path: string) => path.startsWith(confirmPath);
  return serve((request, response) => answer(request, response, options), { port, isPage });
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { invoke, context, onRequest, onAnswer }: FunctionServerOptions,
): Promise<void> {
  const startedAt = performance.now();
  const { method = '', url = '' } = request;
  if (!methods.includes(method)) throw new Refusal(403, `The trigger does not list the method ${method}.`);
  const [path = ''] = url.split('?');
  const id = randomUUID();
  const event = toHttpEvent(request, await readBody(request));
  onRequest?.({ id, method, path, event, at: Date.now() });
  // A handler that throws is what Function Compute answers with 502; ours must never get here.
  const result = await invoke(event, { ...context, requestId: id }).catch(failed);
  const { statusCode, headers, body } = result;
  response.writeHead(statusCode, headers).end(body);
  onAnswer?.({ id, method, path }, result, performance.now() - startedAt);
}

function failed(error: unknown): FunctionResponse {
  const body = `The invocation failed: ${String(error)}\n`;
  return { statusCode: 502, headers: { 'content-type': 'text/plain' }, isBase64Encoded: false, body };
}
