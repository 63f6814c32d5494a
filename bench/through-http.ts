import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { CliError } from '../local/cli/cli.ts';
import { bodyOf, headersOf, makeFolder, pipelineSource, secret, writeFunction } from './fixtures.ts';
import { load, type Loaded } from './peers/load.mjs';
import { toTable, type MutableFindings } from './report.ts';
import { canPin, nodeServer, startServer, type Server } from './servers.ts';
import { figuresOf, interleave } from './statistics.ts';

const seconds = 1;
const connections = 10;
const warmUpRounds = 1;

interface Target {
  url: string;
  headers: Record<string, string>;
  status: number;
}

/** Requests a second that a server on one core answers, and how long nearly all of them take. */
export async function throughHttp(folder: string, rounds: number): Promise<MutableFindings> {
  const findings: MutableFindings = { tables: [], goals: [], notes: [] };
  if (!canPin)
    findings.notes.push('The servers were not kept on one core: that takes two cores and taskset.');
  const servers: Server[] = [];
  const start = async (...args: Parameters<typeof startServer>) => {
    const server = await startServer(...args);
    servers.push(server);
    return server.url;
  };
  try {
    const body = bodyOf(300);
    const [signed, forged] = [headersOf(body), headersOf(body, 'not-the-secret')];
    const bundle = await writeFunction(makeFolder(folder, 'http'), pipelineSource);
    const bare = await start(0, nodeServer('peers/bare-server.mjs'), { SECRET_PIPELINE: secret });
    const edas = await start(1, nodeServer('peers/fixed-edas.mjs'));
    const env = { SECRET_PIPELINE: secret, EDAS_ENDPOINT: edas };
    const ours = `${await start(0, nodeServer('serve-function.ts', bundle), env)}/pipeline`;
    const targets: Record<string, Target> = {
      'bare, refused': { url: bare, headers: forged, status: 401 },
      'bare, accepted': { url: bare, headers: signed, status: 202 },
      'ours, refused': { url: ours, headers: forged, status: 401 },
      'ours, accepted': { url: ours, headers: signed, status: 202 },
    };
    if (spawnSync('webhook', ['-version']).status === 0) {
      const hooks = writeHooks(folder);
      const webhook = await start(
        0,
        (port) => ['webhook', '-hooks', hooks, '-ip', '127.0.0.1', '-port', String(port)],
        { GOMAXPROCS: '1' },
      );
      // 500 is how it answers a signature that does not match.
      targets['adnanh/webhook, refused'] = { url: `${webhook}/hooks/wait`, headers: forged, status: 500 };
      targets['adnanh/webhook, /bin/true awaited'] = {
        url: `${webhook}/hooks/wait`,
        headers: signed,
        status: 200,
      };
      targets['adnanh/webhook, /bin/true begun'] = {
        url: `${webhook}/hooks/begin`,
        headers: signed,
        status: 200,
      };
    } else {
      findings.notes.push(
        'adnanh/webhook was not measured: it is not installed (Debian: apt-get install webhook).',
      );
    }

    const measure = (name: string) => loadOn(name, targets[name], body);
    const loads = await interleave(Object.keys(targets), { rounds, warmUpRounds }, measure);
    const perSecond = figuresOf(loads, (each) => each.perSecond);
    const p99 = figuresOf(loads, (each) => each.p99Ms);
    findings.tables.push(
      toTable('Through HTTP, on one core', 'requests/s', 'bare, refused', perSecond),
      toTable('Through HTTP, 99 of 100 requests are answered within', 'ms', undefined, p99),
    );
    return findings;
  } finally {
    for (const { stop } of servers) stop();
  }
}

async function loadOn(name: string, target: Target | undefined, body: string): Promise<Loaded> {
  if (!target) throw new Error(`there is no ${name}`);
  const { url, headers, status } = target;
  const loaded = await load({ url, headers, body, seconds, connections });
  if (loaded.failed === 0 && loaded.statuses.join() === String(status)) return loaded;
  throw new CliError(
    `${name} answered ${loaded.statuses.join()}, not ${status}, and ${loaded.failed} times nothing.`,
  );
}

/** Two hooks of adnanh/webhook: one answers when the command has ended, the other, its default, when it has begun. */
function writeHooks(folder: string): string {
  const rule = {
    match: {
      type: 'payload-hmac-sha256',
      secret,
      parameter: { source: 'header', name: 'X-Signature-256' },
    },
  };
  const hook = {
    'execute-command': '/bin/true',
    'trigger-rule': rule,
  };
  const file = path.join(folder, 'hooks.json');
  const wait = { id: 'wait', ...hook, 'include-command-output-in-response': true };
  writeFileSync(file, JSON.stringify([wait, { id: 'begin', ...hook }]));
  return file;
}
