import { describe, expect, onTestFinished, test } from 'vitest';
import { Problem } from '../../../functions/errors.ts';
import type { RollbackTask } from '../../../functions/task.ts';
import type { ChangeOrderPlan } from '../../../local/stand-ins/edas/change-orders.ts';
import * as faults from '../../../local/stand-ins/edas/faults.ts';
import {
  accepting,
  openWithChange,
  taskApp,
  taskOrder,
  type TaskFunction,
  type TaskFunctionOptions,
} from '../../support/task.ts';

/** The follow function, and a change in flight that it can roll back within a minute. */
const open = (options: TaskFunctionOptions = {}, plan: Partial<ChangeOrderPlan> = {}) =>
  openWithChange(options, plan, onTestFinished);

const putsOf = (task: TaskFunction) => task.calls().filter((call) => call.includes('PUT'));
const problemOf = (error: unknown) => (error instanceof Problem ? error.code : error);
const done: Partial<RollbackTask> = { rollback: 'done', isKnownToSender: true };
const newOrder = '5ba3b2f4-1c7e-4a6d-8f00-000000000001';

// Telling and rolling back are two things: a retry for telling never rolls back.
describe('where EDAS answers with a new order that ends well, shows the change in flight all the same, and no channel works,', () => {
  const openInOutage = async (options: TaskFunctionOptions) => {
    const task = await open({ channels: ['webhook', 'slack'], ...options }, { batchMs: 3_600_000 });
    task.edas.orders.add({
      id: newOrder,
      appId: taskApp,
      createdAt: task.clock.now(),
      readyMs: 0,
      batchMs: 30_000,
    });
    task.edas.setFault(({ method }) => (method === 'PUT' ? accepting(newOrder) : undefined));
    for (const kind of ['webhook', 'slack'] as const) task.receiver.setFault(kind, 'server-error');
    return task;
  };

  test('the task that follows is tried again for the message, three times, and the rollback is sent once', async () => {
    const task = await openInOutage({ queue: true });
    expect(await task.runAll()).toEqual({ event: 'handed_over' });
    expect(task.ends()).toEqual([
      'due handed_over',
      'claimed watched',
      ...Array.from({ length: 3 }, () => 'done notification_failed'),
    ]);
    expect(task.events()).toEqual(['started', ...Array.from({ length: 3 }, () => 'succeeded')]);
    expect(putsOf(task)).toEqual(['0 PUT change']);
    expect(task.fc?.tasks.map(({ taskId, status }) => [taskId, status])).toEqual([
      [`rollback-${taskOrder}-2`, 'Succeeded'],
      [`follow-${taskOrder}-2`, 'Failed'],
    ]);
  });

  test('the message comes with the retry that finds a channel, and the rollback is sent once', async () => {
    const task = await openInOutage({ queue: true });
    // The first attempt has seen the end, and tried to tell it, by then.
    task.clock.at(72, () => {
      task.receiver.setFault('webhook', undefined);
    });
    await task.runAll();
    expect(task.ends().slice(2)).toEqual(['done notification_failed', 'done succeeded']);
    expect(task.notifications().map(({ event }) => event)).toEqual(['succeeded']);
    expect(putsOf(task)).toEqual(['0 PUT change']);
  });

  test('a task that follows its own rollback, for the queue is down, does not fail: so no retry rolls back', async () => {
    const task = await openInOutage({});
    expect(await task.run()).toEqual({ event: 'succeeded' });
    expect(task.notifications()).toEqual([]);
    expect(task.log().filter(({ msg }) => msg === 'nobody was told')).toMatchObject([
      { level: 'error', changeOrderId: taskOrder },
    ]);
    expect(putsOf(task)).toEqual(['0 PUT change']);
  });
});

describe('three attempts, with the queue down, of which none reaches a channel,', () => {
  const channels = ['webhook', 'dingtalk', 'feishu', 'wecom', 'slack'] as const;
  const env = Object.fromEntries(channels.map((kind) => [`${kind.toUpperCase()}_URL`, '']));
  const attempts = async (task: TaskFunction, differences: Partial<RollbackTask> = {}) => {
    const ends = [];
    for (const retryCount of [0, 1, 2]) {
      const { event, error } = await task.run(differences, retryCount);
      ends.push(event ?? problemOf(error));
      // Function Compute tries again what has failed.
      if (event) break;
      await task.clock.sleep(60_000);
    }
    expect(task.receiver.messages).toEqual([]);
    return ends;
  };

  test('send one rollback, where EDAS carries it out under the id of the change, which then has succeeded', async () => {
    const task = await open({ channels, env });
    task.edas.setFault(({ method }) => (method === 'PUT' ? accepting(taskOrder) : undefined));
    expect(await attempts(task)).toEqual([
      'notification_failed',
      'edas_outcome_unknown',
      'edas_outcome_unknown',
    ]);
    expect(task.edas.orders.get(taskOrder)?.status).toBe(2);
    expect(putsOf(task)).toEqual(['0 PUT change']);
    expect(task.events()).toEqual(['started', ...Array.from({ length: 3 }, () => 'outcome_unknown')]);
  });

  test.each([
    ['answers with the id that it was sent', 'same-order', taskApp],
    ['does so, and the application is not known', 'same-order', undefined],
    ['names the order of the rollback', 'new-order', taskApp],
    ['names it, and the application is not known', 'new-order', undefined],
  ] as const)(
    'send one rollback, where EDAS %s, and takes every rollback',
    async (_what, answersWith, app) => {
      const rollbackRules = { answersWith, ofTerminated: 'accepted' } as const;
      const task = await open({ channels, env, edas: { rollbackRules } });
      await task.clock.sleep(1_000);
      expect(await attempts(task, { app })).toEqual(Array.from({ length: 3 }, () => 'notification_failed'));
      expect(putsOf(task)).toHaveLength(1);
      expect(task.edas.orders.rollbacksOf(taskOrder)).toBe(1);
    },
  );

  // An order in flight looks the same, whether it is the release or its rollback. See docs/decisions/0008.
  test.each([taskApp, undefined])(
    'are one, where EDAS carries the rollback out under the id of the change, and it is in flight all the time (%s)',
    async (app) => {
      const task = await open({ timeout: 150 }, { batchMs: 3_600_000 });
      task.receiver.setFault('webhook', 'server-error');
      task.edas.setFault(({ method }) => (method === 'PUT' ? accepting(taskOrder) : undefined));
      expect(await attempts(task, { app })).toEqual(['out_of_time']);
      expect(putsOf(task)).toEqual(['0 PUT change']);
      expect(task.decisions()).toMatchObject([{ level: 'info', outcome: 'out_of_time', status: 1 }]);
      expect(task.log().filter(({ msg }) => msg === 'nobody was told')).toEqual([
        {
          time: expect.any(String) as string,
          level: 'error',
          msg: 'nobody was told',
          requestId: 'fake-request-id',
          source: 'pipeline',
          changeOrderId: taskOrder,
          reason: 'None of 1 channels could be told the last news (out_of_time): the log says why of each.',
        },
      ]);
    },
  );

  test('are one as well, where the order cannot be read any more, and runs on for all that is known', async () => {
    const task = await open({ timeout: 600 }, { batchMs: 3_600_000 });
    task.receiver.setFault('webhook', 'server-error');
    task.edas.setFault(({ method, operation }) => {
      if (method === 'PUT') return accepting(taskOrder);
      const wasSent = task.edas.calls.some((call) => call.method === 'PUT');
      return wasSent && operation === 'GetChangeOrderInfo' ? faults.deniedByRam() : undefined;
    });
    expect(await attempts(task, { app: undefined })).toEqual(['unreadable']);
    expect(putsOf(task)).toEqual(['0 PUT change']);
  });

  test('come all three where the webhook has rolled back, for nothing is sent, and they may reach a channel', async () => {
    const task = await open({ channels, env, timeout: 150 }, { batchMs: 3_600_000 });
    expect(await attempts(task, done)).toEqual(Array.from({ length: 3 }, () => 'notification_failed'));
    expect(task.events()).toEqual(['started', 'out_of_time', 'out_of_time', 'out_of_time']);
    expect(task.log().filter(({ msg }) => msg === 'nobody was told')).toEqual([]);
    expect(putsOf(task)).toEqual([]);
  });

  test('come all three where a rollback that was due has ended otherwise', async () => {
    const task = await open({ channels, env });
    await task.clock.sleep(1_000);
    expect(await attempts(task)).toEqual(Array.from({ length: 3 }, () => 'notification_failed'));
    expect(task.events()).toEqual(['started', 'succeeded', 'succeeded', 'succeeded']);
    expect(putsOf(task)).toHaveLength(1);
  });
});
