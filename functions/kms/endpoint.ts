import { readOrigin } from '../alibaba/origin.ts';
import { KmsFailure } from './failure.ts';

/**
 * The origin that KMS is called at: its shared gateway, `https://kms.<region>.aliyuncs.com`.
 * https://www.alibabacloud.com/help/en/kms/key-management-service/developer-reference/api-kms-2016-01-20-endpoint
 *
 * @param override `KMS_ENDPOINT`: as {@link readOrigin} takes it
 * @throws KmsFailure
 */
export function kmsEndpoint(region: string | undefined, override: string | undefined): string {
  if (override) {
    const read = readOrigin(override);
    if ('origin' in read) return read.origin;
    throw new KmsFailure('refused', `KMS_ENDPOINT ${read.fault}, such as kms-vpc.cn-hangzhou.aliyuncs.com.`);
  }
  if (region === undefined || !/^[a-z]{2,}(-[a-z0-9]+)+$/.test(region)) {
    throw new KmsFailure(
      'refused',
      'The region of KMS is not known. Set REGION to a region id, e.g. REGION=cn-hangzhou.',
    );
  }
  return `https://kms.${region}.aliyuncs.com`;
}
