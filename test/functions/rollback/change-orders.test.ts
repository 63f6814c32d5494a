import { expect, test } from 'vitest';
import type { EdasClient } from '../../../functions/edas/client.ts';
import { changeOrdersOf } from '../../../functions/rollback/change-orders.ts';

/** A client that notes what it is asked, and answers with the name of the operation. */
function noteCalls() {
  const calls: unknown[][] = [];
  const noting = (name: string) => (id: string, timeoutMs: number) => {
    calls.push([name, id, timeoutMs]);
    return Promise.resolve(name);
  };
  const names = [
    'getChangeOrderInfo',
    'listRecentChangeOrders',
    'rollbackChangeOrder',
    'abortAndRollbackChangeOrder',
  ];
  const client = Object.fromEntries(names.map((name) => [name, noting(name)])) as unknown as EdasClient;
  return { calls, client };
}

test.each([
  ['RollbackChangeOrder', 'rollbackChangeOrder'],
  ['AbortAndRollbackChangeOrder', 'abortAndRollbackChangeOrder'],
] as const)("with %s, a rollback is EDAS's %s, and reads are what they are", async (operation, called) => {
  const { calls, client } = noteCalls();
  const changeOrders = changeOrdersOf(() => Promise.resolve(client), operation);
  expect(await changeOrders.read('an order', 1)).toBe('getChangeOrderInfo');
  expect(await changeOrders.list('an app', 2)).toBe('listRecentChangeOrders');
  expect(await changeOrders.rollBack('an order', 3)).toBe(called);
  expect(calls).toEqual([
    ['getChangeOrderInfo', 'an order', 1],
    ['listRecentChangeOrders', 'an app', 2],
    [called, 'an order', 3],
  ]);
});

test('EDAS is not opened before it is asked', async () => {
  let opened = 0;
  const { client } = noteCalls();
  const changeOrders = changeOrdersOf(() => {
    opened += 1;
    return Promise.resolve(client);
  }, 'RollbackChangeOrder');
  expect(opened).toBe(0);
  await changeOrders.read('an order', 1);
  expect(opened).toBe(1);
});
