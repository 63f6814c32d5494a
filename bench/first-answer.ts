// How long the first answer of a cold instance takes: from the start of a fresh process to its end, for
//
//   empty     node -e 0: what Node.js itself costs
//   refused   the built function loads, and answers a forged webhook with 401
//   accepted  it loads, and answers a signed webhook with 202, after two calls to an EDAS stand-in on this machine
//   deferred  it loads, and answers a signed webhook with 202, after it has handed a task to a stand-in for Function
//             Compute's API on this machine (mode: deferred)
//
// The CPU time is that of the whole process until its answer, so that what a deferred one costs beyond verification is
// its own less that of the refused one. All four are started and timed in the same way, one after the other in each round, so that whatever else the
// machine does falls on all of them alike; the ratio to the empty process is what can be compared between machines.
// Its limits: it is not Function Compute. There, fetching the code and starting the sandbox come before, the CPU is a
// fraction of a core, and EDAS is a TLS handshake and a network away. Reading the event from a file and ending the
// process are in the two times as well.
//
//   npm run bench -- [--rounds N]
import { fork, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { presets } from '../functions/webhook/source/presets.ts';
import { bundleWebhook, root } from '../local/build/bundle.ts';
import { compileSources } from '../local/build/compile-sources.ts';
import { CliError, runCli } from '../local/cli.ts';
import { signatureHeaders } from '../local/sign.ts';
import { accountId, credentials, followFunction } from './credentials.ts';

const kinds = ['empty', 'refused', 'accepted', 'deferred'] as const;
type Kind = (typeof kinds)[number];

/** Milliseconds of one run. */
interface Run {
  elapsed: number;
  /** Of the empty process not known. */
  cpu: number;
}
type Runs = Record<Kind, Run[]>;

/** How much longer than the empty process the first answer should take at most. Told, never enforced. */
const goals: Partial<Record<Kind, number>> = { refused: 1.25, accepted: 1.6 };
/** Milliseconds of CPU time that handing a rollback over should take beyond verification. Told, never enforced. */
const deferredGoal = 50;
const secret = 'bench-pipeline-secret';
const fewestRounds = 20;
// Not counted: the first reads come from the disk.
const warmUpRounds = 2;

await runCli(async () => {
  const rounds = readRounds();
  const folder = mkdtempSync(path.join(tmpdir(), 'bench-'));
  const standIns = fork(path.join(import.meta.dirname, 'stand-ins.ts'), [String(rounds + warmUpRounds)]);
  try {
    const { edasUrl, fcUrl, changeOrderIds } = await readyOf(standIns);
    await writeDeferring(folder);
    const env = {
      PIPELINE_SECRET: secret,
      EDAS_ENDPOINT: edasUrl,
      FUNCTION_ENDPOINT: fcUrl,
      FOLLOW_FUNCTION: followFunction,
    };
    print(measureAll(changeOrderIds, folder, env));
  } finally {
    if (standIns.connected) standIns.disconnect();
    rmSync(folder, { recursive: true });
  }
});

interface Ready {
  edasUrl: string;
  fcUrl: string;
  changeOrderIds: string[];
}

async function readyOf(standIns: ChildProcess): Promise<Ready> {
  const ended = once(standIns, 'exit').then(() => {
    throw new CliError('The stand-ins did not start.');
  });
  const message = once(standIns, 'message') as Promise<[Ready]>;
  const [ready] = await Promise.race([message, ended]);
  return ready;
}

/** The function as s.yaml deploys it, but that its source defers. */
async function writeDeferring(folder: string): Promise<void> {
  const sources = compileSources(
    'sources: { pipeline: { preset: generic, secrets: [PIPELINE_SECRET], mode: deferred } }',
  );
  const { files } = await bundleWebhook(sources, folder);
  for (const file of files) writeFileSync(file.path, file.contents);
}

function readRounds(): number {
  const { values } = parseArgs({ options: { rounds: { type: 'string', default: '40' } } });
  const rounds = Number(values.rounds);
  if (Number.isInteger(rounds) && rounds >= fewestRounds) return rounds;
  throw new CliError(
    `--rounds must be a number from ${fewestRounds} on, not ${JSON.stringify(values.rounds)}.`,
  );
}

/** A round for each change order, for a rollback takes it. */
function measureAll(changeOrderIds: readonly string[], folder: string, env: NodeJS.Dict<string>): Runs {
  const runs: Runs = { empty: [], refused: [], accepted: [], deferred: [] };
  const runner = path.join(import.meta.dirname, 'run-once.cjs');
  const deployed = path.join(root, 'dist/webhook.js');
  const deferring = path.join(folder, 'webhook.js');
  changeOrderIds.forEach((changeOrderId, round) => {
    const run = (name: string, rest: { bundle: string; signedWith: string; status: number }) =>
      writeRun(folder, name, { changeOrderId, ...rest });
    const refused = run('refused', { bundle: deployed, signedWith: 'not-the-secret', status: 401 });
    const accepted = run('accepted', { bundle: deployed, signedWith: secret, status: 202 });
    const deferred = run('deferred', { bundle: deferring, signedWith: secret, status: 202 });
    const args: Record<Kind, string[]> = {
      empty: ['-e', '0'],
      refused: [runner, refused],
      accepted: [runner, accepted],
      deferred: [runner, deferred],
    };
    for (const kind of kinds) {
      const measured = measure(kind, args[kind], env);
      if (round >= warmUpRounds) runs[kind].push(measured);
    }
  });
  return runs;
}

/** From before the process is started until it is known to have ended. */
function measure(kind: Kind, args: readonly string[], env: NodeJS.Dict<string>): Run {
  const startedAt = process.hrtime.bigint();
  const { status, output } = spawnSync(process.execPath, args, {
    env,
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  const elapsed = Number(process.hrtime.bigint() - startedAt) / 1e6;
  if (status !== 0) throw new CliError(`The run "${kind}" was not answered as it should be; run it by hand.`);
  return { elapsed, cpu: Number(output[3]?.toString()) / 1000 };
}

/** What run-once.cjs needs, in a file. */
function writeRun(
  folder: string,
  name: string,
  {
    bundle,
    changeOrderId,
    signedWith,
    status,
  }: { bundle: string; changeOrderId: string; signedWith: string; status: number },
): string {
  const body = JSON.stringify({ changeOrderId });
  const event = JSON.stringify({
    version: 'v1',
    rawPath: '/pipeline',
    headers: {
      ...signatureHeaders(presets.generic.verify, signedWith, body),
      'Content-Type': 'application/json',
    },
    body,
    isBase64Encoded: false,
    requestContext: { http: { method: 'POST' } },
  });
  const file = path.join(folder, `${name}.json`);
  writeFileSync(
    file,
    JSON.stringify({
      bundle,
      event,
      context: { requestId: 'bench', region: 'cn-hangzhou', accountId, credentials },
      status,
    }),
  );
  return file;
}

function print(runs: Runs): void {
  const elapsed = (kind: Kind) => runs[kind].map((run) => run.elapsed);
  const cpu = (kind: Kind) => runs[kind].map((run) => run.cpu);
  const empty = elapsed('empty');
  console.log(`Node.js ${process.version}, ${cpus()[0]?.model ?? 'CPU unknown'}, ${empty.length} rounds\n`);
  console.log('             median      min      max    ratio   of pairs, middle half    goal      CPU');
  for (const kind of kinds) {
    const all = elapsed(kind);
    const pairs = all.map((time, round) => time / (empty[round] ?? Number.NaN));
    const goal = goals[kind];
    const cells = [
      kind.padEnd(10),
      ms(median(all)),
      ms(Math.min(...all)),
      ms(Math.max(...all)),
      `${(median(all) / median(empty)).toFixed(2)}×`.padStart(9),
      `${quantile(pairs, 0.25).toFixed(2)}× to ${quantile(pairs, 0.75).toFixed(2)}×`.padStart(24),
      (goal === undefined ? '' : `≤ ${goal.toFixed(2)}×`).padStart(8),
      kind === 'empty' ? '' : ms(median(cpu(kind))),
    ];
    console.log(cells.join('').trimEnd());
  }
  const more = cpu('deferred').map((time, round) => time - (cpu('refused')[round] ?? Number.NaN));
  const half = `${ms(quantile(more, 0.25)).trim()} to ${ms(quantile(more, 0.75)).trim()}`;
  console.log(
    `\nCPU of deferred beyond refused: ${ms(median(more)).trim()}, middle half ${half}; goal ≤ ${deferredGoal} ms`,
  );
}

function ms(value: number): string {
  return `${value.toFixed(1)} ms`.padStart(9);
}

function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

function quantile(values: readonly number[], fraction: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * fraction;
  const [low = Number.NaN, high = low] = sorted.slice(Math.floor(at), Math.floor(at) + 2);
  return low + (high - low) * (at - Math.floor(at));
}
