import { beforeEach, describe, expect, test } from 'vitest';
import {
  ChangeOrders,
  statuses,
  type ChangeOrderPlan,
  type Outcome,
  type RollbackRules,
} from '../../../../local/stand-ins/edas/change-orders.ts';

const born = Date.parse('2026-01-02T03:04:05Z');
const appId = '3616cdca-4f92-4413-0000-000000000000';
const notRunning = { accepted: false, code: 'Application.ChangerOrder.Not.Running' };

// Ready for 1 s, then three batches: 1–11 s, 13–23 s, 25–35 s.
const plan: ChangeOrderPlan = {
  id: 'order',
  appId,
  batches: 3,
  readyMs: 1_000,
  batchMs: 10_000,
  pauseMs: 2_000,
};

let clock: number;
beforeEach(() => {
  clock = born;
});

function account(changes: Partial<ChangeOrderPlan> = {}, rules: RollbackRules = {}): ChangeOrders {
  const orders = new ChangeOrders(() => clock, rules);
  orders.add({ ...plan, ...changes });
  return orders;
}

function at(seconds: number): void {
  clock = born + seconds * 1_000;
}

function statusOf(orders: ChangeOrders, id = 'order'): number | undefined {
  return orders.get(id)?.status;
}

function batchesOf(orders: ChangeOrders, id = 'order'): number[] | undefined {
  return orders.get(id)?.batches.map(({ status }) => status);
}

/** The id of the order that rolls `order` back. */
function rollbackOrderIn(orders: ChangeOrders): string {
  const found = orders.ofApplication(appId).find(({ rollbackOf }) => rollbackOf === 'order');
  if (!found) throw new Error('No rollback order');
  return found.id;
}

describe('a change order left alone', () => {
  test.each([
    [0, statuses.ready, [0, 0, 0]],
    [0.999, statuses.ready, [0, 0, 0]],
    [1, statuses.running, [1, 0, 0]],
    [10.999, statuses.running, [1, 0, 0]],
    [11, statuses.waitingForNextBatch, [2, 0, 0]],
    [13, statuses.running, [2, 1, 0]],
    [24, statuses.waitingForNextBatch, [2, 2, 0]],
    [34.999, statuses.running, [2, 2, 1]],
    [35, statuses.succeeded, [2, 2, 2]],
    [3_600, statuses.succeeded, [2, 2, 2]],
  ])('after %d s has status %i and batches %j', (seconds, status, batches) => {
    const orders = account();
    at(seconds);
    expect(statusOf(orders)).toBe(status);
    expect(batchesOf(orders)).toEqual(batches);
  });

  test('finishes when its last batch does', () => {
    const orders = account();
    at(34);
    expect(orders.get('order')?.finishedAt).toBeUndefined();
    at(60);
    expect(orders.get('order')?.finishedAt).toBe(born + 35_000);
  });

  test('knows when each batch started and last moved', () => {
    const orders = account();
    at(14);
    expect(orders.get('order')?.batches).toEqual([
      { status: statuses.succeeded, startedAt: born + 1_000, updatedAt: born + 11_000 },
      { status: statuses.running, startedAt: born + 13_000, updatedAt: born + 13_000 },
      { status: statuses.ready },
    ]);
  });

  test.each<[Outcome, number[]]>([
    [statuses.failed, [2, 2, 3]],
    [statuses.partlySucceeded, [2, 2, 3]],
    [statuses.systemException, [2, 2, 3]],
  ])('can end with status %i, its last batch failed', (outcome, batches) => {
    const orders = account({ outcome });
    at(34);
    expect(statusOf(orders)).toBe(statuses.running);
    at(35);
    expect(statusOf(orders)).toBe(outcome);
    expect(batchesOf(orders)).toEqual(batches);
  });

  test('waits for a person after its first batch, for ever', () => {
    const orders = account({ waitsForPerson: true });
    at(10);
    expect(statusOf(orders)).toBe(statuses.running);
    at(1_000_000);
    expect(statusOf(orders)).toBe(statuses.waitingForPerson);
    expect(batchesOf(orders)).toEqual([2, 0, 0]);
  });

  test('goes on for one batch each time that a person confirms, and only when it waits', () => {
    const orders = account({ waitsForPerson: true });
    expect(orders.confirm('order')).toBe(false);
    at(60);
    expect(orders.confirm('order')).toBe(true);
    expect(orders.confirm('order')).toBe(false);
    expect(batchesOf(orders)).toEqual([2, 1, 0]);
    at(70);
    expect(statusOf(orders)).toBe(statuses.waitingForPerson);
    at(100);
    expect(orders.confirm('order')).toBe(true);
    at(110);
    expect(orders.get('order')).toMatchObject({ status: statuses.succeeded, finishedAt: born + 110_000 });
    expect(orders.confirm('order')).toBe(false);
    expect(orders.confirm('unknown')).toBe(false);
  });

  test('that waits for a person can be rolled back, and waits no more', () => {
    const orders = account({ waitsForPerson: true });
    at(60);
    orders.rollback('order');
    expect(orders.confirm('order')).toBe(false);
    expect(batchesOf(orders)).toEqual([2, 0, 0]);
  });

  test('can have a task fail in the middle of a batch, and runs on to its outcome', () => {
    const taskError = { code: 'EDAS-10002', message: 'TIMEOUT' };
    const orders = account({ failsInBatch: 2, taskError });
    const failureOf = (index: number) => orders.get('order')?.batches[index]?.taskError;
    at(17.999);
    expect(failureOf(1)).toBeUndefined();
    at(18);
    expect(failureOf(1)).toEqual(taskError);
    expect(orders.get('order')?.batches[1]).toMatchObject({ status: 1, updatedAt: born + 18_000 });
    expect(statusOf(orders)).toBe(statuses.running);
    at(35);
    expect(statusOf(orders)).toBe(statuses.succeeded);
    expect([failureOf(0), failureOf(1), failureOf(2)]).toEqual([undefined, taskError, undefined]);
  });

  test('does not wait when it has one batch', () => {
    const orders = account({ waitsForPerson: true, batches: 1 });
    at(11);
    expect(statusOf(orders)).toBe(statuses.succeeded);
  });

  test('may have been created in the past', () => {
    expect(statusOf(account({ createdAt: born - 60_000 }))).toBe(statuses.succeeded);
  });
});

describe('a rollback', () => {
  test('terminates the order in flight, in the batch where it was', () => {
    const orders = account();
    at(14);
    expect(orders.rollback('order').accepted).toBe(true);
    at(100);
    expect(orders.get('order')).toMatchObject({ status: statuses.terminated, finishedAt: born + 14_000 });
    expect(batchesOf(orders)).toEqual([2, 6, 0]);
  });

  test('starts an order that goes through the updated batches and succeeds', () => {
    const orders = account();
    at(14);
    orders.rollback('order');
    const id = rollbackOrderIn(orders);

    expect(orders.get(id)).toMatchObject({
      appId,
      rollbackOf: 'order',
      coType: 'CoRollback',
      createdAt: clock,
    });
    expect(batchesOf(orders, id)).toEqual([0, 0]);
    at(14 + 12);
    expect(statusOf(orders, id)).toBe(statuses.waitingForNextBatch);
    at(14 + 23);
    expect(statusOf(orders, id)).toBe(statuses.succeeded);
  });

  test('is carried out as the rules say', () => {
    const order = { batches: 3, outcome: statuses.failed, waitsForPerson: true, batchMs: 5_000, readyMs: 0 };
    const orders = account({}, { order });
    at(5);
    orders.rollback('order');
    const id = rollbackOrderIn(orders);
    at(10);
    expect(statusOf(orders, id)).toBe(statuses.waitingForPerson);
    orders.confirm(id);
    at(15);
    orders.confirm(id);
    at(20);
    expect(statusOf(orders, id)).toBe(statuses.failed);
    expect(batchesOf(orders, id)).toEqual([2, 2, 3]);
  });

  test('of an order that had updated nothing has one batch', () => {
    const orders = account();
    orders.rollback('order');
    expect(batchesOf(orders, rollbackOrderIn(orders))).toEqual([0]);
  });

  test.each([
    ['ready', {}, 0],
    ['running', {}, 5],
    ['between two batches', {}, 12],
    ['waiting for a person', { waitsForPerson: true }, 60],
    ['failed', { outcome: statuses.failed }, 60],
    ['partly succeeded', { outcome: statuses.partlySucceeded }, 60],
  ])('is accepted while the order is %s', (_state, changes, seconds) => {
    const orders = account(changes);
    at(seconds);
    expect(orders.rollback('order').accepted).toBe(true);
    expect(statusOf(orders)).toBe(statuses.terminated);
    expect(orders.rollbacksOf('order')).toBe(1);
  });

  test('of an order that succeeded is refused and changes nothing', () => {
    const orders = account();
    at(35);
    expect(orders.rollback('order')).toMatchObject(notRunning);
    expect(statusOf(orders)).toBe(statuses.succeeded);
    expect(orders.rollbacksOf('order')).toBe(0);
    expect(orders.ofApplication(appId)).toHaveLength(1);
  });

  test('of an order that does not exist is refused', () => {
    expect(account().rollback('unknown')).toMatchObject({
      accepted: false,
      code: 'InvalidChangeOrder.NotFound',
    });
  });

  test('names the new order', () => {
    const orders = account();
    const ruling = orders.rollback('order');
    expect(ruling).toEqual({ accepted: true, changeOrderId: rollbackOrderIn(orders) });
  });

  test('names the order it was sent when told to', () => {
    const orders = account({}, { answersWith: 'same-order' });
    expect(orders.rollback('order')).toEqual({ accepted: true, changeOrderId: 'order' });
    expect(rollbackOrderIn(orders)).not.toBe('order');
  });

  test('is a deployment too when told to', () => {
    const orders = account({}, { coType: 'CoDeploy' });
    orders.rollback('order');
    expect(orders.get(rollbackOrderIn(orders))).toMatchObject({
      coType: 'CoDeploy',
      description: 'Rollback of order',
    });
  });

  test('of a terminated order is refused', () => {
    const orders = account();
    orders.rollback('order');
    expect(orders.rollback('order')).toMatchObject(notRunning);
    expect(orders.rollbacksOf('order')).toBe(1);
    expect(orders.ofApplication(appId)).toHaveLength(2);
  });

  test('of a terminated order takes effect twice when told to, and the count shows it', () => {
    const orders = account({}, { ofTerminated: 'accepted' });
    at(5);
    orders.rollback('order');
    at(20);
    expect(orders.rollback('order').accepted).toBe(true);
    expect(orders.rollbacksOf('order')).toBe(2);
    expect(orders.get('order')?.finishedAt).toBe(born + 5_000);
    expect(orders.ofApplication(appId)).toHaveLength(3);
  });
});

describe('an abort', () => {
  test('terminates the order and rolls nothing back', () => {
    const orders = account();
    at(14);
    expect(orders.abort('order')).toEqual({ accepted: true, changeOrderId: 'order' });
    expect(statusOf(orders)).toBe(statuses.terminated);
    expect(orders.rollbacksOf('order')).toBe(0);
    expect(orders.ofApplication(appId)).toHaveLength(1);
  });

  test.each([
    ['succeeded', {}],
    ['failed', { outcome: statuses.failed }],
  ])('of an order that %s is refused', (_state, changes) => {
    const orders = account(changes);
    at(35);
    expect(orders.abort('order')).toMatchObject(notRunning);
  });

  test('of a terminated order is refused', () => {
    const orders = account();
    orders.abort('order');
    expect(orders.abort('order')).toMatchObject(notRunning);
  });

  test('of an order that does not exist is refused', () => {
    expect(account().abort('unknown')).toMatchObject({
      accepted: false,
      code: 'InvalidChangeOrder.NotFound',
    });
  });
});

describe('an EDAS that shows late that it terminated an order', () => {
  const late: RollbackRules = { showsAfterMs: 3_000 };

  test('shows it standing still as it was, batches and finish included, and then as terminated since then', () => {
    const orders = account({}, late);
    at(14);
    const before = orders.get('order');
    orders.rollback('order');

    at(16.999);
    expect(before).toMatchObject({ status: statuses.running, finishedAt: undefined });
    expect(orders.get('order')).toEqual(before);
    at(17);
    expect(orders.get('order')).toMatchObject({ status: statuses.terminated, finishedAt: born + 14_000 });
    expect(batchesOf(orders)).toEqual([2, 6, 0]);
  });

  test('never shows an order as succeeded that was terminated in its last moment', () => {
    const orders = account({}, late);
    at(34.999);
    orders.rollback('order');
    at(36);
    expect(statusOf(orders)).toBe(statuses.running);
    at(38);
    expect(statusOf(orders)).toBe(statuses.terminated);
  });

  test('shows the same in the list, and in it the order that rolls back from its start', () => {
    const orders = account({}, late);
    orders.rollback('order');
    at(2);
    expect(orders.ofApplication(appId)).toMatchObject([
      { id: 'order', status: statuses.ready },
      { rollbackOf: 'order', status: statuses.running },
    ]);
    at(3);
    expect(orders.ofApplication(appId)).toMatchObject([{ id: 'order', status: statuses.terminated }, {}]);
  });

  test('is as late with an order that had failed before it was rolled back', () => {
    const orders = account({ outcome: statuses.failed }, late);
    at(60);
    orders.rollback('order');
    expect(orders.get('order')).toMatchObject({ status: statuses.failed, finishedAt: born + 35_000 });
    at(63);
    expect(orders.get('order')).toMatchObject({ status: statuses.terminated, finishedAt: born + 60_000 });
  });

  test('refuses a second rollback meanwhile, all the same', () => {
    const orders = account({}, late);
    orders.rollback('order');
    expect(orders.rollback('order')).toMatchObject(notRunning);
    expect(orders.abort('order')).toMatchObject(notRunning);
    expect(statusOf(orders)).toBe(statuses.ready);
    expect(orders.rollbacksOf('order')).toBe(1);
  });

  test('accepts and counts a second rollback meanwhile, when told to, and counts the delay from the first', () => {
    const orders = account({}, { ...late, ofTerminated: 'accepted' });
    orders.rollback('order');
    at(2);
    expect(orders.rollback('order').accepted).toBe(true);
    expect(orders.rollbacksOf('order')).toBe(2);
    at(3);
    expect(statusOf(orders)).toBe(statuses.terminated);
  });

  test('is as late with an abort', () => {
    const orders = account({}, late);
    at(5);
    orders.abort('order');
    expect(orders.rollback('order')).toMatchObject(notRunning);
    at(7.999);
    expect(statusOf(orders)).toBe(statuses.running);
    at(8);
    expect(statusOf(orders)).toBe(statuses.terminated);
  });
});

describe('an account', () => {
  test('knows the name of an application by the newest order that gives one', () => {
    const orders = account();
    expect(orders.nameOf(appId)).toBe('demo');
    orders.add({ appId, appName: 'checkout' });
    orders.add({ appId });
    expect(orders.nameOf(appId)).toBe('checkout');
    expect(orders.nameOf('another-app')).toBeUndefined();
  });

  test('lists the orders of one application, oldest first', () => {
    const orders = account();
    at(40);
    orders.add({ appId: 'another-app' });
    const later = orders.add({ appId });
    expect(orders.ofApplication(appId).map(({ id }) => id)).toEqual(['order', later]);
  });

  test('gives an order a UUID when the plan names none', () => {
    expect(account().add({ appId })).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('has each id once', () => {
    expect(() => account().add(plan)).toThrow('There is a change order order already');
  });

  test('has no order that was not added', () => {
    expect(account().get('unknown')).toBeUndefined();
    expect(account().rollbacksOf('unknown')).toBe(0);
  });
});
