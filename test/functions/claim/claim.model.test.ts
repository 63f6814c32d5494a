import { describe, expect, test } from 'vitest';
import { explore } from './model/explore.ts';
import type { Scenario, Simulation } from './model/simulation.ts';

// This is the proof of docs/decisions/0013: the code of the webhook and of the follow function, run through every order of
// events in which deliveries, tasks, kills and lost answers can meet.

const isLong = process.env['TEST_RUNS'] === 'long';

const quiet: Scenario = {
  mode: 'now',
  deliveries: [0, 0],
  secondRollback: 'accepted',
  lagMs: 0,
  deniedUntilMs: 0,
  kills: 0,
  losses: 0,
  doubles: 0,
  delays: 0,
};

const answers = ({ told }: Simulation) => [...told.values()].map(({ answer }) => answer);

/** What holds at the end of every course of events. */
function requireOnceAndTruth({ effects, puts, told, scenario }: Simulation): void {
  const replies = [...told.values()];
  // Where both answers of the queue get lost, the rollback is sent without a claim, and the answer says so.
  const unclaimed = replies.filter(({ claimed }) => claimed === false).length;
  if (unclaimed > 0) expect(scenario.losses).toBeGreaterThan(1);
  expect(effects.length, 'rollbacks that took effect').toBeLessThanOrEqual(1 + unclaimed);
  const isClaimNeeded = scenario.losses < 2 && scenario.deniedUntilMs === 0;
  if (isClaimNeeded) expect(puts, 'rollbacks that arrived').toBeLessThanOrEqual(1);
  const seen = replies.map(({ answer }) => answer);
  if (seen.includes('rolling_back') || seen.includes('already_terminated')) {
    expect(effects.length, 'rollbacks, where an answer speaks of one').toBeGreaterThan(0);
  }
}

/** A rollback that was claimed took effect, whatever was killed; where an answer got lost, people were told of the doubt. */
function requireNothingLost(simulation: Simulation): void {
  const { effects, losses, tasks, news } = simulation;
  if (tasks.size === 0 || effects.length > 0) return;
  expect(losses, 'answers that got lost').toBeGreaterThan(0);
  expect(news, 'what people were told').toContain('outcome_unknown');
}

function check(simulation: Simulation): void {
  requireOnceAndTruth(simulation);
  requireNothingLost(simulation);
}

const modes = ['now', 'deferred'] as const;
const secondRollbacks = ['accepted', 'refused'] as const;

describe.each(modes)('whatever happens, in whichever order, to deliveries of mode: %s', (mode) => {
  describe.each(secondRollbacks)('a second rollback being %s by EDAS', (secondRollback) => {
    const base = { ...quiet, mode, secondRollback };
    const short: [string, Partial<Scenario>][] = [
      ['three at once', { deliveries: [0, 0, 0] }],
      ['two at once, and a rollback that shows after 30 s', { lagMs: 30_000 }],
      ['two at once, of which one invocation is killed', { kills: 1 }],
      [
        'one that is killed or whose task is, and repeated, where EDAS shows late',
        { deliveries: [0, 20_000], kills: 1, lagMs: 30_000 },
      ],
      ['two at once, of which one answer gets lost', { losses: 1, lagMs: 30_000 }],
      [
        'one, of which a task is delivered twice, and one invocation killed',
        { deliveries: [0], doubles: 1, kills: 1, lagMs: 1_000 },
      ],
      ['two at once, where calls take their time', { delays: 2, lagMs: 1_000 }],
    ];
    const long: [string, Partial<Scenario>][] = [
      [
        'three, of which one comes later, with a kill and a lost answer',
        { deliveries: [0, 0, 70_000], kills: 1, losses: 1, lagMs: 30_000 },
      ],
      ['three at once, with a kill', { deliveries: [0, 0, 0], kills: 1, lagMs: 30_000 }],
      ['two at once, with two kills', { kills: 2, lagMs: 30_000 }],
      ['two at once, with two lost answers', { losses: 2, lagMs: 30_000 }],
      ['two at once, with a kill and calls that take their time', { kills: 1, delays: 1, lagMs: 30_000 }],
      [
        'two at once, with a task that is delivered twice, a kill and a lost answer',
        { doubles: 1, kills: 1, losses: 1, lagMs: 30_000 },
      ],
    ];
    const scenarios = [...short, ...(isLong ? long : [])];

    test.each(scenarios)(
      '(%s): one rollback at most, no untrue answer, nothing lost',
      async (_what, more) => {
        const { ends } = await explore({ ...base, ...more }, check);
        expect(ends).toBeGreaterThan(0);
      },
    );
  });
});

test('a rollback that was refused frees the claim: the next delivery rolls back', async () => {
  const denied = { ...quiet, deliveries: [0, 20_000], deniedUntilMs: 10_000, lagMs: 1_000 };
  await explore(denied, (simulation) => {
    check(simulation);
    expect(answers(simulation)).toEqual(['edas_denied', 'rolling_back']);
  });
});

describe('the search', () => {
  test('comes to every answer that deliveries of one webhook can get', async () => {
    const seen = new Set<string>();
    const look = (simulation: Simulation) => {
      for (const { answer, isDuplicate } of simulation.told.values())
        seen.add(`${answer}${isDuplicate ? ', duplicate' : ''}`);
    };
    await explore({ ...quiet, deliveries: [0, 0, 150_000], losses: 1 }, look);
    await explore({ ...quiet, mode: 'deferred', losses: 1 }, look);
    expect([...seen].sort()).toEqual([
      'already_terminated',
      'deferred',
      'deferred, duplicate',
      'edas_outcome_unknown',
      'rolling_back',
    ]);
  });

  test('finds the second rollback of a killed webhook where EDAS shows the first one later than is assumed', async () => {
    await expect(explore({ ...quiet, deliveries: [0], kills: 1, lagMs: 120_000 }, check)).rejects.toThrow(
      /rollbacks that took effect/,
    );
  });
});
