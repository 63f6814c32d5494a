import { describe, expect, test } from 'vitest';
import { compileConfiguration } from '../../../../local/build/compile-sources.ts';
import { checkChannels } from '../../../../local/commands/doctor/check-channels.ts';

const { notify } = compileConfiguration(`
sources: { one: { preset: generic, secrets: [SECRET] } }
notify: [{ kind: webhook, url: HOOK_URL, secret: HOOK_SECRET }, { kind: slack, url: SLACK_URL }]
`);
const env = {
  HOOK_URL: 'https://hook.example.com/fake-path',
  HOOK_SECRET: `whsec_${Buffer.from('fake-key-of-24-bytes-or-more').toString('base64')}`,
  SLACK_URL: 'https://hooks.slack.example.com/fake-path',
};

describe('the channels', () => {
  test('are right where each has an address and a key', () => {
    expect(checkChannels(notify, env)).toEqual([
      { verdict: 'right', what: 'HOOK_URL, HOOK_SECRET (webhook) can be used' },
      { verdict: 'right', what: 'SLACK_URL (slack) can be used' },
    ]);
  });

  test.each([
    ['an address that is missing', { SLACK_URL: undefined }, 'SLACK_URL is empty'],
    ['a key that is empty', { HOOK_SECRET: '' }, 'HOOK_SECRET is empty'],
  ])('%s is a warning', (_what, change, what) => {
    const findings = checkChannels(notify, { ...env, ...change });
    expect(findings.filter(({ verdict }) => verdict === 'warning')).toMatchObject([
      { what: expect.stringContaining(what) as unknown },
    ]);
  });

  test.each([
    ['an address with a newline', { SLACK_URL: `${env.SLACK_URL}\n` }, 'SLACK_URL begins or ends'],
    ['plain http', { SLACK_URL: 'http://hooks.example.com/fake-path' }, 'SLACK_URL must be https'],
    ['no address', { HOOK_URL: 'fake-path' }, 'HOOK_URL is no address'],
    ['a key of another form', { HOOK_SECRET: 'fake-path' }, 'HOOK_SECRET cannot be decoded'],
  ])('%s is wrong, and not shown', (_what, change, what) => {
    const findings = checkChannels(notify, { ...env, ...change });
    expect(findings.filter(({ verdict }) => verdict === 'wrong')).toMatchObject([
      { what: expect.stringContaining(what) as unknown },
    ]);
    expect(JSON.stringify(findings)).not.toContain('fake-path');
  });
});
