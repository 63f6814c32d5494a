// The sandbox's server with the function in its own process, without a thread of its own.
import { createRequire } from 'node:module';
import type { FunctionContext, FunctionResponse } from '../functions/platform/context.ts';
import { startFunctionServer } from '../local/sandbox/function-server.ts';
import { context } from './fixtures.ts';

const [, , bundle = ''] = process.argv;
const { handler } = createRequire(import.meta.url)(bundle) as {
  handler: (event: Buffer, context: FunctionContext) => Promise<FunctionResponse>;
};
await startFunctionServer({ invoke: handler, context, port: Number(process.env['PORT']) });
