import { expect, test } from 'vitest';
import { kmsEndpoint } from '../../../functions/kms/endpoint.ts';

test.each([
  ['cn-hangzhou', undefined, 'https://kms.cn-hangzhou.aliyuncs.com'],
  ['cn-beijing-finance-1', '', 'https://kms.cn-beijing-finance-1.aliyuncs.com'],
  ['cn-hangzhou', 'kms-vpc.cn-hangzhou.aliyuncs.com', 'https://kms-vpc.cn-hangzhou.aliyuncs.com'],
  [undefined, 'https://kms.example.com/', 'https://kms.example.com'],
  [undefined, 'http://127.0.0.1:9000', 'http://127.0.0.1:9000'],
])('in the region %j with the override %j it is %s', (region, override, endpoint) => {
  expect(kmsEndpoint(region, override)).toBe(endpoint);
});

test.each([
  [undefined, undefined, 'The region of KMS is not known'],
  ['cn', undefined, 'The region of KMS is not known'],
  ['cn-hangzhou.evil.example.com/', undefined, 'The region of KMS is not known'],
  ['cn-hangzhou', 'http://kms.example.com', 'KMS_ENDPOINT must be https'],
  ['cn-hangzhou', 'https://kms.example.com/path', 'KMS_ENDPOINT must be a host name or an origin'],
])('the region %j with the override %j is refused', (region, override, message) => {
  expect(() => kmsEndpoint(region, override)).toThrow(
    expect.objectContaining({ kind: 'refused', message: expect.stringContaining(message) as string }),
  );
});
