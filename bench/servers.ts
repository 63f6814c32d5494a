import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CliError } from '../local/cli/cli.ts';
import { listen } from '../local/stand-ins/listen.ts';

/** A server in a process of its own. */
export interface Server {
  url: string;
  stop: () => void;
}

/** Whether a process can be kept on one core while another is left for the program that asks it. */
export const canPin = availableParallelism() > 1 && spawnSync('taskset', ['--version']).status === 0;

/**
 * Starts a server that takes its port from the variable `PORT`, and waits until it takes connections.
 *
 * @param core that it is kept on, where that can be done
 * @param command gets the port
 */
export async function startServer(
  core: 0 | 1,
  command: (port: number) => string[],
  env: NodeJS.Dict<string> = {},
): Promise<Server> {
  const port = await freePort();
  const pinned = [...(canPin ? ['taskset', '-c', String(core)] : []), ...command(port)];
  const [program = '', ...args] = pinned;
  const child = spawn(program, args, {
    env: { PATH: process.env['PATH'], ...env, PORT: String(port) },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  for (let attempt = 0; attempt < 100; attempt += 1) {
    if (child.exitCode !== null) break;
    if (await isListening(port)) return { url: `http://127.0.0.1:${port}`, stop: () => child.kill() };
    await sleep(100);
  }
  child.kill();
  throw new CliError(`This server did not start: ${pinned.join(' ')}`);
}

async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function freePort(): Promise<number> {
  const { url, close } = await listen(createServer(), 0);
  await close();
  return Number(new URL(url).port);
}

/** Of Node.js, with the file of a server in this folder. */
export function nodeServer(file: string, ...args: string[]): () => string[] {
  const isTypeScript = file.endsWith('.ts');
  const loader = isTypeScript ? ['--import', import.meta.resolve('tsx')] : [];
  return () => [process.execPath, ...loader, path.join(import.meta.dirname, file), ...args];
}
