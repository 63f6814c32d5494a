import { setting, type Environment } from '../../../functions/platform/settings.ts';
import { CliError, codeOf } from '../../cli/cli.ts';
import type { Lookup } from '../doctor/check-endpoint.ts';

/** Serverless Devs sends its calls through these. */
const proxies = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'all_proxy'];

/** Names that every network knows. */
const everywhere = ['edas.aliyuncs.com', 'www.alibabacloud.com'];

/**
 * A deployment calls Function Compute and gets fc3 from its registry. Where no such name can be looked up,
 * there is no network; where one can be, Serverless Devs tells what is wrong.
 *
 * @param edas the address of EDAS, where it is known
 * @throws CliError where there is no network
 */
export async function requireNetwork(
  edas: string | undefined,
  shell: Environment,
  lookup: Lookup,
): Promise<void> {
  if (proxies.some((name) => setting(shell, name) !== undefined)) return;
  const names = edas === undefined ? everywhere : [...new Set([new URL(edas).hostname, ...everywhere])];
  const answers = await Promise.allSettled(names.map((name) => lookup(name)));
  const failures = answers.filter((answer) => answer.status === 'rejected');
  if (failures.length < names.length) return;
  const codes = [...new Set(failures.map(({ reason }) => codeOf(reason) ?? 'no reason given'))];
  throw new CliError(
    `There is no network: this machine can look up none of ${names.join(', ')} (${codes.join(', ')}). Nothing was built or deployed. Connect to a network, or set HTTPS_PROXY where a proxy leads out, and run npm run deploy again. What needs no network: npm run doctor -- --offline, npm run build, npx s preview.`,
  );
}
