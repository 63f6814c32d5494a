import { describe, expect, test } from 'vitest';
import { planRelease } from '../../../functions/claim/plan-release.ts';
import { planReleaseRollback } from '../../../functions/rollback/ended-release.ts';
import type { EdasClient, ListedChangeOrder } from '../../../functions/edas/client.ts';
import { failed } from '../../support/edas-failure.ts';
import { MemoryQueue } from '../../support/memory-queue.ts';
import { problemOfAsync } from '../../support/problem.ts';
import { releaseDue } from '../../support/releases.ts';
import { taskApp, taskDue } from '../../support/task.ts';

const now = Date.parse('2026-01-02T03:04:05Z');
const minute = 60_000;
const [release, before, earlier] = [
  'dc5133d7-773f-4c81-9c5a-e2103dce0f6a',
  'dc5133d7-773f-4c81-9c5a-e2103dce0001',
  'dc5133d7-773f-4c81-9c5a-e2103dce0002',
];

const order = (changeOrderId: string, version: string, minutesAgo: number): ListedChangeOrder => ({
  changeOrderId,
  status: 2,
  typeCode: 'CoDeploy',
  words: '',
  description: `Version: ${version} | Package Name: demo | Deployment Target: All Groups`,
  groupId: 'all',
  createdAt: now - minutesAgo * minute,
  finishedAt: now - (minutesAgo - 1) * minute,
});
const entry = (id: string, version: string, minutesAgo: number) => ({
  id,
  version,
  createdAt: now - minutesAgo * minute,
});

/** 1.2 ten minutes ago, 1.1 before it, and 1.0 before that. */
const client = {
  listRecentChangeOrders: () =>
    Promise.resolve([order(release, '1.2', 10), order(before, '1.1', 100), order(earlier, '1.0', 200)]),
  getChangeOrderInfo: () =>
    Promise.resolve({
      status: 2,
      supportRollback: true,
      startedAt: now - 10 * minute,
      description: undefined,
      batches: { done: 1, total: 1 },
      failures: [],
    }),
  listHistoryVersions: () =>
    Promise.resolve([entry('id-2', '1.2', 10), entry('id-1', '1.1', 100), entry('id-0', '1.0', 200)]),
  getApplicationState: () =>
    Promise.resolve({
      groups: [{ id: 'group-a', name: undefined, versionId: 'id-2' }],
      instances: [{ id: 'a', groupId: 'group-a', state: 7, versionId: 'id-2' }],
    }),
} satisfies Partial<EdasClient>;

function plan(queue = new MemoryQueue(), changes: Partial<EdasClient> = {}) {
  const clock = { now: () => now, sleep: () => Promise.resolve() };
  const warn = () => undefined;
  return planRelease(
    { ...releaseDue.ended, app: taskApp, changeOrderId: release },
    planReleaseRollback,
    now + 5_000,
    {
      edas: () => Promise.resolve({ ...client, ...changes } as EdasClient),
      clock,
      now: () => now,
      random: () => 0,
      warn,
      queue: { openQueue: () => Promise.resolve(queue), deadlineAt: now + 5_000, clock, warn },
    },
  );
}

/** What the tasks of this release say. */
function rolledBack(changeOrderId: string, minutesAgo: number): MemoryQueue {
  const queue = new MemoryQueue();
  const facts = { ...taskDue, changeOrderId };
  const sendsUntil = now - minutesAgo * minute;
  queue.put(`ended-call-${changeOrderId}`, {
    ...facts,
    rollback: 'claimed',
    claim: 1,
    holder: 'a',
    sendsUntil,
  });
  return queue;
}

test('a release is rolled back by what EDAS and the tasks show', async () => {
  expect(await plan()).toMatchObject({ plan: 'roll_back', fromVersion: '1.2', toVersion: '1.1', batches: 1 });
});

describe('the tasks of the two deployments before it are looked at, for EDAS may list a rollback like any other:', () => {
  // Of the one right before it, see plan-release.rolled-back.test.ts: that is never gone back to.
  test('one that was rolled back a short time ago', async () => {
    const problem = await problemOfAsync(() => plan(rolledBack(earlier, 59)));
    expect(problem?.code).toBe('app_rolled_back_recently');
    expect(await plan(rolledBack(earlier, 61))).toMatchObject({ plan: 'roll_back' });
  });

  test.each([before, earlier])('Function Compute cannot be asked about %s', async (other) => {
    const queue = new MemoryQueue();
    queue.fault = (_call, id) => (id.endsWith(other) ? 'down' : undefined);
    const problem = await problemOfAsync(() => plan(queue));
    expect(problem).toMatchObject({
      code: 'task_not_taken',
      facts: { app: taskApp, changeOrderId: release },
    });
    expect(problem?.message).toContain('whether the release before was rolled back');
  });
});

test('a rule that fails is told, also where the tasks cannot be read', async () => {
  const queue = new MemoryQueue();
  queue.fault = () => 'down';
  const problem = await problemOfAsync(() => plan(queue, { listHistoryVersions: () => Promise.resolve([]) }));
  expect(problem?.code).toBe('previous_version_uncertain');
});

test.each(['listRecentChangeOrders', 'getChangeOrderInfo', 'listHistoryVersions', 'getApplicationState'])(
  'without %s nothing is decided',
  async (name) => {
    const problem = await problemOfAsync(() =>
      plan(undefined, { [name]: () => Promise.reject(failed('denied')) }),
    );
    expect(problem).toMatchObject({ code: 'edas_denied', facts: { app: taskApp, changeOrderId: release } });
  },
);
