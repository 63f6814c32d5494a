import { randomUUID } from 'node:crypto';
import {
  exchange,
  ExchangeFailure,
  type Answer,
  type ExchangeRequest,
} from '../../../functions/alibaba/exchange.ts';
import { isLoopback } from '../../../functions/alibaba/origin.ts';
import type { ErrorCode } from '../../../functions/errors.ts';
import type { Outcome } from '../../../functions/execute/outcome.ts';
import { toRecord } from '../../../functions/lib/json.ts';
import type { Environment } from '../../../functions/platform/settings.ts';
import { readKey } from '../../../functions/secrets/read-key.ts';
import { nameInKms } from '../../../functions/secrets/secret-name.ts';
import type { RollbackPolicy } from '../../../functions/select/policy.ts';
import type { CompiledSource } from '../../../functions/webhook/source/compiled-source.ts';
import { configurationDigest } from '../../build/configuration-digest.ts';
import { followedSources, sourcesWithoutTasks } from '../../sandbox/sandbox-sources.ts';
import { sandboxSecrets, secretOf } from '../../sandbox/secrets.ts';
import { asksFor, sampleWebhook, targetOfKind, type SampleWebhook } from '../../signing/sample-webhook.ts';
import { signedRequest } from '../../signing/sender.ts';
import { readAnswer } from '../send/describe-answer.ts';
import { impossibleOrder } from './check-edas.ts';
import { isOpen } from './check-secrets.ts';
import { right, skipped, unknown, warning, wrong, type Finding, type Remark } from './finding.ts';

interface Deployed {
  /** Where the function listens, without a slash at its end. */
  url: string;
  sources: readonly CompiledSource[];
  /** The sources of events that ask people first, which the function has, too. */
  asking: readonly RollbackPolicy[];
  /** With the secrets; those in KMS, as far as they were read, under `kms:NAME`. */
  env: Environment;
  /** Epoch milliseconds. */
  now: () => number;
}

/** Longer than any source may take. */
const longestWaitMs = 65_000;

/**
 * A function that runs somewhere: its health; whether it refuses what is forged; whether it takes what is rightly signed.
 * All that is sent asks for a change order, or for an application, that cannot exist, so even a function that is armed,
 * or has no gate, has nothing to roll back. Where no such webhook can be made, nothing is sent.
 */
export async function* checkDeployed(deployed: Deployed): AsyncGenerator<Remark> {
  const { sources, env } = deployed;
  yield { asking: `the function at ${deployed.url}` };
  const { finding, isUp, configuration } = await checkHealth(deployed);
  yield finding;
  if (!isUp) return;
  const isSame = mayRunThere(deployed).includes(configuration);
  if (!isSame) yield otherSources;
  for (const source of sources) {
    const webhook = await impossibleWebhook(source, deployed.now());
    if (!webhook) {
      yield skipped(`/${source.name}: ${reasonToSpare(source)}`);
      continue;
    }
    yield { asking: `/${source.name}` };
    yield await checkForged(source, webhook, deployed);
    if (!isSame) continue;
    const item = source.secrets.find((each) => typeof readKey(env[each], source.verify) !== 'string');
    if (!isOpen(source, env) || item === undefined) yield skipped(unsigned(source));
    else if (source.mode === 'deferred') {
      yield skipped(`/${source.name}: a signed webhook would start a task, and people would be told of it`);
    } else yield await checkSigned(source, item, webhook, deployed);
  }
}

const otherSources = unknown(
  'another sources.yaml is deployed than the one here, or another version of this program: nothing signed is sent, as it could ask for something real there',
  'npm run deploy brings the function to what stands here; then run the doctor again.',
);

/** The digests of the sources that stand here: as they are and, on this machine, as the sandbox runs them. */
function mayRunThere({ url, sources, asking }: Deployed): unknown[] {
  const isSandbox = isLoopback(new URL(url).hostname);
  const inSandbox = isSandbox ? [followedSources(sources), sourcesWithoutTasks(sources)] : [];
  return [sources, ...inSandbox].map((each) => configurationDigest(each, asking));
}

const isInKms = (item: string) => nameInKms(item) !== undefined;

function unsigned({ name, secrets }: CompiledSource): string {
  const fromKms = secrets.filter(isInKms);
  if (fromKms.length === 0) return `/${name}: without its secret, no webhook can be signed for it`;
  return `/${name}: no webhook is signed for it, as ${fromKms.join(', ')} could not be read here, or not be used: see its line above`;
}

/**
 * A webhook that asks for what cannot exist, as the function itself reads it. Undefined where none can be made: a source
 * may have a real application or change order in its expression, and is then sent nothing, not even what is forged, for a
 * function without a gate would act on it.
 *
 * @param now epoch milliseconds
 */
async function impossibleWebhook(source: CompiledSource, now: number): Promise<SampleWebhook | undefined> {
  if (source.verify.scheme === 'link') return undefined;
  const target = targetOfKind(source, impossibleOrder);
  const webhook = sampleWebhook(source, target, now);
  return (await asksFor(source, webhook, target)) ? webhook : undefined;
}

function reasonToSpare({ app, changeOrderId, verify }: CompiledSource): string {
  if (verify.scheme === 'link')
    return 'a link names a real application, so none is made here: --link URL checks one';
  const [key, what, text] = app
    ? ['app', 'an application', app.text]
    : ['changeOrderId', 'a change order', changeOrderId?.text];
  const place = text === undefined ? '' : `\`${key}: ${text}\`, `;
  return `${place}no payload was found for which it gives ${what} that cannot exist, so nothing is sent: npm run send -- --payload FILE tries it, and may roll back`;
}

interface Health {
  finding: Finding;
  isUp: boolean;
  /** The digest of its sources, as the function says it; one of an older version says none. */
  configuration?: unknown;
}

async function checkHealth({ url, sources, env }: Deployed): Promise<Health> {
  const answer = await ask(`${url}/`, { method: 'GET', headers: {} });
  if (answer instanceof ExchangeFailure) {
    return {
      finding: unknown(`${url} does not answer: ${answer.message}`, 'Is it what npm run deploy printed?'),
      isUp: false,
    };
  }
  const { name, sources: there, ready, configuration } = parse(answer.text);
  if (answer.status !== 200 || name !== 'edas-rollback-webhook') {
    const advice = 'Is it what npm run deploy printed, and does the function start? Its log says why not.';
    return {
      finding: wrong(`${url}/ answers ${answer.status}, and is not this function`, advice),
      isUp: false,
    };
  }
  const open = sources.filter((source) => isOpen(source, env)).length;
  const counts = `${String(ready)} of ${String(there)} sources ready`;
  if (there === sources.length && ready === open)
    return { finding: right(`${url} is up, ${counts}`), isUp: true, configuration };
  const expected = `here, ${open} of ${sources.length} are`;
  const advice = 'It was deployed with another sources.yaml or other secrets: npm run deploy.';
  return { finding: warning(`${url} is up, ${counts}; ${expected}`, advice), isUp: true, configuration };
}

async function checkForged(
  source: CompiledSource,
  webhook: SampleWebhook,
  deployed: Deployed,
): Promise<Finding> {
  // A random secret in the right form.
  const forged = secretOf(source, sandboxSecrets([source], randomUUID()));
  const answer = await post(source, webhook, forged, deployed);
  if (answer instanceof ExchangeFailure) return noAnswer(source, answer);
  const { code, outcome } = readAnswer(source, answer);
  const said = `${answer.status} ${code ?? outcome ?? ''}`.trimEnd();
  const usesKms = source.secrets.some(isInKms);
  if (answer.status === 401) {
    const wasRead = usesKms && (code === 'signature_mismatch' || code === 'token_mismatch');
    const proof = wasRead ? ', for which its role has read the secret from KMS' : '';
    return right(`/${source.name} refuses a forged webhook (${said})${proof}`);
  }
  if (code === 'secrets_unavailable') return kmsUnavailable(`/${source.name}`);
  if (code === 'source_not_configured' && usesKms) return closedByKms(`/${source.name}`);
  if (code === 'source_not_configured') {
    return warning(
      `/${source.name} is closed`,
      'Its secret was empty when it was deployed: put it into .env, and npm run deploy.',
    );
  }
  if (code === 'source_unknown')
    return wrong(`/${source.name} is not there`, 'sources.yaml has changed since: npm run deploy.');
  const what = `/${source.name} answers ${said} to a forged webhook, where it should refuse it with 401`;
  if (answer.status >= 300) return unknown(what, 'Look it up in the log of the function.');
  return wrong(what, 'Suspend it until you know why: ROLLBACK_SUSPENDED=true. Please report this.');
}

/** @param item which of its secrets signs */
async function checkSigned(
  source: CompiledSource,
  item: string,
  webhook: SampleWebhook,
  deployed: Deployed,
): Promise<Finding> {
  const answer = await post(source, webhook, deployed.env[item] ?? '', deployed);
  if (answer instanceof ExchangeFailure) return noAnswer(source, answer);
  const { code, outcome, message } = readAnswer(source, answer);
  const ofSource = { ...meanings, ...(source.secrets.some(isInKms) && meaningsWithKms(item)) };
  const judge = ofSource[(code ?? outcome ?? '') as keyof Meanings];
  if (judge) return judge(`/${source.name}`);
  // A chat's answer carries a code only where something is wrong.
  const said = `${answer.status} ${code ?? outcome ?? message ?? ''}`.trimEnd();
  return unknown(
    `/${source.name} answers ${said} to a signed webhook`,
    code === undefined ? 'Look it up in the log of the function.' : `docs/errors.md#${code} says why.`,
  );
}

const deployAgain = 'npm run deploy brings the function to what stands here.';
const outcomeUnknown = (path: string) =>
  unknown(
    `${path}: EDAS could not be asked by the function`,
    'Run the doctor again; the log of the function says more.',
  );
const otherSigning = (path: string) =>
  wrong(`${path} expects another way of signing than sources.yaml says`, deployAgain);
const otherSecret = (path: string) => wrong(`${path} has another secret than stands here`, deployAgain);
const unmade = (path: string) =>
  unknown(
    `${path} takes the signature; the payload that was made here is not one that it acts on`,
    'Send one of its own with npm run send -- --payload FILE, and an id that cannot exist.',
  );

const kmsUnavailable = (path: string) =>
  unknown(
    `${path}: KMS gave the function no secret, so it refuses every webhook for now`,
    'Run the doctor again; the log of the function says what KMS said. docs/errors.md#secrets_unavailable.',
  );
const closedByKms = (path: string) =>
  wrong(
    `${path} is closed: one of its secrets is missing or unfit, or its role may not read it from KMS`,
    'The log of the function names it. The right: policy/README.md#secrets-in-kms; then it opens by itself within a minute. A variable: put it into .env, and npm run deploy.',
  );

type Meanings = Partial<Record<ErrorCode | Outcome['outcome'], (path: string) => Finding>>;

/** @param item the secret that has signed */
function meaningsWithKms(item: string): Meanings {
  const otherVersion = (path: string) =>
    wrong(
      `${path} has another secret than ${item} is here`,
      'An instance keeps what it has read for five minutes: was a new version stored just now? If not, the function asks KMS in another region: npm run deploy.',
    );
  return {
    ...(isInKms(item) && { signature_mismatch: otherVersion, token_mismatch: otherVersion }),
    source_not_configured: closedByKms,
    secrets_unavailable: kmsUnavailable,
  };
}

/** What the answer to a rightly signed webhook shows that asks for what cannot exist. */
const meanings: Meanings = {
  change_order_not_found: (path) =>
    right(`${path} takes a signed webhook, asks EDAS with its role, and learns that there is no such order`),
  dry_run: (path) => right(`${path} takes a signed webhook: dry_run, and its role may read`),
  suspended: (path) => right(`${path} takes a signed webhook: suspended, and its role may read`),
  app_not_allowed: (path) => right(`${path} takes a signed webhook, and refuses what it may not touch`),
  app_has_no_change_in_flight: (path) =>
    right(`${path} takes a signed webhook, asks EDAS with its role, and finds nothing in flight`),
  edas_rejected: (path) =>
    right(
      `${path} takes a signed webhook, and EDAS answers its role; it refuses what cannot exist, and no right is shown by that`,
    ),
  ignored: unmade,
  sender_not_allowed: unmade,
  payload_malformed: unmade,
  change_order_id_missing: unmade,
  app_missing: unmade,
  signature_mismatch: otherSecret,
  token_mismatch: otherSecret,
  signature_missing: otherSigning,
  signature_malformed: otherSigning,
  token_missing: otherSigning,
  timestamp_missing: otherSigning,
  timestamp_malformed: otherSigning,
  timestamp_out_of_window: (path) =>
    wrong(`${path} finds the time of this machine too far from its own`, 'Set the clock.'),
  source_not_configured: (path) => wrong(`${path} is closed: its secret was not deployed`, deployAgain),
  source_unknown: (path) => wrong(`${path} is not there`, deployAgain),
  edas_denied: (path) =>
    unknown(
      `${path} takes a signed webhook, and EDAS denies its role an order that cannot exist`,
      'Either the role lacks the right, or it is limited to applications, and this order is in none: then it is all right. A real order tells, while ROLLBACK_SUSPENDED=true: npm run send. policy/README.md.',
    ),
  edas_unavailable: outcomeUnknown,
  edas_throttled: outcomeUnknown,
  edas_outcome_unknown: outcomeUnknown,
  credentials_missing: (path) =>
    wrong(`${path}: the function has no role`, 'policy/README.md creates it; then npm run deploy.'),
  edas_endpoint_invalid: (path) =>
    wrong(`${path}: the function cannot tell where EDAS is`, 'docs/errors.md#edas_endpoint_invalid.'),
  internal: (path) => wrong(`${path}: the function failed`, 'Its log says why.'),
  deferred: (path) =>
    warning(
      `${path} handed the order that cannot exist to a task, which tells people that it found none`,
      deployAgain,
    ),
  rolling_back: (path) =>
    wrong(
      `${path}: EDAS accepted the rollback of an order that cannot exist`,
      'Please report this to Alibaba Cloud and here.',
    ),
};

async function post(
  source: CompiledSource,
  { body, contentType }: SampleWebhook,
  secret: string,
  { url, now }: Deployed,
): Promise<Answer | ExchangeFailure> {
  const signing = { url, body, contentType, now: now(), id: randomUUID() };
  const { address, headers } = signedRequest(source, secret, signing);
  return ask(address, { method: 'POST', headers, body });
}

async function ask(url: string, request: ExchangeRequest): Promise<Answer | ExchangeFailure> {
  try {
    return await exchange(url, request, longestWaitMs);
  } catch (error) {
    if (error instanceof ExchangeFailure) return error;
    throw error;
  }
}

function noAnswer({ name }: CompiledSource, { message }: ExchangeFailure): Finding {
  return unknown(
    `/${name} does not answer: ${message}`,
    'Run the doctor again; the log of the function says more.',
  );
}

function parse(text: string): Record<string, unknown> {
  try {
    return toRecord(JSON.parse(text));
  } catch {
    return {};
  }
}
