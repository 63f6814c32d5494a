import { createHmac } from 'node:crypto';
import path from 'node:path';
import { verify } from '../functions/webhook/verify/verify.ts';
import { signatureHeaders } from '../local/signing/sign.ts';
import { presets } from '../presets/index.ts';
import { makeCertificate } from './certificate.ts';
import {
  bodyOf,
  eventOf,
  headersOf,
  makeFolder,
  pipelineSource,
  secret,
  unsignedHeaders,
  writeFunction,
} from './fixtures.ts';
import * as peers from './peers/verifiers.mjs';
import { atMostTimes, toTable, type MutableFindings } from './report.ts';
import { nodeServer, startServer } from './servers.ts';
import { interleave } from './statistics.ts';
import { asking, cpuOf, loadHandler, requireHandler, type Work } from './warm.ts';

const sizes = [
  { bytes: 300, name: '0.3 KiB', calls: 2000 },
  { bytes: 1024, name: '1 KiB', calls: 2000 },
  { bytes: 16 * 1024, name: '16 KiB', calls: 500 },
  { bytes: 256 * 1024, name: '256 KiB', calls: 40 },
];
const callsOverTls = 40;
/** The compiler is at work in them. */
const warmUpRounds = 10;
/** About as long as the line that a refusal writes. */
const logLine = `${'x'.repeat(350)}\n`;

/** CPU time of a request to a warm instance. */
export async function requestCost(folder: string, rounds: number): Promise<MutableFindings> {
  process.env['SECRET_PIPELINE'] = secret;
  const findings: MutableFindings = { tables: [], goals: [], notes: [] };
  await measureAlone(folder, rounds, findings);
  await measureOverTls(folder, rounds, findings);
  return findings;
}

/** Without EDAS's part, and the calls'. */
async function measureAlone(
  folder: string,
  rounds: number,
  { tables, goals }: MutableFindings,
): Promise<void> {
  const handler = await loadHandler(makeFolder(folder, 'request'), pipelineSource);
  for (const { bytes, name, calls } of sizes) {
    const work = await workOn(bytes, handler);
    const names = Object.keys(work) as (keyof typeof work)[];
    const series = await interleave(names, { rounds, warmUpRounds }, (each) => cpuOf(work[each], calls));
    tables.push(toTable(`CPU time of a request of ${name}, warm`, 'µs', 'floor', series));
    if (bytes !== 1024) continue;
    goals.push(
      atMostTimes('warm, refused, 1 KiB, to the floor', 2.5, series['ours, wrong MAC'], series.floor),
    );
  }
}

/** The whole of an accepted request: with both calls to EDAS, each over a TLS connection of its own, as the bare program makes them. */
async function measureOverTls(
  folder: string,
  rounds: number,
  { tables, goals, notes }: MutableFindings,
): Promise<void> {
  const certificate = makeCertificate(folder);
  if (certificate === undefined) {
    notes.push('Nothing was measured over TLS: there is no openssl to make a certificate with.');
    return;
  }
  const edas = await startServer(1, nodeServer('peers/fixed-edas.mjs', certificate));
  try {
    process.env['EDAS_ENDPOINT'] = edas.url.replace('http:', 'https:');
    const body = bodyOf(300);
    const event = eventOf(body, headersOf(body));
    const ours = await writeFunction(makeFolder(folder, 'tls'), pipelineSource);
    const bare = path.join(import.meta.dirname, 'peers/bare.cjs');
    const work = {
      bare: await asking(requireHandler(bare), event, 202),
      ours: await asking(requireHandler(ours), event, 202),
    };
    const series = await interleave(['bare', 'ours'] as const, { rounds, warmUpRounds }, (name) =>
      cpuOf(work[name], callsOverTls),
    );
    tables.push(toTable('CPU time of an accepted request over TLS, warm', 'µs', 'bare', series));
    goals.push(atMostTimes('warm, accepted over TLS, CPU, to bare', 1.3, series.ours, series.bare));
  } finally {
    edas.stop();
  }
}

async function workOn(bytes: number, handler: Parameters<typeof asking>[0]) {
  const body = bodyOf(bytes);
  const [signed, forged] = [headersOf(body), headersOf(body, 'not-the-secret')];
  const event = eventOf(body, signed);
  const raw = Buffer.from(body);
  const key = Buffer.from(secret);
  const [github = ''] = Object.values(signatureHeaders(presets.github.verify, 'not-the-secret', body));
  const standardSecret = `whsec_${Buffer.from('bench-secret-of-a-webhook').toString('base64')}`;
  const standard = peers.standardWebhooks(standardSecret);
  const forgedStandard = signatureHeaders(
    presets['standard-webhooks'].verify,
    `whsec_${Buffer.from('another').toString('base64')}`,
    body,
  );
  const forgedSlack = lowerCase(signatureHeaders(presets.slack.verify, 'not-the-secret', body));
  const forgedGithub = { headers: new Map([['x-hub-signature-256', github]]), body: raw };

  return {
    floor: () => {
      createHmac('sha256', key).update(raw).digest();
      JSON.parse(event);
      process.stdout.write(logLine);
    },
    'verification alone: ours': refusing(() => verify(presets.github.verify, [key], forgedGithub, 0)),
    'verification alone: @octokit/webhooks-methods': () => peers.octokit(secret, body, github),
    'verification alone: standardwebhooks': () => standard(body, lowerCase(forgedStandard)),
    'verification alone: @slack/bolt': () => peers.bolt(secret, body, forgedSlack),
    'ours, unsigned': await asking(handler, eventOf(body, unsignedHeaders), 401),
    'ours, wrong MAC': await asking(handler, eventOf(body, forged), 401),
    'ours, accepted': await asking(handler, event, 202),
  } satisfies Record<string, Work>;
}

function refusing(work: Work): Work {
  return () => {
    try {
      work();
    } catch {
      return;
    }
    throw new Error('a forged signature was taken');
  };
}

function lowerCase(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
