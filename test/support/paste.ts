import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

/** What bash prints for lines that are pasted into it. */
export async function paste(lines: string, env: NodeJS.Dict<string> = {}): Promise<string> {
  const child = spawn('bash', ['--norc', '--noprofile', '-c', lines], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return text(child.stdout);
}
