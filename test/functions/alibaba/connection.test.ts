import { generateKeyPairSync, sign } from 'node:crypto';
import { channel } from 'node:diagnostics_channel';
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import net, { type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { createEdasClient } from '../../../functions/edas/client.ts';

const credentials = {
  accessKeyId: 'fake-access-key-id',
  accessKeySecret: 'fake-access-key-secret',
  securityToken: 'fake-security-token',
};
const orderId = '4f40e616-cdcd-4250-a018-efd459900000';
const accepted = JSON.stringify({ Code: 200, Data: { ChangeOrderId: orderId } });

interface Peer {
  port: number;
  /** Every connection that was ever accepted. */
  accepted: Socket[];
  /** How many of them are open still. */
  open: () => number;
  /** How many HTTP requests arrived. */
  requests: number;
}

/** Starts a server of any kind on a free port, for the length of the test. */
async function start(server: Server): Promise<Peer> {
  const peer: Peer = {
    port: 0,
    accepted: [],
    open: () => peer.accepted.filter(({ closed }) => !closed).length,
    requests: 0,
  };
  server.on('connection', (socket: Socket) => {
    peer.accepted.push(socket);
  });
  server.on('request', () => {
    peer.requests += 1;
  });
  onTestFinished(() => {
    server.close();
    for (const socket of peer.accepted) socket.destroy();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  peer.port = (server.address() as AddressInfo).port;
  return peer;
}

/** A TCP server that does this with each connection, and reads on, so that it notices when the other side goes. */
function tcp(handle: (socket: Socket) => void): Server {
  return net.createServer((socket) => {
    handle(socket.on('error', ignore).resume());
  });
}

/** Answers the request with 101 and these headers, and keeps the connection open. */
function switchTo(headers: string): (socket: Socket) => void {
  return (socket) => {
    socket.once('data', () => socket.write(`HTTP/1.1 101 Switching Protocols\r\n${headers}\r\n`));
  };
}

/** Nothing to do: that is the point where it is used. */
function ignore(): void {
  return undefined;
}

function rollBack(endpoint: string, timeoutMs: number): Promise<unknown> {
  const provider = { getCredentials: () => Promise.resolve(credentials) };
  return createEdasClient(endpoint, provider).rollBack('RollbackChangeOrder', orderId, timeoutMs);
}

async function millisecondsOf(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

function failure(kind: string, message: RegExp): object {
  return { name: 'EdasFailure', kind, message: expect.stringMatching(message) as string };
}

/** Lets the client of this test take a certificate that nobody vouches for. */
function trustAnyone(): void {
  vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
  // Node warns of it, rightly.
  vi.spyOn(process, 'emitWarning').mockImplementation(ignore);
}

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

describe('a call is not_sent, and says so, when no connection was established:', () => {
  const notSent = (reason: RegExp) =>
    failure('not_sent', new RegExp(`could not be reached: .*${reason.source}`));

  test('the port refuses', async () => {
    const server = net.createServer();
    const { port } = await start(server);
    server.close();
    await once(server, 'close');
    await expect(rollBack(`http://127.0.0.1:${port}`, 1_000)).rejects.toMatchObject(notSent(/ECONNREFUSED/));
    await expect(rollBack(`https://127.0.0.1:${port}`, 1_000)).rejects.toMatchObject(notSent(/ECONNREFUSED/));
  });

  test('the name does not resolve', async () => {
    await expect(rollBack('https://edas.nowhere.invalid', 1_000)).rejects.toMatchObject(notSent(/./));
  });

  test('the server behind https speaks plain HTTP', async () => {
    const peer = await start(http.createServer((_request, response) => response.end(accepted)));
    await expect(rollBack(`https://127.0.0.1:${peer.port}`, 1_000)).rejects.toMatchObject(notSent(/./));
    expect(peer.accepted).toHaveLength(1);
    expect(peer.requests).toBe(0);
  });

  test('the server hangs up during the TLS handshake', async () => {
    const peer = await start(tcp((socket) => socket.once('data', () => socket.destroy())));
    await expect(rollBack(`https://127.0.0.1:${peer.port}`, 1_000)).rejects.toMatchObject(notSent(/./));
    expect(peer.accepted).toHaveLength(1);
  });

  test('nobody vouches for the certificate', async () => {
    const peer = await start(
      https.createServer(selfSigned(), (_request, response) => response.end(accepted)),
    );
    await expect(rollBack(`https://127.0.0.1:${peer.port}`, 1_000)).rejects.toMatchObject(
      notSent(/DEPTH_ZERO_SELF_SIGNED_CERT/),
    );
    expect(peer.accepted).toHaveLength(1);
    expect(peer.requests).toBe(0);
  });

  test('the TLS handshake never begins, and the call ends in its time', async () => {
    const peer = await start(tcp(ignore));
    const ms = await millisecondsOf(() =>
      expect(rollBack(`https://127.0.0.1:${peer.port}`, 600)).rejects.toMatchObject(
        notSent(/no answer within/),
      ),
    );
    expect(ms).toBeLessThan(1_500);
    await expect.poll(peer.open).toBe(0);
  });

  test('the TLS handshake drips in, and the call ends in its time', async () => {
    const serverHello = Buffer.from('160303004a02000046', 'hex');
    const peer = await start(
      tcp((socket) => {
        const bytes = serverHello.values();
        const timer = setInterval(() => {
          socket.write(Buffer.from([bytes.next().value ?? 0x02]));
        }, 40);
        socket.once('close', () => {
          clearInterval(timer);
        });
      }),
    );
    const ms = await millisecondsOf(() =>
      expect(rollBack(`https://127.0.0.1:${peer.port}`, 600)).rejects.toMatchObject(notSent(/./)),
    );
    expect(ms).toBeLessThan(1_500);
    await expect.poll(peer.open).toBe(0);
  });
});

describe('a call is in doubt, never not_sent, once a connection was established:', () => {
  test('the answer never ends, and the call gives up at 8192 KiB', async () => {
    const flood = http.createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const pour = () => {
        if (!response.destroyed && response.write(' '.repeat(64 * 1024))) setImmediate(pour);
      };
      response.on('drain', pour);
      pour();
    });
    const peer = await start(flood);
    await expect(rollBack(`http://127.0.0.1:${peer.port}`, 10_000)).rejects.toMatchObject(
      failure('doubt', /the answer is larger than 8192 KiB/),
    );
  });

  test('the server says nothing, and the call ends in its time', async () => {
    const peer = await start(tcp(ignore));
    const ms = await millisecondsOf(() =>
      expect(rollBack(`http://127.0.0.1:${peer.port}`, 300)).rejects.toMatchObject(
        failure('doubt', /no answer within/),
      ),
    );
    expect(ms).toBeLessThan(1_500);
    await expect.poll(peer.open).toBe(0);
  });

  test('the server says nothing after the TLS handshake', async () => {
    trustAnyone();
    const peer = await start(https.createServer(selfSigned(), ignore));
    const ms = await millisecondsOf(() =>
      expect(rollBack(`https://127.0.0.1:${peer.port}`, 600)).rejects.toMatchObject(
        failure('doubt', /no answer within/),
      ),
    );
    expect(ms).toBeLessThan(1_800);
    expect(peer.requests).toBe(1);
    await expect.poll(peer.open).toBe(0);
  });

  test.each([
    ['closes at once', (socket: Socket) => socket.end()],
    ['closes once it has the request', (socket: Socket) => socket.once('data', () => socket.end())],
    [
      'resets once it has the request',
      (socket: Socket) => socket.once('data', () => socket.resetAndDestroy()),
    ],
    ['speaks something else than HTTP', (socket: Socket) => socket.end('SSH-2.0-Fake\r\n')],
    ['ends in the middle of the headers', (socket: Socket) => socket.end('HTTP/1.1 200 OK\r\nContent-')],
    ['changes to another protocol', switchTo('connection: Upgrade\r\nupgrade: websocket\r\n')],
    ['changes to a protocol that it does not name', switchTo('')],
  ])('the server %s', async (_what, handle) => {
    const peer = await start(tcp(handle));
    await expect(rollBack(`http://127.0.0.1:${peer.port}`, 1_000)).rejects.toMatchObject({ kind: 'doubt' });
    await expect.poll(peer.open).toBe(0);
  });

  test('the answer drips in, and its connection is closed when the time is up', async () => {
    const peer = await start(
      http.createServer((_request, response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        const timer = setInterval(() => response.write(' '), 30);
        response.once('close', () => {
          clearInterval(timer);
        });
      }),
    );
    const ms = await millisecondsOf(() =>
      expect(rollBack(`http://127.0.0.1:${peer.port}`, 300)).rejects.toMatchObject(
        failure('doubt', /no answer within/),
      ),
    );
    expect(ms).toBeLessThan(1_500);
    await expect.poll(peer.open).toBe(0);
  });
});

describe('a connection', () => {
  /** Answers after a while, and would keep the connection open for a minute. */
  function generous(afterMs = 0): http.RequestListener {
    return (_request, response) => {
      void sleep(afterMs).then(() => {
        response
          .writeHead(200, { 'content-type': 'application/json', connection: 'keep-alive' })
          .end(accepted);
      });
    };
  }

  test('is announced to the server as one that will not be kept', async () => {
    const announced: (string | undefined)[] = [];
    const server = http.createServer(generous());
    server.on('request', ({ headers }) => announced.push(headers.connection));
    const { port } = await start(server);
    await rollBack(`http://127.0.0.1:${port}`, 1_000);
    expect(announced).toEqual(['close']);
  });

  test('serves one call, is closed after it, and is not used again although the server keeps it alive', async () => {
    const peer = await start(http.createServer({ keepAliveTimeout: 60_000 }, generous()));
    for (const calls of [1, 2, 3]) {
      await rollBack(`http://127.0.0.1:${peer.port}`, 1_000);
      expect(peer.accepted).toHaveLength(calls);
      await expect.poll(peer.open).toBe(0);
    }
  });

  test('is not shared by calls at the same time, and none closes that of another', async () => {
    const peer = await start(http.createServer({ keepAliveTimeout: 60_000 }, generous(50)));
    const provider = { getCredentials: () => Promise.resolve(credentials) };
    const client = createEdasClient(`http://127.0.0.1:${peer.port}`, provider);
    const calls = [1, 2, 3].map(() => client.rollBack('RollbackChangeOrder', orderId, 1_000));
    await expect(Promise.all(calls)).resolves.toHaveLength(3);
    expect(peer.accepted).toHaveLength(3);
    await expect.poll(peer.open).toBe(0);
  });

  // pop-core leaves its connect time-out on the socket as an idle time-out, and reports it as "ConnectTimeout".
  test('may stay silent for longer than the connect time-out, as long as the call has time', async () => {
    const peer = await start(http.createServer(generous(500)));
    await expect(rollBack(`http://127.0.0.1:${peer.port}`, 1_000)).resolves.toMatchObject({
      rollbackChangeOrderId: orderId,
    });
  });

  describe('with TLS', () => {
    beforeEach(trustAnyone);

    test('serves one call and is closed after it', async () => {
      const peer = await start(https.createServer({ ...selfSigned(), keepAliveTimeout: 60_000 }, generous()));
      for (const calls of [1, 2]) {
        await rollBack(`https://127.0.0.1:${peer.port}`, 1_000);
        expect(peer.accepted).toHaveLength(calls);
        await expect.poll(peer.open).toBe(0);
      }
    });

    test('may stay silent for longer than the connect time-out, as long as the call has time', async () => {
      const peer = await start(https.createServer(selfSigned(), generous(500)));
      await expect(rollBack(`https://127.0.0.1:${peer.port}`, 1_000)).resolves.toMatchObject({
        rollbackChangeOrderId: orderId,
      });
    });
  });
});

test('calls at the same time each see the status of their own answer', async () => {
  const answering = (status: number) =>
    start(
      http.createServer((_request, response) =>
        response.writeHead(status, { 'content-type': 'application/json' }).end(accepted),
      ),
    );
  const [good, odd] = [await answering(200), await answering(202)];
  const [first, second, third] = await Promise.allSettled([
    rollBack(`http://127.0.0.1:${good.port}`, 5_000),
    rollBack(`http://127.0.0.1:${odd.port}`, 5_000),
    rollBack(`http://127.0.0.1:${good.port}`, 5_000),
  ]);
  expect([first.status, third.status]).toEqual(['fulfilled', 'fulfilled']);
  expect(second).toMatchObject({ status: 'rejected', reason: failure('doubt', /HTTP 202, Code 200/) });
});

test('a call that is over leaves nobody listening for answers', async () => {
  const peer = await start(http.createServer((_request, response) => response.end(accepted)));
  const { hasSubscribers } = channel('http.client.response.finish');
  await expect(rollBack(`http://127.0.0.1:${peer.port}`, 5_000)).rejects.toThrow();
  expect(channel('http.client.response.finish').hasSubscribers).toBe(hasSubscribers);
});

/** A key made for this run and an X.509 certificate of it, with no names in it. */
function selfSigned(): { key: string; cert: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const ecdsaWithSha256 = der(0x30, der(0x06, Buffer.from('2a8648ce3d040302', 'hex')));
  const noName = der(0x30);
  const always = der(
    0x30,
    der(0x17, Buffer.from('200101000000Z')),
    der(0x18, Buffer.from('99991231235959Z')),
  );
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const serial = der(0x02, Buffer.from([1]));
  const body = der(0x30, serial, ecdsaWithSha256, noName, always, noName, spki);
  const signature = der(0x03, Buffer.from([0]), sign('sha256', body, privateKey));
  const certificate = der(0x30, body, ecdsaWithSha256, signature);
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${certificate.toString('base64')}\n-----END CERTIFICATE-----\n`,
  };
}

/** One ASN.1 value of up to 65 535 bytes. */
function der(tag: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size = length < 128 ? [length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}
