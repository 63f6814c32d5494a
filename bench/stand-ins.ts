// Stand-ins for EDAS and for Function Compute's API in a process of their own, so that answering does not compete with
// measuring. EDAS is there three times: over plain HTTP, over TLS, and over TLS and slow. It says where they listen.
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { createServer } from 'node:tls';
import { startEdasStandIn } from '../local/stand-ins/edas/stand-in.ts';
import { startFcStandIn } from '../local/stand-ins/fc/stand-in.ts';
import type { Listening } from '../local/stand-ins/listen.ts';
import { accountId, changeOrderId, credentials, followFunction, slowEdasMs } from './fixtures.ts';

/** Where the stand-ins listen. */
export interface StandInUrls {
  edas: string;
  /** Undefined without a certificate. */
  edasOverTls: string | undefined;
  slowEdas: string | undefined;
  fc: string;
}

const edas = await startEdasStandIn({
  credentials,
  // So that one order can be rolled back in every round.
  rollbackRules: { ofTerminated: 'accepted', showsAfterMs: Infinity },
});
edas.orders.add({ id: changeOrderId, appId: 'bench-app', waitsForPerson: true, readyMs: 0 });
const fc = await startFcStandIn({
  credentials,
  accountId,
  // Tasks are taken, and that is all.
  functions: { [followFunction]: () => Promise.resolve() },
});
const [, , certificate] = process.argv;
const [edasOverTls, slowEdas] = certificate
  ? await Promise.all([overTls(edas.url, certificate, 0), overTls(edas.url, certificate, slowEdasMs)])
  : [];
process.once('disconnect', () => {
  process.exit(0);
});
process.send?.({ edas: edas.url, fc: fc.url, edasOverTls, slowEdas } satisfies StandInUrls);

/**
 * Passes TLS connections on, in clear.
 *
 * @param certificate the file with the certificate and its key
 * @param delayMs of whatever comes back
 */
async function overTls(url: string, certificate: string, delayMs: number): Promise<Listening['url']> {
  const pem = readFileSync(certificate);
  const server = createServer({ key: pem, cert: pem }, (socket) => {
    const upstream = connect(Number(new URL(url).port), '127.0.0.1');
    socket.pipe(upstream);
    upstream.on('data', (chunk) => setTimeout(() => socket.write(chunk), delayMs));
    upstream.on('end', () => setTimeout(() => socket.end(), delayMs));
    for (const each of [socket, upstream]) {
      each.on('error', () => {
        socket.destroy();
        upstream.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('the TLS server has no port');
  return `https://127.0.0.1:${address.port}`;
}
