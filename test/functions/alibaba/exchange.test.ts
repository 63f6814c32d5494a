import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, onTestFinished, test } from 'vitest';
import { exchange, ExchangeFailure } from '../../../functions/alibaba/exchange.ts';
import { listen } from '../../../local/stand-ins/listen.ts';

/** A server, and the ends of the connections over which it was called. */
async function serve(handle: RequestListener): Promise<{ url: string; ends: Promise<unknown>[] }> {
  const ends: Promise<unknown>[] = [];
  const server = createServer(handle).on('connection', (socket: Socket) => {
    ends.push(new Promise((resolve) => socket.once('close', resolve)));
  });
  const { url, close } = await listen(server, 0);
  onTestFinished(close);
  return { url, ends };
}

async function failureOf(url: string, headers: Record<string, string> = {}): Promise<ExchangeFailure> {
  try {
    await exchange(url, { method: 'GET', headers }, 300);
  } catch (error) {
    if (error instanceof ExchangeFailure) return error;
    throw error;
  }
  throw new Error('It was answered.');
}

/** The test runs out of time where the connection stays open. */
async function ended(ends: readonly Promise<unknown>[]): Promise<void> {
  expect(ends).toHaveLength(1);
  await Promise.all(ends);
}

test('the request goes as it is told, and the answer comes whatever its status', async () => {
  const { url, ends } = await serve((request, response) => {
    void text(request).then((body) => {
      const said = `${request.method ?? ''} ${request.url ?? ''} ${String(request.headers['x-fake'])} ${body}`;
      response.writeHead(418, { 'retry-after': '7' }).end(said);
    });
  });
  const body = Buffer.from('小王');
  const answer = await exchange(`${url}/a?b=c`, { method: 'POST', headers: { 'x-fake': 'd' }, body }, 5_000);
  expect(answer).toEqual({ status: 418, retryAfter: '7', text: 'POST /a?b=c d 小王' });
  await ended(ends);
});

test.each(['小王', Buffer.from('小王')])('a body goes whole, with its length in bytes: %o', async (body) => {
  const { url } = await serve((request, response) => response.end(request.headers['content-length']));
  const answer = await exchange(url, { method: 'POST', headers: {}, body }, 5_000);
  expect(answer.text).toBe('6');
});

test('an answer of nothing is an answer', async () => {
  const { url } = await serve((_request, response) => response.writeHead(202).end());
  expect(await exchange(url, { method: 'GET', headers: {} }, 5_000)).toEqual({
    status: 202,
    retryAfter: undefined,
    text: '',
  });
});

test('a redirect is not followed', async () => {
  const elsewhere = await serve((_request, response) => response.end());
  const { url } = await serve((_request, response) =>
    response.writeHead(307, { location: elsewhere.url }).end(),
  );
  expect(await exchange(url, { method: 'GET', headers: {} }, 5_000)).toMatchObject({ status: 307 });
  expect(elsewhere.ends).toEqual([]);
});

test.each<{ what: string; handle: RequestListener; message: string }>([
  { what: 'nothing is said', handle: () => undefined, message: 'no answer within 300 ms' },
  {
    what: 'an answer goes on for ever',
    handle: (_request, response) => {
      const timer = setInterval(() => response.write(' '), 20);
      response.once('close', () => {
        clearInterval(timer);
      });
    },
    message: 'no answer within 300 ms',
  },
  {
    what: 'an answer has 10 MiB',
    handle: (_request, response) => response.end(Buffer.alloc(10 * 1024 * 1024)),
    message: 'the answer is larger than 64 KiB',
  },
  {
    what: 'the connection is reset',
    handle: (request) => request.socket.resetAndDestroy(),
    message: 'ECONNRESET',
  },
  {
    what: 'the connection is closed',
    handle: (request) => request.socket.destroy(),
    message: 'ECONNRESET',
  },
  {
    what: 'the answer ends in the middle',
    handle: (_request, response) => {
      response.writeHead(200, { 'content-length': 100 }).write('{');
      setImmediate(() => response.socket?.destroy());
    },
    message: 'ECONNRESET',
  },
  {
    what: 'the answer is no HTTP',
    handle: (request) => request.socket.end('fake-answer\r\n\r\n'),
    message: 'HPE_INVALID_CONSTANT',
  },
])('where $what, the request may have arrived, and the connection ends', async ({ handle, message }) => {
  const { url, ends } = await serve(handle);
  expect(await failureOf(url)).toMatchObject({
    message,
    mayHaveArrived: true,
    isTooLarge: message.includes('larger'),
  });
  await ended(ends);
});

test('where nobody listens, nothing arrived, and the address is not told', async () => {
  const server = await listen(createServer(), 0);
  await server.close();
  expect(await failureOf(server.url)).toMatchObject({ message: 'ECONNREFUSED', mayHaveArrived: false });
});

test('where there is no TLS, nothing arrived', async () => {
  const { url } = await serve((_request, response) => response.end());
  expect((await failureOf(url.replace('http:', 'https:'))).mayHaveArrived).toBe(false);
});

test('where a header cannot be sent, nothing arrived, and its value is not told', async () => {
  const { url } = await serve((_request, response) => response.end());
  const failure = await failureOf(url, { 'x-fake': 'fake-token\n' });
  expect(failure).toMatchObject({ message: 'ERR_INVALID_CHAR', mayHaveArrived: false });
});

/** A server that says these words to whoever asks, and keeps the connection open, or ends it. */
async function say(words: string, { ends = false } = {}): Promise<{ url: string; open: () => number }> {
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket.once('close', () => sockets.delete(socket)));
    socket.once('data', () => (ends ? socket.end(words) : socket.write(words)));
  });
  onTestFinished(() => void server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, open: () => sockets.size };
}

const switching = 'HTTP/1.1 101 Switching Protocols\r\n';

describe('an answer that would change the protocol', () => {
  test.each([
    ['to WebSocket', 'connection: Upgrade\r\nupgrade: websocket\r\n'],
    ['to HTTP/2', 'connection: Upgrade\r\nupgrade: h2c\r\n'],
  ])('%s ends the wait, and the connection', async (_what, headers) => {
    const { url, open } = await say(`${switching}${headers}\r\n`);
    expect(await failureOf(url)).toMatchObject({
      message: 'the connection ended without an answer',
      mayHaveArrived: true,
      isTooLarge: false,
    });
    await expect.poll(open).toBe(0);
  });

  test('to nothing is an answer without words', async () => {
    const { url, open } = await say(`${switching}\r\n`);
    expect(await exchange(url, { method: 'POST', headers: {}, body: 'a' }, 5_000)).toEqual({
      status: 101,
      retryAfter: undefined,
      text: '',
    });
    await expect.poll(open).toBe(0);
  });
});

test.each([
  ['before its headers', 'HTTP/1.1 200 OK\r\ncontent-'],
  ['before its end', 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{'],
  ['after one of its parts', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\n{\r\n'],
  ['after an answer to wait for another', 'HTTP/1.1 103 Early Hints\r\n\r\n'],
])('where the connection ends %s, the code of the system says it', async (_what, words) => {
  const { url } = await say(words, { ends: true });
  expect(await failureOf(url)).toMatchObject({
    message: expect.stringMatching(/^(ECONNRESET|HPE_INVALID_EOF_STATE)$/) as string,
    mayHaveArrived: true,
  });
});

test('an answer that ends with its connection is whole', async () => {
  const { url } = await say(`HTTP/1.1 200 OK\r\n\r\n${'a'.repeat(50_000)}`, { ends: true });
  expect((await exchange(url, { method: 'GET', headers: {} }, 5_000)).text).toHaveLength(50_000);
});
