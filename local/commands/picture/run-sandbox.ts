import { spawn } from 'node:child_process';
import path from 'node:path';
import { CliError } from '../../cli/cli.ts';
import { root } from '../../cli/root.ts';

const start = path.join(root, 'local/commands/start.ts');

/**
 * Runs `npm start` on a free port until it has played its rollback, and stops it.
 *
 * @returns all that it wrote, in colours
 * @throws CliError
 */
export async function runSandbox(): Promise<string> {
  const child = spawn(process.execPath, ['--import', 'tsx', start, '--port', '0'], {
    cwd: root,
    // Nothing of the shell's settings, such as ROLLBACK_SUSPENDED or NO_COLOR, is in the picture.
    env: { PATH: process.env['PATH'], FORCE_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  for await (const chunk of child.stdout.setEncoding('utf8')) {
    output += String(chunk);
    if (output.includes('Ctrl-C stops.')) child.kill('SIGINT');
  }
  if (!output.includes('Ctrl-C stops.')) throw new CliError('npm start has ended before its play was over.');
  return output;
}
