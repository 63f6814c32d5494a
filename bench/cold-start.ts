import { execFileSync, fork, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import { CliError } from '../local/cli/cli.ts';
import {
  bodyOf,
  context,
  eventOf,
  followFunction,
  headersOf,
  makeFolder,
  pipelineSource,
  secret,
  unsignedHeaders,
  writeFunction,
} from './fixtures.ts';
import { holdTo } from './hold.ts';
import { atMost, times, toTable, type Goal, type MutableFindings } from './report.ts';
import { runProcess, type Run, type Subject } from './run-process.ts';
import type { StandInUrls } from './stand-ins.ts';
import { interleave, median, quantile } from './statistics.ts';

/** Subjects by name. A function each, for some need something new in every run. */
type Subjects = Readonly<Record<string, () => Subject>>;

/** Parts of a core: all of it, the default of Function Compute, and a small one. */
const speeds = [1, 0.35, 0.1];
/** Those from which s.yaml's is chosen. */
const choices = [0.5, 0.35, 0.3, 0.25, 0.2, 0.15, 0.1];
const longestColdMs = 1000;
/** Of CPU time, for handing a rollback over, beyond verification. */
const deferredCpuMs = 50;
// Not counted: the first reads come from the disk.
const warmUpRounds = 2;

/**
 * From the start of a process until it has answered its first request and ended.
 *
 * @param folder for what is built and written on the way
 * @param progress is told what is measured next
 */
export async function coldStart(
  folder: string,
  rounds: number,
  progress: (what: string) => void,
): Promise<MutableFindings> {
  const findings: MutableFindings = { tables: [], goals: [], notes: [] };
  const certificate = makeCertificate(folder);
  const standIns = fork(path.join(import.meta.dirname, 'stand-ins.ts'), certificate ? [certificate] : []);
  try {
    const urls = await urlsOf(standIns);
    const subjects = await makeSubjects(folder, urls);
    for (const cores of speeds) {
      progress(`cold start, ${describe(cores)}`);
      const runs = await measureAt(cores, subjects, rounds, findings);
      if (runs) findings.goals.push(...goalsAt(cores, runs));
    }
    if (certificate === undefined) {
      findings.notes.push('Nothing was measured over TLS: there is no openssl to make a certificate with.');
      return findings;
    }
    progress('cold start over TLS');
    await measureAt(1, tlsSubjects(folder, urls.edasOverTls, certificate), rounds, findings, ', over TLS');
    for (const cores of choices) {
      progress(`cold start over TLS with an EDAS that takes its time, ${describe(cores)}`);
      await measureChoice(cores, tlsSubjects(folder, urls.slowEdas, certificate), rounds, findings);
    }
    return findings;
  } finally {
    if (standIns.connected) standIns.disconnect();
  }
}

type Runs = Record<string, Run[]>;

/** @returns undefined where no process can be held to that */
async function measureAt(
  cores: number,
  subjects: Subjects,
  rounds: number,
  { tables, notes }: MutableFindings,
  more = '',
): Promise<Runs | undefined> {
  const holder = cores === 1 ? { enter: '', release: () => undefined } : holdTo(cores);
  if ('reason' in holder) {
    notes.push(`Nothing was measured on ${describe(cores)}: ${holder.reason}.`);
    return undefined;
  }
  const runs: Runs = {};
  const measure = async (name: string, round: number) => {
    const subject = subjects[name];
    if (!subject) throw new Error(`there is no ${name}`);
    const run = await runProcess(subject(), holder.enter);
    if (round >= warmUpRounds) (runs[name] ??= []).push(run);
    return run.elapsed;
  };
  const elapsed = await interleave(Object.keys(subjects), { rounds, warmUpRounds }, measure).finally(
    holder.release,
  );
  tables.push(toTable(`Cold start, ${describe(cores)}${more}`, 'ms', 'node -e 0', elapsed));
  return runs;
}

function goalsAt(cores: number, runs: Runs): Goal[] {
  const elapsed = (name: string) => (runs[name] ?? []).map((run) => run.elapsed);
  const empty = elapsed('node -e 0');
  const where = `cold, ${describe(cores)}`;
  const toUsual = times(
    `${where}, accepted, to express`,
    ['≤', 0.6],
    elapsed('ours, accepted'),
    elapsed('express, accepted'),
  );
  if (cores !== 1) return [toUsual];
  // Each tells how much CPU time it took until its answer.
  const cpu = (name: string) => (runs[name] ?? []).map((run) => run.told);
  const more = cpu('ours, deferred').map((time, round) => time - (cpu('ours, refused')[round] ?? Number.NaN));
  return [
    times(`${where}, refused, unsigned`, ['≤', 1.15], elapsed('ours, unsigned'), empty),
    times(`${where}, refused, wrong MAC`, ['≤', 1.15], elapsed('ours, refused'), empty),
    times(`${where}, accepted`, ['≤', 1.45], elapsed('ours, accepted'), empty),
    toUsual,
    atMost(`${where}, CPU of deferred beyond refused`, deferredCpuMs, median(more), 'ms'),
  ];
}

/** At which part of a core an accepted request, with a slow EDAS behind TLS, is answered in time. */
async function measureChoice(
  cores: number,
  { 'ours, accepted': accepted }: Subjects,
  rounds: number,
  findings: MutableFindings,
): Promise<void> {
  if (!accepted) return;
  const own: MutableFindings = { tables: [], goals: [], notes: [] };
  const runs = await measureAt(cores, { 'ours, accepted': accepted }, rounds, own);
  if (!runs) {
    findings.notes.push(...own.notes);
    return;
  }
  const elapsed = Object.values(runs).flatMap((each) => each.map((run) => run.elapsed));
  const [middle, nearlyAll] = [median(elapsed), quantile(elapsed, 0.95)];
  findings.notes.push(
    `Accepted, cold, over TLS, EDAS at 300 ms a call, ${describe(cores)}: ${middle.toFixed(0)} ms, 95 % within ${nearlyAll.toFixed(0)} ms${nearlyAll < longestColdMs ? '' : ', which is too long'}`,
  );
}

async function makeSubjects(folder: string, urls: StandInUrls): Promise<Subjects> {
  const body = bodyOf(300);
  const [signed, forged] = [headersOf(body), headersOf(body, 'not-the-secret')];
  const env = {
    SECRET_PIPELINE: secret,
    EDAS_ENDPOINT: urls.edas,
    FUNCTION_ENDPOINT: urls.fc,
    FOLLOW_FUNCTION: followFunction,
  };
  const ours = await writeFunction(makeFolder(folder, 'ours'), pipelineSource);
  const deferring = await writeFunction(
    makeFolder(folder, 'deferring'),
    pipelineSource.replace('generic,', 'generic, mode: deferred,'),
  );
  const peers = path.join(import.meta.dirname, 'peers');
  const hono = await bundlePeer(path.join(peers, 'hono.cjs'), folder);
  const bare = path.join(peers, 'bare.cjs');

  const event = (name: string, bundle: string, headers: Record<string, string>, status: number) => {
    const file = writeRun(folder, name, { bundle, event: eventOf(body, headers), status });
    return () => ({ args: [runner, file], env });
  };
  const served = (name: string, headers: Record<string, string>, status: number) => {
    const file = writeRun(folder, name, { status });
    return () => ({ args: [path.join(peers, 'express.cjs'), file], env, posted: { headers, body } });
  };
  return {
    'node -e 0': () => ({ args: ['-e', '0'], env: {} }),
    'bare, refused': event('bare-refused', bare, forged, 401),
    'bare, accepted': event('bare-accepted', bare, signed, 202),
    'ours, unsigned': event('ours-unsigned', ours, unsignedHeaders, 401),
    'ours, refused': event('ours-refused', ours, forged, 401),
    'ours, accepted': event('ours-accepted', ours, signed, 202),
    // One task for each change order: each run asks for another one.
    'ours, deferred': () => {
      const other = bodyOf(300, randomUUID());
      const run = { bundle: deferring, event: eventOf(other, headersOf(other)), status: 202 };
      return { args: [runner, writeRun(folder, 'ours-deferred', run)], env };
    },
    'hono, refused': event('hono-refused', hono, forged, 401),
    'hono, accepted': event('hono-accepted', hono, signed, 202),
    'express, refused': served('express-refused', forged, 401),
    'express, accepted': served('express-accepted', signed, 202),
  };
}

/**
 * The same over TLS. Node.js reads its certificate authorities at the first connection, or, where it is told of another
 * one, when it starts: the empty process that the others are compared with is not told.
 */
function tlsSubjects(folder: string, edas: string | undefined, certificate: string): Subjects {
  if (edas === undefined) throw new CliError('The stand-in does not speak TLS.');
  const env = { SECRET_PIPELINE: secret, EDAS_ENDPOINT: edas, NODE_EXTRA_CA_CERTS: certificate };
  const run = (name: string) => () => ({ args: [runner, path.join(folder, `${name}.json`)], env });
  return {
    'node -e 0': () => ({ args: ['-e', '0'], env: {} }),
    'bare, accepted': run('bare-accepted'),
    'ours, accepted': run('ours-accepted'),
    'hono, accepted': run('hono-accepted'),
  };
}

const runner = path.join(import.meta.dirname, 'run-once.cjs');

/** What a run needs, in a file. */
function writeRun(
  folder: string,
  name: string,
  run: { bundle?: string; event?: string; status: number },
): string {
  const file = path.join(folder, `${name}.json`);
  writeFileSync(file, JSON.stringify({ ...run, context }));
  return file;
}

async function bundlePeer(file: string, folder: string): Promise<string> {
  const outfile = path.join(folder, `peer-${path.basename(file)}`);
  await build({
    entryPoints: [file],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    minify: true,
  });
  return outfile;
}

/** @returns a file with a certificate of this machine and its key, or undefined without openssl */
function makeCertificate(folder: string): string | undefined {
  const [certificate, key] = [path.join(folder, 'certificate.pem'), path.join(folder, 'key.pem')];
  const kind = ['-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=bench'];
  const out = ['-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', certificate];
  try {
    execFileSync('openssl', ['req', '-x509', ...kind, ...out], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  appendFileSync(certificate, readFileSync(key));
  return certificate;
}

async function urlsOf(standIns: ChildProcess): Promise<StandInUrls> {
  const ended = once(standIns, 'exit').then(() => {
    throw new CliError('The stand-ins did not start.');
  });
  const message = once(standIns, 'message') as Promise<[StandInUrls]>;
  const [urls] = await Promise.race([message, ended]);
  // From now on it may end.
  ended.catch(() => undefined);
  return urls;
}

function describe(cores: number): string {
  return cores === 1 ? 'a whole core' : `${cores} of a core`;
}
