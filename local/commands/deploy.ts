import '../cli/ignore-debug.ts';
import { spawn } from 'node:child_process';
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { isSuspended, setting } from '../../functions/platform/settings.ts';
import type { CompiledSource } from '../../functions/webhook/source/compiled-source.ts';
import { requireDeployable } from '../build/check-deployment.ts';
import type { CompiledConfiguration } from '../build/compile-sources.ts';
import { buildFunctions, compileConfigurationFile, describeBuild } from '../build/write-bundle.ts';
import { CliError, codeOf, runCli } from '../cli/cli.ts';
import { paint } from '../cli/terminal.ts';
import { isSignedByOpenssl, opensslLines, signingVariable } from '../signing/openssl-lines.ts';
import { findNameable, isByApplication } from '../signing/sample-webhook.ts';
import { checkEndpoint } from './doctor/check-endpoint.ts';
import { deployedUrl } from './deploy/deployed-url.ts';
import { recordDeployment } from './deploy/deployments.ts';
import { deployingEnvironment, requireEnvironmentFile } from './deploy/environment-file.ts';
import { readArguments, type Arguments } from './deploy/read-arguments.ts';
import { requireNetwork } from './deploy/require-network.ts';
import { isOpen } from './doctor/check-secrets.ts';
import { readDeployEnvironment } from './doctor/env-file.ts';
import { examine } from './doctor/examine.ts';
import { readFunctions, type Functions } from './doctor/read-functions.ts';
import { exitStatus, printRemarks, summarize } from './doctor/report.ts';

const help = `Checks, builds and deploys the functions, and says how to send the first webhook.

  npm run deploy -- [--env NAME] [--folder DIR] [arguments of s deploy]

  --env NAME    take the values of .env.NAME instead of .env, such as .env.production; the shell wins over both
  --folder DIR  where sources.yaml, s.yaml and .env are, and dist/ goes   (this repository)

All other arguments go to Serverless Devs, such as -y, which asks nothing: npx s deploy --help. But -t (--template) is refused:
what is checked and built is the s.yaml of the folder. First runs what npm run doctor -- --offline does: where that finds
something wrong, nothing is built or deployed.
`;

/** For a question; a deployment takes as long as it takes. */
const longestWaitMs = 60_000;

await runCli(async () => {
  const { folder, file, isHelp, forwarded, access } = readArguments(process.argv.slice(2));
  if (isHelp) {
    console.log(help);
    return;
  }
  requireEnvironmentFile(folder, file);
  const place = { folder, file };
  await requireConnected(place);
  await requireHealthy(place, lastValue(access));
  const configuration = await build(folder);
  await deploy(place, forwarded);
  recordDeployment(folder, functionsOf(place), Date.now());
  await guide(place, access, configuration);
});

/** What is deployed: the folder, and the file in it with the values. */
type From = Pick<Arguments, 'folder' | 'file'>;

/** @throws CliError where there is no network */
async function requireConnected(from: From): Promise<void> {
  const { env } = functionsOf(from);
  await requireNetwork(checkEndpoint(env).endpoint, process.env, (hostname) => lookup(hostname));
}

function functionsOf({ folder, file }: From): Functions {
  return readFunctions(folder, readDeployEnvironment(folder, process.env, file).env);
}

/** The alias in `-a NAME`, `--access NAME`, `-a=NAME`; the last one counts. */
function lastValue(access: readonly string[]): string | undefined {
  return access.at(-1)?.replace(/^(?:-a=?|--access=)/, '');
}

/** @throws CliError where the doctor finds something wrong; what could not be checked is no reason to stop */
async function requireHealthy({ folder, file }: From, access: string | undefined): Promise<void> {
  const findings = await printRemarks(
    examine({
      folder,
      file,
      shell: process.env,
      isOffline: true,
      links: [],
      deploys: { access },
      now: Date.now,
      lookup: (hostname) => lookup(hostname),
    }),
  );
  console.log(`\n${summarize(findings)}`);
  if (exitStatus(findings) === 1)
    throw new CliError('Nothing was built or deployed: put right what is marked with ✗.');
}

async function build(folder: string): Promise<CompiledConfiguration> {
  heading('Build');
  const configuration = compileConfigurationFile(
    path.join(folder, 'sources.yaml'),
    'nothing was built or deployed',
  );
  requireDeployable(path.join(folder, 's.yaml'), configuration);
  const built = await buildFunctions(configuration, path.join(folder, 'dist'));
  for (const line of describeBuild(configuration, built)) console.log(line);
  return configuration;
}

async function deploy(from: From, args: readonly string[]): Promise<void> {
  heading('Deploy');
  const { status } = await runServerlessDevs(['deploy', ...args], from, 'inherit');
  if (status !== 0)
    throw new CliError(`s deploy ended with status ${status}: see above. Then run npm run deploy again.`);
}

/** Says where the function is, and how to send to it. What is not known then is no reason to call the deployment failed. */
async function guide(
  from: From,
  access: readonly string[],
  { sources, events }: CompiledConfiguration,
): Promise<void> {
  const { folder, file } = from;
  heading('Deployed');
  const { output } = await runServerlessDevs(
    ['info', '--silent', '--output-format', 'raw', ...access],
    from,
    'pipe',
  );
  const found = deployedUrl(output, readFileSync(path.join(folder, 's.yaml'), 'utf8'));
  const url = found ?? '$URL';
  console.log(
    found ??
      'Serverless Devs did not tell the URL. It stands above, as system_url; put it in here: URL=https://…',
  );
  console.log(`\nIs it up?\n  curl ${url}/`);
  const { env } = readDeployEnvironment(folder, process.env, file);
  const open = sources.filter((each) => isOpen(each, env));
  const source = await findNameable(open);
  const functions = readFunctions(folder, env);
  const region = setting(functions.env, 'REGION');
  const [other] = open;
  if (source) {
    console.log('\nThe first webhook. Put an id in; while ROLLBACK_SUSPENDED=true, nothing is rolled back:');
    for (const line of firstWebhook(source, url, region, file)) console.log(`  ${line}`);
  } else if (other) {
    console.log(
      '\nThe first webhook, of a payload that you have; while ROLLBACK_SUSPENDED=true, nothing is rolled back:',
    );
    for (const line of sendLines(other, '--payload FILE', url, region, file)) console.log(`  ${line}`);
  }
  console.log(`\nCheck it, with what cannot exist:\n  npm run doctor -- ${ofEnvironment(file)}--url ${url}`);
  if (events.length > 0) {
    console.log(
      `\nWhat calls ${functions.eventsFunction ?? 'the events function'}, and whether it may:\n  npm run doctor -- ${ofEnvironment(file)}--account ACCOUNT-ID`,
    );
  }
  if (!isSuspended(functions.env)) return;
  console.log(
    `\nRollbacks are suspended. Once a webhook was answered suspended, write ROLLBACK_SUSPENDED=false into ${file}, and deploy again:\n  npm run deploy -- ${ofEnvironment(file)}-y`,
  );
}

/** What names the file to a command again. */
function ofEnvironment(file: string): string {
  return file === '.env' ? '' : `--env ${file.slice('.env.'.length)} `;
}

/** Lines to paste. A secret in KMS is read with the reader's own credentials. */
function firstWebhook(
  source: CompiledSource,
  url: string,
  region: string | undefined,
  file: string,
): string[] {
  if (isSignedByOpenssl(source)) {
    const lines = opensslLines(source, url, region);
    if (signingVariable(source, region).readLine !== undefined) return lines;
    return [
      `. ./${file}   # without export: an exported variable would win over ${file} at the next deploy`,
      ...lines,
    ];
  }
  const target = isByApplication(source) ? '--app APPLICATION-ID' : '--change-order CHANGE-ORDER-ID';
  return sendLines(source, target, url, region, file);
}

function sendLines(
  source: CompiledSource,
  what: string,
  url: string,
  region: string | undefined,
  file: string,
): string[] {
  const { variable, readLine } = signingVariable(source, region);
  const send = `npm run send -- --source ${source.name} ${what} --url ${url}`;
  if (readLine !== undefined) return [readLine, `${send} --secret-env ${variable}`];
  return [`(set -a; . ./${file}; set +a; ${send})`];
}

/**
 * Runs the Serverless Devs that is installed here, which `npm run` puts first in the path.
 *
 * @throws CliError where there is none
 */
async function runServerlessDevs(
  args: readonly string[],
  { folder, file }: From,
  stdout: 'inherit' | 'pipe',
): Promise<{ status: number; output: string }> {
  const timeout = stdout === 'pipe' ? longestWaitMs : undefined;
  const env = deployingEnvironment(folder, file, process.env);
  const child = spawn('s', args, { cwd: folder, env, stdio: ['inherit', stdout, 'inherit'], timeout });
  try {
    const [[status], output] = await Promise.all([
      once(child, 'close') as Promise<[number | null]>,
      child.stdout ? text(child.stdout) : '',
    ]);
    return { status: status ?? 1, output };
  } catch (error) {
    if (codeOf(error) === 'ENOENT')
      throw new CliError('The command s is not there: npm ci, then npm run deploy.');
    throw error;
  }
}

function heading(title: string): void {
  console.log(`\n${paint('bold', title)}`);
}
