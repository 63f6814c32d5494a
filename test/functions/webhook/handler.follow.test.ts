import { describe, expect, test } from 'vitest';
import * as edasFaults from '../../../local/stand-ins/edas/faults.ts';
import * as faults from '../../../local/stand-ins/fc/faults.ts';
import type { Fault } from '../../../local/stand-ins/fc/faults.ts';
import { fakeContext } from '../../support/webhook.ts';
import {
  app,
  byTurn,
  changeOrderId,
  describePatience,
  expectOwnRollback,
  form,
  order,
  patienceMs,
  stageWith,
  taskId,
  type StageOptions,
} from './stage.ts';

const otherId = '5ba3b2f4-1c7e-4a6d-8f00-000000000001';

const sources = `
sources:
  pipeline: { preset: generic, secrets: [SECRET], follow: true, deadlineMs: ${patienceMs} }
  alone: { preset: generic, secrets: [SECRET] }
  followed: { preset: generic, secrets: [SECRET], follow: true }
  ruled: { preset: generic, secrets: [SECRET], follow: true, problemStartedAt: since }
  gated: { preset: generic, secrets: [SECRET], follow: true, apps: [${app}] }
  rehearsal: { preset: generic, secrets: [SECRET], follow: true, dryRun: true }
  talkative: { preset: github, secrets: [SECRET], follow: true, changeOrderId: id, when: isBad }
  slack: { preset: slack, secrets: [SECRET], follow: true }
  cloudmonitor: { preset: cloudmonitor, secrets: [SECRET], follow: true, apps: [${app}] }
`;

const done = { takesEffect: true };

const stage = stageWith(sources);

describe('a rollback that has begun is followed by a task', () => {
  test('that knows the order which EDAS named, and has nothing to roll back', async ({ onTestFinished }) => {
    const { webhook, fc, puts } = await stage({}, onTestFinished);
    const answer = await webhook.post('pipeline', order, { headers: { 'X-Delivery-Id': 'fake-delivery' } });
    expect(answer).toMatchObject({
      status: 202,
      body: { outcome: 'rolling_back', evidence: 'reply', follow: 'dispatched' },
    });
    expect(answer.body['message']).toMatch(/A task follows it and tells how it ends\.$/);
    expect(fc.calls).toMatchObject([{ operation: 'InvokeFunction', taskId, status: 202 }]);
    expect(JSON.parse(fc.calls[0]?.payload ?? '')).toEqual({
      version: 1,
      source: 'pipeline',
      delivery: 'fake-delivery',
      requestId: 'fake-request-id',
      requestedAt: expect.any(Number) as number,
      changeOrderId,
      operation: 'RollbackChangeOrder',
      rollback: 'done',
      rollbackChangeOrderId: answer.body['rollbackChangeOrderId'],
    });
    expect(answer.body['rollbackChangeOrderId']).toMatch(/^[0-9a-f-]{36}$/);
    expect(webhook.decisions()).toMatchObject([{ outcome: 'rolling_back', follow: 'dispatched' }]);
    expect(puts()).toBe(1);
  });

  test("also where EDAS's answer got lost, and the order shows it", async ({ onTestFinished }) => {
    const edasFault: StageOptions['edasFault'] = ({ method }) =>
      method === 'PUT' ? edasFaults.resetAfterHandling() : undefined;
    const { webhook, tasks } = await stage({ edasFault }, onTestFinished);
    expect((await webhook.post('gated', order)).body).toMatchObject({
      outcome: 'rolling_back',
      evidence: 'order',
      follow: 'dispatched',
    });
    expect(tasks()).toMatchObject([{ rollback: 'done', app, rollbackChangeOrderId: undefined }]);
  });

  test('for which time is kept, however long the rollback takes', async ({ onTestFinished }) => {
    const lost = () => edasFaults.resetAfterHandling();
    const rules = { ofTerminated: 'accepted', showsAfterMs: Infinity } as const;
    const durationOf = async (source: string) => {
      const { webhook, edas } = await stage({ rules }, onTestFinished);
      edas.setFault(({ method }) => (method === 'PUT' ? lost() : undefined));
      expect((await webhook.post(source, order)).body).toMatchObject({ code: 'edas_outcome_unknown' });
      return webhook.decisions().map(({ durationMs }) => durationMs);
    };
    // The order is read until the time is up, and a following task needs some of it: of 8.5 s, 15 %.
    const [[alone], [followed]] = [await durationOf('alone'), await durationOf('followed')];
    expect(alone).toBeGreaterThan(8_000);
    expect(followed).toBeLessThan(7_500);
  });

  test('that was there already, where there was one', async ({ onTestFinished }) => {
    const { webhook, fc } = await stage({}, onTestFinished);
    fc.setState(taskId, 'Failed');
    const answer = await webhook.post('pipeline', order);
    expect(answer.body).toMatchObject({ outcome: 'rolling_back', follow: 'exists' });
    expect(answer.body['message']).toContain('There was a task for this change order before');
    expect(webhook.decisions()).toMatchObject([{ follow: 'exists' }]);
  });

  test('that has room for whatever a sender says of itself', async ({ onTestFinished }) => {
    const { webhook, fc, tasks } = await stage({}, onTestFinished);
    const actor = '🦘"\\\u0001'.repeat(70_000);
    const payload = { id: changeOrderId, isBad: true, sender: { login: actor } };
    const headers = { 'X-GitHub-Delivery': '"\\'.repeat(100_000) };
    const answer = await webhook.post('talkative', payload, { headers });
    expect(answer.body).toMatchObject({ outcome: 'rolling_back', follow: 'dispatched' });
    expect(fc.calls[0]?.payload.length).toBeLessThan(4_000);
    expect(tasks()).toHaveLength(1);
    expect(tasks()[0]?.delivery).toMatch(/^["\\]{200}…$/);
  });

  test('in a chat, and people read so', async ({ onTestFinished }) => {
    const { webhook, tasks } = await stage({}, onTestFinished);
    const url = 'https://hooks.slack.com/commands/T1DC2JH3J/397700885554/fake-key';
    const command = { command: '/rollback', text: changeOrderId, response_url: url };
    const answer = await webhook.post('slack', new URLSearchParams(command).toString(), { headers: form });
    expect(answer.body['text']).toMatch(/A task follows it and tells how it ends\.$/);
    expect(tasks()).toMatchObject([{ rollback: 'done', answerAt: { chat: 'slack', url } }]);
    expect([answer.text, ...webhook.lines].join()).not.toContain('fake-key');
  });
});

describe('nothing is followed', () => {
  test('where the source does not want it, and the answer says nothing of it', async ({ onTestFinished }) => {
    const { webhook, fc } = await stage({}, onTestFinished);
    const answer = await webhook.post('alone', order);
    expect(answer.body).toMatchObject({ outcome: 'rolling_back' });
    expect(answer.body).not.toHaveProperty('follow');
    expect(fc.calls).toEqual([]);
  });

  test('where the order was terminated before', async ({ onTestFinished }) => {
    const { webhook, edas, fc } = await stage({}, onTestFinished);
    edas.orders.abort(changeOrderId);
    const answer = await webhook.post('pipeline', order);
    expect(answer.body).toMatchObject({ outcome: 'already_terminated' });
    expect(answer.body).not.toHaveProperty('follow');
    expect(fc.calls).toEqual([]);
  });

  test.for<[string, object, Partial<StageOptions>, object]>([
    ['pipeline', { changeOrderId: otherId }, {}, { code: 'change_order_not_found' }],
    ['ruled', { ...order, since: '2020-01-02T03:04:05Z' }, {}, { code: 'problem_predates_change' }],
    ['rehearsal', order, {}, { outcome: 'dry_run' }],
    ['pipeline', order, { env: { ROLLBACK_SUSPENDED: 'yes' } }, { outcome: 'suspended' }],
    ['pipeline', order, { edasFault: () => edasFaults.deniedByRam() }, { code: 'edas_denied' }],
    ['pipeline', order, { edasFault: () => edasFaults.businessErrorUnder200() }, { code: 'edas_rejected' }],
    ['pipeline', order, { edasFault: () => edasFaults.htmlBadGateway() }, { code: 'edas_outcome_unknown' }],
    ['pipeline', order, { context: { ...fakeContext, credentials: {} } }, { code: 'credentials_missing' }],
  ])('of %s with %j where the answer is $3', async ([source, payload, options, body], { onTestFinished }) => {
    const { webhook, fc } = await stage(options, onTestFinished);
    expect((await webhook.post(source, payload)).body).toMatchObject(body);
    expect(fc.calls).toEqual([]);
  });

  test('of a forged request', async ({ onTestFinished }) => {
    const { webhook, fc } = await stage({}, onTestFinished);
    expect(await webhook.post('pipeline', order, { secret: 'fake-forged-secret' })).toMatchObject({
      status: 401,
    });
    expect(fc.calls).toEqual([]);
  });
});

describe('a rollback stands, whatever becomes of the task that should follow it, and the answer says so', () => {
  const rows: [Fault, tasks?: number][] = [
    [faults.denied()],
    [faults.notFound()],
    [faults.throttled()],
    [faults.internalError()],
    [faults.htmlPage({ status: 202 })],
    [faults.htmlPage({ status: 502 })],
    [faults.oversized()],
    [faults.reset()],
    [faults.closed()],
    [faults.switchingProtocols()],
    [faults.silent()],
    [faults.trickling()],
    [faults.silent(done), 1],
    [faults.delayed({ byMs: 10_000 }), 1],
  ];
  const titled = rows.map(([fault, tasks = 0]) => ({ fault, tasks, name: fault.name }));

  test.concurrent.for(titled)('$name ($tasks tasks)', async ({ fault, tasks }, { onTestFinished }) => {
    await expectOwnRollback(await stage({ fcFault: () => fault }, onTestFinished), { tasks });
  });

  test.concurrent.for([
    faults.reset(done),
    faults.closed(done),
    faults.switchingProtocols(done),
    faults.silent(done),
    faults.internalError(done),
    faults.htmlPage({ status: 202, ...done }),
  ])('an answer that gets lost is settled by the same id: $name', async (fault, { onTestFinished }) => {
    const { webhook, tasks } = await stage({ fcFault: byTurn(fault) }, onTestFinished);
    expect((await webhook.post('pipeline', order)).body).toMatchObject({ follow: 'dispatched' });
    expect(tasks()).toMatchObject([{ rollback: 'done' }]);
  });

  const failures = [faults.denied(), faults.throttled(), faults.internalError(), faults.reset()];

  test.concurrent.for(failures)(
    'an answer that gets lost, with a second try that meets $name, is settled by the state of the task',
    async (fault, { onTestFinished }) => {
      const fcFault = byTurn(faults.internalError(done), fault);
      const { webhook, tasks } = await stage({ fcFault }, onTestFinished);
      expect((await webhook.post('pipeline', order)).body).toMatchObject({ follow: 'dispatched' });
      expect(tasks()).toMatchObject([{ rollback: 'done' }]);
    },
  );

  test('no follow function is named', async ({ onTestFinished }) => {
    const { webhook, warnings } = await stage({ env: { FOLLOW_FUNCTION: '' } }, onTestFinished);
    expect((await webhook.post('pipeline', order)).body).toMatchObject({
      outcome: 'rolling_back',
      follow: 'failed',
    });
    expect(warnings().join()).toContain('FOLLOW_FUNCTION is not set');
  });
});

describePatience(stage, {
  'EDAS takes 10 s': { slack: 'It is not known yet', cloudMonitor: 'edas_unavailable' },
  'Function Compute takes 10 s': { slack: 'Rolling back', cloudMonitor: 'rolling_back' },
  'both take 10 s': { slack: 'It is not known yet', cloudMonitor: 'edas_unavailable' },
});
