import { createHmac } from 'node:crypto';
import { verify } from '../functions/webhook/verify/verify.ts';
import { signatureHeaders } from '../local/signing/sign.ts';
import { presets } from '../presets/index.ts';
import {
  bodyOf,
  eventOf,
  headersOf,
  makeFolder,
  pipelineSource,
  secret,
  unsignedHeaders,
} from './fixtures.ts';
import * as peers from './peers/verifiers.mjs';
import { atMost, times, toTable, type MutableFindings } from './report.ts';
import { interleave, median } from './statistics.ts';
import { asking, cpuOf, loadHandler, type Work } from './warm.ts';

const sizes = [
  { bytes: 300, name: '0.3 KiB', calls: 2000 },
  { bytes: 1024, name: '1 KiB', calls: 2000 },
  { bytes: 16 * 1024, name: '16 KiB', calls: 500 },
  { bytes: 256 * 1024, name: '256 KiB', calls: 40 },
];
/** The compiler is at work in them. */
const warmUpRounds = 10;
/** Microseconds. */
const acceptedBeyondFloor = 60;

/** CPU time of a request to a warm instance. */
export async function requestCost(folder: string, rounds: number): Promise<MutableFindings> {
  process.env['SECRET_PIPELINE'] = secret;
  const handler = await loadHandler(makeFolder(folder, 'request'), pipelineSource);
  const findings: MutableFindings = { tables: [], goals: [], notes: [] };

  for (const { bytes, name, calls } of sizes) {
    const work = await workOn(bytes, handler);
    const names = Object.keys(work) as (keyof typeof work)[];
    const series = await interleave(names, { rounds, warmUpRounds }, (each) => cpuOf(work[each], calls));
    findings.tables.push(toTable(`CPU time of a request of ${name}, warm`, 'µs', 'floor', series));
    if (bytes !== 1024) continue;
    const beyond = series['ours, accepted'].map((time, round) => time - (series.floor[round] ?? Number.NaN));
    findings.goals.push(
      times('warm, refused with a wrong MAC, 1 KiB', ['≤', 2.5], series['ours, wrong MAC'], series.floor),
      atMost('warm, accepted, 1 KiB, beyond the floor', acceptedBeyondFloor, median(beyond), 'µs'),
    );
  }
  return findings;
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
