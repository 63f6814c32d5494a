import { describe, expect, test } from 'vitest';
import {
  rollBackReleaseOnce,
  type ReleaseClaimDependencies,
} from '../../../functions/claim/roll-back-release-once.ts';
import type { EdasClient, RollbackReceipt } from '../../../functions/edas/client.ts';
import type { ReleaseRollbackOrder } from '../../../functions/edas/release.ts';
import type { ReleasePlan } from '../../../functions/rollback/release.ts';
import { Problem } from '../../../functions/errors.ts';
import { readTask, type TaskFacts } from '../../../functions/task.ts';
import { failed } from '../../support/edas-failure.ts';
import { MemoryQueue, type QueueFault } from '../../support/memory-queue.ts';

const app = '3616cdca-4f92-4413-0000-000000000000';
const changeOrderId = 'dc5133d7-773f-4c81-9c5a-e2103dce0f6a';
const rollbackChangeOrderId = '5ba3b2f4-1c7e-4a6d-8f00-000000000001';
const beganAt = Date.parse('2026-01-02T03:04:05Z');
const callId = `ended-call-${changeOrderId}`;
const reportId = `ended-follow-${changeOrderId}`;

const plan: ReleasePlan = {
  plan: 'roll_back',
  fromVersion: '1.2',
  fromVersionId: 'id-2',
  toVersion: '1.1',
  groups: ['group-a'],
  group: 'all',
  batches: 2,
  batchWaitMinutes: 1,
  seenUntil: beganAt - 600_000,
};
const facts: TaskFacts = {
  version: 1,
  source: 'pipeline',
  requestId: 'fake-request-id',
  requestedAt: beganAt - 2_000,
  changeOrderId,
  operation: 'RollbackChangeOrder',
  app,
};
const release = {
  fromVersion: '1.2',
  fromVersionId: 'id-2',
  toVersion: '1.1',
  groups: ['group-a'],
  seenUntil: beganAt - 600_000,
};
const receipt: RollbackReceipt = { rollbackChangeOrderId, requestId: 'FAKE-ID', traceId: undefined };

interface Scenario {
  /** What the calls end in, one after the other; the last one again and again. */
  calls?: [RollbackReceipt | Error, ...(RollbackReceipt | Error)[]];
  queue?: MemoryQueue;
  leftMs?: number;
  random?: () => number;
}

/** Makes the one call against a made-up EDAS, each of whose calls takes 10 ms. */
async function run({ calls = [receipt], queue = new MemoryQueue(), leftMs = 30_000, random }: Scenario = {}) {
  let now = 0;
  const clock = { now: () => now, sleep: (ms: number) => Promise.resolve(void (now += ms)) };
  const sent: { order: ReleaseRollbackOrder; timeoutMs: number; tasks: string[] }[] = [];
  const client: Pick<EdasClient, 'rollBackApplication'> = {
    rollBackApplication: async (order, timeoutMs) => {
      sent.push({ order, timeoutMs, tasks: queue.tasks.map(({ taskId }) => taskId) });
      await clock.sleep(10);
      const end = calls[Math.min(sent.length, calls.length) - 1] ?? receipt;
      if (end instanceof Error) throw end;
      return end;
    },
  };
  const warnings: string[] = [];
  const warn = (message: string) => void warnings.push(message);
  const dependencies: ReleaseClaimDependencies = {
    edas: () => Promise.resolve(client as EdasClient),
    clock,
    now: () => beganAt + now,
    random: random ?? (() => 0.5),
    warn,
    queue: { openQueue: () => Promise.resolve(queue), deadlineAt: leftMs + 10_000, clock, warn },
  };
  const job = {
    plan,
    search: { app, changeOrderId, deadlineAt: leftMs },
    task: facts,
    claimTimeoutMs: 10_000,
    reportTimeoutMs: 10_000,
  };
  const end = await rollBackReleaseOnce(job, dependencies).catch((error: unknown) => ({ thrown: error }));
  return { end, sent, queue, warnings };
}

const tasksIn = (queue: MemoryQueue) =>
  queue.tasks.map(({ taskId, payload }) => ({ taskId, task: readTask(payload) }));

const without = (fault: QueueFault, ...ids: string[]) => {
  const queue = new MemoryQueue();
  queue.fault = (_call, taskId) => (ids.includes(taskId) ? fault : undefined);
  return queue;
};

/** Another run has the claim. */
const taken = () => {
  const queue = new MemoryQueue();
  queue.put(callId, { ...facts, rollback: 'claimed', claim: 1, holder: 'another', sendsUntil: beganAt });
  return queue;
};

describe('the one call for a release', () => {
  test('is claimed before it is made, and reported after it, both with what is rolled back', async () => {
    const { end, sent, queue } = await run();
    expect(sent).toEqual([
      {
        order: { appId: app, groupId: 'all', version: '1.1', batches: 2, batchWaitMinutes: 1 },
        timeoutMs: 24_000,
        tasks: [callId],
      },
    ]);
    expect(tasksIn(queue)).toMatchObject([
      {
        taskId: callId,
        task: {
          ...facts,
          rollback: 'claimed',
          claim: 1,
          holder: 'fake-request-id/0.5',
          sendsUntil: beganAt + 30_000,
          release,
        },
      },
      {
        taskId: reportId,
        task: { ...facts, rollback: 'done', rollbackChangeOrderId, isKnownToSender: false, release },
      },
    ]);
    expect(end).toMatchObject({ result: 'accepted', report: { status: 'dispatched' } });
  });

  test('is not made where another run has the claim, or had it', async () => {
    const { end, sent, queue } = await run({ queue: taken() });
    expect(end).toBe('taken');
    expect(sent).toEqual([]);
    expect(queue.tasks).toHaveLength(1);
  });

  test.each(['down', 'lost'] as const)(
    'is not made where Function Compute cannot be asked for the claim: %s',
    async (fault) => {
      const queue = without(fault, callId);
      const { end, sent } = await run({ queue });
      expect(end).toMatchObject({ thrown: { code: 'edas_outcome_unknown', facts: { app, changeOrderId } } });
      expect(sent).toEqual([]);
    },
  );

  test('is made where an answer about the claim got lost that this run has', async () => {
    const queue = new MemoryQueue();
    let turn = 0;
    queue.fault = (call, id) => (call === 'submit' && id === callId && turn++ === 0 ? 'lost' : undefined);
    const { sent, end } = await run({ queue });
    expect(sent).toHaveLength(1);
    expect(end).toMatchObject({ result: 'accepted' });
  });

  test.each([
    ['another has it', undefined],
    ['it cannot be read whose it is', 'not JSON'],
  ])('is not made after a lost answer where %s', async (_what, payload) => {
    const queue = taken();
    const [claim] = queue.tasks;
    if (claim && payload !== undefined) claim.payload = payload;
    let turn = 0;
    queue.fault = (call, id) => (call === 'submit' && id === callId && turn++ === 0 ? 'lost' : undefined);
    const { end, sent } = await run({ queue });
    expect(end).toBe('taken');
    expect(sent).toEqual([]);
  });

  test('is made again within the run only where it certainly never left', async () => {
    const { end, sent, warnings } = await run({ calls: [failed('not_sent'), failed('not_sent'), receipt] });
    expect(sent).toHaveLength(3);
    expect(end).toMatchObject({ result: 'accepted' });
    expect(warnings).toEqual(
      Array.from({ length: 2 }, () => 'EDAS could not be reached, and the rollback is sent again'),
    );
  });

  test('that never left at all ends in time, is reported as refused, and is not made by the next run', async () => {
    const { end, queue } = await run({ calls: [failed('not_sent')], leftMs: 5_000 });
    expect(end).toMatchObject({ result: 'problem', problem: { code: 'edas_unavailable' } });
    expect(tasksIn(queue)[1]?.task).toMatchObject({
      rollback: 'refused',
      reason: expect.stringContaining('not_sent') as string,
    });
    expect((await run({ queue })).end).toBe('taken');
  });

  const ends: [string, RollbackReceipt | Error, string, object][] = [
    [
      'a doubt',
      failed('doubt'),
      'edas_outcome_unknown',
      { rollback: 'unknown', reason: 'A fake failure: doubt.' },
    ],
    ['throttling', failed('throttled'), 'edas_outcome_unknown', { rollback: 'unknown' }],
    [
      'a success without an order',
      { ...receipt, rollbackChangeOrderId: undefined },
      'edas_outcome_unknown',
      { rollback: 'unknown', sentBefore: beganAt + 10, wasInFlight: false },
    ],
    ['a refusal', failed('rejected'), 'edas_rejected', { rollback: 'refused' }],
    ['a missing right', failed('denied'), 'edas_denied', { rollback: 'refused' }],
    ['bad credentials', failed('unauthenticated'), 'edas_denied', { rollback: 'refused' }],
    [
      'missing credentials',
      new Problem('credentials_missing', 'fake-reason'),
      'credentials_missing',
      { rollback: 'refused', reason: 'fake-reason' },
    ],
  ];
  test.each(ends)('is made once where it ends in %s', async (_what, end, code, report) => {
    const first = await run({ calls: [end] });
    expect(first.end).toMatchObject({ result: 'problem', problem: { code } });
    expect(first.sent).toHaveLength(1);
    expect(tasksIn(first.queue)).toMatchObject([
      { taskId: callId },
      { taskId: reportId, task: { ...report, release } },
    ]);
    const second = await run({ queue: first.queue });
    expect(second.end).toBe('taken');
    expect(second.sent).toEqual([]);
  });

  test('that breaks is not reported: the task of its claim finds out', async () => {
    const bug = new TypeError('fake-bug');
    const { end, queue } = await run({ calls: [bug] });
    expect(end).toEqual({ thrown: bug });
    expect(queue.tasks.map(({ taskId }) => taskId)).toEqual([callId]);
    expect((await run({ queue })).end).toBe('taken');
  });

  test('is told of where its report cannot be handed over', async () => {
    const { end } = await run({ queue: without('down', reportId) });
    expect(end).toMatchObject({
      result: 'accepted',
      report: { status: 'failed', task: { rollback: 'done', release } },
    });
  });

  test('whose witness has reported before is left to that report', async () => {
    const queue = new MemoryQueue();
    queue.put(reportId, { ...facts, rollback: 'unknown', reason: '', sentBefore: beganAt, release });
    expect((await run({ queue })).end).toMatchObject({ result: 'accepted', report: { status: 'exists' } });
  });
});
