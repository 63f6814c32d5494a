import { isUtf8 } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/**
 * The event that the HTTP trigger of Function Compute 3.0 makes of a request.
 * https://www.alibabacloud.com/help/en/functioncompute/fc-3-0/user-guide/http-trigger-invoking-function
 *
 * Header names arrive in Title-Case, repeated ones joined with a comma; `X-Fc-*` are Function Compute's own and never
 * reach a function. When a body comes in base64 is not documented, so here it does whenever it could be needed.
 */
export function toHttpEvent(request: IncomingMessage, body: Buffer): Buffer {
  // Not by the class URL, which would tidy the path up before the function sees it.
  const [path = '/', ...query] = (request.url ?? '/').split('?');
  const parameters = new URLSearchParams(query.join('?'));
  const now = new Date();
  const isText = isUtf8(body) && /json|text|urlencoded/.test(request.headers['content-type'] ?? '');
  const headers = toHeaders(request.rawHeaders);
  const event = {
    version: 'v1',
    rawPath: path,
    body: body.toString(isText ? 'utf8' : 'base64'),
    isBase64Encoded: !isText,
    headers,
    queryParameters: Object.fromEntries(
      [...new Set(parameters.keys())].map((key) => [key, parameters.getAll(key).join(',')]),
    ),
    requestContext: {
      accountId: '123456789',
      domainName: 'sandbox.cn-hangzhou.fcapp.run',
      domainPrefix: 'sandbox',
      requestId: `1-${randomUUID()}`,
      http: {
        method: request.method,
        path,
        protocol: `HTTP/${request.httpVersion}`,
        sourceIp: request.socket.remoteAddress ?? '',
        userAgent: headers['User-Agent'] ?? '',
      },
      time: now.toISOString(),
      timeEpoch: String(now.getTime()),
    },
  };
  return Buffer.from(JSON.stringify(event), 'utf8');
}

function toHeaders(rawHeaders: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = toTitleCase(rawHeaders[index] ?? '');
    const value = rawHeaders[index + 1] ?? '';
    if (name.startsWith('X-Fc-')) continue;
    const before = headers[name];
    headers[name] = before === undefined ? value : `${before},${value}`;
  }
  return headers;
}

/** Of a header, as Function Compute writes it. */
export function toTitleCase(name: string): string {
  return name.toLowerCase().replace(/(^|-)[a-z]/g, (start) => start.toUpperCase());
}
