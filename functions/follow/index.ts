import { setTimeout as sleep } from 'node:timers/promises';
import configuration from 'virtual:follow-configuration';
import { createTaskHandler } from './handler.ts';

/** The entry point of the follow function: `follow.handler` in s.yaml. */
export const handler = createTaskHandler(configuration, {
  env: process.env,
  now: Date.now,
  clock: { now: () => performance.now(), sleep: (ms) => sleep(ms) },
  random: Math.random,
  // Not console.log, which Function Compute prefixes: each line is one JSON object.
  write: (line) => process.stdout.write(`${line}\n`),
});
