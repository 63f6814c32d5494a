import { describe, expect, test } from 'vitest';
import { edasEndpoint } from '../../../functions/edas/endpoint.ts';

const refusal = (message: RegExp) =>
  expect.objectContaining({
    code: 'edas_endpoint_invalid',
    message: expect.stringMatching(message) as string,
  }) as Error;

describe('by region', () => {
  test.each(['cn-hangzhou', 'cn-beijing', 'cn-hongkong', 'ap-southeast-1', 'us-east-1', 'eu-central-1'])(
    '%s has an endpoint of its own',
    (region) => {
      expect(edasEndpoint(region, undefined)).toBe(`https://edas.${region}.aliyuncs.com`);
    },
  );

  test.each([
    'cn-chengdu',
    'cn-huhehaote',
    'cn-wuhan',
    'cn-fujian',
    'cn-beijing-finance-1',
    'cn-beijing-gov-1',
    'cn-hangzhou-finance',
    'cn-shanghai-finance-1',
    'cn-shenzhen-finance-1',
  ])('%s is served by the central endpoint', (region) => {
    expect(edasEndpoint(region, undefined)).toBe('https://edas.aliyuncs.com');
  });

  test.each(['ap-south-1', 'ap-southeast-3', 'ap-southeast-5', 'eu-west-1', 'me-east-1', 'us-west-1'])(
    '%s is served from Tokyo',
    (region) => {
      expect(edasEndpoint(region, undefined)).toBe('https://edas.ap-northeast-1.aliyuncs.com');
    },
  );

  test.each([undefined, ''])('without a region (%j) it says which variable to set', (region) => {
    expect(() => edasEndpoint(region, undefined)).toThrow(refusal(/Set REGION/));
  });

  test.each([
    'hangzhou',
    'CN-HANGZHOU',
    'cn_hangzhou',
    'cn-',
    '-cn-hangzhou',
    'cn--hangzhou',
    'cn-hangzhou ',
    'cn-hangzhou\n',
    'cn-hangzhou.evil.example',
    'cn-hangzhou/',
    'cn-hangzhou:8443',
    'cn-hangzhou@evil.example',
    'cn-hangzhou#',
    'evil.example/?x=cn-hangzhou',
  ])('%j is not a region', (region) => {
    expect(() => edasEndpoint(region, undefined)).toThrow(refusal(/which is not a region id/));
  });
});

describe('EDAS_ENDPOINT', () => {
  test.each([
    ['edas-vpc.cn-hangzhou.aliyuncs.com', 'https://edas-vpc.cn-hangzhou.aliyuncs.com'],
    ['edas-vpc.cn-hangzhou.aliyuncs.com:8443', 'https://edas-vpc.cn-hangzhou.aliyuncs.com:8443'],
    ['https://edas.example.com', 'https://edas.example.com'],
    ['https://edas.example.com/', 'https://edas.example.com'],
    ['https://edas.example.com:8443', 'https://edas.example.com:8443'],
    ['https://edas.example.com:443', 'https://edas.example.com'],
    ['HTTPS://EDAS.Example.COM', 'https://edas.example.com'],
    ['localhost:8443', 'https://localhost:8443'],
    ['https://10.0.0.1', 'https://10.0.0.1'],
  ])('%s leads to %s', (override, origin) => {
    expect(edasEndpoint(undefined, override)).toBe(origin);
  });

  test('wins over the region, whatever the region is', () => {
    expect(edasEndpoint('cn-chengdu', 'edas.example.com')).toBe('https://edas.example.com');
    expect(edasEndpoint('no region', 'edas.example.com')).toBe('https://edas.example.com');
  });

  test('counts as unset when it is empty', () => {
    expect(edasEndpoint('cn-hangzhou', '')).toBe('https://edas.cn-hangzhou.aliyuncs.com');
  });

  test.each([
    ['http://127.0.0.1:8080', 'http://127.0.0.1:8080'],
    ['http://127.255.255.254', 'http://127.255.255.254'],
    ['http://127.1:8080', 'http://127.0.0.1:8080'],
    ['http://localhost:8080', 'http://localhost:8080'],
    ['http://[::1]:8080', 'http://[::1]:8080'],
  ])('%s may be plain http, for it is loopback', (override, origin) => {
    expect(edasEndpoint(undefined, override)).toBe(origin);
  });

  test.each([
    'http://edas.cn-hangzhou.aliyuncs.com',
    'http://127.0.0.1.evil.example',
    'http://127.0.0.1.example.com:8080',
    'http://128.0.0.1',
    'http://12.7.0.1',
    'http://0.0.0.0',
    'http://10.0.0.1',
    'http://localhost.evil.example',
    'http://evil-localhost',
    'http://[::2]',
    'http://[fd00::1]',
    'ftp://127.0.0.1',
    'ws://127.0.0.1',
  ])('%s is refused, for it would carry the token in the clear or is not http at all', (override) => {
    expect(() => edasEndpoint('cn-hangzhou', override)).toThrow(refusal(/must be https/));
  });

  test.each([
    ['a user', 'https://user@edas.example.com'],
    ['a user and a password', 'https://user:fake-password@edas.example.com'],
    ['loopback as the user of another host', 'http://127.0.0.1@evil.example'],
    ['loopback and a port as the user of another host', 'http://127.0.0.1:80@evil.example'],
    ['a user without a scheme', 'user@edas.example.com'],
    ['a path', 'https://edas.example.com/pop'],
    ['a path without a scheme', 'edas.example.com/pop'],
    ['a path behind a backslash', 'https://edas.example.com\\@evil.example'],
    ['a query', 'https://edas.example.com?x=1'],
    ['an empty query', 'https://edas.example.com/?'],
    ['a fragment', 'https://edas.example.com#x'],
    ['no host', 'https://'],
    ['a file', 'file:///etc/hosts'],
    ['a port out of range', 'edas.example.com:65536'],
    ['a space inside', 'edas example.com'],
    ['an IPv6 address without brackets', '::1'],
  ])('is refused with %s', (_what, override) => {
    expect(() => edasEndpoint('cn-hangzhou', override)).toThrow(refusal(/must be a host name or an origin/));
  });

  test('that is refused is not repeated, for it may hold a password', () => {
    expect(() => edasEndpoint(undefined, 'https://user:fake-password@edas.example.com')).toThrow(
      refusal(/^(?!.*fake-password)/),
    );
  });
});
