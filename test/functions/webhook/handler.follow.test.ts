import { describe, expect, test } from 'vitest';
import * as edasFaults from '../../../local/stand-ins/edas/faults.ts';
import type { Fault as EdasFault } from '../../../local/stand-ins/edas/faults.ts';
import * as faults from '../../../local/stand-ins/fc/faults.ts';
import type { Fault } from '../../../local/stand-ins/fc/faults.ts';
import { fakeAccountId, fakeContext } from '../../support/webhook.ts';
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

describe('a rollback is claimed before it is sent, and then followed by a task', () => {
  test('that knows the order which EDAS named, and has nothing to roll back', async ({ onTestFinished }) => {
    const { webhook, edas, fc, puts } = await stage({}, onTestFinished);
    edas.setFault(({ method }) => {
      // What is claimed is claimed by then, and nothing else is.
      if (method === 'PUT') expect(fc.tasks.map((task) => task.taskId)).toEqual([taskId]);
      return undefined;
    });
    const answer = await webhook.post('pipeline', order, { headers: { 'X-Delivery-Id': 'fake-delivery' } });
    expect(answer).toMatchObject({
      status: 202,
      body: { outcome: 'rolling_back', evidence: 'reply', claimed: true, follow: 'dispatched' },
    });
    expect(answer.body['message']).toMatch(/A task follows it and tells how it ends\.$/);
    expect(fc.calls).toMatchObject([
      { operation: 'InvokeFunction', taskId, status: 202 },
      { operation: 'InvokeFunction', taskId: reportId, status: 202 },
    ]);
    const facts = {
      version: 1,
      source: 'pipeline',
      delivery: 'fake-delivery',
      requestId: 'fake-request-id',
      requestedAt: expect.any(Number) as number,
      changeOrderId,
      operation: 'RollbackChangeOrder',
    };
    expect(fc.calls.map(({ payload }) => JSON.parse(payload) as unknown)).toEqual([
      {
        ...facts,
        rollback: 'claimed',
        claim: 1,
        holder: expect.stringMatching(/^fake-request-id\/./) as string,
        sendsUntil: expect.any(Number) as number,
      },
      {
        ...facts,
        rollback: 'done',
        rollbackChangeOrderId: answer.body['rollbackChangeOrderId'],
        isKnownToSender: true,
      },
    ]);
    expect(answer.body['rollbackChangeOrderId']).toMatch(/^[0-9a-f-]{36}$/);
    expect(webhook.decisions()).toMatchObject([
      { outcome: 'rolling_back', claimed: true, follow: 'dispatched' },
    ]);
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
    expect(tasks()).toMatchObject([
      { rollback: 'claimed', app },
      { rollback: 'done', app, rollbackChangeOrderId: undefined },
    ]);
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
    fc.setState(reportId, 'Running');
    const answer = await webhook.post('pipeline', order);
    expect(answer.body).toMatchObject({ outcome: 'rolling_back', claimed: true, follow: 'exists' });
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
    for (const { payload } of fc.calls) expect(payload.length).toBeLessThan(4_000);
    expect(tasks()).toHaveLength(2);
    expect(tasks()[0]?.delivery).toMatch(/^["\\]{200}…$/);
  });

  test('in a chat, and people read so', async ({ onTestFinished }) => {
    const { webhook, tasks } = await stage({}, onTestFinished);
    const url = 'https://hooks.slack.com/commands/T1DC2JH3J/397700885554/fake-key';
    const command = { command: '/rollback', text: changeOrderId, response_url: url };
    const answer = await webhook.post('slack', new URLSearchParams(command).toString(), { headers: form });
    expect(answer.body['text']).toMatch(/A task follows it and tells how it ends\.$/);
    const answerAt = { chat: 'slack', url };
    expect(tasks()).toMatchObject([
      { rollback: 'claimed', answerAt },
      { rollback: 'done', answerAt },
    ]);
    expect([answer.text, ...webhook.lines].join()).not.toContain('fake-key');
  });
});

describe('nothing is claimed or followed', () => {
  test('where the source does not want it, and the answer says what that means', async ({
    onTestFinished,
  }) => {
    const { webhook, fc } = await stage({}, onTestFinished);
    const answer = await webhook.post('alone', order);
    expect(answer.body).toMatchObject({ outcome: 'rolling_back', claimed: false });
    expect(answer.body).not.toHaveProperty('follow');
    expect(answer.body['message']).toMatch(
      /Once is not sure, for this source has no follow function: a delivery at the same moment may have sent the rollback too\.$/,
    );
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

/** EDAS never shows a rollback, and takes every one. */
const hidden = { rules: { ofTerminated: 'accepted', showsAfterMs: Infinity } } as const;
/** This is what a rollback meets, and no read. */
const putMeets =
  (fault: EdasFault): NonNullable<StageOptions['edasFault']> =>
  ({ method }) =>
    method === 'PUT' ? fault : undefined;
/** This is what reports meet, and no claim. */
const reportMeets =
  (fault: Fault): NonNullable<StageOptions['fcFault']> =>
  (call) =>
    call.operation === 'InvokeFunction' && call.taskId === reportId ? fault : undefined;

describe('a repeat, to an EDAS that does not show the rollback,', () => {
  const lost = edasFaults.resetAfterHandling();

  test.for<[string, Partial<StageOptions>, object, string]>([
    [
      'is told of the delivery that has the claim',
      { fcFault: reportMeets(faults.denied()) },
      { status: 200, body: { outcome: 'deferred', duplicate: true, task: 'Running', changeOrderId } },
      'Another delivery is rolling this change order back. A task (Running) finishes it if that delivery is cut off. This delivery did nothing.',
    ],
    [
      'is told of the rollback that EDAS accepted',
      {},
      { status: 200, body: { outcome: 'deferred', duplicate: true, task: 'Running', changeOrderId } },
      'EDAS accepted the rollback for an earlier delivery (rollback order ',
    ],
    [
      'is told that nobody knows, where the answer got lost',
      { edasFault: putMeets(lost) },
      { status: 504, body: { code: 'edas_outcome_unknown', changeOrderId } },
      'An earlier delivery sent the rollback, and it was not known whether it began. This one sent nothing.',
    ],
    [
      'is told that the claim is taken, where it cannot be read',
      { fcFault: ({ operation }) => (operation === 'GetAsyncTask' ? faults.denied() : undefined) },
      { status: 200, body: { outcome: 'deferred', duplicate: true, task: 'unknown' } },
      'Function Compute does not show what has become of it',
    ],
  ])('%s, and sends nothing', async ([, options, told, words], { onTestFinished }) => {
    const { webhook, puts } = await stage({ ...hidden, ...options }, onTestFinished);
    await webhook.post('pipeline', order);
    const repeat = await webhook.post('pipeline', order);
    expect(repeat).toMatchObject(told);
    expect(String(repeat.body['message'] ?? repeat.body['detail'])).toContain(words);
    expect(puts()).toBe(1);
  });

  test('rolls back where the one before was refused', async ({ onTestFinished }) => {
    const { webhook, edas, puts, tasks } = await stage(hidden, onTestFinished);
    edas.setFault(putMeets(edasFaults.deniedByRam()));
    expect((await webhook.post('pipeline', order)).body).toMatchObject({ code: 'edas_denied' });
    edas.setFault(undefined);
    expect((await webhook.post('pipeline', order)).body).toMatchObject({
      claimed: true,
      follow: 'dispatched',
    });
    expect(puts()).toBe(2);
    expect(tasks()).toMatchObject([
      { rollback: 'claimed', claim: 1 },
      { rollback: 'refused' },
      { rollback: 'claimed', claim: 2 },
      { rollback: 'done' },
    ]);
  });

  test('rolls back where the one before was cut off and nobody watches, but only when that would show', async ({
    onTestFinished,
  }) => {
    const { webhook, another, fc, clock, puts } = await stage(
      { ...hidden, fcFault: reportMeets(faults.denied()) },
      onTestFinished,
    );
    await webhook.post('pipeline', order);
    fc.setState(taskId, 'Failed');
    expect((await webhook.post('pipeline', order)).body).toMatchObject({ duplicate: true, task: 'Failed' });
    expect(puts()).toBe(1);
    const later = another({ now: () => clock.now() + patienceMs + 45_000 });
    expect((await later.post('pipeline', order)).body).toMatchObject({ claimed: true });
    expect(puts()).toBe(2);
  });
});

describe('a problem says what the task of the claim does:', () => {
  test.for<[string, Partial<StageOptions>, string, RegExp]>([
    [
      'it finds out',
      { ...hidden, edasFault: putMeets(edasFaults.resetAfterHandling()) },
      'edas_outcome_unknown',
      /A task looks at the order for two minutes and tells people; until then no other delivery sends the rollback\.$/,
    ],
    [
      'it may send the rollback, where it could not be told of a refusal',
      { edasFault: putMeets(edasFaults.deniedByRam()), fcFault: reportMeets(faults.denied()) },
      'edas_denied',
      /could not be told of it: about a minute from now it may send the rollback, if the order is still in flight\.$/,
    ],
    [
      'none, where there is no claim, and another delivery may send the rollback',
      { ...hidden, edasFault: putMeets(edasFaults.resetAfterHandling()), fcFault: () => faults.denied() },
      'edas_outcome_unknown',
      /Once is not sure, for Function Compute took no claim in time: .*\.$/,
    ],
    [
      'nothing, where it was told of a refusal',
      { edasFault: putMeets(edasFaults.deniedByRam()) },
      'edas_denied',
      /This request rolled nothing back\.$/,
    ],
  ])('%s', async ([, options, code, words], { onTestFinished }) => {
    const { webhook } = await stage(options, onTestFinished);
    const { body } = await webhook.post('pipeline', order);
    expect(body).toMatchObject({ code, changeOrderId });
    expect(body['detail']).toMatch(words);
  });
});

test('a rollback that is throttled is sent twice at most, and what became of it is not known', async ({
  onTestFinished,
}) => {
  const { webhook, puts, tasks } = await stage(
    { edasFault: putMeets(edasFaults.throttled()) },
    onTestFinished,
  );
  for (let delivery = 1; delivery <= 2; delivery += 1) {
    expect(await webhook.post('pipeline', order)).toMatchObject({
      status: 504,
      body: { code: 'edas_outcome_unknown' },
    });
  }
  expect(puts()).toBe(2);
  expect(tasks()).toMatchObject([{ rollback: 'claimed' }, { rollback: 'unknown', wasInFlight: true }]);
});

test('where Function Compute kills after 3 s, a sender that waits for 9 s is answered half a second before', async ({
  onTestFinished,
}) => {
  const context = { ...fakeContext, accountId: fakeAccountId, function: { timeout: 3 } };
  for (const source of ['pipeline', 'alone']) {
    const { webhook } = await stage({ context, edasFault: () => edasFaults.silent() }, onTestFinished);
    expect((await webhook.post(source, order)).body).toMatchObject({ code: 'edas_outcome_unknown' });
    expect(webhook.decisions()[0]?.['durationMs']).toBeLessThan(2_600);
  }
});

describe('the emergency brake does not depend on the queue: the webhook rolls back, and says that once is not sure, where', () => {
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
    // Both the claim and the report are there, and nobody can know.
    [faults.silent(done), 2],
    [faults.delayed({ byMs: 10_000 }), 2],
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
  ])('but an answer that gets lost is settled by the same id: $name', async (fault, { onTestFinished }) => {
    for (const meets of [[fault], [undefined, fault]]) {
      const { webhook, tasks } = await stage({ fcFault: byTurn(...meets) }, onTestFinished);
      expect((await webhook.post('pipeline', order)).body).toMatchObject({
        claimed: true,
        follow: 'dispatched',
      });
      expect(tasks()).toMatchObject([{ rollback: 'claimed' }, { rollback: 'done' }]);
    }
  });

  test('no follow function is named', async ({ onTestFinished }) => {
    await expectOwnRollback(await stage({ env: { FOLLOW_FUNCTION: '' } }, onTestFinished), {
      logged: 'FOLLOW_FUNCTION is not set',
    });
  });
});

describePatience(stage, {
  'EDAS takes 10 s': { slack: 'It is not known yet', cloudMonitor: 'edas_unavailable' },
  'Function Compute takes 10 s': { slack: 'Rolling back', cloudMonitor: 'rolling_back' },
  'both take 10 s': { slack: 'It is not known yet', cloudMonitor: 'edas_unavailable' },
});
