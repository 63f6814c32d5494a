import { expect, test } from 'vitest';
import { displayLagMs } from '../../../functions/claim/claim.ts';
import { watchClaim } from '../../../functions/follow/watch-claim.ts';
import {
  claimIdFor,
  readTask,
  releaseReportIdFor,
  reportIdFor,
  type RollbackClaimed,
} from '../../../functions/task.ts';
import { openFollow, type AttemptOptions, type FollowOptions } from '../../support/follow.ts';
import type { QueueFault } from '../../support/memory-queue.ts';
import { taskDue, taskOrder } from '../../support/task.ts';

const startedAt = 1_000_000;
/** The holder may send for nine seconds. */
const sendsForMs = 9_000;
const claimed: RollbackClaimed = {
  ...taskDue,
  rollback: 'claimed',
  requestedAt: startedAt,
  claim: 2,
  holder: 'fake-request-id/0.5',
  sendsUntil: startedAt + sendsForMs,
  problemStartedAt: 42,
};
const reportId = reportIdFor(taskOrder, 2);
const report = { ...taskDue, rollback: 'refused' };

function open(options: FollowOptions = {}) {
  const follow = openFollow(options);
  const warnings: string[] = [];
  const watch = (more: AttemptOptions = {}, task = claimed) =>
    watchClaim(task, follow.means([], { warn: (message) => void warnings.push(message), ...more }));
  return { ...follow, watch, warnings };
}

/** When the report that this task writes is handed over, seconds after its beginning. */
async function secondsUntilOverdue(options: FollowOptions, more: AttemptOptions = {}, task = claimed) {
  const { watch, clock, queue } = open(options);
  await clock.sleep(startedAt - 1_000_000);
  expect(await watch(more, task)).toBe('handed_over');
  expect(queue.get(reportId)?.payload).toContain('"overdue"');
  return clock.seconds();
}

test.each([0.2, 8, 53.9])(
  'a report that comes after %d s ends the watch, and nothing is written',
  async (seconds) => {
    const { watch, clock, queue, warnings } = open();
    clock.at(seconds, () => {
      queue.put(reportId, report);
    });
    expect(await watch()).toBe('watched');
    expect(clock.seconds()).toBeLessThanOrEqual(Math.max(1, seconds + 10));
    expect(queue.calls.filter((call) => call.startsWith('submit'))).toEqual([]);
    expect(warnings).toEqual([]);
  },
);

test('a report that never comes is written by the watch, 45 s after the holder could last send, and not before', async () => {
  const { watch, clock, queue, warnings } = open();
  const before = (sendsForMs + displayLagMs) / 1000 - 0.001;
  clock.at(before, () => {
    expect(queue.tasks).toEqual([]);
  });
  expect(await watch()).toBe('handed_over');
  expect(clock.seconds()).toBe((sendsForMs + displayLagMs) / 1000);
  expect(queue.tasks.map(({ taskId }) => taskId)).toEqual([reportId]);
  const unneeded = { holder: undefined, sendsUntil: undefined };
  expect(readTask(queue.tasks[0]?.payload)).toEqual({ ...claimed, ...unneeded, rollback: 'overdue' });
  expect(warnings).toEqual([
    'the function that had the claim was cut off, so another task finishes its work',
  ]);
});

test('the report of the first claim has no number', async () => {
  const { watch, queue } = open();
  await watch({}, { ...claimed, claim: 1 });
  expect(queue.tasks.map(({ taskId }) => taskId)).toEqual([`follow-${taskOrder}`]);
});

test('of a report and an overdue one that come at the same moment, one is taken: the watch believes the first', async () => {
  const { watch, queue } = open();
  queue.fault = (call) => {
    // After the last look, before the own report.
    if (call === 'submit') queue.put(reportId, report);
    return undefined;
  };
  expect(await watch()).toBe('watched');
  expect(queue.tasks).toHaveLength(1);
  expect(queue.get(reportId)?.payload).toContain('"refused"');
});

test('a claim itself is no report', async () => {
  const { watch, queue } = open();
  queue.put(claimIdFor(taskOrder, 2), claimed, 'Running');
  expect(await watch()).toBe('handed_over');
});

test.each([
  ['cannot be read', 'read', 'down', 'handed_over'],
  ['answers too late', 'read', 'lost', 'handed_over'],
  ['loses the answer to what is written', 'submit', 'lost', 'handed_over'],
] as const)('a queue that %s changes nothing', async (_what, call, fault, end) => {
  const { watch, queue, clock } = open();
  let faults = 0;
  queue.fault = (each) => (each === call && ++faults < (call === 'submit' ? 2 : 1e9) ? fault : undefined);
  expect(await watch()).toBe(end);
  expect(clock.seconds()).toBe(54);
  expect(queue.get(reportId)?.payload).toContain('"overdue"');
});

test('a report that could not be read before is seen when another one is refused', async () => {
  const { watch, queue } = open();
  queue.put(reportId, report);
  queue.fault = (call) => (call === 'read' ? 'down' : undefined);
  expect(await watch()).toBe('watched');
});

test.each<QueueFault>(['down', 'lost'])(
  'a queue that takes nothing (%s) fails the task, which says so',
  async (fault) => {
    const { watch, queue } = open();
    queue.fault = (call) => (call === 'submit' ? fault : undefined);
    await expect(watch()).rejects.toMatchObject({
      code: 'edas_outcome_unknown',
      message:
        'The function that had to send the rollback was cut off, and no task could be handed over to finish its work. Look at the change order in the EDAS console.',
      facts: { changeOrderId: taskOrder },
    });
  },
);

test('people are told where no task could be handed over, and a retry that finds its report is content', async () => {
  const { attempt, queue } = open();
  queue.fault = (call) => (call === 'submit' ? 'lost' : undefined);
  expect(await attempt(claimed)).toMatchObject({
    told: [{ event: 'outcome_unknown', problem: { code: 'edas_outcome_unknown' } }],
  });
  queue.fault = () => undefined;
  expect(await attempt(claimed, { retryCount: 1 })).toEqual({ told: [], last: { event: 'watched' } });
});

test('the claim on the one call for a release is followed by a doubt, which sends nothing', async () => {
  const release = {
    fromVersion: '1.2',
    fromVersionId: 'id-2',
    toVersion: '1.1',
    groups: ['group-a'],
    seenUntil: startedAt - 600_000,
  };
  const { watch, clock, queue } = open();
  expect(await watch({}, { ...claimed, claim: 1, release })).toBe('handed_over');
  expect(clock.seconds()).toBe((sendsForMs + displayLagMs) / 1000);
  expect(queue.tasks.map(({ taskId }) => taskId)).toEqual([releaseReportIdFor(taskOrder)]);
  expect(readTask(queue.tasks[0]?.payload)).toMatchObject({
    rollback: 'unknown',
    reason: 'The function that had to send it was cut off (fake-request-id/0.5).',
    sentBefore: startedAt + sendsForMs,
    wasInFlight: false,
    release,
  });
});

test('people are told nothing while all is well', async () => {
  const { attempt } = open();
  expect(await attempt(claimed)).toEqual({ told: [], last: { event: 'handed_over' } });
});

test.each([
  ['an hour behind', 105, -3_600_000],
  ['a minute behind', 105, -60_000],
  ['ten seconds behind', 64, -10_000],
  ['right', 54, 0],
  // At once, it would send a second rollback beside a holder that still sends.
  ['ten seconds ahead', 45, 10_000],
  ['an hour ahead', 45, 3_600_000],
])('a clock that is %s makes the watch end after %d s', async (_what, seconds, aheadMs) => {
  expect(await secondsUntilOverdue({ aheadMs })).toBe(seconds);
});

test('a function with little time waits as long as it runs, so that a retry can find that the time is over', async () => {
  expect(await secondsUntilOverdue({ aheadMs: 3_600_000 }, { deadlineAt: startedAt + 15_000 })).toBe(15);
});

test('looks are seldom: the queue has other work', async () => {
  const { watch, queue } = open();
  await watch();
  expect(queue.calls.filter((call) => call.startsWith('read')).length).toBeLessThan(12);
});
