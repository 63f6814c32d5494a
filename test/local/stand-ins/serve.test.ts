import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { Refusal } from '../../../local/stand-ins/guard.ts';
import { readBody } from '../../../local/stand-ins/request.ts';
import { serve, type Answerer, type ServeOptions } from '../../../local/stand-ins/serve.ts';
import { sendRaw } from './raw.ts';

async function start(answer: Answerer, options: ServeOptions = {}) {
  const served = await serve(answer, options);
  onTestFinished(() => served.close());
  return served;
}

/** What is printed of faults, which no test may print. */
function catchErrors(): unknown[] {
  const error = vi.spyOn(console, 'error').mockReturnValue();
  onTestFinished(() => {
    error.mockRestore();
  });
  return error.mock.calls;
}

const broken = new Error('it broke');

test.each<[string, Answerer]>([
  [
    'throws',
    () => {
      throw broken;
    },
  ],
  ['rejects', () => Promise.reject(broken)],
])('a listener that %s answers 500 and goes on, and the fault is printed', async (_, answer) => {
  const errors = catchErrors();
  const { url } = await start(answer);
  for (let time = 1; time <= 2; time += 1) {
    const response = await fetch(url);
    expect([response.status, await response.text()]).toEqual([500, 'The listener failed: Error: it broke\n']);
    expect(errors).toHaveLength(time);
  }
  expect(errors[0]).toEqual(['A listener of the sandbox failed:', broken]);
});

test('a listener that throws when its answer has begun cuts the connection, and goes on', async () => {
  const errors = catchErrors();
  const { url } = await start((_request, response) => {
    response.writeHead(200, { 'content-length': 10 }).write('half');
    throw broken;
  });
  for (let time = 1; time <= 2; time += 1) {
    await expect(fetch(url).then((response) => response.text())).rejects.toThrow();
  }
  expect(errors).toHaveLength(2);
});

test('a listener that writes after the end of its answer goes on', async () => {
  const { url } = await start((_request, response) => {
    response.end('whole');
    response.write('more');
  });
  for (let time = 1; time <= 2; time += 1) expect(await (await fetch(url)).text()).toBe('whole');
});

test('a refusal that is thrown is the answer', async () => {
  const { url } = await start(() => {
    throw new Refusal(418, 'No tea.');
  });
  const response = await fetch(url);
  expect([response.status, await response.text()]).toEqual([418, 'No tea.\n']);
});

test('a caller that hangs up before the end of its body is no fault', async () => {
  const errors = catchErrors();
  const ended = vi.fn();
  const { url } = await start((request) =>
    readBody(request)
      .then(() => undefined)
      .finally(ended),
  );
  const { host, hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.write(`POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 10\r\n\r\nhalf`);
  await once(socket, 'ready');
  setTimeout(() => socket.resetAndDestroy(), 20);
  await expect.poll(() => ended.mock.calls.length).toBe(1);
  expect(errors).toEqual([]);
});

test('who is refused for its Host, its Origin or its address reaches no listener', async () => {
  const answer = vi.fn<Answerer>();
  const { url } = await start(answer);
  const { host } = new URL(url);
  const answers = await Promise.all(
    [
      'GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n',
      `GET / HTTP/1.1\r\nHost: ${host}\r\nOrigin: http://evil.example\r\n\r\n`,
      `GET http://evil.example/ HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
      `OPTIONS * HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
    ].map((request) => sendRaw(url, request)),
  );
  expect(answers.map((each) => each.slice(0, 12))).toEqual([
    'HTTP/1.1 403',
    'HTTP/1.1 403',
    'HTTP/1.1 400',
    'HTTP/1.1 400',
  ]);
  expect(answer).not.toHaveBeenCalled();
});

test('the refusals say what to do', async () => {
  const { url } = await start(() => undefined);
  const { host, port } = new URL(url);
  const ask = async (headers: string) =>
    (await sendRaw(url, `GET / HTTP/1.0\r\n${headers}\r\n\r\n`)).split('\r\n\r\n')[1];
  expect(await ask('Host: evil.example')).toBe(
    `The header Host must be one of 127.0.0.1:${port}, localhost:${port}, [::1]:${port}, 127.0.0.1, localhost, [::1]. A tunnel in front has to rewrite it.\n`,
  );
  expect(await ask(`Host: ${host}\r\nOrigin: null`)).toBe(
    'The request comes from a web page (Origin, Sec-Fetch-Site), and no web page may call this. Call it with curl, or type its address.\n',
  );
});

test('a listener on another host goes by its name as well, and by that of a relay where it is told so', async () => {
  const { url, alsoAt } = await start((_request, response) => void response.end('heard'), {
    host: '::1',
  }).catch(() => start((_request, response) => void response.end('heard'), { host: '0.0.0.0' }));
  expect(url).toMatch(/^http:\/\/(\[::1\]|0\.0\.0\.0):\d+$/);
  expect(await (await fetch(url)).text()).toBe('heard');
  const ask = () => sendRaw(url, 'GET / HTTP/1.0\r\nHost: Relay.example:4443\r\n\r\n');
  expect(await ask()).toContain('The header Host must be');
  alsoAt('relay.EXAMPLE:4443');
  expect(await ask()).toMatch(/heard$/);
});
