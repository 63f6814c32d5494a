import { describe, expect, test } from 'vitest';
import type { TakenClaim } from '../../../../functions/claim/claim.ts';
import type { ReleaseRecord } from '../../../../functions/claim/release-tasks.ts';
import type { ChangeOrderProgress } from '../../../../functions/edas/change-order.ts';
import { Problem } from '../../../../functions/errors.ts';
import type {
  RollbackClaimed,
  RollbackDecided,
  RollbackReport,
  RollbackTask,
  TaskFacts,
} from '../../../../functions/task.ts';
import type { Reading } from '../../../../functions/webhook/confirm/read-state.ts';
import { changeView, stageOf, type Terms } from '../../../../functions/webhook/confirm/stage.ts';
import { changeOrderId } from '../stage.ts';

const now = 1_767_323_045_000;
const minute = 60_000;
const rollbackId = '4f40e616-cdcd-4250-a018-efd459900000';

const facts: TaskFacts = {
  version: 1,
  source: 'alertmanager',
  requestedAt: now - minute,
  changeOrderId,
  operation: 'RollbackChangeOrder',
};
const decider = { name: 'Fake Person', isProved: false };

const decided = (decision: RollbackDecided['decision'], agoMs: number): RollbackDecided => ({
  ...facts,
  rollback: 'decided',
  decision,
  decidedBy: decider,
  decidedAt: now - agoMs,
});
const view = (decision: RollbackDecided['decision'], agoMs: number) => ({
  decision,
  ...decider,
  decidedAt: now - agoMs,
});

const order = (status: number): ChangeOrderProgress => ({
  status,
  supportRollback: undefined,
  startedAt: undefined,
  description: undefined,
  batches: { done: 1, total: 2 },
  failures: [],
});

const claimed: RollbackClaimed = {
  ...facts,
  rollback: 'claimed',
  claim: 1,
  holder: 'fake/1',
  sendsUntil: now + 5_000,
};
const claim = (task: RollbackTask, more: Partial<TakenClaim> = {}): TakenClaim => ({
  result: 'taken',
  claim: 1,
  state: 'Running',
  task,
  ...more,
});
const done: RollbackReport = {
  ...facts,
  rollback: 'done',
  rollbackChangeOrderId: rollbackId,
  isKnownToSender: true,
};
const unknown = (agoMs: number): RollbackReport => ({
  ...facts,
  rollback: 'unknown',
  reason: 'EDAS did not answer.',
  sentBefore: now - agoMs,
  wasInFlight: true,
});
const refused: RollbackReport = { ...facts, rollback: 'refused' };
const due: RollbackTask = { ...facts, rollback: 'due' };
const called = (report?: RollbackReport, sendsUntil = now): ReleaseRecord => ({
  call: 'claimed',
  claim: { ...claimed, sendsUntil },
  report,
});

/** A change in flight about which people are asked, and did not decide. */
const asked: Reading = {
  order: order(1),
  appName: undefined,
  asked: undefined,
  decisions: [],
  claim: undefined,
  release: { call: 'none' },
  hasReleaseTask: false,
  rollback: undefined,
  due: { due: 'stop_change' },
  instances: undefined,
};
const terms: Terms = { changeOrderId, expiresAt: now + minute, hold: undefined, by: 'page' };

const stage = (reading: Partial<Reading>, more: Partial<Terms> = {}) =>
  stageOf({ ...asked, ...reading }, { ...terms, ...more }, now);

const rollback = (status?: number): Reading['rollback'] => ({
  changeOrderId: rollbackId,
  progress: status === undefined ? undefined : order(status),
});

describe('a rollback that is known', () => {
  test.each([
    [undefined, { stage: 'moving', isInDoubt: false }],
    [0, { stage: 'moving', isInDoubt: false }],
    [1, { stage: 'moving', isInDoubt: false }],
    [2, { stage: 'over', result: 'rolled_back' }],
    [3, { stage: 'over', result: 'failed' }],
    [6, { stage: 'over', result: 'terminated' }],
    [7, { stage: 'over', result: 'partly' }],
    [10, { stage: 'over', result: 'failed' }],
  ])('with status %s is shown as %o, whatever else there is', (status, what) => {
    for (const more of [{}, { order: order(6) }, { claim: claim(unknown(0)) }, { release: called() }]) {
      expect(stage({ rollback: rollback(status), ...more })).toMatchObject({
        ...what,
        rollback: { changeOrderId: rollbackId },
      });
    }
  });
});

const moving = { stage: 'moving', isInDoubt: false };
const inDoubt = { stage: 'moving', isInDoubt: true };
const cannotBeSeen = { stage: 'over', result: 'unknown' };
const open = { stage: 'open', does: 'stop_change' };

describe('what a claim shows of a change in flight:', () => {
  const cases: [what: string, reading: Partial<Reading>, stage: object][] = [
    ['it is held', { claim: claim(claimed) }, moving],
    ['a task has to roll back', { claim: claim(due) }, moving],
    ['that task ended, and nothing followed', { claim: claim(due, { state: 'Succeeded' }) }, open],
    ['the rollback was accepted', { claim: claim(done) }, moving],
    ['it was accepted, and the change ended well', { claim: claim(done), order: order(2) }, cannotBeSeen],
    ['it was sent a moment ago', { claim: claim(unknown(0)) }, inDoubt],
    ['it was sent two minutes ago', { claim: claim(unknown(2 * minute)) }, inDoubt],
    ['it was sent more than two minutes ago', { claim: claim(unknown(2 * minute + 1)) }, cannotBeSeen],
    [
      'it certainly had no effect',
      { claim: claim(unknown(9 * minute), { reasonOfEnd: 'The task that had to finish it is Failed.' }) },
      open,
    ],
    ['it was refused', { claim: claim(refused, { reasonOfEnd: 'Its rollback was refused.' }) }, open],
  ];
  test.each(cases)('%s', (_what, reading, what) => {
    expect(stage(reading)).toMatchObject(what);
  });

  test.each([
    ['in doubt', { claim: claim(unknown(0)) }],
    ['held', { claim: claim(claimed) }],
  ])('a change that was terminated is over, though a claim is %s', (_what, reading) => {
    const over = stage({ ...reading, order: order(6), due: { due: 'nothing', rolledBack: undefined } });
    expect(over).toMatchObject({ stage: 'over', result: 'already_over' });
  });
});

describe('what the tasks of a release that has ended show:', () => {
  const choice = {
    plan: 'choose' as const,
    fromVersion: 'two',
    toVersion: 'one',
    candidates: ['one', 'zero'],
    groups: [],
  };
  const release: Partial<Reading> = { order: order(2), due: { due: 'roll_back_release', choice } };
  const again: Reading['due'] = {
    due: 'refused',
    problem: new Problem('change_order_finished', 'It has ended.'),
  };
  const cases: [what: string, reading: Partial<Reading>, stage: object][] = [
    ['nothing', {}, { stage: 'open', does: 'roll_back_release', choice: { toVersion: 'one' } }],
    ['a task is at work', { hasReleaseTask: true }, moving],
    ['the call was claimed', { release: called(), due: again }, inDoubt],
    [
      'the call was claimed long ago',
      { release: called(undefined, now - 3 * minute), due: again },
      cannotBeSeen,
    ],
    ['its answer got lost', { release: called(unknown(0)), due: again }, inDoubt],
    ['its answer got lost long ago', { release: called(unknown(3 * minute)), due: again }, cannotBeSeen],
    ['it was refused', { release: called(refused), due: again }, { stage: 'closed', reason: 'refused' }],
    [
      'it was rolled back before',
      {
        due: {
          due: 'nothing',
          rolledBack: { plan: 'already_rolled_back', changeOrderId, rollbackChangeOrderId: rollbackId },
        },
      },
      { stage: 'over', result: 'already_over', rollback: { changeOrderId: rollbackId } },
    ],
  ];
  test.each(cases)('%s', (_what, reading, what) => {
    expect(stage({ ...release, ...reading })).toMatchObject(what);
  });

  test('other versions than the page showed are another state', () => {
    const shown = (more: object) => {
      const seen = stage({ ...release, due: { due: 'roll_back_release', choice: { ...choice, ...more } } });
      return seen.stage === 'open' ? seen.shown : '';
    };
    const all = [{}, { toVersion: undefined }, { fromVersion: 'three' }, { candidates: ['one'] }].map(shown);
    expect(new Set(all).size).toBe(4);
  });
});

describe('after a decision', () => {
  test.each([
    ['a moment ago, the request of the person is at work', 'roll_back', 9_999, moving],
    [
      'ten seconds ago, it can be tried again',
      'roll_back',
      10_000,
      { ...open, tried: view('roll_back', 10_000) },
    ],
    ['to leave it, it can still be rolled back', 'leave', 0, { ...open, left: view('leave', 0) }],
  ] as const)('%s', (_what, decision, agoMs, what) => {
    expect(stage({ decisions: [decided(decision, agoMs)] })).toMatchObject(what);
  });

  test('it can be tried again at once where the rollback that was decided was refused', () => {
    const task: RollbackTask = { ...refused, decidedBy: decider };
    const ended = claim(task, { reasonOfEnd: 'Its rollback was refused.' });
    expect(stage({ decisions: [decided('roll_back', 0)], claim: ended })).toMatchObject(open);
    // A rollback that no one decided was refused before: this one is at work.
    const before = { ...ended, task: refused };
    expect(stage({ decisions: [decided('roll_back', 0)], claim: before })).toMatchObject(moving);
  });

  test('each is another state than the one before', () => {
    const all = [[], [decided('leave', minute)], [decided('leave', minute), decided('roll_back', minute)]];
    const shown = all.map((decisions) => {
      const seen = stage({ decisions });
      return seen.stage === 'open' ? seen.shown : '';
    });
    expect(new Set(shown).size).toBe(3);
    expect(shown).not.toContain('');
  });
});

describe('nothing can be decided', () => {
  const problem = new Problem('problem_predates_change', 'The change began later.');
  const left = view('leave', 0);
  const decisions = [decided('leave', 0)];

  test.each([
    [
      'a rule refuses it',
      { due: { due: 'refused', problem } as const },
      {},
      { reason: 'refused', problem: { code: problem.code } },
    ],
    ['rollbacks are suspended', {}, { hold: 'suspended' }, { reason: 'suspended' }],
    ['the source only tries', {}, { hold: 'dry_run' }, { reason: 'dry_run' }],
    ['the time is over', {}, { expiresAt: now - 1 }, { reason: 'left_alone' }],
    ['it is decided in a chat', {}, { by: 'chat' }, { reason: 'in_chat' }],
  ] as const)('where %s, and the page says who left it alone', (_what, reading, more, what) => {
    expect(stage({ ...reading, decisions }, more)).toMatchObject({ stage: 'closed', ...what, left });
  });

  test('where the change is over, though the time is over too and rollbacks are suspended', () => {
    const over = stage(
      { due: { due: 'nothing', rolledBack: undefined }, order: order(6) },
      { hold: 'suspended', expiresAt: 0 },
    );
    expect(over).toMatchObject({ stage: 'over', result: 'already_over' });
  });

  test('where the time is over, and people did not decide', () => {
    expect(stage({}, { expiresAt: now - 1 })).toMatchObject({ stage: 'closed', reason: 'expired' });
  });

  test('but at the last moment of the time it can', () => {
    expect(stage({}, { expiresAt: now })).toMatchObject(open);
  });
});

test('where EDAS cannot be read, the page is the brake, and a person who saw the change in flight saw the same', () => {
  const brake = stage({ order: undefined, due: { due: 'brake' } });
  const seen = stage({});
  expect(brake).toMatchObject({ stage: 'open', does: 'brake' });
  expect(brake.stage === 'open' && seen.stage === 'open' && brake.shown === seen.shown).toBe(true);
});

test('a change order that cannot be read is shown by its id', () => {
  expect(changeView(changeOrderId, undefined)).toEqual({ changeOrderId });
});
