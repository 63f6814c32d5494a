import { bodyOf, eventOf, headersOf, makeFolder, secret } from './fixtures.ts';
import { atMostTimes, toTable, type Goal, type MutableFindings } from './report.ts';
import { interleave } from './statistics.ts';
import { asking, cpuOf, loadHandler, type Work } from './warm.ts';

const warmUpRounds = 10;
/** Not the right one: the one that the webhook is signed with is the last. */
const otherSecret = 'bench-older-secret';

/** How the CPU time of an accepted request, without EDAS's own, grows with what is configured and with the body. */
export async function growth(folder: string, rounds: number): Promise<MutableFindings> {
  const curves = [
    { title: 'secrets of the source', unit: 'secrets', steps: [1, 2, 5, 10], workOn: ofSecrets },
    { title: 'sources', unit: 'sources', steps: [1, 10, 100, 1000], workOn: ofSources },
    { title: 'applications in apps', unit: 'applications', steps: [1, 10, 100], workOn: ofApps },
    { title: 'KiB of body', unit: 'KiB', steps: [1, 16, 64, 256], workOn: ofBody },
  ];
  const findings: MutableFindings = { tables: [], goals: [], notes: [] };
  for (const { title, unit, steps, workOn } of curves) {
    const work: Record<string, Work> = {};
    for (const step of steps) {
      work[`${step} ${unit}`] = await workOn(step, makeFolder(folder, `growth-${unit}-${step}`));
    }
    const series = await interleave(Object.keys(work), { rounds, warmUpRounds }, (name) =>
      cpuOf(
        work[name] ?? (() => undefined),
        unit === 'KiB' ? Math.max(50, 1000 / Number.parseInt(name)) : 1000,
      ),
    );
    findings.tables.push(
      toTable(
        `CPU time of an accepted request, warm, by ${title}`,
        'µs',
        `${steps[0] ?? ''} ${unit}`,
        series,
      ),
    );
    if (unit === 'sources') findings.goals.push(flat(series['1000 sources'], series['1 sources']));
  }
  return findings;
}

function flat(ofThousand: readonly number[] = [], ofOne: readonly number[] = []): Goal {
  return atMostTimes('warm, accepted, 1,000 sources, to one', 1.1, ofThousand, ofOne);
}

async function ofSecrets(count: number, folder: string): Promise<Work> {
  const names = Array.from({ length: count }, (_, index) => `GROWTH_SECRET_${count}_${index}`);
  names.forEach((name, index) => {
    process.env[name] = index === count - 1 ? secret : `${otherSecret}-${index}`;
  });
  return askingFor(folder, `{ pipeline: { preset: generic, secrets: [${names.join()}] } }`, bodyOf(1024));
}

async function ofSources(count: number, folder: string): Promise<Work> {
  process.env['SECRET_PIPELINE'] = secret;
  const names = [...Array.from({ length: count - 1 }, (_, index) => `source-${index}`), 'pipeline'];
  const sources = names.map((name) => `${name}: { preset: generic, secrets: [SECRET_PIPELINE] }`);
  return askingFor(folder, `{ ${sources.join(', ')} }`, bodyOf(1024));
}

/** The application that is asked for is the last in the list. */
async function ofApps(count: number, folder: string): Promise<Work> {
  process.env['SECRET_PIPELINE'] = secret;
  const apps = Array.from(
    { length: count },
    (_, index) => `3616cdca-0000-4000-8000-${String(index).padStart(12, '0')}`,
  );
  const body = JSON.stringify({ app: apps.at(-1), log: 'x'.repeat(960) });
  return askingFor(
    folder,
    `{ pipeline: { preset: generic, secrets: [SECRET_PIPELINE], app: app, apps: [${apps.join()}] } }`,
    body,
  );
}

async function ofBody(kib: number, folder: string): Promise<Work> {
  process.env['SECRET_PIPELINE'] = secret;
  return askingFor(
    folder,
    '{ pipeline: { preset: generic, secrets: [SECRET_PIPELINE] } }',
    bodyOf(kib * 1024),
  );
}

async function askingFor(folder: string, sources: string, body: string): Promise<Work> {
  const handler = await loadHandler(folder, `sources: ${sources}`);
  return asking(handler, eventOf(body, headersOf(body)), 202);
}
