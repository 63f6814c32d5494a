import { setTimeout as sleep } from 'node:timers/promises';
import type { Race, Result, Told } from './race.ts';
import { sendAll, type Exclusively } from './senders.ts';
import { factsOf, shortfalls, untruths } from './truth.ts';
import { openWorld, type Bundles, type World } from './world.ts';

export interface RunOptions {
  bundles: Bundles;
  /**
   * When it is looked at what came of it: when all tasks have ended, or so many milliseconds after each order was rolled
   * back.
   */
  settled: 'all tasks have ended' | number;
  exclusively: Exclusively;
  /** Told of a race that is held again. */
  onTooSlow?: (result: Result) => void;
}

/** How often a race is held where the machine is too slow for it. */
const mostAttempts = 3;

/**
 * Holds one race, and holds it again where it fails and an answer came too late: on a machine that does much else,
 * Function Compute's stand-in may answer a claim later than its budget, and then the rollback is sent without one.
 */
export async function runRace(race: Race, options: RunOptions): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    const result = { ...(await holdRace(race, options)), attempts: attempt };
    const isTooSlow = result.faults.length > 0 && result.late > 0;
    if (!isTooSlow || attempt === mostAttempts) return result;
    options.onTooSlow?.(result);
  }
}

/** Holds one race in a world of its own. */
async function holdRace(
  race: Race,
  { bundles, settled, exclusively }: RunOptions,
): Promise<Omit<Result, 'attempts'>> {
  const world = await openWorld({ bundles, edas: race.edas, queue: race.queue });
  try {
    const {
      startedAt,
      orders,
      deliveries,
      told,
      faults: invalid = [],
    } = await sendAll(race, world, exclusively);
    if (race.wanted !== 'sent_once') await settle(orders, settled, world);
    const seen = orders.map((order) => ({ order, facts: factsOf(order, world) }));
    const faults = seen.flatMap(({ order, facts }) => {
      const ofOrder = told.filter(({ changeOrderId }) => changeOrderId === order);
      return [...shortfalls(race.wanted, facts, ofOrder), ...untruths(order, facts, ofOrder, world)];
    });
    return {
      name: race.name,
      putsBefore: race.putsBefore,
      deliveries,
      orders: orders.length,
      puts: sum(seen.map(({ facts }) => facts.puts)),
      effects: sum(seen.map(({ facts }) => facts.effects)),
      answers: tally(told.map(kindOf)),
      tookMs: Date.now() - startedAt,
      late: world.late(),
      faults: [...invalid, ...faults],
    };
  } finally {
    await world.close();
  }
}

/** A task that never rolls back shows as an order without a rollback. */
const longestWaitMs = 15_000;

async function settle(
  orders: readonly string[],
  settled: RunOptions['settled'],
  world: World,
): Promise<void> {
  if (settled === 'all tasks have ended') {
    await world.fc.settled();
    return;
  }
  const endsAt = Date.now() + longestWaitMs;
  while (orders.some((order) => factsOf(order, world).effects === 0) && Date.now() < endsAt) await sleep(50);
  await sleep(settled);
}

function kindOf({ status, body: { outcome, code, duplicate, claimed } }: Told): string {
  const words = [outcome ?? code, duplicate === true && 'duplicate', claimed === false && 'unclaimed'];
  return `${status} ${words.filter((word) => typeof word === 'string').join(', ')}`;
}

function tally(words: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

/** Makes a queue of works that need the whole machine: one after the other, in the order of their arrival. */
export function createExclusively(): Exclusively {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const result = last.then(work, work);
    last = result.catch(() => undefined);
    return result;
  };
}
