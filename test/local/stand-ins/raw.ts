import { once } from 'node:events';
import { connect } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** How the sender of bytes goes on when they are sent: ends in good order, or resets the connection. */
export type Ending = 'ends' | 'resets';

/**
 * Sends bytes just as they are, and returns all that comes back until the connection is closed.
 *
 * @throws where it is still open after 15 seconds
 */
export async function sendRaw(url: string, bytes: string | Uint8Array, ending: Ending = 'ends') {
  const { hostname, port } = new URL(url);
  const socket = connect({
    host: hostname.replaceAll(/[[\]]/g, ''),
    port: Number(port),
    allowHalfOpen: true,
  });
  const answer = buffer(socket).catch(() => Buffer.alloc(0));
  const timer = setTimeout(() => socket.destroy(new Error('the connection was left open')), 15_000);
  const failed = new Promise<never>((_resolve, reject) => {
    socket.on('error', (error: NodeJS.ErrnoException) => {
      // The other side may close before it has read everything.
      if (error.code === undefined) reject(error);
    });
  });
  failed.catch(() => undefined);
  const closed = once(socket, 'close').catch(() => undefined);
  socket.write(bytes, () => {
    if (ending === 'ends') socket.end();
    if (ending === 'resets') socket.resetAndDestroy();
  });
  socket.on('end', () => socket.end());
  await Promise.race([closed, failed]);
  clearTimeout(timer);
  return (await answer).toString('latin1');
}
