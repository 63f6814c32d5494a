import { describe, expect, onTestFinished, test } from 'vitest';
import type { ChangeOrderPlan } from '../../../local/stand-ins/edas/change-orders.ts';
import { businessErrorUnder200, resetAfterHandling } from '../../../local/stand-ins/edas/faults.ts';
import type { EdasStandInOptions } from '../../../local/stand-ins/edas/stand-in.ts';
import { addReleases, releaseDue } from '../../support/releases.ts';
import {
  openTaskFunction,
  taskApp,
  type TaskFunction,
  type TaskFunctionOptions,
} from '../../support/task.ts';

const group = '8123db90-880f-486f-0000-000000000000';

/** The follow function, and a release of ten minutes ago, before which another version ran. */
async function open(
  options: TaskFunctionOptions = {},
  before: Partial<ChangeOrderPlan> = {},
): Promise<TaskFunction> {
  const task = await openTaskFunction({ queue: true, ...options }, onTestFinished);
  addReleases(task, before);
  return task;
}

const release = { fromVersion: '1.8.2', toVersion: '1.8.1', groups: [group] };

test('people are told from which version to which a release is rolled back, and how its instances are then', async () => {
  const task = await open();
  await task.runAll(releaseDue);
  expect(task.notifications()).toMatchObject([
    { event: 'started', operation: 'RollbackApplication', release },
    {
      event: 'succeeded',
      operation: 'RollbackApplication',
      release,
      instances: { total: 2, healthy: 2, onVersion: 2 },
    },
  ]);
  const [started, succeeded] = task.notifications();
  expect(started?.text).toMatch(/^Started: .*\n[^]*\nVersion: from 1\.8\.2 back to 1\.8\.1\n/);
  expect(started?.release).toEqual(release);
  expect(succeeded?.text).toMatch(/^Succeeded: /);
  expect(succeeded?.text).toContain('\nInstances: 2 of 2 healthy, 2 of 2 run 1.8.1\n');
  expect(succeeded?.text).toContain('Configuration and database changes are not undone');
});

test('each decision about a release has its versions and groups, and the last one its instances', async () => {
  const task = await open();
  await task.runAll(releaseDue);
  const versions = { fromVersion: '1.8.2', toVersion: '1.8.1', groups: group };
  const decisions = new Map(task.decisions().map((line) => [String(line['rollback']), line]));
  expect(decisions.get('claimed')).toMatchObject({ outcome: 'watched', ...versions });
  expect(decisions.get('done')).toMatchObject({
    outcome: 'succeeded',
    ...versions,
    totalInstances: 2,
    healthyInstances: 2,
    instancesOnVersion: 2,
  });
});

test('instances on which the older version is not healthy are told as trouble', async () => {
  const task = await open({}, { instanceState: 3 });
  await task.runAll(releaseDue);
  const last = task.notifications().at(-1);
  expect(last).toMatchObject({ event: 'succeeded', instances: { total: 2, healthy: 0, onVersion: 2 } });
  expect(last?.text).toMatch(/^Trouble: the EDAS rollback has ended, but not all instances are healthy\.\n/);
});

test('a version that has an entry of its own in the history after the rollback is the same version', async () => {
  const task = await open({ edas: { releaseRules: { makesVersion: true } } });
  await task.runAll(releaseDue);
  expect(task.notifications().at(-1)).toMatchObject({ instances: { total: 2, onVersion: 2 } });
});

/** The state of the application can be read so often. */
function readableFor(reads: number): NonNullable<EdasStandInOptions['fault']> {
  let done = 0;
  return ({ operation }) => {
    if (operation !== 'QueryApplicationStatus') return undefined;
    done += 1;
    return done > reads ? businessErrorUnder200() : undefined;
  };
}

test('instances that cannot be looked at leave it open whether the rollback has helped', async () => {
  // The first reading is for the decision.
  const task = await open({ edas: { fault: readableFor(1) } });
  await task.runAll(releaseDue);
  const last = task.notifications().at(-1);
  expect(last).toMatchObject({ event: 'succeeded', release });
  expect(last).not.toHaveProperty('instances');
  expect(last?.text).toMatch(/^Probably succeeded: /);
});

describe('advice after a release was not rolled back', () => {
  test('leads to the console, and not to another webhook, where a rule refuses', async () => {
    const task = await open({}, { version: '1.8.2' });
    await task.runAll(releaseDue);
    const [first] = task.notifications();
    expect(first).toMatchObject({
      event: 'not_rolled_back',
      operation: 'RollbackApplication',
      problem: { code: 'previous_version_uncertain' },
    });
    expect(first?.text).toContain('roll back in the EDAS console');
    expect(first?.text).not.toContain('sk for the rollback again');
  });

  test('is the same where EDAS refuses the one call', async () => {
    const task = await open({
      edas: {
        fault: ({ operation }) => (operation === 'RollbackApplication' ? businessErrorUnder200() : undefined),
      },
    });
    await task.runAll(releaseDue);
    expect(task.events()[0]).toBe('not_rolled_back');
    expect(task.notifications()[0]?.text).not.toContain('sk for the rollback again');
  });
});

test('a release that a person has rolled back meanwhile is told with nothing to do', async () => {
  const task = await open();
  task.edas.orders.rollBackApplication({ appId: taskApp, groupId: 'all', version: '1.8.1', batches: 2 });
  await task.clock.sleep(60_000);
  await task.runAll(releaseDue);
  const told = task.notifications();
  expect(told).toMatchObject([{ event: 'already_rolled_back', operation: 'RollbackApplication' }]);
  expect(told[0]?.text).toMatch(/^Nothing to do: /);
  expect(told[0]?.text).not.toContain('Next: ');
});

describe('where the answer to the call got lost and its order is listed nowhere', () => {
  const withoutOrder = (state?: EdasStandInOptions['fault']) =>
    open({
      edas: {
        releaseRules: { listedAfterMs: Infinity },
        fault: (call) => (call.operation === 'RollbackApplication' ? resetAfterHandling() : state?.(call)),
      },
    });

  test('the instances alone show that it has succeeded', async () => {
    const task = await withoutOrder();
    await task.runAll(releaseDue);
    expect(task.events()).toEqual(['outcome_unknown', 'succeeded']);
    expect(task.notifications().at(-1)).toMatchObject({ instances: { total: 2, onVersion: 2 }, release });
  });

  test('no end is told where the instances cannot be looked at', async () => {
    // For the decision, right after the call, and when the version has changed.
    const task = await withoutOrder(readableFor(3));
    await task.runAll(releaseDue);
    expect(task.events()).toEqual(['outcome_unknown', 'unreadable']);
    const last = task.notifications().at(-1);
    expect(last?.problem?.message).toContain(
      'EDAS shows another version in the groups, so the rollback has begun',
    );
    expect(last?.text).toContain('Next: follow the rollback in the EDAS console.');
  });

  test('advice never is to ask for the rollback again', async () => {
    const task = await withoutOrder();
    await task.runAll(releaseDue);
    const [unknown] = task.notifications();
    expect(unknown).toMatchObject({ event: 'outcome_unknown', operation: 'RollbackApplication', release });
    expect(unknown?.text).toContain('This function does not send the rollback again.');
  });
});
