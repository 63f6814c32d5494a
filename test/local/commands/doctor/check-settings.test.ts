import { describe, expect, test } from 'vitest';
import { checkSettings } from '../../../../local/commands/doctor/check-settings.ts';

const role = 'edas-rollback-webhook';
const verdicts = (env: NodeJS.Dict<string>, ownRole = role, isFirst = false) =>
  checkSettings(env, ownRole, isFirst).map(({ verdict, what }) => `${verdict}: ${what}`);

describe('the settings', () => {
  test.each([undefined, '', 'false', ' No ', 'off', '0'])(
    'arm the function with ROLLBACK_SUSPENDED=%j',
    (value) => {
      expect(verdicts({ ROLLBACK_SUSPENDED: value })).toEqual([
        expect.stringMatching(/^right: rollbacks are armed/),
        'right: the functions take the role edas-rollback-webhook, which policy/README.md creates',
      ]);
    },
  );

  test('are to be looked at where the first deployment is armed, and not where it is suspended', () => {
    expect(verdicts({}, role, true)[0]).toMatch(
      /^warning: rollbacks are armed, and nothing has been deployed/,
    );
    expect(verdicts({ ROLLBACK_SUSPENDED: 'true' }, role, true)[0]).toMatch(
      /^right: rollbacks are suspended/,
    );
  });

  test.each(['true', 'TRUE', '1', 'yes', 'on'])('suspend it with ROLLBACK_SUSPENDED=%j', (value) => {
    expect(verdicts({ ROLLBACK_SUSPENDED: value })[0]).toMatch(/^right: rollbacks are suspended/);
  });

  test('suspend it with a word that says nothing, and warn of that', () => {
    expect(verdicts({ ROLLBACK_SUSPENDED: 'flase' })[0]).toMatch(/^warning: ROLLBACK_SUSPENDED is "flase"/);
  });

  test.each([
    'http://docs.example.com/errors.md',
    'https://',
    'docs/errors.md',
    'https://docs.example.com/errors.md#x',
  ])('have an https address of the pages, or warn: %s', (url) => {
    expect(verdicts({ DOCS_URL: url }).at(-1)).toMatch(/^warning: DOCS_URL is no https address/);
  });

  test('may have an https address of the pages', () => {
    expect(verdicts({ DOCS_URL: 'https://docs.example.com/errors.md' })).toHaveLength(2);
  });

  test('have a log level that exists, or warn', () => {
    expect(verdicts({ LOG_LEVEL: 'debug' })).toHaveLength(2);
    expect(verdicts({ LOG_LEVEL: 'verbose' })[1]).toMatch(/^warning: LOG_LEVEL is "verbose"/);
  });

  test('have a role in lower case, a name or an ARN', () => {
    const arn = 'acs:ram::1234567890123456:role/edas-rollback-webhook';
    expect(verdicts({}, arn).at(-1)).toBe(
      `right: the functions take the role ${arn}, which policy/README.md creates`,
    );
    expect(verdicts({}, 'EdasRole').at(-1)).toMatch(/^wrong: the role EdasRole has capitals.* edasrole$/);
    expect(verdicts({}, '').at(-1)).toMatch(/^wrong: the functions have no role/);
  });

  test('have an address of Function Compute that is one, or none', () => {
    expect(verdicts({ FUNCTION_ENDPOINT: 'https://1.cn-hangzhou-internal.fc.aliyuncs.com' })).toHaveLength(2);
    expect(verdicts({ FUNCTION_ENDPOINT: 'http://fc.example.com' }).at(-1)).toMatch(
      /^wrong: FUNCTION_ENDPOINT must be https/,
    );
  });
});
