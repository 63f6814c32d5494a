import path from 'node:path';
import { createInterface } from 'node:readline';
import { Worker } from 'node:worker_threads';
import type { FunctionContext, FunctionResponse } from '../../functions/platform/context.ts';

/** A running instance of the built function: its own thread, environment and output. */
export interface Instance<Result = FunctionResponse> {
  invoke: (event: Buffer, context: FunctionContext) => Promise<Result>;
  close: () => Promise<void>;
}

interface Reply<Result> {
  id: number;
  response?: Result;
  error?: string;
}

/**
 * @param bundle absolute path of a built function
 * @param env all that the function sees of the environment
 * @param onLog takes each line that the function writes
 */
export function startInstance<Result = FunctionResponse>(
  bundle: string,
  env: NodeJS.Dict<string>,
  onLog: (line: string) => void,
): Instance<Result> {
  const worker = new Worker(path.join(import.meta.dirname, 'instance.cjs'), {
    workerData: { bundle },
    // A worker would take undefined for the word "undefined".
    env: Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined)),
    stdout: true,
    execArgv: [],
  });
  createInterface({ input: worker.stdout }).on('line', onLog);

  const waiting = new Map<number, (reply: Reply<Result>) => void>();
  worker.on('message', (reply: Reply<Result>) => waiting.get(reply.id)?.(reply));
  let reasonOfEnd: string | undefined;
  const end = (reason: unknown) => {
    // An error is followed by the exit that it causes: the first reason is the true one.
    reasonOfEnd ??= String(reason);
    for (const [id, settle] of waiting) settle({ id, error: reasonOfEnd });
  };
  worker.on('error', end);
  worker.on('exit', () => {
    end('the instance ended');
  });

  let lastId = 0;
  return {
    invoke: async (event, context) => {
      if (reasonOfEnd !== undefined) throw new Error(reasonOfEnd);
      const id = (lastId += 1);
      const { response, error } = await new Promise<Reply<Result>>((resolve) => {
        waiting.set(id, resolve);
        worker.postMessage({ id, event, context });
      });
      waiting.delete(id);
      if (!response) throw new Error(error ?? 'the handler returned nothing');
      return response;
    },
    close: async () => {
      await worker.terminate();
    },
  };
}
