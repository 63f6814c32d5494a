import { expect, test } from 'vitest';
import type { EdasClient } from '../../../functions/edas/client.ts';
import { changeOrdersOf } from '../../../functions/rollback/change-orders.ts';

/** A client that notes what it is asked, and answers with the name of its method. */
function noteCalls() {
  const calls: unknown[][] = [];
  const noting =
    (name: string) =>
    (...call: unknown[]) => {
      calls.push([name, ...call]);
      return Promise.resolve(name);
    };
  const names = ['getChangeOrderInfo', 'listRecentChangeOrders', 'rollBack'];
  const client = Object.fromEntries(names.map((name) => [name, noting(name)])) as unknown as EdasClient;
  return { calls, client };
}

test.each(['RollbackChangeOrder', 'AbortAndRollbackChangeOrder'] as const)(
  'a rollback is sent with the operation %s, and reads are what they are',
  async (operation) => {
    const { calls, client } = noteCalls();
    const changeOrders = changeOrdersOf(() => Promise.resolve(client), operation);
    expect(await changeOrders.read('an order', 1)).toBe('getChangeOrderInfo');
    expect(await changeOrders.list('an app', 2)).toBe('listRecentChangeOrders');
    expect(await changeOrders.rollBack('an order', 3)).toBe('rollBack');
    expect(calls).toEqual([
      ['getChangeOrderInfo', 'an order', 1],
      ['listRecentChangeOrders', 'an app', 2],
      ['rollBack', operation, 'an order', 3],
    ]);
  },
);

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
