import { describe, expect, onTestFinished, test } from 'vitest';
import { Problem } from '../../../functions/errors.ts';
import * as faults from '../../../local/stand-ins/edas/faults.ts';
import type { Fault } from '../../../local/stand-ins/edas/faults.ts';
import { everyReleaseRules } from '../../../local/stand-ins/edas/release-rules.ts';
import * as fcFaults from '../../../local/stand-ins/fc/faults.ts';
import { endedIds, openEndedWorld, releaseVersions, type EndedWorld } from '../../support/ended.ts';
import { releaseDue } from '../../support/releases.ts';
import { runs } from '../../support/runs.ts';
import { taskApp, taskOrder, type TaskFunctionOptions } from '../../support/task.ts';

const minute = 60_000;
const open = (options: TaskFunctionOptions = {}, plans?: Parameters<typeof openEndedWorld>[2]) =>
  openEndedWorld(options, onTestFinished, plans);

/** The one call meets this. */
const callMeets = ({ task }: EndedWorld, fault: Fault) => {
  task.edas.setFault(({ operation }) => (operation === 'RollbackApplication' ? fault : undefined));
};
const taskIds = ({ task }: EndedWorld) => task.fc?.tasks.map(({ taskId }) => taskId);
const codeOf = (error: unknown) => (error instanceof Problem ? error.code : error);

/** What a delivery is answered. */
async function post({ webhook }: EndedWorld, source = 'pipeline', payload: object = { app: taskApp }) {
  const { status, body } = await webhook.post(source, payload);
  return `${status} ${String(body['outcome'] ?? body['code'])}${body['duplicate'] === true ? ' duplicate' : ''}`;
}

// In memory, the model tries each combination in npm test, too. Every fifth one has each possibility at least once.
const combinations = everyReleaseRules().filter((_, index) => index % 5 === 0 || runs(1) > 1);

describe('whatever EDAS leaves open: a release that has ended is rolled back by one call, and never again,', () => {
  test.each(combinations.map((rules) => ({ rules })))('$rules', async ({ rules }) => {
    const world = await open({ edas: { releaseRules: rules } });
    const { task } = world;
    expect(await post(world)).toBe('202 deferred');
    await world.settled();
    // An answer without the id of an order leaves a doubt, which reading settles.
    const doubt = rules.namesOrder === true ? [] : ['outcome_unknown'];
    // The version is another one before the list shows the order.
    const isFound = rules.namesOrder === true || rules.listedAfterMs === 0;
    expect(task.events()).toEqual([...doubt, ...(isFound ? ['started'] : []), 'succeeded']);
    const [rollback] = task.edas.orders.releaseRollbacksOf(taskApp);
    expect(task.notifications().at(-1)).toMatchObject({
      event: 'succeeded',
      operation: 'RollbackApplication',
      changeOrderId: taskOrder,
      ...(isFound && { rollbackChangeOrderId: rollback?.changeOrderId }),
      release: releaseVersions,
      instances: { total: 2, healthy: 2, onVersion: 2 },
    });
    expect(taskIds(world)).toEqual([endedIds.task, endedIds.call, endedIds.report]);

    // The alarm keeps firing: while it is new, and long after.
    for (const [pauseMs, source, payload] of [
      [0, 'pipeline', { app: taskApp }],
      [10 * minute, 'orders', { changeOrderId: taskOrder }],
      [50 * minute, 'deferred', { app: taskApp }],
      [120 * minute, 'patient', { app: taskApp }],
    ] as const) {
      await task.clock.sleep(pauseMs);
      expect(await post(world, source, payload)).toMatch(/^(200 already_rolled_back|409 )/);
      await world.settled();
    }
    expect(world.calls()).toBe(1);
    expect(world.effects()).toEqual(['1.8.1']);
  });
});

describe('a task that is run again sends nothing again, where the run before it was killed', () => {
  test('between its claim and the call: people hear that it most probably had no effect', async () => {
    const world = await open();
    const { task } = world;
    await world.handOver(endedIds.call, world.claim());
    expect(await task.run(releaseDue, 1)).toEqual({ event: 'handed_over' });
    await world.settled();
    expect(task.ends()).toEqual([
      'ended handed_over',
      'claimed handed_over',
      ...Array.from({ length: 3 }, () => 'unknown edas_outcome_unknown'),
    ]);
    expect(task.events()).toEqual(['outcome_unknown', 'outcome_unknown']);
    const [first, last] = task.notifications();
    expect(first?.problem?.message).toContain('was cut off');
    expect(last?.problem?.message).toContain('so most probably it had no effect. It is not sent again');
    // Not before the killed run could last send, and EDAS had time to show it.
    expect(task.clock.seconds()).toBeGreaterThanOrEqual(75);
    expect([world.calls(), world.effects()]).toEqual([0, []]);
    await task.clock.sleep(minute);
    expect(await post(world)).toBe('409 release_already_tried');
  });

  test.each([0, 30_000])(
    'between the call and its answer, or before its report: reading finds the rollback (listed after %d ms)',
    async (listedAfterMs) => {
      const world = await open({ edas: { releaseRules: { listedAfterMs } } });
      const { task } = world;
      await world.handOver(endedIds.call, world.claim());
      task.edas.orders.rollBackApplication({ appId: taskApp, groupId: 'all', version: '1.8.1', batches: 2 });
      expect(await task.run(releaseDue, 1)).toEqual({ event: 'handed_over' });
      await world.settled();
      expect(task.ends()).toEqual(['ended handed_over', 'claimed handed_over', 'unknown succeeded']);
      expect(task.events()).toEqual(['outcome_unknown', 'started', 'succeeded']);
      expect([world.calls(), world.effects()]).toEqual([0, ['1.8.1']]);
      expect(await post(world)).toBe('200 already_rolled_back');
    },
  );

  test('after its report: the report is followed once', async () => {
    const world = await open();
    const { task } = world;
    const first = await task.run(releaseDue);
    expect(first.event).toBe('handed_over');
    expect(await task.run(releaseDue, 1)).toEqual({ event: 'handed_over' });
    await world.settled();
    expect(task.events()).toEqual(['started', 'succeeded']);
    expect([world.calls(), world.effects()]).toEqual([1, ['1.8.1']]);
  });

  test('before its claim: this one sends', async () => {
    const world = await open();
    expect(await world.task.run(releaseDue, 1)).toMatchObject({ event: 'handed_over' });
    await world.settled();
    expect([world.calls(), world.effects()]).toEqual([1, ['1.8.1']]);
  });
});

/** EDAS would take each call. */
const takesEach = everyReleaseRules().filter(
  ({ second, whileInFlight, namesOrder }) =>
    second === 'accepted' && whileInFlight === 'accepted' && namesOrder === true,
);

test.each(takesEach)(
  'a task that is delivered four times at once makes one call, where EDAS would take each: %j',
  async (releaseRules) => {
    const world = await open({ edas: { releaseRules } });
    const { task } = world;
    const ends = await Promise.all([1, 2, 3, 4].map(() => task.run(releaseDue)));
    await world.settled();
    expect(ends.map(({ event }) => event)).toEqual(Array.from({ length: 4 }, () => 'handed_over'));
    expect([world.calls(), world.effects()]).toEqual([1, ['1.8.1']]);
    expect(task.events().filter((event) => event === 'succeeded')).toHaveLength(1);
    expect(taskIds(world)).toEqual([endedIds.call, endedIds.report]);
  },
);

describe('where EDAS refuses the one call,', () => {
  test('the task fails, its retry sends nothing, and a later delivery is told why', async () => {
    const world = await open();
    const { task, webhook } = world;
    callMeets(world, faults.businessErrorUnder200());
    await post(world);
    await world.settled();
    expect(task.ends().toSorted()).toEqual([
      'claimed watched',
      'ended edas_rejected',
      'ended handed_over',
      'refused nothing_to_do',
    ]);
    expect(task.events()).toEqual(['not_rolled_back']);
    task.edas.setFault(undefined);
    const { status, body } = await webhook.post('pipeline', { app: taskApp });
    expect({ status, body }).toMatchObject({ status: 409, body: { code: 'release_already_tried' } });
    expect(body['detail']).toContain('The change order cannot be rolled back.');
    expect(await task.run(releaseDue)).toEqual({ event: 'handed_over' });
    expect([world.calls(), world.effects()]).toEqual([1, []]);
  });
});

describe('where the report cannot be handed over,', () => {
  const reportMeets = ({ task }: EndedWorld, fault: fcFaults.Fault) => {
    task.fc?.setFault(({ operation, taskId }) =>
      operation === 'InvokeFunction' && taskId === endedIds.report ? fault : undefined,
    );
  };

  test('the task that sent the call follows the rollback itself', async () => {
    const world = await open();
    reportMeets(world, fcFaults.denied());
    expect(await world.task.run(releaseDue)).toEqual({ event: 'succeeded' });
    expect(world.task.events()).toEqual(['started', 'succeeded']);
    await world.settled();
    expect([world.calls(), world.effects()]).toEqual([1, ['1.8.1']]);
  });

  test('it finds out itself what became of a lost answer', async () => {
    const world = await open();
    reportMeets(world, fcFaults.denied());
    callMeets(world, faults.resetAfterHandling());
    expect(await world.task.run(releaseDue)).toEqual({ event: 'succeeded' });
    expect(world.task.events()).toEqual(['outcome_unknown', 'started', 'succeeded']);
    expect([world.calls(), world.effects()]).toEqual([1, ['1.8.1']]);
  });

  test('an answer of the queue that gets lost is settled by the same id', async () => {
    const world = await open();
    let turn = 0;
    world.task.fc?.setFault(({ operation, taskId }) =>
      operation === 'InvokeFunction' && taskId === endedIds.report && turn++ === 0
        ? fcFaults.reset({ takesEffect: true })
        : undefined,
    );
    expect(await world.task.run(releaseDue)).toMatchObject({ event: 'handed_over' });
    await world.settled();
    expect(world.task.events()).toEqual(['started', 'succeeded']);
    expect(world.calls()).toBe(1);
  });
});

describe('nothing is sent', () => {
  test('where the claim cannot be had, and people are told', async () => {
    const world = await open();
    world.task.fc?.setFault(({ taskId }) => (taskId === endedIds.call ? fcFaults.denied() : undefined));
    for (const retryCount of [0, 1, 2]) {
      const { error } = await world.task.run(releaseDue, retryCount);
      // Another run of the task may have it.
      expect(codeOf(error)).toBe('edas_outcome_unknown');
    }
    expect(world.task.events()).toEqual(Array.from({ length: 3 }, () => 'outcome_unknown'));
    expect(world.calls()).toBe(0);
  });

  test('where an answer about the claim got lost that another run has', async () => {
    const world = await open();
    world.task.fc?.setState(endedIds.call, 'Running');
    let turn = 0;
    world.task.fc?.setFault(({ operation, taskId }) =>
      operation === 'InvokeFunction' && taskId === endedIds.call && turn++ === 0
        ? fcFaults.reset()
        : undefined,
    );
    expect(await world.task.run(releaseDue)).toEqual({ event: 'handed_over' });
    expect(world.calls()).toBe(0);
  });

  test('but where this run has it after all, it sends', async () => {
    const world = await open();
    let turn = 0;
    world.task.fc?.setFault(({ operation, taskId }) =>
      operation === 'InvokeFunction' && taskId === endedIds.call && turn++ === 0
        ? fcFaults.reset({ takesEffect: true })
        : undefined,
    );
    expect(await world.task.run(releaseDue)).toMatchObject({ event: 'handed_over' });
    await world.settled();
    expect([world.calls(), world.effects()]).toEqual([1, ['1.8.1']]);
  });

  test('while it is suspended, and the next delivery after that is rolled back', async () => {
    const env: Record<string, string> = { ROLLBACK_SUSPENDED: 'true' };
    const world = await open({ env });
    const { error } = await world.task.run(releaseDue);
    expect(codeOf(error)).toBe('rollback_suspended');
    expect(world.task.events()).toEqual(['not_rolled_back']);
    expect([world.calls(), taskIds(world)]).toEqual([0, []]);
  });

  test('by a task that waits until the release is too old', async () => {
    const world = await open();
    await world.task.clock.sleep(25 * minute);
    const { error } = await world.task.run(releaseDue);
    expect(codeOf(error)).toBe('release_too_old');
    expect(world.task.events()).toEqual(['not_rolled_back']);
    expect([world.calls(), taskIds(world)]).toEqual([0, []]);
  });

  test('where another release is in flight by then', async () => {
    const world = await open();
    const { orders } = world.task.edas;
    orders.add({ appId: taskApp, version: '1.8.3', readyMs: 0, batchMs: 600_000 });
    const { error } = await world.task.run(releaseDue);
    expect(codeOf(error)).toBe('app_has_change_in_flight');
    expect(world.calls()).toBe(0);
  });

  test('where EDAS cannot be read, and a later run sends', async () => {
    const world = await open();
    world.task.edas.setFault(({ operation }) =>
      operation === 'QueryApplicationStatus' ? faults.deniedByRam() : undefined,
    );
    expect(codeOf((await world.task.run(releaseDue)).error)).toBe('edas_denied');
    expect(world.calls()).toBe(0);
    world.task.edas.setFault(undefined);
    await world.task.run(releaseDue, 1);
    await world.settled();
    expect(world.effects()).toEqual(['1.8.1']);
  });
});

test('a rollback of a group that is named is one of that group', async () => {
  const [group = ''] = releaseVersions.groups;
  const world = await open({}, { before: { target: group }, release: { target: group } });
  const { policy } = releaseDue.ended;
  const ended = { policy: { ...policy, group, batches: 5, batchWaitMinutes: 1 } };
  await world.task.runAll({ ...releaseDue, ended });
  expect(world.task.edas.orders.releaseRollbacksOf(taskApp)).toMatchObject([
    { groupId: group, version: '1.8.1' },
  ]);
  const call = world.task.edas.calls.find(({ operation }) => operation === 'RollbackApplication');
  expect(call?.query).toEqual({
    AppId: taskApp,
    GroupId: group,
    HistoryVersion: '1.8.1',
    // The group has two instances.
    Batch: '2',
    BatchWaitTime: '1',
  });
});

describe('a deferred rollback of a change that has succeeded by the time of its task', () => {
  const due = { rollback: 'due', app: taskApp, ended: releaseDue.ended } as const;

  test('goes on as a release, and no RollbackChangeOrder is sent', async () => {
    const world = await open();
    expect(await world.task.run(due)).toEqual({ event: 'handed_over' });
    await world.settled();
    expect(world.task.calls().filter((call) => call.includes('PUT'))).toEqual([]);
    expect([world.calls(), world.effects()]).toEqual([1, ['1.8.1']]);
    expect(world.task.events()).toEqual(['started', 'succeeded']);
  });

  test('does not where the source does not allow it', async () => {
    const world = await open({}, { release: { supportRollback: false } });
    expect(codeOf((await world.task.run({ ...due, ended: undefined })).error)).toBe('change_order_finished');
    expect(world.calls()).toBe(0);
  });

  test('fails, and people are told, where no task can be handed over', async () => {
    const world = await open();
    world.task.fc?.setFault(({ taskId }) => (taskId === endedIds.task ? fcFaults.denied() : undefined));
    expect(codeOf((await world.task.run(due)).error)).toBe('task_not_taken');
    expect(world.task.events()).toEqual(['not_rolled_back']);
    expect(world.calls()).toBe(0);
  });
});
