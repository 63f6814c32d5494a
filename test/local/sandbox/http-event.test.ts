import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { rawBody, receive } from '../../../functions/webhook/receive.ts';
import { toHttpEvent } from '../../../local/sandbox/http-event.ts';

const server = createServer();

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterAll(() => server.close());

/** Sends a request just as it is written here, and returns what becomes of it. */
async function eventOf(requestLine: string, headers: readonly string[] = [], body: string | Buffer = '') {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const length = `Content-Length: ${Buffer.byteLength(body)}`;
  socket.write([requestLine, 'host: localhost', length, ...headers, '', ''].join('\r\n'));
  socket.write(body);
  const [request] = (await once(server, 'request')) as [IncomingMessage];
  const event = toHttpEvent(request, await buffer(request));
  socket.destroy();
  return event;
}

async function fieldsOf(...request: Parameters<typeof eventOf>): Promise<Record<string, unknown>> {
  return JSON.parse((await eventOf(...request)).toString('utf8')) as Record<string, unknown>;
}

/** The bytes that the function makes of a body of this type. */
async function bytesReceived(body: Buffer, contentType: string): Promise<Buffer> {
  return rawBody(receive(await eventOf('POST / HTTP/1.1', [`Content-Type: ${contentType}`], body)));
}

test('a request becomes an event of version v1, with who sent it, what and when', async () => {
  const event = await fieldsOf('POST /pipeline?a=1 HTTP/1.1', ['User-Agent: curl/8']);
  expect(event).toMatchObject({
    version: 'v1',
    rawPath: '/pipeline',
    queryParameters: { a: '1' },
    requestContext: {
      requestId: expect.stringMatching(/^1-[0-9a-f-]{36}$/) as string,
      http: {
        method: 'POST',
        path: '/pipeline',
        protocol: 'HTTP/1.1',
        sourceIp: '127.0.0.1',
        userAgent: 'curl/8',
      },
    },
  });
  const { time, timeEpoch } = event['requestContext'] as { time: string; timeEpoch: string };
  expect(Date.parse(time)).toBe(Number(timeEpoch));
});

describe('a header', () => {
  test('arrives under its name in Title-Case', async () => {
    const { headers } = await fieldsOf('GET / HTTP/1.1', ['x-hub-signature-256: a', 'X-GITHUB-EVENT: b']);
    expect(headers).toMatchObject({ 'X-Hub-Signature-256': 'a', 'X-Github-Event': 'b', Host: 'localhost' });
  });

  test('that is repeated arrives once, its values joined with a comma', async () => {
    const { headers } = await fieldsOf('GET / HTTP/1.1', ['X-Signature-256: a', 'x-signature-256: b']);
    expect(headers).toMatchObject({ 'X-Signature-256': 'a,b' });
  });

  test("of Function Compute's own does not arrive", async () => {
    const { headers } = await fieldsOf('GET / HTTP/1.1', ['x-fc-log-type: Tail', 'X-Fcx: stays']);
    expect(headers).toEqual({ Host: 'localhost', 'Content-Length': '0', 'X-Fcx': 'stays' });
  });
});

describe('a path', () => {
  test.each([
    '/',
    '/%70ipeline',
    '/pipeline/',
    '//',
    '//elsewhere/pipeline',
    '/a/../pipeline',
    '/./pipeline',
  ])('%s arrives as the caller wrote it', async (path) => {
    const event = await fieldsOf(`POST ${path}?a=1 HTTP/1.1`);
    expect(event).toMatchObject({ rawPath: path, requestContext: { http: { path } } });
  });
});

test('query parameters arrive decoded, and repeated ones joined', async () => {
  const { queryParameters } = await fieldsOf('GET /?a=1&b=%2F+x&a=2&empty HTTP/1.1');
  expect(queryParameters).toEqual({ a: '1,2', b: '/ x', empty: '' });
});

describe('a body', () => {
  test.each(['application/json', 'text/plain', 'application/x-www-form-urlencoded'])(
    'of type %s arrives as text',
    async (type) => {
      const event = await fieldsOf('POST / HTTP/1.1', [`Content-Type: ${type}`], '{"a":"ü"}');
      expect(event).toMatchObject({ isBase64Encoded: false, body: '{"a":"ü"}' });
    },
  );

  test.each([
    ['without a type', []],
    ['of another type', ['Content-Type: application/octet-stream']],
  ])('%s arrives in base64', async (_what, headers) => {
    const event = await fieldsOf('POST / HTTP/1.1', headers, 'abc');
    expect(event).toMatchObject({ isBase64Encoded: true, body: 'YWJj' });
  });

  const everyByte = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
  test.each([
    ['every byte', everyByte, 'application/octet-stream'],
    ['every byte that calls itself JSON', everyByte, 'application/json'],
    ['JSON with a byte order mark', Buffer.from('\uFEFF{}'), 'application/json'],
    ['JSON with a null character', Buffer.from('{"a":"\0"}'), 'application/json'],
    ['nothing', Buffer.alloc(0), 'application/json'],
  ])('of %s reaches the function byte for byte', async (_what, body, type) => {
    expect(await bytesReceived(body, type)).toEqual(body);
  });
});
