import { expect, test } from 'vitest';
import { AuditRecord } from '../../../functions/execute/audit-record.ts';
import { executeIntent, type IntentInput } from '../../../functions/execute/execute-intent.ts';
import type { RollbackPolicy } from '../../../functions/select/policy.ts';
import { problemOfAsync } from '../../support/problem.ts';
import { app, changeOrderId, otherApp } from '../events/stage.ts';

const policy: RollbackPolicy = { name: 'slo', cluster: 'ecs', mode: 'now', follow: false, dryRun: false };
const now = Date.parse('2026-01-02T03:04:05Z');

/** Executes what names a change order over an EDAS in memory, with one order in flight. */
async function execute(
  changes: Partial<IntentInput['intent']> & { source?: Partial<RollbackPolicy> } = {},
  status = 1,
) {
  const { source, ...intent } = changes;
  const record = new AuditRecord();
  const warnings: string[] = [];
  let puts = 0;
  const unused = () => Promise.reject(new Error('not here'));
  const work = executeIntent(
    {
      source: { ...policy, ...source },
      intent: {
        target: { changeOrderId },
        app: undefined,
        apps: undefined,
        problemStartedAt: undefined,
        answerAt: undefined,
        ...intent,
      },
      deadlineAt: now + 9_000,
      receivedAt: now,
      record,
    },
    {
      changeOrders: {
        read: () => Promise.resolve({ status, supportRollback: true, startedAt: now - 60_000 }),
        list: () => Promise.resolve([]),
        rollBack: () => {
          puts += 1;
          return Promise.resolve({
            rollbackChangeOrderId: 'fake-rollback',
            requestId: undefined,
            traceId: undefined,
          });
        },
      },
      edas: unused,
      openQueue: unused,
      env: {},
      now: () => now,
      clock: { now: () => now, sleep: () => Promise.resolve() },
      random: () => 1,
      warn: (message) => void warnings.push(message),
    },
  );
  const outcome = await work;
  return { outcome, facts: record.facts, warnings, puts };
}

test('what was found is known to the log, and is rolled back', async () => {
  const { outcome, facts, puts } = await execute();
  expect(outcome).toMatchObject({ outcome: 'rolling_back', claimed: false });
  expect(facts.changeOrderId).toBe(changeOrderId);
  expect(puts).toBe(1);
});

test('what is outside of the applications of its source is not, and the log knows what was asked for', async () => {
  const problem = await problemOfAsync(() => execute({ apps: [app, otherApp] }));
  expect(problem?.code).toBe('app_not_allowed');
});

const warning = 'It was not checked whether the change is to blame.';

test.each([
  ['a rollback', {}, 1, 'rolling_back', true],
  ['a dry run', { source: { dryRun: true } }, 1, 'dry_run', true],
  ['a change that is terminated already', {}, 6, 'already_terminated', false],
] as const)(
  'of %s, what was not checked is warned of, and told where it matters',
  async (_what, changes, status, told, isTold) => {
    const { outcome, warnings } = await execute({ ...changes, warning }, status);
    expect(outcome.outcome).toBe(told);
    expect(warnings).toEqual([warning]);
    expect('causality' in outcome).toBe(isTold);
    expect(outcome.message.endsWith(warning)).toBe(isTold);
  },
);
