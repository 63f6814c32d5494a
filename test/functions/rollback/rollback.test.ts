import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ChangeOrderInfo } from '../../../functions/edas/change-order.ts';
import type { RollbackReceipt } from '../../../functions/edas/client.ts';
import { EdasFailure, type EdasFailureKind } from '../../../functions/edas/failure.ts';
import { Problem } from '../../../functions/errors.ts';
import type { ChangeOrders } from '../../../functions/rollback/change-orders.ts';
import type { RollbackDependencies } from '../../../functions/rollback/dependencies.ts';
import type { RollbackOutcome } from '../../../functions/rollback/outcome.ts';
import type { RollbackRequest } from '../../../functions/rollback/request.ts';
import { readAndRequireChangePredatesProblem, rollBack } from '../../../functions/rollback/rollback.ts';
import { failed, failureKinds, refusals } from '../../support/edas-failure.ts';
import { runs } from '../../support/runs.ts';

const orderId = '4f40e616-cdcd-4250-a018-efd459900000';
const startedAt = Date.parse('2026-01-02T03:04:05Z');
const patienceMs = 8_000;
const whatTerminatedMeans =
  'That is what a rollback leaves, but a change that was only aborted looks the same and leaves the updated instances updated: check the versions in the EDAS console.';
const earlier = startedAt - 60_000;
const later = startedAt + 1;

/** What a call of EDAS ends in. An Error is thrown. */
type Reading = ChangeOrderInfo | Error;
type Sending = RollbackReceipt | Error;

interface Scenario {
  /** What the reads find until the first rollback is sent. Default: `reads` count from the start. */
  before?: Reading;
  /** What the reads find, one after the other; the last one again and again. */
  reads: [Reading, ...Reading[]];
  /** What the rollbacks end in; a list likewise. */
  put?: Sending | [Sending, ...Sending[]];
  /** How long the calls take, one after the other; the last one again and again. */
  latenciesMs?: [number, ...number[]];
  request?: Partial<RollbackRequest>;
  random?: () => number;
  /** How long the instance is frozen in each pause. */
  frozenMs?: number;
}

interface Course {
  outcome: RollbackOutcome | undefined;
  problem: Problem | undefined;
  calls: { operation: 'read' | 'put'; changeOrderId: string; timeoutMs: number }[];
  /** What the calls ended in; a failure as its kind. */
  ended: (ChangeOrderInfo | RollbackReceipt | EdasFailureKind | Error)[];
  warnings: [string, Record<string, unknown>][];
  /** How long it slept, each time. */
  pausesMs: number[];
  tookMs: number;
}

const found = (status: number | undefined, supportRollback: boolean | undefined = true): ChangeOrderInfo => ({
  status,
  supportRollback,
  startedAt: undefined,
});

/** Why an order could not be read that the role may not read. */
const mayNotRead =
  "A fake failure: denied. The function's role needs edas:ReadApplication on acs:edas:<region>:<account>:namespace/<namespace>/application/<application>.";

const accepted: RollbackReceipt = {
  rollbackChangeOrderId: 'fake-rollback-order',
  requestId: 'FAKE-REQUEST-ID',
  traceId: 'fake-trace-id',
};

/** An order as EDAS shows it, that began at this time. */
const since = (changeStartedAt: number | undefined, status = 1): ChangeOrderInfo => ({
  ...found(status),
  startedAt: changeStartedAt,
});

/** Runs one rollback, or what is done instead, against a made-up EDAS, on a clock that only its calls and pauses move. */
async function run(
  { before, reads, put = accepted, latenciesMs = [10], request, random = () => 1, frozenMs = 0 }: Scenario,
  work: (
    request: RollbackRequest,
    dependencies: RollbackDependencies,
  ) => Promise<RollbackOutcome | undefined> = (...args) => rollBack(...args),
): Promise<Course> {
  let now = startedAt;
  let readsSoFar = 0;
  const course: Course = {
    outcome: undefined,
    problem: undefined,
    calls: [],
    ended: [],
    warnings: [],
    pausesMs: [],
    tookMs: 0,
  };

  function answer<T extends ChangeOrderInfo | RollbackReceipt>(result: T | Error, timeoutMs: number): T {
    const latencyMs = nth(latenciesMs, course.calls.length - 1);
    now += Math.max(0, Math.min(latencyMs, timeoutMs));
    const end = latencyMs > timeoutMs ? failed('doubt') : result;
    course.ended.push(end instanceof EdasFailure ? end.kind : end);
    if (end instanceof Error) throw end;
    return end;
  }

  const changeOrders: ChangeOrders = {
    list: () => Promise.reject(new Error('No list was needed')),
    read: async (changeOrderId, timeoutMs) => {
      const reading = before && putsOf(course) === 0 ? before : nth(reads, readsSoFar);
      if (reading !== before) readsSoFar += 1;
      course.calls.push({ operation: 'read', changeOrderId, timeoutMs });
      return Promise.resolve(answer(reading, timeoutMs));
    },
    rollBack: async (changeOrderId, timeoutMs) => {
      const sending = Array.isArray(put) ? nth(put, putsOf(course)) : put;
      course.calls.push({ operation: 'put', changeOrderId, timeoutMs });
      return Promise.resolve(answer(sending, timeoutMs));
    },
  };

  try {
    course.outcome = await work(
      { changeOrderId: orderId, deadlineAt: startedAt + patienceMs, ...request },
      {
        changeOrders,
        clock: {
          now: () => now,
          sleep: (ms) => {
            course.pausesMs.push(ms);
            now += ms + frozenMs;
            return Promise.resolve();
          },
        },
        random,
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
    unauthenticated: failed('unauthenticated'),
    denied: failed('denied'),
    throttled: failed('throttled'),
    not_found: failed('not_found'),
    rejected: failed('rejected'),
    doubt: failed('doubt'),
  };
  const later = {
    unreadable: failed('doubt'),
    gone: failed('not_found'),
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
    puts: 0 | 1 | 'several';
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
      rule: 'what never left is sent again, until the time is up',
      before: open,
      put: ['not_sent'],
      later: ['unreadable', 'unchanged', '2'],
      answer: 'edas_unavailable',
      puts: 'several',
    },
    {
      rule: 'what EDAS throttled is sent again once where the order can be read',
      before: except(open, 'unreadable'),
      put: ['throttled'],
      later: ['unchanged', '2'],
      answer: 'edas_outcome_unknown',
      puts: 'several',
    },
    {
      rule: 'an order that could not be read before may be readable in between',
      before: ['unreadable'],
      put: ['throttled'],
      later: ['2'],
      answer: 'edas_outcome_unknown',
      puts: 'several',
    },
    {
      rule: 'what EDAS throttled is not sent again unseen',
      before: open,
      put: ['throttled'],
      later: ['unreadable', 'gone'],
      answer: 'edas_outcome_unknown',
      puts: 1,
    },
    {
      rule: 'an order that stays unreadable is no witness either',
      before: ['unreadable'],
      put: ['throttled'],
      later: ['unchanged'],
      answer: 'edas_outcome_unknown',
      puts: 1,
    },
    {
      rule: 'nothing is sent again when another was faster',
      before: open,
      put: ['not_sent', 'throttled'],
      later: ['6'],
      answer: 'already_terminated',
      puts: 1,
    },
    {
      rule: 'nothing is sent again for an order that EDAS does not know any more',
      before: open,
      put: ['not_sent'],
      later: ['gone'],
      answer: 'change_order_not_found',
      puts: 1,
    },
    {
      rule: 'denied is final',
      before: open,
      put: ['denied', 'unauthenticated'],
      later: anyLater,
      answer: 'edas_denied',
      puts: 1,
    },
    {
      rule: 'an order that EDAS does not know is not found',
      before: open,
      put: ['not_found'],
      later: ['unreadable', 'gone', 'unchanged', '2'],
      answer: 'change_order_not_found',
      puts: 1,
    },
    {
      rule: 'a refusal of an order that is terminated by now means that another was faster',
      before: open,
      put: ['rejected', 'not_found'],
      later: ['6'],
      answer: 'already_terminated',
      puts: 1,
    },
    {
      rule: 'any other refusal is a refusal',
      before: except(open, ...names(before).filter((name) => name.startsWith('2 '))),
      put: ['rejected'],
      later: ['unreadable', 'gone', 'unchanged'],
      answer: 'edas_rejected',
      puts: 1,
    },
    {
      rule: 'a refusal of an order that has succeeded by then says that it is finished',
      before: open,
      put: ['rejected'],
      later: ['2'],
      answer: 'change_order_finished',
      puts: 1,
    },
    {
      rule: 'a refusal of an order that had succeeded says that it is finished',
      before: open.filter((name) => name.startsWith('2 ')),
      put: ['rejected'],
      later: ['unchanged'],
      answer: 'change_order_finished',
      puts: 1,
    },
    {
      rule: 'a refusal of an order that had succeeded, and cannot be read afterwards, is a refusal',
      before: open.filter((name) => name.startsWith('2 ')),
      put: ['rejected'],
      later: ['unreadable', 'gone'],
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
      later: ['unreadable', 'gone', 'unchanged', '2'],
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
        before: before[each.before],
        reads: [later[each.later] ?? before[each.before]],
        put: put[each.put],
      });
      expect(course.tookMs, JSON.stringify(each)).toBeLessThanOrEqual(patienceMs);
      const puts = putsOf(course);
      seen.push({ ...each, answer: answerOf(course), puts: puts > 1 ? 'several' : puts });
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
      message: 'EDAS accepted the rollback. It runs batch by batch; follow it in the EDAS console.',
    });
  });

  test('to a rollback that only the order shows quotes what EDAS said instead', async () => {
    const { outcome } = await run({ reads: [found(1), found(6)], put: failed('doubt') });
    expect(outcome).toEqual({
      outcome: 'rolling_back',
      evidence: 'order',
      changeOrderId: orderId,
      message:
        'The change order was in flight before the rollback was sent and is terminated now, so the rollback has begun, unless a person stopped the change meanwhile: check the versions in the EDAS console. The answer to the rollback got lost. A fake failure: doubt.',
    });
  });

  test('to a refused rollback of an order that is terminated now says both, and what to check', async () => {
    const { outcome } = await run({ reads: [found(1), found(6)], put: failed('rejected') });
    expect(outcome).toEqual({
      outcome: 'already_terminated',
      changeOrderId: orderId,
      message: `The change order is terminated by now. A fake failure: rejected. ${whatTerminatedMeans}`,
    });
  });

  const throttledWords =
    'EDAS throttled the rollback, which most probably means that it did nothing. A fake failure: throttled.';
  test.each<[string, Scenario['reads'], string]>([
    [
      'that cannot be read',
      [found(1), failed('denied')],
      'The change order could not be read afterwards. Look at it in the EDAS console before you ask for the rollback again: as long as the order cannot be read, that may roll back a second time.',
    ],
    [
      'that EDAS does not know any more',
      [found(1), failed('not_found')],
      'The change order could not be read afterwards. Look at it in the EDAS console before you ask for the rollback again: as long as the order cannot be read, that may roll back a second time.',
    ],
    [
      'that stays as it is',
      [found(1)],
      "The change order's status is 1 (running). Look at it in the EDAS console. If it stays like this, ask for the rollback again: the rollback is sent once more unless the order shows as terminated by then.",
    ],
  ])('to a throttled rollback of an order %s is about the rollback', async (_what, reads, seen) => {
    const { problem } = await run({ reads, put: failed('throttled') });
    expect(problem?.code).toBe('edas_outcome_unknown');
    expect(problem?.message).toBe(`${throttledWords} ${seen}`);
    expect(problem?.facts).toEqual({ changeOrderId: orderId, edas: ids });
  });

  test.each([
    ['ends as a sentence', 'A fake failure.', 'A fake failure.'],
    ['does not', 'A fake failure', 'A fake failure.'],
    ['has a full stop inside', 'Edas.fake', 'Edas.fake.'],
    ['was cut', 'A fake fail\u2026', 'A fake fail\u2026'],
  ])('quotes EDAS as a sentence, where it %s', async (_what, said, quoted) => {
    const { problem } = await run({ reads: [found(1)], put: new EdasFailure('not_sent', said) });
    expect(problem?.message).toBe(`${quoted} This request rolled nothing back.`);
    expect(problem?.cause).toMatchObject({ kind: 'not_sent', message: said });
  });

  test('change_order_not_found says what to check', async () => {
    const { problem } = await run({ reads: [failed('not_found')] });
    expect(problem?.code).toBe('change_order_not_found');
    expect(problem?.message).toBe(
      'A fake failure: not_found. Check the id, and that REGION is the region of its application. No rollback was sent.',
    );
    expect(problem?.facts).toEqual({ changeOrderId: orderId, edas: ids });
  });

  test.each([
    ['dry_run', 'This source is a dry run'],
    ['suspended', 'ROLLBACK_SUSPENDED is on'],
  ] as const)('on hold (%s) says why, and what would have been done', async (hold, why) => {
    const { outcome } = await run({ reads: [found(9)], request: { hold } });
    expect(outcome).toEqual({
      outcome: hold,
      changeOrderId: orderId,
      message: `${why}: nothing was sent. A rollback would have been sent now; the change order's status is 9 (waiting for the next batch).`,
    });
  });

  test.each([
    ['change_order_finished', { reads: [found(2, false)] }],
    ['edas_unavailable', { reads: [found(1)], request: { deadlineAt: startedAt } }],
    ['edas_unavailable', { reads: [found(1)], latenciesMs: [100], request: { deadlineAt: startedAt + 150 } }],
  ] as [string, Scenario][])('%s names the order', async (code, scenario) => {
    const { problem } = await run(scenario);
    expect(problem).toMatchObject({ code, facts: { changeOrderId: orderId } });
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
    ['unauthenticated', 'edas_denied', { edas: ids }],
    ['throttled', 'edas_outcome_unknown', { edas: ids }],
    ['not_found', 'change_order_not_found', { edas: ids }],
    ['rejected', 'edas_rejected', { edas: ids }],
    ['doubt', 'edas_outcome_unknown', { edas: ids }],
  ] as const)('to a rollback that was %s keeps the words and ids of EDAS', async (kind, code, facts) => {
    const { problem } = await run({ reads: [found(1)], put: failed(kind) });
    expect(problem?.code).toBe(code);
    expect(problem?.facts).toEqual({ changeOrderId: orderId, ...facts });
    expect(problem?.message).toContain(`A fake failure: ${kind}.`);
  });

  test.each([
    [
      'the rollback',
      { reads: [found(1)], put: failed('denied') },
      'ManageApplication',
      'This request rolled nothing back.',
    ],
    [
      'the read',
      { reads: [failed('denied')], request: { hold: 'dry_run' } },
      'ReadApplication',
      'No rollback was sent.',
    ],
  ] as [string, Scenario, string, string][])(
    'edas_denied says which right is missing when %s is denied, where, and what did not happen',
    async (_what, scenario, action, consequence) => {
      const { problem } = await run(scenario);
      expect(problem?.code).toBe('edas_denied');
      expect(problem?.message).toBe(
        `A fake failure: denied. The function's role needs edas:${action} on acs:edas:<region>:<account>:namespace/<namespace>/application/<application>. ${consequence}`,
      );
    },
  );

  test('edas_denied does not blame a right when EDAS does not even know who asks', async () => {
    const { problem } = await run({ reads: [found(1)], put: failed('unauthenticated') });
    expect(problem?.code).toBe('edas_denied');
    expect(problem?.message).toBe(
      "A fake failure: unauthenticated. EDAS does not accept the credentials of the function's role: look whether the role still exists, and at EDAS_ENDPOINT. This request rolled nothing back.",
    );
  });

  test.each([
    [1, '1 (running)'],
    [2, '2 (succeeded)'],
    [undefined, 'not given'],
  ])('already_terminated names the rollback that was seen, with its status %s', async (status, seen) => {
    const nextRollback = { changeOrderId: 'fake-rollback-order', status };
    const { outcome, calls } = await run({ reads: [found(6)], request: { nextRollback } });
    expect(outcome).toEqual({
      outcome: 'already_terminated',
      changeOrderId: orderId,
      rollbackChangeOrderId: 'fake-rollback-order',
      message: `The change order is terminated already, and the next one of its application is a rollback: fake-rollback-order, with status ${seen}. Nothing was sent. ${whatTerminatedMeans}`,
    });
    expect(calls).toHaveLength(1);
  });

  test.each([
    [
      'in flight',
      found(1),
      "The change order's status is 1 (running). Another delivery may have been faster and EDAS does not show it yet: look at the change order in the EDAS console, or ask for the rollback again.",
    ],
    [
      'at its end',
      found(3),
      "The change order's status is 3 (failed). It has ended: roll the application back to an earlier version in the EDAS console.",
    ],
    [
      'odd',
      found(5),
      "The change order's status is 5 (a status that EDAS does not document). Look at it in the EDAS console.",
    ],
    [
      'unreadable',
      failed('doubt'),
      'The change order could not be read afterwards. Look at it in the EDAS console.',
    ],
  ])('edas_rejected says what to do about an order that is %s', async (_how, reading, advice) => {
    const { problem } = await run({ reads: [found(1), reading], put: failed('rejected') });
    expect(problem?.code).toBe('edas_rejected');
    expect(problem?.message).toBe(`A fake failure: rejected. ${advice}`);
  });

  const sendAgain =
    'Look at it in the EDAS console. If it stays like this, ask for the rollback again: the rollback is sent once more unless the order shows as terminated by then.';

  test.each([
    [
      'the last status that was seen',
      { reads: [found(1), found(9)] },
      `The change order's status is 9 (waiting for the next batch). ${sendAgain}`,
    ],
    [
      'the status although a later read failed',
      { reads: [found(1), found(8), failed('doubt')] },
      `The change order's status is 8 (waiting for a person to confirm the next batch). ${sendAgain}`,
    ],
    [
      'that the status is not documented',
      { reads: [found(1), found(5)] },
      `The change order's status is 5 (a status that EDAS does not document). ${sendAgain}`,
    ],
    [
      'that the order could not be read, so that sending again is a risk',
      { reads: [found(1), failed('denied')] },
      'The change order could not be read afterwards. Look at it in the EDAS console before you ask for the rollback again: as long as the order cannot be read, that may roll back a second time.',
    ],
    [
      'that the order is terminated, and that it is not known by whom',
      { reads: [found(3), found(6)] },
      "The change order's status is 6 (terminated). It was not seen in flight before, so it is not known what ended it: check the versions in the EDAS console.",
    ],
  ] as [string, Scenario, string][])('edas_outcome_unknown says %s', async (_what, scenario, seen) => {
    const { problem } = await run({ ...scenario, put: failed('doubt') });
    expect(problem?.code).toBe('edas_outcome_unknown');
    expect(problem?.message).toBe(
      `The rollback was sent and will not be sent again for this request. A fake failure: doubt. ${seen}`,
    );
  });

  test('change_order_not_found after a rollback that never left says that nothing was rolled back', async () => {
    const { problem } = await run({ reads: [found(1), failed('not_found')], put: failed('not_sent') });
    expect(problem?.code).toBe('change_order_not_found');
    expect(problem?.message).toMatch(/This request rolled nothing back\.$/);
    expect(problem?.facts).toEqual({ changeOrderId: orderId, edas: ids });
  });

  test('change_order_not_found from the rollback itself says so, too', async () => {
    const { problem } = await run({ reads: [found(1)], put: failed('not_found') });
    expect(problem?.code).toBe('change_order_not_found');
    expect(problem?.message).toMatch(/This request rolled nothing back\.$/);
  });
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

  test('an order that never moves is read with growing pauses, until the time is up', async () => {
    const course = await run({ reads: [found(1)], put: failed('doubt') });
    expect(answerOf(course)).toBe('edas_outcome_unknown');
    expect(putsOf(course)).toBe(1);
    expect(course.pausesMs.slice(0, 4)).toEqual([300, 600, 1_200, 2_000]);
    expect(course.calls.length).toBeLessThan(13);
    expect(course.tookMs).toBeGreaterThan(patienceMs - 2 * 100);
  });

  test('an order that finished by itself is not waited for', async () => {
    const course = await run({ reads: [found(1), found(2)], put: failed('doubt') });
    expect(answerOf(course)).toBe('edas_outcome_unknown');
    expect(course.problem?.message).toContain('status is 2 (succeeded)');
    expect(course.tookMs).toBeLessThan(1_000);
  });

  test.each<[EdasFailureKind[]]>([
    [['not_sent', 'not_sent']],
    [['throttled']],
    [['not_sent', 'throttled']],
    [['throttled', 'not_sent']],
  ])(
    'a rollback that was %j is sent again after the order was read again, and the log says so',
    async (kinds) => {
      const [first = 'not_sent', ...others] = kinds;
      const put: Scenario['put'] = [failed(first), ...others.map(failed), accepted];
      const course = await run({ reads: [found(1)], put });
      expect(answerOf(course)).toBe('rolling_back (reply)');
      expect(course.calls.map(({ operation }) => operation)).toEqual(put.flatMap(() => ['read', 'put']));
      expect(course.warnings).toEqual(
        kinds.map((kind) => [
          'EDAS did not take the rollback; the order is read before it is tried again',
          { changeOrderId: orderId, reason: `A fake failure: ${kind}.` },
        ]),
      );
    },
  );

  test('a rollback that was throttled is sent again at most once, whatever else it meets', async () => {
    for (const last of [
      'throttled',
      'not_sent',
      'rejected',
      'not_found',
      'denied',
      'unauthenticated',
    ] as const) {
      for (const put of [
        [failed('throttled'), failed(last)],
        [failed('throttled'), failed('not_sent'), failed(last)],
      ] as [Sending, ...Sending[]][]) {
        // What never left is sent again until the time is up.
        const seen = await run({ reads: [found(1)], put });
        expect(answerOf(seen)).toBe('edas_outcome_unknown');
        expect(seen.problem?.message).toContain('EDAS throttled the rollback');
        if (last !== 'not_sent') expect(putsOf(seen)).toBe(put.length);
        const ended: Scenario['reads'] = [found(1), ...put.slice(1).map(() => found(1)), found(6)];
        const shown = await run({ reads: ended, put });
        expect(answerOf(shown)).toBe('already_terminated');
      }
    }
  });

  test('a rollback that was throttled, and meets a doubt then, is judged by that doubt', async () => {
    const put: Scenario['put'] = [failed('throttled'), failed('doubt')];
    const course = await run({ reads: [found(1), found(1), found(6)], put });
    expect(answerOf(course)).toBe('rolling_back (order)');
  });

  test('a rollback that was throttled is told also where the clock leaps over the deadline', async () => {
    const course = await run({
      reads: [found(1)],
      put: failed('throttled'),
      frozenMs: patienceMs - 400,
    });
    expect(answerOf(course)).toBe('edas_outcome_unknown');
    expect(putsOf(course)).toBe(1);
  });

  test.each(['doubt', 'rejected', 'denied', 'unauthenticated', 'not_found'] as const)(
    'a rollback that was %s is not sent again, whatever the first attempt ended in',
    async (kind) => {
      for (const first of ['not_sent', 'throttled'] as const) {
        const course = await run({ reads: [found(1)], put: [failed(first), failed(kind), accepted] });
        expect(putsOf(course)).toBe(2);
        expect(course.outcome).toBeUndefined();
      }
    },
  );

  test('the attempts are further and further apart, and end while there is time for an answer', async () => {
    const course = await run({ reads: [found(1)], put: failed('not_sent') });
    expect(course.calls.map(({ operation }) => operation)).toEqual([
      ...['read', 'put', 'read', 'put', 'read', 'put', 'read', 'put', 'read', 'put', 'read', 'put'],
    ]);
    expect(course.pausesMs).toEqual([300, 600, 1_200, 2_000, 2_000]);
  });

  test('two that are refused at the same time do not come back at the same time', async () => {
    const put = failed('not_sent');
    const early = await run({ reads: [found(1)], put, random: () => 0 });
    const late = await run({ reads: [found(1)], put, random: () => 1 });
    expect(early.pausesMs.slice(0, 4)).toEqual([150, 300, 600, 1_000]);
    expect(late.pausesMs.slice(0, 4)).toEqual([300, 600, 1_200, 2_000]);
  });

  test('nothing is sent again when the answer could hardly be seen', async () => {
    const request = { deadlineAt: startedAt + 1_300 };
    const course = await run({ reads: [found(1)], put: failed('not_sent'), request });
    expect(answerOf(course)).toBe('edas_unavailable');
    expect(putsOf(course)).toBe(1);
    expect(course.pausesMs).toEqual([]);
  });

  test('a change that has succeeded after a throttled rollback is in doubt where it would go on as a release', async () => {
    const course = await run({
      reads: [found(1), found(2)],
      put: failed('throttled'),
      request: { refusesSucceeded: true },
    });
    expect(answerOf(course)).toBe('edas_outcome_unknown');
    expect(putsOf(course)).toBe(1);
  });

  test('what is found out between two attempts counts: an order that can no longer be rolled back', async () => {
    const course = await run({ reads: [found(1), found(2, false)], put: failed('throttled') });
    expect(answerOf(course)).toBe('change_order_finished');
    expect(putsOf(course)).toBe(1);
  });

  test('an order seen in flight before the first attempt is proof for the second that never got read', async () => {
    const course = await run({
      reads: [found(1), failed('denied'), found(6)],
      put: [failed('not_sent'), failed('doubt')],
    });
    expect(answerOf(course)).toBe('rolling_back (order)');
    expect(putsOf(course)).toBe(2);
  });

  test('an order that moves on to its next batch after a doubt is read until it is at rest', async () => {
    const course = await run({ reads: [found(1), found(9), found(0), found(6)], put: failed('doubt') });
    expect(answerOf(course)).toBe('rolling_back (order)');
  });

  test('an order that had failed before is read on after a doubt, for it may still be terminated', async () => {
    const course = await run({ reads: [found(3), found(3), found(6)], put: failed('doubt') });
    expect(answerOf(course)).toBe('edas_outcome_unknown');
    expect(course.problem?.message).toContain('status is 6 (terminated)');
  });

  test.each([
    ['in between', 'throttled', 1],
    ['afterwards', 'doubt', 0],
  ] as const)('a read %s that fails is warned of, with what is missing', async (when, kind, before) => {
    const { warnings } = await run({ reads: [found(1), failed('denied')], put: failed(kind) });
    expect(warnings.slice(before)).toEqual([
      [`the change order could not be read ${when}`, { changeOrderId: orderId, reason: mayNotRead }],
    ]);
  });

  test('a read in between that hangs leaves half a second for the rollback', async () => {
    const put: Scenario['put'] = [failed('not_sent'), accepted];
    const { calls } = await run({ reads: [found(1)], put, latenciesMs: [10, 10, Infinity] });
    const timeouts = calls.filter(({ operation }) => operation === 'put').map(({ timeoutMs }) => timeoutMs);
    expect(timeouts).toHaveLength(2);
    expect(timeouts[1]).toBeGreaterThan(500);
  });

  test('a silent EDAS still leaves time to read the order again', async () => {
    const course = await run({ reads: [found(1), found(6)], latenciesMs: [10, Infinity, 10] });
    expect(answerOf(course)).toBe('rolling_back (order)');
    expect(course.tookMs).toBeLessThan(patienceMs);
  });
});

describe('invariant 4: open on advice, so', () => {
  test.each([
    ['not_sent', 'A fake failure: not_sent.'],
    ['throttled', 'A fake failure: throttled.'],
    ['rejected', 'A fake failure: rejected.'],
    ['doubt', 'A fake failure: doubt.'],
    ['denied', mayNotRead],
  ] as const)(
    'a read beforehand that is %s does not stop the rollback, and is warned of once, with what is missing',
    async (kind, reason) => {
      const course = await run({ reads: [failed(kind)] });
      expect(answerOf(course)).toBe('rolling_back (reply)');
      expect(course.warnings).toEqual([
        [
          'the change order could not be read beforehand, so a repeat is not recognised',
          { changeOrderId: orderId, reason },
        ],
      ]);
    },
  );

  test.each(['not_sent', 'throttled', 'doubt'] as const)(
    'a read that is %s is repeated, for it changes nothing',
    async (kind) => {
      const course = await run({ reads: [failed(kind), failed(kind), found(6)] });
      expect(answerOf(course)).toBe('already_terminated');
      expect(course.pausesMs).toEqual([300, 600]);
      expect(course.warnings).toEqual([]);
    },
  );

  test.each(['denied', 'unauthenticated', 'rejected'] as const)(
    'a read that is %s is not repeated, for EDAS would say the same again',
    async (kind) => {
      const course = await run({ reads: [failed(kind), found(6)] });
      expect(course.calls.map(({ operation }) => operation)).toEqual(['read', 'put']);
    },
  );

  test.each(['denied', 'unauthenticated'] as const)(
    'an order that may not be read (%s) is not asked after until the time is up',
    async (kind) => {
      const course = await run({ reads: [failed(kind)], put: failed('doubt') });
      expect(answerOf(course)).toBe('edas_outcome_unknown');
      expect(course.calls.map(({ operation }) => operation)).toEqual(['read', 'put', 'read']);
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

describe('a repeat that does not know what was sent before', () => {
  const request = { onlyIfInFlight: true };

  test.each(refusals)('sends nothing where the read fails (%s)', async (kind, code) => {
    const course = await run({ reads: [failed(kind)], request });
    expect(answerOf(course)).toBe(code);
    expect(course.problem?.message).toContain('No rollback was sent.');
    expect(putsOf(course)).toBe(0);
  });

  test('asks again, as long as that can help, before it gives up', async () => {
    const course = await run({ reads: [failed('doubt'), failed('throttled'), found(1)], request });
    expect(answerOf(course)).toBe('rolling_back (reply)');
    expect(course.warnings).toEqual([]);
  });

  test('takes more time for the read than one to whom it is advice', async () => {
    const { calls } = await run({ reads: [found(1)], request });
    const { calls: calm } = await run({ reads: [found(1)] });
    expect(calls[0]?.timeoutMs).toBeCloseTo((patienceMs * 0.6 * 2) / 3);
    expect(calm[0]?.timeoutMs).toBeCloseTo((patienceMs * 0.4 * 2) / 3);
  });

  test.each([0, 1, 8, 9])('rolls back where the order is in flight (status %i)', async (status) => {
    const course = await run({ reads: [found(status)], request });
    expect(answerOf(course)).toBe('rolling_back (reply)');
    expect(putsOf(course)).toBe(1);
  });

  test.each([
    [2, '2 (succeeded)'],
    [3, '3 (failed)'],
    [4, '4 (a status that EDAS does not document)'],
    [5, '5 (a status that EDAS does not document)'],
    [7, '7 (partly succeeded)'],
    [10, '10 (failed with a system exception)'],
    [99, '99 (a status that EDAS does not document)'],
    [undefined, 'not given'],
  ])(
    'sends nothing where the order has status %s: the rollback may have ended as it',
    async (status, words) => {
      for (const supportRollback of [true, false, undefined]) {
        const course = await run({ reads: [found(status, supportRollback)], request });
        expect(answerOf(course)).toBe('edas_outcome_unknown');
        expect(course.problem?.message).toBe(
          `This rollback comes late, or was sent before, and the change order's status is ${words}: so it is not sent. Check the versions in the EDAS console, and roll back there if the change is still in them.`,
        );
        expect(course.problem?.facts).toEqual({ changeOrderId: orderId });
        expect(putsOf(course)).toBe(0);
      }
    },
  );

  test('sends no second one where the order ends after EDAS did not take the first', async () => {
    for (const kind of ['not_sent', 'throttled'] as const) {
      const course = await run({ before: found(1), reads: [found(2)], put: failed(kind), request });
      expect(answerOf(course)).toBe('edas_outcome_unknown');
      expect(putsOf(course)).toBe(1);
    }
  });

  test('is refused by the causality rule first', async () => {
    const reading = { ...found(2), startedAt: later };
    const course = await run({ reads: [reading], request: { ...request, problemStartedAt: startedAt } });
    expect(answerOf(course)).toBe('problem_predates_change');
  });

  test('whose order is in flight is held where rollbacks are', async () => {
    const course = await run({ reads: [found(1)], request: { ...request, hold: 'suspended' } });
    expect(answerOf(course)).toBe('suspended');
    expect(putsOf(course)).toBe(0);
  });

  test('sends nothing, whatever is read, unless it is an order in flight', async () => {
    const statuses = fc.constantFrom(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 99, undefined);
    const reading = fc.oneof(
      statuses.map((status) => found(status)),
      fc.constantFrom(...failureKinds).map(failed),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(reading, { minLength: 1, maxLength: 5 }) as fc.Arbitrary<[Reading, ...Reading[]]>,
        async (reads) => {
          const course = await run({ reads, request });
          if (putsOf(course) === 0) return;
          const [before] = course.ended.slice(
            course.calls.findIndex(({ operation }) => operation === 'put') - 1,
          );
          expect([0, 1, 8, 9]).toContain((before as ChangeOrderInfo).status);
        },
      ),
      { numRuns: runs(100) },
    );
  });

  test('finds the work done', async () => {
    const course = await run({ reads: [found(6)], request });
    expect(answerOf(course)).toBe('already_terminated');
    expect(putsOf(course)).toBe(0);
  });
});

describe('invariant 5: the answer tells the truth, so', () => {
  test('a terminated order is no proof when it could not be read before', async () => {
    const course = await run({ before: failed('doubt'), reads: [found(6)], put: failed('doubt') });
    expect(answerOf(course)).toBe('edas_outcome_unknown');
    expect(course.problem?.message).toContain('status is 6 (terminated)');
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
    ['a bug in a read in between', { reads: [found(1), bug], put: failed('not_sent') }, bug],
    ['a Problem of a read in between', { reads: [found(1), missing], put: failed('throttled') }, missing],
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
    [
      'an order that strangers ask for',
      failed('unauthenticated'),
      'edas_denied',
      /not accept the credentials/,
    ],
    [
      'an order that is read too often',
      failed('throttled'),
      'edas_throttled',
      /throttled\. No rollback was sent\. Ask for the rollback again in a few seconds\.$/,
    ],
    ['an order behind a closed door', failed('not_sent'), 'edas_unavailable', /No rollback was sent/],
    ['an order whose answer is unreadable', failed('doubt'), 'edas_unavailable', /No rollback was sent/],
    ['an order that EDAS refuses to show', failed('rejected'), 'edas_rejected', /rejected/],
    ['a terminated order', found(6), 'already_terminated', /terminated/],
    ['a finished order', found(2, false), 'change_order_finished', /does not support a rollback/],
    ['an order that EDAS does not know', failed('not_found'), 'change_order_not_found', /not_found/],
  ])('%s is read, and nothing is sent', async (_what, reading, answer, message) => {
    const course = await run({ reads: [reading], request: { hold } });
    expect(answerOf(course)).toBe(answer);
    expect((course.outcome ?? course.problem)?.message).toMatch(message);
    expect(putsOf(course)).toBe(0);
  });
});

describe('the causality rule, asked before a task rolls back,', () => {
  const ask = async (scenario: Scenario) => {
    const rule = { problemStartedAt: startedAt };
    const course = await run({ ...scenario, request: { ...rule, ...scenario.request } }, async (...args) => {
      await readAndRequireChangePredatesProblem(...args);
      return undefined;
    });
    expect(putsOf(course)).toBe(0);
    return course;
  };

  test.each([
    ['began a millisecond before the problem', since(startedAt - 1)],
    ['began in the same millisecond', since(startedAt)],
    ['has ended meanwhile', since(earlier, 2)],
    ['is terminated, whenever it began', since(later, 6)],
    ['is terminated, and does not say when it began', since(undefined, 6)],
  ])('lets a change pass that %s', async (_what, reading) => {
    const course = await ask({ reads: [reading] });
    expect([course.problem, course.calls.length]).toEqual([undefined, 1]);
  });

  test.each([
    ['began a millisecond after the problem', since(later), 'problem_predates_change'],
    ['began later, and has ended', since(later, 2), 'problem_predates_change'],
    ['does not say when it began', since(undefined), 'change_start_unknown'],
    ['has no documented status and began later', since(later, 99), 'problem_predates_change'],
  ])('refuses a change that %s, as the rollback itself would', async (_what, reading, code) => {
    const course = await ask({ reads: [reading] });
    const itself = await run({ reads: [reading], request: { problemStartedAt: startedAt } });
    expect(course.problem?.code).toBe(code);
    expect([course.problem?.message, course.problem?.facts]).toEqual([
      itself.problem?.message,
      itself.problem?.facts,
    ]);
  });

  test.each(refusals)('is closed when the read is %s: %s', async (kind, code) => {
    const course = await ask({ reads: [failed(kind)] });
    expect(course.problem?.code).toBe(code);
    expect(course.problem?.message).toContain('No rollback was sent.');
  });

  test('asks again, as long as that can help', async () => {
    expect((await ask({ reads: [failed('doubt'), since(earlier)] })).problem).toBeUndefined();
    expect((await ask({ reads: [failed('doubt'), since(later)] })).problem?.code).toBe(
      'problem_predates_change',
    );
  });

  test('is closed when no time is left to read', async () => {
    const course = await ask({ reads: [since(earlier)], request: { deadlineAt: startedAt + 99 } });
    expect([course.problem?.code, course.calls]).toEqual(['edas_unavailable', []]);
  });

  test('asks EDAS nothing where the request does not say when the problem began', async () => {
    const course = await ask({ reads: [failed('denied')], request: { problemStartedAt: undefined } });
    expect([course.problem, course.calls]).toEqual([undefined, []]);
  });
});

describe('the causality rule', () => {
  const rule = { problemStartedAt: startedAt };

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
      'The problem began at 2026-01-02T03:04:05.000Z, before this change did, at 2026-01-02T03:04:05.001Z: the change is not to blame. This request rolled nothing back. If it is to blame all the same, roll it back in the EDAS console.',
    );
    expect(course.problem?.facts).toEqual({ changeOrderId: orderId });
    expect(putsOf(course)).toBe(0);
  });

  test.each([0, 1, 2, 3, 4, 7, 8, 9, 10, 99, undefined])(
    'refuses a change of status %s whose start EDAS does not give',
    async (status) => {
      const course = await run({ reads: [{ ...found(status), startedAt: undefined }], request: rule });
      expect(answerOf(course)).toBe('change_start_unknown');
      expect(course.problem?.message).toBe(
        'EDAS does not say when this change began, so it cannot be told whether it is to blame. This request rolled nothing back. Decide in the EDAS console.',
      );
      expect(course.problem?.facts).toEqual({ changeOrderId: orderId });
      expect(putsOf(course)).toBe(0);
    },
  );

  test.each(refusals)('is closed when the read is %s: %s, and nothing is sent', async (kind, code) => {
    const course = await run({ reads: [failed(kind)], request: rule });
    expect(answerOf(course)).toBe(code);
    expect(course.problem?.message).toContain(`A fake failure: ${kind}.`);
    expect(putsOf(course)).toBe(0);
  });

  test('is closed when the read hangs', async () => {
    const course = await run({ reads: [since(earlier)], latenciesMs: [Infinity], request: rule });
    expect(answerOf(course)).toBe('edas_unavailable');
    expect(putsOf(course)).toBe(0);
  });

  test('is closed when no time is left to read', async () => {
    const course = await run({ reads: [since(earlier)], request: { ...rule, deadlineAt: startedAt + 99 } });
    expect(answerOf(course)).toBe('edas_unavailable');
    expect(course.calls).toEqual([]);
  });

  test.each(failureKinds.filter((kind) => kind !== 'not_found'))(
    'does not make the read count where the request has no time of a problem: %s goes ahead',
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
  test('leaves no time for another read after a rollback that took all of it, so none is sent', async () => {
    const course = await run({
      reads: [found(1)],
      latenciesMs: [10, 1_000],
      request: { deadlineAt: startedAt + 150 },
    });
    expect(course.problem?.code).toBe('edas_outcome_unknown');
    expect(course.calls.map(({ operation }) => operation)).toEqual(['read', 'put']);
  });

  test.each([0, -1, -60_000])(
    'that has passed (%i ms left) lets nothing be sent or asked',
    async (leftMs) => {
      const course = await run({ reads: [found(1)], request: { deadlineAt: startedAt + leftMs } });
      expect(answerOf(course)).toBe('edas_unavailable');
      expect(course.problem?.message).toMatch(
        /^No time was left to ask EDAS. This request rolled nothing back. .*deadlineMs/,
      );
      expect(course.calls).toEqual([]);
    },
  );

  test('that is too close lets nothing be sent', async () => {
    const course = await run({ reads: [found(1)], request: { deadlineAt: startedAt + 50 } });
    expect(answerOf(course)).toBe('edas_unavailable');
    expect(putsOf(course)).toBe(0);
  });

  test('leaves each call less than all that is left', async () => {
    const { calls } = await run({ reads: [found(1)], latenciesMs: [Infinity] });
    // 8,000 ms in all, pauses of 300 ms after the first and the fourth call.
    expect(calls.map(({ operation, timeoutMs }) => [operation, Math.round(timeoutMs)])).toEqual([
      ['read', 2_133],
      ['read', 511],
      ['put', 3_033],
      ['read', 1_011],
      ['read', 356],
      ['read', 100],
    ]);
  });
});

function isFound(end: Course['ended'][number], statuses: number[]): boolean {
  return typeof end === 'object' && 'status' in end && statuses.includes(end.status ?? -1);
}

test('whatever EDAS does: one rollback at most, over by the deadline, a Problem or the truth', async () => {
  const failure = fc.constantFrom(...failureKinds).map(failed);
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
      reading,
      many(reading),
      // Most of what is worth knowing happens after a doubt, or after a request that was not taken.
      many(fc.oneof(failure, fc.constantFrom<Sending>(accepted, failed('doubt'), failed('not_sent')))),
      many(fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 12_000 }))),
      fc.integer({ min: -500, max: 12_000 }),
      fc.constantFrom(undefined, 'dry_run' as const, 'suspended' as const),
      fc.constantFrom(undefined, startedAt),
      fc.double({ min: 0, max: 1, noNaN: true }),
      async (before, reads, put, latenciesMs, leftMs, hold, problemStartedAt, chance) => {
        const request = { deadlineAt: startedAt + leftMs, hold, problemStartedAt };
        const course = await run({ before, reads, put, latenciesMs, request, random: () => chance });
        const { calls, outcome, tookMs, ended } = course;
        const puts = calls.flatMap(({ operation }, index) => (operation === 'put' ? [ended[index]] : []));
        const last = puts.at(-1);
        const readsAfterLast = ended.slice(calls.findLastIndex(({ operation }) => operation === 'put') + 1);
        const seenBeforeLast = ended.slice(0, calls.length - readsAfterLast.length - 1);
        const wasInFlight = seenBeforeLast.some((each) => isFound(each, [0, 1, 8, 9]));

        if (hold) expect(puts).toEqual([]);
        // Only what EDAS certainly did not take is sent again.
        expect(puts.slice(0, -1).every((each) => each === 'not_sent' || each === 'throttled')).toBe(true);
        if (puts.length > 0 && problemStartedAt !== undefined) {
          expect('startedAt' in before && [earlier, startedAt].includes(before.startedAt ?? later)).toBe(
            true,
          );
        }
        // A thousandth for the arithmetic of fractions.
        expect(tookMs).toBeLessThanOrEqual(Math.max(0, leftMs) + 0.001);
        if (outcome?.outcome === 'rolling_back') {
          const isShown = wasInFlight && readsAfterLast.some((each) => isFound(each, [6]));
          expect(last === accepted ? 'reply' : isShown && last === 'doubt' && 'order').toBe(outcome.evidence);
        }
        if (last === accepted) expect(outcome?.outcome).toBe('rolling_back');
        if (last === 'doubt')
          expect(['rolling_back (order)', 'edas_outcome_unknown']).toContain(answerOf(course));
      },
    ),
    { numRuns: runs(300) },
  );
});
