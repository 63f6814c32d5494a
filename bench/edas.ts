// An EDAS stand-in in a process of its own, so that answering does not compete with measuring. It takes the number of
// change orders, which wait in flight, and says where it listens and what they are called.
import { randomUUID } from 'node:crypto';
import { startEdasStandIn } from '../local/edas/stand-in.ts';
import { credentials } from './credentials.ts';

const edas = await startEdasStandIn({ credentials });
const changeOrderIds = Array.from({ length: Number(process.argv[2]) }, () =>
  edas.orders.add({ id: randomUUID(), appId: randomUUID(), waitsForPerson: true, readyMs: 0 }),
);
process.once('disconnect', () => void edas.close());
process.send?.({ url: edas.url, changeOrderIds });
