import { spawn, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { FunctionContext, FunctionResponse } from '../../functions/platform/context.ts';
import { instanceEnv } from './invoke-bundle.ts';

/** A process that has loaded a built webhook, as an instance of the function has. */
export interface Instance {
  /**
   * Gives it an event so many times at once.
   *
   * @throws where the process ends before all are answered
   */
  deliver: (event: Buffer, times?: number) => Promise<FunctionResponse[]>;
  /** Ends the process at once, whatever it is doing. */
  kill: () => void;
}

interface InstanceOptions {
  context: FunctionContext;
  env: NodeJS.Dict<string>;
  /** Takes each line of its log. */
  onLog?: (line: string) => void;
}

/** What the process says. */
interface Reply {
  number: number;
  answers: FunctionResponse[];
}

// It answers each message, a number of times and an event, with what the handler answers to so many deliveries at once.
// The listener keeps the process alive as long as the one that started it.
const runner = `
const [, bundle, context] = process.argv;
const { handler } = require(bundle);
process.on('message', async ({ number, times, event }) => {
  const deliver = () => handler(Buffer.from(event), JSON.parse(context));
  process.send({ number, answers: await Promise.all(Array.from({ length: times }, deliver)) });
});
`;

/** Loads a built webhook in a process of its own. */
export function startInstance(bundle: string, { context, env, onLog }: InstanceOptions): Instance {
  const child = spawn(process.execPath, ['-e', runner, bundle, JSON.stringify(context)], {
    cwd: path.dirname(bundle),
    env: { ...instanceEnv, ...env },
    stdio: ['ignore', onLog ? 'pipe' : 'ignore', 'inherit', 'ipc'],
  });
  if (child.stdout && onLog) createInterface({ input: child.stdout }).on('line', onLog);
  // Each delivery listens for its end. To write to a process that is gone is an error even if nobody waits.
  child.setMaxListeners(0).on('error', () => undefined);
  let number = 0;
  return {
    deliver(event, times = 1) {
      number += 1;
      const answers = answersTo(number, child);
      child.send({ number, times, event: event.toString() });
      return answers;
    },
    kill: () => void child.kill('SIGKILL'),
  };
}

function answersTo(number: number, child: ChildProcess): Promise<FunctionResponse[]> {
  return new Promise((resolve, reject) => {
    const settle = (end: () => void) => {
      child.off('message', take).off('error', fail).off('exit', exit);
      end();
    };
    const take = (reply: unknown) => {
      const { number: answered, answers } = reply as Reply;
      if (answered !== number) return;
      settle(() => {
        resolve(answers);
      });
    };
    const fail = (error: Error) => {
      settle(() => {
        reject(error);
      });
    };
    const exit = (status: number | null) => {
      fail(new Error(`the process ended with status ${status ?? 'none'}, and said nothing`));
    };
    child.on('message', take).on('error', fail).on('exit', exit);
  });
}

interface Deliveries extends InstanceOptions {
  /** How many processes get the event. */
  processes: number;
  /** How often each of them gets it. */
  times: number;
  event: Buffer;
  /** Given to each process before, so that it has loaded all that it needs. */
  warmUp: Buffer;
}

/**
 * Loads a built bundle in several processes, waits until each of them is ready, and then gives the same event to all of
 * them at once.
 *
 * @returns the answers to all deliveries
 */
export async function deliverAtOnce(bundle: string, deliveries: Deliveries): Promise<FunctionResponse[]> {
  const { processes, times, event, warmUp } = deliveries;
  const instances = Array.from({ length: processes }, () => startInstance(bundle, deliveries));
  try {
    await Promise.all(instances.map((instance) => instance.deliver(warmUp)));
    const answers = await Promise.all(instances.map((instance) => instance.deliver(event, times)));
    return answers.flat();
  } finally {
    for (const instance of instances) instance.kill();
  }
}
