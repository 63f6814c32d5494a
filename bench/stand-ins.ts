// Stand-ins for EDAS and for Function Compute's API in a process of their own, so that answering does not compete with
// measuring. EDAS is there three times: over plain HTTP, over TLS, and over TLS and slow. The process sends where they listen,
// and then the moment of each rollback that reaches EDAS.
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { createServer } from 'node:tls';
import { startEdasStandIn } from '../local/stand-ins/edas/stand-in.ts';
import { startFcStandIn } from '../local/stand-ins/fc/stand-in.ts';
import type { Listening } from '../local/stand-ins/listen.ts';
import { accountId, changeOrderId, credentials, followFunction, slowEdasMs } from './fixtures.ts';
import { momentMs } from './moment.ts';

/** Where the stand-ins listen. */
export interface StandInUrls {
  edas: string;
  fc: string;
  /** Undefined without a certificate. */
  tls: { edas: string; slowEdas: string } | undefined;
}

const edas = await startEdasStandIn({
  credentials,
  // So that one order can be rolled back in every round.
  rollbackRules: { ofTerminated: 'accepted', showsAfterMs: Infinity },
  onCall: ({ method }) => {
    if (method === 'PUT') process.send?.(momentMs());
  },
});
edas.orders.add({ id: changeOrderId, appId: 'bench-app', waitsForPerson: true, readyMs: 0 });
const fc = await startFcStandIn({
  credentials,
  accountId,
  // Tasks are taken, and that is all.
  functions: { [followFunction]: () => Promise.resolve() },
});
const [, , certificate] = process.argv;
const tls =
  certificate === undefined
    ? undefined
    : {
        edas: await overTls(certificate, 0),
        slowEdas: await overTls(certificate, slowEdasMs),
      };
process.once('disconnect', () => {
  process.exit(0);
});
process.send?.({ edas: edas.url, fc: fc.url, tls } satisfies StandInUrls);

/**
 * Passes TLS connections on to EDAS, in clear, and each way at once: without `setNoDelay`, the kernel may hold a small piece back for
 * 40 ms.
 *
 * @param certificate the file with the certificate and its key
 * @param delayMs of each answer
 */
async function overTls(certificate: string, delayMs: number): Promise<Listening['url']> {
  const pem = readFileSync(certificate);
  const server = createServer({ key: pem, cert: pem }, (socket) => {
    const upstream = connect(Number(new URL(edas.url).port), '127.0.0.1');
    for (const each of [socket, upstream]) {
      each.setNoDelay();
      each.on('error', () => {
        socket.destroy();
        upstream.destroy();
      });
    }
    socket.pipe(upstream);
    // A timer takes a millisecond at least.
    if (delayMs === 0) upstream.pipe(socket);
    else passOnLater(upstream, socket, delayMs);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('the TLS server has no port');
  edas.alsoAt(`127.0.0.1:${address.port}`);
  return `https://127.0.0.1:${address.port}`;
}

function passOnLater(from: Socket, to: Socket, delayMs: number): void {
  from.on('data', (chunk) => setTimeout(() => to.write(chunk), delayMs));
  from.on('end', () => setTimeout(() => to.end(), delayMs));
}
