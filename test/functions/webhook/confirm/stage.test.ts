import { describe, expect, test } from 'vitest';
import { Problem, type ErrorCode } from '../../../../functions/errors.ts';
import type { RollbackDecided } from '../../../../functions/task.ts';
import type { Reading } from '../../../../functions/webhook/confirm/read-state.ts';
import { stageOf } from '../../../../functions/webhook/confirm/stage.ts';
import { renderPage } from '../../../../functions/webhook/confirm/page/render.ts';
import type { Stage } from '../../../../functions/webhook/confirm/page/view.ts';
import { changeOrderId } from '../stage.ts';
import { viewOf } from './page/views.ts';

const now = Date.parse('2026-11-29T03:00:00Z');

const nothingRead: Reading = {
  order: undefined,
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

const left: RollbackDecided = {
  version: 1,
  source: 'asking',
  changeOrderId,
  operation: 'RollbackChangeOrder',
  requestedAt: now - 120_000,
  rollback: 'decided',
  decision: 'leave',
  decidedBy: { name: 'Fake Person', isProved: false },
  decidedAt: now - 60_000,
};

function stageFor(reading: Partial<Reading>, expiresAt = now + 60_000): Stage {
  const terms = { changeOrderId, expiresAt, hold: undefined, by: 'page' } as const;
  return stageOf({ ...nothingRead, ...reading }, terms, now);
}

const refusedWith = (code: ErrorCode): Partial<Reading> => ({
  due: { due: 'refused', problem: new Problem(code, 'Fake reason.') },
});

describe('the page says', () => {
  test.each(['edas_unavailable', 'edas_throttled', 'task_not_taken', 'edas_outcome_unknown'] as const)(
    'that it cannot see, and not that a rule stands against it, where a read fails with %s',
    (code) => {
      expect(stageFor(refusedWith(code))).toMatchObject({ stage: 'closed', reason: 'unreadable' });
    },
  );

  test.each(['release_too_old', 'app_has_change_in_flight', 'problem_predates_change'] as const)(
    'that a rule stands against it where one does: %s',
    (code) => {
      expect(stageFor(refusedWith(code))).toMatchObject({ stage: 'closed', reason: 'refused' });
    },
  );

  test('not that the next alert asks again, where a person left the change alone', () => {
    expect(stageFor({ decisions: [left] }, now - 1)).toMatchObject({ stage: 'closed', reason: 'left_alone' });
    expect(stageFor({}, now - 1)).toMatchObject({ stage: 'closed', reason: 'expired' });
  });
});

describe('the page looks again by itself', () => {
  test.each<[string, Stage]>([
    ['where it could not see how it stands', { stage: 'closed', reason: 'unreadable' }],
    ['where it is not known what came of the rollback', { stage: 'over', result: 'unknown' }],
  ])('%s', (_what, stage) => {
    expect(renderPage(viewOf(stage))).toContain('data-every="15"');
  });
});

test('a rule that stands against a rollback is not told as something that did not work', () => {
  const problem = { kind: 'problem', code: 'release_too_old', message: 'Fake reason.' } as const;
  expect(renderPage(viewOf({ stage: 'closed', reason: 'refused', problem }))).not.toContain('did not work');
});
