import { createRequire } from 'node:module';
import type { Plugin } from 'esbuild';
import { context, writeFunction } from './fixtures.ts';

/** What a handler is called with again and again. */
export type Work = () => unknown;

type Handler = (event: Buffer, context: object) => Promise<{ statusCode: number }>;

/** EDAS's own time, and that of the calls, is not the function's: its client answers at once. The rest is as it ships. */
const edasAnswersAtOnce: Plugin = {
  name: 'EDAS answers at once',
  setup: (build) => {
    build.onLoad({ filter: /functions[/\\]edas[/\\]client\.ts$/ }, () => ({
      contents: `
        const order = { status: 8, supportRollback: true, startedAt: 0, batches: { done: 1, total: 2 }, failures: [] };
        const receipt = { rollbackChangeOrderId: '9f410c84-cf3f-416a-bcef-90f8ce827b5d', requestId: 'r', traceId: 't' };
        export const createEdasClient = () => ({
          getChangeOrderInfo: () => Promise.resolve(order),
          listRecentChangeOrders: (app) => Promise.resolve([{
            changeOrderId: 'dc5133d7-773f-4c81-9c5a-e2103dce0f6a', status: 8, typeCode: 'CoDeploy', words: '', createdAt: 0,
          }]),
          rollBack: () => Promise.resolve(receipt),
        });`,
    }));
  },
};

/** The handler of the built function, in this process; the variables that it needs must be set before. */
export async function loadHandler(folder: string, sources: string): Promise<Handler> {
  return requireHandler(await writeFunction(folder, sources, [edasAnswersAtOnce]));
}

export function requireHandler(file: string): Handler {
  const { handler } = createRequire(import.meta.url)(file) as { handler: Handler };
  return handler;
}

/**
 * Asks a handler the same again and again.
 *
 * @throws Error where the answer's status is not what it should be
 */
export async function asking(handler: Handler, event: string, status: number): Promise<Work> {
  const bytes = Buffer.from(event);
  const answer = await handler(bytes, context);
  if (answer.statusCode !== status) throw new Error(`answered ${JSON.stringify(answer)}, not ${status}`);
  return () => handler(bytes, context);
}

/** CPU time of one call, microseconds: of all threads of this process, so that of collecting garbage is in it. */
export async function cpuOf(work: Work, calls: number): Promise<number> {
  const before = process.cpuUsage();
  for (let call = 0; call < calls; call += 1) await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / calls;
}
