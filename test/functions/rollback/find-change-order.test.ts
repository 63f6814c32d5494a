import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createEdasClient, type ListedChangeOrder } from '../../../functions/edas/client.ts';
import { Problem } from '../../../functions/errors.ts';
import { changeOrdersOf, type ChangeOrders } from '../../../functions/rollback/change-orders.ts';
import type { RollbackDependencies } from '../../../functions/rollback/dependencies.ts';
import { findChangeOrder, type ChangeOrderSearch } from '../../../functions/rollback/find-change-order.ts';
import { rollBack } from '../../../functions/rollback/rollback.ts';
import {
  startEdasStandIn,
  type EdasStandIn,
  type EdasStandInOptions,
} from '../../../local/stand-ins/edas/stand-in.ts';
import { failed, refusals } from '../../support/edas-failure.ts';
import { problemOfAsync } from '../../support/problem.ts';

const app = '3616cdca-4f92-4413-0000-000000000000';
const otherApp = '3616cdca-4f92-4413-0000-000000000001';
const thirdApp = '3616cdca-4f92-4413-0000-000000000002';
const orderId = '4f40e616-cdcd-4250-a018-efd459900000';
const now = Date.parse('2026-01-02T03:04:05Z');

/** What a list ends in. An Error is thrown. */
type Listing = ListedChangeOrder[] | Error;

/** A deployment in flight, created this many seconds ago, unless the changes say otherwise. */
function listed(
  changeOrderId: string,
  secondsAgo = 60,
  changes: Partial<ListedChangeOrder> = {},
): ListedChangeOrder {
  return {
    changeOrderId,
    status: 1,
    typeCode: 'CoDeploy',
    words: 'Deploy demo.jar',
    description: 'demo.jar',
    groupId: undefined,
    createdAt: now - secondsAgo * 1000,
    finishedAt: undefined,
    ...changes,
  };
}

const notAsked = () => Promise.reject(new Error('A search only lists'));

/** EDAS as a search sees it: an application that is not named has no orders. Reading or rolling back fails the test. */
function edasOf(listings: Record<string, Listing>, leftMs = 8_000) {
  const asked: { appId: string; timeoutMs: number }[] = [];
  const list: ChangeOrders['list'] = (appId, timeoutMs) => {
    asked.push({ appId, timeoutMs });
    const listing = listings[appId] ?? [];
    return listing instanceof Error ? Promise.reject(listing) : Promise.resolve(listing);
  };
  const find = (search: Omit<ChangeOrderSearch, 'deadlineAt'>) => findOver(list, search, leftMs);
  return {
    asked,
    find,
    findId: async (search: Omit<ChangeOrderSearch, 'deadlineAt'>) => (await find(search)).changeOrderId,
  };
}

async function findOver(
  list: ChangeOrders['list'],
  search: Omit<ChangeOrderSearch, 'deadlineAt'>,
  leftMs = 8_000,
  warn: RollbackDependencies['warn'] = () => undefined,
) {
  let time = now;
  const dependencies: RollbackDependencies = {
    changeOrders: { list, read: notAsked, rollBack: notAsked },
    clock: { now: () => time, sleep: (ms) => Promise.resolve(void (time += ms)) },
    random: () => 1,
    warn,
  };
  return findChangeOrder({ ...search, deadlineAt: now + leftMs }, dependencies);
}

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length < 2) return [[...items]];
  return items.flatMap((item, index) =>
    permutations(items.toSpliced(index, 1)).map((others) => [item, ...others]),
  );
}

const findIn = (...orders: ListedChangeOrder[]) => edasOf({ [app]: orders }).findId({ target: { app } });

describe('by application', () => {
  test('the newest deployment in flight is found, whatever the order of the list', async () => {
    const orders = [
      listed('oldest', 300),
      listed('middle', 200),
      listed('newest', 100),
      listed('finished-since', 50, { status: 2 }),
    ];
    const found = await Promise.all(permutations(orders).map((each) => findIn(...each)));
    expect(found).toEqual(Array.from({ length: 24 }, () => 'newest'));
  });

  test('the application is given with the order', async () => {
    const edas = edasOf({ [app]: [listed(orderId)] });
    expect(await edas.find({ target: { app } })).toEqual({
      app,
      changeOrderId: orderId,
      createdAt: now - 60_000,
      deploymentsBefore: [],
    });
  });

  test('the deployments before the order are given with it, the newest first', async () => {
    const before = [listed('oldest', 300, { status: 2 }), listed('before', 200, { status: 2 })];
    const edas = edasOf({ [app]: [listed(orderId), ...before] });
    expect(await edas.find({ target: { app } })).toMatchObject({ deploymentsBefore: ['before', 'oldest'] });
  });

  test('the list of that application is asked for, once', async () => {
    const edas = edasOf({ [app]: [listed(orderId)] });
    expect(await edas.findId({ target: { app }, apps: [app, otherApp] })).toBe(orderId);
    expect(edas.asked).toEqual([{ appId: app, timeoutMs: expect.closeTo(2_667, 0) as number }]);
  });

  test.each([0, 1, 8, 9])('a deployment of status %i is in flight', async (status) => {
    expect(await findIn(listed(orderId, 60, { status }))).toBe(orderId);
  });

  test.each([
    [2, '2 (succeeded)'],
    [3, '3 (failed)'],
    [6, '6 (terminated)'],
    [7, '7 (partly succeeded)'],
    [10, '10 (failed with a system exception)'],
    [4, '4 (a status that EDAS does not document)'],
    [5, '5 (a status that EDAS does not document)'],
    [99, '99 (a status that EDAS does not document)'],
    [undefined, 'not given'],
  ])('a deployment of status %s is not known to be in flight', async (status, seen) => {
    const order = listed(orderId, 60, { status });
    const problem = await problemOfAsync(() => findIn(order));
    expect(problem?.code).toBe('app_has_no_change_in_flight');
    expect(problem?.message).toContain(`the newest is ${orderId}, with status ${seen}`);
  });

  test.each([
    ['a rollback', { typeCode: 'CoRollback' }],
    ['a scale-out', { typeCode: 'CoScaleOut' }],
    ['a restart', { typeCode: 'CoRestart' }],
    ['of a type in another case', { typeCode: 'codeploy' }],
    ['of an empty type', { typeCode: '' }],
    ['of no type', { typeCode: undefined }],
    ['a CoDeploy that says rollback', { words: 'Rollback of 4f40e616' }],
    ['a CoDeploy that says Roll back', { words: 'Deploy: Roll back to 1.0' }],
    ['a CoDeploy that says roll-back', { words: 'automatic roll-back' }],
    ['a CoDeploy that says rolled back', { words: 'is rolled back' }],
    ['a CoDeploy that says rolling back', { words: 'ROLLING BACK' }],
    ['a CoDeploy that says 回滚', { words: '应用回滚 版本 1.0' }],
  ])('an order in flight that is %s is never taken, though it is the newest', async (_what, changes) => {
    expect(await findIn(listed('newest', 1, changes), listed('older', 60))).toBe('older');
    const problem = await problemOfAsync(() => findIn(listed('newest', 1, changes)));
    expect(problem?.code).toBe('app_has_no_change_in_flight');
  });

  test.each(['Deploy payroll 1.0', 'Roll out 1.1, back up first', ''])(
    'a deployment that says %j is no rollback',
    async (words) => {
      expect(await findIn(listed(orderId, 60, { words }))).toBe(orderId);
    },
  );

  test.each([2, 3, 7, 10, 4, 99, undefined])(
    'an older deployment in flight is found behind one of status %s',
    async (status) => {
      expect(await findIn(listed('older', 120), listed('newer', 60, { status }))).toBe('older');
    },
  );

  test('no older deployment is found behind a terminated one, for a repeat must not go on to the next', async () => {
    const orders = [listed('waiting', 9_999, { status: 8 }), listed('rolled-back', 60, { status: 6 })];
    for (const repair of [[], [listed('repair', 30, { typeCode: 'CoRollback' })]]) {
      const problem = await problemOfAsync(() => findIn(...orders, ...repair));
      expect(problem?.code).toBe('app_has_no_change_in_flight');
      expect(problem?.message).toBe(
        `The newest deployment of the application ${app}, rolled-back, is terminated: it was rolled back or stopped before. An older one, waiting, is in flight and is left alone, for a repeat must not go on to the next. To roll that back, send its change order id. No rollback was sent.`,
      );
    }
  });

  test('a deployment that began after the terminated one is found', async () => {
    const orders = [listed('rolled-back', 60, { status: 6 }), listed('repaired', 30)];
    expect(await findIn(...orders, listed('repair', 45, { typeCode: 'CoRollback' }))).toBe('repaired');
  });

  test('the answer about an application whose deployment has ended says what else can be done', async () => {
    const problem = await problemOfAsync(() => findIn(listed('ended', 60, { status: 7 })));
    expect(problem?.message).toContain(
      'with status 7 (partly succeeded). To roll back one that has ended, send its change order id or use the EDAS console. No rollback was sent.',
    );
  });

  test('a deployment without a time is taken for older than any with one', async () => {
    const timeless = listed('timeless', 0, { createdAt: undefined });
    expect(await findIn(timeless, listed('dated', 9_999))).toBe('dated');
    expect(await findIn(listed('dated', 9_999), timeless)).toBe('dated');
  });

  test('a deployment without a time is taken where it is the only one in flight', async () => {
    const timeless = listed('timeless', 0, { createdAt: undefined });
    expect(await findIn(listed('finished', 1, { status: 2 }), timeless)).toBe('timeless');
  });

  test('an application without orders has nothing in flight, and is named', async () => {
    const problem = await problemOfAsync(() => findIn());
    expect(problem?.code).toBe('app_has_no_change_in_flight');
    expect(problem?.message).toBe(
      `No deployment of the application ${app} is in flight (CoDeploy; a rollback, a restart or a scale-out is none). EDAS knows no recent change order of it: check the id. No rollback was sent.`,
    );
    expect(problem?.facts).toEqual({ app });
  });

  test('the answer about an application whose deployment was rolled back says that its newest order is a rollback', async () => {
    const problem = await problemOfAsync(() =>
      findIn(listed('bad', 120, { status: 6 }), listed('repair', 60, { typeCode: 'CoRollback' })),
    );
    expect(problem?.message).toContain(
      'Of 2 recent change orders the newest is repair, with status 1 (running), a rollback.',
    );
  });

  test('the answer about an application with nothing in flight says what was seen: how many, and the newest', async () => {
    const orders = [listed('older', 120, { status: 3 }), listed('newest', 60, { status: 6 })];
    const problem = await problemOfAsync(() => findIn(...orders, listed('oldest', 180, { status: 2 })));
    expect(problem?.message).toContain(
      'Of 3 recent change orders the newest is newest, with status 6 (terminated): it was rolled back or stopped before, so check the versions in the EDAS console.',
    );
  });

  test.each(refusals)('a list that is %s is refused with %s, and the words of EDAS', async (kind, code) => {
    const problem = await problemOfAsync(() => edasOf({ [app]: failed(kind) }).find({ target: { app } }));
    expect(problem).toMatchObject({
      code,
      facts: { app, edas: { requestId: 'FAKE-REQUEST-ID', traceId: 'fake-trace-id' } },
    });
    expect(problem?.message).toContain(`A fake failure: ${kind}.`);
  });

  test('a list that is throttled says when to try again', async () => {
    const edas = edasOf({ [app]: failed('throttled') });
    const problem = await problemOfAsync(() => edas.find({ target: { app } }));
    expect(problem?.facts.retryAfterSeconds).toBe(5);
  });
});

describe('by change order', () => {
  const target = { changeOrderId: orderId };

  test('nothing is asked where the source may touch every application', async () => {
    const edas = edasOf({});
    expect(await edas.findId({ target })).toBe(orderId);
    expect(edas.asked).toEqual([]);
  });

  test.each([
    ['first', app],
    ['middle', otherApp],
    ['last', thirdApp],
  ])('an order of the %s application that the source may touch is allowed', async (_which, owner) => {
    const edas = edasOf({ [owner]: [listed('another'), listed(orderId), listed('one-more')] });
    expect(await edas.findId({ target, apps: [app, otherApp, thirdApp] })).toBe(orderId);
  });

  test.each([
    ['a rollback', { typeCode: 'CoRollback' }],
    ['finished', { status: 2 }],
    ['terminated', { status: 6 }],
    ['of no status', { status: undefined }],
    ['of no time', { createdAt: undefined }],
  ])('an order that is %s belongs to its application all the same', async (_what, changes) => {
    const edas = edasOf({ [app]: [listed(orderId, 60, changes)] });
    expect(await edas.findId({ target, apps: [app] })).toBe(orderId);
  });

  test.each([
    ['none of them has any order', {}],
    ['all of them have others', { [app]: [listed('another')], [otherApp]: [listed('one-more')] }],
    ['the order is of an application that the source may not touch', { [thirdApp]: [listed(orderId)] }],
    ['an id only begins alike', { [app]: [listed(`${orderId}0`), listed(orderId.slice(0, -1))] }],
  ])('an order is refused where %s', async (_what, listings) => {
    const problem = await problemOfAsync(() => edasOf(listings).find({ target, apps: [app, otherApp] }));
    expect(problem?.code).toBe('app_not_allowed');
    expect(problem?.message).toBe(
      `The change order is not among the recent ones of the applications that this source may touch: ${app}, ${otherApp}. No rollback was sent. If it should have been: is the id right, and is its application among them? An order that is too old for the list is rolled back in the EDAS console.`,
    );
    expect(problem?.facts).toEqual({ changeOrderId: orderId });
  });

  test('a refusal does not list hundreds of applications', async () => {
    const apps = Array.from(
      { length: 100 },
      (_, at) => `3616cdca-4f92-4413-0000-${String(at).padStart(12, '0')}`,
    );
    const problem = await problemOfAsync(() => edasOf({}).find({ target, apps }));
    expect(problem?.code).toBe('app_not_allowed');
    expect(problem?.message).toContain(apps[0]);
    expect(problem?.message.length).toBeLessThan(700);
  });

  test('an order is refused where the source may touch no application', async () => {
    const edas = edasOf({ [app]: [listed(orderId)] });
    expect((await problemOfAsync(() => edas.find({ target, apps: [] })))?.code).toBe('app_not_allowed');
  });

  test.each(refusals)('a list that is %s does not matter where another has the order', async (kind) => {
    const apps = [app, otherApp];
    const order = [listed(orderId)];
    expect(await edasOf({ [app]: failed(kind), [otherApp]: order }).findId({ target, apps })).toBe(orderId);
    expect(await edasOf({ [app]: order, [otherApp]: failed(kind) }).findId({ target, apps })).toBe(orderId);
  });

  test.each(refusals)(
    'a list that is %s refuses with %s where no other has the order, for it might be in that one',
    async (kind, code) => {
      const edas = edasOf({ [app]: [listed('another')], [otherApp]: failed(kind) });
      const problem = await problemOfAsync(() => edas.find({ target, apps: [app, otherApp] }));
      expect(problem).toMatchObject({ code, facts: { app: otherApp, changeOrderId: orderId } });
      expect(problem?.message).toContain(`A fake failure: ${kind}.`);
    },
  );

  describe('the rollback of an order is known', () => {
    const bad = listed(orderId, 100, { status: 6 });
    const repair = listed('repair', 50, { typeCode: 'CoRollback', words: '' });
    const rollbackAfter = async (...orders: ListedChangeOrder[]) => {
      const found = await edasOf({ [app]: orders }).find({ target, apps: [otherApp, app] });
      return found.nextRollback?.changeOrderId;
    };

    test.each([
      ['its type', repair],
      ['its words', listed('repair', 50, { typeCode: undefined, words: 'Rollback of an order' })],
      ['its words in Chinese', listed('repair', 50, { typeCode: 'CoFake', words: '回滚' })],
    ])('by %s, where it is the very next order of the application', async (_how, order) => {
      expect(await rollbackAfter(order, listed('before', 200), bad)).toBe('repair');
      expect(await rollbackAfter(bad, listed('latest', 10), order)).toBe('repair');
    });

    test.each([
      ['nothing came after it', [bad]],
      ['the next one is a deployment', [bad, listed('next', 70), repair]],
      [
        'the next one deploys something with the word in its name',
        [bad, listed('next', 70, { words: 'rollback-service.jar' })],
      ],
      ['both began in the same second', [bad, { ...repair, createdAt: bad.createdAt }]],
      ['the next one is a restart', [bad, listed('next', 70, { typeCode: 'CoRestart' })]],
      ['a rollback came before it', [bad, listed('earlier', 150, { typeCode: 'CoRollback' })]],
      ['a rollback has no time', [bad, { ...repair, createdAt: undefined }]],
      ['it has no time itself', [{ ...bad, createdAt: undefined }, repair]],
    ])('not where %s', async (_when, orders) => {
      expect(await rollbackAfter(...orders)).toBeUndefined();
    });

    test('not where the source may touch every application, for then nothing is asked', async () => {
      const edas = edasOf({ [app]: [bad, repair] });
      expect(await edas.find({ target })).toEqual({ changeOrderId: orderId });
    });
  });

  test('the application that has the order is given', async () => {
    const edas = edasOf({ [otherApp]: [listed(orderId)] });
    expect(await edas.find({ target, apps: [app, otherApp] })).toMatchObject({ app: otherApp });
  });

  test('a list that could not be read is warned of, though another has the order', async () => {
    const warnings: unknown[] = [];
    const list: ChangeOrders['list'] = (appId) =>
      appId === app ? Promise.reject(failed('denied')) : Promise.resolve([listed(orderId)]);
    await findOver(list, { target, apps: [app, otherApp] }, 8_000, (...warning) => warnings.push(warning));
    expect(warnings).toEqual([
      [
        'the list of another application could not be read',
        {
          reason: expect.stringContaining(
            `edas:ReadApplication on acs:edas:<region>:<account>:namespace/<namespace>/application/${app}.`,
          ) as string,
        },
      ],
    ]);
  });

  test('the first of several failures is the answer', async () => {
    const edas = edasOf({ [app]: failed('denied'), [otherApp]: failed('throttled') });
    const problem = await problemOfAsync(() => edas.find({ target, apps: [app, otherApp] }));
    expect(problem).toMatchObject({ code: 'edas_denied', facts: { app } });
    expect(problem?.message).toBe(
      `A fake failure: denied. The function's role needs edas:ReadApplication on acs:edas:<region>:<account>:namespace/<namespace>/application/${app}. No rollback was sent.`,
    );
  });

  test('all applications are asked before any of them has answered', async () => {
    const held = new Map<string, (orders: ListedChangeOrder[]) => void>();
    const search = findOver((appId) => new Promise((resolve) => held.set(appId, resolve)), {
      target,
      apps: [app, otherApp, thirdApp],
    });
    await Promise.resolve();
    expect([...held.keys()]).toEqual([app, otherApp, thirdApp]);
    held.get(thirdApp)?.([]);
    held.get(otherApp)?.([listed(orderId)]);
    held.get(app)?.([]);
    expect((await search).changeOrderId).toBe(orderId);
  });

  test('nothing is found before all have answered, so that no work is left running', async () => {
    let finish: (orders: ListedChangeOrder[]) => void = () => undefined;
    const list: ChangeOrders['list'] = (appId) =>
      appId === app ? Promise.resolve([listed(orderId)]) : new Promise((resolve) => (finish = resolve));
    let found: string | undefined;
    const search = findOver(list, { target, apps: [app, otherApp] }).then((each) => {
      found = each.changeOrderId;
      return each;
    });
    await new Promise(setImmediate);
    expect(found).toBeUndefined();
    finish([]);
    expect((await search).changeOrderId).toBe(orderId);
  });
});

describe('either way', () => {
  const ways: [string, Omit<ChangeOrderSearch, 'deadlineAt'>, object][] = [
    ['by application', { target: { app } }, { app }],
    [
      'by change order',
      { target: { changeOrderId: orderId }, apps: [app, otherApp] },
      { app, changeOrderId: orderId },
    ],
  ];

  test.each(ways)(
    '%s, half of the time is left for the rollback, and one call does not take the other half',
    async (_way, search) => {
      const edas = edasOf({ [app]: [listed(orderId)] }, 1_000);
      await edas.find(search);
      expect(new Set(edas.asked.map(({ timeoutMs }) => Math.round(timeoutMs)))).toEqual(new Set([333]));
    },
  );

  test.each(ways)('%s, a list is asked for again where that can help', async (_way, search) => {
    for (const kind of ['not_sent', 'throttled', 'doubt'] as const) {
      const failuresLeft = new Map([
        [app, 2],
        [otherApp, 2],
      ]);
      const list: ChangeOrders['list'] = (appId) => {
        const left = failuresLeft.get(appId) ?? 0;
        failuresLeft.set(appId, left - 1);
        return left > 0 ? Promise.reject(failed(kind)) : Promise.resolve([listed(orderId)]);
      };
      expect((await findOver(list, search)).changeOrderId).toBe(orderId);
    }
  });

  test.each(ways)('%s, the last moment is enough to ask in', async (_way, search) => {
    const edas = edasOf({ [app]: [listed(orderId)] }, 100);
    expect(await edas.findId(search)).toBe(orderId);
    expect(new Set(edas.asked.map(({ timeoutMs }) => timeoutMs))).toEqual(new Set([100]));
  });

  test.each(ways)('%s, nothing is asked and nothing allowed without time', async (_way, search, facts) => {
    for (const leftMs of [99, 0, -1]) {
      const edas = edasOf({ [app]: [listed(orderId)], [otherApp]: [listed(orderId)] }, leftMs);
      const problem = await problemOfAsync(() => edas.find(search));
      expect(problem?.code).toBe('edas_unavailable');
      expect(problem?.message).toMatch(
        /^No time was left to ask EDAS. This request rolled nothing back. .*deadlineMs/,
      );
      expect(problem?.facts).toEqual(facts);
      expect(edas.asked).toEqual([]);
    }
  });

  test.each(ways)('%s, a failure that is not of EDAS passes through untouched', async (_way, search) => {
    for (const error of [new TypeError('A fake bug'), new Problem('credentials_missing', 'A fake reason')]) {
      await expect(edasOf({ [app]: error }).find(search)).rejects.toBe(error);
    }
  });
});

describe('over the real client', () => {
  const credentials = {
    accessKeyId: 'fake-access-key-id',
    accessKeySecret: 'fake-access-key-secret',
    securityToken: 'fake-security-token',
  };

  async function standIn(options: Partial<EdasStandInOptions> = {}): Promise<EdasStandIn> {
    const edas = await startEdasStandIn({ credentials, ...options });
    onTestFinished(() => edas.close());
    return edas;
  }

  /** The order that was rolled back, or the code of the refusal. */
  async function findAndRollBack(
    edas: EdasStandIn,
    search: Omit<ChangeOrderSearch, 'deadlineAt'>,
    withinMs = 5_000,
  ) {
    const client = createEdasClient(edas.url, { getCredentials: () => Promise.resolve(credentials) });
    const changeOrders = changeOrdersOf(() => Promise.resolve(client), 'RollbackChangeOrder');
    const dependencies: RollbackDependencies = {
      changeOrders,
      clock: { now: Date.now, sleep: (ms: number) => sleep(ms) },
      random: () => 1,
      warn: () => undefined,
    };
    const deadlineAt = Date.now() + withinMs;
    let changeOrderId = 'none';
    const problem = await problemOfAsync(async () => {
      const found = await findChangeOrder({ ...search, deadlineAt }, dependencies);
      changeOrderId = found.changeOrderId;
      await rollBack({ ...found, deadlineAt }, dependencies);
    });
    return problem?.code ?? changeOrderId;
  }

  const slow = { appId: app, readyMs: 0, batchMs: 60_000 };
  const minutesAgo = (minutes: number) => Date.now() - minutes * 60_000;

  test.each(['CoRollback', 'CoDeploy'] as const)(
    'the newest deployment is rolled back, and a repeat does not roll back its rollback, though that is a %s',
    async (coType) => {
      const edas = await standIn({ rollbackRules: { coType, ofTerminated: 'accepted' } });
      edas.orders.add({ ...slow, createdAt: minutesAgo(60) });
      edas.orders.add({ ...slow, id: orderId });
      edas.orders.add({ ...slow, appId: otherApp });

      expect(await findAndRollBack(edas, { target: { app } })).toBe(orderId);
      expect(await findAndRollBack(edas, { target: { app } })).toBe('app_has_no_change_in_flight');
      const puts = edas.calls.filter(({ method }) => method === 'PUT');
      expect(puts.map(({ changeOrderId }) => changeOrderId)).toEqual([orderId]);
      expect(edas.orders.rollbacksOf(orderId)).toBe(1);
    },
  );

  test('an application without orders has no list, and nothing is sent', async () => {
    const edas = await standIn();
    expect(await findAndRollBack(edas, { target: { app } })).toBe('app_has_no_change_in_flight');
    expect(edas.calls).toMatchObject([{ operation: 'ListRecentChangeOrder', appId: app, status: 200 }]);
  });
});
