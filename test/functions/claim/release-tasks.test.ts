import { describe, expect, test } from 'vitest';
import {
  calledBefore,
  handOverReleaseRollback,
  lookAtRelease,
  rollbackOrderIn,
} from '../../../functions/claim/release-tasks.ts';
import type { TaskState } from '../../../functions/platform/task-queue.ts';
import { MemoryQueue } from '../../support/memory-queue.ts';
import { releaseDue } from '../../support/releases.ts';
import { taskDue, taskOrder } from '../../support/task.ts';

const callId = `ended-call-${taskOrder}`;
const reportId = `ended-follow-${taskOrder}`;
const taskId = `ended-${taskOrder}`;
const rollbackChangeOrderId = '5ba3b2f4-1c7e-4a6d-8f00-000000000001';
const facts = taskDue;
const release = { fromVersion: '2', fromVersionId: 'id-2', toVersion: '1', groups: ['a'], seenUntil: 5 };
const claim = { ...facts, rollback: 'claimed', claim: 1, holder: 'a', sendsUntil: 42, release };
const report = { ...facts, rollback: 'done', rollbackChangeOrderId, isKnownToSender: false, release };

function open(tasks: Record<string, object | string> = {}) {
  const queue = new MemoryQueue();
  for (const [id, task] of Object.entries(tasks)) {
    if (typeof task === 'string') queue.tasks.push({ taskId: id, payload: task, state: 'Running' });
    else queue.put(id, task);
  }
  const clock = { now: () => 0, sleep: () => Promise.resolve() };
  const access = { openQueue: () => Promise.resolve(queue), deadlineAt: 5_000, clock, warn: () => undefined };
  return { queue, access };
}

const look = (tasks: Record<string, object | string>, ...unreadable: string[]) => {
  const { queue, access } = open(tasks);
  queue.fault = (_call, id) => (unreadable.includes(id) ? 'down' : undefined);
  return lookAtRelease(taskOrder, access);
};

describe('what the tasks show of the one call for a release', () => {
  test.each([
    ['nothing, where there are none', {}, [], { call: 'none' }],
    ['the claim', { [callId]: claim }, [], { call: 'claimed', claim: { holder: 'a' }, report: undefined }],
    [
      'the report',
      { [callId]: claim, [reportId]: report },
      [],
      { call: 'claimed', report: { rollback: 'done' } },
    ],
    [
      'the report, where the claim cannot be read',
      { [reportId]: report },
      [callId],
      { call: 'claimed', claim: undefined },
    ],
    [
      'the claim, where the report cannot be read',
      { [callId]: claim },
      [reportId],
      { call: 'claimed', report: undefined },
    ],
    [
      'that there is a claim of another version',
      { [callId]: '{}' },
      [],
      { call: 'claimed', claim: undefined },
    ],
    [
      'that there is one, whatever stands in it',
      { [callId]: report },
      [],
      { call: 'claimed', claim: undefined },
    ],
    [
      'that there is a report, whatever stands in it',
      { [reportId]: claim },
      [],
      { call: 'claimed', report: undefined },
    ],
    ['it cannot be read, where one is absent and one unreadable', {}, [callId], { call: 'unreadable' }],
    ['it cannot be read', {}, [callId, reportId], { call: 'unreadable' }],
  ] as const)('is %s', async (_what, tasks, unreadable, record) => {
    expect(await look(tasks, ...unreadable)).toMatchObject(record);
  });

  test('is when it was made at the latest, and the order that EDAS named', async () => {
    const whole = await look({ [callId]: claim, [reportId]: report });
    expect([calledBefore(whole), rollbackOrderIn(whole)]).toEqual([42, rollbackChangeOrderId]);
    const reported = await look({ [reportId]: report });
    expect([calledBefore(reported), rollbackOrderIn(reported)]).toEqual([
      facts.requestedAt,
      rollbackChangeOrderId,
    ]);
    for (const other of [await look({}), await look({}, callId)]) {
      expect([calledBefore(other), rollbackOrderIn(other)]).toEqual([undefined, undefined]);
    }
  });
});

describe('the rollback of a release is handed over', () => {
  const dead: readonly TaskState[] = ['Failed', 'Stopped', 'Expired', 'Invalid'];
  const alive: readonly TaskState[] = ['Enqueued', 'Running', 'Retrying', 'Succeeded'];

  test('to one task', async () => {
    const { queue, access } = open();
    expect(await handOverReleaseRollback(releaseDue, access)).toBe('accepted');
    expect(await handOverReleaseRollback(releaseDue, access)).toBe('exists');
    expect(queue.tasks.map((task) => task.taskId)).toEqual([taskId]);
  });

  test.each(dead)('to another one where the first is %s', async (state) => {
    const { queue, access } = open();
    queue.put(taskId, releaseDue, state);
    expect(await handOverReleaseRollback(releaseDue, access)).toBe('accepted');
    expect(queue.tasks.map((task) => task.taskId)).toEqual([taskId, `${taskId}-2`]);
  });

  test.each(alive)('to no other one where the first is %s', async (state) => {
    const { queue, access } = open();
    queue.put(taskId, releaseDue, state);
    expect(await handOverReleaseRollback(releaseDue, access)).toBe('exists');
    expect(queue.tasks).toHaveLength(1);
  });

  test('to no other one where the first cannot be read', async () => {
    const { queue, access } = open({ [taskId]: releaseDue });
    queue.fault = (call) => (call === 'read' ? 'down' : undefined);
    expect(await handOverReleaseRollback(releaseDue, access)).toBe('exists');
  });

  test('to five tasks at most', async () => {
    const { queue, access } = open();
    for (const end of ['', '-2', '-3', '-4', '-5']) queue.put(`${taskId}${end}`, releaseDue, 'Failed');
    expect(await handOverReleaseRollback(releaseDue, access)).toBe('exists');
    expect(queue.tasks).toHaveLength(5);
  });

  test.each([
    ['down', 'failed'],
    ['lost', 'in_doubt'],
  ] as const)('or not, where the queue is %s: %s', async (fault, submission) => {
    const { queue, access } = open();
    queue.fault = () => fault;
    expect(await handOverReleaseRollback(releaseDue, access)).toBe(submission);
  });
});
