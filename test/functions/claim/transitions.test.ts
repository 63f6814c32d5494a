import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readTask } from '../../../functions/task.ts';
import { play } from './model/explore.ts';
import { orderId, type Scenario, type Simulation } from './model/simulation.ts';

// Each row of the table of transitions in docs/decisions/0013 is a test here, of the same name.

const quiet: Scenario = {
  mode: 'now',
  deliveries: [0],
  secondRollback: 'accepted',
  lagMs: 1_000,
  deniedUntilMs: 0,
  kills: 0,
  losses: 0,
  doubles: 0,
  delays: 0,
};
/** The order never shows the rollback. */
const hidden = { lagMs: Infinity };

const [claim, report] = [`rollback-${orderId}`, `follow-${orderId}`];

const answers = ({ told }: Simulation) =>
  [...told.values()].map(({ answer, isDuplicate }) => (isDuplicate ? `${answer}, duplicate` : answer));

/** The tasks in the order of their submission, each with what it was for and how it ended. */
function tasksOf({ tasks }: Simulation): string[] {
  return [...tasks.values()].map(({ id, payload, state }) => `${id} ${readTask(payload).rollback} ${state}`);
}

const transitions: Record<number, () => Promise<void>> = {
  1: async () => {
    const course = await play({ ...quiet, mode: 'deferred' });
    expect(answers(course)).toEqual(['deferred']);
    expect(tasksOf(course)[0]).toBe(`${claim} due Succeeded`);
  },
  2: async () => {
    const course = await play(quiet);
    expect(answers(course)).toEqual(['rolling_back']);
    expect(tasksOf(course)[0]).toBe(`${claim} claimed Succeeded`);
  },
  3: async () => {
    const course = await play({ ...quiet, mode: 'deferred' });
    expect(course.effects).toHaveLength(1);
    expect(tasksOf(course)).toEqual([
      `${claim} due Succeeded`,
      `${claim}-2 claimed Succeeded`,
      `${report}-2 done Succeeded`,
    ]);
  },
  4: async () => {
    const course = await play({ ...quiet, mode: 'deferred', deliveries: [0, 60_000], kills: 3 }, [
      new RegExp(`^${claim}: .*, killed before`),
      /attempt 2.*, killed before/,
      /attempt 3.*, killed before/,
    ]);
    expect(answers(course)).toEqual(['deferred', 'rolling_back']);
    expect(course.effects).toHaveLength(1);
    expect(tasksOf(course)).toContain(`${claim} due Failed`);
  },
  5: async () => {
    const course = await play({ ...quiet, ...hidden, deliveries: [0, 1_000, 20_000, 600_000] });
    expect(answers(course)).toEqual(['rolling_back', ...Array<string>(3).fill('deferred, duplicate')]);
    expect(course.puts).toBe(1);
  },
  6: async () => {
    const course = await play(quiet);
    expect(tasksOf(course)).toEqual([`${claim} claimed Succeeded`, `${report} done Succeeded`]);
    expect(course.news).toEqual(['started', 'succeeded']);
  },
  7: async () => {
    const course = await play({ ...quiet, ...hidden, losses: 1 }, [/PUT, and the answer is lost/]);
    expect(answers(course)).toEqual(['edas_outcome_unknown']);
    expect(tasksOf(course)).toEqual([`${claim} claimed Succeeded`, `${report} unknown Failed`]);
    expect(course.puts).toBe(1);
    expect(course.news).toContain('outcome_unknown');
  },
  8: async () => {
    const course = await play({ ...quiet, deliveries: [0, 20_000], deniedUntilMs: 10_000 });
    expect(answers(course)).toEqual(['edas_denied', 'rolling_back']);
    expect(tasksOf(course)).toEqual([
      `${claim} claimed Succeeded`,
      `${report} refused Succeeded`,
      `${claim}-2 claimed Succeeded`,
      `${report}-2 done Succeeded`,
    ]);
  },
  9: async () => {
    const course = await play({ ...quiet, kills: 1 }, [/delivery 1: PUT, killed before/]);
    const { sendsUntil } = JSON.parse(course.tasks.get(claim)?.payload ?? '') as { sendsUntil: number };
    expect(tasksOf(course)).toContain(`${report} overdue Succeeded`);
    expect(course.effects[0]).toBeGreaterThanOrEqual(sendsUntil + 45_000);
    expect(course.effects[0]).toBeLessThan(sendsUntil + 46_000);
  },
  10: async () => {
    const watched = [
      `^${claim}: .*, killed before`,
      'attempt 2.*, killed before',
      'attempt 3.*, killed before',
    ];
    const course = await play({ ...quiet, deliveries: [0, 20_000, 70_000], kills: 4 }, [
      /delivery 1: PUT, killed before/,
      ...watched.map((name) => new RegExp(name)),
    ]);
    expect(answers(course)).toEqual(['deferred, duplicate', 'rolling_back']);
    expect(tasksOf(course)).toContain(`${claim} claimed Failed`);
    expect(course.effects).toHaveLength(1);
  },
  11: async () => {
    const course = await play({ ...quiet, kills: 1 }, [/delivery 1: PUT, killed before/]);
    expect(tasksOf(course)).toEqual([
      `${claim} claimed Succeeded`,
      `${report} overdue Succeeded`,
      `${claim}-2 claimed Succeeded`,
      `${report}-2 done Succeeded`,
    ]);
    expect(course.effects).toHaveLength(1);
  },
  12: async () => {
    const course = await play({ ...quiet, kills: 1, lagMs: 30_000 }, [/delivery 1: PUT, killed after/]);
    expect(tasksOf(course)).toEqual([`${claim} claimed Succeeded`, `${report} overdue Succeeded`]);
    expect(course.puts).toBe(1);
    expect(course.news).toEqual(['terminated']);
  },
  13: async () => {
    const course = await play({ ...quiet, losses: 1, lagMs: 30_000 }, [/PUT, and the answer is lost/]);
    expect(tasksOf(course)).toEqual([`${claim} claimed Succeeded`, `${report} unknown Succeeded`]);
    expect(course.news.slice(0, 2)).toEqual(['outcome_unknown', 'started']);
  },
  14: async () => {
    const course = await play({ ...quiet, deliveries: [0, 20_000, 300_000], losses: 1 }, [
      /PUT, lost on its way/,
    ]);
    expect(answers(course)).toEqual(['edas_outcome_unknown', 'edas_outcome_unknown', 'rolling_back']);
    expect(tasksOf(course)[1]).toBe(`${report} unknown Failed`);
    expect(course.effects).toHaveLength(1);
    expect(course.news.filter((event) => event === 'outcome_unknown')).toHaveLength(2);
  },
  15: async () => {
    const course = await play({ ...quiet, ...hidden, deliveries: [0, 600_000] });
    expect(course.news).toEqual(['started', 'succeeded']);
    expect(answers(course)).toEqual(['rolling_back', 'deferred, duplicate']);
    expect(course.puts).toBe(1);
  },
};

/** The rows of the table: number, from and to, and the sentence. */
const rows = [
  ...readFileSync('docs/decisions/0013-claim-then-act.md', 'utf8').matchAll(
    /^\| (\d+) +\| (\w+ → \w+) +\| (.+?) +\|$/gm,
  ),
].map(([, number, way, sentence]) => ({ number: Number(number), way: way ?? '', sentence: sentence ?? '' }));

describe('transition', () => {
  test.each(rows)('$number, $way: $sentence', async ({ number }) => {
    await transitions[number]?.();
  });

  test('each has a test, and each test a transition', () => {
    expect(Object.keys(transitions).map(Number)).toEqual(rows.map(({ number }) => number));
  });
});
