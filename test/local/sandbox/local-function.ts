import { setTimeout as sleep } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { exchange } from '../../../functions/alibaba/exchange.ts';
import { createTaskHandler } from '../../../functions/follow/handler.ts';
import type { Environment } from '../../../functions/platform/settings.ts';
import { createHandler } from '../../../functions/webhook/handler.ts';
import type { CompiledSource } from '../../../functions/webhook/source/compiled-source.ts';
import { compileSources } from '../../../local/build/compile-sources.ts';
import { configurationDigest } from '../../../local/build/configuration-digest.ts';
import { startFunctionServer } from '../../../local/sandbox/function-server.ts';
import { taskHost, tellAll, type SandboxListener } from '../../../local/sandbox/listener.ts';
import { inKms, inVariables, sandboxSecrets, type Secrets } from '../../../local/sandbox/secrets.ts';
import { startEdasStandIn, type EdasStandIn } from '../../../local/stand-ins/edas/stand-in.ts';
import { startFcStandIn, type FcStandIn } from '../../../local/stand-ins/fc/stand-in.ts';
import { startKmsStandIn, type KmsStandIn } from '../../../local/stand-ins/kms/stand-in.ts';
import { fakeContext, fakeCredentials } from '../../support/webhook.ts';

/** The function behind HTTP on this machine, with the sandbox's secrets. */
export interface LocalFunction {
  url: string;
  edas: EdasStandIn;
  fc: FcStandIn;
  kms: KmsStandIn;
  sources: CompiledSource[];
  secrets: Secrets;
  /** What was answered so far, as `POST /pipeline`. */
  requests: readonly string[];
}

/** Takes what is to be done at the end. */
type AtEnd = (close: () => Promise<void>) => void;

/**
 * Starts both functions in this process, until the test ends. The webhook's clock is the real one.
 *
 * @param alter what is deployed in the place of the sources
 * @param atEnd of more than one test
 * @param listener hears what the sandbox can see
 */
export async function startLocalFunction(
  sourcesYaml: string,
  alter: (sources: CompiledSource[]) => CompiledSource[] = (sources) => sources,
  atEnd: AtEnd = onTestFinished,
  listener: Partial<SandboxListener> = {},
): Promise<LocalFunction> {
  const sources = compileSources(sourcesYaml);
  const deployedSources = alter(sources);
  const secrets = sandboxSecrets(sources);
  const heard = tellAll([listener]);
  const edas = await startEdasStandIn({ credentials: fakeCredentials, onCall: heard.call });
  atEnd(() => edas.close());
  const kms = await startKmsStandIn({ credentials: fakeCredentials, onCall: heard.kmsCall });
  atEnd(() => kms.close());
  for (const [name, secret] of inKms(secrets)) kms.secrets.put(name, secret);
  const context = { ...fakeContext, accountId: '1234567890123456' };
  const ofTask = { EDAS_ENDPOINT: edas.url.replace('127.0.0.1', taskHost), FC_FUNCTION_NAME: followFunction };
  const fc = await startFc(context, ofTask, atEnd, heard.taskCall);
  const handler = createHandler(
    { version: '1.2.3', digest: configurationDigest(deployedSources), sources: deployedSources },
    {
      env: {
        ...inVariables(secrets),
        EDAS_ENDPOINT: edas.url,
        KMS_ENDPOINT: kms.url,
        FUNCTION_ENDPOINT: fc.url,
        FOLLOW_FUNCTION: followFunction,
        FC_FUNCTION_NAME: 'test',
      },
      now: Date.now,
      clock: { now: Date.now, sleep: (ms) => sleep(ms) },
      random: Math.random,
      write: heard.log,
    },
  );
  const requests: string[] = [];
  const server = await startFunctionServer({
    invoke: handler,
    context,
    port: 0,
    onRequest: heard.received,
    onAnswer: (request, ...answer) => {
      requests.push(`${request.method} ${request.path}`);
      heard.answer(request, ...answer);
    },
  });
  atEnd(() => server.close());
  return { url: server.url, edas, fc, kms, sources, secrets, requests };
}

const followFunction = 'edas-rollback-follow';

/** A minute passes for a task in a second. */
const haste = 60;

async function startFc(
  context: typeof fakeContext & { accountId: string },
  env: Environment,
  atEnd: AtEnd,
  onCall: SandboxListener['taskCall'],
): Promise<FcStandIn> {
  const handler = createTaskHandler(
    { version: '1.2.3', notify: [] },
    {
      env,
      now: Date.now,
      clock: { now: () => performance.now() * haste, sleep: (ms) => sleep(ms / haste) },
      random: Math.random,
      write: () => undefined,
      exchange,
    },
  );
  const fc = await startFcStandIn({
    credentials: fakeCredentials,
    accountId: context.accountId,
    onCall,
    functions: {
      [followFunction]: async ({ payload, retryCount }) => {
        await handler(payload, { ...context, retryCount, function: { timeout: 3600 } });
      },
    },
  });
  atEnd(() => fc.close());
  return fc;
}
