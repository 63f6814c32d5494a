import '../cli/ignore-debug.ts';
import type { FunctionContext } from '../../functions/platform/context.ts';
import { isSuspended } from '../../functions/platform/settings.ts';
import type { CompiledConfiguration } from '../build/compile-sources.ts';
import { buildFunctions, compileConfigurationFile } from '../build/write-bundle.ts';
import { CliError, codeOf } from '../cli/cli.ts';
import { runCommand } from '../cli/command.ts';
import { sharedOptions } from '../cli/options.ts';
import { channelVariables, chatRedirection, receiverKeys, sandboxChannels } from '../sandbox/channels.ts';
import { ownFolder } from '../sandbox/folder.ts';
import { startFunctionServer } from '../sandbox/function-server.ts';
import { printOwnChannels, printRealEdas, printReady, printYourTurn } from '../sandbox/guide.ts';
import { startInstance } from '../sandbox/instance.ts';
import {
  createMessageNarrator,
  narrateAnswer,
  narrateCall,
  narrateKmsCall,
  narrateLog,
  narrateTaskCall,
  narrateTaskLog,
  playRollback,
  taskHost,
} from '../sandbox/play.ts';
import { followedSources, sourcesWithoutTasks } from '../sandbox/sandbox-sources.ts';
import { inKms, inVariables, realSecrets, sandboxSecrets, type Secrets } from '../sandbox/secrets.ts';
import { startReceiver } from '../stand-ins/channels/receiver.ts';
import { startEdasStandIn } from '../stand-ins/edas/stand-in.ts';
import { startFcStandIn, type FcStandIn } from '../stand-ins/fc/stand-in.ts';
import { taskProcess } from '../stand-ins/fc/task-process.ts';
import { startKmsStandIn, type KmsStandIn } from '../stand-ins/kms/stand-in.ts';
import type { Listening } from '../stand-ins/listen.ts';

/** Not secret: they work in this sandbox only. */
const standInCredentials = {
  accessKeyId: 'STS.sandbox-key-id',
  accessKeySecret: 'sandbox-key-secret',
  securityToken: 'sandbox-security-token',
};

const standInContext = {
  region: 'cn-hangzhou',
  accountId: '1234567890123456',
  credentials: standInCredentials,
};

/** As s.yaml has them. */
const [followFunction, followTimeoutSeconds, followRetries] = ['edas-rollback-follow', 3600, 2];

await runCommand({
  summary: 'Runs both functions on this machine, as Function Compute would.',
  usage: 'npm start -- [--port N] [--edas stand-in|real] [--sources FILE]',
  options: {
    port: { type: 'string', value: 'N', default: '9000', help: 'where the function listens   (9000)' },
    edas: {
      type: 'string',
      value: 'WHICH',
      default: 'stand-in',
      help: `stand-in: an EDAS on this machine, with a release in flight that gets rolled back; a task follows
          it, and the messages of every channel are shown
real:     EDAS itself, with your own credentials: signed requests do roll back; there are no
          tasks, so nothing is deferred and nothing followed`,
    },
    sources: { ...sharedOptions.sources, help: 'the sources to run with   (sources.yaml)' },
  },
  notes: `ROLLBACK_SUSPENDED and LOG_LEVEL are taken from the shell; for real EDAS also REGION, EDAS_ENDPOINT, KMS_ENDPOINT, the
variables that the sources name, and your credentials; secrets in KMS are then read from KMS itself. The file .env is for
the deployment, and not read here.`,
  run: async (values) => {
    const port = readPort(values.port);
    if (values.edas !== 'stand-in' && values.edas !== 'real') {
      throw new CliError(`--edas must be stand-in or real, not ${JSON.stringify(values.edas)}.`);
    }
    const configuration = compileConfigurationFile(values.sources);
    if (values.edas === 'real') await runOnRealEdas(port, configuration);
    else await runOnStandIn(port, values.sources, configuration);
  },
});

function readPort(text: string): number {
  const port = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65_535) return port;
  throw new CliError(`--port must be a number from 0 to 65535, not ${JSON.stringify(text)}.`);
}

async function runOnStandIn(
  port: number,
  sourcesFile: string,
  { sources: own, notify }: CompiledConfiguration,
): Promise<void> {
  const channels = sandboxChannels(notify);
  const sources = notify.length > 0 ? own : followedSources(own);
  const { webhook, follow } = await buildFunctions({ sources, notify: channels }, ownFolder());
  const { ROLLBACK_SUSPENDED, LOG_LEVEL } = process.env;
  const secrets = sandboxSecrets(sources);

  const closing: (() => Promise<void>)[] = [];
  const stop = async () => {
    await Promise.all(closing.map((close) => close()));
  };
  try {
    const edas = await startEdasStandIn({ credentials: standInCredentials, onCall: narrateCall });
    closing.push(edas.close);
    const receiver = await startReceiver({ secrets: receiverKeys, onMessage: createMessageNarrator() });
    closing.push(receiver.close);
    const shared = { EDAS_ENDPOINT: edas.url, ROLLBACK_SUSPENDED, LOG_LEVEL };
    const runTask = taskProcess({
      ...standInContext,
      bundle: follow.path,
      env: () => ({
        ...shared,
        // The same servers under another name, by which the narrator tells the task from the webhook.
        EDAS_ENDPOINT: edas.url.replace('127.0.0.1', taskHost),
        FUNCTION_ENDPOINT: fc.url.replace('127.0.0.1', taskHost),
        ...channelVariables(channels, receiver),
        ...chatRedirection(receiver),
      }),
      timeout: followTimeoutSeconds,
      onLog: narrateTaskLog,
    });
    const fc: FcStandIn = await startFcStandIn({
      ...standInContext,
      functions: { [followFunction]: runTask },
      maxRetries: followRetries,
      retryDelayMs: 5_000,
      onCall: narrateTaskCall,
    });
    closing.push(fc.close);
    const kms = await startKms(secrets);
    closing.push(kms.close);
    const env = {
      ...shared,
      ...inVariables(secrets),
      KMS_ENDPOINT: kms.url,
      FOLLOW_FUNCTION: followFunction,
      FUNCTION_ENDPOINT: fc.url,
    };
    const server = await serve(port, webhook.path, standInContext, env);
    closing.push(server.close);
    stopOnSignal(stop);

    const [source] = sources;
    const forged = sandboxSecrets(sources, 'forged');
    if (notify.length === 0) printOwnChannels();
    if (source) await playRollback({ edas, fc, url: server.url, source, secrets, forged });
    await printYourTurn({
      edas,
      url: server.url,
      sources,
      secrets,
      forged,
      sourcesFile: sourcesFile === sharedOptions.sources.default ? undefined : sourcesFile,
      isSuspended: isSuspended(process.env),
    });
    printReady(server.url);
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Holds those of the secrets that sources.yaml has in KMS. */
async function startKms(secrets: Secrets): Promise<KmsStandIn> {
  const kms = await startKmsStandIn({ credentials: standInCredentials, onCall: narrateKmsCall });
  for (const [name, secret] of inKms(secrets)) kms.secrets.put(name, secret);
  return kms;
}

async function runOnRealEdas(port: number, { sources: own }: CompiledConfiguration): Promise<void> {
  const region = process.env['REGION'];
  if (!region && !process.env['EDAS_ENDPOINT']) {
    throw new CliError(
      'Set the region of your applications first: REGION=cn-hangzhou npm start -- --edas real',
    );
  }
  const sources = sourcesWithoutTasks(own);
  const { webhook } = await buildFunctions({ sources, notify: [] }, ownFolder());
  const secrets = realSecrets(sources, process.env);
  const environment = Object.entries(process.env).filter(([name]) => !name.startsWith('FC_'));
  const env = { ...Object.fromEntries(environment), ...secrets };
  const server = await serve(port, webhook.path, {}, env);
  stopOnSignal(server.close);
  await printRealEdas({ url: server.url, sources, secrets });
  printReady(server.url);
}

async function serve(
  port: number,
  bundle: string,
  context: FunctionContext,
  env: NodeJS.Dict<string>,
): Promise<Listening> {
  const instance = startInstance(bundle, env, narrateLog);
  try {
    const server = await startFunctionServer({
      invoke: instance.invoke,
      context,
      port,
      onAnswer: narrateAnswer,
    });
    return {
      url: server.url,
      close: () => Promise.all([server.close(), instance.close()]).then(() => undefined),
    };
  } catch (error) {
    await instance.close();
    if (codeOf(error) !== 'EADDRINUSE') throw error;
    throw new CliError(`Port ${port} is in use. Choose another one: npm start -- --port ${port + 1}`);
  }
}

function stopOnSignal(stop: () => Promise<unknown>): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      console.log('\nStopped.');
      void stop().finally(() => process.exit(0));
    });
  }
}
