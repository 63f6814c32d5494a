import { once } from 'node:events';
import type { Server } from 'node:http';
import { isIPv6, type AddressInfo } from 'node:net';

/** A server that listens. */
export interface Listening {
  /** `http://host:port`, without the port where that is 80. */
  url: string;
  /** Stops listening and cuts every connection, also one that is still waiting for an answer. May be called twice. */
  close: () => Promise<void>;
}

/**
 * @param port 0 takes any that is free
 * @throws the system's error where it cannot listen, such as EADDRINUSE
 */
export async function listen(server: Server, port: number, host = '127.0.0.1'): Promise<Listening> {
  server.listen(port, host);
  await once(server, 'listening');
  const address = server.address() as AddressInfo;
  return {
    url: new URL(`http://${isIPv6(host) ? `[${host}]` : host}:${address.port}`).origin,
    close: () =>
      new Promise((resolve) => {
        // An error here means that it was closed before, which is as good.
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}
