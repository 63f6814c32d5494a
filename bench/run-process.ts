import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { CliError } from '../local/cli/cli.ts';

/** What a process is started with, and what it has to do. */
export interface Subject {
  /** Of Node.js. */
  args: readonly string[];
  env: NodeJS.Dict<string>;
  /** What is posted to it, where it is a server. */
  posted?: { headers: Record<string, string>; body: string };
}

/** What came of a process. */
export interface Run {
  /** Milliseconds from before it is started until it is known to have ended. */
  elapsed: number;
  /** The figure that it told; NaN where it told none. */
  told: number;
}

/**
 * Runs a process to its end. Over its file descriptor 3 it says `port N` where it is a server, and `told FIGURE`.
 *
 * @param enter what a shell runs first, and nothing by default
 * @throws CliError where it failed, or was not answered as it should be
 */
export async function runProcess({ args, env, posted }: Subject, enter = ''): Promise<Run> {
  const startedAt = process.hrtime.bigint();
  // A shell in any case, so that it is in all times alike.
  const child = spawn('/bin/sh', ['-c', `${enter || ':'}; exec "$@"`, 'sh', process.execPath, ...args], {
    env,
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  });
  const [, , errors, figures] = child.stdio as [null, null, Readable, Readable, undefined];
  const closed = once(child, 'close') as Promise<[number | null]>;
  const [told, words, [status]] = await Promise.all([listenTo(figures, posted), text(errors), closed]);
  const elapsed = Number(process.hrtime.bigint() - startedAt) / 1e6;
  if (status !== 0) throw new CliError(`A measured process failed: node ${args.join(' ')}\n${words}`);
  return { elapsed, told };
}

async function listenTo(figures: Readable, posted: Subject['posted']): Promise<number> {
  let told = Number.NaN;
  for await (const line of createInterface({ input: figures })) {
    const [what, value] = line.split(' ');
    if (what === 'told') told = Number(value);
    if (what === 'port' && posted) post(Number(value), posted);
  }
  return told;
}

function post(port: number, { headers, body }: { headers: Record<string, string>; body: string }): void {
  const options = { port, host: '127.0.0.1', path: '/pipeline', method: 'POST', headers, agent: false };
  request(options, (response) => response.resume())
    // It ends once it has answered, perhaps before the answer is read.
    .on('error', () => undefined)
    .end(body);
}
