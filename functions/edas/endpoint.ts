import { readOrigin } from '../alibaba/origin.ts';
import { Problem } from '../errors.ts';

// Regions whose EDAS answers elsewhere than at edas.<region>.aliyuncs.com.
// https://api.aliyun.com/product/Edas (endpoint list of Edas 2017-08-01)
export const regionsOfCentralEndpoint = new Set([
  'cn-chengdu',
  'cn-huhehaote',
  'cn-wuhan',
  'cn-fujian',
  'cn-beijing-finance-1',
  'cn-beijing-gov-1',
  'cn-hangzhou-finance',
  'cn-shanghai-finance-1',
  'cn-shenzhen-finance-1',
]);
export const regionsOfTokyoEndpoint = new Set([
  'ap-south-1',
  'ap-southeast-3',
  'ap-southeast-5',
  'eu-west-1',
  'me-east-1',
  'us-west-1',
]);

/**
 * The origin that EDAS calls go to, e.g. `https://edas.cn-hangzhou.aliyuncs.com`.
 *
 * @param region Alibaba Cloud region id, e.g. `cn-hangzhou`; not needed with an override
 * @param override `EDAS_ENDPOINT`: as {@link readOrigin} takes it
 * @throws Problem `edas_endpoint_invalid`
 */
export function edasEndpoint(region: string | undefined, override: string | undefined): string {
  if (override) {
    const read = readOrigin(override);
    if ('origin' in read) return read.origin;
    throw new Problem(
      'edas_endpoint_invalid',
      `EDAS_ENDPOINT ${read.fault}, such as edas-vpc.cn-hangzhou.aliyuncs.com.`,
    );
  }
  if (!region) {
    throw new Problem(
      'edas_endpoint_invalid',
      'The region is not known. Set REGION, e.g. REGION=cn-hangzhou.',
    );
  }
  if (!/^[a-z]{2,}(-[a-z0-9]+)+$/.test(region)) {
    throw new Problem(
      'edas_endpoint_invalid',
      `REGION is ${JSON.stringify(region)}, which is not a region id such as cn-hangzhou.`,
    );
  }
  if (regionsOfCentralEndpoint.has(region)) return 'https://edas.aliyuncs.com';
  if (regionsOfTokyoEndpoint.has(region)) return 'https://edas.ap-northeast-1.aliyuncs.com';
  return `https://edas.${region}.aliyuncs.com`;
}
