import { beforeEach, describe, expect, test } from 'vitest';
import {
  ChangeOrders,
  statuses,
  type ChangeOrderPlan,
  type ReleaseRollback,
  type RollbackRules,
} from '../../../../local/stand-ins/edas/change-orders.ts';
import type { GroupPlan } from '../../../../local/stand-ins/edas/groups.ts';
import { everyReleaseRules, type ReleaseRules } from '../../../../local/stand-ins/edas/release-rules.ts';

const born = Date.parse('2026-01-02T03:04:05Z');
const appId = '3616cdca-4f92-4413-0000-000000000000';
const canary = '941be68c-4aac-48a1-0000-000000000000';

/** One batch from 0 to 10 s, another from 12 to 22 s. */
const inTwoBatches = { appId, readyMs: 0, batchMs: 10_000, pauseMs: 2_000, batches: 2 } as const;
const endMs = 22_000;

let clock: number;
beforeEach(() => {
  clock = born;
});

function at(seconds: number): void {
  clock = born + seconds * 1_000;
}

interface Account {
  rules?: RollbackRules;
  releaseRules?: ReleaseRules;
  groups?: readonly GroupPlan[];
}

function account({ rules, releaseRules, groups }: Account = {}): ChangeOrders {
  const orders = new ChangeOrders(() => clock, rules, releaseRules);
  if (groups) orders.setUp({ appId, groups });
  return orders;
}

/** `one` an hour ago and `two` ten minutes ago, both of which succeeded. */
function withTwoReleases(options: Account = {}, two: Partial<ChangeOrderPlan> = {}): ChangeOrders {
  const orders = account(options);
  orders.add({ ...inTwoBatches, id: 'first', version: 'one', createdAt: born - 3_600_000 });
  orders.add({ ...inTwoBatches, id: 'second', version: 'two', createdAt: born - 600_000, ...two });
  return orders;
}

function rollBack(orders: ChangeOrders, changes: Partial<ReleaseRollback> = {}) {
  return orders.rollBackApplication({ appId, groupId: 'all', version: 'one', batches: 2, ...changes });
}

function groupVersions(orders: ChangeOrders): (string | undefined)[] {
  return orders.runningIn(appId).map(({ deployed }) => deployed?.version.name);
}

function instanceVersions(orders: ChangeOrders): (string | undefined)[] {
  return orders
    .runningIn(appId)
    .flatMap(({ instances }) => instances.map(({ deployed }) => deployed?.version.name));
}

function states(orders: ChangeOrders): number[] {
  return orders.runningIn(appId).flatMap(({ instances }) => instances.map(({ state }) => state));
}

function names(orders: ChangeOrders): string[] {
  return orders.historyOf(appId).map(({ name }) => name);
}

describe('an application', () => {
  test('has one group of two instances that run, unless it is set up otherwise', () => {
    expect(account().runningIn(appId)).toEqual([
      {
        id: '8123db90-880f-486f-0000-000000000000',
        name: '_DEFAULT_GROUP',
        type: 0,
        deployed: undefined,
        instances: [
          { id: '0cf49a6c-95a8-4aa8-0000-000000000000', state: 7, deployed: undefined, past: [] },
          { id: '0cf49a6c-95a8-4aa8-0000-000000000001', state: 7, deployed: undefined, past: [] },
        ],
      },
    ]);
  });

  test('can be set up with groups of each type and instances in each state', () => {
    const groups: GroupPlan[] = [
      { instances: [0, 1, 3, 7] },
      { name: 'blue' },
      { id: canary, name: 'canary', type: 2, instances: [] },
    ];
    const orders = account({ groups });
    expect(orders.runningIn(appId)).toMatchObject([
      { name: '_DEFAULT_GROUP', type: 0, instances: [{}, {}, {}, {}] },
      { id: '8123db90-880f-486f-0000-000000000001', name: 'blue', type: 1, instances: [{}, {}] },
      { id: canary, name: 'canary', type: 2, instances: [] },
    ]);
    expect(states(orders)).toEqual([0, 1, 3, 7, 7, 7]);
  });

  test('is known by an order or by its groups', () => {
    expect(account().nameOf(appId)).toBeUndefined();
    expect(account({ groups: [{}] }).nameOf(appId)).toBe('demo');
  });
});

describe('a deployment', () => {
  test('makes an entry in the history at its beginning, named by its time in China', () => {
    const orders = account();
    orders.add({ ...inTwoBatches, packageName: 'checkout-2.jar' });
    expect(orders.historyOf(appId)).toEqual([
      {
        id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
        name: '2026-01-02 11:04:05',
        packageName: 'checkout-2.jar',
        createdAt: born,
        instanceState: 7,
        inHistory: true,
      },
    ]);
  });

  test('moves its instances batch by batch, and its group when all is done', () => {
    const orders = withTwoReleases();
    orders.add({ ...inTwoBatches, version: 'three' });
    const seen = [9.999, 10, 21.999, 22].map((seconds) => {
      at(seconds);
      return [...groupVersions(orders), ...instanceVersions(orders)];
    });
    expect(seen).toEqual([
      ['two', 'two', 'two'],
      ['two', 'three', 'two'],
      ['two', 'three', 'two'],
      ['three', 'three', 'three'],
    ]);
  });

  test.each([
    [[7, 7, 7], 2, [0, 0, 1]],
    [[7, 7, 7, 7], 2, [0, 0, 1, 1]],
    [[7], 2, [0]],
    [[7, 7], 3, [0, 1]],
  ] as const)(
    'of instances %j in %d batches moves them in the batches %j',
    (instances, batches, expected) => {
      const orders = account({ groups: [{ instances }] });
      orders.add({ ...inTwoBatches, batches, version: 'new' });
      const movedAt = (seconds: number) => {
        at(seconds);
        return instanceVersions(orders).filter((version) => version === 'new').length;
      };
      const afterEach = Array.from({ length: batches }, (_, batch) => movedAt(10 + 12 * batch));
      expect(afterEach).toEqual(
        Array.from({ length: batches }, (_, batch) => expected.filter((each) => each <= batch).length),
      );
    },
  );

  test('for one group leaves the others alone', () => {
    const groups = [{}, { id: canary, name: 'canary', instances: [7] }] as const;
    const orders = withTwoReleases({ groups });
    orders.add({ ...inTwoBatches, version: 'three', target: canary });
    at(60);
    expect(groupVersions(orders)).toEqual(['two', 'three']);
    expect(instanceVersions(orders)).toEqual(['two', 'two', 'three']);
  });

  test.each([
    ['failed', { outcome: statuses.failed }],
    ['partly succeeded', { outcome: statuses.partlySucceeded }],
    ['met a system exception', { outcome: statuses.systemException }],
  ] as const)('that %s leaves its last batch and the group as they were', (_how, changes) => {
    const orders = withTwoReleases();
    orders.add({ ...inTwoBatches, version: 'three', ...changes });
    at(60);
    expect(groupVersions(orders)).toEqual(['two']);
    expect(instanceVersions(orders)).toEqual(['three', 'two']);
    expect(names(orders)).toEqual(['one', 'two', 'three']);
  });

  test('that is aborted leaves the updated instances updated, and the group as it was', () => {
    const orders = withTwoReleases();
    orders.add({ ...inTwoBatches, id: 'third', version: 'three' });
    at(11);
    orders.abort('third');
    at(60);
    expect(groupVersions(orders)).toEqual(['two']);
    expect(instanceVersions(orders)).toEqual(['three', 'two']);
  });

  test('that is rolled back in flight has its updated instances taken back', () => {
    const orders = withTwoReleases();
    orders.add({ ...inTwoBatches, id: 'third', version: 'three' });
    at(11);
    orders.rollback('third');
    at(20.999);
    expect(instanceVersions(orders)).toEqual(['three', 'two']);
    at(21);
    expect(instanceVersions(orders)).toEqual(['two', 'two']);
    expect(groupVersions(orders)).toEqual(['two']);
    expect(names(orders)).toEqual(['one', 'two', 'three']);
  });

  test('that is the first one, and rolled back in flight, leaves nothing', () => {
    const orders = account();
    orders.add({ ...inTwoBatches, id: 'third', version: 'three' });
    at(11);
    orders.rollback('third');
    at(60);
    expect(instanceVersions(orders)).toEqual([undefined, undefined]);
  });

  test('can leave instances unhealthy, all but those that are worse by themselves', () => {
    const groups = [{ instances: [7, 0] }] as const;
    const orders = withTwoReleases({ groups }, { instanceState: 3 });
    expect(states(orders)).toEqual([3, 0]);
    rollBack(orders);
    at(60);
    expect(states(orders)).toEqual([7, 0]);
  });

  test('can be missing in the history, and in the list', () => {
    const orders = withTwoReleases({}, { inHistory: false, listedAfterMs: Infinity });
    expect(names(orders)).toEqual(['one']);
    expect(orders.ofApplication(appId).map(({ id }) => id)).toEqual(['first']);
    expect(groupVersions(orders)).toEqual(['two']);
  });

  test('of another type deploys nothing', () => {
    const orders = withTwoReleases();
    orders.add({ ...inTwoBatches, coType: 'CoReStart' });
    at(60);
    expect(names(orders)).toEqual(['one', 'two']);
    expect(groupVersions(orders)).toEqual(['two']);
  });
});

describe('a rollback of an ended release', () => {
  test('deploys the earlier version again, batch by batch', () => {
    const orders = withTwoReleases();
    expect(rollBack(orders).accepted).toBe(true);
    at(10);
    expect([groupVersions(orders), instanceVersions(orders)]).toEqual([['two'], ['one', 'two']]);
    at(22);
    expect([groupVersions(orders), instanceVersions(orders)]).toEqual([['one'], ['one', 'one']]);
    expect(names(orders)).toEqual(['one', 'two']);
  });

  test('is an order of its own, which the answer names', () => {
    const orders = withTwoReleases();
    const ruling = rollBack(orders);
    const order = orders.ofApplication(appId).at(-1);
    expect(ruling).toEqual({ accepted: true, changeOrderId: order?.id });
    expect(order).toMatchObject({ createdAt: born, coType: 'CoRollback', source: 'pop', target: 'all' });
    expect(orders.get('second')).toMatchObject({ status: statuses.succeeded, source: 'console' });
  });

  test('takes the batches and the minutes between them that it is asked for', () => {
    const orders = withTwoReleases({ groups: [{ instances: [7, 7, 7] }] });
    rollBack(orders, { batches: 3, batchWaitMinutes: 2 });
    at(10 + 120);
    expect(instanceVersions(orders)).toEqual(['one', 'two', 'two']);
    at(10 + 120 + 10);
    expect(instanceVersions(orders)).toEqual(['one', 'one', 'two']);
  });

  test('for one group leaves the others alone', () => {
    const orders = withTwoReleases({ groups: [{}, { id: canary }] });
    rollBack(orders, { groupId: canary });
    at(60);
    expect(groupVersions(orders)).toEqual(['two', 'one']);
    expect(orders.releaseRollbacksOf(appId)).toMatchObject([{ groupId: canary, version: 'one' }]);
  });

  test('can itself be rolled back in flight, and fail', () => {
    const orders = withTwoReleases({ releaseRules: { order: { outcome: statuses.failed } } });
    const ruling = rollBack(orders);
    at(60);
    expect([groupVersions(orders), instanceVersions(orders)]).toEqual([['two'], ['one', 'two']]);
    orders.rollback(ruling.accepted ? ruling.changeOrderId : '');
    at(120);
    expect(instanceVersions(orders)).toEqual(['two', 'two']);
  });

  test.each([
    ['an application that does not exist', { appId: 'unknown' }, /application does not exist/],
    ['a version that the history does not have', { version: 'none' }, /no version none/],
    ['a group that does not exist', { groupId: 'unknown' }, /no group unknown/],
    ['a group without instances', { groupId: canary }, /^ex\.app\.deploy\.group\.empty$/],
    ['no batch', { batches: 0 }, /Batch must be from 1 to 5/],
    ['six batches', { batches: 6 }, /Batch must be from 1 to 5/],
    ['half a batch', { batches: 1.5 }, /Batch must be from 1 to 5/],
    ['six minutes', { batchWaitMinutes: 6 }, /BatchWaitTime must be from 0 to 5/],
  ])('with %s is refused and changes nothing', (_what, changes, message) => {
    const orders = withTwoReleases({ groups: [{}, { id: canary, instances: [] }] });
    expect(rollBack(orders, changes)).toEqual({
      accepted: false,
      code: '601',
      message: expect.stringMatching(message) as string,
    });
    expect(orders.ofApplication(appId)).toHaveLength(2);
    expect(orders.releaseRollbacksOf(appId)).toEqual([]);
  });

  test('goes to the newest of two versions of the same name', () => {
    const orders = withTwoReleases();
    orders.add({ ...inTwoBatches, id: 'third', version: 'one', createdAt: born - 60_000 });
    rollBack(orders);
    at(60);
    const [, , newest] = orders.historyOf(appId);
    expect(orders.runningIn(appId)[0]?.deployed?.version.id).toBe(newest?.id);
  });
});

describe('what is documented nowhere can be either way', () => {
  test('a rollback makes no version in the history, or one of the same name with a new id and time', () => {
    const without = withTwoReleases();
    rollBack(without);
    expect(names(without)).toEqual(['one', 'two']);

    const orders = withTwoReleases({ releaseRules: { makesVersion: true } });
    rollBack(orders);
    at(60);
    const [first, , again] = orders.historyOf(appId);
    expect(names(orders)).toEqual(['one', 'two', 'one']);
    expect(again?.id).not.toBe(first?.id);
    expect(again?.createdAt).toBe(born);
    expect(orders.runningIn(appId)[0]?.deployed?.version.id).toBe(again?.id);
  });

  test.each([
    [
      'CoRollback',
      'en',
      'Rollback Application | Version: one | Package Name: demo-1.0.jar | Deployment Target: All Groups',
    ],
    ['CoRollback', 'zh', '回滚应用 | 版本:one | 包名:demo-1.0.jar | 部署目标:所有分组'],
    ['CoDeploy', 'en', 'Version: one | Package Name: demo-1.0.jar | Deployment Target: All Groups'],
    ['CoDeploy', 'zh', '版本:one | 包名:demo-1.0.jar | 部署目标:所有分组'],
  ] as const)('its order is listed as %s (%s)', (coType, language, description) => {
    const orders = withTwoReleases({ releaseRules: { coType, language } });
    rollBack(orders);
    expect(orders.ofApplication(appId).at(-1)).toMatchObject({ coType, description });
  });

  test('the list includes it at once, or later, while the order can be read', () => {
    const orders = withTwoReleases({ releaseRules: { listedAfterMs: 30_000 } });
    const ruling = rollBack(orders);
    at(29.999);
    expect(orders.ofApplication(appId)).toHaveLength(2);
    expect(orders.get(ruling.accepted ? ruling.changeOrderId : '')).toMatchObject({ status: 2 });
    at(30);
    expect(orders.ofApplication(appId)).toHaveLength(3);
  });

  test.each([
    ['refused', false, 1, false],
    ['accepted', true, 2, false],
    ['joined', true, 1, true],
  ] as const)('a second one while the first runs is %s', (second, accepted, effects, isSame) => {
    const orders = withTwoReleases({ releaseRules: { second, listedAfterMs: 30_000 } });
    const first = rollBack(orders);
    at(5);
    const again = rollBack(orders);
    expect(again.accepted).toBe(accepted);
    expect(orders.releaseRollbacksOf(appId)).toHaveLength(effects);
    expect(again.accepted && first.accepted && again.changeOrderId === first.changeOrderId).toBe(isSame);
  });

  test('a second one after the first has ended is accepted', () => {
    const orders = withTwoReleases();
    rollBack(orders);
    clock = born + endMs;
    expect(rollBack(orders).accepted).toBe(true);
    expect(orders.releaseRollbacksOf(appId).map(({ version }) => version)).toEqual(['one', 'one']);
  });

  test('the answer names the order, or an empty id', () => {
    const orders = withTwoReleases({ releaseRules: { namesOrder: false } });
    expect(rollBack(orders)).toEqual({ accepted: true, changeOrderId: '' });
    expect(orders.releaseRollbacksOf(appId)).toHaveLength(1);
  });

  test.each([
    [undefined, false],
    ['refused', false],
    ['accepted', true],
  ] as const)('while another change is in flight it is %s', (whileInFlight, accepted) => {
    const releaseRules = whileInFlight === undefined ? {} : { whileInFlight };
    const orders = withTwoReleases({ releaseRules });
    orders.add({ ...inTwoBatches, coType: 'CoReStart' });
    expect(rollBack(orders).accepted).toBe(accepted);
    expect(orders.releaseRollbacksOf(appId)).toHaveLength(accepted ? 1 : 0);
  });

  test('every combination is there once, and in each the release is rolled back', () => {
    const all = everyReleaseRules();
    expect(new Set(all.map((rules) => JSON.stringify(rules))).size).toBe(2 * 2 * 2 * 3 * 2 * 2);
    for (const releaseRules of all) {
      const orders = withTwoReleases({ releaseRules });
      expect(rollBack(orders).accepted, JSON.stringify(releaseRules)).toBe(true);
      clock += 60_000;
      expect(groupVersions(orders), JSON.stringify(releaseRules)).toEqual(['one']);
      clock = born;
    }
  });
});

describe('EDAS describes', () => {
  const groups = [{}, { id: canary, name: 'canary' }] as const;

  test.each([
    ['en', 'all', 'Version: 2020-05-14 20:02:33 | Package Name: demo.jar | Deployment Target: All Groups'],
    [
      'en',
      '8123db90-880f-486f-0000-000000000000',
      'Version: 2020-05-14 20:02:33 | Package Name: demo.jar | Deployment Target: Default Group',
    ],
    ['en', canary, 'Version: 2020-05-14 20:02:33 | Package Name: demo.jar | Deployment Target: canary'],
    ['zh', 'all', '版本:2020-05-14 20:02:33 | 包名:demo.jar | 部署目标:所有分组'],
    [
      'zh',
      '8123db90-880f-486f-0000-000000000000',
      '版本:2020-05-14 20:02:33 | 包名:demo.jar | 部署目标:默认分组',
    ],
    ['zh', canary, '版本:2020-05-14 20:02:33 | 包名:demo.jar | 部署目标:canary'],
  ] as const)('a deployment (%s) to %s as "%s"', (language, target, description) => {
    const orders = account({ releaseRules: { language }, groups });
    const id = orders.add({ appId, version: '2020-05-14 20:02:33', packageName: 'demo.jar', target });
    expect(orders.get(id)?.description).toBe(description);
  });

  test('an order that deploys nothing without a version', () => {
    const orders = account({ releaseRules: { language: 'zh' } });
    const id = orders.add({ appId, coType: 'CoReStart' });
    expect(orders.get(id)?.description).toBe('部署目标:所有分组');
  });

  test('a deployment as its plan says, where the plan says anything', () => {
    const orders = account();
    expect(orders.get(orders.add({ appId, description: '' }))?.description).toBe('');
  });
});
