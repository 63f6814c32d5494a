import { paint, showLines } from './terminal.ts';

/** A failure that the person at the terminal can act on: it is printed as it is, without a stack. */
export class CliError extends Error {
  override readonly name = 'CliError';
}

/** 128 and the number of SIGPIPE: as a shell reports a program that wrote to a pipe that nothing reads any more. */
const statusOfClosedPipe = 141;

/**
 * Runs a command; ends the process with status 1 and a clear line if it fails, and silently where its output goes to
 * nothing any more, as after `| head`.
 */
export async function runCli(main: () => Promise<void> | void): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) {
    if (!stream.listeners('error').includes(endIfClosed)) stream.on('error', endIfClosed);
  }
  try {
    await main();
  } catch (error) {
    console.error(`${paint('red', 'error', process.stderr)} ${showLines(describe(error))}`);
    process.exitCode = 1;
  }
}

function endIfClosed(error: Error): void {
  if (codeOf(error) !== 'EPIPE') throw error;
  process.exit(statusOfClosedPipe);
}

/** @returns the system's code of a failed call, e.g. `EADDRINUSE` */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** `parseArgs` of node:util says what is wrong with an argument in words of its own. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof CliError) return error.message;
  if (codeOf(error)?.startsWith('ERR_PARSE_ARGS_')) return `${error.message.replace(/\.$/, '')}. See --help.`;
  return error.stack ?? error.message;
}
