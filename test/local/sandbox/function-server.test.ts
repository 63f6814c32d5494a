import { EventEmitter, once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { FunctionContext, FunctionResponse } from '../../../functions/platform/context.ts';
import { startFunctionServer, type FunctionServerOptions } from '../../../local/sandbox/function-server.ts';
import type { Listening } from '../../../local/stand-ins/listen.ts';

const answer: FunctionResponse = {
  statusCode: 202,
  headers: { 'Content-Type': 'application/json', Allow: 'POST' },
  isBase64Encoded: false,
  body: '{"outcome":"rolling_back"}\n',
};

async function start(options: Partial<FunctionServerOptions> = {}): Promise<Listening> {
  const server = await startFunctionServer({
    invoke: () => Promise.resolve(answer),
    context: {},
    port: 0,
    ...options,
  });
  onTestFinished(() => server.close());
  return server;
}

const portOf = ({ url }: Listening) => Number(new URL(url).port);

describe('the function server', () => {
  test('hands over the event, and answers with status, headers and body of the result', async () => {
    const events: unknown[] = [];
    const { url } = await start({
      invoke: (event) => {
        events.push(JSON.parse(event.toString('utf8')));
        return Promise.resolve(answer);
      },
    });
    const response = await fetch(`${url}/pipeline`, { method: 'POST', body: '{}' });

    expect(events).toMatchObject([{ rawPath: '/pipeline', body: '{}', isBase64Encoded: false }]);
    expect(response.status).toBe(202);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'application/json',
      allow: 'POST',
    });
    expect(await response.text()).toBe(answer.body);
  });

  test('gives each invocation the context, and a request id of its own', async () => {
    const contexts: FunctionContext[] = [];
    const { url } = await start({
      context: { region: 'cn-hangzhou', credentials: {} },
      invoke: (_event, context) => {
        contexts.push(context);
        return Promise.resolve(answer);
      },
    });
    await fetch(url);
    await fetch(url);

    const requestId = expect.stringMatching(/^[0-9a-f-]{36}$/) as string;
    const context = { region: 'cn-hangzhou', credentials: {}, requestId };
    expect(contexts).toEqual([context, context]);
    expect(contexts[0]?.requestId).not.toBe(contexts[1]?.requestId);
  });

  test('tells what came, what it answered, and how long that took, under the id that the function logs', async () => {
    const told: unknown[] = [];
    const { url } = await start({
      invoke: (_event, { requestId }) => {
        told.push(requestId);
        return Promise.resolve(answer);
      },
      onRequest: ({ event, ...request }) => {
        expect(JSON.parse(event.toString())).toMatchObject({ rawPath: '/pipeline' });
        told.push(request);
      },
      onAnswer: (...all) => told.push(all),
    });
    await (await fetch(`${url}/pipeline?a=1`, { method: 'POST' })).text();
    const [, id] = told;
    const request = { id, method: 'POST', path: '/pipeline' };
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    expect(told).toEqual([
      { ...request, at: expect.any(Number) as number },
      id,
      [request, answer, expect.any(Number)],
    ]);
  });

  test.each(['PUT', 'DELETE', 'PATCH', 'OPTIONS'])(
    'answers %s, which the trigger does not list, with 403, without an invocation',
    async (method) => {
      let invocations = 0;
      const { url } = await start({
        invoke: () => {
          invocations += 1;
          return Promise.resolve(answer);
        },
      });
      expect((await fetch(url, { method })).status).toBe(403);
      expect(invocations).toBe(0);
    },
  );

  test('answers 502 when the handler throws, and goes on', async () => {
    let invocations = 0;
    const { url } = await start({
      invoke: () => {
        invocations += 1;
        return invocations === 1 ? Promise.reject(new Error('the handler broke')) : Promise.resolve(answer);
      },
    });
    const first = await fetch(url);
    expect([first.status, await first.text()]).toEqual([
      502,
      'The invocation failed: Error: the handler broke\n',
    ]);
    expect((await fetch(url)).status).toBe(202);
  });

  test('takes a body of 32 MB, and answers a larger one with 413', async () => {
    const sizes: number[] = [];
    const { url } = await start({
      invoke: (event) => {
        const { body } = JSON.parse(event.toString('utf8')) as { body: string };
        sizes.push(Buffer.from(body, 'base64').length);
        return Promise.resolve(answer);
      },
    });
    const largest = Buffer.alloc(32 * 1024 * 1024);
    const post = (body: Buffer<ArrayBuffer>) => fetch(url, { method: 'POST', body });

    expect((await post(largest)).status).toBe(202);
    expect((await post(Buffer.concat([largest, Buffer.alloc(1)]))).status).toBe(413);
    expect(sizes).toEqual([largest.length]);
  });

  test('bears a caller that hangs up in the middle of its request', async () => {
    const server = await start();
    const socket = connect(portOf(server), '127.0.0.1').resume();
    socket.end(`POST / HTTP/1.1\r\nhost: ${new URL(server.url).host}\r\ncontent-length: 10\r\n\r\nhalf`);
    await once(socket, 'close');
    expect((await fetch(server.url)).status).toBe(202);
  });

  test('refuses to start on a port that is taken, with the error of the system', async () => {
    const port = portOf(await start());
    await expect(start({ port })).rejects.toMatchObject({ code: 'EADDRINUSE', port });
  });

  test('listens on loopback only', async () => {
    expect((await start()).url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  });

  test('closes although a caller is still waiting, and leaves the port free', async () => {
    const events = new EventEmitter();
    const invoked = once(events, 'invoked');
    const server = await start({
      invoke: () => {
        events.emit('invoked');
        return new Promise(() => undefined);
      },
    });
    const waiting = expect(fetch(server.url)).rejects.toThrow();
    await invoked;
    await server.close();
    await waiting;
    expect((await start({ port: portOf(server) })).url).toBe(server.url);
  });
});
