import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { CliError } from '../local/cli/cli.ts';
import { momentMs } from './moment.ts';

/** What a process is started with, and what it has to do. */
export interface Subject {
  /** Of Node.js. */
  args: readonly string[];
  /** Nothing else is in its environment: a variable may make every process slower. */
  env: NodeJS.Dict<string>;
  /** What is posted to it, where it is a server. */
  posted?: { headers: Record<string, string>; body: string };
}

/** What came of a process. */
export interface Run {
  /** The moment before it was started. */
  startedAt: number;
  /** Milliseconds from then on until it is known to have ended. */
  elapsed: number;
  /** Milliseconds until it answered; NaN where it did not say when. */
  answered: number;
  /** The figure that it told; NaN where it told none. */
  told: number;
}

/**
 * Runs a process to its end. Over its file descriptor 3 it says `port N` where it is a server, `answered MOMENT`
 * and `told FIGURE`.
 *
 * @param enter what a shell runs first, and nothing by default
 * @throws CliError where it failed, or was not answered as it should be
 */
export async function runProcess({ args, env, posted }: Subject, enter = ''): Promise<Run> {
  const startedAt = momentMs();
  // A shell in any case, so that it is in all times alike.
  const child = spawn('/bin/sh', ['-c', `${enter || ':'}; exec "$@"`, 'sh', process.execPath, ...args], {
    env,
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  });
  const [, , errors, figures] = child.stdio as [null, null, Readable, Readable, undefined];
  const closed = once(child, 'close') as Promise<[number | null]>;
  const [{ answeredAt, told }, words, [status]] = await Promise.all([
    listenTo(figures, posted),
    text(errors),
    closed,
  ]);
  const elapsed = momentMs() - startedAt;
  if (status !== 0) throw new CliError(`A measured process failed: node ${args.join(' ')}\n${words}`);
  return { startedAt, elapsed, answered: answeredAt - startedAt, told };
}

interface Words {
  answeredAt: number;
  told: number;
}

async function listenTo(figures: Readable, posted: Subject['posted']): Promise<Words> {
  const words: Words = { answeredAt: Number.NaN, told: Number.NaN };
  for await (const line of createInterface({ input: figures })) {
    const [what, value] = line.split(' ');
    if (what === 'answered') words.answeredAt = Number(value);
    if (what === 'told') words.told = Number(value);
    if (what === 'port' && posted) post(Number(value), posted);
  }
  return words;
}

function post(port: number, { headers, body }: { headers: Record<string, string>; body: string }): void {
  const options = { port, host: '127.0.0.1', path: '/pipeline', method: 'POST', headers, agent: false };
  request(options, (response) => response.resume())
    // It ends once it has answered, perhaps before the answer is read.
    .on('error', () => undefined)
    .end(body);
}
