import { setTimeout as sleep } from 'node:timers/promises';
import { monotonicMs, type Clock } from '../lib/time.ts';
import type { Environment } from './settings.ts';

/** What a handler gets from its surroundings: clock, random numbers, environment, output. Tests bring their own. */
export interface Runtime {
  env: Environment;
  /** The time of day, epoch milliseconds. */
  now: () => number;
  /** Monotonic: for durations and deadlines. */
  clock: Clock;
  /** From 0 to 1, as `Math.random`. */
  random: () => number;
  /** Takes a log line without its newline. */
  write: (line: string) => void;
}

export const systemRuntime: Runtime = {
  env: process.env,
  now: Date.now,
  clock: { now: monotonicMs, sleep: (ms) => sleep(ms) },
  random: Math.random,
  // Not console.log, which Function Compute prefixes: each line is one JSON object.
  write: (line) => process.stdout.write(`${line}\n`),
};
