import { describe, expect, onTestFinished, test } from 'vitest';
import type { ChangeOrderPlan } from '../../../local/stand-ins/edas/change-orders.ts';
import * as faults from '../../../local/stand-ins/edas/faults.ts';
import * as fcFaults from '../../../local/stand-ins/fc/faults.ts';
import {
  openWithChange,
  slackAnswer,
  taskApp,
  taskOrder,
  type TaskFunction,
  type TaskFunctionOptions,
} from '../../support/task.ts';
import { fakeContext } from '../../support/webhook.ts';

/** The follow function with its queue, and a change in flight that it can roll back within a minute. */
const open = (options: TaskFunctionOptions = {}, plan: Partial<ChangeOrderPlan> = {}) =>
  openWithChange({ queue: true, ...options }, plan, onTestFinished);

const putsOf = (task: TaskFunction) => task.calls().filter((call) => call.includes('PUT'));
const statesOf = ({ fc }: TaskFunction) => fc?.tasks.map(({ taskId, status }) => `${taskId} ${status}`);

describe('a rollback that is due', () => {
  test('is sent by the first task, watched by the second, and followed to its end by the third', async () => {
    const task = await open();
    expect(await task.runAll()).toEqual({ event: 'handed_over' });
    expect(task.ends()).toEqual(['due handed_over', 'claimed watched', 'done succeeded']);
    expect(statesOf(task)).toEqual([`rollback-${taskOrder}-2 Succeeded`, `follow-${taskOrder}-2 Succeeded`]);
    expect(task.events()).toEqual(['started', 'succeeded']);
    expect(putsOf(task)).toEqual(['0 PUT change']);
    // The lines of all three say which webhook asked, and that of the first one which order carries the rollback out.
    const [first, , last] = task.decisions();
    expect(first?.['rollbackChangeOrderId']).toBe(last?.['rollbackChangeOrderId']);
    expect(task.decisions().map(({ webhookRequestId }) => webhookRequestId)).toEqual(
      Array.from({ length: 3 }, () => 'fake-request-id-of-the-webhook'),
    );
  });

  test.each(['accepted', 'refused'] as const)(
    'and is delivered four times at once, is sent once, where EDAS has a second one %s',
    async (ofTerminated) => {
      const task = await open({ edas: { rollbackRules: { ofTerminated } } });
      await Promise.all([task.run(), task.run(), task.run(), task.runAll()]);
      expect(putsOf(task)).toEqual(['0 PUT change']);
      expect(task.edas.orders.rollbacksOf(taskOrder)).toBe(1);
      expect(task.events()).toEqual(['started', 'succeeded']);
      expect(task.ends().filter((end) => end === 'due handed_over')).toHaveLength(4);
    },
  );

  test('and is tried again, is sent once, although EDAS does not show it', async () => {
    const rollbackRules = { ofTerminated: 'accepted', showsAfterMs: Infinity } as const;
    const task = await open({ edas: { rollbackRules } });
    await task.run();
    await task.run({}, 1);
    await task.runAll({}, 'not given');
    expect(putsOf(task)).toEqual(['0 PUT change']);
  });

  test('and EDAS refuses, is told as such, and tried again under the next claim', async () => {
    const task = await open();
    task.edas.setFault(({ method }) =>
      method === 'PUT' && putsOf(task).length < 2 ? faults.businessErrorUnder200() : undefined,
    );
    await task.runAll();
    await task.runAll({}, 1);
    expect(task.ends()).toEqual([
      'due edas_rejected',
      'claimed watched',
      'refused nothing_to_do',
      'due handed_over',
      'claimed watched',
      'done succeeded',
    ]);
    expect(task.events()).toEqual(['not_rolled_back', 'started', 'succeeded']);
    expect(task.edas.orders.rollbacksOf(taskOrder)).toBe(1);
  });

  test('and whose answer gets lost, is settled by a task of its own: people hear of the doubt, and then of the end', async () => {
    const task = await open({ edas: { rollbackRules: { showsAfterMs: 40_000 } } });
    task.edas.setFault(({ method }) =>
      method === 'PUT' ? faults.emptyBody({ takesEffect: true }) : undefined,
    );
    await task.runAll();
    expect(task.ends()).toEqual(['due handed_over', 'claimed watched', 'unknown succeeded']);
    expect(task.events()).toEqual(['outcome_unknown', 'started', 'succeeded']);
    expect(putsOf(task)).toHaveLength(1);
  });

  test('and whose answer gets lost for good, fails that task, which frees the claim, and people are told twice', async () => {
    const task = await open({}, { batchMs: 3_600_000 });
    task.edas.setFault(({ method }) => (method === 'PUT' ? faults.emptyBody() : undefined));
    await task.runAll();
    const failed = Array.from({ length: 3 }, () => 'unknown edas_outcome_unknown');
    expect(task.ends()).toEqual(['due handed_over', 'claimed watched', ...failed]);
    expect(statesOf(task)?.at(-1)).toBe(`follow-${taskOrder}-2 Failed`);
    expect(task.events()).toEqual(['outcome_unknown', 'outcome_unknown']);
    expect(task.notifications().at(-1)?.problem?.message).toContain('ask for it again');
    expect(putsOf(task)).toHaveLength(1);
  });

  test('asked for in a chat is called started there, for the webhook could only say that it is deferred', async () => {
    const task = await open();
    await task.runAll({ answerAt: slackAnswer });
    const chat = task.receiver.messages.filter(({ kind }) => kind === 'slack-answer');
    expect(chat.map(({ text }) => text.split(':')[0])).toEqual(['Started', 'Succeeded']);
  });

  test('is sent although the queue refuses the claim, and then followed by the task of the report', async () => {
    const task = await open();
    task.fc?.setFault(({ taskId }) => (taskId?.startsWith('rollback-') ? fcFaults.throttled() : undefined));
    await task.runAll();
    expect(task.ends()).toEqual(['due handed_over', 'done succeeded']);
    expect(putsOf(task)).toEqual(['0 PUT change']);
  });
});

test('a claim whose holder was cut off is finished by another task, after the time of the holder and the lag of EDAS', async () => {
  const task = await open({}, { batchMs: 120_000 });
  const sendsUntil = task.clock.now() + 9_000;
  await task.runAll({ rollback: 'claimed', claim: 1, holder: 'fake-request-id/0.5', sendsUntil });
  expect(task.ends()).toEqual([
    'claimed handed_over',
    'overdue handed_over',
    'claimed watched',
    'done succeeded',
  ]);
  expect(putsOf(task)).toEqual(['54 PUT change']);
  expect(task.events()).toEqual(['started', 'succeeded']);
});

// What is kept for telling must not cost the rollback.
describe.each([10, 30, 60, 75, 600])('a function that runs for %d s', (timeout) => {
  test.each([true, false])('sends the rollback (queue: %s)', async (queue) => {
    const task = await open({ timeout, queue }, { batchMs: 3_600_000 });
    await task.runAll();
    expect(putsOf(task)).toEqual(['0 PUT change']);
    expect(task.edas.orders.rollbacksOf(taskOrder)).toBe(1);
    expect(task.events()[0]).toBe('started');
  });

  test('sends it also where it may be a retry', async () => {
    const task = await open({ timeout }, { batchMs: 3_600_000 });
    await task.runAll({}, 'not given');
    expect(putsOf(task)).toEqual(['0 PUT change']);
  });
});

describe('where Function Compute does not say how often a task was tried', () => {
  test('a rollback is sent and followed, and the log says -1, by which the rules know a task', async () => {
    const task = await open();
    await task.runAll({}, 'not given');
    expect(task.ends()).toEqual(['due handed_over', 'claimed watched', 'done succeeded']);
    expect(task.decisions().map(({ retryCount }) => retryCount)).toEqual([-1, 0, 0]);
    expect(putsOf(task)).toHaveLength(1);
  });

  test('nothing is sent while the queue is down', async () => {
    const task = await open({ queue: false });
    await task.run({}, 'not given');
    expect(task.ends()).toEqual(['due edas_outcome_unknown']);
    expect(task.events()).toEqual(['outcome_unknown']);
    expect(putsOf(task)).toEqual([]);
  });

  test('nothing is sent where the order cannot be read', async () => {
    const task = await open();
    task.edas.setFault(() => faults.deniedByRam());
    await task.run({}, 'not given');
    expect(task.events()).toEqual(['outcome_unknown']);
    expect(putsOf(task)).toEqual([]);
  });

  test('people are told that a rollback has begun, be it twice', async () => {
    const task = await open();
    task.edas.orders.rollback(taskOrder);
    for (let attempt = 0; attempt < 2; attempt += 1) {
      await task.run({ rollback: 'done', isKnownToSender: true, app: taskApp }, 'not given');
    }
    expect(task.events()).toEqual(['started', 'succeeded', 'started', 'succeeded']);
    expect(putsOf(task)).toEqual([]);
  });
});

test('a function that does not know its own name goes on by itself', async () => {
  const task = await open({
    env: { FC_FUNCTION_NAME: '' },
    context: { ...fakeContext, function: { timeout: 3600 } },
  });
  await task.runAll();
  expect(task.ends()).toEqual(['due succeeded']);
  expect(putsOf(task)).toHaveLength(1);
});
