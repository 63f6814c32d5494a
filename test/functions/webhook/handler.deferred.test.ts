import { describe, expect, test } from 'vitest';
import { taskStates, type TaskState } from '../../../functions/platform/task-queue.ts';
import * as edasFaults from '../../../local/stand-ins/edas/faults.ts';
import type { Fault as EdasFault } from '../../../local/stand-ins/edas/faults.ts';
import * as faults from '../../../local/stand-ins/fc/faults.ts';
import type { Fault } from '../../../local/stand-ins/fc/faults.ts';
import type { RecordedCall } from '../../../local/stand-ins/fc/stand-in.ts';
import { fakeAccountId, fakeContext, fakeCredentials, followFunction } from '../../support/webhook.ts';
import {
  app,
  byTurn,
  changeOrderId,
  describePatience,
  expectOwnRollback,
  form,
  order,
  patienceMs,
  reportId,
  stageWith,
  taskId,
  type CleanUp,
  type StageOptions,
} from './stage.ts';

const otherApp = '3616cdca-4f92-4413-0000-000000000001';

const sources = `
sources:
  pipeline: { preset: generic, secrets: [SECRET], mode: deferred, deadlineMs: ${patienceMs} }
  gated: { preset: generic, secrets: [SECRET], mode: deferred, apps: [${app}] }
  stray: { preset: generic, secrets: [SECRET], mode: deferred, apps: [${otherApp}] }
  monitor: { preset: generic, secrets: [SECRET], mode: deferred, app: app, problemStartedAt: since }
  ruled: { preset: generic, secrets: [SECRET], mode: deferred, problemStartedAt: since, deadlineMs: ${patienceMs} }
  undeferred: { preset: generic, secrets: [SECRET], problemStartedAt: since, deadlineMs: ${patienceMs} }
  kubernetes: { preset: generic, secrets: [SECRET], mode: deferred, cluster: k8s }
  picky: { preset: generic, secrets: [SECRET], mode: deferred, when: isBad, allow: isFriend }
  rehearsal: { preset: generic, secrets: [SECRET], mode: deferred, dryRun: true }
  github: { preset: github, secrets: [SECRET], mode: deferred }
  slack: { preset: slack, secrets: [SECRET], mode: deferred }
  dingtalk: { preset: dingtalk, secrets: [SECRET], mode: deferred, apps: [${app}] }
  cloudmonitor: { preset: cloudmonitor, secrets: [SECRET], mode: deferred, apps: [${app}] }
`;

const stage = stageWith(sources, { fcFault: () => faults.denied() });

describe('a deferred rollback', () => {
  test('is a task, and EDAS is not even asked', async ({ onTestFinished }) => {
    const { webhook, edas, fc, tasks } = await stage({}, onTestFinished);
    const answer = await webhook.post('pipeline', order, { headers: { 'X-Delivery-Id': 'fake-delivery' } });
    expect(answer.status).toBe(202);
    const message =
      'A task rolls the change order back, once, and another one then follows the rollback to its end.';
    expect(answer.body).toEqual({
      outcome: 'deferred',
      changeOrderId,
      message,
      source: 'pipeline',
      requestId: 'fake-request-id',
    });
    expect(edas.calls).toEqual([]);
    expect(fc.calls).toMatchObject([{ operation: 'InvokeFunction', taskId, status: 202 }]);
    expect(JSON.parse(fc.calls[0]?.payload ?? '')).toEqual({
      version: 1,
      source: 'pipeline',
      delivery: 'fake-delivery',
      requestId: 'fake-request-id',
      requestedAt: expect.any(Number) as number,
      changeOrderId,
      operation: 'RollbackChangeOrder',
      rollback: 'due',
    });
    expect(tasks()).toHaveLength(1);
    expect(webhook.decisions()).toMatchObject([
      { level: 'info', outcome: 'deferred', changeOrderId, message },
    ]);
  });

  test('in a Kubernetes cluster is another operation', async ({ onTestFinished }) => {
    const { webhook, tasks } = await stage({}, onTestFinished);
    await webhook.post('kubernetes', order);
    expect(tasks()).toMatchObject([{ operation: 'AbortAndRollbackChangeOrder' }]);
  });

  test('of an application is one of the change order that its list shows, with the rule that the task has to keep', async ({
    onTestFinished,
  }) => {
    const { webhook, edas, tasks } = await stage({}, onTestFinished);
    const since = new Date().toISOString();
    expect((await webhook.post('monitor', { app, since })).body).toMatchObject({
      outcome: 'deferred',
      changeOrderId,
    });
    expect(edas.calls.map(({ operation }) => operation)).toEqual([
      'ListRecentChangeOrder',
      'GetChangeOrderInfo',
    ]);
    expect(tasks()).toMatchObject([{ changeOrderId, app, problemStartedAt: Date.parse(since) }]);
  });

  test('of a change that is not to blame is refused at once: its task would stand in the way of others', async ({
    onTestFinished,
  }) => {
    const { webhook, fc, puts } = await stage({}, onTestFinished);
    const since = '2026-01-02T03:04:05Z';
    for (const [source, target] of [
      ['monitor', { app }],
      ['ruled', order],
    ] as const) {
      const answer = await webhook.post(source, { ...target, since });
      expect(answer.body).toMatchObject({ status: 409, code: 'problem_predates_change' });
    }
    expect(fc.calls).toEqual([]);
    expect(puts()).toBe(0);
  });

  const unreadable: [EdasFault, string][] = [
    [edasFaults.throttled(), '503 edas_throttled'],
    [edasFaults.serviceUnavailable(), '502 edas_unavailable'],
    [edasFaults.silent(), '502 edas_unavailable'],
    [edasFaults.deniedByRam(), '502 edas_denied'],
    [edasFaults.gatewayError('InvalidChangeOrder.NotFound'), '404 change_order_not_found'],
  ];
  const titled = unreadable.map(([fault, told]) => ({ fault, told, name: fault.name }));

  test.concurrent.for(titled)(
    'of a change that cannot be read ($name), and has to be to blame, is refused as without a task: $told',
    async ({ fault, told }, { onTestFinished }) => {
      const since = new Date().toISOString();
      for (const source of ['ruled', 'undeferred']) {
        const { webhook, fc, puts } = await stage({ edasFault: () => fault }, onTestFinished);
        const { body } = await webhook.post(source, { ...order, since });
        expect([source, `${String(body['status'])} ${String(body['code'])}`]).toEqual([source, told]);
        expect(fc.calls).toEqual([]);
        expect(puts()).toBe(0);
        expect(webhook.decisions()[0]?.['durationMs']).toBeLessThan(patienceMs);
      }
    },
  );

  test('of a change that is terminated already is handed over whatever the rule says: there is nothing to refuse', async ({
    onTestFinished,
  }) => {
    const { webhook, edas, tasks } = await stage({}, onTestFinished);
    edas.orders.rollback(changeOrderId);
    const rule = { problemStartedAt: Date.parse('2026-01-02T03:04:05Z') };
    const answer = await webhook.post('ruled', { ...order, since: '2026-01-02T03:04:05Z' });
    expect(answer.body).toMatchObject({ outcome: 'deferred' });
    expect(tasks()).toMatchObject([rule]);
  });

  test('of a sender with narrower rights is handed over only when EDAS has shown whose it is', async ({
    onTestFinished,
  }) => {
    const { webhook, edas, fc, tasks } = await stage({}, onTestFinished);
    expect((await webhook.post('stray', order)).body).toMatchObject({ status: 403, code: 'app_not_allowed' });
    expect((await webhook.post('monitor', { app: otherApp, since: 1_767_323_045 })).body).toMatchObject({
      status: 409,
      code: 'app_has_no_change_in_flight',
    });
    edas.setFault(() => edasFaults.deniedByRam());
    expect((await webhook.post('gated', order)).body).toMatchObject({ code: 'edas_denied' });
    expect(fc.calls).toEqual([]);
    edas.setFault(undefined);
    expect((await webhook.post('gated', order)).body).toMatchObject({ outcome: 'deferred' });
    expect(tasks()).toMatchObject([{ app, source: 'gated' }]);
    expect(webhook.decisions().at(-1)).toMatchObject({ outcome: 'deferred', app });
  });

  test.for<[string, object, object]>([
    ['pipeline', {}, { code: 'change_order_id_missing' }],
    ['picky', { ...order, isBad: false, isFriend: true }, { outcome: 'ignored' }],
    ['picky', { ...order, isBad: true, isFriend: false }, { code: 'sender_not_allowed' }],
    ['monitor', { app, since: '2126-01-02T03:04:05Z' }, { code: 'payload_malformed' }],
    ['rehearsal', order, { outcome: 'dry_run' }],
  ])('is none for %s with %j', async ([source, payload, body], { onTestFinished }) => {
    const { webhook, fc, puts } = await stage({}, onTestFinished);
    expect((await webhook.post(source, payload)).body).toMatchObject(body);
    expect(fc.calls).toEqual([]);
    expect(puts()).toBe(0);
  });

  test('is none for a ping', async ({ onTestFinished }) => {
    const { webhook, fc } = await stage({}, onTestFinished);
    const answer = await webhook.post('github', order, { headers: { 'X-GitHub-Event': 'ping' } });
    expect(answer.body).toMatchObject({ outcome: 'ignored' });
    expect(fc.calls).toEqual([]);
  });

  test('is none while rollbacks are suspended', async ({ onTestFinished }) => {
    const { webhook, fc, puts } = await stage({ env: { ROLLBACK_SUSPENDED: 'true' } }, onTestFinished);
    expect((await webhook.post('pipeline', order)).body).toMatchObject({ outcome: 'suspended' });
    expect(fc.calls).toEqual([]);
    expect(puts()).toBe(0);
  });

  test('is none for a forged request', async ({ onTestFinished }) => {
    const { webhook, fc, edas } = await stage({}, onTestFinished);
    const answer = await webhook.post('pipeline', order, { secret: 'fake-forged-secret' });
    expect(answer.body).toMatchObject({ status: 401, code: 'signature_mismatch' });
    expect([...fc.calls, ...edas.calls]).toEqual([]);
  });
});

describe('of many deliveries to many instances', () => {
  test('one is handed over, and every other is answered with its task', async ({ onTestFinished }) => {
    const { another, fc, edas } = await stage({}, onTestFinished);
    const instances = Array.from({ length: 5 }, () => another());
    const answers = await Promise.all(
      Array.from({ length: 50 }, async (_, index) => instances[index % 5]?.post('pipeline', order)),
    );
    expect(answers.filter((answer) => answer?.status === 202)).toHaveLength(1);
    expect(answers.filter((answer) => answer?.status === 200)).toHaveLength(49);
    expect(answers.filter((answer) => answer?.body['duplicate'] === true)).toHaveLength(49);
    expect(fc.tasks).toHaveLength(1);
    expect(edas.calls).toEqual([]);
  });
});

const dead: TaskState[] = ['Failed', 'Stopped', 'Expired', 'Invalid'];
const alive = taskStates.filter((state) => !dead.includes(state));

describe('a duplicate', () => {
  test.for(alive)('is told that the task is %s, and does nothing', async (state, { onTestFinished }) => {
    const { webhook, fc, edas } = await stage({}, onTestFinished);
    await webhook.post('pipeline', order);
    fc.setState(taskId, state);
    const answer = await webhook.post('pipeline', order);
    expect(answer).toMatchObject({
      status: 200,
      body: { outcome: 'deferred', duplicate: true, task: state, changeOrderId },
    });
    expect(webhook.decisions().at(-1)).toMatchObject({ outcome: 'deferred', duplicate: true, task: state });
    expect(edas.calls).toEqual([]);
    expect(fc.tasks).toHaveLength(1);
  });

  const unreadable: [Fault, string][] = [
    [
      faults.denied(),
      `needs fc:GetAsyncTask on acs:fc:cn-hangzhou:${fakeAccountId}:functions/${followFunction}`,
    ],
    [faults.throttled(), '429'],
    [faults.internalError(), '500'],
    [faults.htmlPage({ status: 200 }), 'Is FUNCTION_ENDPOINT'],
    [faults.silent(), 'no answer within'],
    [faults.reset(), 'ECONNRESET'],
    [faults.closed(), 'ECONNRESET'],
    [faults.switchingProtocols(), 'the connection ended without an answer'],
  ];
  const titled = unreadable.map(([fault, reason]) => ({ fault, reason, name: fault.name }));

  test.concurrent.for(titled)(
    'whose task cannot be read ($name) is told so',
    async ({ fault, reason }, { onTestFinished }) => {
      const fcFault = ({ operation }: RecordedCall) => (operation === 'GetAsyncTask' ? fault : undefined);
      const { webhook, edas, warnings } = await stage({ fcFault }, onTestFinished);
      await webhook.post('pipeline', order);
      const answer = await webhook.post('pipeline', order);
      expect(answer).toMatchObject({ status: 200, body: { duplicate: true, task: 'unknown' } });
      expect(answer.body['message']).toContain('Function Compute does not show what has become of it');
      // Of the claim, and of its report.
      expect(warnings().filter((line) => line.includes(reason))).toHaveLength(2);
      expect(edas.calls).toEqual([]);
    },
  );
});

describe('a dead task does not lock the emergency brake: the webhook rolls back itself,', () => {
  /** A first delivery was deferred, and its task has died. */
  const afterDeath = async (state: TaskState, options: Partial<StageOptions>, cleanUp: CleanUp) => {
    const set = await stage(options, cleanUp);
    await set.webhook.post('pipeline', order);
    set.fc.setState(taskId, state);
    return set;
  };

  test.for(dead)(
    'once, with the second claim, where the task of the first one is %s',
    async (state, { onTestFinished }) => {
      const { webhook, fc, puts, tasks, warnings } = await afterDeath(state, {}, onTestFinished);
      const answer = await webhook.post('pipeline', order);
      expect(answer).toMatchObject({
        status: 202,
        body: { outcome: 'rolling_back', evidence: 'reply', claimed: true, follow: 'dispatched' },
      });
      expect(answer.body['message']).toMatch(/A task follows it and tells how it ends\.$/);
      expect(puts()).toBe(1);
      expect(fc.tasks.map((task) => task.taskId)).toEqual([taskId, `${taskId}-2`, `${reportId}-2`]);
      const { rollbackChangeOrderId } = answer.body;
      expect(rollbackChangeOrderId).toMatch(/^[0-9a-f-]{36}$/);
      expect(tasks()).toMatchObject([
        { rollback: 'due', changeOrderId },
        { rollback: 'claimed', claim: 2, changeOrderId },
        { rollback: 'done', changeOrderId, rollbackChangeOrderId },
      ]);
      expect(warnings().join()).toContain(`The task that had to finish it is ${state}.`);
      expect(webhook.decisions().at(-1)).toMatchObject({ outcome: 'rolling_back', follow: 'dispatched' });
    },
  );

  test.for(dead)('and no repeat does so again, where it is %s', async (state, { onTestFinished }) => {
    const { webhook, fc, puts } = await afterDeath(state, {}, onTestFinished);
    await webhook.post('pipeline', order);
    const repeat = await webhook.post('pipeline', order);
    expect(repeat).toMatchObject({ status: 200, body: { outcome: 'already_terminated' } });
    expect(repeat.body).not.toHaveProperty('follow');
    expect(puts()).toBe(1);
    expect(fc.tasks).toHaveLength(3);
  });

  test('and a repeat, to an EDAS that does not show it yet, is told of that rollback', async ({
    onTestFinished,
  }) => {
    const rules = { ofTerminated: 'accepted', showsAfterMs: Infinity } as const;
    const { webhook, puts } = await afterDeath('Failed', { rules }, onTestFinished);
    expect((await webhook.post('pipeline', order)).body).toMatchObject({ follow: 'dispatched' });
    const repeat = await webhook.post('pipeline', order);
    expect(repeat).toMatchObject({ status: 200, body: { outcome: 'deferred', duplicate: true } });
    expect(repeat.body['message']).toContain('EDAS accepted the rollback for an earlier delivery');
    expect(puts()).toBe(1);
  });

  test('whatever had killed the task after it rolled back: then there is nothing to do', async ({
    onTestFinished,
  }) => {
    const { webhook, edas, fc, puts } = await afterDeath('Failed', {}, onTestFinished);
    edas.orders.rollback(changeOrderId);
    expect((await webhook.post('pipeline', order)).body).toMatchObject({ outcome: 'already_terminated' });
    expect(puts()).toBe(0);
    expect(fc.tasks).toHaveLength(1);
  });

  test('and keeps the rule of when the problem began', async ({ onTestFinished }) => {
    const { webhook, fc, puts } = await stage({}, onTestFinished);
    fc.setState(taskId, 'Failed');
    const tooEarly = await webhook.post('ruled', { ...order, since: '2026-01-02T03:04:05Z' });
    expect(tooEarly.body).toMatchObject({ code: 'problem_predates_change' });
    expect(puts()).toBe(0);
    const since = new Date().toISOString();
    expect((await webhook.post('ruled', { ...order, since })).body).toMatchObject({ follow: 'dispatched' });
    expect(puts()).toBe(1);
  });

  test.concurrent.for([
    faults.denied(),
    faults.throttled(),
    faults.internalError(),
    faults.reset(),
    faults.closed(),
    faults.switchingProtocols(),
    faults.silent(),
    faults.trickling(),
  ])('in time, also where its report meets $name: the rollback stands', async (fault, { onTestFinished }) => {
    const fcFault = (call: RecordedCall) =>
      call.operation === 'InvokeFunction' && call.taskId?.startsWith(reportId) ? fault : undefined;
    const { webhook, puts } = await afterDeath('Failed', { fcFault }, onTestFinished);
    expect((await webhook.post('pipeline', order)).body).toMatchObject({
      outcome: 'rolling_back',
      claimed: true,
      follow: 'failed',
    });
    expect(puts()).toBe(1);
    expect(webhook.decisions().at(-1)?.['durationMs']).toBeLessThan(patienceMs);
  });

  test('and keeps time for its report, however long the rollback takes', async ({ onTestFinished }) => {
    const rules = { ofTerminated: 'accepted', showsAfterMs: Infinity } as const;
    const { webhook, edas } = await afterDeath('Failed', { rules }, onTestFinished);
    edas.setFault(({ method }) => (method === 'PUT' ? edasFaults.resetAfterHandling() : undefined));
    // The order is read until the time is up: of 8.5 s, 15 % are kept.
    expect((await webhook.post('pipeline', order)).body).toMatchObject({ code: 'edas_outcome_unknown' });
    expect(webhook.decisions().at(-1)?.['durationMs']).toBeLessThan(7_500);
  });

  test.concurrent(
    'and time is left for its report, where EDAS takes 10 s for the rollback',
    async ({ onTestFinished }) => {
      const edasFault: StageOptions['edasFault'] = ({ method }) =>
        method === 'PUT' ? edasFaults.delayed({ byMs: 10_000 }) : undefined;
      const { webhook, tasks } = await afterDeath('Failed', { edasFault }, onTestFinished);
      expect((await webhook.post('pipeline', order)).body).toMatchObject({
        outcome: 'rolling_back',
        evidence: 'order',
        follow: 'dispatched',
      });
      expect(tasks()).toMatchObject([{ rollback: 'due' }, { rollback: 'claimed' }, { rollback: 'done' }]);
      expect(webhook.decisions().at(-1)?.['durationMs']).toBeLessThan(patienceMs);
    },
  );
});

describe('the emergency brake does not depend on the queue: the webhook rolls back itself, once, where', () => {
  const done = { takesEffect: true };
  const rows: [Fault, number?][] = [
    [faults.denied()],
    [faults.notFound()],
    [faults.throttled()],
    [faults.internalError()],
    [faults.htmlPage({ status: 202 })],
    [faults.oversized({ status: 202 })],
    [faults.reset()],
    [faults.closed()],
    [faults.switchingProtocols()],
    [faults.silent()],
    [faults.trickling()],
    // Twice in doubt: the task is there, and so is the report, by which the task knows that it is late.
    [faults.internalError(done), 2],
    [faults.htmlPage({ status: 202, ...done }), 2],
    [faults.reset(done), 2],
    [faults.closed(done), 2],
    [faults.switchingProtocols(done), 2],
    [faults.silent(done), 2],
    [faults.delayed({ byMs: 10_000 }), 2],
  ];
  const titled = rows.map(([fault, tasks = 0]) => ({ fault, tasks, name: fault.name }));

  test.concurrent.for(titled)('every answer is $name ($tasks tasks)', async (row, { onTestFinished }) => {
    const { fault, tasks } = row;
    await expectOwnRollback(await stage({ fcFault: () => fault }, onTestFinished), { tasks });
  });

  test.concurrent.for<[string, NodeJS.Dict<string>, string]>([
    ['no follow function is named', { FOLLOW_FUNCTION: '' }, 'FOLLOW_FUNCTION is not set'],
    ['another one is named', { FOLLOW_FUNCTION: 'misspelt' }, 'Is FOLLOW_FUNCTION, misspelt,'],
    ['the address is not https', { FUNCTION_ENDPOINT: 'http://fc.example.com' }, 'must be https'],
    ['the address is none', { FUNCTION_ENDPOINT: 'no address' }, 'must be a host name'],
    ['no server listens there', { FUNCTION_ENDPOINT: 'http://127.0.0.1:1' }, 'ECONNREFUSED'],
  ])('%s', async ([, env, logged], { onTestFinished }) => {
    await expectOwnRollback(await stage({ env }, onTestFinished), { logged });
  });

  test.concurrent('the account is not known', async ({ onTestFinished }) => {
    await expectOwnRollback(await stage({ context: fakeContext }, onTestFinished), {
      logged: 'the account is not known: outside Function Compute, set FC_ACCOUNT_ID',
    });
  });
});

test('without credentials nothing is handed over and nothing rolled back, and the answer says so', async ({
  onTestFinished,
}) => {
  const context = { ...fakeContext, accountId: fakeAccountId, credentials: {} };
  const { webhook, fc, edas } = await stage({ context }, onTestFinished);
  expect((await webhook.post('pipeline', order)).body).toMatchObject({
    status: 500,
    code: 'credentials_missing',
  });
  expect([...fc.calls, ...edas.calls]).toEqual([]);
});

test('where neither the queue nor EDAS works, the answer is that of EDAS', async ({ onTestFinished }) => {
  const { webhook } = await stage(
    { fcFault: () => faults.denied(), edasFault: () => edasFaults.deniedByRam() },
    onTestFinished,
  );
  expect((await webhook.post('pipeline', order)).body).toMatchObject({ code: 'edas_denied' });
});

describe('an answer that gets lost is settled by the same task id: one task, and no rollback of the webhook', () => {
  const done = { takesEffect: true };
  test.concurrent.for([
    faults.internalError(done),
    faults.htmlPage({ status: 202, ...done }),
    faults.htmlPage({ status: 502, ...done }),
    faults.oversized(done),
    faults.reset(done),
    faults.closed(done),
    faults.switchingProtocols(done),
    faults.silent(done),
    faults.trickling(done),
    faults.delayed({ byMs: 10_000 }),
  ])('$name', async (fault, { onTestFinished }) => {
    const { webhook, fc, edas } = await stage({ fcFault: byTurn(fault) }, onTestFinished);
    const answer = await webhook.post('pipeline', order);
    expect(answer).toMatchObject({ status: 202, body: { outcome: 'deferred', task: 'Running' } });
    expect(answer.body['message']).toContain("this delivery's own, or an earlier one");
    expect(fc.tasks).toHaveLength(1);
    expect(edas.calls).toEqual([]);
  });

  test.concurrent.for([faults.internalError(), faults.reset(), faults.closed(), faults.silent()])(
    'also where the first one never arrived: $name',
    async (fault, { onTestFinished }) => {
      const { webhook, fc, edas } = await stage({ fcFault: byTurn(fault) }, onTestFinished);
      expect((await webhook.post('pipeline', order)).body).toMatchObject({ outcome: 'deferred' });
      expect(fc.tasks).toHaveLength(1);
      expect(edas.calls).toEqual([]);
    },
  );
});

describe('an answer that gets lost, with a second try that fails,', () => {
  const done = { takesEffect: true };
  const secondTries = [
    faults.throttled(),
    faults.denied(),
    faults.internalError(),
    faults.reset(),
    faults.switchingProtocols(),
    faults.silent(),
  ];
  const questions = (calls: readonly RecordedCall[]) =>
    calls.filter(({ operation }) => operation === 'GetAsyncTask').length;

  test.concurrent.for(secondTries)(
    'is settled by the task and its report, which are read once, and no rollback is sent: $name',
    async (fault, { onTestFinished }) => {
      const fcFault = byTurn(faults.internalError(done), fault);
      const { webhook, fc, edas } = await stage({ fcFault }, onTestFinished);
      const answer = await webhook.post('pipeline', order);
      expect(answer).toMatchObject({ status: 202, body: { outcome: 'deferred', task: 'Running' } });
      expect(answer.body).not.toHaveProperty('duplicate');
      expect(questions(fc.calls)).toBe(2);
      expect(fc.tasks).toHaveLength(1);
      expect(edas.calls).toEqual([]);
    },
  );

  test.concurrent.for(secondTries)(
    'leads to one rollback of the webhook where the task is dead by then: $name',
    async (fault, { onTestFinished }) => {
      const { webhook, fc, puts } = await stage({}, onTestFinished);
      const meets = byTurn(faults.internalError(done), fault);
      fc.setFault((call) => {
        if (call.operation === 'GetAsyncTask' && call.taskId === taskId) fc.setState(taskId, 'Stopped');
        return meets(call);
      });
      expect((await webhook.post('pipeline', order)).body).toMatchObject({
        outcome: 'rolling_back',
        follow: 'dispatched',
      });
      expect(questions(fc.calls)).toBe(2);
      expect(puts()).toBe(1);
    },
  );

  test.concurrent.for([
    faults.denied(),
    faults.notFound(),
    faults.throttled(),
    faults.internalError(),
    faults.reset(),
    faults.switchingProtocols(),
    faults.silent(),
  ])(
    'leads to a rollback of the webhook where the task cannot be read, and only here, as it is there, are two rollbacks possible: $name',
    async (fault, { onTestFinished }) => {
      const meets = byTurn(faults.reset(done), faults.throttled());
      const fcFault = (call: RecordedCall) => (call.operation === 'GetAsyncTask' ? fault : meets(call));
      const { webhook, fc, puts, tasks, warnings } = await stage({ fcFault }, onTestFinished);
      expect((await webhook.post('pipeline', order)).body).toMatchObject({
        outcome: 'rolling_back',
        claimed: false,
        follow: 'dispatched',
      });
      expect(puts()).toBe(1);
      // By the report, the task of a lost answer knows that the webhook went ahead.
      expect(tasks()).toMatchObject([{ rollback: 'due' }, { rollback: 'done' }]);
      expect(questions(fc.calls)).toBe(2);
      expect(warnings().join()).toContain('it is not known whether a task was handed over');
      expect(webhook.decisions()[0]?.['durationMs']).toBeLessThan(patienceMs);
    },
  );
});

test('every fault of the stand-in is tried', () => {
  const tried = [
    ...['denied', 'notFound', 'throttled', 'internalError', 'htmlPage', 'oversized', 'reset'],
    ...['silent', 'trickling', 'delayed', 'alreadyExists', 'closed', 'switchingProtocols'],
  ];
  expect(Object.keys(faults).sort()).toEqual(tried.sort());
});

test('a task that Function Compute claims to have, and does not show, is told as unknown', async ({
  onTestFinished,
}) => {
  const fcFault = ({ operation }: RecordedCall) =>
    operation === 'InvokeFunction' ? faults.alreadyExists() : undefined;
  const { webhook, edas } = await stage({ fcFault }, onTestFinished);
  expect((await webhook.post('pipeline', order)).body).toMatchObject({ duplicate: true, task: 'unknown' });
  expect(edas.calls).toEqual([]);
});

describe('in a chat', () => {
  const ownUrl = 'https://hooks.slack.com/commands/T1DC2JH3J/397700885554/fake-key';
  const ownSession = 'https://oapi.dingtalk.com/robot/sendBySession?session=fake-session';
  const command = (url: string) =>
    new URLSearchParams({
      command: '/rollback',
      text: changeOrderId,
      user_name: 'roadrunner',
      response_url: url,
    }).toString();
  const message = (url: string) => ({
    text: { content: ` 回滚 ${changeOrderId}` },
    senderNick: '小王',
    sessionWebhook: url,
  });

  test('of Slack, people are told, and the task knows where to answer', async ({ onTestFinished }) => {
    const { webhook, tasks } = await stage({ env: { LOG_LEVEL: 'debug' } }, onTestFinished);
    const answer = await webhook.post('slack', command(ownUrl), { headers: form });
    expect(answer).toMatchObject({ status: 200 });
    expect(answer.body).toEqual({
      response_type: 'in_channel',
      text: `Handed to a task: change order ${changeOrderId}, asked for by roadrunner. A task rolls the change order back, once, and another one then follows the rollback to its end.`,
    });
    expect(tasks()).toMatchObject([{ actor: 'roadrunner', answerAt: { chat: 'slack', url: ownUrl } }]);
    const again = await webhook.post('slack', command(ownUrl), { headers: form });
    expect(again.body['text']).toContain('There is a task for this change order (Running).');
    expect([answer.text, again.text, ...webhook.lines].join()).not.toContain('fake-key');
  });

  test('of DingTalk, too', async ({ onTestFinished }) => {
    const { webhook, tasks } = await stage({ env: { LOG_LEVEL: 'debug' } }, onTestFinished);
    const answer = await webhook.post('dingtalk', message(ownSession));
    expect(answer).toMatchObject({ status: 200, body: { msgtype: 'text' } });
    expect(answer.text).toContain('已交给任务');
    const answerAt = { chat: 'dingtalk', url: ownSession, language: 'zh' };
    expect(tasks()).toMatchObject([{ actor: '小王', answerAt }]);
    expect([answer.text, ...webhook.lines].join()).not.toContain('fake-session');
  });

  const foreign = [
    // A robot has the same host, and belongs to the user who made it.
    'https://hooks.slack.com/services/T1DC2JH3J/B1DC2JH3J/fake-key',
    'https://hooks.slack.com/workflows/T1DC2JH3J/fake-key',
    'https://hooks.slack.com/triggers/T1DC2JH3J/fake-key',
    'https://hooks.slack.com/commands/../services/fake-key',
    'https://hooks.slack.com/commands/%2e%2e/services/fake-key',
    'https://hooks.slack.com/fake-key',
    'https://oapi.dingtalk.com/robot/send?access_token=fake-key',
    'https://oapi.dingtalk.com/robot/sendBySessionOfOthers?session=fake-key',
    'http://oapi.dingtalk.com/robot/sendBySession?session=fake-key',
    'http://hooks.slack.com/commands/fake-key',
    'https://hooks.slack.com:8443/commands/fake-key',
    'https://hooks.slack.com.example.com/commands/fake-key',
    'https://user:fake-key@hooks.slack.com/commands/x',
    'http://127.0.0.1/fake-key',
    'http://100.100.100.200/latest/meta-data/fake-key',
    `https://hooks.slack.com/commands/fake-key${'x'.repeat(2_000)}`,
    'no address, but a fake-key',
  ];

  test.for(foreign.map((url) => ({ url, shown: url.slice(0, 60) })))(
    "an address that is not the chat's own is not passed on: $shown",
    async ({ url }, { onTestFinished }) => {
      const { webhook, tasks } = await stage({ env: { LOG_LEVEL: 'debug' } }, onTestFinished);
      const answers = [
        await webhook.post('slack', command(url), { headers: form }),
        await webhook.post('dingtalk', message(url)),
      ];
      expect(answers.map(({ status }) => status)).toEqual([200, 200]);
      expect(tasks()).toMatchObject([{ changeOrderId, answerAt: undefined }]);
      expect([...answers.map(({ text }) => text), ...webhook.lines].join()).not.toContain('fake-key');
    },
  );

  test('an address is not passed on by a source that is no chat', async ({ onTestFinished }) => {
    const { webhook, tasks } = await stage({}, onTestFinished);
    await webhook.post('pipeline', { ...order, response_url: ownUrl, sessionWebhook: ownSession });
    expect(tasks()).toMatchObject([{ answerAt: undefined }]);
  });

  test('a dead queue does not show: people read of a rollback', async ({ onTestFinished }) => {
    const { webhook, puts } = await stage({ fcFault: () => faults.denied() }, onTestFinished);
    const answer = await webhook.post('slack', command(ownUrl), { headers: form });
    expect(answer.body['text']).toContain('Rolling back: change order');
    expect(answer.body['text']).toContain('No task is known to follow it');
    expect(puts()).toBe(1);
  });
});

describePatience(stage, {
  'EDAS takes 10 s': { slack: 'Handed to a task', cloudMonitor: 'edas_unavailable' },
  'Function Compute takes 10 s': { slack: 'Rolling back', cloudMonitor: 'rolling_back' },
  'both take 10 s': { slack: 'It is not known yet', cloudMonitor: 'edas_unavailable' },
});

test('Invariant 6: neither the answer nor the log holds credentials, whatever Function Compute quotes', async ({
  onTestFinished,
}) => {
  const secrets = Object.values(fakeCredentials);
  const quoting: Fault = {
    name: 'quoting',
    takesEffect: false,
    instead: (response) =>
      response.writeHead(403).end(JSON.stringify({ Code: secrets[2], Message: secrets.join(' ') })),
  };
  const { webhook } = await stage({ fcFault: () => quoting, env: { LOG_LEVEL: 'debug' } }, onTestFinished);
  const answer = await webhook.post('pipeline', order);
  const written = [answer.text, ...webhook.lines].join('\n');
  expect(written).toContain('Function Compute answered 403.');
  expect(secrets.filter((secret) => written.includes(secret))).toEqual([]);
});
