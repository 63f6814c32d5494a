import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { runs } from '../../../support/runs.ts';
import type { CleanUp } from '../../webhook/stage.ts';
import { maxAgeMs, openWorld, type Kind, type Told, type Trouble, type World } from './world.ts';

// Deliveries of events: repeated, in any order, hours late, on three instances, with EDAS and the queue in trouble before and after
// the rollback, invocations that are killed at any call, webhooks and tasks between them.

vi.setConfig({ testTimeout: 300_000 });

type Command =
  | { do: 'fire'; instance: number; trouble: Trouble }
  | { do: 'deliver again'; event: number; instance: number; trouble: Trouble }
  | { do: 'deliver at once'; event: number }
  | { do: 'webhook' }
  | { do: 'tasks' }
  | { do: 'wait'; seconds: number };

const instance = fc.nat({ max: 2 });
const event = fc.nat({ max: 3 });
const kill = fc.record({ killedAt: fc.integer({ min: 1, max: 7 }), takesEffect: fc.boolean() });

const troubleOf = (kind: Kind): fc.Arbitrary<Trouble> =>
  fc.oneof(
    { weight: 3, arbitrary: fc.constant<Trouble>('none') },
    {
      weight: 4,
      arbitrary: fc.constantFrom<Trouble>(
        'EDAS is down',
        'the rollback is throttled',
        'the rollback is denied',
        'the rollback is lost on its way',
        'the answer to the rollback is lost',
        'the queue is down',
        'the answers of the queue are lost',
      ),
    },
    { weight: kind === 'confirm' ? 2 : 4, arbitrary: kill },
  );

function courseOf(kind: Kind): fc.Arbitrary<Command[]> {
  const trouble = troubleOf(kind);
  return fc.array(
    fc.oneof(
      { weight: 4, arbitrary: fc.record({ do: fc.constant('fire' as const), instance, trouble }) },
      {
        weight: 6,
        arbitrary: fc.record({ do: fc.constant('deliver again' as const), event, instance, trouble }),
      },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('deliver at once' as const), event }) },
      { weight: 1, arbitrary: fc.constant({ do: 'webhook' as const }) },
      { weight: 2, arbitrary: fc.constant({ do: 'tasks' as const }) },
      {
        weight: 3,
        arbitrary: fc.record({
          do: fc.constant('wait' as const),
          seconds: fc.constantFrom(1, 30, 120, 599, 601, 7_200, 80_000),
        }),
      },
    ),
    { minLength: 1, maxLength: 10 },
  );
}

async function run(command: Command, world: World): Promise<void> {
  const { events, clock } = world;
  const find = (index: number) => events[index % Math.max(events.length, 1)];
  switch (command.do) {
    case 'fire':
      return world.deliver(world.fire(), command.instance, command.trouble);
    case 'deliver again': {
      const fired = find(command.event);
      return fired && world.deliver(fired, command.instance, command.trouble);
    }
    case 'deliver at once': {
      const fired = find(command.event) ?? world.fire();
      return world.deliverAtOnce(fired);
    }
    case 'webhook':
      return world.postWebhook();
    case 'tasks':
      return world.runTasks();
    case 'wait':
      // A task does not wait for hours, and one that does comes too late for a release that has ended.
      if (command.seconds > 600) await world.runTasks();
      return clock.sleep(command.seconds * 1000);
  }
}

/** What holds of each delivery, whatever came before it. */
function requireTruth({ told, ageMs, calls, effects: [before, after], lines, trouble }: Told): void {
  if (ageMs > maxAgeMs) {
    expect([told, calls], 'an event that came too late').toEqual(['event_out_of_window', 0]);
  } else if (trouble === 'EDAS is down') {
    expect(told, 'an event that came in time, and could not be decided').toBe('edas_unavailable!');
  }
  if (told === 'rolling_back' || told === 'already_terminated' || told === 'already_rolled_back') {
    expect(after, `rollbacks, where the answer is ${told}`).toBe(1);
  }
  const isKilled = typeof trouble === 'object';
  if (told.endsWith('!') && !isKilled) expect(after, `rollbacks after ${told}`).toBe(before);
  if (told !== 'killed!') expect(lines, 'lines of a decision').toBe(1);
  expect(told).not.toBe('internal');
  expect(told).not.toBe('internal!');
}

/** All that was promised is done: what is due comes again, now that nothing is in trouble, and all tasks end. */
async function settle(world: World): Promise<void> {
  for (const fired of world.events) {
    if (fired.isDue) await world.deliver(fired, 0, 'none');
    expect(fired.isDue, 'what comes again, and nothing is in trouble').toBe(false);
  }
  await world.runTasks();
}

const isIn = (codes: readonly string[]) => (each: Told) => codes.includes(each.told);

async function play(kind: Kind, course: readonly Command[]): Promise<void> {
  const closing: Parameters<CleanUp>[0][] = [];
  try {
    const world = await openWorld(kind, (work) => closing.push(work));
    for (const command of course) await run(command, world);
    await settle(world);
    world.told.forEach(requireTruth);
    requireKind[kind](world);
  } finally {
    for (const close of closing.toReversed()) await close();
  }
}

/** A delivery in time that met no trouble, after which there must have been a rollback, unless EDAS's answer got lost before. */
function requireNothingLost({ told, effects }: World): void {
  const hadItsChance = told.some(({ ageMs, trouble }) => ageMs <= maxAgeMs && trouble === 'none');
  const isInDoubt = told.some(isIn(['edas_outcome_unknown']));
  expect(told.some(isIn(['edas_outcome_unknown!'])), 'a doubt about EDAS that comes again').toBe(false);
  if (hadItsChance && !isInDoubt) expect(effects(), 'rollbacks, where an event had its chance').toBe(1);
}

const requireKind: Record<Kind, (world: World) => void> = {
  now: (world) => {
    expect(world.effects(), 'rollbacks that took effect').toBeLessThanOrEqual(1);
    requireNothingLost(world);
  },
  deferred: (world) => {
    expect(world.effects(), 'rollbacks that took effect').toBeLessThanOrEqual(1);
    requireNothingLost(world);
  },
  ended: (world) => {
    expect(world.sent(), 'calls for the release').toBeLessThanOrEqual(1);
    expect(world.effects(), 'rollbacks that took effect').toBeLessThanOrEqual(1);
    if (world.told.some(isIn(['deferred']))) expect(world.sent(), 'calls, where a task was taken').toBe(1);
  },
  confirm: (world) => {
    expect(world.sent(), 'rollbacks without a decision').toBe(0);
    const asks = world.tasks().filter((task) => task.rollback === 'asked' && task.waited === undefined);
    for (const [index, ask] of asks.entries()) {
      const before = asks[index - 1];
      if (before?.rollback !== 'asked') continue;
      expect(ask.requestedAt, 'when people are asked again').toBeGreaterThan(before.expiresAt);
    }
    const hadItsChance = world.told.some(({ ageMs, trouble }) => ageMs <= maxAgeMs && trouble === 'none');
    if (hadItsChance) expect(asks.length, 'questions').toBeGreaterThan(0);
  },
};

test.each<Kind>(['now', 'deferred', 'ended', 'confirm'])(
  'of one change, whatever happens to its events: at most one rollback or question, none too late, none lost (%s)',
  async (kind) => {
    await fc.assert(
      fc.asyncProperty(courseOf(kind), (course) => play(kind, course)),
      { numRuns: runs(15) },
    );
  },
);
