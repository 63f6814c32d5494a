import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  createEdasClient,
  type ChangeOrderInfo,
  type RollbackReceipt,
} from '../../../functions/edas/client.ts';
import { EdasFailure, type EdasFailureKind } from '../../../functions/edas/failure.ts';
import { Problem, type ErrorCode } from '../../../functions/errors.ts';
import type { ChangeOrders } from '../../../functions/rollback/dependencies.ts';
import {
  rollBack,
  type RollbackOutcome,
  type RollbackRequest,
} from '../../../functions/rollback/rollback.ts';
import * as faults from '../../../local/edas/faults.ts';
import type { Fault } from '../../../local/edas/faults.ts';
import { startEdasStandIn, type EdasStandIn, type EdasStandInOptions } from '../../../local/edas/stand-in.ts';

const orderId = '4f40e616-cdcd-4250-a018-efd459900000';
const startedAt = Date.parse('2026-01-02T03:04:05Z');
const patienceMs = 8_000;
const earlier = startedAt - 60_000;
const later = startedAt + 1;

/** What a call of EDAS ends in. An Error is thrown. */
type Reading = ChangeOrderInfo | Error;
type Sending = RollbackReceipt | Error;

interface Scenario {
  /** What the reads find, one after the other; the last one again and again. */
  reads: [Reading, ...Reading[]];
  put?: Sending;
  /** How long the calls take, one after the other; the last one again and again. */
  latenciesMs?: [number, ...number[]];
  request?: Partial<RollbackRequest>;
}

interface Course {
  outcome: RollbackOutcome | undefined;
  problem: Problem | undefined;
  calls: { operation: 'read' | 'put'; changeOrderId: string; timeoutMs: number }[];
  warnings: [string, Record<string, unknown>][];
  tookMs: number;
}

const failed = (kind: EdasFailureKind) =>
  new EdasFailure(kind, `A fake failure: ${kind}.`, {
    requestId: 'FAKE-REQUEST-ID',
    traceId: 'fake-trace-id',
  });

const found = (status: number | undefined, supportRollback: boolean | undefined = true): ChangeOrderInfo => ({
  status,
  supportRollback,
  startedAt: undefined,
});

const accepted: RollbackReceipt = {
  rollbackChangeOrderId: 'fake-rollback-order',
  requestId: 'FAKE-REQUEST-ID',
  traceId: 'fake-trace-id',
};

/** Runs one rollback against a made-up EDAS, on a clock that only its calls and pauses move. */
async function run({ reads, put = accepted, latenciesMs = [10], request }: Scenario): Promise<Course> {
  let now = startedAt;
  const course: Course = { outcome: undefined, problem: undefined, calls: [], warnings: [], tookMs: 0 };

  function answer<T extends object>(result: T | Error, timeoutMs: number): T {
    const latencyMs = nth(latenciesMs, course.calls.length - 1);
    now += Math.max(0, Math.min(latencyMs, timeoutMs));
    if (latencyMs > timeoutMs) throw failed('doubt');
    if (result instanceof Error) throw result;
    return result;
  }

  const changeOrders: ChangeOrders = {
    list: () => Promise.reject(new Error('Nobody asked for a list')),
    read: async (changeOrderId, timeoutMs) => {
      const reading = nth(reads, course.calls.filter(({ operation }) => operation === 'read').length);
      course.calls.push({ operation: 'read', changeOrderId, timeoutMs });
      return Promise.resolve(answer(reading, timeoutMs));
    },
    rollBack: async (changeOrderId, timeoutMs) => {
      course.calls.push({ operation: 'put', changeOrderId, timeoutMs });
      return Promise.resolve(answer(put, timeoutMs));
    },
  };

  try {
    course.outcome = await rollBack(
      { changeOrderId: orderId, deadlineAt: startedAt + patienceMs, ...request },
      {
        changeOrders,
        clock: {
          now: () => now,
          sleep: (ms) => {
            now += ms;
            return Promise.resolve();
          },
        },
        warn: (message, facts) => course.warnings.push([message, facts]),
      },
    );
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    course.problem = error;
  }
  course.tookMs = now - startedAt;
  return course;
}

function nth<T>(list: readonly [T, ...T[]], index: number): T {
  return list[Math.min(index, list.length - 1)] ?? list[0];
}

/** `rolling_back (reply)`, `already_terminated`, `edas_rejected`, … */
function answerOf({ outcome, problem }: Pick<Course, 'outcome' | 'problem'>): string {
  if (!outcome) return problem?.code ?? 'nothing';
  return outcome.outcome === 'rolling_back' ? `rolling_back (${outcome.evidence})` : outcome.outcome;
}

function putsOf({ calls }: Course): number {
  return calls.filter(({ operation }) => operation === 'put').length;
}

describe('every decision', () => {
  const before = {
    unreadable: failed('doubt'),
    '0 ready': found(0),
    '1 running': found(1),
    '8 waiting for a person': found(8),
    '9 waiting for the next batch': found(9),
    '2 succeeded, no rollback supported': found(2, false),
    '2 succeeded, rollback supported': found(2, true),
    '2 succeeded, nothing said about rollback': { ...found(2), supportRollback: undefined },
    '3 failed': found(3),
    '3 failed, no rollback supported': found(3, false),
    '7 partly succeeded': found(7),
    '10 system exception': found(10),
    '6 terminated': found(6),
    '4 undocumented': found(4),
    '5 undocumented': found(5),
    '99 undocumented': found(99),
    'no status': found(undefined),
  };
  const put = {
    'accepted, new id': accepted,
    'accepted, same id': { ...accepted, rollbackChangeOrderId: orderId },
    'accepted, no id': { ...accepted, rollbackChangeOrderId: undefined },
    not_sent: failed('not_sent'),
    denied: failed('denied'),
    throttled: failed('throttled'),
    not_found: failed('not_found'),
    rejected: failed('rejected'),
    doubt: failed('doubt'),
  };
  const later = {
    unreadable: failed('doubt'),
    unchanged: undefined,
    '6': found(6),
    '2': found(2),
  };
  type Before = keyof typeof before;
  type Put = keyof typeof put;
  type Later = keyof typeof later;

  const names = <T extends object>(cases: T) => Object.keys(cases) as (keyof T)[];
  const except = <T extends string>(all: T[], ...some: T[]) => all.filter((each) => !some.includes(each));

  const anyPut = names(put);
  const anyLater = names(later);
  const inFlight: Before[] = [
    '0 ready',
    '1 running',
    '8 waiting for a person',
    '9 waiting for the next batch',
  ];
  const open = except(names(before), '6 terminated', '2 succeeded, no rollback supported');
  const openButNotInFlight = except(open, ...inFlight);

  interface Row {
    rule: string;
    before: Before[];
    put: Put[];
    later: Later[];
    answer: string;
    puts: 0 | 1;
  }

  const table: Row[] = [
    {
      rule: 'an order that is terminated is left alone',
      before: ['6 terminated'],
      put: anyPut,
      later: anyLater,
      answer: 'already_terminated',
      puts: 0,
    },
    {
      rule: 'an order that succeeded and supports no rollback is left alone',
      before: ['2 succeeded, no rollback supported'],
      put: anyPut,
      later: anyLater,
      answer: 'change_order_finished',
      puts: 0,
    },
    {
      rule: 'any other order is up to EDAS, and its yes is believed',
      before: open,
      put: ['accepted, new id', 'accepted, same id', 'accepted, no id'],
      later: anyLater,
      answer: 'rolling_back (reply)',
      puts: 1,
    },
    {
      rule: 'what was never sent is said to be so',
      before: open,
      put: ['not_sent'],
      later: anyLater,
      answer: 'edas_unavailable',
      puts: 1,
    },
    {
      rule: 'denied is final',
      before: open,
      put: ['denied'],
      later: anyLater,
      answer: 'edas_denied',
      puts: 1,
    },
    {
      rule: 'throttled is not tried again',
      before: open,
      put: ['throttled'],
      later: anyLater,
      answer: 'edas_throttled',
      puts: 1,
    },
    {
      rule: 'an order that EDAS does not know is not found',
      before: open,
      put: ['not_found'],
      later: anyLater,
      answer: 'change_order_not_found',
      puts: 1,
    },
    {
      rule: 'a refusal of an order that is terminated by now means that somebody was faster',
      before: open,
      put: ['rejected'],
      later: ['6'],
      answer: 'already_terminated',
      puts: 1,
    },
    {
      rule: 'any other refusal is a refusal',
      before: open,
      put: ['rejected'],
      later: ['unreadable', 'unchanged', '2'],
      answer: 'edas_rejected',
      puts: 1,
    },
    {
      rule: 'a lost answer is found in an order that went from in flight to terminated',
      before: inFlight,
      put: ['doubt'],
      later: ['6'],
      answer: 'rolling_back (order)',
      puts: 1,
    },
    {
      rule: 'a lost answer that the order does not show stays unknown',
      before: inFlight,
      put: ['doubt'],
      later: ['unreadable', 'unchanged', '2'],
      answer: 'edas_outcome_unknown',
      puts: 1,
    },
    {
      rule: 'a lost answer stays unknown when the order was not seen in flight',
      before: openButNotInFlight,
      put: ['doubt'],
      later: anyLater,
      answer: 'edas_outcome_unknown',
      puts: 1,
    },
  ];

  const expand = (row: Row) =>
    row.before.flatMap((b) =>
      row.put.flatMap((p) => row.later.map((l) => ({ before: b, put: p, later: l }))),
    );

  test.each(table)('$rule: $answer', async (row) => {
    const seen = [];
    for (const each of expand(row)) {
      const course = await run({
        reads: [before[each.before], later[each.later] ?? before[each.before]],
        put: put[each.put],
      });
      expect(course.tookMs, JSON.stringify(each)).toBeLessThanOrEqual(patienceMs);
      seen.push({ ...each, answer: answerOf(course), puts: putsOf(course) });
    }
    expect(seen).toEqual(expand(row).map((each) => ({ ...each, answer: row.answer, puts: row.puts })));
  });

  test('is in this table exactly once', () => {
    const whole: Row = { rule: '', answer: '', puts: 0, before: names(before), put: anyPut, later: anyLater };
    const key = (each: object) => Object.values(each).join(' | ');
    expect(table.flatMap(expand).map(key).sort()).toEqual(expand(whole).map(key).sort());
  });
});

describe('the answer', () => {
  const ids = { requestId: 'FAKE-REQUEST-ID', traceId: 'fake-trace-id' };

  test('to an accepted rollback carries the ids of EDAS', async () => {
    const { outcome } = await run({ reads: [found(1)] });
    expect(outcome).toMatchObject({
      outcome: 'rolling_back',
      evidence: 'reply',
      changeOrderId: orderId,
      rollbackChangeOrderId: 'fake-rollback-order',
      edas: ids,
    });
  });

  test('leaves out what EDAS left out', async () => {
    const nothing = { rollbackChangeOrderId: undefined, requestId: undefined, traceId: undefined };
    const { outcome } = await run({ reads: [found(1)], put: nothing });
    expect(JSON.parse(JSON.stringify(outcome))).toStrictEqual({
      outcome: 'rolling_back',
      evidence: 'reply',
      changeOrderId: orderId,
      edas: {},
      message: expect.any(String) as string,
    });
  });

  test.each([
    ['not_sent', 'edas_unavailable', { edas: ids }],
    ['denied', 'edas_denied', { edas: ids }],
    ['throttled', 'edas_throttled', { edas: ids, retryAfterSeconds: 5 }],
    ['not_found', 'change_order_not_found', { edas: ids }],
    ['rejected', 'edas_rejected', { edas: ids }],
    ['doubt', 'edas_outcome_unknown', { edas: ids }],
  ] as const)('to a rollback that was %s keeps the words and ids of EDAS', async (kind, code, facts) => {
    const { problem } = await run({ reads: [found(1)], put: failed(kind) });
    expect(problem).toMatchObject({ code, facts: { changeOrderId: orderId, ...facts } });
    expect(problem?.message).toContain(`A fake failure: ${kind}.`);
  });

  test('not_sent says that nothing was sent', async () => {
    const { problem } = await run({ reads: [found(1)], put: failed('not_sent') });
    expect(problem?.message).toMatch(/No rollback was sent/);
  });

  test('edas_denied says which permissions the role needs', async () => {
    const { problem } = await run({ reads: [found(1)], put: failed('denied') });
    expect(problem?.message).toMatch(/edas:ManageApplication and edas:ReadApplication/);
  });

  test('edas_rejected says what the order is now', async () => {
    const { problem } = await run({ reads: [found(1), found(3)], put: failed('rejected') });
    expect(problem?.message).toContain('status is 3 (failed)');
  });

  test.each([
    ['the last status that was seen', [found(1), found(9)], 'status is 9 (waiting for the next batch)'],
    [
      'the status although a later read failed',
      [found(1), found(8), failed('doubt')],
      'status is 8 (waiting',
    ],
    ['that the order could not be read', [found(1), failed('denied')], 'could not be read afterwards'],
    ['that the status is not documented', [found(1), found(5)], '5 (a status that EDAS does not document)'],
  ] as [string, [Reading, ...Reading[]], string][])(
    'edas_outcome_unknown says %s',
    async (_what, reads, seen) => {
      const { problem } = await run({ reads, put: failed('doubt') });
      expect(problem?.code).toBe('edas_outcome_unknown');
      expect(problem?.message).toContain(seen);
    },
  );
});

describe('invariant 2: EDAS holds the only state, so', () => {
  test('the order is read before anything is sent', async () => {
    const { calls } = await run({ reads: [found(1)] });
    expect(calls.map(({ operation }) => operation)).toEqual(['read', 'put']);
    expect(calls.every(({ changeOrderId }) => changeOrderId === orderId)).toBe(true);
  });

  test('a repeat finds the work done, sends nothing, and claims no rollback of its own', async () => {
    const { outcome, calls } = await run({ reads: [found(6)] });
    expect(outcome).toMatchObject({ outcome: 'already_terminated', changeOrderId: orderId });
    expect(outcome?.message).toMatch(/a change that was only aborted looks the same/);
    expect(calls).toHaveLength(1);
  });
});

describe('invariant 3: a rollback is sent once, so', () => {
  test('after a doubt the order is read until it shows, and nothing is sent again', async () => {
    const { calls, ...course } = await run({
      reads: [found(1), found(1), failed('throttled'), failed('doubt'), found(1), found(6)],
      put: failed('doubt'),
    });
    expect(answerOf(course)).toBe('rolling_back (order)');
    expect(calls.map(({ operation }) => operation)).toEqual([
      'read',
      'put',
      'read',
      'read',
      'read',
      'read',
      'read',
    ]);
  });

  test('an order that never moves is read with pauses, until the time is up', async () => {
    const course = await run({ reads: [found(1)], put: failed('doubt') });
    expect(answerOf(course)).toBe('edas_outcome_unknown');
    expect(putsOf(course)).toBe(1);
    expect(course.calls.length).toBeGreaterThan(5);
    expect(course.calls.length).toBeLessThan(25);
    expect(course.tookMs).toBeGreaterThan(patienceMs - 1_000);
  });

  test('an order that finished by itself is not waited for', async () => {
    const course = await run({ reads: [found(1), found(2)], put: failed('doubt') });
    expect(answerOf(course)).toBe('edas_outcome_unknown');
    expect(course.problem?.message).toContain('status is 2 (succeeded)');
    expect(course.tookMs).toBeLessThan(1_000);
  });

  test('even a request that never left is not repeated', async () => {
    const course = await run({ reads: [found(1)], put: failed('not_sent') });
    expect(course.calls.map(({ operation }) => operation)).toEqual(['read', 'put']);
  });

  test('a silent EDAS still leaves time to read the order again', async () => {
    const course = await run({ reads: [found(1), found(6)], latenciesMs: [10, Infinity, 10] });
    expect(answerOf(course)).toBe('rolling_back (order)');
    expect(course.tookMs).toBeLessThan(patienceMs);
  });
});

describe('invariant 4: open on advice, so', () => {
  test.each(['not_sent', 'denied', 'throttled', 'rejected', 'doubt'] as const)(
    'a read beforehand that is %s does not stop the rollback, and is warned of',
    async (kind) => {
      const course = await run({ reads: [failed(kind)] });
      expect(answerOf(course)).toBe('rolling_back (reply)');
      expect(course.warnings).toEqual([
        [
          'the change order could not be read beforehand',
          { changeOrderId: orderId, reason: `A fake failure: ${kind}.` },
        ],
      ]);
    },
  );

  test('a read beforehand that hangs leaves time for the rollback', async () => {
    const course = await run({ reads: [failed('doubt')], latenciesMs: [Infinity, 1_000] });
    expect(answerOf(course)).toBe('rolling_back (reply)');
  });

  test('only an order that EDAS does not know stops it, for there is nothing to roll back', async () => {
    const course = await run({ reads: [failed('not_found')] });
    expect(answerOf(course)).toBe('change_order_not_found');
    expect(course.calls).toHaveLength(1);
  });

  test('nothing is warned of when all goes well', async () => {
    expect((await run({ reads: [found(1)] })).warnings).toEqual([]);
  });
});

describe('invariant 5: the answer tells the truth, so', () => {
  test('a terminated order is no proof when it could not be read before', async () => {
    const course = await run({ reads: [failed('doubt'), found(6)], put: failed('doubt') });
    expect(answerOf(course)).toBe('edas_outcome_unknown');
    expect(course.problem?.message).toContain('status is 6 (terminated)');
  });

  test('a refused rollback of an order that is terminated now is not called a rollback', async () => {
    const course = await run({ reads: [found(1), found(6)], put: failed('rejected') });
    expect(answerOf(course)).toBe('already_terminated');
  });

  test.each([
    ['credentials', new Problem('credentials_missing', 'A fake reason')],
    ['a bug', new TypeError('A fake bug')],
  ])(
    'a read that fails for %s after a doubt does not hide that a rollback was sent',
    async (_what, error) => {
      const course = await run({ reads: [found(1), error], put: failed('doubt') });
      expect(answerOf(course)).toBe('edas_outcome_unknown');
    },
  );
});

describe('a failure that is not of EDAS passes through untouched', () => {
  const bug = new TypeError('A fake bug');
  const missing = new Problem('credentials_missing', 'A fake reason');

  test.each([
    ['a Problem of the first read', { reads: [missing] }, missing],
    ['a bug in the first read', { reads: [bug] }, bug],
    ['a Problem of the rollback', { reads: [found(1)], put: missing }, missing],
    ['a bug in the rollback', { reads: [found(1)], put: bug }, bug],
  ] as [string, Scenario, Error][])('%s', async (_what, scenario, expected) => {
    const thrown: unknown = await run(scenario).then(
      ({ problem }) => problem,
      (error: unknown) => error,
    );
    expect(thrown).toBe(expected);
  });
});

describe.each(['dry_run', 'suspended'] as const)('on hold (%s)', (hold) => {
  test.each([
    ['an order in flight', found(1), hold, /nothing was sent.*1 \(running\)/],
    ['an order that may not be read', failed('denied'), 'edas_denied', /edas:ReadApplication/],
    ['an order that is read too often', failed('throttled'), 'edas_throttled', /throttled/],
    ['an order behind a closed door', failed('not_sent'), 'edas_unavailable', /No rollback was sent/],
    ['an order whose answer is unreadable', failed('doubt'), 'edas_unavailable', /No rollback was sent/],
    ['an order that EDAS will not tell of', failed('rejected'), 'edas_rejected', /rejected/],
    ['a terminated order', found(6), 'already_terminated', /terminated/],
    ['a finished order', found(2, false), 'change_order_finished', /does not support a rollback/],
    ['an order that EDAS does not know', failed('not_found'), 'change_order_not_found', /not_found/],
  ])('%s is read once, and nothing is sent', async (_what, reading, answer, message) => {
    const course = await run({ reads: [reading], request: { hold } });
    expect(answerOf(course)).toBe(answer);
    expect((course.outcome ?? course.problem)?.message).toMatch(message);
    expect(course.calls.map(({ operation }) => operation)).toEqual(['read']);
  });
});

describe('the causality rule', () => {
  const since = (changeStartedAt: number | undefined, status = 1): ChangeOrderInfo => ({
    ...found(status),
    startedAt: changeStartedAt,
  });
  const rule = { problemStartedAt: startedAt };
  const kinds = ['not_sent', 'denied', 'throttled', 'not_found', 'rejected', 'doubt'] as const;

  test.each([
    ['a minute before', earlier],
    ['a millisecond before', startedAt - 1],
    ['in the same millisecond as', startedAt],
  ])('lets a change be rolled back that began %s the problem', async (_when, changeStartedAt) => {
    const course = await run({ reads: [since(changeStartedAt)], request: rule });
    expect(answerOf(course)).toBe('rolling_back (reply)');
    expect(putsOf(course)).toBe(1);
  });

  test('refuses a change that began a millisecond after the problem, and names both times', async () => {
    const course = await run({ reads: [since(later)], request: rule });
    expect(answerOf(course)).toBe('problem_predates_change');
    expect(course.problem?.message).toBe(
      'The problem began at 2026-01-02T03:04:05.000Z, before this change did, at 2026-01-02T03:04:05.001Z: the change is not to blame. No rollback was sent.',
    );
    expect(course.problem?.facts).toEqual({ changeOrderId: orderId });
    expect(putsOf(course)).toBe(0);
  });

  test.each([0, 1, 2, 3, 4, 7, 8, 9, 10, 99, undefined])(
    'refuses a change of status %s whose start EDAS does not tell',
    async (status) => {
      const course = await run({ reads: [{ ...found(status), startedAt: undefined }], request: rule });
      expect(answerOf(course)).toBe('change_start_unknown');
      expect(course.problem?.facts).toEqual({ changeOrderId: orderId });
      expect(putsOf(course)).toBe(0);
    },
  );

  test.each([
    ['not_sent', 'edas_unavailable'],
    ['denied', 'edas_denied'],
    ['throttled', 'edas_throttled'],
    ['not_found', 'change_order_not_found'],
    ['rejected', 'edas_rejected'],
    ['doubt', 'edas_unavailable'],
  ] as const)('is closed when the read is %s: %s, and nothing is sent', async (kind, code) => {
    const course = await run({ reads: [failed(kind), since(earlier)], request: rule });
    expect(answerOf(course)).toBe(code);
    expect(course.problem?.message).toContain(`A fake failure: ${kind}.`);
    expect(course.calls.map(({ operation }) => operation)).toEqual(['read']);
  });

  test('is closed when the read hangs', async () => {
    const course = await run({ reads: [since(earlier)], latenciesMs: [Infinity], request: rule });
    expect(answerOf(course)).toBe('edas_unavailable');
    expect(course.calls.map(({ operation }) => operation)).toEqual(['read']);
  });

  test('is closed when no time is left to read', async () => {
    const course = await run({ reads: [since(earlier)], request: { ...rule, deadlineAt: startedAt + 99 } });
    expect(answerOf(course)).toBe('edas_unavailable');
    expect(course.calls).toEqual([]);
  });

  test.each(kinds.filter((kind) => kind !== 'not_found'))(
    'does not make the read count where nobody asks for it: %s goes ahead',
    async (kind) => {
      expect(answerOf(await run({ reads: [failed(kind)] }))).toBe('rolling_back (reply)');
    },
  );

  test.each([undefined, earlier, later])(
    'does not hide that the order is terminated already, whether it began at %s',
    async (changeStartedAt) => {
      const course = await run({ reads: [since(changeStartedAt, 6)], request: rule });
      expect(answerOf(course)).toBe('already_terminated');
      expect(putsOf(course)).toBe(0);
    },
  );

  test('comes before the word that a finished change supports no rollback', async () => {
    const reading = { ...found(2, false), startedAt: later };
    expect(answerOf(await run({ reads: [reading], request: rule }))).toBe('problem_predates_change');
  });

  test.each(['dry_run', 'suspended'] as const)('is checked on hold (%s), too', async (hold) => {
    const request = { ...rule, hold };
    const answers = [
      await run({ reads: [since(later)], request }),
      await run({ reads: [since(undefined)], request }),
      await run({ reads: [since(earlier)], request }),
    ];
    expect(answers.map(answerOf)).toEqual(['problem_predates_change', 'change_start_unknown', hold]);
  });

  test('is not asked again after a doubt: a rollback was sent, and the answer is about that', async () => {
    const course = await run({
      reads: [since(earlier), since(later, 6)],
      put: failed('doubt'),
      request: rule,
    });
    expect(answerOf(course)).toBe('rolling_back (order)');
  });
});

describe('the deadline', () => {
  test.each([0, -1, -60_000])(
    'that has passed (%i ms left) lets nothing be sent or asked',
    async (leftMs) => {
      const course = await run({ reads: [found(1)], request: { deadlineAt: startedAt + leftMs } });
      expect(answerOf(course)).toBe('edas_unavailable');
      expect(course.problem?.message).toMatch(/No rollback was sent/);
      expect(course.calls).toEqual([]);
    },
  );

  test('that is too close lets nothing be sent', async () => {
    const course = await run({ reads: [found(1)], request: { deadlineAt: startedAt + 50 } });
    expect(answerOf(course)).toBe('edas_unavailable');
    expect(putsOf(course)).toBe(0);
  });

  test('leaves each call less than all that is left, until the last', async () => {
    const { calls } = await run({ reads: [found(1)], latenciesMs: [Infinity] });
    const [before, put, after] = calls;
    expect(before?.timeoutMs).toBeLessThan(patienceMs / 2);
    expect(put?.timeoutMs).toBeGreaterThan(patienceMs / 4);
    expect(after?.timeoutMs).toBeGreaterThan(patienceMs / 10);
    expect(calls.length).toBeGreaterThan(3);
  });
});

test('whatever EDAS does: one rollback at most, over by the deadline, a Problem or the truth', async () => {
  const kinds = fc.constantFrom<EdasFailureKind>(
    'not_sent',
    'denied',
    'throttled',
    'not_found',
    'rejected',
    'doubt',
  );
  const failure = kinds.map(failed);
  const reading = fc.oneof(
    failure,
    fc.record({
      status: fc.option(fc.integer({ min: 0, max: 11 }), { nil: undefined }),
      supportRollback: fc.option(fc.boolean(), { nil: undefined }),
      startedAt: fc.constantFrom(undefined, earlier, startedAt, later),
    }),
  );
  const many = <T>(each: fc.Arbitrary<T>) =>
    fc.tuple(each, fc.array(each, { maxLength: 6 })).map(([first, rest]): [T, ...T[]] => [first, ...rest]);

  await fc.assert(
    fc.asyncProperty(
      many(reading),
      // Most of what is worth knowing happens after a doubt.
      fc.oneof(failure, fc.constant(accepted), fc.constant(failed('doubt'))),
      many(fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 12_000 }))),
      fc.integer({ min: -500, max: 12_000 }),
      fc.constantFrom(undefined, 'dry_run' as const, 'suspended' as const),
      fc.constantFrom(undefined, startedAt),
      async (reads, put, latenciesMs, leftMs, hold, problemStartedAt) => {
        const request = { deadlineAt: startedAt + leftMs, hold, problemStartedAt };
        const course = await run({ reads, put, latenciesMs, request });
        const { calls, outcome, tookMs } = course;
        const putAt = calls.findIndex(({ operation }) => operation === 'put');
        const [before] = reads;
        const wasInFlight = 'status' in before && [0, 1, 8, 9].includes(before.status ?? -1);
        const wasAccepted = put === accepted && nth(latenciesMs, putAt) <= (calls[putAt]?.timeoutMs ?? -1);
        const sawTerminated = reads
          .slice(1, calls.length - 1)
          .concat(nth(reads, calls.length - 2))
          .some((each) => 'status' in each && each.status === 6);

        expect(putsOf(course)).toBeLessThanOrEqual(hold ? 0 : 1);
        if (putAt !== -1 && problemStartedAt !== undefined) {
          expect('startedAt' in before && [earlier, startedAt].includes(before.startedAt ?? later)).toBe(
            true,
          );
        }
        // A thousandth for the arithmetic of fractions.
        expect(tookMs).toBeLessThanOrEqual(Math.max(0, leftMs) + 0.001);
        if (outcome?.outcome === 'rolling_back') {
          expect(putAt).toBe(1);
          expect(wasAccepted || (wasInFlight && sawTerminated)).toBe(true);
          expect(outcome.evidence).toBe(wasAccepted ? 'reply' : 'order');
        }
        if (wasAccepted) expect(outcome?.outcome).toBe('rolling_back');
      },
    ),
    { numRuns: 2_000 },
  );
});

describe('over the real client', () => {
  const credentials = {
    accessKeyId: 'fake-access-key-id',
    accessKeySecret: 'fake-access-key-secret',
    securityToken: 'fake-security-token',
  };
  const appId = '3616cdca-4f92-4413-0000-000000000000';

  async function standIn(options: Partial<EdasStandInOptions> = {}): Promise<EdasStandIn> {
    const edas = await startEdasStandIn({ credentials, ...options });
    onTestFinished(() => edas.close());
    edas.orders.add({ id: orderId, appId, readyMs: 0, batchMs: 60_000 });
    return edas;
  }

  async function rollBackOn(edas: EdasStandIn, withinMs: number): Promise<string> {
    const client = createEdasClient(edas.url, { getCredentials: () => Promise.resolve(credentials) });
    const changeOrders = {
      read: client.getChangeOrderInfo,
      list: client.listRecentChangeOrders,
      rollBack: client.rollbackChangeOrder,
    };
    const clock = { now: Date.now, sleep: (ms: number) => sleep(ms) };
    const request = { changeOrderId: orderId, deadlineAt: Date.now() + withinMs };
    try {
      const outcome = await rollBack(request, { changeOrders, clock, warn: () => undefined });
      return answerOf({ outcome, problem: undefined });
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      return answerOf({ outcome: undefined, problem: error });
    }
  }

  /** Answers that say that no rollback began. All others but `rolling_back` leave it open. */
  const denials: string[] = [
    'change_order_finished',
    'change_order_not_found',
    'edas_denied',
    'edas_rejected',
    'edas_throttled',
    'edas_unavailable',
  ] satisfies ErrorCode[];

  const done = { takesEffect: true };
  const unknown = 'edas_outcome_unknown';
  const shown = 'rolling_back (order)';

  interface Row {
    fault: Fault;
    /** When only the rollback meets the fault. */
    alone: string;
    /** When every call meets it. */
    everywhere: string;
  }

  const table: Row[] = [
    { fault: faults.htmlBadGateway(), alone: unknown, everywhere: unknown },
    { fault: faults.htmlBadGateway(done), alone: shown, everywhere: unknown },
    { fault: faults.businessErrorUnder200(), alone: 'edas_rejected', everywhere: 'edas_rejected' },
    { fault: faults.emptyBody(), alone: unknown, everywhere: unknown },
    { fault: faults.emptyBody(done), alone: shown, everywhere: unknown },
    { fault: faults.truncatedJson(), alone: shown, everywhere: unknown },
    { fault: faults.edasErrorcodeUnder500(), alone: 'edas_rejected', everywhere: 'edas_rejected' },
    { fault: faults.throttled(), alone: 'edas_throttled', everywhere: 'edas_throttled' },
    { fault: faults.deniedByRam(), alone: 'edas_denied', everywhere: 'edas_denied' },
    { fault: faults.serviceUnavailable(), alone: unknown, everywhere: unknown },
    { fault: faults.serviceUnavailable(done), alone: shown, everywhere: unknown },
    { fault: faults.silent(), alone: unknown, everywhere: unknown },
    { fault: faults.silent(done), alone: shown, everywhere: unknown },
    { fault: faults.resetBeforeHandling(), alone: unknown, everywhere: unknown },
    { fault: faults.resetAfterHandling(), alone: shown, everywhere: unknown },
    { fault: faults.cutInHalf(), alone: shown, everywhere: unknown },
    { fault: faults.slowByteByByte({ everyMs: 50 }), alone: shown, everywhere: unknown },
    { fault: faults.redirect(), alone: unknown, everywhere: unknown },
    { fault: faults.xmlAnswer(), alone: unknown, everywhere: unknown },
    { fault: faults.xmlAnswer(done), alone: shown, everywhere: unknown },
    { fault: faults.xmlError(), alone: unknown, everywhere: unknown },
    { fault: faults.jsonNull(), alone: unknown, everywhere: unknown },
    { fault: faults.jsonNull(done), alone: shown, everywhere: unknown },
    { fault: faults.signatureMismatch(), alone: 'edas_denied', everywhere: 'edas_denied' },
  ];

  const cases = table.flatMap(({ fault, alone, everywhere }) => [
    { fault, where: 'on the rollback', answer: alone },
    { fault, where: 'on every call', answer: everywhere },
  ]);

  test.concurrent.each(cases)(
    '$fault.name $where, takes effect: $fault.takesEffect, is answered with $answer, and that is no lie',
    async ({ fault, where, answer }) => {
      const edas = await standIn({
        // An EDAS that would roll back a second time, were it asked to.
        rollbackRules: { ofTerminated: 'accepted' },
        fault: ({ method }) => (method === 'PUT' || where === 'on every call' ? fault : undefined),
      });
      const given = await rollBackOn(edas, 1_000);
      const rollbacks = edas.orders.rollbacksOf(orderId);

      expect(edas.calls.filter(({ method }) => method === 'PUT')).toHaveLength(1);
      expect(rollbacks).toBe(fault.takesEffect ? 1 : 0);
      expect(given).toBe(answer);
      if (given.startsWith('rolling_back')) expect(rollbacks).toBe(1);
      if (denials.includes(given)) expect(rollbacks).toBe(0);
    },
  );

  test('there is a row for every fault', () => {
    expect(new Set(table.map(({ fault }) => fault.name))).toEqual(new Set(Object.keys(faults)));
  });

  test('an error code of EDAS that did its work all the same is not answered with a refusal', async () => {
    const edas = await standIn({
      fault: ({ method }) => (method === 'PUT' ? faults.edasErrorcodeUnder500(done) : undefined),
    });
    expect(await rollBackOn(edas, 1_000)).toBe('already_terminated');
    expect(edas.orders.rollbacksOf(orderId)).toBe(1);
  });

  test('invariant 2: of repeats, the first rolls back, and the others find it done', async () => {
    const edas = await standIn({ rollbackRules: { ofTerminated: 'accepted' } });
    const answers = [
      await rollBackOn(edas, 5_000),
      await rollBackOn(edas, 5_000),
      await rollBackOn(edas, 5_000),
    ];
    expect(answers).toEqual(['rolling_back (reply)', 'already_terminated', 'already_terminated']);
    expect(edas.orders.rollbacksOf(orderId)).toBe(1);
  });

  test('of several at the same moment, one rolls back, and the others say that somebody was faster', async () => {
    const edas = await standIn();
    const answers = await Promise.all([1, 2, 3, 4].map(() => rollBackOn(edas, 5_000)));
    expect(answers.sort()).toEqual([
      'already_terminated',
      'already_terminated',
      'already_terminated',
      'rolling_back (reply)',
    ]);
    expect(edas.orders.rollbacksOf(orderId)).toBe(1);
  });

  test('an EDAS that cannot be reached is told apart: nothing was sent', async () => {
    const edas = await standIn();
    await edas.close();
    expect(await rollBackOn(edas, 5_000)).toBe('edas_unavailable');
    expect(edas.calls).toEqual([]);
  });
});
