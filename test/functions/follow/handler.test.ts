import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { Problem } from '../../../functions/errors.ts';
import type { RollbackTask } from '../../../functions/task.ts';
import type { ChangeOrderPlan } from '../../../local/stand-ins/edas/change-orders.ts';
import * as faults from '../../../local/stand-ins/edas/faults.ts';
import {
  accepting,
  answering,
  largeChangeOrder,
  openTaskFunction,
  openWithChange,
  slackAnswer,
  taskApp,
  taskDue,
  taskOrder,
  type TaskFunction,
  type TaskFunctionOptions,
} from '../../support/task.ts';
import { fakeContext, startTime } from '../../support/webhook.ts';

/** The follow function, and a change in flight that it can roll back within a minute. */
const open = (options: TaskFunctionOptions = {}, plan: Partial<ChangeOrderPlan> = {}) =>
  openWithChange(options, plan, onTestFinished);

function rollbackOrderOf({ edas }: TaskFunction): string {
  return edas.orders.ofApplication(taskApp).find(({ rollbackOf }) => rollbackOf === taskOrder)?.id ?? '';
}

const putsOf = (task: TaskFunction) => task.calls().filter((call) => call.includes('PUT'));
const headlineOf = (task: TaskFunction) => task.notifications().at(-1)?.text.split('\n')[0];

const done: Partial<RollbackTask> = { rollback: 'done', isKnownToSender: true };
const problemOf = (error: unknown) => (error instanceof Problem ? error.code : error);

describe('a rollback that is due', () => {
  test('is done before anything else, and then followed to its end', async () => {
    const task = await open();
    expect(await task.run()).toEqual({ event: 'succeeded' });
    expect(task.events()).toEqual(['started', 'succeeded']);
    expect(task.calls().slice(0, 4)).toEqual(['0 read change', '0 PUT change', '0 read change', '0 name']);
    expect(task.edas.orders.rollbacksOf(taskOrder)).toBe(1);
  });

  test('in a Kubernetes cluster is AbortAndRollbackChangeOrder', async () => {
    const task = await open();
    expect(await task.run({ operation: 'AbortAndRollbackChangeOrder' })).toEqual({ event: 'succeeded' });
    expect(task.calls()).toContain('0 PUT (k8s) change');
  });

  test.each([
    [2, 'succeeded'],
    [7, 'partly_succeeded'],
  ] as const)('ends as its order does (status %i)', async (outcome, event) => {
    const task = await open({ edas: { rollbackRules: { order: { outcome } } } });
    expect(await task.run()).toEqual({ event });
    expect(task.events().at(-1)).toBe(event);
    expect(task.notifications().at(-1)).toMatchObject({ status: outcome, changeStatus: 6 });
    expect(task.notifications().at(-1)?.failures).toHaveLength(outcome === 2 ? 0 : 1);
  });

  test('ends as terminated where a person stops it', async () => {
    const task = await open();
    task.clock.at(30, () => task.edas.orders.abort(rollbackOrderOf(task)));
    expect(await task.run()).toEqual({ event: 'terminated' });
    expect(task.notifications().at(-1)).toMatchObject({
      status: 6,
      rollbackChangeOrderId: rollbackOrderOf(task),
    });
  });

  test.each([
    ['of a problem older than the change', { problemStartedAt: 1 }, 'problem_predates_change', {}],
    [
      'of an order that EDAS does not know',
      { changeOrderId: taskOrder.replace('4', '5') },
      'change_order_not_found',
      {},
    ],
    [
      'of a change that has succeeded, and supports none,',
      {},
      'change_order_finished',
      { createdAt: Date.parse(startTime) - 3e6, supportRollback: false },
    ],
  ])('%s is told not to be done, and the task fails', async (_what, differences, code, plan) => {
    const task = await open({}, plan);
    expect(problemOf((await task.run(differences)).error)).toBe(code);
    expect(task.notifications()).toMatchObject([{ event: 'not_rolled_back', problem: { code } }]);
    expect(task.decisions()).toMatchObject([{ code, rollback: 'due' }]);
    expect(task.calls().join()).not.toContain('PUT');
  });

  test('while rollbacks are suspended is held, told, and failed, so that it is tried again', async () => {
    const task = await open({ env: { ROLLBACK_SUSPENDED: 'true' } });
    expect(problemOf((await task.run()).error)).toBe('rollback_suspended');
    expect(task.notifications()).toMatchObject([
      { event: 'not_rolled_back', problem: { code: 'rollback_suspended' } },
    ]);
    expect(task.calls()).toEqual(['0 read change', '0 name']);
  });

  test('while rollbacks are suspended is nothing to hold where the change has been terminated', async () => {
    const task = await open({ env: { ROLLBACK_SUSPENDED: 'true' } });
    task.edas.orders.abort(taskOrder);
    expect(await task.run()).toEqual({ event: 'already_terminated' });
  });
});

describe('a change that was terminated before', () => {
  test('by a rollback that is in the list is told, and its rollback followed', async () => {
    const task = await open();
    await task.clock.sleep(10_000);
    task.edas.orders.rollback(taskOrder);
    await task.clock.sleep(10_000);
    expect(await task.run()).toEqual({ event: 'succeeded' });
    const rollbackChangeOrderId = rollbackOrderOf(task);
    expect(task.notifications()).toMatchObject([
      { event: 'already_terminated', rollbackChangeOrderId, isPresumed: true, status: 6 },
      { event: 'succeeded', rollbackChangeOrderId, isPresumed: true, status: 2 },
    ]);
    expect(headlineOf(task)).toContain('Probably succeeded');
    expect(task.edas.orders.rollbacksOf(taskOrder)).toBe(1);
  });

  test.each([
    ['by a person who stopped it', taskApp],
    ['and whose application is not known', undefined],
  ])('%s is told, and there is nothing to follow', async (_what, app) => {
    const task = await open();
    task.edas.orders.abort(taskOrder);
    expect(await task.run({ app })).toEqual({ event: 'already_terminated' });
    expect(task.events()).toEqual(['already_terminated']);
    expect(task.decisions()).toMatchObject([{ outcome: 'already_terminated', status: 6 }]);
  });

  test('is followed in silence on a retry that finds the rollback, for an earlier attempt told of it', async () => {
    const task = await open();
    task.edas.orders.rollback(taskOrder);
    await task.clock.sleep(10_000);
    expect(await task.run({}, 1)).toEqual({ event: 'succeeded' });
    expect(task.events()).toEqual(['succeeded']);
    expect(task.calls().join()).not.toContain('PUT');
  });

  test('is told on a retry that finds no rollback of it, and not that nothing was sent', async () => {
    const task = await open();
    task.edas.orders.abort(taskOrder);
    expect(await task.run({}, 1)).toEqual({ event: 'unreadable' });
    expect(task.notifications()).toMatchObject([{ event: 'unreadable', status: 6 }]);
    expect(task.notifications()[0]).not.toHaveProperty('rollbackChangeOrderId');
    const text = task.notifications()[0]?.text ?? '';
    expect(text).toContain(
      'Why: The change order is terminated, by an earlier attempt of this task or otherwise.',
    );
    expect(text).toContain('Next: follow the rollback in the EDAS console.');
    expect(text).not.toMatch(/no rollback was sent|terminated by somebody/i);
    expect(putsOf(task)).toEqual([]);
  });
});

describe('a rollback that the webhook has done', () => {
  test('is followed, and nothing is sent', async () => {
    const task = await open();
    task.edas.orders.rollback(taskOrder);
    const rollbackChangeOrderId = rollbackOrderOf(task);
    expect(await task.run({ ...done, rollbackChangeOrderId })).toEqual({ event: 'succeeded' });
    expect(task.events()).toEqual(['started', 'succeeded']);
    expect(task.notifications()).toMatchObject([
      { isPresumed: false },
      { isPresumed: false, changeStatus: 6 },
    ]);
    expect(headlineOf(task)).toContain(
      'Succeeded: the EDAS rollback is complete; the change is rolled back.',
    );
    expect(task.calls().join()).not.toContain('PUT');
    expect(task.calls().join()).not.toContain('list');
  });

  test('has probably succeeded where its order has, and the change is shown in flight all the same', async () => {
    const task = await open({ edas: { rollbackRules: { showsAfterMs: 1e9 } } });
    task.edas.orders.rollback(taskOrder);
    const rollbackChangeOrderId = rollbackOrderOf(task);
    expect(await task.run({ ...done, rollbackChangeOrderId })).toEqual({ event: 'succeeded' });
    expect(task.notifications().at(-1)).toMatchObject({ isPresumed: false, status: 2, changeStatus: 1 });
    expect(headlineOf(task)).toContain('Probably succeeded');
  });

  test('is found in the list where EDAS answered with the id that it was sent', async () => {
    const task = await open();
    await task.clock.sleep(1_000);
    task.edas.orders.rollback(taskOrder);
    expect(await task.run({ ...done, rollbackChangeOrderId: taskOrder })).toEqual({ event: 'succeeded' });
    expect(task.notifications().at(-1)).toMatchObject({
      rollbackChangeOrderId: rollbackOrderOf(task),
      isPresumed: true,
      changeStatus: 6,
    });
    expect(headlineOf(task)).toContain('Probably succeeded');
    expect(task.notifications()[0]).toMatchObject({ event: 'started', isPresumed: true });
  });

  test('is followed at the change itself where its order is not known', async () => {
    const task = await open();
    task.edas.orders.rollback(taskOrder);
    expect(await task.run({ ...done, app: undefined })).toEqual({ event: 'terminated' });
    expect(task.notifications().at(-1)).not.toHaveProperty('rollbackChangeOrderId');
    expect(task.notifications().at(-1)?.text).toContain(
      'by the EDAS rollback or because a person stopped it',
    );
  });

  test('is not called started again in the chat, whose answer the webhook gave; its end is', async () => {
    const task = await open();
    task.edas.orders.rollback(taskOrder);
    await task.run({ ...done, rollbackChangeOrderId: rollbackOrderOf(task), answerAt: slackAnswer });
    const chat = task.receiver.messages.filter(({ kind }) => kind === 'slack-answer');
    expect(chat.map(({ text }) => text.split('\n')[0])).toEqual([
      expect.stringContaining('Succeeded') as string,
    ]);
    expect(task.events()).toEqual(['started', 'succeeded']);
  });

  test('is called started in the chat, where the answer of the webhook did not say so', async () => {
    const task = await open();
    task.edas.orders.rollback(taskOrder);
    const rollbackChangeOrderId = rollbackOrderOf(task);
    await task.run({ ...done, isKnownToSender: false, rollbackChangeOrderId, answerAt: slackAnswer });
    const chat = task.receiver.messages.filter(({ kind }) => kind === 'slack-answer');
    expect(chat.map(({ text }) => text.split(':')[0])).toEqual(['Started', 'Succeeded']);
  });

  test('is picked up by a retry, which does not report again what was so before it', async () => {
    const order = { batches: 2, batchMs: 60_000, waitsForPerson: true, failsInBatch: 1 };
    const task = await open({ edas: { rollbackRules: { order } } });
    task.edas.orders.rollback(taskOrder);
    const rollbackChangeOrderId = rollbackOrderOf(task);
    await task.clock.sleep(70_000);
    task.clock.at(100, () => task.edas.orders.confirm(rollbackChangeOrderId));
    expect(await task.run({ ...done, rollbackChangeOrderId }, 1)).toEqual({ event: 'succeeded' });
    expect(task.events()).toEqual(['succeeded']);
  });

  test('is told to be unreadable where the role may not read, and the task is not tried again for that', async () => {
    const task = await open();
    task.edas.setFault(() => faults.deniedByRam());
    expect(await task.run(done)).toEqual({ event: 'unreadable' });
    expect(task.notifications().at(-1)?.problem?.message).toContain('edas:ReadApplication');
    expect(task.clock.seconds()).toBe(25);
  });

  test('is followed to its end where EDAS refuses once to show it', async () => {
    const task = await open();
    task.edas.orders.rollback(taskOrder);
    task.edas.setFault(() =>
      task.clock.seconds() > 20 && task.clock.seconds() < 30 ? faults.deniedByRam() : undefined,
    );
    const rollbackChangeOrderId = rollbackOrderOf(task);
    expect(await task.run({ ...done, rollbackChangeOrderId })).toEqual({ event: 'succeeded' });
    expect(task.events()).toEqual(['started', 'succeeded']);
  });
});

describe.each([
  ['credentials_missing', { context: { ...fakeContext, credentials: {}, function: { timeout: 600 } } }],
  ['edas_endpoint_invalid', { env: { EDAS_ENDPOINT: 'http://edas.example.com' } }],
] as const)('where there is nothing to ask EDAS with (%s), a rollback', (code, options) => {
  test('that is due is told not to be done, and the task fails', async () => {
    const task = await open(options);
    expect(problemOf((await task.run()).error)).toBe(code);
    expect(task.notifications()).toMatchObject([
      { event: 'not_rolled_back', app: { id: taskApp }, problem: { code } },
    ]);
    expect(task.decisions()).toHaveLength(1);
  });

  test('that the webhook has done is told to be unreadable, and not to be not done', async () => {
    const task = await open(options);
    expect(problemOf((await task.run(done)).error)).toBe(code);
    expect(task.events()).toEqual(['started', 'unreadable']);
    expect(task.notifications().at(-1)).toMatchObject({ problem: { code } });
    expect(task.decisions()).toMatchObject([{ level: 'error', code }]);
  });
});

describe('a doubt of a task that follows its own rollback, for the queue is down,', () => {
  test('is told before the order is watched for two minutes, and after it, and the task fails', async () => {
    const task = await open({}, { batchMs: 600_000 });
    task.edas.setFault(({ method }) => (method === 'PUT' ? faults.emptyBody() : undefined));
    expect(problemOf((await task.run()).error)).toBe('edas_outcome_unknown');
    expect(task.events()).toEqual(['outcome_unknown', 'outcome_unknown']);
    expect(task.clock.seconds()).toBeGreaterThan(120);
    expect(task.clock.seconds()).toBeLessThan(145);
    expect(putsOf(task)).toHaveLength(1);

    const [first, second] = task.notifications();
    expect(first?.tookMs).toBeLessThan(2_000 + 21_000);
    expect(first?.problem?.message).toMatch(
      /^The rollback was sent, and it is not known whether it began\. EDAS gave no answer that can be relied on: it is empty\. This task looks at the change order for two minutes, and until then nothing sends the rollback again\.$/,
    );
    expect(second?.problem?.message).toBe(
      "The rollback was sent, and the change order's status is still 1 (running), so most probably the rollback had no effect. Look at it in the EDAS console. Function Compute may run this task again: if the order is still in flight then, the rollback is sent once more.",
    );
    for (const { text } of task.notifications()) expect(text).not.toMatch(/send the webhook/i);
  });

  test('is told at once, and then that the rollback began, where EDAS shows it late', async () => {
    const task = await open({ edas: { rollbackRules: { showsAfterMs: 60_000 } } });
    task.edas.setFault(({ method }) =>
      method === 'PUT' ? faults.emptyBody({ takesEffect: true }) : undefined,
    );
    expect(await task.run()).toEqual({ event: 'succeeded' });
    expect(task.events()).toEqual(['outcome_unknown', 'started', 'succeeded']);
    expect(task.edas.orders.rollbacksOf(taskOrder)).toBe(1);
  });

  test('is followed by a retry that sends nothing as long as the queue is down, and says why', async () => {
    const task = await open({}, { batchMs: 600_000 });
    task.edas.setFault(({ method }) => (method === 'PUT' ? faults.emptyBody() : undefined));
    await task.run();
    expect(problemOf((await task.run({}, 1)).error)).toBe('edas_outcome_unknown');
    expect(putsOf(task)).toHaveLength(1);
    expect(task.notifications().at(-1)?.problem?.message).toMatch(
      /^An earlier attempt of this task may have sent the rollback\. Function Compute could not be asked for the claim/,
    );
  });

  test('is followed by a retry that finds the rollback begun, and follows it', async () => {
    const task = await open({ edas: { rollbackRules: { showsAfterMs: 200_000 } } });
    let attempt = 0;
    task.edas.setFault(({ method }) =>
      method === 'PUT' && attempt === 0 ? faults.emptyBody({ takesEffect: true }) : undefined,
    );
    expect(problemOf((await task.run()).error)).toBe('edas_outcome_unknown');
    attempt = 1;
    await task.clock.sleep(100_000);
    expect(await task.run({}, 1)).toEqual({ event: 'succeeded' });
    expect(task.edas.orders.rollbacksOf(taskOrder)).toBe(1);
  });
});

test('a retry of a change that has ended does not say that an answer got lost, but what the order shows', async () => {
  const task = await open({}, { createdAt: Date.parse(startTime) - 3_600_000, outcome: 3 });
  expect(problemOf((await task.run({}, 1)).error)).toBe('edas_outcome_unknown');
  expect(task.notifications()).toMatchObject([{ event: 'outcome_unknown' }]);
  expect(task.notifications()[0]?.problem?.message).toContain('status is 3 (failed): so it is not sent');
  expect(task.notifications()[0]?.problem?.message).not.toContain('got lost');
  expect(putsOf(task)).toEqual([]);
});

test('a retry that is held does not claim that nothing was done: an earlier attempt may have rolled back, and EDAS shows it late', async () => {
  const task = await open({ edas: { rollbackRules: { showsAfterMs: 600_000 } } });
  task.edas.setFault(({ method }) =>
    method === 'PUT' ? faults.emptyBody({ takesEffect: true }) : undefined,
  );
  expect(problemOf((await task.run()).error)).toBe('edas_outcome_unknown');
  expect(task.edas.orders.rollbacksOf(taskOrder)).toBe(1);

  const env = { ROLLBACK_SUSPENDED: 'true', EDAS_ENDPOINT: task.edas.url };
  const held = await openTaskFunction({ env }, onTestFinished);
  expect(problemOf((await held.run({}, 1)).error)).toBe('rollback_suspended');
  expect(held.notifications()).toMatchObject([
    { event: 'outcome_unknown', problem: { code: 'rollback_suspended' } },
  ]);
  expect(held.notifications()[0]?.problem?.message).toMatch(
    /An earlier attempt of this task may have rolled back\.$/,
  );
});

describe('an EDAS that is down', () => {
  test('all the time is told once it is certain that nothing was sent', async () => {
    const task = await open();
    await task.edas.close();
    expect(problemOf((await task.run()).error)).toBe('edas_unavailable');
    expect(task.notifications()).toMatchObject([{ event: 'not_rolled_back', app: { id: taskApp } }]);
    expect(task.clock.seconds()).toBeLessThan(25);
  });

  test('while a rollback is followed is told when the time is up, with the reason', async () => {
    const task = await open({ timeout: 600 });
    await task.edas.close();
    expect(await task.run(done)).toEqual({ event: 'out_of_time' });
    expect(task.events()).toEqual(['started', 'out_of_time']);
    expect(task.notifications().at(-1)?.problem?.message).toContain('ECONNREFUSED');
    expect(task.clock.seconds()).toBeLessThanOrEqual(600 - 75);
    expect(task.clock.seconds()).toBeGreaterThan(500);
  });

  test('for some minutes in the middle changes nothing but the log', async () => {
    const task = await open();
    const isDown = () => task.clock.seconds() > 20 && task.clock.seconds() < 300;
    task.edas.setFault(() => (isDown() ? faults.htmlBadGateway() : undefined));
    expect(await task.run()).toEqual({ event: 'succeeded' });
    expect(task.events()).toEqual(['started', 'succeeded']);
    expect(task.log().filter(({ level }) => level === 'warn').length).toBeGreaterThan(20);
  });

  test('for the name of the application costs only the name', async () => {
    const task = await open();
    task.edas.setFault(({ operation }) =>
      operation === 'GetApplication' ? faults.deniedByRam() : undefined,
    );
    expect(await task.run()).toEqual({ event: 'succeeded' });
    expect(task.notifications().map(({ app }) => app)).toEqual([{ id: taskApp }, { id: taskApp }]);
    expect(task.calls().filter((call) => call.endsWith('name'))).toHaveLength(1);
  });
});

describe('a task that comes twice while the queue is down', () => {
  test('one after the other rolls back once, and says what it found', async () => {
    const task = await open({ edas: { rollbackRules: { ofTerminated: 'accepted' } } });
    await task.run();
    expect(await task.run()).toEqual({ event: 'succeeded' });
    expect(task.events()).toEqual(['started', 'succeeded', 'already_terminated', 'succeeded']);
    expect(task.calls().filter((call) => call.includes('PUT'))).toHaveLength(1);
  });

  test('at the same moment sends two rollbacks, of which EDAS refuses one, and both follow the other', async () => {
    const task = await open({ edas: { rollbackRules: { ofTerminated: 'refused' } } });
    await task.clock.sleep(1_000);
    const ends = await Promise.all([task.run(), task.run()]);
    expect(ends).toEqual([{ event: 'succeeded' }, { event: 'succeeded' }]);
    expect(task.events().toSorted()).toEqual(['already_terminated', 'started', 'succeeded', 'succeeded']);
    expect(task.calls().filter((call) => call.includes('PUT'))).toHaveLength(2);
    expect(task.edas.orders.rollbacksOf(taskOrder)).toBe(1);
  });

  // Which is why a rollback is claimed, where the queue works.
  test('at the same moment rolls back twice where EDAS takes every rollback', async () => {
    const task = await open({ edas: { rollbackRules: { ofTerminated: 'accepted' } } });
    await Promise.all([task.run(), task.run()]);
    expect(task.edas.orders.rollbacksOf(taskOrder)).toBe(2);
  });
});

test('a release that waits for a person, and that EDAS shows late, is never to be confirmed without a caution', async () => {
  for (const app of [taskApp, undefined]) {
    // EDAS carries the rollback out under the id of the change, and the release waits from 30 s on.
    const task = await open({ timeout: 300 }, { waitsForPerson: true });
    task.edas.setFault(({ method }) => (method === 'PUT' ? accepting(taskOrder) : undefined));
    expect(await task.run({ app })).toEqual({ event: 'out_of_time' });
    expect(task.events()).toEqual(['started', 'waiting', 'out_of_time']);
    expect(task.notifications().map(({ status }) => status)).toEqual([undefined, 8, 8]);
    const looks = task.calls().filter((call) => call.endsWith('read change'));
    expect(looks).toContain('5 read change');
    const caution =
      'Next: it is not known whether the release waits or its rollback: compare the versions in the EDAS console before you confirm a batch.';
    for (const { text } of task.notifications().slice(1)) {
      expect(text).toContain('waiting for a person to confirm the next batch');
      expect(text).toContain(caution);
    }
  }
});

describe('a task that waited for 50 minutes', () => {
  const requestedAt = Date.parse(startTime) - 3_000_000;

  test('rolls back what is still in flight, and says how long it took', async () => {
    const task = await open();
    expect(await task.run({ requestedAt })).toEqual({ event: 'succeeded' });
    expect(task.notifications()[0]).toMatchObject({ event: 'started', tookMs: 3_000_000 });
    expect(putsOf(task)).toEqual(['0 PUT change']);
  });

  test('sends nothing where the change has ended by then, and says what to do', async () => {
    const task = await open({}, { createdAt: Date.parse(startTime) - 3_100_000, outcome: 3 });
    expect(problemOf((await task.run({ requestedAt })).error)).toBe('edas_outcome_unknown');
    expect(task.notifications()).toMatchObject([
      { event: 'outcome_unknown', problem: { code: 'edas_outcome_unknown' } },
    ]);
    expect(task.notifications()[0]?.text).toContain('Why: This rollback comes late, or was sent before');
    expect(putsOf(task)).toEqual([]);
  });

  test('finds what was rolled back meanwhile, and follows it', async () => {
    const task = await open();
    await task.clock.sleep(1_000);
    task.edas.orders.rollback(taskOrder);
    expect(await task.run({ requestedAt })).toEqual({ event: 'succeeded' });
    expect(task.events()).toEqual(['already_terminated', 'succeeded']);
    expect(putsOf(task)).toEqual([]);
  });
});

test('a change order of many megabytes is followed to its end, and the messages about it are short', async () => {
  const task = await open({ channels: ['webhook', 'wecom'] });
  let reads = 0;
  task.edas.setFault(({ operation }) => {
    if (operation !== 'GetChangeOrderInfo') return undefined;
    const status = [1, 6, 6, 1][reads++] ?? 6;
    return answering(largeChangeOrder(status));
  });
  expect(await task.run({ app: undefined })).toMatchObject({ event: 'terminated' });
  expect(task.log().filter(({ msg }) => msg === 'a change order could not be looked at')).toEqual([]);
  const { text = '', failures } = task.notifications().at(-1) ?? {};
  expect(failures).toHaveLength(10);
  expect(text.length).toBeLessThanOrEqual(1500);
  for (const { body } of task.receiver.messages) expect(JSON.stringify(body).length).toBeLessThan(10_000);
});

test('an order that EDAS names in capitals is the change itself, where it is that', async () => {
  const task = await open();
  const inCapitals = accepting(taskOrder.toUpperCase(), { takesEffect: true });
  task.edas.setFault(({ method }) => (method === 'PUT' ? inCapitals : undefined));
  expect(await task.run({ app: undefined })).toEqual({ event: 'terminated' });
  for (const notification of task.notifications())
    expect(notification).not.toHaveProperty('rollbackChangeOrderId');
});

describe('the channels', () => {
  const both = ['webhook', 'slack'] as const;

  test('are told in time beside one that answers with another protocol', async () => {
    for (const fault of ['switching', 'switching-to-nothing'] as const) {
      const task = await open({ channels: ['dingtalk', 'webhook', 'slack'] });
      task.receiver.setFault('dingtalk', fault);
      task.receiver.setFault('slack-answer', fault);
      expect(await task.run({ answerAt: slackAnswer })).toEqual({ event: 'succeeded' });
      expect(task.notifications().map(({ event }) => event)).toEqual(['started', 'succeeded']);
      const told = task.receiver.messages.filter(({ kind }) => kind === 'slack');
      expect(told.map(({ text }) => text.split(':')[0])).toEqual(['Started', 'Succeeded']);
      expect(task.log().filter(({ msg }) => msg === 'news')).toMatchObject([
        { event: 'started', reached: 2, tried: 3 },
        { event: 'succeeded', reached: 2, tried: 3 },
      ]);
      // Four tries of two messages at one channel, at most, and as many at the chat, with pauses of half a second between.
      expect(task.clock.seconds()).toBeLessThan(70);
      await expect.poll(() => task.receiver.connections()).toBe(0);
    }
  });

  test('that all answer with another protocol fail the task after it has followed to the end', async () => {
    const task = await open({ channels: both });
    for (const kind of both) task.receiver.setFault(kind, 'switching');
    expect(problemOf((await task.run()).error)).toBe('notification_failed');
    expect(task.events()).toEqual(['started', 'succeeded']);
    expect(
      task.log().filter(({ reason }) => reason === 'the connection ended without an answer'),
    ).toHaveLength(4);
  });

  test('are more than the chat: it fails nothing where it cannot be told, and saves nothing where it can', async () => {
    const alone = await open({ channels: [] });
    alone.receiver.setFault('slack-answer', 'error-code');
    expect(await alone.run({ answerAt: slackAnswer })).toEqual({ event: 'succeeded' });
    expect(alone.log().filter(({ msg }) => msg === 'a channel could not be told')).toHaveLength(2);

    const beside = await open({ channels: ['webhook'] });
    beside.receiver.setFault('webhook', 'error-code');
    expect(problemOf((await beside.run({ answerAt: slackAnswer })).error)).toBe('notification_failed');
    expect(beside.receiver.messages.map(({ kind }) => kind)).toEqual(['slack-answer', 'slack-answer']);
  });

  test('are counted in one line of the log for each notification, and one that cannot be told fails nothing', async () => {
    const task = await open({ channels: both });
    task.receiver.setFault('slack', 'error-code');
    expect(await task.run()).toEqual({ event: 'succeeded' });
    expect(task.log().filter(({ msg }) => msg === 'a channel could not be told')).toHaveLength(2);
    const line = { level: 'info', msg: 'news', requestId: 'fake-request-id', source: 'pipeline' };
    const facts = {
      ...line,
      changeOrderId: taskOrder,
      reached: 1,
      tried: 2,
      time: expect.any(String) as string,
    };
    expect(task.log().filter(({ msg }) => msg === 'news')).toEqual([
      { ...facts, event: 'started' },
      { ...facts, event: 'succeeded' },
    ]);
    expect(task.notifications()).toMatchObject([
      { requestId: 'fake-request-id' },
      { requestId: 'fake-request-id' },
    ]);
  });

  test('of which none can be told fail the task, so that it is tried again', async () => {
    const task = await open({ channels: both });
    for (const kind of both) task.receiver.setFault(kind, 'error-code');
    expect(problemOf((await task.run()).error)).toBe('notification_failed');
    expect(task.edas.orders.rollbacksOf(taskOrder)).toBe(1);
    expect(task.decisions()).toMatchObject([{ code: 'notification_failed', level: 'error' }]);
    for (const kind of both) task.receiver.setFault(kind, undefined);
    expect(await task.run({}, 1)).toEqual({ event: 'succeeded' });
    expect(task.notifications()).toMatchObject([{ event: 'succeeded' }]);
    expect(task.edas.orders.rollbacksOf(taskOrder)).toBe(1);
  });

  test('need to be told of the end: that none could be told of the start fails nothing', async () => {
    const task = await open();
    task.receiver.setFault('webhook', 'error-code');
    task.clock.at(8, () => {
      task.receiver.setFault('webhook', undefined);
    });
    expect(await task.run()).toEqual({ event: 'succeeded' });
    expect(task.notifications()).toMatchObject([{ event: 'succeeded' }]);
  });

  test('may be none, and that fails nothing', async () => {
    const task = await open({ channels: [] });
    expect(await task.run()).toEqual({ event: 'succeeded' });
    expect(task.log().filter(({ msg }) => msg === 'news')).toMatchObject([{ tried: 0 }, { tried: 0 }]);
  });

  test('fail the task where the only one is closed', async () => {
    const task = await open({ env: { WEBHOOK_URL: '' } });
    expect(problemOf((await task.run()).error)).toBe('notification_failed');
    expect(task.log()[0]).toMatchObject({ msg: 'a channel is closed', variable: 'WEBHOOK_URL' });
    const untold = task.log().filter(({ msg }) => msg === 'a channel could not be told');
    expect(untold.map(({ reason }) => reason)).toEqual(
      Array.from({ length: 2 }, () => 'it is closed: WEBHOOK_URL is empty'),
    );
  });
});

describe('a task that cannot be read', () => {
  test.each([
    ['nothing', undefined],
    ['no order', Buffer.from(JSON.stringify({ ...taskDue, changeOrderId: 'x' }))],
  ])('(%s) is refused and told, and EDAS hears nothing of it', async (_what, payload) => {
    const task = await open();
    expect(problemOf((await task.invoke(payload)).error)).toBe('task_malformed');
    expect(task.notifications()).toMatchObject([
      { event: 'task_refused', problem: { code: 'task_malformed' }, requestId: 'fake-request-id' },
    ]);
    expect(task.decisions()).toMatchObject([{ level: 'warn', code: 'task_malformed' }]);
    expect(task.edas.calls).toEqual([]);
  });

  test('is refused as such although no channel can be told', async () => {
    const task = await open();
    task.receiver.setFault('webhook', 'error-code');
    expect(problemOf((await task.invoke('x')).error)).toBe('task_malformed');
  });
});

describe('a clock on the wall that is set', () => {
  test.each([3_600_000, -3_600_000, -86_400_000 * 365])(
    '%i ms further in the middle changes neither how long it took nor the limits, and signatures are of that time',
    async (jumpMs) => {
      let jump = 0;
      let clock = () => Date.parse(startTime);
      const task = await open({ channels: ['webhook', 'dingtalk', 'feishu'], now: () => clock() + jump });
      clock = task.clock.now;
      task.clock.at(20, () => (jump = jumpMs));
      expect(await task.run()).toEqual({ event: 'succeeded' });
      expect(task.notifications().map(({ tookMs }) => tookMs)).toEqual([2_000, 67_000]);
      expect(task.receiver.messages).toHaveLength(6);
    },
  );

  test.each([-3_600_000, -1])('before it (%i ms) gives no negative time', async (jumpMs) => {
    const task = await open({ now: () => Date.parse(startTime) - 2_000 + jumpMs });
    await task.run();
    expect(task.notifications()[0]?.tookMs).toBe(0);
  });
});

describe('an order that never ends', () => {
  test('is told of before the function is killed', async () => {
    const order = { batches: 2, waitsForPerson: true, batchMs: 10_000 };
    const task = await open({ edas: { rollbackRules: { order } }, timeout: 900 });
    expect(await task.run()).toEqual({ event: 'out_of_time' });
    expect(task.events()).toEqual(['started', 'waiting', 'out_of_time']);
    expect(task.clock.seconds()).toBe(900 - 75);
    expect(task.calls().at(-1)).toBe('825 read rollback');
  });

  test.each([undefined, {}, { timeout: '600' }])(
    'is followed for some minutes where the context does not say how long (%j)',
    async (own) => {
      const order = { batchMs: 1e9 };
      const context = { ...fakeContext, function: own };
      const task = await open({ edas: { rollbackRules: { order } }, context });
      expect(await task.run()).toEqual({ event: 'out_of_time' });
      expect(task.clock.seconds()).toBeGreaterThan(200);
      expect(task.clock.seconds()).toBeLessThan(300);
    },
  );
});

describe('the log', () => {
  const everyWay: [string, TaskFunctionOptions, Partial<RollbackTask>, (task: TaskFunction) => unknown][] = [
    ['all goes well', {}, {}, () => undefined],
    [
      'no channel works',
      {},
      {},
      (task) => {
        task.receiver.setFault('webhook', 'server-error');
      },
    ],
    [
      'the chat refuses',
      {},
      {},
      (task) => {
        task.receiver.setFault('slack-answer', 'error-code');
      },
    ],
    [
      'EDAS quotes the credentials',
      {},
      {},
      (task) => {
        task.edas.setFault(() => faults.signatureMismatch());
      },
    ],
    ['EDAS is down', {}, {}, (task) => task.edas.close()],
    ['rollbacks are suspended', { env: { ROLLBACK_SUSPENDED: 'true' } }, {}, () => undefined],
    ['the task cannot be read', {}, { changeOrderId: 'x' }, () => undefined],
    ['the time is up', { timeout: 60 }, done, () => undefined],
  ];

  test.each(everyWay)(
    'has one decision, and no secret, where %s',
    async (_what, options, differences, prepare) => {
      const task = await open({ channels: ['webhook', 'dingtalk', 'feishu', 'wecom', 'slack'], ...options });
      await prepare(task);
      const { error } = await task.run({ answerAt: slackAnswer, ...differences });
      expect(task.decisions()).toHaveLength(1);
      expect(task.decisions()[0]).toMatchObject({ requestId: 'fake-request-id', retryCount: 0 });

      const { accessKeyId, accessKeySecret, securityToken } = fakeContext.credentials ?? {};
      const addresses = task.receiver.urlOf('webhook').split('/').at(-1);
      const secrets = [
        ...[accessKeyId, accessKeySecret, securityToken, addresses, slackAnswer.url],
        ...[
          'fakeResponseToken',
          'fakeSlackHookToken',
          'fake-dingtalk-access-token',
          'fake-feishu-hook-token',
        ],
        ...['fake-wecom-robot-key', 'SECfake-dingtalk-robot-secret', 'fake-feishu-robot-secret', 'whsec_'],
      ];
      const said = [
        ...task.lines,
        String(error),
        JSON.stringify(error),
        JSON.stringify(task.receiver.messages.map(({ body }) => body)),
      ];
      for (const secret of secrets) expect(said.join('\n')).not.toContain(secret);
    },
  );
});

test('an EDAS that answers with nonsense for an hour is told of at the end of it', async () => {
  const task = await open({ timeout: 600 });
  task.edas.setFault(() => answering('{"Code":200,"changeOrderInfo":{"Status":"?"}}'));
  expect(await task.run(done)).toEqual({ event: 'out_of_time' });
});

test('a fault of ours is told without its words, which the log has, and fails the task', async () => {
  const task = await open();
  vi.spyOn(task.clock, 'sleep').mockRejectedValue(new TypeError('made up'));
  expect(problemOf((await task.run()).error)).toBe('internal');
  expect(task.events()).toEqual(['started', 'unreadable']);
  expect(JSON.stringify(task.notifications())).not.toContain('made up');
  expect(task.log().find(({ msg }) => msg === 'the function failed')?.['stack']).toContain('made up');
});
