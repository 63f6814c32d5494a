import { setImmediate } from 'node:timers/promises';
import { Simulation, type Scenario } from './simulation.ts';

export interface Exploration {
  /** How many different states were reached in which something could be chosen. */
  states: number;
  /** How many courses of events came to an end of their own. */
  ends: number;
}

/**
 * Tries every course of events of a scenario: at each moment, each thing that may happen next. A course that comes to a
 * state that was seen before is not followed any further, for the same comes of it.
 *
 * @param check throws where a course has ended as it must not
 * @throws what `check` throws, with the course that leads there
 */
export async function explore(
  scenario: Scenario,
  check: (simulation: Simulation) => void,
): Promise<Exploration> {
  const seen = new Set<string>();
  const open: number[][] = [[]];
  let ends = 0;
  for (let given = open.pop(); given; given = open.pop()) {
    const simulation = new Simulation(scenario);
    const hasEnded = await follow(simulation, given, (made, count) => {
      const key = simulation.key();
      if (seen.has(key)) return false;
      seen.add(key);
      for (let other = 1; other < count; other += 1) open.push([...made, other]);
      return true;
    });
    if (!hasEnded) continue;
    ends += 1;
    try {
      check(simulation);
    } catch (error) {
      throw new Error(`${String(error)}\n${simulation.trace.join('\n')}`, { cause: error });
    }
  }
  return { states: seen.size, ends };
}

/**
 * @param given what to choose at first
 * @param onNewChoice called for each choice after these, of which the first is then taken; false: stop here
 * @returns whether it came to its end
 */
async function follow(
  simulation: Simulation,
  given: readonly number[],
  onNewChoice: (made: readonly number[], count: number) => boolean,
): Promise<boolean> {
  const made: number[] = [];
  for (;;) {
    // All that can go on without anything happening outside has gone on after this.
    await setImmediate();
    const isOver = !simulation.isWaiting;
    const actions = simulation.actions();
    if (actions.length === 0) {
      if (isOver) return true;
      continue;
    }
    let choice = 0;
    if (actions.length > 1) {
      choice = given[made.length] ?? 0;
      if (made.length >= given.length && !onNewChoice(made, actions.length)) return false;
      made.push(choice);
    }
    const action = actions[choice];
    if (!action) throw new Error('the simulation is not deterministic');
    simulation.trace.push(`${simulation.now} ms ${action.name}`);
    action.happen();
  }
}

/**
 * Plays one course of a scenario.
 *
 * @param events names of actions, each of which is chosen once, as soon as it is possible; else whatever is first
 */
export async function play(scenario: Scenario, events: readonly RegExp[] = []): Promise<Simulation> {
  const simulation = new Simulation(scenario);
  const waiting = new Set(events);
  for (;;) {
    await setImmediate();
    const isOver = !simulation.isWaiting;
    const actions = simulation.actions();
    if (actions.length === 0 && isOver) break;
    const event = [...waiting].find((each) => actions.some(({ name }) => each.test(name)));
    if (event) waiting.delete(event);
    const action = event ? actions.find(({ name }) => event.test(name)) : actions[0];
    if (action) simulation.trace.push(`${simulation.now} ms ${action.name}`);
    action?.happen();
  }
  if (waiting.size > 0) {
    throw new Error(`never possible: ${[...waiting].join(', ')}\n${simulation.trace.join('\n')}`);
  }
  return simulation;
}
