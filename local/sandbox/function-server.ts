import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { FunctionContext, FunctionResponse } from '../../functions/platform/context.ts';
import { listen, type Listening } from '../stand-ins/listen.ts';
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

/** Function Compute takes 32 MB with a synchronous call. */
const largestBodyBytes = 32 * 1024 * 1024;
/** As the trigger in s.yaml lists them. */
const methods = ['GET', 'POST'];

/**
 * An HTTP server in the place of Function Compute's HTTP trigger: it turns requests into events and results into
 * responses, on loopback only.
 *
 * @throws the system's error where the port is taken
 */
export async function startFunctionServer(options: FunctionServerOptions): Promise<Listening> {
  const server = createServer((request, response) => {
    serve(request, response, options).catch((error: unknown) => {
      // A handler that throws is what Function Compute answers with 502; ours must never get here.
      send(response, 502, { 'Content-Type': 'text/plain' }, `The invocation failed: ${String(error)}\n`);
    });
  });
  return listen(server, options.port);
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  { invoke, context, onAnswer }: FunctionServerOptions,
): Promise<void> {
  const startedAt = performance.now();
  const method = request.method ?? '';
  if (!methods.includes(method)) {
    send(
      response,
      403,
      { 'Content-Type': 'text/plain' },
      `The trigger does not list the method ${method}.\n`,
    );
    return;
  }
  const body = await readBody(request);
  if (!body) {
    send(response, 413, { 'Content-Type': 'text/plain' }, 'Function Compute takes 32 MB at most.\n');
    return;
  }
  const result = await invoke(toHttpEvent(request, body), { ...context, requestId: randomUUID() });
  const { statusCode, headers } = result;
  send(response, statusCode, headers, result.body);
  const [path = '/'] = (request.url ?? '/').split('?');
  onAnswer?.({ method, path }, result, performance.now() - startedAt);
}

async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    // Read to its end all the same: who is cut off in the middle never sees the answer.
    if (size <= largestBodyBytes) chunks.push(chunk);
  }
  return size <= largestBodyBytes ? Buffer.concat(chunks) : undefined;
}

function send(response: ServerResponse, status: number, headers: Record<string, string>, body: string): void {
  response.writeHead(status, headers).end(body);
}
