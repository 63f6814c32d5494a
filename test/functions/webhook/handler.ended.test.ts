import { describe, expect, test } from 'vitest';
import { openTaskQueue } from '../../../functions/platform/open-task-queue.ts';
import type { RollbackReport, TaskFacts } from '../../../functions/task.ts';
import type { ChangeOrders, ChangeOrderPlan } from '../../../local/stand-ins/edas/change-orders.ts';
import * as edasFaults from '../../../local/stand-ins/edas/faults.ts';
import * as rewordings from '../../../local/stand-ins/edas/rewordings.ts';
import type { RecordedCall } from '../../../local/stand-ins/edas/stand-in.ts';
import * as faults from '../../../local/stand-ins/fc/faults.ts';
import { fakeAccountId, fakeContext, followFunction, startTime } from '../../support/webhook.ts';
import {
  app,
  changeOrderId,
  describePatience,
  order,
  stageWith,
  type SetStage,
  type Stage,
  type StageOptions,
} from './stage.ts';

const minute = 60_000;
const releaseBefore = 'dc5133d7-773f-4c81-9c5a-e2103dce0001';
const rollbackId = '5ba3b2f4-1c7e-4a6d-8f00-000000000001';
const taskId = `ended-${changeOrderId}`;
const groupId = '8123db90-880f-486f-0000-000000000000';
const otherGroupId = '8123db90-880f-486f-0000-000000000001';
const foreignApp = '3616cdca-4f92-4413-0000-000000000999';
const byApp = { app };

const sources = `
sources:
  pipeline: { preset: generic, secrets: [SECRET], apps: [${app}], ended: { within: 30m }, follow: true }
  monitor: { preset: generic, secrets: [SECRET], app: app, apps: [${app}], ended: { within: 30m }, follow: true }
  deferred: { preset: generic, secrets: [SECRET], app: app, apps: [${app}], ended: { within: 30m }, mode: deferred }
  polite: { preset: generic, secrets: [SECRET], app: app, apps: [${app}], ended: { within: 30m }, follow: true, refusalStatus: 200 }
  ruled: { preset: generic, secrets: [SECRET], app: app, apps: [${app}], ended: { within: 30m }, follow: true, problemStartedAt: since }
  named: { preset: generic, secrets: [SECRET], app: app, apps: [${app}], ended: { within: 30m, version: to }, follow: true }
  grouped: { preset: generic, secrets: [SECRET], app: app, apps: [${app}], ended: { within: 30m, group: ${groupId} }, follow: true }
  rehearsal: { preset: generic, secrets: [SECRET], app: app, apps: [${app}], ended: { within: 30m }, follow: true, dryRun: true }
  plain: { preset: generic, secrets: [SECRET], app: app, apps: [${app}], follow: true }
  slack: { preset: slack, secrets: [SECRET], apps: [${app}], ended: { within: 30m }, follow: true }
  cloudmonitor: { preset: cloudmonitor, secrets: [SECRET], apps: [${app}], ended: { within: 30m }, follow: true }
`;

/** Version 2.3.0 a day ago, and 2.4.0 ten minutes ago: that took half a minute. */
function releaseThatHasEnded({
  before = {},
  release = {},
}: { before?: Partial<ChangeOrderPlan>; release?: Partial<ChangeOrderPlan> } = {}): NonNullable<
  StageOptions['history']
> {
  return (orders, now) => {
    const plan = { appId: app, readyMs: 0, batchMs: 10_000 };
    orders.add({
      ...plan,
      id: releaseBefore,
      version: '2.3.0',
      createdAt: now - 1_440 * minute,
      ...before,
    });
    orders.add({ ...plan, id: changeOrderId, version: '2.4.0', createdAt: now - 10 * minute, ...release });
  };
}

const setStage = stageWith(sources);
const setEnded: SetStage = (options, cleanUp) =>
  setStage({ history: releaseThatHasEnded(), ...options }, cleanUp);
const stage = setEnded;

const versions = { fromVersion: '2.4.0', toVersion: '2.3.0', groups: [groupId] };
const taskIds = ({ fc }: Stage) => fc.tasks.map((task) => task.taskId);

/** Nothing was sent to EDAS. What is sent, a task sends. */
function expectNothingSent({ puts, releaseCalls }: Stage): void {
  expect([puts(), releaseCalls()]).toEqual([0, 0]);
}

describe('a release that has ended is handed over to one task, which knows all that it needs,', () => {
  test.for([
    ['by its application', 'monitor', byApp],
    ['by its change order', 'pipeline', order],
    ['by its application, where rollbacks are deferred anyway', 'deferred', byApp],
  ] as const)('%s', async ([, source, payload], { onTestFinished }) => {
    const set = await stage({}, onTestFinished);
    const headers = { 'X-Delivery-Id': 'fake-delivery' };
    const answer = await set.webhook.post(source, payload, { headers });
    expect(answer).toMatchObject({ status: 202, body: { outcome: 'deferred', changeOrderId, ...versions } });
    expect(answer.body).not.toHaveProperty('duplicate');
    expect(answer.body['message']).toContain('from 2.4.0 to 2.3.0, once');
    expect(answer.body['message']).toContain('Changes of configuration and of databases are not undone.');
    expect(taskIds(set)).toEqual([taskId]);
    expect(set.tasks()).toEqual([
      {
        version: 1,
        source,
        delivery: 'fake-delivery',
        requestId: 'fake-request-id',
        requestedAt: expect.any(Number) as number,
        changeOrderId,
        operation: 'RollbackChangeOrder',
        release: undefined,
        app,
        actor: undefined,
        answerAt: undefined,
        rollback: 'ended',
        problemStartedAt: undefined,
        ended: {
          policy: {
            withinMs: 1_800_000,
            everyMs: 3_600_000,
            group: 'all',
            batches: 2,
            batchWaitMinutes: 0,
          },
          version: undefined,
        },
      },
    ]);
    const decision = { outcome: 'deferred', changeOrderId, ...versions, groups: groupId, app };
    expect(set.webhook.decisions()).toMatchObject([decision]);
    expectNothingSent(set);
  });

  test('with the time of the problem, where the source asks for it', async ({ onTestFinished }) => {
    const set = await stage({}, onTestFinished);
    const problemStartedAt = Math.floor(set.clock.now() / 1000) * 1000 - 5 * minute;
    const since = new Date(problemStartedAt).toISOString();
    expect(await set.webhook.post('ruled', { app, since })).toMatchObject({ status: 202 });
    expect(set.tasks()).toMatchObject([{ rollback: 'ended', problemStartedAt }]);
  });

  test('with the version that the webhook names, as text', async ({ onTestFinished }) => {
    const history = releaseThatHasEnded({ before: { outcome: 3 } });
    const set = await stage({ history }, onTestFinished);
    expect(await set.webhook.post('named', { app, to: '2.3.0' })).toMatchObject({
      status: 202,
      body: versions,
    });
    expect(set.tasks()).toMatchObject([{ rollback: 'ended', ended: { version: '2.3.0' } }]);
  });

  test('without one, where the webhook names none', async ({ onTestFinished }) => {
    const set = await stage({}, onTestFinished);
    expect(await set.webhook.post('named', byApp)).toMatchObject({ status: 202, body: versions });
    expect(set.tasks()).toMatchObject([{ ended: { version: undefined } }]);
  });

  test.for([
    [1.1, 400, 'payload_malformed'],
    [['2.3.0'], 400, 'payload_malformed'],
    ['2.4.0', 409, 'previous_version_uncertain'],
    ['1.0.0', 409, 'previous_version_uncertain'],
  ] as const)('and not at all with the version %j', async ([to, status, code], { onTestFinished }) => {
    const set = await stage({}, onTestFinished);
    expect(await set.webhook.post('named', { app, to })).toMatchObject({ status, body: { code } });
    expect(taskIds(set)).toEqual([]);
    expectNothingSent(set);
  });
});

/** These operations meet the fault. */
const meeting =
  (fault: edasFaults.Fault, ...names: RecordedCall['operation'][]): NonNullable<StageOptions['edasFault']> =>
  ({ operation }) =>
    names.includes(operation) ? fault : undefined;

interface Refusal {
  code: string;
  status: number;
  /** Words of the answer. */
  seen: string;
  source?: string;
  payload?: object;
  options: Partial<StageOptions>;
}

/** A day ago 2.3.0, ten minutes ago 2.4.0, and something more. */
const withMore =
  (more: (orders: ChangeOrders, now: number) => void): NonNullable<StageOptions['history']> =>
  (orders, now) => {
    releaseThatHasEnded()(orders, now);
    more(orders, now);
  };
const brief = { appId: app, readyMs: 0, batchMs: 1_000, batches: 1 };

const refusals: Refusal[] = [
  {
    code: 'app_has_change_in_flight',
    status: 409,
    seen: 'CoRestart',
    options: {
      history: withMore((orders, now) =>
        orders.add({ appId: app, coType: 'CoRestart', createdAt: now - 1_000, batchMs: 600_000 }),
      ),
    },
  },
  {
    code: 'release_not_newest',
    status: 409,
    seen: `The deployment ${rollbackId} is newer`,
    source: 'pipeline',
    payload: order,
    options: {
      history: withMore((orders, now) =>
        orders.add({ ...brief, id: rollbackId, version: '2.4.1', createdAt: now - minute }),
      ),
    },
  },
  {
    code: 'release_end_unknown',
    status: 502,
    seen: 'EDAS does not say when the release ended.',
    options: { edasFault: () => rewordings.withoutField('FinishTime') },
  },
  {
    code: 'release_too_old',
    status: 409,
    seen: '40 min ago; this source rolls back what ended at most 30 min ago (ended.within)',
    options: {
      history: (orders, now) => {
        releaseThatHasEnded()(orders, now - 30 * minute);
      },
    },
  },
  {
    code: 'groups_differ',
    status: 409,
    seen: '“2.4.0”; group-1',
    options: {
      history: (orders, now) => {
        orders.setUp({ appId: app, groups: [{}, {}] });
        releaseThatHasEnded({ release: { target: groupId } })(orders, now);
      },
    },
  },
  {
    code: 'previous_version_uncertain',
    status: 409,
    seen: 'stands in the history several times',
    options: { history: releaseThatHasEnded({ before: { version: '2.4.0' } }) },
  },
  {
    code: 'problem_predates_change',
    status: 409,
    seen: 'the change is not to blame',
    source: 'ruled',
    payload: { app, since: startTime },
    options: {},
  },
  {
    code: 'change_start_unknown',
    status: 502,
    seen: 'EDAS does not say when this change began',
    source: 'ruled',
    payload: { app, since: startTime },
    options: { edasFault: meeting(rewordings.withoutField('CreateTime', 'StartTime'), 'GetChangeOrderInfo') },
  },
  {
    code: 'app_rolled_back_recently',
    status: 409,
    seen: 'An application is rolled back once in 60 min without a person (ended.every)',
    options: {
      history: (orders, now) => {
        orders.add({ ...brief, coType: 'CoRollback', createdAt: now - 40 * minute });
        releaseThatHasEnded()(orders, now);
      },
    },
  },
  {
    code: 'no_previous_version',
    status: 409,
    seen: 'holds no version but the one that runs',
    options: { history: releaseThatHasEnded({ before: { inHistory: false } }) },
  },
  {
    code: 'previous_version_uncertain',
    status: 409,
    seen: 'has status 3 (failed). Versions, the newest first: “2.4.0”, “2.3.0”.',
    options: { history: releaseThatHasEnded({ before: { outcome: 3 } }) },
  },
  {
    code: 'edas_denied',
    status: 502,
    seen: 'edas:ReadApplication',
    options: { edasFault: meeting(edasFaults.deniedByRam(), 'QueryApplicationStatus') },
  },
  {
    code: 'edas_unavailable',
    status: 502,
    seen: 'a page of HTML',
    options: { edasFault: meeting(edasFaults.htmlBadGateway(), 'ListHistoryDeployVersion') },
  },
];

describe('a rule that fails is the answer, and nothing is handed over:', () => {
  const rows = refusals.map((row) => ({ ...row, title: `${row.code}, "${row.seen}"` }));
  test.concurrent.for(rows)('$title', async (row, { onTestFinished }) => {
    const { code, status, seen, source = 'monitor', payload = byApp, options } = row;
    const set = await stage(options, onTestFinished);
    const answer = await set.webhook.post(source, payload);
    expect(answer).toMatchObject({
      status,
      body: { code, changeOrderId, retry: code === 'edas_unavailable' },
    });
    expect(answer.body['detail']).toContain(seen);
    expect(answer.body['detail']).toMatch(/No rollback was sent|This request rolled nothing back/);
    expect(taskIds(set)).toEqual([]);
    expectNothingSent(set);
  });

  test('in the way that the sender takes as delivered, where it wants that', async ({ onTestFinished }) => {
    const history = releaseThatHasEnded({ before: { outcome: 3 } });
    const set = await stage({ history }, onTestFinished);
    expect(await set.webhook.post('polite', byApp)).toMatchObject({
      status: 200,
      body: { code: 'previous_version_uncertain' },
    });
    expect(set.webhook.decisions()).toMatchObject([{ code: 'previous_version_uncertain' }]);
  });

  test('a release of an application that the source may not touch is refused', async ({ onTestFinished }) => {
    const history: StageOptions['history'] = (orders, now) => {
      orders.add({ ...brief, appId: foreignApp, id: changeOrderId, createdAt: now - minute });
    };
    const set = await stage({ history }, onTestFinished);
    for (const [source, payload] of [
      ['monitor', { app: foreignApp }],
      ['pipeline', order],
    ] as const) {
      expect(await set.webhook.post(source, payload)).toMatchObject({
        status: 403,
        body: { code: 'app_not_allowed' },
      });
    }
    expect(taskIds(set)).toEqual([]);
  });

  test('of a source that names one group, only that group counts', async ({ onTestFinished }) => {
    const history: StageOptions['history'] = (orders, now) => {
      orders.setUp({ appId: app, groups: [{}, {}] });
      releaseThatHasEnded({ before: { target: groupId }, release: { target: groupId } })(orders, now);
      orders.add({ ...brief, target: otherGroupId, version: '2.2.0', createdAt: now - 2_880 * minute });
    };
    const set = await stage({ history }, onTestFinished);
    expect(await set.webhook.post('monitor', byApp)).toMatchObject({ body: { code: 'groups_differ' } });
    expect(await set.webhook.post('grouped', byApp)).toMatchObject({ status: 202, body: versions });
  });
});

/** Hands a task over as if an earlier one had, over the wire. */
async function handOver({ fc }: Stage, id: string, task: object): Promise<void> {
  const env = { FUNCTION_ENDPOINT: fc.url };
  const queue = await openTaskQueue({ ...fakeContext, accountId: fakeAccountId }, env, followFunction);
  await queue.submit(id, JSON.stringify(task), 5_000);
}

const facts = (set: Stage): TaskFacts => ({
  version: 1,
  source: 'monitor',
  requestedAt: set.clock.now() - 2_000,
  changeOrderId,
  operation: 'RollbackChangeOrder',
  app,
  release: {
    ...versions,
    fromVersionId: set.edas.orders.historyOf(app).find(({ name }) => name === '2.4.0')?.id ?? '',
    seenUntil: set.clock.now() - 10 * minute,
  },
});

/** A report without the facts that each has. */
type What<Report> = Report extends TaskFacts ? Omit<Report, keyof TaskFacts> : never;

const doubtSince = (sentBefore: number) =>
  ({ rollback: 'unknown', reason: 'fake-reason', sentBefore, wasInFlight: false }) as const;

/** The call for the release was claimed so many milliseconds ago, and this came of it. */
async function claimed(set: Stage, agoMs: number, report?: What<RollbackReport>): Promise<void> {
  const sendsUntil = set.clock.now() + 30_000 - agoMs;
  const holder = 'another/0.5';
  await handOver(set, taskId, {
    ...facts(set),
    app,
    release: undefined,
    rollback: 'ended',
    ended: {
      policy: { withinMs: 1_800_000, everyMs: 3_600_000, group: 'all', batches: 2, batchWaitMinutes: 0 },
    },
  });
  await handOver(set, `ended-call-${changeOrderId}`, {
    ...facts(set),
    rollback: 'claimed',
    claim: 1,
    holder,
    sendsUntil,
  });
  if (!report) return;
  await handOver(set, `ended-follow-${changeOrderId}`, { ...facts(set), ...report });
}

/** EDAS has begun the rollback, and the report says so. */
async function begun(set: Stage): Promise<string> {
  const ruling = set.edas.orders.rollBackApplication({ appId: app, groupId: 'all', version: '2.3.0' });
  if (!ruling.accepted) throw new Error(ruling.message);
  const rollbackChangeOrderId = ruling.changeOrderId;
  await claimed(set, 1_000, { rollback: 'done', rollbackChangeOrderId, isKnownToSender: false });
  return rollbackChangeOrderId;
}

/** What a repeat is answered. */
const repeat = async ({ webhook }: Stage, source = 'monitor', payload: object = byApp) => {
  const { status, body } = await webhook.post(source, payload);
  const { outcome, duplicate, code, message, detail, rollbackChangeOrderId } = body;
  const kind = [status, outcome ?? code, ...(duplicate === true ? ['duplicate'] : [])].join(' ');
  return { kind, rollbackChangeOrderId, text: String(message ?? detail) };
};

describe('a repeat', () => {
  test('while the task waits is told of it', async ({ onTestFinished }) => {
    const set = await stage({}, onTestFinished);
    await set.webhook.post('monitor', byApp);
    for (const [source, payload] of [
      ['monitor', byApp],
      ['pipeline', order],
    ] as const) {
      const { kind, text } = await repeat(set, source, payload);
      expect(kind).toBe('200 deferred duplicate');
      expect(text).toMatch(/^A task has to roll this release back, .* This delivery did nothing\.$/);
    }
    expect(taskIds(set)).toEqual([taskId]);
    expectNothingSent(set);
  });

  test('while the task sends the rollback is told so', async ({ onTestFinished }) => {
    const set = await stage({}, onTestFinished);
    await claimed(set, 1_000);
    expect(await repeat(set)).toMatchObject({
      kind: '200 deferred duplicate',
      text: 'A task is sending the rollback of this release. This delivery did nothing.',
    });
  });

  const everyListing = [
    ['CoRollback', 0],
    ['CoRollback', 600_000],
    ['CoDeploy', 0],
    ['CoDeploy', 600_000],
  ] as const;
  const everyStory = everyListing.flatMap(([coType, listedAfterMs]) =>
    [false, true].map((makesVersion) => ({ coType, listedAfterMs, makesVersion })),
  );

  test.concurrent.for(everyStory)(
    'while the rollback runs is told of it, and after its end that all is done: %j',
    async (releaseRules, { onTestFinished }) => {
      const set = await stage({ releaseRules }, onTestFinished);
      const rollbackChangeOrderId = await begun(set);
      const asked = [
        ['monitor', byApp],
        ['pipeline', order],
        ['plain', byApp],
      ] as const;
      for (const [source, payload] of asked) {
        const { kind, text } = await repeat(set, source, payload);
        // Without `ended`, a release that has ended is not looked at. The deployment in flight is, and is left alone.
        const isNone =
          source === 'plain' && !(releaseRules.coType === 'CoDeploy' && releaseRules.listedAfterMs === 0);
        expect(kind).toBe(isNone ? '409 app_has_no_change_in_flight' : '200 deferred duplicate');
        if (!isNone) expect(text).toContain(rollbackChangeOrderId);
      }
      await set.clock.sleep(5 * minute);
      expect(set.edas.orders.get(rollbackChangeOrderId)?.status).toBe(2);
      for (const [source, payload] of asked.slice(0, 2)) {
        expect(await repeat(set, source, payload)).toMatchObject({
          kind: '200 already_rolled_back',
          rollbackChangeOrderId,
        });
      }
      expectNothingSent(set);
    },
  );

  test('after the rollback has failed is told so, and nothing is tried again', async ({ onTestFinished }) => {
    const set = await stage(
      { releaseRules: { order: { outcome: 3, failsInBatch: 1, batches: 1 } } },
      onTestFinished,
    );
    const id = await begun(set);
    await set.clock.sleep(5 * minute);
    const { kind, text } = await repeat(set);
    expect(kind).toBe('409 release_already_tried');
    expect(text).toContain(`${id}, has status 3 (failed)`);
    expectNothingSent(set);
  });

  test('after a rollback of one group is not told that the release runs nowhere, while it runs in another', async ({
    onTestFinished,
  }) => {
    const history: StageOptions['history'] = (orders, now) => {
      orders.setUp({ appId: app, groups: [{}, {}] });
      releaseThatHasEnded()(orders, now);
    };
    const set = await stage({ history }, onTestFinished);
    const { edas, clock } = set;
    const ruling = edas.orders.rollBackApplication({ appId: app, groupId, version: '2.3.0' });
    const rollbackChangeOrderId = ruling.accepted ? ruling.changeOrderId : undefined;
    await claimed(set, 1_000, { rollback: 'done', rollbackChangeOrderId, isKnownToSender: false });
    await clock.sleep(5 * minute);
    const { kind, text } = await repeat(set, 'grouped');
    expect(kind).toBe('409 release_already_tried');
    expect(text).toContain('has status 2 (succeeded), and the release still runs.');
    expectNothingSent(set);
  });

  test('after EDAS has refused it is told why', async ({ onTestFinished }) => {
    const set = await stage({}, onTestFinished);
    await claimed(set, 1_000, { rollback: 'refused', reason: 'EDAS answered 601: fake-reason.' });
    expect(await repeat(set)).toMatchObject({
      kind: '409 release_already_tried',
      text: 'A release is rolled back once, and this one was tried before: EDAS answered 601: fake-reason. This request rolled nothing back. Decide in the EDAS console.',
    });
  });

  test.for([
    [5_000, '504 edas_outcome_unknown', 'it is not known yet whether it began'],
    [151_000, '409 release_already_tried', 'it is not known whether it began'],
  ] as const)(
    'sent %d ms after a rollback whose answer got lost is told %s',
    async ([agoMs, wanted, words], { onTestFinished }) => {
      const set = await stage({}, onTestFinished);
      const sentBefore = set.clock.now() - agoMs;
      await claimed(set, agoMs, doubtSince(sentBefore));
      const { kind, text } = await repeat(set);
      expect(kind).toBe(wanted);
      expect(text).toContain(words);
      expectNothingSent(set);
    },
  );

  test('after the function was cut off that had to send it, and nothing has come since, is told so', async ({
    onTestFinished,
  }) => {
    const set = await stage({}, onTestFinished);
    await claimed(set, 10 * minute);
    const { kind, text } = await repeat(set);
    expect(kind).toBe('409 release_already_tried');
    expect(text).toContain('was cut off, and it is not known whether it did');
  });

  test.for([
    ['monitor', byApp],
    ['pipeline', order],
  ] as const)(
    'after two minutes of doubt is told what is in flight, and then that all is done: %s',
    async ([source, payload], { onTestFinished }) => {
      const set = await stage({}, onTestFinished);
      set.edas.orders.rollBackApplication({ appId: app, groupId: 'all', version: '2.3.0' });
      const sentBefore = set.clock.now() - 10 * minute;
      await claimed(set, 10 * minute, doubtSince(sentBefore));
      const { kind, text } = await repeat(set, source, payload);
      expect(kind).toBe('409 app_has_change_in_flight');
      expect(text).toContain('(a rollback) has status 1 (running)');
      await set.clock.sleep(5 * minute);
      expect(await repeat(set, source, payload)).toMatchObject({ kind: '200 already_rolled_back' });
      expectNothingSent(set);
    },
  );

  test.for(['Failed', 'Stopped', 'Expired'] as const)(
    'after the task is dead (%s) without a call hands another one over',
    async (state, { onTestFinished }) => {
      const set = await stage({}, onTestFinished);
      set.fc.setState(taskId, state);
      expect(await repeat(set)).toMatchObject({ kind: '202 deferred' });
      expect(await repeat(set)).toMatchObject({ kind: '200 deferred duplicate' });
      expect(taskIds(set)).toEqual([taskId, `${taskId}-2`]);
    },
  );

  test('after five tasks are dead hands no sixth over', async ({ onTestFinished }) => {
    const set = await stage({}, onTestFinished);
    for (const end of ['', '-2', '-3', '-4', '-5']) set.fc.setState(`${taskId}${end}`, 'Failed');
    const { kind, text } = await repeat(set);
    expect(kind).toBe('200 deferred duplicate');
    expect(text).toContain('or has ended without sending anything');
    expect(taskIds(set)).toHaveLength(5);
  });
});

describe('nothing is handed over, and the versions are told,', () => {
  test.for([
    ['rehearsal', {}, 'dry_run'],
    ['monitor', { ROLLBACK_SUSPENDED: 'true' }, 'suspended'],
  ] as const)('for %s with %j', async ([source, env, outcome], { onTestFinished }) => {
    const set = await stage({ env }, onTestFinished);
    const { status, body } = await set.webhook.post(source, byApp);
    expect({ status, body }).toMatchObject({ status: 200, body: { outcome, changeOrderId, ...versions } });
    expect(body['message']).toContain('would have been rolled back from 2.4.0 to 2.3.0 now');
    expect(taskIds(set)).toEqual([]);
    expectNothingSent(set);
  });

  test('unless a rule refuses it, which a dry run is there to show', async ({ onTestFinished }) => {
    const set = await stage({ history: releaseThatHasEnded({ before: { outcome: 3 } }) }, onTestFinished);
    expect(await repeat(set, 'rehearsal')).toMatchObject({ kind: '409 previous_version_uncertain' });
  });
});

describe('without a task, nothing is sent at all:', () => {
  test.concurrent.for([
    { fault: faults.denied(), answer: '503 task_not_taken' },
    { fault: faults.throttled(), answer: '503 task_not_taken' },
    { fault: faults.htmlPage({ status: 502 }), answer: '504 edas_outcome_unknown' },
    { fault: faults.silent(), answer: '504 edas_outcome_unknown' },
    { fault: faults.silent({ takesEffect: true }), answer: '504 edas_outcome_unknown' },
  ])('$fault.name', async ({ fault, answer }, { onTestFinished }) => {
    const fcFault: StageOptions['fcFault'] = ({ operation }) =>
      operation === 'InvokeFunction' ? fault : undefined;
    const set = await stage({ fcFault }, onTestFinished);
    const { kind, text } = await repeat(set);
    expect(kind).toBe(answer);
    expect(text).toMatch(/took none|it is not known whether Function Compute took one/);
    expect(taskIds(set)).toEqual(fault.takesEffect ? [taskId] : []);
    expectNothingSent(set);
  });

  test('an answer of the queue that gets lost is settled by the same id', async ({ onTestFinished }) => {
    let turn = 0;
    const fcFault: StageOptions['fcFault'] = ({ operation }) =>
      operation === 'InvokeFunction' && turn++ === 0 ? faults.reset({ takesEffect: true }) : undefined;
    const set = await stage({ fcFault }, onTestFinished);
    expect(await repeat(set)).toMatchObject({ kind: '202 deferred' });
    expect(taskIds(set)).toEqual([taskId]);
  });

  test('the queue that is back takes the next delivery', async ({ onTestFinished }) => {
    const set = await stage({ fcFault: () => faults.denied() }, onTestFinished);
    await repeat(set);
    set.fc.setFault(undefined);
    expect(await repeat(set)).toMatchObject({ kind: '202 deferred' });
  });
});

describe('a change', () => {
  const inFlight = releaseThatHasEnded({ release: { batchMs: 600_000 } });
  /** In flight for some seconds more, which a call of EDAS may take. */
  const aboutToEnd = releaseThatHasEnded({ release: { batches: 1, batchMs: 10 * minute + 3_000 } });
  const letEnd = async ({ clock }: Stage) => clock.sleep(3_000);

  test.for([
    ['pipeline', order],
    ['monitor', byApp],
    ['plain', byApp],
  ] as const)('in flight is rolled back as ever by %s', async ([source, payload], { onTestFinished }) => {
    const set = await stage({ history: inFlight }, onTestFinished);
    expect(await set.webhook.post(source, payload)).toMatchObject({
      status: 202,
      body: { outcome: 'rolling_back', evidence: 'reply', claimed: true },
    });
    expect([set.puts(), set.releaseCalls()]).toEqual([1, 0]);
    expect(taskIds(set)).toEqual([`rollback-${changeOrderId}`, `follow-${changeOrderId}`]);
  });

  test('in flight is left to a task that knows what to do should it have ended by then', async ({
    onTestFinished,
  }) => {
    const set = await stage({ history: inFlight }, onTestFinished);
    await set.webhook.post('deferred', byApp);
    expect(set.tasks()).toMatchObject([{ rollback: 'due', ended: { policy: { withinMs: 1_800_000 } } }]);
    expectNothingSent(set);
  });

  test.for([
    ['pipeline', order],
    ['monitor', byApp],
  ] as const)(
    'that ends between the read and the rollback, which EDAS refuses then, goes on as a release: %s',
    async ([source, payload], { onTestFinished }) => {
      const set = await stage({ history: aboutToEnd }, onTestFinished);
      set.edas.setFault(({ method }) => {
        if (method === 'PUT') void letEnd(set);
        return undefined;
      });
      const { kind, text } = await repeat(set, source, payload);
      expect(kind).toBe('202 deferred');
      expect(text).toContain('The release has ended. A task rolls it back from 2.4.0 to 2.3.0, once');
      expect(taskIds(set)).toEqual([`rollback-${changeOrderId}`, `follow-${changeOrderId}`, taskId]);
      expect(set.tasks()).toMatchObject([
        { rollback: 'claimed' },
        { rollback: 'refused' },
        { rollback: 'ended' },
      ]);
      expect([set.puts(), set.releaseCalls()]).toEqual([1, 0]);
    },
  );

  test('that ends there stays finished for a source that rolls back none that has ended', async ({
    onTestFinished,
  }) => {
    const set = await stage({ history: aboutToEnd }, onTestFinished);
    set.edas.setFault(({ method }) => {
      if (method === 'PUT') void letEnd(set);
      return undefined;
    });
    expect(await repeat(set, 'plain')).toMatchObject({ kind: '409 change_order_finished' });
  });

  test('that shows as succeeded only when it is read is sent no rollback, and goes on as a release', async ({
    onTestFinished,
  }) => {
    const set = await stage({ history: aboutToEnd }, onTestFinished);
    let reads = 0;
    set.edas.setFault(({ operation }) => {
      if (operation === 'GetChangeOrderInfo' && reads++ === 0) void letEnd(set);
      return undefined;
    });
    expect(await repeat(set)).toMatchObject({ kind: '202 deferred' });
    expect(taskIds(set)).toEqual([taskId]);
    expectNothingSent(set);
  });

  test('that ended long ago, or that is none, is left to people by a source that rolls back none that has ended', async ({
    onTestFinished,
  }) => {
    const set = await stage({}, onTestFinished);
    expect(await repeat(set, 'plain')).toMatchObject({ kind: '409 app_has_no_change_in_flight' });
    expect(taskIds(set)).toEqual([]);
    expectNothingSent(set);
  });
});

describe('a deployment in flight that is the rollback of a release', () => {
  const releaseRules = { coType: 'CoDeploy' } as const;

  test.for(['monitor', 'plain', 'deferred'] as const)(
    'is not rolled back, also where EDAS did not name it: %s',
    async (source, { onTestFinished }) => {
      const set = await stage({ releaseRules: { ...releaseRules, namesOrder: false } }, onTestFinished);
      set.edas.orders.rollBackApplication({ appId: app, groupId: 'all', version: '2.3.0' });
      const sentBefore = set.clock.now();
      await claimed(set, 30_000, doubtSince(sentBefore));
      const { kind, text } = await repeat(set, source);
      expect(kind).toBe('200 deferred duplicate');
      expect(text).toContain(`is the rollback of the release ${changeOrderId}`);
      expectNothingSent(set);
    },
  );

  test('is recognised although another deployment stands between it and the release', async ({
    onTestFinished,
  }) => {
    const set = await stage({ releaseRules }, onTestFinished);
    const createdAt = set.clock.now() - 5_000;
    set.edas.orders.add({ appId: app, id: rollbackId, createdAt, readyMs: 0, batchMs: 500, batches: 1 });
    await begun(set);
    const { kind, text } = await repeat(set);
    expect(kind).toBe('200 deferred duplicate');
    expect(text).toContain(`is the rollback of the release ${changeOrderId}`);
    expectNothingSent(set);
  });

  test('is told apart from a release that was made after it, also where its order is not known', async ({
    onTestFinished,
  }) => {
    const set = await stage({ releaseRules }, onTestFinished);
    const sentBefore = set.clock.now() - 9 * minute;
    await claimed(set, 9 * minute, doubtSince(sentBefore));
    set.edas.orders.add({ appId: app, id: rollbackId, version: '2.4.1', readyMs: 0, batchMs: 600_000 });
    expect(await repeat(set)).toMatchObject({ kind: '202 rolling_back' });
    expect(set.edas.orders.rollbacksOf(rollbackId)).toBe(1);
  });

  test('is told apart from any other, where the report names it', async ({ onTestFinished }) => {
    const set = await stage({ releaseRules }, onTestFinished);
    await claimed(set, 1_000, {
      rollback: 'done',
      rollbackChangeOrderId: releaseBefore,
      isKnownToSender: false,
    });
    set.edas.orders.add({ appId: app, id: rollbackId, version: '2.4.1', readyMs: 0, batchMs: 600_000 });
    expect(await repeat(set)).toMatchObject({ kind: '202 rolling_back' });
  });

  test('is told apart from a release after a rollback that EDAS refused', async ({ onTestFinished }) => {
    const set = await stage({ releaseRules }, onTestFinished);
    await claimed(set, 1_000, { rollback: 'refused', reason: 'fake-reason' });
    set.edas.orders.add({ appId: app, id: rollbackId, version: '2.4.1', readyMs: 0, batchMs: 600_000 });
    expect(await repeat(set)).toMatchObject({ kind: '202 rolling_back' });
  });

  // The emergency brake goes first: a deployment in flight is a release, as far as EDAS shows it. See docs/decisions/0016.
  test('cannot be recognised while Function Compute cannot be asked, and the answer says that once is not sure', async ({
    onTestFinished,
  }) => {
    const set = await stage({ releaseRules }, onTestFinished);
    const id = await begun(set);
    set.fc.setFault(() => faults.denied());
    const { kind, text } = await repeat(set);
    expect(kind).toBe('202 rolling_back');
    expect(text).toContain('Once is not sure');
    expect(set.edas.orders.rollbacksOf(id)).toBe(1);
  });
});

test('a release is not rolled back while it cannot be told whether it is the rollback of the one before', async ({
  onTestFinished,
}) => {
  const fcFault: StageOptions['fcFault'] = ({ operation }) =>
    operation === 'GetAsyncTask' ? faults.denied() : undefined;
  const set = await stage({ fcFault }, onTestFinished);
  const { kind, text } = await repeat(set);
  expect(kind).toBe('503 task_not_taken');
  expect(text).toContain('whether the release before was rolled back');
  expect(taskIds(set)).toEqual([]);
});

describePatience(setEnded, {
  'EDAS takes 10 s': { slack: '(edas_unavailable)', cloudMonitor: 'edas_unavailable' },
  'Function Compute takes 10 s': { slack: '(task_not_taken)', cloudMonitor: 'task_not_taken' },
  'both take 10 s': { slack: '(edas_unavailable)', cloudMonitor: 'edas_unavailable' },
});
