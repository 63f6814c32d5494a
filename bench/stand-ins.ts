// Stand-ins for EDAS and for Function Compute's API in a process of their own, so that answering does not compete with
// measuring. It takes the number of change orders, which wait in flight, and says where it listens and what they are called.
import { randomUUID } from 'node:crypto';
import { startEdasStandIn } from '../local/edas/stand-in.ts';
import { startFcStandIn } from '../local/fc/stand-in.ts';
import { accountId, credentials, followFunction } from './credentials.ts';

const edas = await startEdasStandIn({ credentials });
const fc = await startFcStandIn({
  credentials,
  accountId,
  // Tasks are taken, and that is all.
  functions: { [followFunction]: () => Promise.resolve() },
});
const changeOrderIds = Array.from({ length: Number(process.argv[2]) }, () =>
  edas.orders.add({ id: randomUUID(), appId: randomUUID(), waitsForPerson: true, readyMs: 0 }),
);
process.once('disconnect', () => void Promise.all([edas.close(), fc.close()]));
process.send?.({ edasUrl: edas.url, fcUrl: fc.url, changeOrderIds });
