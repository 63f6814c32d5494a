import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { parseArgs } from 'node:util';
import type { FunctionContext } from '../../functions/platform/function-compute.ts';
import type { CompiledSource } from '../../functions/webhook/source/source.ts';
import { root } from '../build/bundle.ts';
import { buildWebhook, compileSourcesFile } from '../build/write-bundle.ts';
import { CliError, codeOf, runCli } from '../cli.ts';
import { startEdasStandIn, type EdasStandIn } from '../edas/stand-in.ts';
import { startFunctionServer, type FunctionServer } from './function-server.ts';
import { startInstance } from './instance.ts';
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
  const secrets = sandboxSecrets(sources, options);
  const run = options.isReal ? runOnRealEdas : runOnStandIn;
  await run(options, file, sources, secrets);
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

/**
 * A secret for every variable that the sources name. Against the stand-in a fixed one, so that pasted lines keep
 * working; against real EDAS yours, or else one that nobody can guess.
 */
function sandboxSecrets(sources: readonly CompiledSource[], { isReal }: Options): Record<string, string> {
  const variables = new Set(sources.flatMap(({ secrets }) => secrets));
  const make = (variable: string) => {
    if (!isReal) return `sandbox-${variable.toLowerCase()}`;
    const own = process.env[variable];
    return own === undefined || own === '' ? randomBytes(32).toString('hex') : own;
  };
  return Object.fromEntries([...variables].map((variable) => [variable, make(variable)]));
}

async function runOnStandIn(
  options: Options,
  bundle: string,
  sources: readonly CompiledSource[],
  secrets: Record<string, string>,
): Promise<void> {
  const edas = await startEdasStandIn({ credentials: standInCredentials, onCall: narrateCall });
  const context = { region: 'cn-hangzhou', credentials: standInCredentials };
  const { ROLLBACK_SUSPENDED, LOG_LEVEL } = process.env;
  const env = { ...secrets, EDAS_ENDPOINT: edas.url, ROLLBACK_SUSPENDED, LOG_LEVEL };
  const server = await serve(options, bundle, context, env).catch(async (error: unknown) => {
    await edas.close();
    throw error;
  });
  stopOnSignal(server, edas);
  const source = sources[0];
  if (source) {
    await playRollback({ edas, url: server.url, source, secrets });
    printCurlLines({ edas, url: server.url, sources, secrets });
  }
  printReady(server.url);
}

async function runOnRealEdas(
  options: Options,
  bundle: string,
  sources: readonly CompiledSource[],
  secrets: Record<string, string>,
): Promise<void> {
  const region = process.env['REGION'];
  if (!region && !process.env['EDAS_ENDPOINT']) {
    throw new CliError(
      'Set the region of your applications first: REGION=cn-hangzhou npm start -- --edas real',
    );
  }
  const environment = Object.entries(process.env).filter(([name]) => !name.startsWith('FC_'));
  const env = { ...Object.fromEntries(environment), ...secrets };
  const server = await serve(options, bundle, {}, env);
  stopOnSignal(server);
  printRealEdas({ url: server.url, sources, secrets });
  printReady(server.url);
}

async function serve(
  { port }: Options,
  bundle: string,
  context: FunctionContext,
  env: NodeJS.Dict<string>,
): Promise<FunctionServer> {
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

function stopOnSignal(server: FunctionServer, edas?: EdasStandIn): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      console.log('\nStopped.');
      void Promise.all([server.close(), edas?.close()]).finally(() => process.exit(0));
    });
  }
}
