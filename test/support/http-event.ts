/** An HTTP request as a test writes it down. */
export interface TestRequest {
  /** Default POST. */
  method?: string;
  /** Default /pipeline. */
  path?: string;
  headers?: Record<string, string>;
  /** As Function Compute passes it on: decoded, repeated keys joined by a comma. */
  query?: Record<string, string>;
  /** Default empty. */
  body?: string | Buffer;
  /** Whether Function Compute hands the body over in base64. Default false: as text. */
  isBase64Encoded?: boolean;
}

/** The event that the HTTP trigger makes of a request: all that this project reads, and nothing else. */
export function httpEvent(request: TestRequest = {}): Buffer {
  const {
    method = 'POST',
    path = '/pipeline',
    headers = {},
    query,
    body = '',
    isBase64Encoded = false,
  } = request;
  const bytes = Buffer.from(body);
  return jsonBytes({
    version: 'v1',
    rawPath: path,
    headers,
    ...(query && { queryParameters: query }),
    body: bytes.toString(isBase64Encoded ? 'base64' : 'utf8'),
    isBase64Encoded,
    requestContext: { requestId: 'fake-event-request-id', http: { method, path } },
  });
}

/** An event of any shape. */
export function jsonBytes(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value), 'utf8');
}
