import path from 'node:path';
import { parseArgs } from 'node:util';
import type { FunctionContext } from '../../functions/platform/function-compute.ts';
import type { CompiledSource } from '../../functions/webhook/source/source.ts';
import { root } from '../build/bundle.ts';
import { buildWebhook, compileSourcesFile } from '../build/write-bundle.ts';
import { CliError, codeOf, runCli } from '../cli.ts';
import { startEdasStandIn } from '../edas/stand-in.ts';
import type { Listening } from '../listen.ts';
import { startFunctionServer } from './function-server.ts';
import { startInstance } from './instance.ts';
import { realSecrets, sandboxSecrets } from './secrets.ts';
import { printCurlLines, printRealEdas, printReady } from './guide.ts';
import { narrateAnswer, narrateCall, narrateLog, playRollback } from './play.ts';

const help = `Runs the function on this machine, as Function Compute would.

  npm start -- [--port N] [--edas stand-in|real] [--sources FILE]

  --port N        where the function listens          (9000)
  --edas WHICH    stand-in: an EDAS on this machine, with a release in flight that gets rolled back
                  real:     EDAS itself, with your own credentials: signed requests do roll back
  --sources FILE  the sources to run with             (sources.yaml)

ROLLBACK_SUSPENDED and LOG_LEVEL are taken from the shell; for real EDAS also REGION, EDAS_ENDPOINT, the secrets that
the sources name, and your credentials. The file .env is for the deployment, and not read here.
`;

/** In no way secret: it works in this sandbox only. */
const standInCredentials = {
  accessKeyId: 'STS.sandbox-key-id',
  accessKeySecret: 'sandbox-key-secret',
  securityToken: 'sandbox-security-token',
};

interface Options {
  port: number;
  isReal: boolean;
  sources: string;
}

await runCli(async () => {
  const options = readOptions();
  if (!options) return;
  const sources = compileSourcesFile(options.sources);
  const { file } = await buildWebhook(sources, path.join(root, '.sandbox'));
  await (options.isReal ? runOnRealEdas : runOnStandIn)(options, file, sources);
});

function readOptions(): Options | undefined {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '9000' },
      edas: { type: 'string', default: 'stand-in' },
      sources: { type: 'string', default: path.join(root, 'sources.yaml') },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    console.log(help);
    return undefined;
  }
  const port = /^\d+$/.test(values.port) ? Number(values.port) : Number.NaN;
  if (!(port <= 65_535)) {
    throw new CliError(`--port must be a number from 0 to 65535, not ${JSON.stringify(values.port)}.`);
  }
  if (values.edas !== 'stand-in' && values.edas !== 'real') {
    throw new CliError(`--edas must be stand-in or real, not ${JSON.stringify(values.edas)}.`);
  }
  return { port, isReal: values.edas === 'real', sources: values.sources };
}

async function runOnStandIn(
  options: Options,
  bundle: string,
  sources: readonly CompiledSource[],
): Promise<void> {
  const secrets = sandboxSecrets(sources);
  const edas = await startEdasStandIn({ credentials: standInCredentials, onCall: narrateCall });
  const context = { region: 'cn-hangzhou', credentials: standInCredentials };
  const { ROLLBACK_SUSPENDED, LOG_LEVEL } = process.env;
  const env = { ...secrets, EDAS_ENDPOINT: edas.url, ROLLBACK_SUSPENDED, LOG_LEVEL };
  const server = await serve(options, bundle, context, env).catch(async (error: unknown) => {
    await edas.close();
    throw error;
  });
  const stop = () => Promise.all([server.close(), edas.close()]);
  stopOnSignal(stop);
  const [source] = sources;
  const forged = sandboxSecrets(sources, 'forged');
  try {
    if (source) await playRollback({ edas, url: server.url, source, secrets, forged });
    printCurlLines({ edas, url: server.url, sources, secrets, forged });
  } catch (error) {
    await stop();
    throw error;
  }
  printReady(server.url);
}

async function runOnRealEdas(
  options: Options,
  bundle: string,
  sources: readonly CompiledSource[],
): Promise<void> {
  const region = process.env['REGION'];
  if (!region && !process.env['EDAS_ENDPOINT']) {
    throw new CliError(
      'Set the region of your applications first: REGION=cn-hangzhou npm start -- --edas real',
    );
  }
  const secrets = realSecrets(sources, process.env);
  const environment = Object.entries(process.env).filter(([name]) => !name.startsWith('FC_'));
  const server = await serve(options, bundle, {}, { ...Object.fromEntries(environment), ...secrets });
  stopOnSignal(server.close);
  printRealEdas({ url: server.url, sources, secrets });
  printReady(server.url);
}

async function serve(
  { port }: Options,
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
