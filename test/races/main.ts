import '../../local/cli/ignore-debug.ts';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { CliError, runCli } from '../../local/cli/cli.ts';
import type { Result } from './race.ts';
import { faultLines, headLines, rowOf, timeToPutLines } from './report.ts';
import { createExclusively, runRace } from './run.ts';
import { racesOf, whole } from './table.ts';
import { subjects, timeToPut, type TimeToPut } from './time-to-put.ts';
import { buildBundles } from './world.ts';

const help = `Sends one webhook many times at once, kills the function while it rolls back, and takes the queue away: how many
rollbacks does EDAS get? The functions are the built ones, in processes of their own, and the time is real.

  npm run races -- [--only TEXT] [--short]

  --only TEXT  the races with this text in their names; "time" measures how long it takes until EDAS has the rollback
  --short      without that measurement

It takes about two minutes, prints each row when it is known, and ends with status 1 if one is not as wanted.
`;

await runCli(async () => {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      short: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    console.log(help);
    return;
  }
  const { only = '' } = values;
  const races = racesOf(whole).filter(({ name }) => name.includes(only));
  const isTimed = !values.short && (only === '' || only === 'time');
  if (races.length === 0 && !isTimed) throw new CliError(`No race has ${JSON.stringify(only)} in its name.`);

  const folder = mkdtempSync(path.join(tmpdir(), 'edas-rollback-races-'));
  try {
    progress('building both functions');
    const bundles = await buildBundles(folder);
    const exclusively = createExclusively();
    console.log(`Node.js ${process.version}, ${availableParallelism()} processors\n`);
    for (const line of headLines()) console.log(line);
    let left = races.length;
    const results = await Promise.all(
      races.map(async (race) => {
        const result = await runRace(race, {
          bundles,
          settled: 'all tasks have ended',
          exclusively,
          onTooSlow,
        });
        left -= 1;
        print(result);
        progress(`${left} of ${races.length} races are left`);
        return result;
      }),
    );
    if (isTimed) {
      const times: TimeToPut[] = [];
      for (const subject of subjects) {
        progress(`measuring the time until EDAS has the rollback: ${subject.name}`);
        times.push(await timeToPut(subject, bundles));
      }
      for (const line of timeToPutLines(times)) console.log(line);
    }
    const failed = results.filter(({ faults }) => faults.length > 0);
    if (failed.length > 0)
      throw new CliError(`${failed.length} of ${races.length} races did not end as wanted.`);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

function onTooSlow(result: Result): void {
  progress('answers came too late, so this race is held again:');
  for (const line of [rowOf(result), ...faultLines(result)]) progress(line);
}

function print(result: Result): void {
  console.log(rowOf(result));
  for (const line of faultLines(result)) console.log(line);
}

/** On standard error, so that the table can be kept. */
function progress(what: string): void {
  console.error(`… ${what}`);
}
