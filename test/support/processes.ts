import { spawn, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import type { FunctionContext, FunctionResponse } from '../../functions/platform/context.ts';
import { instanceEnv } from './invoke-bundle.ts';

interface Deliveries {
  /** How many processes get the event. */
  processes: number;
  /** How often each of them gets it. */
  times: number;
  event: Buffer;
  /** Given to each process before, so that it has loaded all that it needs. */
  warmUp: Buffer;
  context: FunctionContext;
  env: NodeJS.Dict<string>;
}

// It answers each message, a number of times and an event, with what the handler answers to so many deliveries at once.
// The listener keeps the process alive as long as the one that started it.
const runner = `
const [, bundle, context] = process.argv;
const { handler } = require(bundle);
process.on('message', async ({ times, event }) => {
  const deliver = () => handler(Buffer.from(event), JSON.parse(context));
  process.send(await Promise.all(Array.from({ length: times }, deliver)));
});
`;

/**
 * Loads a built bundle in several processes, waits until each of them is ready, and then gives the same event to all of
 * them at once.
 *
 * @returns the answers to all deliveries
 */
export async function deliverAtOnce(bundle: string, deliveries: Deliveries): Promise<FunctionResponse[]> {
  const { processes, times, event, warmUp } = deliveries;
  const children = Array.from({ length: processes }, () => startProcess(bundle, deliveries));
  try {
    await Promise.all(children.map((child) => deliver(child, 1, warmUp)));
    const answers = await Promise.all(children.map((child) => deliver(child, times, event)));
    return answers.flat();
  } finally {
    for (const child of children) child.kill();
  }
}

function startProcess(bundle: string, { context, env }: Deliveries): ChildProcess {
  return spawn(process.execPath, ['-e', runner, bundle, JSON.stringify(context)], {
    cwd: path.dirname(bundle),
    env: { ...instanceEnv, ...env },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
}

function deliver(child: ChildProcess, times: number, event: Buffer): Promise<FunctionResponse[]> {
  const answers = nextMessage(child) as Promise<FunctionResponse[]>;
  child.send({ times, event: event.toString() });
  return answers;
}

function nextMessage(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('error', reject);
    child.once('exit', (status) => {
      reject(new Error(`the process ended with status ${status ?? 'none'}, and said nothing`));
    });
  });
}
