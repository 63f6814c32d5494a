import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { inject, onTestFinished } from 'vitest';
import { root } from '../../local/build/bundle.ts';

/** How a command ended, and all that it wrote. */
export interface Ended {
  status: number | null;
  stdout: string;
  stderr: string;
}

export type RunningCommand = ChildProcessByStdio<null, Readable, Readable>;

/** How node starts a command: compiled already, or, from elsewhere than `local/commands`, as `npm run` does. */
function programOf(file: string): string[] {
  const { dir, name } = path.parse(file);
  return dir === 'local/commands'
    ? [path.join(inject('compiledCommands'), `${name}.mjs`)]
    : ['--import', 'tsx', path.join(root, file)];
}

/**
 * Starts one of the repository's commands with nothing of this process's environment but the path. It
 * leads a process group of its own, so that a signal can be sent to all of it, as a terminal does.
 */
export function startCommand(
  file: string,
  args: readonly string[] = [],
  env: NodeJS.Dict<string> = {},
): RunningCommand {
  return spawn(process.execPath, [...programOf(file), ...args], {
    cwd: root,
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
}

/** Sends a signal to a command and all that it started, as long as it runs. */
export function signalCommand({ pid, exitCode, signalCode }: RunningCommand, signal: NodeJS.Signals): void {
  if (pid !== undefined && exitCode === null && signalCode === null) process.kill(-pid, signal);
}

/** Runs one of the repository's commands to its end, or to the end of the test. */
export async function runCommand(...command: Parameters<typeof startCommand>): Promise<Ended> {
  const child = startCommand(...command);
  onTestFinished(() => {
    signalCommand(child, 'SIGKILL');
  });
  const closed = once(child, 'close') as Promise<[number | null]>;
  const [stdout, stderr, [status]] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
  return { status, stdout, stderr };
}

/** A command of `local/commands` by its name, and what of the environment it gets beside the path. */
export interface CommandInTurn {
  name: string;
  args: readonly string[];
  env?: Record<string, string>;
}

/** Runs commands of `local/commands` one after the other in one process. */
export async function runInTurn(commands: readonly CommandInTurn[]): Promise<Ended[]> {
  const files = commands.map(({ name, ...rest }) => ({
    file: path.join(inject('compiledCommands'), `${name}.mjs`),
    ...rest,
  }));
  const script = path.join(import.meta.dirname, 'run-in-turn.mjs');
  const child = spawn(process.execPath, [script, JSON.stringify(files)], {
    cwd: root,
    env: { PATH: process.env['PATH'] },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return JSON.parse(await text(child.stdout)) as Ended[];
}
