import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { eventPresetMeant, presetMeant, webhookPresetMeant } from '../../../local/build/preset-meant.ts';
import { root } from '../../../local/cli/root.ts';
import { presets } from '../../../presets/index.ts';

const names = Object.keys(presets);

test.each([
  ['prometheus', 'alertmanager'],
  ['Prometheus', 'alertmanager'],
  ['Alert Manager', 'alertmanager'],
  ['argo-cd', 'argocd'],
  ['lark', 'feishu'],
  ['\u9489\u9489', 'dingtalk'],
  ['forgejo', 'gitea'],
  ['gitlab-ci', 'gitlab'],
  ['GitLab_secret_token', 'gitlab-token'],
  ['azure_devops', 'azure-devops'],
  ['coding.net', 'coding'],
  ['pager-duty', 'pagerduty'],
  ['stripe', 'stripe-style'],
  ['webhook', 'generic'],
  ['gihub', 'github'],
  ['data', 'datadog'],
])('for %s, %s is suggested', (word, meant) => {
  expect(presetMeant(word, names)).toBe(`; did you mean "${meant}"?`);
});

test.each(['sls', 'log-service', 'Aliyun Log'])(
  'for %s, the preset sls is suggested where there is one',
  (word) => {
    expect(presetMeant(word, ['generic', 'sls'])).toBe('; did you mean "sls"?');
  },
);

describe('a sender that needs no preset is told where it stands in docs/sources.md', () => {
  const page = readFileSync(path.join(root, 'docs/sources.md'), 'utf8');
  const anchors = Array.from(page.matchAll(/^#{2,3} (.*)$/gm), ([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^a-z0-9 -]/g, '')
      .replaceAll(' ', '-'),
  );

  test.each([
    ['opsgenie', 'opsgenie'],
    ['New Relic', 'new-relic'],
    ['zabbix', 'zabbix'],
    ['flow', 'yunxiao-flow'],
    ['flagger', 'flagger'],
    ['jenkins-http', 'jenkins-with-http-request'],
    ['curl', 'a-shell-with-openssl'],
    ['teams', 'spell-out-how-a-sender-signs'],
  ])('%s: #%s', (word, anchor) => {
    expect(presetMeant(word, names)).toBe(`; it needs no preset: docs/sources.md#${anchor}`);
    expect(anchors).toContain(anchor);
  });

  test('and one of which nothing is known, too', () => {
    expect(presetMeant('watchtower', names)).toBe(
      '; npm run explain lists the presets, and docs/sources.md#senders-without-a-preset has other senders',
    );
    expect(anchors).toContain('senders-without-a-preset');
  });
});

test.each([
  ['k8s', /; no sender is called so: cluster: k8s says /],
  ['kubernetes', /cluster: k8s/],
  ['wecom', /; WeCom is told how a rollback ends/],
  ['constructor', /^; npm run explain lists/],
])('%s is no sender, and what was meant is said', (word, sentence) => {
  expect(presetMeant(word, names)).toMatch(sentence);
});

describe('a preset of events', () => {
  test.each([
    ['sls-event', 'sls-event'],
    ['SLS event', 'sls-event'],
    ['arms_events', 'arms-event'],
  ])('is told to belong under events: %s', (word, meant) => {
    expect(webhookPresetMeant(word)).toBe(
      `; ${meant} is for events: it belongs under events, beside sources`,
    );
  });

  test.each([
    ['sls', 'sls-event'],
    ['\u65e5\u5fd7\u670d\u52a1', 'sls-event'],
    ['cloudmonitor', 'cloudmonitor-event'],
    ['event', 'cloudevent'],
    ['cloud', 'cloudevent'],
  ])('for %s, %s is suggested', (word, meant) => {
    expect(eventPresetMeant(word)).toBe(`; did you mean "${meant}"?`);
  });

  test.each(['gitlab', 'argocd', 'slack'])('%s sends webhooks', (word) => {
    expect(eventPresetMeant(word)).toBe(
      `; ${word} sends webhooks: move this source under sources, or take preset: cloudevent if its events come by EventBridge`,
    );
  });

  test.each(['constructor', 'nothing-known'])('%s is none', (word) => {
    expect(eventPresetMeant(word)).toMatch(/^; there are sls-event, .* and cloudevent for any other event$/);
  });
});
