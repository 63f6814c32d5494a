import { spawn, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { FunctionContext } from '../../../functions/platform/context.ts';
import type { Invocation, RunTask } from './tasks.ts';

/** How {@link taskProcess} runs a function. */
export interface TaskProcessOptions {
  /** Absolute path of the built function, a CommonJS file that exports `handler(event, context)`. */
  readonly bundle: string;
  /** All that the function sees of the environment. Read for each attempt, when it is known where everything listens. */
  readonly env: () => NodeJS.Dict<string>;
  /** What the context says of where the function runs, and as whom. */
  readonly region: string;
  readonly accountId: string;
  readonly credentials: NonNullable<FunctionContext['credentials']>;
  /** Seconds from the start of the process after which it is killed. */
  readonly timeout: number;
  /** Takes each line that the function writes to its standard output. */
  readonly onLog: (line: string) => void;
}

/** What the process says before it is ended. */
interface Reply {
  error?: string;
}

/**
 * Runs a built function as Function Compute runs a task: every attempt in a process of its own, which is killed when the
 * handler has returned, when its time is over, or when the task is stopped. An attempt fails when the handler throws,
 * when the process ends before it has returned, and when it was killed.
 */
export function taskProcess(options: TaskProcessOptions): RunTask {
  const { bundle, env, timeout, onLog } = options;
  return async (invocation) => {
    invocation.signal.throwIfAborted();
    const child = spawn(process.execPath, [path.join(import.meta.dirname, 'task-process.cjs')], {
      cwd: path.dirname(bundle),
      env: env(),
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
      serialization: 'advanced',
    });
    if (child.stdout) createInterface({ input: child.stdout }).on('line', onLog);
    const ended = endOf(child);
    const { payload: event } = invocation;
    child.send({ bundle, event, context: contextOf(invocation, options) });
    const failure = await failureOf(child, ended, timeout, invocation.signal);
    if (failure !== undefined) throw new Error(failure);
  };
}

function contextOf(
  { requestId, retryCount, functionName }: Invocation,
  { region, accountId, credentials, timeout }: TaskProcessOptions,
) {
  return { requestId, region, accountId, credentials, retryCount, function: { name: functionName, timeout } };
}

/** Waits until the process is gone and all that it wrote is read. */
async function failureOf(
  child: ChildProcess,
  ended: Promise<string>,
  timeout: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  // The first word counts: what comes after it is but the end that follows.
  let outcome: Reply | undefined;
  const end = (reply: Reply) => {
    outcome ??= reply;
    child.kill('SIGKILL');
  };
  const stop = () => {
    end({ error: 'The task was stopped.' });
  };
  const timer = setTimeout(end, timeout * 1000, { error: `Function timed out after ${timeout} seconds.` });
  signal.addEventListener('abort', stop);
  child.on('message', end);
  const reason = await ended;
  clearTimeout(timer);
  signal.removeEventListener('abort', stop);
  return outcome ? outcome.error : reason;
}

/** Why the process ended, unless it was stopped. */
function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.on('error', (error) => {
      resolve(`The process cannot be started: ${error.message}.`);
    });
    // Follows the end of its output.
    child.on('close', (code, killedBy) => {
      resolve(`The process ended with ${killedBy ?? `code ${code ?? 'none'}`} before the handler returned.`);
    });
  });
}
