import { describe, expect, test } from 'vitest';
import type { ListedChangeOrder } from '../../../functions/edas/client.ts';
import {
  changesVersion,
  deploymentsBefore,
  isDeployment,
  reasonNotToRollBack,
  rollbackRightAfter,
} from '../../../functions/rollback/listed-orders.ts';

const now = Date.parse('2026-01-02T03:04:05Z');

/** A deployment that succeeded, made this many seconds ago, unless the changes say otherwise. */
function listed(
  changeOrderId: string,
  secondsAgo: number,
  changes: Partial<ListedChangeOrder> = {},
): ListedChangeOrder {
  const description = '版本:1.0 | 包名:demo.jar | 部署目标:所有分组';
  return {
    changeOrderId,
    status: 2,
    typeCode: 'CoDeploy',
    words: `Deploy Application ${description}`,
    description,
    groupId: undefined,
    createdAt: now - secondsAgo * 1000,
    finishedAt: undefined,
    ...changes,
  };
}

describe('a deployment', () => {
  test.each([
    ['CoDeploy', 'Deploy demo.jar', true],
    ['CoDeploy', '应用回滚', false],
    ['CoDeploy', 'Roll back demo', false],
    ['CoRollback', 'demo', false],
    ['CoRestart', 'demo', false],
    [undefined, 'Deploy demo.jar', false],
  ])('is told by its type code and its words: %s, %s', (typeCode, words, isOne) => {
    expect(isDeployment(listed('a', 1, { typeCode, words }))).toBe(isOne);
  });
});

describe('whether an order may have changed the version', () => {
  test.each(['CoRestart', 'CoRestartInstances', 'CoStartApplication', 'CoStop', 'CoScaleOut', 'CoBindSlb'])(
    '%s does not',
    (typeCode) => {
      expect(changesVersion(listed('a', 1, { typeCode }))).toBe(false);
    },
  );

  test.each(['CoDeploy', 'CoRollback', 'CoDeployHistroy', 'CoCreateApp', 'CoSomethingNew', '', undefined])(
    '%s may have, for what is not known counts',
    (typeCode) => {
      expect(changesVersion(listed('a', 1, { typeCode }))).toBe(true);
    },
  );
});

describe('the deployments before an order', () => {
  const orders = [
    listed('oldest', 300),
    listed('restart', 150, { typeCode: 'CoRestart' }),
    listed('before', 200),
    listed('rollback', 120, { typeCode: 'CoRollback', words: 'Rollback' }),
    listed('order', 100),
    listed('after', 10),
  ];

  test('are given with the newest first, without what is no deployment', () => {
    for (const list of [orders, orders.toReversed()]) {
      const ids = deploymentsBefore('order', list).map(({ changeOrderId }) => changeOrderId);
      expect(ids).toEqual(['before', 'oldest']);
    }
  });

  test('one of the same second, or without a time, may be one of them', () => {
    const others = [listed('same', 100), listed('timeless', 0, { createdAt: undefined })];
    const ids = deploymentsBefore('order', [...orders, ...others]).map(({ changeOrderId }) => changeOrderId);
    expect(ids).toEqual(['same', 'before', 'oldest', 'timeless']);
  });

  test('are not known where the order is not in the list, or has no time', () => {
    expect(deploymentsBefore('unknown', orders)).toEqual([]);
    expect(deploymentsBefore('order', [listed('order', 0, { createdAt: undefined }), ...orders])).toEqual([]);
  });
});

describe('the rollback right after an order', () => {
  const bad = listed('bad', 100, { status: 6 });
  const repair = listed('repair', 50, { typeCode: 'CoRollback', status: 1 });

  test('is given with its status, whatever the order of the list', () => {
    const list = [listed('before', 200), bad, repair, listed('after', 10)];
    for (const orders of [list, list.toReversed(), [repair, ...list.toSpliced(2, 1)]]) {
      expect(rollbackRightAfter('bad', orders)).toMatchObject({ changeOrderId: 'repair', status: 1 });
    }
  });

  test.each([
    ['the list is empty', []],
    ['the order is not in the list', [repair]],
    ['the order is alone', [bad]],
    ['it is itself a rollback, and nothing came after it', [{ ...bad, typeCode: 'CoRollback' }]],
  ])('is unknown where %s', (_when, orders) => {
    expect(rollbackRightAfter('bad', orders)).toBeUndefined();
  });
});

describe('an order of which EDAS tells', () => {
  const terminated = (secondsAgo: number, changes: Partial<ListedChangeOrder> = {}) =>
    listed('before', secondsAgo, { status: 6, finishedAt: now - 400_000, ...changes });
  const order = listed('order', 100);

  test.each<[string, string | undefined, ListedChangeOrder, ListedChangeOrder[]]>([
    ['is a deployment like any other', undefined, order, []],
    ['comes after one that succeeded', undefined, order, [listed('before', 500)]],
    ['comes after one that failed', undefined, order, [listed('before', 500, { status: 3 })]],
    ['is a restart', 'is no deployment', listed('order', 100, { typeCode: 'CoRestart' }), []],
    ['says that it is a rollback', 'is a rollback itself', listed('order', 100, { words: '回滚应用' }), []],
    ['has no time', 'may be a rollback', listed('order', 100, { createdAt: undefined }), []],
    ['comes right after a terminated one', 'right after before was', order, [terminated(500)]],
    ['is of the same second as it', 'right after before was', order, [terminated(100)]],
    [
      'comes just in time to be its rollback',
      'right after before was',
      order,
      [terminated(500, { finishedAt: now - 400_000 })],
    ],
    ['comes too late to be', undefined, order, [terminated(500, { finishedAt: now - 400_001 })]],
    [
      'comes after one whose end is not known',
      'right after',
      order,
      [terminated(500, { finishedAt: undefined })],
    ],
    ['comes before it', undefined, order, [terminated(50)]],
    ['comes after another one', undefined, order, [terminated(500), listed('rollback', 300)]],
  ])('%s: %s', (_what, part, one, others) => {
    const reason = reasonNotToRollBack(one, [one, ...others]);
    if (part === undefined) expect(reason).toBeUndefined();
    else expect(reason).toContain(part);
  });
});
