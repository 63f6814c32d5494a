import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { findRefusal, Refusal } from './guard.ts';
import { listen, type Listening } from './listen.ts';

/** Answers a request. A {@link Refusal} that it throws is sent as it is. */
export type Answerer = (request: IncomingMessage, response: ServerResponse) => Promise<void> | void;

export interface ServeOptions {
  /** Default 127.0.0.1. */
  readonly host?: string | undefined;
  /** Default 0: any free port. */
  readonly port?: number | undefined;
  /** Whether a path is that of a page that a link may open, from a chat for example. Default: none is. */
  readonly isPage?: ((path: string) => boolean) | undefined;
}

/** A server of {@link serve}. */
export interface Served extends Listening {
  /**
   * Takes requests for another `host:port` or host, too: that of a relay before it. Whoever makes a relay makes sure that no web page
   * reaches it under a name of its own.
   */
  alsoAt: (host: string) => void;
  /** Connections that are open now. */
  connections: () => Promise<number>;
}

/**
 * The door of every server of the sandbox: no request ends the process, and no web page gets in. The test of the listeners
 * wants no other use of `createServer` in `local/`.
 *
 * @throws the system's error where it cannot listen, such as EADDRINUSE
 */
export async function serve(
  answer: Answerer,
  { host = '127.0.0.1', port = 0, isPage = () => false }: ServeOptions,
): Promise<Served> {
  const hosts = new Set<string>();
  const server = createServer((request, response) => {
    // Where nobody hears them, these end the process: a caller that is gone, an answer after the end of the answer.
    request.on('error', () => request.destroy());
    response.on('error', () => response.destroy());
    void answerSafely(request, response, () => {
      const refusal = findRefusal(request, hosts, isPage);
      if (refusal) throw refusal;
      return answer(request, response);
    });
  });
  const listening = await listen(server, port, host);
  // From now on, a connection that cannot be taken, such as for want of file descriptors: its caller sees it closed.
  server.on('error', () => undefined);
  for (const each of hostsOf(listening.url)) hosts.add(each);
  return {
    ...listening,
    alsoAt: (other) => hosts.add(other.toLowerCase()),
    connections: () =>
      new Promise((resolve, reject) => {
        server.getConnections((error, count) => {
          if (error) reject(error);
          else resolve(count);
        });
      }),
  };
}

/**
 * The names of this machine that no one else can own, and the one that the server was told to listen on: with the port, and
 * without it, as pop-core leaves it out.
 */
function hostsOf(url: string): string[] {
  const { hostname, port } = new URL(url);
  const names = [hostname, '127.0.0.1', 'localhost', '[::1]'];
  return [...names.map((name) => `${name}:${port || '80'}`), ...names];
}

async function answerSafely(
  request: IncomingMessage,
  response: ServerResponse,
  answer: () => Promise<void> | void,
): Promise<void> {
  try {
    await answer();
  } catch (error) {
    if (error instanceof Refusal) sendText(response, error.status, error.message);
    // The caller hung up before the end of its request: nobody waits for an answer.
    else if (request.destroyed && !request.complete) response.destroy();
    else fail(response, error);
  }
}

/** A fault of the listener itself, which is to be seen and to be survived. */
function fail(response: ServerResponse, error: unknown): void {
  console.error('A listener of the sandbox failed:', error);
  if (response.headersSent) response.destroy();
  else sendText(response, 500, `The listener failed: ${String(error)}`);
}

export function sendText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain' }).end(`${text}\n`);
}
