import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test, vi } from 'vitest';
import { CliError, runCli } from '../../../local/cli/cli.ts';
import { signalCommand, startCommand } from '../../support/command.ts';

// Most tests start a process, and a busy machine takes its time.
vi.setConfig({ testTimeout: 20_000 });

test('a failure is printed so that the terminal obeys nothing that it quotes, and keeps its lines', async () => {
  const { exitCode } = process;
  const error = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  onTestFinished(() => {
    error.mockRestore();
    process.exitCode = exitCode;
  });
  await runCli(() => {
    throw new CliError('It said \u001b[2J.\nLook.');
  });
  expect(error.mock.calls).toEqual([['error It said \\u{1b}[2J.\nLook.']]);
});

test.each([
  ['start', ['--port', '0']],
  ['start', ['--help']],
  ['explain', []],
  ['send', ['--help']],
  ['build', ['--help']],
  ['doctor', ['--help']],
])('npm run %s ends silently where nothing reads its output any more: %j', async (name, args) => {
  const child = startCommand(`local/commands/${name}.ts`, args);
  onTestFinished(() => {
    signalCommand(child, 'SIGKILL');
  });
  child.stdout.destroy();
  const closed = once(child, 'close') as Promise<[number | null]>;
  const [stderr, [status]] = await Promise.all([text(child.stderr), closed]);
  expect({ status, stderr }).toEqual({ status: 141, stderr: '' });
});
