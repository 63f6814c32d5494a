import { execFile } from 'node:child_process';
import path from 'node:path';
import { root } from '../../local/build/bundle.ts';

const s = path.join(root, 'node_modules/@serverless-devs/s/bin/s');
const noNetwork = path.join(import.meta.dirname, 'no-network.cjs');

/**
 * Runs Serverless Devs' own command without a network, and with a home of its own, in which nobody is logged in.
 *
 * @returns what it printed, whatever the exit status
 */
export function runServerlessDevs(
  args: readonly string[],
  { cwd, home, env: values = {} }: { cwd: string; home: string; env?: NodeJS.Dict<string> },
): Promise<string> {
  const env = {
    ...values,
    PATH: process.env['PATH'],
    HOME: home,
    NODE_OPTIONS: `--require=${JSON.stringify(noNetwork)}`,
  };
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [s, ...args], { cwd, env }, (_error, stdout, stderr) => {
      resolve(stdout + stderr);
    });
    child.stdin?.end();
  });
}
