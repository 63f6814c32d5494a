import { expect, test } from 'vitest';
import { planRelease, runsStill } from '../../../functions/claim/plan-release.ts';
import { planReleaseRollback } from '../../../functions/rollback/ended-release.ts';
import type { EdasClient, ListedChangeOrder } from '../../../functions/edas/client.ts';
import {
  releaseClaimIdFor,
  releaseReportIdFor,
  type RollbackClaimed,
  type RollbackReport,
} from '../../../functions/task.ts';
import { MemoryQueue } from '../../support/memory-queue.ts';
import { codeOfAsync, problemOfAsync } from '../../support/problem.ts';

const app = '3616cdca-4f92-4413-0000-000000000000';
const [first, bad, newest] = [
  'dc5133d7-773f-4c81-9c5a-e2103dce0001',
  'dc5133d7-773f-4c81-9c5a-e2103dce0002',
  'dc5133d7-773f-4c81-9c5a-e2103dce0003',
];
const minute = 60_000;
const now = Date.parse('2026-01-02T03:04:05Z');
const ago = (minutes: number) => now - minutes * minute;

/** A deployment that took a minute and succeeded. */
function deployment(changeOrderId: string, minutesAgo: number, version: string): ListedChangeOrder {
  const description = `Version: ${version} | Package Name: demo | Deployment Target: All Groups`;
  return {
    changeOrderId,
    status: 2,
    typeCode: 'CoDeploy',
    words: description,
    description,
    groupId: 'all',
    createdAt: ago(minutesAgo),
    finishedAt: ago(minutesAgo - 1),
  };
}

const history = [
  { id: 'id-3', version: '1.3', createdAt: ago(5) },
  { id: 'id-2', version: '1.2', createdAt: ago(100) },
  { id: 'id-1', version: '1.1', createdAt: ago(1_000) },
];
const releases = [deployment(first, 1_000, '1.1'), deployment(bad, 100, '1.2'), deployment(newest, 5, '1.3')];

/** EDAS, where a version runs in each of these groups. */
function edasWith(orders: ListedChangeOrder[], ...versionIds: string[]): EdasClient {
  const never = () => Promise.reject(new Error('This is not asked.'));
  const order = {
    status: 2,
    supportRollback: true,
    startedAt: ago(5),
    description: '',
    batches: { done: 1, total: 1 },
    failures: [],
  };
  return {
    getChangeOrderInfo: () => Promise.resolve(order),
    getApplicationName: never,
    listRecentChangeOrders: () => Promise.resolve(orders),
    rollBack: never,
    listHistoryVersions: () => Promise.resolve(history),
    getApplicationState: () =>
      Promise.resolve({
        groups: versionIds.map((versionId, index) => ({ id: `group-${index}`, name: undefined, versionId })),
        instances: versionIds.map((versionId, index) => ({
          id: `instance-${index}`,
          groupId: `group-${index}`,
          state: 7,
          versionId,
        })),
      }),
    rollBackApplication: never,
  };
}

const facts = {
  version: 1,
  source: 'pipeline',
  requestedAt: ago(95),
  changeOrderId: bad,
  operation: 'RollbackChangeOrder',
} as const;
const claimed: RollbackClaimed = {
  ...facts,
  rollback: 'claimed',
  claim: 1,
  holder: 'x',
  sendsUntil: ago(94),
};
const done = (rollbackChangeOrderId?: string): RollbackReport => ({
  ...facts,
  rollback: 'done',
  rollbackChangeOrderId,
  isKnownToSender: false,
  release: {
    fromVersion: '1.2',
    fromVersionId: 'id-2',
    toVersion: '1.1',
    groups: ['group-0', 'group-1'],
    seenUntil: ago(100),
  },
});

/** The queue, after the release `bad` was called to be rolled back. */
function queueWith(report?: RollbackReport): MemoryQueue {
  const queue = new MemoryQueue();
  queue.put(releaseClaimIdFor(bad), claimed, 'Succeeded');
  if (report) queue.put(releaseReportIdFor(bad), report, 'Succeeded');
  return queue;
}

function plan(edas: EdasClient, queue: MemoryQueue) {
  const policy = { withinMs: 30 * minute, everyMs: 0, group: 'all', batches: 1, batchWaitMinutes: 0 };
  const clock = { now: () => 0, sleep: () => Promise.resolve() };
  const means = { clock, warn: () => undefined, openQueue: () => Promise.resolve(queue) };
  const request = { app, changeOrderId: newest, policy };
  const dependencies = {
    ...means,
    edas: () => Promise.resolve(edas),
    now: () => now,
    random: () => 0,
    queue: { ...means, deadlineAt: 1_000 },
  };
  return planRelease(request, planReleaseRollback, 10_000, dependencies);
}

test('the version before is gone back to, where no task shows that it was rolled back', async () => {
  const edas = edasWith(releases, 'id-3');
  expect(await plan(edas, new MemoryQueue())).toMatchObject({ plan: 'roll_back', toVersion: '1.2' });
  const refused = queueWith({ ...facts, rollback: 'refused' });
  expect(await plan(edas, refused)).toMatchObject({ plan: 'roll_back', toVersion: '1.2' });
});

test.each([
  ['EDAS named the order of its rollback', done('dc5133d7-773f-4c81-9c5a-e2103dce0009')],
  ['nothing is known of its rollback', undefined],
])('a release that this function rolled back is not gone back to, where %s', async (_what, report) => {
  const problem = await problemOfAsync(() => plan(edasWith(releases, 'id-3'), queueWith(report)));
  expect(problem?.code).toBe('previous_version_uncertain');
  expect(problem?.message).toContain(`${bad}, was rolled back by this function, or may have been`);
});

test('nothing is certain while Function Compute cannot be asked', async () => {
  const queue = new MemoryQueue();
  queue.fault = () => 'down';
  const edas = edasWith(releases, 'id-3');
  expect(await codeOfAsync(() => plan(edas, queue))).toBe('task_not_taken');
  // What is refused anyway is told as it is.
  const again = [...releases, deployment(first, 1, '1.1')];
  expect(await codeOfAsync(() => plan(edasWith(again, 'id-3'), queue))).toBe('release_not_newest');
});

// EDAS may list the rollback of a release like any other deployment.
const undone = [...releases.slice(0, 2), deployment(newest, 5, '1.1')];

test('the rollback of a release is no release, and that one was rolled back where it runs nowhere', async () => {
  expect(await plan(edasWith(undone, 'id-1'), queueWith(done(newest)))).toEqual({
    plan: 'already_rolled_back',
    changeOrderId: bad,
    rollbackChangeOrderId: newest,
  });
});

test('where the release still runs in one group, it was tried, and is not called rolled back', async () => {
  const problem = await problemOfAsync(() => plan(edasWith(undone, 'id-1', 'id-2'), queueWith(done(newest))));
  expect(problem?.code).toBe('release_already_tried');
  expect(problem?.message).toContain(`${newest} is the rollback of the release ${bad}`);
  expect(problem?.facts).toMatchObject({ changeOrderId: bad });
});

test('a release that a person has gone back to runs again, although under another id', () => {
  const release = {
    fromVersion: '1.2',
    fromVersionId: 'id-2',
    toVersion: '1.1',
    groups: ['group-0'],
    seenUntil: 0,
  };
  const stateOf = (versionId: string | undefined) => ({
    groups: [{ id: 'group-0', name: undefined, versionId }],
    instances: [],
  });
  const again = [{ id: 'id-2b', version: '1.2', createdAt: ago(1) }, ...history];
  expect(runsStill(release, { state: stateOf('id-2b'), history: again })).toBe(true);
  expect(runsStill(release, { state: stateOf('id-2'), history })).toBe(true);
  expect(runsStill(release, { state: stateOf(undefined), history })).toBe(true);
  expect(runsStill(release, { state: stateOf('id-1'), history })).toBe(false);
  const stuck = { id: 'x', groupId: 'group-0', state: 7, versionId: 'id-2' };
  expect(runsStill(release, { state: { ...stateOf('id-1'), instances: [stuck] }, history })).toBe(true);
  const elsewhere = { ...stuck, groupId: 'group-1' };
  expect(runsStill(release, { state: { ...stateOf('id-1'), instances: [elsewhere] }, history })).toBe(true);
  expect(runsStill({ ...release, groups: ['group-9'] }, { state: stateOf('id-1'), history })).toBeUndefined();
});
