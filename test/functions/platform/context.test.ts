import { describe, expect, test } from 'vitest';
import { readContext } from '../../../functions/platform/context.ts';
import { isInFunctionCompute } from '../../../functions/platform/settings.ts';

describe('a context', () => {
  const credentials = {
    accessKeyId: 'STS.fake-access-key-id',
    accessKeySecret: 'fake-access-key-secret',
    securityToken: 'fake-security-token',
  };

  test('of Function Compute gives who calls, where, as whom, for how long and how often, and nothing else is taken', () => {
    const context = {
      requestId: 'fake-request-id',
      region: 'cn-hangzhou',
      accountId: '1234567890',
      function: { name: 'webhook', timeout: 15 },
      retryCount: 2,
      credentials: { ...credentials, expiration: 'later' },
    };
    expect(readContext(context)).toEqual({
      requestId: 'fake-request-id',
      region: 'cn-hangzhou',
      accountId: '1234567890',
      function: { name: 'webhook', timeout: 15 },
      retryCount: 2,
      credentials,
    });
  });

  test.each([
    undefined,
    null,
    'text',
    42,
    true,
    [],
    {},
    { credentials: undefined },
    { credentials: null },
    { credentials: 'text' },
    { accountId: 7, function: null, retryCount: '1' },
    { function: { name: 7, timeout: Number.NaN }, retryCount: -1 },
    { requestId: 1, region: null, credentials: { accessKeyId: 1, accessKeySecret: {}, securityToken: null } },
  ])('of %j gives nothing', (context) => {
    expect(readContext(context)).toEqual({ credentials: {}, function: {} });
  });

  test('keeps what is usable beside what is not', () => {
    expect(
      readContext({
        requestId: 'fake-request-id',
        region: 7,
        credentials: { ...credentials, securityToken: 7 },
      }),
    ).toEqual({
      requestId: 'fake-request-id',
      function: {},
      credentials: { accessKeyId: credentials.accessKeyId, accessKeySecret: credentials.accessKeySecret },
    });
  });
});

test.each([
  [{ FC_FUNCTION_NAME: 'webhook' }, true],
  [{ FC_FUNCTION_NAME: '' }, false],
  [{ FC_REGION: 'cn-hangzhou' }, false],
  [{}, false],
])('with the environment %j, the code is in Function Compute: %s', (env, expected) => {
  expect(isInFunctionCompute(env)).toBe(expected);
});
