import { expect, test } from 'vitest';
import {
  approvalIdFor,
  askIdFor,
  decisionIdFor,
  readTask,
  waitIdFor,
  type RollbackApproved,
  type RollbackAsked,
  type RollbackDecided,
  type RollbackTask,
  type TaskFacts,
} from '../../functions/task.ts';
import { choice, fakeLink } from '../support/notification.ts';
import { problemOf } from '../support/problem.ts';

const changeOrderId = 'dc5133d7-773f-4c81-9c5a-e2103dce0f6a';
const facts: TaskFacts = {
  version: 1,
  source: 'pipeline',
  delivery: 'fake-delivery',
  requestId: 'fake-request-id',
  requestedAt: 1_767_323_045_000,
  changeOrderId,
  operation: 'RollbackChangeOrder',
  app: '3616cdca-4f92-4413-0000-000000000000',
  actor: 'roadrunner',
};
const asked: RollbackAsked = {
  ...facts,
  rollback: 'asked',
  ask: 1,
  expiresAt: 1_767_323_945_000,
  by: 'page',
  link: fakeLink,
  people: 1,
  summary: 'Error rate of checkout is 12 %',
  problemStartedAt: 1_767_323_040_000,
  choice,
};
const decidedBy = { name: 'U024BE7LH', isProved: true, source: 'ops-chat' };
const approved: RollbackApproved = { ...facts, rollback: 'approved', ask: 2, decidedBy, decidedAt: 1 };
const decided: RollbackDecided = {
  ...facts,
  rollback: 'decided',
  decision: 'leave',
  decidedBy,
  decidedAt: 1,
};

test.each<RollbackTask>([
  asked,
  { ...asked, by: 'chat', people: 2, waited: 3, link: undefined, summary: undefined, choice: undefined },
  { ...asked, choice: { fromVersion: '2', toVersion: undefined, candidates: [] } },
  approved,
  decided,
  { ...decided, decision: 'roll_back', decidedBy: { name: undefined, isProved: false, source: undefined } },
  { ...facts, rollback: 'done', isKnownToSender: true, decidedBy },
])('a task of what people are asked, and say, is read as it was written: %j', (task) => {
  expect(readTask(JSON.stringify(task))).toEqual(task);
});

test.each<[RollbackTask, object, string]>([
  [asked, { expiresAt: undefined }, 'until when a person is asked'],
  [asked, { expiresAt: '2026-01-02' }, 'until when a person is asked'],
  [asked, { by: 'mail' }, 'where a person decides'],
  [asked, { people: 3 }, 'how many people must decide'],
  [asked, { people: '1' }, 'how many people must decide'],
  [asked, { ask: 0 }, 'how often people were asked'],
  [asked, { problemStartedAt: null }, 'its problemStartedAt is no time'],
  [asked, { choice: {} }, 'which versions there are'],
  [asked, { choice: { ...choice, candidates: [1] } }, 'which versions there are'],
  [asked, { choice: { ...choice, toVersion: null } }, 'which versions there are'],
  [approved, { ask: undefined }, 'how often people were asked'],
  [approved, { decidedBy: 'alice' }, 'who decided, and when'],
  [decided, { decidedAt: undefined }, 'who decided, and when'],
  [decided, { decidedBy: undefined }, 'who decided, and when'],
  [decided, { decision: 'maybe' }, 'what was decided'],
])('%j with %j is refused', (task, changes, fault) => {
  const problem = problemOf(() => readTask(JSON.stringify({ ...task, ...changes })));
  expect(problem?.code).toBe('task_malformed');
  expect(problem?.message).toContain(fault);
});

test('a name counts as proved only where the task says exactly so', () => {
  const read = readTask(JSON.stringify({ ...decided, decidedBy: { name: 'root', isProved: 'true' } }));
  expect(read.decidedBy).toEqual({ name: 'root', isProved: false, source: undefined });
});

test('each question, each wait for its answer, each approval and each decision has an id of its own', () => {
  expect([
    askIdFor(changeOrderId),
    askIdFor(changeOrderId, 2),
    waitIdFor(asked, 1),
    waitIdFor({ ...asked, ask: 2 }, 1),
    approvalIdFor(changeOrderId),
    approvalIdFor(changeOrderId, 2),
    decisionIdFor(changeOrderId),
    decisionIdFor(changeOrderId, 2),
  ]).toEqual([
    `ask-${changeOrderId}`,
    `ask-${changeOrderId}-2`,
    `ask-${changeOrderId}-wait-1`,
    `ask-${changeOrderId}-2-wait-1`,
    `approve-${changeOrderId}`,
    `approve-${changeOrderId}-2`,
    `decide-${changeOrderId}`,
    `decide-${changeOrderId}-2`,
  ]);
});
