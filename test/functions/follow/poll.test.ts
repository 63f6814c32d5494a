import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ChangeFailure, ChangeOrderProgress } from '../../../functions/edas/change-order.ts';
import { EdasFailure } from '../../../functions/edas/failure.ts';
import { pollToEnd, type PollResult, type PollRequest } from '../../../functions/follow/poll.ts';
import { failed, failureKinds } from '../../support/edas-failure.ts';
import { runs } from '../../support/runs.ts';

const changeOrderId = 'change';
const orderId = 'rollback';

/** What a look at an order finds. An Error is thrown. */
type Finding = ChangeOrderProgress | Error;

function progress(
  status: number | undefined,
  changes: Partial<ChangeOrderProgress> = {},
): ChangeOrderProgress {
  return {
    status,
    supportRollback: false,
    startedAt: undefined,
    description: undefined,
    batches: { done: 0, total: 2 },
    failures: [],
    ...changes,
  };
}

interface Scenario {
  /** What the looks at the order find, one after the other; the last one again and again. */
  order: readonly [Finding, ...Finding[]];
  change?: readonly [Finding, ...Finding[]];
  request?: Partial<PollRequest>;
  random?: () => number;
}

interface Course {
  end: PollResult;
  /** When each read came, seconds since the beginning, and of what. */
  reads: [number, string][];
  told: { event: string; failures: readonly ChangeFailure[]; status: number | undefined; at: number }[];
  warnings: Record<string, unknown>[];
  seconds: number;
}

/** Follows a rollback on a clock that only its pauses move. */
async function follow({
  order,
  change = [progress(6)],
  request,
  random = () => 0,
}: Scenario): Promise<Course> {
  let now = 0;
  const seconds = () => now / 1000;
  const course: Omit<Course, 'end' | 'seconds'> = { reads: [], told: [], warnings: [] };
  const counts = new Map<string, number>();
  const end = await pollToEnd(
    { orderId, changeOrderId, deadlineAt: 3_000_000, wasNotified: false, ...request },
    {
      read: (id) => {
        const count = counts.get(id) ?? 0;
        counts.set(id, count + 1);
        course.reads.push([seconds(), id]);
        const finding = nth(id === changeOrderId && request?.orderId !== id ? change : order, count);
        return finding instanceof Error ? Promise.reject(finding) : Promise.resolve(finding);
      },
      clock: { now: () => now, sleep: (ms) => Promise.resolve(void (now += ms)) },
      random,
      reportProgress: (event, sight, failures) => {
        course.told.push({ event, failures, status: sight.order?.status, at: seconds() });
        return Promise.resolve();
      },
      warn: (_message, facts) => course.warnings.push(facts),
    },
  );
  return { ...course, end, seconds: seconds() };
}

function nth<T>(list: readonly [T, ...T[]], index: number): T {
  return list[Math.min(index, list.length - 1)] ?? list[0];
}

const timesOf = ({ reads }: Course, id = orderId) =>
  reads.flatMap(([at, which]) => (which === id ? [at] : []));
const running = progress(1);
const done = progress(2);

describe('the looks', () => {
  test('come after 5 s, and then every 10 s', async () => {
    expect(timesOf(await follow({ order: [running, running, running, done] }))).toEqual([5, 15, 25, 35]);
  });

  test('come up to 2 s later, by chance', async () => {
    const course = await follow({ order: [running, running, done], random: () => 0.5 });
    expect(timesOf(course)).toEqual([6, 17, 28]);
    const latest = await follow({ order: [running, running, done], random: () => 1 });
    expect(timesOf(latest)).toEqual([7, 19, 31]);
  });

  test('come half as often each time that EDAS throttles, down to one in five minutes', async () => {
    const throttled = failed('throttled');
    const course = await follow({
      order: [running, throttled, throttled, throttled, throttled, throttled, throttled, done],
    });
    expect(timesOf(course)).toEqual([5, 15, 35, 75, 155, 315, 615, 915]);
  });

  test('come twice as often each time that EDAS answers again, up to one in ten seconds', async () => {
    const throttled = failed('throttled');
    const course = await follow({
      order: [
        ...([running, throttled, throttled, throttled, throttled] as const),
        ...[running, running, running, running, running, done],
      ],
    });
    expect(timesOf(course)).toEqual([5, 15, 35, 75, 155, 315, 395, 435, 455, 465, 475]);
  });

  test('come twice as often again, too, where the answer is another failure', async () => {
    const throttled = failed('throttled');
    const course = await follow({ order: [running, throttled, throttled, failed('doubt'), running, done] });
    expect(timesOf(course)).toEqual([5, 15, 35, 75, 95, 105]);
  });

  test('double from the first on', async () => {
    const throttled = failed('throttled');
    expect(timesOf(await follow({ order: [throttled, throttled, throttled, done] }))).toEqual([
      5, 15, 35, 75,
    ]);
  });

  test('come less often where only the look at the change is throttled', async () => {
    const course = await follow({
      order: [running, running, running, running, running, running, done],
      change: [running, failed('throttled'), progress(6)],
    });
    expect(timesOf(course)).toEqual([5, 15, 25, 35, 55, 65, 75]);
  });

  test.each(failureKinds.filter((kind) => kind !== 'throttled'))(
    'go on as before after a failure (%s)',
    async (kind) => {
      const course = await follow({ order: [running, failed(kind), failed(kind), running, done] });
      expect(timesOf(course)).toEqual([5, 15, 25, 35, 45]);
      expect(course.end.event).toBe('succeeded');
      expect(course.end.failure).toBeUndefined();
      expect(course.told).toEqual([]);
      expect(course.warnings).toHaveLength(2);
    },
  );

  const tenTimes = [
    ...([running, running, running, running, running] as const),
    ...[running, running, running, running, running],
  ] as const;

  test('show the change, too, with every third of them, and once more at the end', async () => {
    const course = await follow({ order: [...tenTimes, running, done], change: [running] });
    expect(timesOf(course)).toHaveLength(12);
    expect(timesOf(course, changeOrderId)).toEqual([5, 35, 65, 95, 115]);
    expect(course.end.change?.status).toBe(1);
  });

  test('show the change until it is at rest, and no more', async () => {
    const course = await follow({
      order: [...tenTimes, done],
      change: [running, failed('doubt'), progress(6), running],
    });
    expect(timesOf(course, changeOrderId)).toEqual([5, 35, 65]);
    expect(course.end.change?.status).toBe(6);
  });

  test('keep what was seen of the change, where it cannot be read later', async () => {
    const course = await follow({ order: [...tenTimes, done], change: [running, failed('doubt')] });
    expect(course.end.change?.status).toBe(1);
    expect(course.end.failure).toBeUndefined();
  });

  test('show the change at the end only, where the order cannot be read whenever its turn would be', async () => {
    const course = await follow({ order: [failed('doubt'), running, running, failed('doubt'), done] });
    expect(timesOf(course, changeOrderId)).toEqual([45]);
    expect(course.end.change?.status).toBe(6);
  });

  test('are at one order where that is the change itself', async () => {
    const course = await follow({ order: [running, progress(6)], request: { orderId: changeOrderId } });
    expect(course.reads).toEqual([
      [5, changeOrderId],
      [15, changeOrderId],
    ]);
  });

  // Seven looks, the last one early, of which three are at the change, too, and one more at the change, which is the end.
  test('are never more than 11 reads in a minute, whatever EDAS answers', async () => {
    const finding = fc.oneof(
      fc.constantFrom(0, 1, 8, 9, 4, undefined).map((status) => progress(status)),
      fc.constantFrom(...failureKinds).map(failed),
    );
    const findings = fc.array(finding, { minLength: 1, maxLength: 30 }) as fc.Arbitrary<
      [Finding, ...Finding[]]
    >;
    const luck = fc.array(fc.constantFrom(0, 0, 0.25, 0.5, 1), { minLength: 1, maxLength: 9 });
    await fc.assert(
      fc.asyncProperty(findings, findings, luck, async (order, change, chances) => {
        let at = 0;
        const random = () => chances[at++ % chances.length] ?? 0;
        const { reads } = await follow({ order, change, random, request: { deadlineAt: 600_000 } });
        for (const [from] of reads) {
          expect(reads.filter(([at]) => at >= from && at < from + 60).length).toBeLessThanOrEqual(11);
        }
      }),
      { numRuns: runs(30) },
    );
  });
});

describe('the end', () => {
  test.each([
    [2, 'succeeded'],
    [3, 'failed'],
    [6, 'terminated'],
    [7, 'partly_succeeded'],
    [10, 'failed'],
  ])('of an order with status %i is %s', async (status, event) => {
    const course = await follow({ order: [running, progress(status)] });
    expect(course.end).toMatchObject({ event, order: { status }, change: { status: 6 } });
    expect(course.seconds).toBe(15);
  });

  test.each([0, 1, 4, 5, 8, 9, 11, 99, undefined])('is not status %s', async (status) => {
    const { end } = await follow({ order: [progress(status)], request: { deadlineAt: 100_000 } });
    expect(end.event).toBe('out_of_time');
  });

  // Where EDAS names no order of the rollback, the change may have failed before, or succeeded all the same.
  test.each([
    [6, 'terminated'],
    [2, 'outcome_unknown'],
    [3, 'outcome_unknown'],
    [7, 'outcome_unknown'],
    [10, 'outcome_unknown'],
  ])('of the change itself with status %i is %s', async (status, event) => {
    const course = await follow({ order: [progress(status)], request: { orderId: changeOrderId } });
    expect(course.end).toMatchObject({ event, order: { status } });
  });

  test.each(['denied', 'unauthenticated', 'not_found', 'rejected', 'doubt', 'not_sent'] as const)(
    'is that of the rollback, although the change cannot be read (%s)',
    async (kind) => {
      const course = await follow({
        order: [running, running, running, running, done],
        change: [failed(kind)],
      });
      expect(course.end.event).toBe('succeeded');
      expect([course.end.change, course.end.failure]).toEqual([undefined, undefined]);
    },
  );

  const refusals = fc.constantFrom(...(['not_found', 'denied', 'unauthenticated'] as const));

  test.each([
    ['not_found', 'not_found', 'not_found'],
    ['denied', 'denied', 'denied'],
    ['unauthenticated', 'unauthenticated', 'unauthenticated'],
    ['not_found', 'unauthenticated', 'denied'],
    ['denied', 'denied', 'not_found'],
  ] as const)(
    'is unreadable where EDAS refuses three times in a row (%s, %s, %s)',
    async (one, two, three) => {
      const course = await follow({ order: [running, failed(one), failed(two), failed(three), done] });
      expect(course.end).toMatchObject({
        event: 'unreadable',
        order: { status: 1 },
        failure: { kind: three },
      });
      expect(timesOf(course)).toEqual([5, 15, 25, 35]);
    },
  );

  test('is unreadable at the third look where EDAS refuses from the first on', async () => {
    const course = await follow({ order: [failed('denied')] });
    expect([course.end.event, course.end.order]).toEqual(['unreadable', undefined]);
    expect(timesOf(course)).toEqual([5, 15, 25]);
  });

  test('is not that, as long as EDAS refuses twice in a row at most, whatever it says in between', async () => {
    const others = failureKinds.filter((kind) => !['not_found', 'denied', 'unauthenticated'].includes(kind));
    const between = fc.oneof(fc.constantFrom(...others).map(failed), fc.constant(running));
    const rounds = fc.array(fc.tuple(fc.array(refusals.map(failed), { maxLength: 2 }), between), {
      maxLength: 8,
    });
    await fc.assert(
      fc.asyncProperty(rounds, async (each) => {
        const { end } = await follow({
          order: [running, ...each.flat(2), done],
          request: { deadlineAt: 1e9 },
        });
        expect(end.event).toBe('succeeded');
        expect(end.failure).toBeUndefined();
      }),
      { numRuns: runs(100) },
    );
  });

  test('is out of time, with what was seen last and why nothing newer was', async () => {
    const course = await follow({ order: [running, failed('doubt')], request: { deadlineAt: 60_000 } });
    expect(course.end).toMatchObject({
      event: 'out_of_time',
      order: { status: 1 },
      failure: { kind: 'doubt' },
    });
    expect(course.seconds).toBe(60);
  });

  test.each([1, 2_500, 5_000, 14_999, 25_001, 60_000])(
    'is not out of time before a last look when the time is up (%i ms)',
    async (deadlineAt) => {
      for (const random of [() => 0, () => 1]) {
        const course = await follow({ order: [running], request: { deadlineAt }, random });
        expect(course.end).toMatchObject({ event: 'out_of_time', order: { status: 1 } });
        expect(timesOf(course).at(-1)).toBe(deadlineAt / 1000);
        expect(course.seconds).toBe(deadlineAt / 1000);
      }
    },
  );

  test('is seen at the last look, when the time is up', async () => {
    const course = await follow({ order: [running, running, done], request: { deadlineAt: 20_000 } });
    expect(course.end.event).toBe('succeeded');
    expect(timesOf(course)).toEqual([5, 15, 20]);
  });

  test('is seen at the last look also where EDAS throttles, and the next look would come minutes later', async () => {
    const throttled = failed('throttled');
    const order = [running, throttled, throttled, throttled, throttled, throttled, throttled, done] as const;
    const course = await follow({ order, request: { deadlineAt: 700_000 } });
    expect(timesOf(course)).toEqual([5, 15, 35, 75, 155, 315, 615, 700]);
    expect(course.end.event).toBe('succeeded');
  });

  test('is out of time where the last look is throttled, with what was seen before', async () => {
    const course = await follow({ order: [running, failed('throttled')], request: { deadlineAt: 700_000 } });
    expect(course.end).toMatchObject({
      event: 'out_of_time',
      order: { status: 1 },
      failure: { kind: 'throttled' },
    });
    expect(course.seconds).toBe(700);
  });

  test.each([0, -1])('is out of time at once where there is none (%i ms)', async (deadlineAt) => {
    const course = await follow({ order: [done], request: { deadlineAt } });
    expect(course).toMatchObject({ end: { event: 'out_of_time' }, reads: [], seconds: 0 });
  });

  test('is whatever else goes wrong', async () => {
    const crash = new TypeError('made up');
    await expect(follow({ order: [crash] })).rejects.toBe(crash);
    await expect(follow({ order: [running], change: [crash] })).rejects.toBe(crash);
  });
});

describe('what people are told on the way', () => {
  const disk = { place: 'Batch: 1', reason: 'EDAS-10000' };
  const agent = { place: 'Batch: 1', reason: 'EDAS-10001' };
  const later = { place: 'Batch: 2', reason: 'EDAS-10000' };

  test('is that it waits for a person, once, and it is followed on', async () => {
    const { told, end } = await follow({
      order: [running, progress(8), progress(8), progress(8), running, done],
    });
    expect(told).toEqual([{ event: 'waiting', failures: [], status: 8, at: 15 }]);
    expect(end.event).toBe('succeeded');
  });

  test('is that it waits again, for the next batch, also where no look saw it move in between', async () => {
    const waiting = (batches: number) => progress(8, { batches: { done: batches, total: 4 } });
    const { told } = await follow({
      order: [waiting(1), running, waiting(2), waiting(2), waiting(3), failed('doubt'), waiting(3), done],
    });
    expect(told.map(({ event, at }) => [event, at])).toEqual([
      ['waiting', 5],
      ['waiting', 25],
      ['waiting', 45],
    ]);
  });

  test('is what failed, each once, with its message', async () => {
    const { told, end } = await follow({
      order: [
        running,
        progress(1, { failures: [disk, agent] }),
        progress(9, { failures: [disk, agent] }),
        failed('doubt'),
        progress(1, { failures: [disk, agent, later] }),
        progress(3, { failures: [disk, agent, later] }),
      ],
    });
    expect(told).toEqual([
      { event: 'failing', failures: [disk, agent], status: 1, at: 15 },
      { event: 'failing', failures: [later], status: 1, at: 45 },
    ]);
    expect(end).toMatchObject({ event: 'failed', order: { failures: [disk, agent, later] } });
  });

  test('is what failed, and then that it waits', async () => {
    const { told } = await follow({ order: [progress(8, { failures: [disk] }), done] });
    expect(told.map(({ event }) => event)).toEqual(['failing', 'waiting']);
  });

  test('is nothing that an earlier attempt has told, for all that can be known: what is so at the first look', async () => {
    const { told } = await follow({
      order: [
        failed('doubt'),
        progress(8, { failures: [disk] }),
        progress(8, { failures: [disk] }),
        progress(1, { failures: [disk, later] }),
        progress(8, { failures: [disk, later], batches: { done: 1, total: 2 } }),
        done,
      ],
      request: { wasNotified: true },
    });
    expect(told).toEqual([
      { event: 'failing', failures: [later], status: 1, at: 35 },
      { event: 'waiting', failures: [], status: 8, at: 45 },
    ]);
  });

  describe('where the change itself is followed,', () => {
    const request = { orderId: changeOrderId };

    test('is that it waits, also at the first look, and not what had failed by then', async () => {
      const release = progress(8, { failures: [disk] });
      const { told, end } = await follow({
        order: [release, release, progress(6, { failures: [disk] })],
        request,
      });
      expect(told).toEqual([{ event: 'waiting', failures: [], status: 8, at: 5 }]);
      expect(end.event).toBe('terminated');
    });

    test('is that it waits later than at the first look, as where EDAS shows the rollback late', async () => {
      const { told } = await follow({ order: [running, running, progress(8), progress(8)], request });
      expect(told).toEqual([{ event: 'waiting', failures: [], status: 8, at: 25 }]);
    });

    test('is what fails after the first look', async () => {
      const { told } = await follow({
        order: [
          failed('doubt'),
          progress(1, { failures: [disk] }),
          progress(1, { failures: [disk, later] }),
          progress(6, { failures: [disk, later] }),
        ],
        request,
      });
      expect(told).toEqual([{ event: 'failing', failures: [later], status: 1, at: 25 }]);
    });

    test('is nothing of the first look on a retry, and what comes after it', async () => {
      const { told } = await follow({
        order: [
          progress(8, { failures: [disk] }),
          progress(8, { failures: [disk] }),
          progress(1, { failures: [disk, later] }),
          progress(8, { failures: [disk, later], batches: { done: 1, total: 2 } }),
          progress(6),
        ],
        request: { ...request, wasNotified: true },
      });
      expect(told.map(({ event, at }) => [event, at])).toEqual([
        ['failing', 25],
        ['waiting', 35],
      ]);
    });
  });
});

test('a failure is told of in the log with the order that could not be looked at', async () => {
  const failure = new EdasFailure('denied', 'EDAS answered 403: no.');
  const { warnings } = await follow({ order: [running, done], change: [failure] });
  expect(warnings[0]).toEqual({
    orderId: changeOrderId,
    reason: expect.stringContaining('edas:ReadApplication') as string,
  });
});
