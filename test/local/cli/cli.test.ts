import { expect, onTestFinished, test, vi } from 'vitest';
import { CliError, runCli } from '../../../local/cli/cli.ts';

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
