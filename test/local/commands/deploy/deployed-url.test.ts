import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { root } from '../../../../local/cli/root.ts';
import { deployedUrl } from '../../../../local/commands/deploy/deployed-url.ts';

const template = readFileSync(path.join(root, 's.yaml'), 'utf8');
const url = 'https://edas-rollback-webhook-abcdefghij.cn-hangzhou.fcapp.run';
const webhook = {
  functionName: 'edas-rollback-webhook',
  url: { system_url: url, system_intranet_url: url.replace('hangzhou', 'hangzhou-vpc') },
};

describe('the URL of the webhook function', () => {
  test.each([
    ['one line of JSON', JSON.stringify({ webhook, follow: {} })],
    ['lines of a log around it', `[WARN] as root\n${JSON.stringify({ webhook, follow: {} })}\n\n`],
    ['the function alone, where there is one', JSON.stringify(webhook)],
    ['a slash at its end', JSON.stringify({ webhook: { url: { system_url: `${url}/` } } })],
  ])('is found in %s', (_what, info) => {
    expect(deployedUrl(info, template)).toBe(url);
  });

  test('is that of the function that has the handler, under any name', () => {
    const renamed = template.replace(/^ {2}webhook:$/m, '  hook:');
    expect(deployedUrl(JSON.stringify({ hook: webhook, follow: {} }), renamed)).toBe(url);
  });

  test.each([
    ['nothing', ''],
    ['an error', JSON.stringify({ webhook: { error: { code: 'FunctionNotFound' } }, follow: {} })],
    ['plain http', JSON.stringify({ webhook: { url: { system_url: url.replace('https', 'http') } } })],
    ['no address', JSON.stringify({ webhook: { url: { system_url: 'soon' } } })],
    ['text', 'url: system_url: https://example.com'],
    ['half of it', JSON.stringify({ webhook }).slice(0, -10)],
  ])('is not taken from %s', (_what, info) => {
    expect(deployedUrl(info, template)).toBeUndefined();
  });
});
