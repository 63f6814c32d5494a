// How long the first answer of a cold instance takes: from the start of a fresh process to its end, for
//
//   empty     node -e 0: what Node.js itself costs
//   refused   the built function loads, and answers a forged webhook with 401
//   accepted  it loads, and answers a signed webhook with 202, after two calls to an EDAS stand-in on this machine
//
// All three are started and timed in the same way, one after the other in each round, so that whatever else the
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
import { root } from '../local/build/bundle.ts';
import { CliError, runCli } from '../local/cli.ts';
import { signatureHeaders } from '../local/sign.ts';
import { credentials } from './credentials.ts';

const kinds = ['empty', 'refused', 'accepted'] as const;
type Kind = (typeof kinds)[number];
type Times = Record<Kind, number[]>;

/** How much longer than the empty process the first answer should take at most. Told, never enforced. */
const goals: Partial<Record<Kind, number>> = { refused: 1.25, accepted: 1.6 };
const secret = 'bench-pipeline-secret';
const fewestRounds = 20;
// Not counted: the first reads come from the disk.
const warmUpRounds = 2;

await runCli(async () => {
  const rounds = readRounds();
  const folder = mkdtempSync(path.join(tmpdir(), 'bench-'));
  const edas = fork(path.join(import.meta.dirname, 'edas.ts'), [String(rounds + warmUpRounds)]);
  try {
    const { url, changeOrderIds } = await readyOf(edas);
    const times = measureAll(changeOrderIds, folder, { PIPELINE_SECRET: secret, EDAS_ENDPOINT: url });
    print(times);
  } finally {
    if (edas.connected) edas.disconnect();
    rmSync(folder, { recursive: true });
  }
});

async function readyOf(edas: ChildProcess): Promise<{ url: string; changeOrderIds: string[] }> {
  const ended = once(edas, 'exit').then(() => {
    throw new CliError('The EDAS stand-in did not start.');
  });
  const message = once(edas, 'message') as Promise<[{ url: string; changeOrderIds: string[] }]>;
  const [ready] = await Promise.race([message, ended]);
  return ready;
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
function measureAll(changeOrderIds: readonly string[], folder: string, env: NodeJS.Dict<string>): Times {
  const times: Times = { empty: [], refused: [], accepted: [] };
  const runner = path.join(import.meta.dirname, 'run-once.cjs');
  changeOrderIds.forEach((changeOrderId, round) => {
    const refused = writeRun(folder, 'refused', { changeOrderId, signedWith: 'not-the-secret', status: 401 });
    const accepted = writeRun(folder, 'accepted', { changeOrderId, signedWith: secret, status: 202 });
    const args: Record<Kind, string[]> = {
      empty: ['-e', '0'],
      refused: [runner, refused],
      accepted: [runner, accepted],
    };
    for (const kind of kinds) {
      const milliseconds = measure(kind, args[kind], env);
      if (round >= warmUpRounds) times[kind].push(milliseconds);
    }
  });
  return times;
}

/** From before the process is started until it is known to have ended. */
function measure(kind: Kind, args: readonly string[], env: NodeJS.Dict<string>): number {
  const startedAt = process.hrtime.bigint();
  const { status } = spawnSync(process.execPath, args, { env, stdio: 'ignore' });
  const milliseconds = Number(process.hrtime.bigint() - startedAt) / 1e6;
  if (status !== 0) throw new CliError(`The run "${kind}" was not answered as it should be; run it by hand.`);
  return milliseconds;
}

/** What run-once.cjs needs, in a file. */
function writeRun(
  folder: string,
  name: string,
  { changeOrderId, signedWith, status }: { changeOrderId: string; signedWith: string; status: number },
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
      bundle: path.join(root, 'dist/webhook.js'),
      event,
      context: { requestId: 'bench', region: 'cn-hangzhou', credentials },
      status,
    }),
  );
  return file;
}

function print(times: Times): void {
  const empty = median(times.empty);
  console.log(
    `Node.js ${process.version}, ${cpus()[0]?.model ?? 'CPU unknown'}, ${times.empty.length} rounds\n`,
  );
  console.log('             median      min      max    ratio   of pairs, middle half    goal');
  for (const kind of kinds) {
    const all = times[kind];
    const pairs = all.map((time, round) => time / (times.empty[round] ?? Number.NaN));
    const goal = goals[kind];
    const cells = [
      kind.padEnd(10),
      ms(median(all)),
      ms(Math.min(...all)),
      ms(Math.max(...all)),
      `${(median(all) / empty).toFixed(2)}×`.padStart(9),
      `${quantile(pairs, 0.25).toFixed(2)}× to ${quantile(pairs, 0.75).toFixed(2)}×`.padStart(24),
      (goal === undefined ? '' : `≤ ${goal.toFixed(2)}×`).padStart(8),
    ];
    console.log(cells.join('').trimEnd());
  }
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
