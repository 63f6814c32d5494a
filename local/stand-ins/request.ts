import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { Refusal } from './guard.ts';

/** A request as it arrived, before anything in it is checked. */
export interface ApiRequest {
  readonly method: string;
  /** Path and query as they stand on the request line, still percent-encoded. */
  readonly target: string;
  /** Names in lower case, as node:http gives them. */
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Function Compute takes 32 MB with a synchronous call, and none of the other APIs takes more. */
const largestBodyBytes = 32 * 1024 * 1024;

/** Reads the whole request from the wire. Rejects as {@link readBody} does. */
export async function receiveRequest(message: IncomingMessage): Promise<ApiRequest> {
  const { method = '', url: target = '', headers } = message;
  return { method, target, headers, body: await readBody(message) };
}

/**
 * Reads a body to its end, also one that is too large: who is cut off in the middle never sees the answer. Rejects when the
 * sender goes away before that.
 *
 * @throws Refusal 413
 */
export async function readBody(message: IncomingMessage, largest = largestBodyBytes): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= largest) chunks.push(chunk);
  }
  if (size > largest) throw new Refusal(413, `A body may have ${largest / 1024 / 1024} MB at most.`);
  return Buffer.concat(chunks);
}

/** Splits the request target at its first `?`. Names and values of the query are decoded, in their order. */
export function splitTarget(target: string): { path: string; query: URLSearchParams } {
  const mark = target.indexOf('?');
  if (mark === -1) return { path: target, query: new URLSearchParams() };
  return { path: target.slice(0, mark), query: new URLSearchParams(target.slice(mark + 1)) };
}

/** A header; repeated ones are joined by a comma. */
export function readHeader(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}

/** The headers whose names begin with `prefix`, sorted by name. */
export function headersWithPrefix(
  headers: IncomingHttpHeaders,
  prefix: string,
): [name: string, value: string][] {
  const names = Object.keys(headers).filter((name) => name.startsWith(prefix));
  return names.sort().map((name) => [name, readHeader(headers, name) ?? '']);
}
