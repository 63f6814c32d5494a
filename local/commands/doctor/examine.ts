import type { CredentialsProvider } from '../../../functions/alibaba/credentials.ts';
import { isLoopback, readOrigin } from '../../../functions/alibaba/origin.ts';
import { createEdasClient } from '../../../functions/edas/client.ts';
import { Problem } from '../../../functions/errors.ts';
import type { CompiledEventSource } from '../../../functions/events/event-source.ts';
import { invocationCredentials } from '../../../functions/platform/invocation-credentials.ts';
import { openTaskQueue } from '../../../functions/platform/open-task-queue.ts';
import { setting, type Environment } from '../../../functions/platform/settings.ts';
import { TaskQueueFailure } from '../../../functions/platform/task-queue.ts';
import type { RollbackPolicy } from '../../../functions/select/policy.ts';
import type { CompiledSource } from '../../../functions/webhook/source/compiled-source.ts';
import { askingSources } from '../../build/bundle.ts';
import { asksOnPage } from '../../build/check-deployment.ts';
import type { CompiledConfiguration } from '../../build/compile-sources.ts';
import { sandboxSecrets } from '../../sandbox/secrets.ts';
import { wasDeployed } from '../deploy/deployments.ts';
import { addWhatIsMissing } from './add-what-is-missing.ts';
import { readerOf } from './ask-function-compute.ts';
import { readRole } from './ask-ram.ts';
import { checkAccess } from './check-access.ts';
import { checkChannels } from './check-channels.ts';
import { checkDeployment, checkSources } from './check-configuration.ts';
import { checkConfirm, checkPage } from './check-confirm.ts';
import { checkCredentials } from './check-credentials.ts';
import { checkDeployed } from './check-deployed.ts';
import { checkEdas } from './check-edas.ts';
import { checkEnded, checkWithin } from './check-ended.ts';
import { checkEndpoint, checkName, checkReachable, type Lookup } from './check-endpoint.ts';
import { checkEnvFile } from './check-env-file.ts';
import {
  checkDeadLetters,
  checkEventBridgeRole,
  checkTriggers,
  eventBridgeRole,
} from './check-events-function.ts';
import { checkFollowFunction } from './check-follow-function.ts';
import { checkLinks } from './check-links.ts';
import { checkOtherEnvironments } from './check-other-environments.ts';
import { checkSecrets } from './check-secrets.ts';
import { checkSettings } from './check-settings.ts';
import { checkVariables } from './check-variables.ts';
import { readDeployEnvironment } from './env-file.ts';
import { right, skipped, unknown, wrong, type Finding, type Remark } from './finding.ts';
import {
  checkKmsEndpoint,
  namesInKms,
  readKmsSecrets,
  withKmsSecrets,
  type KmsReadings,
} from './kms-readings.ts';
import { readFunctions, type Functions } from './read-functions.ts';

/** What is examined, and with what. */
export interface Examination {
  /** Where sources.yaml, s.yaml and .env are. */
  folder: string;
  /** The file with the values: .env, or that of a named environment. */
  file?: string | undefined;
  /** The environment of this process. */
  shell: Environment;
  /** Leave out what needs a network. */
  isOffline: boolean;
  /** Put in what is missing in s.yaml, .env.example and .env. */
  isFix?: boolean | undefined;
  /** The deployed function, where it is to be asked as well. */
  url?: string | undefined;
  /** Links to look at. */
  links: readonly string[];
  /** Of the account that the follow function is in, where it is given. */
  accountId?: string | undefined;
  /** Whether a deployment follows, and the alias of its key where it is not that of s.yaml. */
  deploys?: { access?: string | undefined };
  /** Epoch milliseconds. */
  now: () => number;
  lookup: Lookup;
}

/** Checks everything that can be checked, in the order in which one thing depends on another. */
export async function* examine(examination: Examination): AsyncGenerator<Remark> {
  const { file = '.env' } = examination;
  for await (const remark of examineAll(examination, file)) yield speakOf(file, remark);
}

/** The checks speak of .env; where the values are in another file, they mean that. */
function speakOf(file: string, remark: Remark): Remark {
  if (file === '.env' || !('verdict' in remark)) return remark;
  const meant = (text: string) =>
    text.includes(file) ? text : text.replaceAll(/(?<![\w/.])\.env(?!\.?\w)/g, file);
  return {
    ...remark,
    what: meant(remark.what),
    ...(remark.advice === undefined ? {} : { advice: meant(remark.advice) }),
  };
}

async function* examineAll(examination: Examination, file: string): AsyncGenerator<Remark> {
  const { folder, shell, isOffline, links, url, now } = examination;
  yield { heading: 'What is here' };
  yield right(`Node.js ${process.versions.node}`);
  const { finding, configuration } = checkSources(folder);
  yield finding;
  if (configuration && examination.isFix) yield* addWhatIsMissing(folder, configuration, file);
  const environment = readDeployEnvironment(folder, shell, file);
  if (configuration) yield checkDeployment(folder, configuration);
  if (configuration) yield* checkWithin([...configuration.sources, ...configuration.events]);
  yield* checkEnvFile(folder, file, environment);
  if (!configuration) {
    yield skipped('everything else: it depends on sources.yaml');
    return;
  }

  const { sources, notify } = configuration;
  const policies = [...sources, ...configuration.events];
  const deployment = readFunctions(folder, environment.env);
  yield { heading: 'Secrets and settings' };
  const found = isOffline ? undefined : yield* findCredentials();
  const readings = yield* examineSecrets(configuration, environment.env, deployment.env, found);
  if (namesInKms(policies, deployment.env).length > 0 && (isOffline || url === undefined)) yield rightOfRole;
  yield* checkVariables(folder, environment, shell, configuration);
  yield* checkChannels(notify, environment.env);
  yield* checkConfirm(policies, deployment.env, readings);
  const isFirst = url === undefined && !wasDeployed(folder, deployment);
  yield* checkSettings(deployment.env, deployment.role, isFirst);
  const alias = examination.deploys?.access ?? deployment.access;
  yield* checkOtherEnvironments(folder, file, deployment);
  yield checkAccess(alias, shell, examination.deploys !== undefined);
  yield* checkLinks(links, sources, environment.env, now(), readings);

  const credentials = isOffline ? '' : ', asked with your own credentials';
  yield { heading: `EDAS and Function Compute${credentials}` };
  yield* examineCloud(examination, configuration, deployment, found);
  const page = addressOfPage(deployment.env, url);
  if (!isOffline && page !== undefined && policies.some(asksOnPage)) {
    yield { heading: 'The page on which people decide' };
    yield* checkPage(page);
  }
  if (url === undefined) return;
  yield { heading: 'The function that is deployed' };
  if (isOffline) {
    yield skipped(`${url}: --offline`);
    return;
  }
  const known = withKmsSecrets(environment.env, readings);
  const asking = askingSources(configuration.events);
  yield* checkDeployed({ url, sources, asking, env: secretsFor(url, sources, known, shell), now });
}

/** Where people open the page: the sandbox at its own address, a deployment at its PUBLIC_URL. */
function addressOfPage(env: Environment, url: string | undefined): string | undefined {
  if (url !== undefined && isLoopback(new URL(url).hostname)) return url;
  const read = readOrigin(setting(env, 'PUBLIC_URL') ?? url ?? '');
  return 'origin' in read ? read.origin : undefined;
}

type FoundCredentials = Awaited<ReturnType<typeof checkCredentials>>;

async function* findCredentials(): AsyncGenerator<Remark, FoundCredentials> {
  yield { asking: 'for credentials' };
  return await checkCredentials(await invocationCredentials({}, {}));
}

const rightOfRole = skipped(
  "whether the functions' role may read these secrets from KMS: --url URL asks the function. policy/README.md#secrets-in-kms gives it the right",
);

/**
 * @param deployed the environment of the webhook function
 * @param found undefined with --offline
 * @returns what KMS gave
 */
async function* examineSecrets(
  { sources, events }: CompiledConfiguration,
  env: Environment,
  deployed: Environment,
  found: FoundCredentials | undefined,
): AsyncGenerator<Remark, KmsReadings> {
  const policies = [...sources, ...events];
  const { finding, endpoint } = checkKmsEndpoint(policies, deployed);
  if (finding) yield finding;
  const credentials = found?.credentials;
  if (endpoint === undefined || !credentials) {
    const readings: KmsReadings = new Map();
    yield* checkSecrets(
      sources,
      env,
      readings,
      found ? 'that takes its address, and credentials' : '--offline',
    );
    return readings;
  }
  yield { asking: endpoint };
  const given = await readKmsSecrets(namesInKms(policies, deployed), endpoint, credentials);
  yield* checkSecrets(sources, env, given);
  return given;
}

async function* examineCloud(
  examination: Examination,
  { sources, events }: CompiledConfiguration,
  { env, role, region, eventsFunction }: Functions,
  found: FoundCredentials | undefined,
): AsyncGenerator<Remark> {
  const { finding, endpoint } = checkEndpoint(env);
  const policies = [...sources, ...events];
  yield finding;
  if (!found) {
    const functions = events.length > 0 ? 'the follow and the events function' : 'the follow function';
    yield skipped(`whether EDAS answers, what your credentials may do, and ${functions}: --offline`);
    return;
  }
  const isReachable = endpoint === undefined ? false : yield* examineNetwork(endpoint, examination.lookup);
  yield found.finding;
  if (endpoint === undefined || !isReachable || !found.credentials) {
    yield skipped(
      'what you may do in EDAS: not asked, as that takes an address that answers, and credentials',
    );
  } else {
    const edas = createEdasClient(endpoint, found.credentials);
    yield* checkEdas(edas, operationOf(policies));
    yield* checkEnded(edas, policies, examination.now);
  }
  yield* examineFollowFunction(examination, policies, env, role, found.credentials);
  if (events.length > 0 && eventsFunction !== undefined) {
    yield* examineEventsFunction(
      examination,
      events,
      { name: eventsFunction, region, env, role },
      found.credentials,
    );
  }
}

async function* examineNetwork(endpoint: string, lookup: Lookup): AsyncGenerator<Remark, boolean> {
  yield { asking: `for the name ${new URL(endpoint).hostname}` };
  const name = await checkName(endpoint, lookup);
  yield name;
  if (name.verdict !== 'right') return false;
  yield { asking: endpoint };
  const reachable = await checkReachable(endpoint);
  yield reachable;
  return reachable.verdict === 'right';
}

/** Both need the same right, so one of them tells. */
function operationOf(sources: readonly RollbackPolicy[]) {
  const isKubernetesOnly = sources.every(({ cluster }) => cluster === 'k8s');
  return isKubernetesOnly ? 'AbortAndRollbackChangeOrder' : 'RollbackChangeOrder';
}

async function* examineFollowFunction(
  examination: Examination,
  sources: readonly RollbackPolicy[],
  env: Environment,
  role: string,
  credentials: CredentialsProvider | undefined,
): AsyncGenerator<Remark> {
  if (!sources.some(({ follow }) => follow)) {
    yield skipped(
      'the follow function: not needed, as no source is followed (follow, mode: deferred or notify in sources.yaml)',
    );
    return;
  }
  if (!credentials) {
    yield skipped('the follow function: not asked for, as that takes credentials');
    return;
  }
  const account = accountOf(examination, role);
  if (account === undefined) {
    yield accountUnknown('follow');
    return;
  }
  yield { asking: 'Function Compute' };
  try {
    const queue = await openTaskQueue({ accountId: account }, env);
    yield await checkFollowFunction(
      queue,
      setting(env, 'FOLLOW_FUNCTION') ?? '',
      examination.url !== undefined,
    );
  } catch (error) {
    if (!(error instanceof TaskQueueFailure || error instanceof Problem)) throw error;
    yield unknown(error.message.replace(/\.$/, ''), 'See .env.example.');
  }
}

function accountOf({ shell, accountId }: Examination, role: string): string | undefined {
  return accountId ?? setting(shell, 'FC_ACCOUNT_ID') ?? /^acs:ram::(\d+):/.exec(role)?.[1];
}

function accountUnknown(name: 'follow' | 'events'): Finding {
  return unknown(
    `whether the ${name} function is there: the account is not known`,
    'Say --account ID; aliyun sts GetCallerIdentity tells it.',
  );
}

/** What calls the events function, whether it may, and where events go for which it fails. */
async function* examineEventsFunction(
  examination: Examination,
  sources: readonly CompiledEventSource[],
  { name, region, env, role }: { name: string; region: string; env: Environment; role: string },
  credentials: CredentialsProvider | undefined,
): AsyncGenerator<Remark> {
  if (!credentials) {
    yield skipped('the events function: not asked for, as that takes credentials');
    return;
  }
  const account = accountOf(examination, role);
  const endpoint = setting(env, 'FUNCTION_ENDPOINT');
  const read = endpoint === undefined ? { origin: undefined } : readOrigin(endpoint);
  if (account === undefined) {
    yield accountUnknown('events');
  } else if ('fault' in read) {
    yield skipped('the events function: not asked for, as FUNCTION_ENDPOINT cannot be used');
  } else {
    yield { asking: 'Function Compute' };
    const target = { name, accountId: account, region, endpoint: read.origin };
    const reader = readerOf(target, credentials);
    const triggers = await checkTriggers(reader, name, sources, examination.url !== undefined);
    yield* triggers;
    yield* await checkDeadLetters(reader, name);
  }
  // Alibaba Cloud has one RAM for all regions. RAM_ENDPOINT is for tests, and for where a proxy stands in between.
  const ram = readOrigin(setting(examination.shell, 'RAM_ENDPOINT') ?? 'https://ram.aliyuncs.com');
  if ('fault' in ram) {
    yield wrong(`RAM_ENDPOINT ${ram.fault}`, 'Leave it empty, unless the default address is wrong.');
    return;
  }
  yield { asking: ram.origin };
  yield checkEventBridgeRole(await readRole(eventBridgeRole, ram.origin, credentials));
}

/** The sandbox has secrets of its own; those in .env are for the deployment. */
function secretsFor(
  url: string,
  sources: readonly CompiledSource[],
  env: Environment,
  shell: Environment,
): Environment {
  if (!isLoopback(new URL(url).hostname)) return env;
  const own = Object.entries(shell).filter(([, value]) => value !== '');
  return { ...sandboxSecrets(sources), ...Object.fromEntries(own) };
}
