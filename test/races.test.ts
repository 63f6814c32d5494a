import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createExclusively, runRace } from './races/run.ts';
import { racesOf, short } from './races/table.ts';
import { buildBundles, type Bundles } from './races/world.ts';

// The short form of `npm run races`, which has a row for each of these with more deliveries, and kills that it waits for.
describe('as many rollbacks as wanted are sent, and every answer is true:', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'edas-rollback-races-'));
  let bundles: Bundles;
  beforeAll(async () => {
    bundles = await buildBundles(folder);
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });
  const exclusively = createExclusively();

  // A machine that is too slow for it shall see what went wrong, not that the time was up.
  test.concurrent.for(racesOf(short).map((race) => [race.name, race] as const))(
    '%s',
    { timeout: 120_000 },
    async ([, race]) => {
      const { faults } = await runRace(race, { bundles, settled: 500, exclusively });
      expect([...new Set(faults)]).toEqual([]);
    },
  );
});
