import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import type { Plugin } from 'esbuild';
import type { FunctionContext, FunctionResponse } from '../../functions/platform/context.ts';
import type { CompiledSource } from '../../functions/webhook/source/compiled-source.ts';
import { bundleWebhook, type Bundle } from '../../local/build/bundle.ts';
import { compileSources } from '../../local/build/compile-sources.ts';
import { signatureHeaders } from '../../local/signing/sign.ts';
import { httpEvent } from './http-event.ts';

export const sources = compileSources(`
sources:
  pipeline:
    preset: generic
    secrets: [SECRET_PIPELINE]
    when: status == 'failed'
`);
export const secret = 'test-only-pipeline-secret';

/** Builds the webhook into a folder, which need not exist. */
export async function bundleInto(folder: string, ...plugins: Plugin[]): Promise<Bundle> {
  return bundleSources(sources, folder, ...plugins);
}

/** The same with other sources. */
export async function bundleSources(
  compiled: readonly CompiledSource[],
  folder: string,
  ...plugins: Plugin[]
): Promise<Bundle> {
  const bundle = await bundleWebhook(compiled, folder, plugins);
  writeBundle(bundle);
  return bundle;
}

/** @returns the file that exports the handler */
export function writeBundle({ path: file, files }: Bundle): string {
  mkdirSync(path.dirname(file), { recursive: true });
  for (const each of files) writeFileSync(each.path, each.contents);
  return file;
}

/** A rightly signed webhook that asks for a rollback; with another secret, a forged one. */
export function webhook(changeOrderId: string, signedWith = secret): Buffer {
  const body = JSON.stringify({ changeOrderId, status: 'failed' });
  const [source] = sources;
  if (!source) throw new Error('there must be a source');
  return httpEvent({ headers: signatureHeaders(source.verify, signedWith, body), body });
}

/** What an instance of the function finds in its environment, and nothing of this process's. */
export const instanceEnv = { NODE_PATH: '', SECRET_PIPELINE: secret, FC_FUNCTION_NAME: 'test' };

interface Invoked {
  answers: FunctionResponse[];
  /** The modules of Node.js that the process has loaded, as `NativeModule name`. */
  loaded: string[];
  /** All that the process wrote, standard error included. */
  output: string;
}

const runner = `
const { readFileSync, writeFileSync } = require('node:fs');
const [, bundle, invocations, answers] = process.argv;
const { handler } = require(bundle);
const answerAll = async ({ events, context }) => {
  const all = [];
  for (const event of events) all.push(await handler(Buffer.from(event), context));
  writeFileSync(answers, JSON.stringify({ answers: all, loaded: process.moduleLoadList }));
};
answerAll(JSON.parse(readFileSync(invocations, 'utf8')));
`;

/** Loads a built bundle in a process of its own, away from every node_modules, and gives it events one by one. */
export async function invokeBundle(
  bundle: string,
  events: readonly Buffer[],
  { context = {}, env = {} }: { context?: FunctionContext; env?: NodeJS.Dict<string> } = {},
): Promise<Invoked> {
  const folder = path.dirname(bundle);
  const [invocations, answers] = [path.join(folder, 'invocations.json'), path.join(folder, 'answers.json')];
  writeFileSync(invocations, JSON.stringify({ events: events.map(String), context }));
  const child = spawn(process.execPath, ['-e', runner, bundle, invocations, answers], {
    cwd: folder,
    env: { ...instanceEnv, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const closed = once(child, 'close') as Promise<[number | null]>;
  const [out, errors, [status]] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
  if (status !== 0) throw new Error(`the bundle failed: ${errors}`);
  const told = JSON.parse(readFileSync(answers, 'utf8')) as Omit<Invoked, 'output'>;
  return { ...told, output: out + errors };
}
