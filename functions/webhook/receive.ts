import { isUtf8 } from 'node:buffer';
import { Problem } from '../errors.ts';
import { isRecord, toRecord, toText } from '../lib/json.ts';

/** An HTTP request as Function Compute passed it on, its body still undecoded. */
export interface WebhookRequest {
  /** As the caller wrote it: methods are case-sensitive. */
  method: string;
  /** As the caller wrote it, percent-encoding included. */
  path: string;
  /** Names in lower case. */
  headers: ReadonlyMap<string, string>;
  /** Of the address, decoded. Function Compute joins repeated keys with a comma. */
  query: ReadonlyMap<string, string>;
  body: string;
  isBase64Encoded: boolean;
  requestId: string | undefined;
}

/** 1 MiB, after decoding: more than any alert or chat message, and cheap enough to hash for a stranger. */
export const largestBodyBytes = 1024 * 1024;
// JSON writes a control character as six bytes, and the headers come on top.
const largestEventBytes = 6 * largestBodyBytes + 64 * 1024;

/**
 * Reads the event of an HTTP trigger. Every field is checked, because the function can also be invoked directly, with
 * any event. https://www.alibabacloud.com/help/en/functioncompute/fc-3-0/user-guide/http-trigger-invoking-function
 *
 * @throws Problem `payload_malformed`, `body_too_large`
 */
export function receive(event: unknown): WebhookRequest {
  const { rawPath, headers, queryParameters, body, isBase64Encoded, requestContext } = parseEvent(event);
  const { http, requestId } = toRecord(requestContext);
  const { method } = toRecord(http);
  if (typeof method !== 'string' || typeof rawPath !== 'string') throw notAnHttpEvent();
  return {
    method,
    path: rawPath,
    headers: readHeaders(headers),
    query: readQuery(queryParameters),
    body: toText(body) ?? '',
    isBase64Encoded: isBase64Encoded === true,
    requestId: toText(requestId),
  };
}

/**
 * The bytes that arrived. Whether the body is base64 cannot be told from its type: the flag says so.
 *
 * @throws Problem `content_encoding_unsupported`, `body_too_large`, `payload_malformed`
 */
export function rawBody({ headers, body, isBase64Encoded }: WebhookRequest): Buffer {
  requireUncompressed(headers.get('content-encoding'));
  const encoding = isBase64Encoded ? 'base64' : 'utf8';
  requireFittingBody(Buffer.byteLength(body, encoding));
  // Half a surrogate pair, such as \ud800 in the JSON, has no UTF-8 bytes.
  if (!isBase64Encoded && !body.isWellFormed()) throw notAnHttpEvent();
  return Buffer.from(body, encoding);
}

/** @throws Problem `body_too_large` */
export function requireFittingBody(bytes: number): void {
  if (bytes > largestBodyBytes) throw tooLarge();
}

function requireUncompressed(encoding: string | undefined): void {
  if (encoding === undefined || encoding === '' || encoding.toLowerCase() === 'identity') return;
  throw new Problem(
    'content_encoding_unsupported',
    'The body is compressed (Content-Encoding); send it as it is.',
  );
}

function parseEvent(event: unknown): Record<string, unknown> {
  if (!(event instanceof Uint8Array)) throw notAnHttpEvent();
  if (event.length > largestEventBytes) throw tooLarge();
  // Decoding would put other characters in the place of bad bytes, and two bodies would share a signature.
  if (!isUtf8(event)) throw notAnHttpEvent();
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(event.buffer, event.byteOffset, event.length).toString('utf8'));
  } catch {
    throw notAnHttpEvent();
  }
  if (!isRecord(parsed)) throw notAnHttpEvent();
  return parsed;
}

/**
 * Function Compute joins repeated headers with a comma. Names that differ only in case are the same header, and are
 * joined alike, so that neither of them can hide behind the other.
 */
function readHeaders(headers: unknown): ReadonlyMap<string, string> {
  const byName = new Map<string, string>();
  for (const [name, value] of Object.entries(toRecord(headers))) {
    if (typeof value !== 'string') continue;
    const key = name.toLowerCase();
    const other = byName.get(key);
    byName.set(key, other === undefined ? value : `${other},${value}`);
  }
  return byName;
}

/** A value that is not text cannot have come by HTTP; as the empty text, it still counts as a key that is there. */
function readQuery(query: unknown): ReadonlyMap<string, string> {
  return new Map(Object.entries(toRecord(query)).map(([key, value]) => [key, toText(value) ?? '']));
}

function notAnHttpEvent(): Problem {
  return new Problem(
    'payload_malformed',
    'This is not the event of an HTTP trigger (version v1). Call the function by its URL.',
  );
}

function tooLarge(): Problem {
  return new Problem('body_too_large', 'The body is larger than 1 MiB.');
}
