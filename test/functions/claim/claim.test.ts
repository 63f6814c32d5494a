import { describe, expect, test } from 'vitest';
import {
  displayLagMs,
  lookAtClaim,
  mostClaims,
  takeClaim,
  type ClaimFacts,
} from '../../../functions/claim/claim.ts';
import { taskStates, type TaskRecord, type TaskState } from '../../../functions/platform/task-queue.ts';
import {
  readTask,
  type RollbackClaimed,
  type RollbackDue,
  type RollbackOverdue,
  type RollbackReport,
  type RollbackTask,
} from '../../../functions/task.ts';
import {
  beganAt,
  changeOrderId,
  claimOf,
  doubt,
  facts,
  namesOf,
  recordOf,
  refusal,
  reportOf,
  simulateQueue,
  type Fault,
  type SimulatedQueue,
} from '../../support/simulated-queue.ts';

const dead: TaskState[] = ['Failed', 'Stopped', 'Expired', 'Invalid'];
const alive = taskStates.filter((state) => !dead.includes(state));

const own: ClaimFacts = { ...facts, holder: 'fake-request-id/0.5', sendsUntil: beganAt + 7_000 };
const claimed: RollbackClaimed = { ...own, holder: 'another', rollback: 'claimed', claim: 1 };
const due: RollbackDue = { ...facts, rollback: 'due' };
const overdue: RollbackOverdue = { ...facts, rollback: 'overdue', claim: 1 };
const done: RollbackReport = { ...facts, rollback: 'done', isKnownToSender: true };
const unknown: RollbackReport = {
  ...facts,
  rollback: 'unknown',
  reason: 'fake-reason',
  sentBefore: 0,
  wasInFlight: true,
};
const refused: RollbackReport = { ...facts, rollback: 'refused' };

/** The time of day at which a dead claim may be over. */
const late = claimed.sendsUntil + displayLagMs + 1;
const refusedWords = 'Its rollback was refused.';
const words = (state: TaskState) => `The task that had to finish it is ${state}.`;

const take = (queue: SimulatedQueue, { first = 1, now = beganAt } = {}) =>
  takeClaim(own, first, () => now, queue.access);
const look = (queue: SimulatedQueue, now = beganAt, claim = 1) =>
  lookAtClaim(changeOrderId, claim, () => now, queue.access);

/** Claims that were refused one after the other, from 1 to this one. */
function refusedUntil(last: number): Record<string, TaskRecord> {
  const numbers = Array.from({ length: last }, (_, index) => index + 1);
  const tasks = numbers.flatMap((claim): [string, TaskRecord][] => [
    [claimOf(claim), recordOf({ ...claimed, claim }, 'Succeeded')],
    [reportOf(claim), recordOf(refused, 'Succeeded')],
  ]);
  return Object.fromEntries(tasks);
}

describe('the claim', () => {
  test.each([1, 2])(
    'is given to the first who asks for it, and says who has it: number %i',
    async (first) => {
      const queue = simulateQueue();
      expect(await take(queue, { first })).toEqual({ result: 'held', claim: first });
      expect(namesOf(queue)).toEqual([`submit claim ${first}`]);
      const { payload } = queue.tasks.get(claimOf(first)) ?? {};
      expect(readTask(payload)).toEqual({ ...own, rollback: 'claimed', claim: first });
      expect(queue.warnings).toEqual([]);
    },
  );

  test('is given to one of many', async () => {
    const queue = simulateQueue();
    const all = Array.from({ length: 20 }, (_, index) =>
      takeClaim({ ...own, holder: String(index) }, 1, () => beganAt, queue.access),
    );
    const results = (await Promise.all(all)).map(({ result }) => result);
    expect(results).toEqual(['held', ...Array<string>(19).fill('taken')]);
  });

  const absent = undefined;
  test.each<[string, Fault[], RollbackTask | undefined, object]>([
    ['held where the second try is the first to arrive', [doubt], absent, { result: 'held', claim: 1 }],
    ['held where the holder is oneself', ['lost'], absent, { result: 'held', claim: 1 }],
    ['taken where the holder is another', [doubt], claimed, { result: 'taken', claim: 1, task: claimed }],
    ['taken where it is no claim', [doubt], { ...due }, { result: 'taken', claim: 1, task: due }],
    [
      'not known where both answers get lost',
      ['lost', doubt],
      absent,
      { result: 'no_queue', mayExist: true },
    ],
    ['not taken where the queue refuses', [refusal], absent, { result: 'no_queue', mayExist: false }],
  ])('whose answer gets lost is %s', async (_what, submits, before, result) => {
    const tasks = before && { [claimOf(1)]: recordOf(before) };
    const queue = simulateQueue({ submits, ...(tasks && { tasks }) });
    expect(await take(queue)).toMatchObject(result);
  });

  test.each([refusal, 'hidden'] as const)(
    'that is settled, and cannot be seen (%s), counts as taken, for nobody knows by whom',
    async (fault) => {
      const queue = simulateQueue({ submits: ['lost'], reads: { [claimOf(1)]: fault } });
      expect(await take(queue)).toEqual({ result: 'taken', claim: 1, state: 'unknown', task: undefined });
    },
  );

  test('is not the own one because of its holder alone: an answer must have got lost', async () => {
    const queue = simulateQueue({ tasks: { [claimOf(1)]: recordOf({ ...claimed, holder: own.holder }) } });
    expect(await take(queue)).toMatchObject({ result: 'taken' });
  });

  test('is not asked for without time', async () => {
    const queue = simulateQueue({ deadlineAt: 50 });
    expect(await take(queue)).toEqual({ result: 'no_queue', mayExist: false });
    expect(queue.calls).toEqual([]);
  });

  test('is given anew where the one before is over, and the log says why', async () => {
    const queue = simulateQueue({ tasks: refusedUntil(2) });
    expect(await take(queue)).toEqual({ result: 'held', claim: 3 });
    expect(queue.warnings).toEqual(
      [1, 2].map((claim) => ({
        message: 'the claim before has ended without a rollback',
        taskId: claimOf(claim),
        reason: refusedWords,
      })),
    );
  });

  test('is given anew behind the last one of a row that was handed on', async () => {
    const queue = simulateQueue({
      tasks: {
        [claimOf(1)]: recordOf(due, 'Succeeded'),
        [claimOf(2)]: recordOf({ ...claimed, claim: 2 }, 'Succeeded'),
        [reportOf(2)]: recordOf(refused, 'Succeeded'),
      },
    });
    expect(await take(queue)).toEqual({ result: 'held', claim: 3 });
  });

  test('is given five times: after that, one goes without', async () => {
    expect(mostClaims).toBe(5);
    expect(await take(simulateQueue({ tasks: refusedUntil(4) }))).toEqual({ result: 'held', claim: 5 });
    const queue = simulateQueue({ tasks: refusedUntil(5) });
    expect(await take(queue)).toEqual({ result: 'no_queue', mayExist: false });
    expect(queue.warnings.at(-1)).toEqual({
      message: 'this change order was claimed too often, so it is rolled back without a claim',
      changeOrderId,
    });
    expect(await take(simulateQueue(), { first: 6 })).toMatchObject({ result: 'no_queue' });
  });
});

interface Rule {
  name: string;
  claim: RollbackTask | string | undefined;
  report?: RollbackTask | string;
  /** Of the task with the report; where there is none, of the claim. */
  states: readonly TaskState[];
  now?: number;
  over: false | ((state: TaskState) => string);
}

describe('a claim is over, so that the next one may be given,', () => {
  const rules: Rule[] = [
    {
      name: 'whose rollback was refused',
      claim: claimed,
      report: refused,
      states: taskStates,
      over: () => refusedWords,
    },
    {
      name: 'of a task that refused',
      claim: due,
      report: refused,
      states: taskStates,
      over: () => refusedWords,
    },
    {
      name: 'whose doubt nobody settles any more',
      claim: claimed,
      report: unknown,
      states: dead,
      over: words,
    },
    {
      name: 'whose work nobody finishes any more',
      claim: claimed,
      report: overdue,
      states: dead,
      over: words,
    },
    { name: 'whose task is dead before it acted', claim: due, states: dead, over: words },
    {
      name: 'whose holder is past its time, with nobody to watch',
      claim: claimed,
      states: dead,
      now: late,
      over: words,
    },
    {
      name: 'not where the doubt is being settled',
      claim: claimed,
      report: unknown,
      states: alive,
      over: false,
    },
    {
      name: 'not where the doubt is so new that EDAS may show the rollback later',
      claim: claimed,
      report: { ...unknown, sentBefore: late - displayLagMs },
      states: taskStates,
      now: late,
      over: false,
    },
    {
      name: 'not where the work is being finished',
      claim: claimed,
      report: overdue,
      states: alive,
      over: false,
    },
    { name: 'not where its task acts', claim: due, states: alive, over: false },
    { name: 'not where its holder may act', claim: claimed, states: taskStates, now: late - 1, over: false },
    { name: 'not where its task watches', claim: claimed, states: alive, now: late, over: false },
    {
      name: 'not where it has rolled back, in time',
      claim: claimed,
      report: done,
      states: taskStates,
      over: false,
    },
    {
      name: 'not where it has rolled back, ever',
      claim: claimed,
      report: done,
      states: taskStates,
      now: late,
      over: false,
    },
    {
      name: 'not where a task says so under its own id',
      claim: done,
      states: taskStates,
      now: late,
      over: false,
    },
    {
      name: 'not where its report is no task of this version',
      claim: claimed,
      report: '{"version":2}',
      states: taskStates,
      now: late,
      over: false,
    },
    {
      name: 'not where its report has no payload',
      claim: due,
      report: '',
      states: taskStates,
      now: late,
      over: false,
    },
    {
      name: 'not where it is malformed, and its task lives',
      claim: '{',
      states: alive,
      now: late,
      over: false,
    },
    { name: 'where it is malformed, and its task is dead', claim: '{', states: dead, now: late, over: words },
    {
      name: 'where its payload is not shown, and its task is dead',
      claim: undefined,
      states: dead,
      now: late,
      over: words,
    },
  ];

  test.each(rules)('$name', async ({ claim, report, states, now = beganAt, over }) => {
    for (const state of states) {
      // Where there is a report, the state of the claim does not count.
      for (const stateOfClaim of report === undefined ? [state] : (['Running', 'Failed'] as const)) {
        const queue = simulateQueue({
          tasks: {
            [claimOf(1)]: recordOf(claim, stateOfClaim),
            ...(report !== undefined && { [reportOf(1)]: recordOf(report, state) }),
          },
        });
        const { reasonOfEnd, ...taken } = await look(queue, now);
        expect(reasonOfEnd, state).toBe(over ? over(state) : undefined);
        expect(taken).toMatchObject({
          result: 'taken',
          claim: 1,
          state: typeof report === 'object' ? state : stateOfClaim,
        });
      }
    }
  });

  test.each([
    ['the claim cannot be read', { [claimOf(1)]: refusal }, { state: 'unknown', task: undefined }],
    ['the report cannot be read', { [reportOf(1)]: refusal }, { state: 'Failed', task: claimed }],
    ['neither can be read', { [claimOf(1)]: refusal, [reportOf(1)]: doubt }, { state: 'unknown' }],
  ])('not where %s', async (_what, reads, taken) => {
    const queue = simulateQueue({ tasks: { [claimOf(1)]: recordOf(claimed, 'Failed') }, reads });
    expect(await look(queue, late)).toEqual({ result: 'taken', claim: 1, task: undefined, ...taken });
  });

  test('where its report says so, though the claim itself cannot be read', async () => {
    const tasks = { [reportOf(1)]: recordOf(refused) };
    const queue = simulateQueue({ tasks, reads: { [claimOf(1)]: refusal } });
    expect(await look(queue)).toMatchObject({ state: 'Running', task: refused, reasonOfEnd: refusedWords });
  });

  test('not where it is not shown', async () => {
    const { reasonOfEnd, ...taken } = await look(simulateQueue(), late);
    expect(taken).toEqual({ result: 'taken', claim: 1, state: 'unknown', task: undefined });
    expect(reasonOfEnd).toBeUndefined();
  });
});

describe('a task that has handed the rollback on is judged by the claim after it:', () => {
  const second = { ...claimed, claim: 2 };
  const handedOn = (report: RollbackTask | undefined) => ({
    [claimOf(2)]: recordOf(second, 'Succeeded'),
    ...(report && { [reportOf(2)]: recordOf(report) }),
  });

  describe.each<[string, Record<string, TaskRecord>]>([
    ['one that was to roll back', { [claimOf(1)]: recordOf(due, 'Succeeded') }],
    [
      'one that finished the work of another',
      { [claimOf(1)]: recordOf(claimed, 'Failed'), [reportOf(1)]: recordOf(overdue, 'Succeeded') },
    ],
  ])('%s', (_what, first) => {
    test.each<[string, Record<string, TaskRecord>, object]>([
      ['rolled back', handedOn(done), { claim: 2, state: 'Running', task: done }],
      ['refused', handedOn(refused), { claim: 2, task: refused, reasonOfEnd: refusedWords }],
      ['at work', handedOn(undefined), { claim: 2, task: second }],
      ['none: it found nothing to do', {}, { claim: 1 }],
    ])('%s', async (_how, tasks, taken) => {
      const { reasonOfEnd, ...found } = await look(simulateQueue({ tasks: { ...first, ...tasks } }));
      expect({ reasonOfEnd, ...found }).toMatchObject({ reasonOfEnd: undefined, ...taken });
    });
  });

  test('not while it runs', async () => {
    const tasks = { [claimOf(1)]: recordOf(due), ...handedOn(refused) };
    expect(await look(simulateQueue({ tasks }))).toMatchObject({
      claim: 1,
      task: due,
      reasonOfEnd: undefined,
    });
  });

  test('not where a claim was only watched', async () => {
    const tasks = { [claimOf(1)]: recordOf(claimed, 'Succeeded'), ...handedOn(refused) };
    expect(await look(simulateQueue({ tasks }), late)).toMatchObject({ claim: 1, task: claimed });
  });

  test('not behind the last claim', async () => {
    const last = { ...claimed, claim: mostClaims };
    const tasks = {
      [claimOf(mostClaims)]: recordOf(last, 'Succeeded'),
      [reportOf(mostClaims)]: recordOf(overdue, 'Succeeded'),
    };
    const queue = simulateQueue({ tasks });
    expect(await look(queue, late, mostClaims)).toMatchObject({ claim: mostClaims, task: overdue });
    expect(queue.calls).toHaveLength(2);
  });
});
