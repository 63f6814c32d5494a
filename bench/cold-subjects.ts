import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import { acceptAnyCertificate } from './certificate.ts';
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
import type { Subject } from './run-process.ts';
import type { StandInUrls } from './stand-ins.ts';

/** Makes a subject: a function, for some need something new in every run. */
type MakeSubject = () => Subject;

/** The subjects of the cold start by name. */
export type ColdSubjects = Awaited<ReturnType<typeof coldSubjects>>;
export type TlsSubjects = ReturnType<typeof tlsSubjects>;

const peers = path.join(import.meta.dirname, 'peers');
const runner = path.join(import.meta.dirname, 'run-once.cjs');

/** @param folder for what is built and written */
export async function coldSubjects(folder: string, { edas, fc }: StandInUrls) {
  const body = bodyOf(300);
  const [signed, forged] = [headersOf(body), headersOf(body, 'not-the-secret')];
  const env = { SECRET_PIPELINE: secret, EDAS_ENDPOINT: edas };
  const ours = await writeFunction(makeFolder(folder, 'ours'), pipelineSource);
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
    'node -e 0': emptyProcess,
    'bare, refused': event('bare-refused', bare, forged, 401),
    'bare, accepted': event('bare-accepted', bare, signed, 202),
    'ours, unsigned': event('ours-unsigned', ours, unsignedHeaders, 401),
    'ours, refused': event('ours-refused', ours, forged, 401),
    'ours, accepted': event('ours-accepted', ours, signed, 202),
    'ours, deferred': await deferred(folder, fc),
    'hono, refused': event('hono-refused', hono, forged, 401),
    'hono, accepted': event('hono-accepted', hono, signed, 202),
    'express, refused': served('express-refused', forged, 401),
    'express, accepted': served('express-accepted', signed, 202),
  } satisfies Record<string, MakeSubject>;
}

/** Those that call EDAS, over TLS; and what the other way to have the stand-in's certificate accepted would do to them. */
export function tlsSubjects(subjects: ColdSubjects, edas: string, certificate: string) {
  const accepting = { EDAS_ENDPOINT: edas, ...acceptAnyCertificate };
  const knowing = { EDAS_ENDPOINT: edas, NODE_EXTRA_CA_CERTS: certificate };
  return {
    'node -e 0': emptyProcess,
    'node -e 0, any certificate': withEnv(emptyProcess, acceptAnyCertificate),
    'bare, accepted': withEnv(subjects['bare, accepted'], accepting),
    'ours, accepted': withEnv(subjects['ours, accepted'], accepting),
    'hono, accepted': withEnv(subjects['hono, accepted'], accepting),
    'node -e 0, NODE_EXTRA_CA_CERTS': withEnv(emptyProcess, { NODE_EXTRA_CA_CERTS: certificate }),
    'bare, accepted, NODE_EXTRA_CA_CERTS': withEnv(subjects['bare, accepted'], knowing),
    'ours, accepted, NODE_EXTRA_CA_CERTS': withEnv(subjects['ours, accepted'], knowing),
  } satisfies Record<string, MakeSubject>;
}

function emptyProcess(): Subject {
  return { args: ['-e', '0'], env: {} };
}

function withEnv(make: MakeSubject, more: NodeJS.Dict<string>): MakeSubject {
  return () => {
    const subject = make();
    return { ...subject, env: { ...subject.env, ...more } };
  };
}

/** There is one task for each change order, so each run asks for another one. */
async function deferred(folder: string, fc: string): Promise<MakeSubject> {
  const source = pipelineSource.replace('generic,', 'generic, mode: deferred,');
  const bundle = await writeFunction(makeFolder(folder, 'deferring'), source);
  const env = { SECRET_PIPELINE: secret, FUNCTION_ENDPOINT: fc, FOLLOW_FUNCTION: followFunction };
  return () => {
    const body = bodyOf(300, randomUUID());
    const run = { bundle, event: eventOf(body, headersOf(body)), status: 202 };
    return { args: [runner, writeRun(folder, 'ours-deferred', run)], env };
  };
}

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
