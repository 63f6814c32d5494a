import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ChangeOrderProgress } from '../../../functions/edas/change-order.ts';
import { pollToEnd, type Hearing } from '../../../functions/follow/poll.ts';
import { failed } from '../../support/edas-failure.ts';
import { runs } from '../../support/runs.ts';

function progress(status: number): ChangeOrderProgress {
  return {
    status,
    supportRollback: false,
    startedAt: undefined,
    description: undefined,
    batches: { done: 0, total: 1 },
    failures: [],
  };
}

interface Scenario {
  /** Seconds after the beginning. */
  endsAt: number;
  /** When word is left. Undefined: never. */
  toldAt?: number;
  /** Between these times EDAS throttles. */
  throttled?: readonly [number, number];
  /** Function Compute fails, and takes so long to do it. */
  deafMs?: number;
  hears?: boolean;
  random?: () => number;
}

interface Course {
  /** When the end was seen, and when each read and each question came; in seconds. */
  seenAt: number;
  reads: number[];
  questions: number[];
}

/** Follows a rollback of one order on a clock that only its pauses, and a slow queue, move. */
async function follow(scenario: Scenario): Promise<Course> {
  const { endsAt, toldAt = Infinity, throttled: [from, until] = [0, 0], deafMs } = scenario;
  const { hears = true, random = () => 0 } = scenario;
  let now = 0;
  const seconds = () => now / 1000;
  const reads: number[] = [];
  const questions: number[] = [];
  const hear = (id: string, timeoutMs: number): Promise<Hearing> => {
    expect(id).toBe('rollback');
    questions.push(seconds());
    if (deafMs === undefined) return Promise.resolve(seconds() >= toldAt ? 'told' : 'absent');
    now += Math.min(deafMs, timeoutMs);
    return Promise.resolve('unreadable');
  };
  const { event } = await pollToEnd(
    { orderId: 'rollback', changeOrderId: 'rollback', deadlineAt: 3_000_000, wasNotified: false },
    {
      read: () => {
        reads.push(seconds());
        if (seconds() >= from && seconds() < until) return Promise.reject(failed('throttled'));
        return Promise.resolve(progress(seconds() >= endsAt ? 6 : 1));
      },
      hear: hears ? hear : undefined,
      clock: { now: () => now, sleep: (ms) => Promise.resolve(void (now += ms)) },
      random,
      reportProgress: () => Promise.resolve(),
      warn: () => undefined,
    },
  );
  expect(event).toBe('terminated');
  return { seenAt: seconds(), reads, questions };
}

describe('a follow that hears of ends', () => {
  test('asks Function Compute every three seconds, but not right before a look', async () => {
    const { reads, questions } = await follow({ endsAt: 30 });
    expect(reads).toEqual([5, 15, 25, 35]);
    expect(questions).toEqual([3, 8, 11, 14, 18, 21, 24, 28, 31, 34]);
  });

  test('looks as soon as it hears of the end', async () => {
    const { reads, seenAt } = await follow({ endsAt: 26, toldAt: 27 });
    expect(reads).toEqual([5, 15, 25, 28]);
    expect(seenAt).toBe(28);
  });

  test('sees the end five minutes sooner where EDAS has throttled', async () => {
    const scenario = { endsAt: 330, toldAt: 332, throttled: [10, 320] } as const;
    const early = await follow(scenario);
    const late = await follow({ ...scenario, toldAt: Infinity });
    expect(early.reads).toEqual([5, 15, 35, 75, 155, 315, 333]);
    expect(late.reads).toEqual([5, 15, 35, 75, 155, 315, 615]);
  });

  test('backs off anew where EDAS throttles that look, too', async () => {
    const { reads } = await follow({ endsAt: 200, toldAt: 202, throttled: [10, 240] });
    expect(reads).toEqual([5, 15, 35, 75, 155, 203, 223, 263]);
  });

  test('goes on as usual after word of an end that has not come, and asks no more', async () => {
    const { reads, questions } = await follow({ endsAt: 100, toldAt: 17 });
    expect(reads).toEqual([5, 15, 18, 28, 38, 48, 58, 68, 78, 88, 98, 108]);
    expect(questions).toEqual([3, 8, 11, 14, 18]);
  });

  test('asks a queue that gives no answer three times, and looks when it would have looked', async () => {
    for (const deafMs of [0, 400, 60_000]) {
      const { reads, questions } = await follow({ endsAt: 40, deafMs });
      expect(reads, String(deafMs)).toEqual([5, 15, 25, 35, 45]);
      expect(questions).toHaveLength(3);
    }
  });

  test('asks nothing where no source hears of ends', async () => {
    expect(await follow({ endsAt: 30, toldAt: 31, hears: false })).toEqual({
      seenAt: 35,
      reads: [5, 15, 25, 35],
      questions: [],
    });
  });

  test('is never later than without hearing, and makes one look more at most, whatever comes', async () => {
    const second = fc.integer({ min: 0, max: 900 });
    await fc.assert(
      fc.asyncProperty(
        second,
        fc.option(second, { nil: undefined }),
        fc.option(fc.integer({ min: 0, max: 5_000 }), { nil: undefined }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        async (endsAt, toldAt, deafMs, chance) => {
          const random = () => chance;
          const scenario: Scenario = { endsAt, random };
          if (toldAt !== undefined) scenario.toldAt = toldAt;
          if (deafMs !== undefined) scenario.deafMs = deafMs;
          const [heard, usual] = [await follow(scenario), await follow({ endsAt, random, hears: false })];
          // A look that came too early moves the looks after it.
          const isTrue = toldAt === undefined || deafMs !== undefined || toldAt >= endsAt;
          const latest = isTrue ? usual.seenAt : endsAt + 12;
          expect(heard.seenAt).toBeLessThanOrEqual(latest + 1e-9);
          expect(heard.reads.length).toBeLessThanOrEqual(usual.reads.length + 1);
        },
      ),
      { numRuns: runs(300) },
    );
  });
});
