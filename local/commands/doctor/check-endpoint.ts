import { exchange, ExchangeFailure } from '../../../functions/alibaba/exchange.ts';
import {
  edasEndpoint,
  regionsOfCentralEndpoint,
  regionsOfTokyoEndpoint,
} from '../../../functions/edas/endpoint.ts';
import { Problem } from '../../../functions/errors.ts';
import { setting, type Environment } from '../../../functions/platform/settings.ts';
import { nearestOf } from '../../build/did-you-mean.ts';
import { codeOf } from '../../cli/cli.ts';
import { right, unknown, warning, wrong, type Finding } from './finding.ts';

/** Looks a host name up, as `lookup` of `node:dns/promises`. */
export type Lookup = (hostname: string) => Promise<unknown>;

/** A name that every network resolves. */
const knownHost = 'edas.aliyuncs.com';
const longestWaitMs = 5000;

/**
 * Where EDAS has an address.
 * https://help.aliyun.com/en/edas/developer-reference/api-edas-2017-08-01-endpoint and https://api.aliyun.com/product/Edas
 */
const regions = [
  'cn-hangzhou',
  'cn-shanghai',
  'cn-beijing',
  'cn-qingdao',
  'cn-zhangjiakou',
  'cn-shenzhen',
  'cn-hongkong',
  'ap-northeast-1',
  'ap-southeast-1',
  'ap-southeast-2',
  'eu-central-1',
  'us-east-1',
  ...regionsOfCentralEndpoint,
  ...regionsOfTokyoEndpoint,
];

/** The address of EDAS that the functions will call. */
export function checkEndpoint(env: Environment): { finding: Finding; endpoint?: string } {
  const region = setting(env, 'REGION');
  try {
    const endpoint = edasEndpoint(region, setting(env, 'EDAS_ENDPOINT'));
    const where = region === undefined ? '' : `the region is ${region}, and `;
    const isGuessed = region !== undefined && setting(env, 'EDAS_ENDPOINT') === undefined;
    if (isGuessed && !regions.includes(region))
      return { finding: ofUnknownRegion(region, endpoint), endpoint };
    return { finding: right(`${where}EDAS is called at ${endpoint}`), endpoint };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return {
      finding: wrong(
        error.message.replace(/\.$/, ''),
        'Set it in .env: docs/errors.md#edas_endpoint_invalid.',
      ),
    };
  }
}

function ofUnknownRegion(region: string, endpoint: string): Finding {
  const meant = nearestOf(region, regions);
  return warning(
    `no document names the region ${region} for EDAS${meant === undefined ? '' : ` (did you mean ${meant}?)`}, which would be called at ${endpoint}`,
    'Put the region of your applications into REGION. If it is a new one, set EDAS_ENDPOINT, too: https://api.aliyun.com/product/Edas lists the addresses.',
  );
}

/** Whether the name of EDAS's host is known. If it is not, another name tells whether there is a network. */
export async function checkName(endpoint: string, lookup: Lookup): Promise<Finding> {
  const { hostname } = new URL(endpoint);
  const code = await failureOf(lookup, hostname);
  if (code === undefined) return right(`the name ${hostname} resolves`);
  if (code !== 'ENOTFOUND' || (await failureOf(lookup, knownHost)) !== undefined) {
    return unknown(`${hostname} does not resolve (${code}): there seems to be no network`, tryAgain);
  }
  return wrong(
    `the host ${hostname} does not exist`,
    'Is REGION spelt as Alibaba Cloud spells it, such as cn-hangzhou? Is EDAS_ENDPOINT, where it is set, right?',
  );
}

const tryAgain = 'Run the doctor again with a network; --offline leaves out what needs one.';

async function failureOf(lookup: Lookup, hostname: string): Promise<string | undefined> {
  try {
    await lookup(hostname);
    return undefined;
  } catch (error) {
    return codeOf(error) ?? 'no reason given';
  }
}

/** Whether EDAS answers at all. */
export async function checkReachable(endpoint: string): Promise<Finding> {
  try {
    await exchange(`${endpoint}/`, { method: 'GET', headers: {} }, longestWaitMs);
    return right('EDAS can be reached');
  } catch (error) {
    if (!(error instanceof ExchangeFailure)) throw error;
    if (error.isTooLarge) return right('EDAS can be reached');
    const advice = endpoint.includes('-vpc.')
      ? 'An address of a VPC is reached from inside the VPC only, as the functions will, if they are in it.'
      : 'Is there a proxy or firewall between? The functions call it from Function Compute, not from here.';
    return unknown(`EDAS does not answer at ${endpoint}: ${error.message}`, advice);
  }
}
