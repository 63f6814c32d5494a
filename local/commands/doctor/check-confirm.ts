import { isLoopback } from '../../../functions/alibaba/origin.ts';
import { readConfirmSettings } from '../../../functions/execute/confirm-settings.ts';
import { KmsFailure } from '../../../functions/kms/failure.ts';
import { setting, type Environment } from '../../../functions/platform/settings.ts';
import { asksOnPage } from '../../build/check-deployment.ts';
import { notRead } from './check-secrets.ts';
import { right, skipped, unknown, warning, wrong, type Finding, type Remark } from './finding.ts';
import type { KmsReading, KmsReadings, Policy } from './kms-readings.ts';

/**
 * Hosts that Function Compute gives itself. From there, browsers download a page instead of showing it.
 * https://www.alibabacloud.com/help/en/functioncompute/api-fc-2023-03-30-createcustomdomain
 */
const ownHosts = /\.(?:fcapp\.run|fc\.aliyuncs\.com)$/i;

const fiveSteps = 'A domain of your own takes five steps: docs/operations.md#a-domain-of-your-own.';

/** What the links to the page on which people decide are made of, where any source asks people there. */
export function checkConfirm(
  sources: readonly Policy[],
  env: Environment,
  readings: KmsReadings = new Map(),
): Finding[] {
  const names = sources.filter(asksOnPage).map(({ name }) => name);
  if (names.length === 0) return [];
  const settings = readConfirmSettings(env);
  if ('reason' in settings) {
    return [
      wrong(
        `${settings.variable} ${settings.reason}, so ${names.join(', ')} would be closed: people could not be asked`,
        `Put it into .env: docs/sources.md#ask-a-person-first.`,
      ),
    ];
  }
  const { publicUrl, secretsInKms } = settings;
  return [
    checkAddress(publicUrl, setting(env, 'DOMAIN_NAME')),
    ...checkShared(sources, env),
    ...secretsInKms.map((name) => checkInKms(name, readings.get(name), env)),
    ...(secretsInKms.length === 0 ? [right('CONFIRM_SECRET can be used')] : []),
  ];
}

function checkInKms(name: string, reading: KmsReading | undefined, env: Environment): Finding {
  const what = `CONFIRM_SECRET (kms:${name})`;
  if (reading === undefined) return skipped(`${what}: it was not read from KMS here`);
  if (reading instanceof KmsFailure) return notRead(what, reading);
  const read = readConfirmSettings({ ...env, CONFIRM_SECRET: reading[0].text });
  return 'reason' in read
    ? wrong(`${what} ${read.reason}`, 'Store another as a new version in KMS: openssl rand -hex 32.')
    : right(`${what} is in KMS, and long enough`);
}

function checkAddress(publicUrl: string, domainName: string | undefined): Finding {
  const { hostname } = new URL(publicUrl);
  if (ownHosts.test(hostname)) {
    return wrong(
      `PUBLIC_URL is an address of Function Compute's own, from which browsers download the page and do not show it`,
      fiveSteps,
    );
  }
  if (isLoopback(hostname)) {
    return warning(
      `PUBLIC_URL leads to this machine, so no one else can open the page`,
      'It is right for the sandbox. For a deployment, write the address that people reach.',
    );
  }
  if (domainName !== undefined && domainName.toLowerCase() !== hostname) {
    return warning(
      `PUBLIC_URL leads to ${hostname}, and the domain that s.yaml deploys is ${domainName}`,
      'Write the same name into both, unless a proxy of yours stands in front.',
    );
  }
  return right(`people are sent to ${publicUrl}`);
}

/** A secret of a sender is known to that sender, who could then make links. */
function checkShared(sources: readonly Policy[], env: Environment): Finding[] {
  const own = setting(env, 'CONFIRM_SECRET');
  const shared = sources
    .flatMap(({ secrets = [] }) => secrets)
    .find((name) => name === own || env[name] === own);
  if (shared === undefined) return [];
  return [
    wrong(
      `CONFIRM_SECRET is the same as ${shared}: its sender could make links, and decide`,
      'Make one of its own: openssl rand -hex 32.',
    ),
  ];
}

/** A path that no token opens. */
const closedPath = '/confirm/x';
const longestWaitMs = 10_000;

/**
 * Whether people can open the page at an address: it is asked for a page that no link opens, which changes nothing.
 *
 * @param url without a slash at its end
 */
export async function* checkPage(url: string): AsyncGenerator<Remark> {
  yield { asking: `${url}${closedPath}` };
  for (const method of ['GET', 'HEAD'] as const) {
    const answer = await ask(`${url}${closedPath}`, method);
    const finding = answer instanceof Response ? judge(url, method, answer) : noAnswer(url, answer.reason);
    yield finding;
    if (finding.verdict !== 'right') return;
  }
}

async function ask(url: string, method: 'GET' | 'HEAD'): Promise<Response | { reason: string }> {
  try {
    return await fetch(url, { method, redirect: 'manual', signal: AbortSignal.timeout(longestWaitMs) });
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    return { reason: cause instanceof Error ? cause.message : String(cause) };
  }
}

function noAnswer(url: string, reason: string): Finding {
  return unknown(
    `whether people can open the page: ${url} does not answer (${reason})`,
    'Is PUBLIC_URL the address that people reach, does its name point to Function Compute, and is it deployed?',
  );
}

function judge(url: string, method: 'GET' | 'HEAD', { status, headers }: Response): Finding {
  if (/^\s*attachment/i.test(headers.get('content-disposition') ?? '')) {
    return wrong(
      `${url} sends Content-Disposition: attachment, so a browser downloads the page and does not show it. Function Compute does so on its own addresses`,
      fiveSteps,
    );
  }
  const isPage = /^text\/html\b/i.test(headers.get('content-type') ?? '');
  if (status === 401 && isPage) return right(`${url} shows the page on which people decide (${method})`);
  const said = `${url}${closedPath} answers ${status} to ${method}, and not the page that says that a link is not valid (401)`;
  if (status >= 300 && status < 400) {
    return wrong(`${said}: it leads elsewhere`, 'Write the address that it leads to into PUBLIC_URL.');
  }
  if (status === 403 || status === 405) {
    return wrong(said, `Let the trigger and the route of the domain take GET, HEAD and POST: s.yaml.`);
  }
  return wrong(
    said,
    'Does the route of the domain lead /confirm/* to the webhook function, and is what stands here deployed? npm run deploy.',
  );
}
