import '../local/cli/ignore-debug.ts';
import { fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { root } from '../local/build/bundle.ts';
import { CliError, runCli } from '../local/cli/cli.ts';
import { acceptAnyCertificate } from './certificate.ts';
import { coldStart } from './cold-start.ts';
import { print, toMarkdown, type Findings } from './report.ts';
import { weight } from './weight.ts';

const help = `Measures the webhook function against what one would take instead, side by side.

  npm run bench -- [--only PART] [--rounds N]

  --only PART  this part, and no other: cold, request, http, weight, growth
  --rounds N   how often each is measured   (20, which is the least that says something)

All parts take about 9 minutes. What a part finds goes into bench/results.json and, as far as it concerns the goals, into
docs/performance.md, which explains each figure.
`;

type Measure = (folder: string, rounds: number) => Promise<Findings>;

const parts: Record<string, Measure> = {
  cold: (folder, rounds) => coldStart(folder, rounds, progress),
  request: (folder, rounds) => inProcess('request', folder, rounds),
  http: async (folder, rounds) => (await import('./through-http.ts')).throughHttp(folder, rounds),
  weight,
  growth: (folder, rounds) => inProcess('growth', folder, rounds),
};
const fewestRounds = 20;

await runCli(async () => {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      rounds: { type: 'string', default: String(fewestRounds) },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    console.log(help);
    return;
  }
  const chosen = chooseParts(values.only);
  const rounds = readRounds(values.rounds);
  installPeers();
  const folder = mkdtempSync(path.join(tmpdir(), 'edas-rollback-bench-'));
  try {
    const machine = `Node.js ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'a processor unknown'}`;
    console.log(`${machine}, ${rounds} rounds\n`);
    for (const [name, measure] of chosen) {
      progress(name);
      const findings = await measure(folder, rounds);
      print(findings);
      keep(name, { takenAt: new Date().toISOString(), machine, rounds, ...findings });
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

function chooseParts(only: string | undefined): [string, Measure][] {
  const all = Object.entries(parts);
  const chosen = only === undefined ? all : all.filter(([name]) => name === only);
  if (chosen.length > 0) return chosen;
  throw new CliError(`--only must be one of ${Object.keys(parts).join(', ')}, not ${JSON.stringify(only)}.`);
}

function readRounds(text: string): number {
  const rounds = Number(text);
  if (Number.isInteger(rounds) && rounds >= fewestRounds) return rounds;
  throw new CliError(`--rounds must be a number from ${fewestRounds} on, not ${JSON.stringify(text)}.`);
}

/** Not before it is known that there is something to measure: it takes a network. */
function installPeers(): void {
  progress('installing what it is compared with, under bench/');
  const { status } = spawnSync('npm', ['ci', '--prefix', import.meta.dirname, '--silent'], {
    stdio: 'inherit',
  });
  if (status === 0) return;
  throw new CliError(
    'What it is compared with could not be installed under bench/: see npm ci --prefix bench.',
  );
}

async function inProcess(part: string, folder: string, rounds: number): Promise<Findings> {
  const child = fork(path.join(import.meta.dirname, 'in-process.ts'), [part, folder, String(rounds)], {
    // By the path, taskset and openssl are found.
    env: { PATH: process.env['PATH'], ...acceptAnyCertificate },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const ended = once(child, 'exit').then(() => {
    throw new CliError(`The part "${part}" failed.`);
  });
  const [findings] = await Promise.race([once(child, 'message') as Promise<[Findings]>, ended]);
  ended.catch(() => undefined);
  return findings;
}

/** On standard error, so that the tables can be kept. */
function progress(what: string): void {
  console.error(`… ${what}`);
}

/** What a part found, and when and where. */
type Result = Findings & { takenAt: string; machine: string; rounds: number };

/** Puts it in the place of what the part found before, and the goals into the page that explains them. */
function keep(part: string, result: Result): void {
  const file = path.join(import.meta.dirname, 'results.json');
  const before = JSON.parse(readFileSync(file, 'utf8')) as Record<string, Result>;
  const results: Record<string, Result> = { ...before, [part]: result };
  writeFileSync(file, `${JSON.stringify(results, toFourDigits, 2)}\n`);
  const page = path.join(root, 'docs/performance.md');
  const goals = toMarkdown(Object.values(results).flatMap((each) => each.goals));
  const table = /(?<=<!-- goals -->\n\n)[^]*?(?=\n\n<!-- \/goals -->)/;
  writeFileSync(page, readFileSync(page, 'utf8').replace(table, goals));
}

function toFourDigits(_key: string, value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toPrecision(4)) : value;
}
