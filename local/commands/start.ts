import '../cli/ignore-debug.ts';
import { randomBytes } from 'node:crypto';
import { Problem } from '../../functions/errors.ts';
import { lazily, withTimeout } from '../../functions/lib/async.ts';
import type { FunctionContext } from '../../functions/platform/context.ts';
import { invocationCredentials } from '../../functions/platform/invocation-credentials.ts';
import { isSuspended } from '../../functions/platform/settings.ts';
import { markReleaseRollbacks } from '../build/compile-ended.ts';
import type { CompiledConfiguration } from '../build/compile-sources.ts';
import { eventPresetsOf } from '../build/event-presets-of.ts';
import { buildFunctions, compileConfigurationFile } from '../build/write-bundle.ts';
import { CliError, codeOf } from '../cli/cli.ts';
import { runCommand } from '../cli/command.ts';
import { sharedOptions } from '../cli/options.ts';
import { channelVariables, chatRedirection, receiverKeys, sandboxChannels } from '../sandbox/channels.ts';
import { ownFolder } from '../sandbox/folder.ts';
import { startFunctionServer } from '../sandbox/function-server.ts';
import {
  printEventBus,
  printNoEvents,
  printNotOpened,
  printOwnChannels,
  printPage,
  printRealEdas,
  printReady,
  printYourTurn,
} from '../sandbox/guide.ts';
import { startEventBus } from '../sandbox/event-bus.ts';
import { startInstance } from '../sandbox/instance.ts';
import { lateAlertSource, playLateAlert } from '../sandbox/late-alert.ts';
import { taskHost, tellAll, type SandboxListener } from '../sandbox/listener.ts';
import { createNarrator, type Narrator } from '../sandbox/narrator.ts';
import { playRollback } from '../sandbox/play.ts';
import { followedSources, sourcesWithoutTasks } from '../sandbox/sandbox-sources.ts';
import { inKms, inVariables, realSecrets, sandboxSecrets, type Secrets } from '../sandbox/secrets.ts';
import { startReceiver } from '../stand-ins/channels/receiver.ts';
import { startEdasStandIn } from '../stand-ins/edas/stand-in.ts';
import type { EventBridgeStandIn } from '../stand-ins/eventbridge/stand-in.ts';
import { startFcStandIn, type FcStandIn } from '../stand-ins/fc/stand-in.ts';
import { taskProcess } from '../stand-ins/fc/task-process.ts';
import { startKmsStandIn, type KmsStandIn } from '../stand-ins/kms/stand-in.ts';
import type { Listening } from '../stand-ins/listen.ts';
import { openInBrowser } from './start/open-in-browser.ts';
import { createPage } from './start/page.ts';

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

/** How long a provider may ask a server, such as the metadata service of a cloud machine. */
const longestCredentialsWaitMs = 10_000;

await runCommand({
  summary: 'Runs the functions on this machine, as Function Compute would.',
  usage: 'npm start -- [--port N] [--open] [--edas stand-in|real] [--sources FILE] [--verbose]',
  options: {
    port: { type: 'string', value: 'N', default: '9000', help: 'where the function listens   (9000)' },
    open: {
      type: 'boolean',
      default: false,
      help: `open the page of the sandbox in a browser. It shows releases, requests and messages as they come, sends as any
source, and switches faults of the stand-ins on`,
    },
    edas: {
      type: 'string',
      value: 'WHICH',
      default: 'stand-in',
      help: `stand-in: an EDAS on this machine, with a release in flight that gets rolled back; a task follows
          it, and the messages of every channel are shown
real:     EDAS itself, with your own credentials: signed requests do roll back; there are no
          tasks, so nothing is deferred and nothing followed; and no events`,
    },
    sources: { ...sharedOptions.sources, help: 'the sources to run with   (sources.yaml)' },
    verbose: {
      type: 'boolean',
      default: false,
      help: 'show all: headers, whole answers and messages, every line of the log, and what the tasks ask',
    },
  },
  notes: `ROLLBACK_SUSPENDED and LOG_LEVEL are taken from the shell; for real EDAS also REGION, EDAS_ENDPOINT, KMS_ENDPOINT, the
variables that the sources name, and your credentials; secrets in KMS are then read from KMS itself. The file .env is for
the deployment, and not read here.`,
  run: async (values) => {
    const port = readPort(values.port);
    if (values.edas !== 'stand-in' && values.edas !== 'real') {
      throw new CliError(`--edas must be stand-in or real, not ${JSON.stringify(values.edas)}.`);
    }
    const configuration = compileConfigurationFile(values.sources, 'the sandbox was not started');
    const narrator = createNarrator(values.verbose);
    if (values.edas === 'real') {
      if (values.open) throw new CliError('--open is for the stand-in: on real EDAS there is no page.');
      await runOnRealEdas(port, configuration, narrator);
    } else {
      await runOnStandIn(
        { port, mayOpen: values.open, sourcesFile: values.sources },
        configuration,
        narrator,
      );
    }
  },
});

function readPort(text: string): number {
  const port = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65_535) return port;
  throw new CliError(`--port must be a number from 0 to 65535, not ${JSON.stringify(text)}.`);
}

/**
 * Of the page, and of the event bus. Not the next one: that is the function's, where a second sandbox runs. On any free one beside any
 * free one.
 */
function portBeside(port: number, distance: number): number {
  const beside = port + distance;
  return port === 0 || beside > 65_535 ? 0 : beside;
}

async function runOnStandIn(
  { port, mayOpen, sourcesFile }: { port: number; mayOpen: boolean; sourcesFile: string },
  { sources: own, events, notify }: CompiledConfiguration,
  narrator: Narrator,
): Promise<void> {
  const channels = sandboxChannels(notify);
  const sources = notify.length > 0 ? own : followedSources(own);
  const followedEvents = notify.length > 0 ? events : followedSources(events);
  const late = lateAlertSource(sources);
  const played = markReleaseRollbacks(late ? [...sources, late] : sources, [...sources, ...events]);
  const playedEvents = markReleaseRollbacks(followedEvents, [...played, ...events]);
  const built = await buildFunctions(
    { sources: played, events: playedEvents, notify: channels },
    ownFolder(),
  );
  const { webhook, follow } = built;
  const { ROLLBACK_SUSPENDED, LOG_LEVEL } = process.env;
  const secrets = sandboxSecrets(played);
  const forged = sandboxSecrets(played, 'forged');
  const suspended = isSuspended(process.env);
  const ofEvents = built.events && {
    sources: playedEvents,
    presets: eventPresetsOf(sourcesFile),
    accountId: standInContext.accountId,
    region: standInContext.region,
  };
  const page = createPage({
    sources: played,
    notify: channels,
    secrets,
    forged,
    isSuspended: suspended,
    ofEvents,
  });
  const heard = tellAll([narrator, page.listener]);

  const closing: (() => Promise<void>)[] = [];
  const stop = async () => {
    await Promise.all(closing.map((close) => close()));
  };
  try {
    const edas = await startEdasStandIn({ credentials: standInCredentials, onCall: heard.call });
    closing.push(edas.close);
    const receiver = await startReceiver({ secrets: receiverKeys, onMessage: heard.message });
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
      onLog: heard.taskLog,
    });
    const fc: FcStandIn = await startFcStandIn({
      ...standInContext,
      functions: { [followFunction]: runTask },
      maxRetries: followRetries,
      retryDelayMs: 5_000,
      onCall: heard.taskCall,
    });
    closing.push(fc.close);
    const kms = await startKms(secrets, heard);
    closing.push(kms.close);
    // Both functions make links to the page on which people decide: they lead here, and end with the sandbox.
    const confirmSecret = randomBytes(32).toString('hex');
    const envAt = (url: string) => ({
      ...shared,
      KMS_ENDPOINT: kms.url,
      FOLLOW_FUNCTION: followFunction,
      FUNCTION_ENDPOINT: fc.url,
      PUBLIC_URL: url,
      CONFIRM_SECRET: confirmSecret,
    });
    const envOfWebhook = (url: string) => ({ ...envAt(url), ...inVariables(secrets) });
    const server = await serve(port, webhook.path, standInContext, envOfWebhook, heard);
    closing.push(server.close);
    const bus =
      built.events && (await serveEvents(portBeside(port, 90), built.events.path, envAt(server.url), heard));
    if (bus) closing.push(bus.close);
    const served = await page.serve(
      { edas, fc, kms, url: server.url, publish: bus?.publish },
      portBeside(port, 80),
    );
    closing.push(served.close);
    stopOnSignal(stop);

    const [source] = sources;
    printPage(served.url);
    if (bus) printEventBus(bus.url);
    if (mayOpen) void openInBrowser(served.url).then(printNotOpened);
    narrator.begin();
    if (notify.length === 0) printOwnChannels();
    const stage = { edas, fc, url: server.url, secrets, narrator };
    const isRolledBack = source !== undefined && (await playRollback({ ...stage, source, forged }));
    if (isRolledBack && late) await playLateAlert({ ...stage, source: late });
    await printYourTurn({
      edas,
      url: server.url,
      ofEvents: bus && ofEvents && { ...ofEvents, url: bus.url },
      sources,
      secrets,
      forged,
      sourcesFile: sourcesFile === sharedOptions.sources.default ? undefined : sourcesFile,
      isSuspended: suspended,
      added: late,
    });
    printReady(server.url);
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Holds those of the secrets that sources.yaml has in KMS. */
async function startKms(secrets: Secrets, heard: SandboxListener): Promise<KmsStandIn> {
  const kms = await startKmsStandIn({ credentials: standInCredentials, onCall: heard.kmsCall });
  for (const [name, secret] of inKms(secrets)) kms.secrets.put(name, secret);
  return kms;
}

async function runOnRealEdas(
  port: number,
  { sources: own, events }: CompiledConfiguration,
  narrator: Narrator,
): Promise<void> {
  const region = process.env['REGION'];
  if (!region && !process.env['EDAS_ENDPOINT']) {
    throw new CliError(
      'Set the region of your applications first: REGION=cn-hangzhou npm start -- --edas real',
    );
  }
  await requireCredentials();
  const sources = sourcesWithoutTasks(own);
  const { webhook } = await buildFunctions({ sources, events: [], notify: [] }, ownFolder());
  const secrets = realSecrets(sources, process.env);
  const environment = Object.entries(process.env).filter(([name]) => !name.startsWith('FC_'));
  const env = { ...Object.fromEntries(environment), ...secrets };
  const server = await serve(port, webhook.path, {}, () => env, tellAll([narrator]));
  stopOnSignal(server.close);
  await printRealEdas({ url: server.url, sources, secrets });
  if (events.length > 0) printNoEvents(events);
  printReady(server.url);
}

/** @throws CliError where this machine has no credentials: EDAS could be asked nothing */
async function requireCredentials(): Promise<void> {
  const without = 'npm start without --edas real needs none.';
  const late = new CliError(
    `No Alibaba Cloud credentials came within ${longestCredentialsWaitMs / 1000} s. Run "aliyun configure". ${without}`,
  );
  try {
    const provider = await invocationCredentials({}, {});
    await withTimeout(provider.getCredentials(), longestCredentialsWaitMs, late);
  } catch (error) {
    throw error instanceof Problem ? new CliError(`${error.message} ${without}`) : error;
  }
}

async function serve(
  port: number,
  bundle: string,
  context: FunctionContext,
  envAt: (url: string) => NodeJS.Dict<string>,
  heard: SandboxListener,
): Promise<Listening> {
  try {
    const server: Listening = await startFunctionServer({
      invoke: async (...request) => (await instance()).invoke(...request),
      context,
      port,
      onRequest: heard.received,
      onAnswer: heard.answer,
    });
    // Which address it has is known only now.
    const instance = lazily(() => Promise.resolve(startInstance(bundle, envAt(server.url), heard.log)));
    const { close } = await instance();
    return {
      url: server.url,
      close: () => Promise.all([server.close(), close()]).then(() => undefined),
    };
  } catch (error) {
    if (codeOf(error) !== 'EADDRINUSE') throw error;
    throw new CliError(`Port ${port} is in use. Choose another one: npm start -- --port ${port + 1}`);
  }
}

/** The events function, with an event bus before it. */
async function serveEvents(
  port: number,
  bundle: string,
  env: NodeJS.Dict<string>,
  heard: SandboxListener,
): Promise<EventBridgeStandIn> {
  const instance = startInstance<unknown>(bundle, env, heard.log);
  const bus = await startEventBus({ invoke: instance.invoke, context: standInContext, heard, port });
  return { ...bus, close: () => Promise.all([bus.close(), instance.close()]).then(() => undefined) };
}

function stopOnSignal(stop: () => Promise<unknown>): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      console.log('\nStopped.');
      void stop().finally(() => process.exit(0));
    });
  }
}
