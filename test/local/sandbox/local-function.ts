import { onTestFinished } from 'vitest';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CompiledSource } from '../../../functions/webhook/source/source.ts';
import { createHandler } from '../../../functions/webhook/handler.ts';
import { compileSources } from '../../../local/build/compile-sources.ts';
import { startEdasStandIn, type EdasStandIn } from '../../../local/edas/stand-in.ts';
import { startFunctionServer } from '../../../local/sandbox/function-server.ts';
import { sandboxSecrets, type Secrets } from '../../../local/sandbox/secrets.ts';
import { fakeContext, fakeCredentials } from '../../support/webhook.ts';

/** The function behind HTTP on this machine, with the sandbox's secrets. */
export interface LocalFunction {
  url: string;
  edas: EdasStandIn;
  sources: CompiledSource[];
  secrets: Secrets;
}

/** Starts the function in this process, until the test ends. Its clock is the real one. */
export async function startLocalFunction(sourcesYaml: string): Promise<LocalFunction> {
  const sources = compileSources(sourcesYaml);
  const secrets = sandboxSecrets(sources);
  const edas = await startEdasStandIn({ credentials: fakeCredentials });
  onTestFinished(() => edas.close());
  const handler = createHandler(
    { version: '1.2.3', sources },
    {
      env: { ...secrets, EDAS_ENDPOINT: edas.url, FC_FUNCTION_NAME: 'test' },
      now: Date.now,
      clock: { now: Date.now, sleep: (ms) => sleep(ms) },
      random: Math.random,
      write: () => undefined,
    },
  );
  const server = await startFunctionServer({ invoke: handler, context: fakeContext, port: 0 });
  onTestFinished(() => server.close());
  return { url: server.url, edas, sources, secrets };
}
