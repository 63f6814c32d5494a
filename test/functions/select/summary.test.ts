import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { JSONValue } from '../../../functions/select/expression.ts';
import { selectSummary } from '../../../functions/select/summary.ts';
import { root } from '../../../local/build/bundle.ts';
import { compileSources } from '../../../local/build/compile-sources.ts';
import { presets, type PresetName } from '../../../presets/index.ts';

/** A source that asks people first, with the summary of its preset or with its own. */
function asking(preset: PresetName, summary?: string) {
  const own = summary === undefined ? '' : `, summary: ${JSON.stringify(summary)}`;
  const source = `{ preset: ${preset}, secrets: [A], apps: [3616cdca-0000-4000-8000-000000000001], confirm: all${own} }`;
  const [compiled] = compileSources(`sources: { a: ${source} }\nnotify: [{ kind: slack, url: SLACK_URL }]\n`);
  if (!compiled) throw new Error('There is no source.');
  return compiled;
}

function sample(name: string): JSONValue {
  const text = readFileSync(path.join(root, 'test/data/payloads', name), 'utf8');
  return name.endsWith('.txt')
    ? Object.fromEntries(new URLSearchParams(text))
    : (JSON.parse(text) as JSONValue);
}

const withSummary = Object.entries(presets).flatMap(([name, preset]) =>
  'summary' in preset ? [name as PresetName] : [],
);

describe('what the alert says,', () => {
  test.each<[preset: PresetName, payload: string, summary: string | undefined]>([
    ['alertmanager', 'alertmanager.json', 'HighErrorRate · 5xx above 5%'],
    ['grafana', 'grafana.json', 'High memory usage · This alert was triggered for zone us-1'],
    [
      'arms',
      'arms.alertmanager-format.json',
      'PodMemory · Alert: Namespace: {{$labels.namespace}} / Pod: {{$labels.pod_name}} Memory usage > 80%, Current value {{ printf "%.2f" $value }}%',
    ],
    ['sls', 'sls.json', 'checkout 5xx · 42 answers with 5xx'],
    [
      'cloudmonitor',
      'cloudmonitor.threshold.txt',
      '基础监控-ECS-内存使用率 · instance-name-example · Host.mem.usedutilization · 97.39%',
    ],
    ['argocd', 'argocd.json', 'checkout · sync Failed · health Degraded'],
    ['datadog', 'datadog.json', '[Triggered] checkout 5xx'],
    ['pagerduty', 'pagerduty.incident.json', 'API Service · A little bump in the road'],
    ['sentry', 'sentry.issue-alert.json', 'checkout errors · TypeError: example'],
    ['sentry', 'sentry.metric-alert.json', 'Critical: checkout errors · 512 events in the last 10 minutes'],
    [
      'flux',
      'flux.event.json',
      'Kustomization/webapp · ValidationFailed · service/apps/webapp validation error: spec.type: Unsupported value: Ingress',
    ],
    ['gitlab', 'gitlab.pipeline.json', 'group/proj · Pipeline for branch: main · main · test'],
    ['gitlab-token', 'gitlab.pipeline.json', 'group/proj · Pipeline for branch: main · main · test'],
    [
      'gitea',
      'gitea.status.json',
      'example/checkout · deploy/edas · EDAS change order dc5133d7-773f-4c81-9c5a-e2103dce0f6a',
    ],
    [
      'bitbucket',
      'bitbucket.commit-status.json',
      'example/checkout · Deploy to EDAS · main · EDAS change order dc5133d7-773f-4c81-9c5a-e2103dce0f6a',
    ],
    ['azure-devops', 'azure-devops.build.json', 'checkout · Build 20260101.1 failed'],
    ['circleci', 'circleci.workflow.json', 'checkout · deploy'],
    ['jenkins', 'jenkins.json', 'deploy-checkout · #412'],
    ['linear', 'linear.issue.json', 'Errors since the release'],
    ['zendesk', 'zendesk.trigger.json', 'Ticket 4711 · Urgent'],
    ['generic', 'generic.json', undefined],
    ['standard-webhooks', 'standard-webhooks.json', undefined],
    ['svix', 'standard-webhooks.json', undefined],
  ])('by the preset %s of %s', async (preset, payload, summary) => {
    expect(await selectSummary(asking(preset), sample(payload))).toBe(summary);
  });

  test('by the preset github of its own example', async () => {
    const payload = {
      repository: { full_name: 'Codertocat/Hello-World' },
      deployment: { ref: 'master' },
      deployment_status: { environment: 'production', description: 'smoke test failed' },
      workflow: null,
    };
    expect(await selectSummary(asking('github'), payload)).toBe(
      'Codertocat/Hello-World · master · production · smoke test failed',
    );
  });

  test.each<[PresetName, JSONValue, string]>([
    ['generic', { summary: 'smoke test failed' }, 'smoke test failed'],
    ['svix', { data: { summary: 'smoke test failed' } }, 'smoke test failed'],
    [
      'circleci',
      { project: { name: 'p' }, pipeline: { vcs: { branch: 'main', commit: { subject: 'Sell more' } } } },
      'p · main · Sell more',
    ],
    [
      'circleci',
      { pipeline: { trigger_parameters: { git: { branch: 'main', commit_title: 'Sell more' } } } },
      'main · Sell more',
    ],
    ['cloudmonitor', { alertName: 'CPU', instanceName: 'null', curValue: '97' }, 'CPU · 97'],
  ])('by the preset %s of %j', async (preset, payload, summary) => {
    expect(await selectSummary(asking(preset), payload)).toBe(summary);
  });

  test('of a group without common annotations is what three of its firing alerts say', async () => {
    const alerts = ['a', 'b', 'c', 'd'].map((name) => ({
      status: name === 'a' ? 'resolved' : 'firing',
      labels: { alertname: `alert ${name}` },
      annotations: name === 'b' ? {} : { description: `text ${name}` },
    }));
    const payload = { status: 'firing', alerts: [...alerts, ...alerts.slice(1)] };
    expect(await selectSummary(asking('alertmanager'), payload)).toBe(
      'alert b, alert c, alert d · text c · text d · text c',
    );
  });

  test('by the preset of a chat is nothing: what the person wrote is the command', () => {
    expect([...withSummary].sort()).not.toEqual(expect.arrayContaining(['slack']));
    expect(Object.keys(presets).filter((name) => !withSummary.includes(name as PresetName))).toEqual([
      'slack',
      'dingtalk',
      'feishu',
      'coding',
      'stripe-style',
      'codeup',
    ]);
  });

  test('is cut to 500 characters', async () => {
    const text = await selectSummary(asking('generic'), { summary: 'x'.repeat(10_000) });
    expect(text).toBe(`${'x'.repeat(500)}…`);
  });

  test('is nothing for a source that has no words of its own', async () => {
    const [source] = compileSources('sources: { a: { preset: generic, secrets: [A] } }');
    expect(source && (await selectSummary(source, { summary: 'x' }))).toBeUndefined();
  });
});

describe('what the alert says is not shown, and stops nothing, where it', () => {
  const deep = JSON.parse('['.repeat(20_000) + ']'.repeat(20_000)) as JSONValue;

  test.each<[what: string, payload: JSONValue]>([
    ['is missing', {}],
    ['is empty', { summary: '' }],
    ['is blank', { summary: ' \n ' }],
    ['is a number', { summary: 7 }],
    ['is an object', { summary: { text: 'x' } }],
    ['is in a payload that is text', 'summary'],
    ['is in no payload', null],
  ])('%s', async (_what, payload) => {
    expect(await selectSummary(asking('generic'), payload)).toBeUndefined();
  });

  test.each<JSONValue>([{}, null, 'text', 7, [], { alerts: 'none' }, { alerts: [null, 7, 'x'] }, deep])(
    'stands where no preset expects it',
    async (payload) => {
      for (const preset of withSummary) {
        // Flux has a slash between the two parts of a name.
        expect([undefined, '/']).toContain(await selectSummary(asking(preset), payload));
      }
    },
  );

  test('makes the expression fail', async () => {
    expect(await selectSummary(asking('generic', "join('', words)"), { words: 7 })).toBeUndefined();
  });
});
