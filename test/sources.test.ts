import { createCipheriv, createHash, createHmac } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { toRecord } from '../functions/lib/json.ts';
import type { CompiledSource } from '../functions/webhook/source/compiled-source.ts';
import { publicZendeskSecret } from '../functions/secrets/decode-secret.ts';
import { coversPayload } from '../functions/webhook/verify/verify.ts';
import { root } from '../local/build/bundle.ts';
import { compileSources } from '../local/build/compile-sources.ts';
import { startEdasStandIn, type EdasStandIn } from '../local/stand-ins/edas/stand-in.ts';
import { startFcStandIn } from '../local/stand-ins/fc/stand-in.ts';
import { presets, type PresetName } from '../presets/index.ts';
import type { Preset } from '../presets/preset.ts';
import {
  fakeAccountId,
  fakeCredentials,
  fakeSecret,
  followFunction,
  openWebhook,
  startTime,
  type Webhook,
} from './support/webhook.ts';

const app = '3616cdca-0000-4000-8000-000000000001';
const orderId = 'dc5133d7-773f-4c81-9c5a-e2103dce0f6a';
const now = Date.parse(startTime);
const page = readFileSync(path.join(root, 'docs/sources.md'), 'utf8');

/** A request as its sender makes it, but for the signature. */
interface Delivery {
  body: string;
  headers?: Record<string, string>;
  /** Signs with this one instead of the source's. */
  secret?: string;
  isUnsigned?: boolean;
}

/** What the deliveries of a sender lead to. Of what does nothing, the log's outcome or code. */
interface Scenario {
  rollsBack: Record<string, Delivery>;
  doesNothing: Record<string, Delivery & { logged?: string }>;
}

const all = Object.entries(presets) as [PresetName, Preset][];

const formHeaders = { 'content-type': 'application/x-www-form-urlencoded' };

function sample(name: string): string {
  return readFileSync(path.join(root, 'test/data/payloads', name), 'utf8');
}

/** A sample with other words. They must be in it, or the test would prove nothing. */
function altered(name: string, from: string, to: string): string {
  const text = sample(name);
  if (!text.includes(from)) throw new Error(`${name} does not hold ${from}`);
  return text.replaceAll(from, to);
}

function asForm(payload: string): Delivery {
  return { body: new URLSearchParams({ payload }).toString(), headers: formHeaders };
}

/** GitHub's own examples: https://github.com/octokit/webhooks */
function githubExample(name: string): Record<string, unknown> {
  const file = path.join(root, 'node_modules/@octokit/webhooks-examples/api.github.com/index.json');
  const definitions = JSON.parse(readFileSync(file, 'utf8')) as { name: string; examples: unknown[] }[];
  return toRecord(definitions.find((definition) => definition.name === name)?.examples[0]);
}

function githubDeploymentStatus(state: string, payload: unknown = { changeOrderId: orderId }): string {
  const example = githubExample('deployment_status');
  return JSON.stringify({
    ...example,
    deployment_status: { ...toRecord(example['deployment_status']), state },
    deployment: { ...toRecord(example['deployment']), payload },
  });
}

/** https://open.feishu.cn/document/server-docs/event-subscription-guide/event-subscription-configure-/encrypt-key-encryption-configuration-case */
function encryptedForFeishu(plain: string): string {
  const key = createHash('sha256').update(fakeSecret('FEISHU_ENCRYPT_KEY')).digest();
  const start = Buffer.alloc(16, 7);
  const cipher = createCipheriv('aes-256-cbc', key, start);
  const encrypt = Buffer.concat([start, cipher.update(plain), cipher.final()]).toString('base64');
  return JSON.stringify({ encrypt });
}

const linearIssue = JSON.stringify({
  ...toRecord(JSON.parse(sample('linear.issue.json'))),
  webhookTimestamp: now,
});

const gitlab: Scenario = {
  rollsBack: { 'a pipeline that failed': { body: sample('gitlab.pipeline.json') } },
  doesNothing: {
    'a pipeline that succeeded': {
      body: altered('gitlab.pipeline.json', '"status": "failed"', '"status": "success"'),
    },
    'a deployment event': { body: sample('gitlab.deployment.json') },
  },
};

const standardWebhooks: Scenario = {
  rollsBack: { 'an event of the type': { body: sample('standard-webhooks.json') } },
  doesNothing: {
    'an event of another type': { body: altered('standard-webhooks.json', '.failed', '.succeeded') },
  },
};

const scenarios: Record<PresetName, Scenario> = {
  generic: {
    rollsBack: { 'a failure': { body: sample('generic.json') } },
    doesNothing: { 'a success': { body: altered('generic.json', 'failed', 'succeeded') } },
  },
  github: {
    rollsBack: {
      'a deployment that failed': { body: githubDeploymentStatus('failure') },
      'a deployment with an error, as a form': asForm(githubDeploymentStatus('error')),
      'a deployment whose payload is JSON as text': {
        body: githubDeploymentStatus('failure', JSON.stringify({ changeOrderId: orderId, build: app })),
      },
      'a deployment whose payload is the id alone': { body: githubDeploymentStatus('failure', orderId) },
    },
    doesNothing: {
      'a deployment that succeeded': { body: githubDeploymentStatus('success') },
      'a deployment that another user reports': {
        body: githubDeploymentStatus('failure').replaceAll('"login":"Codertocat"', '"login":"mallory"'),
        logged: 'sender_not_allowed',
      },
      'a deployment whose payload names no order': {
        body: githubDeploymentStatus('failure', { build: 7 }),
        logged: 'change_order_id_missing',
      },
      'the ping': { body: JSON.stringify(githubExample('ping')), headers: { 'X-GitHub-Event': 'ping' } },
    },
  },
  gitlab,
  'gitlab-token': gitlab,
  bitbucket: {
    rollsBack: { 'a build that failed': { body: sample('bitbucket.commit-status.json') } },
    doesNothing: {
      'a build that succeeded': { body: altered('bitbucket.commit-status.json', 'FAILED', 'SUCCESSFUL') },
    },
  },
  gitea: {
    rollsBack: {
      'a status that failed': { body: sample('gitea.status.json') },
      'the same as a form': asForm(sample('gitea.status.json')),
    },
    doesNothing: {
      'a status that succeeded': { body: altered('gitea.status.json', 'failure', 'success') },
      'the test delivery, a push': { body: sample('gitea.push.json') },
    },
  },
  'standard-webhooks': standardWebhooks,
  svix: standardWebhooks,
  slack: {
    rollsBack: {
      'a slash command': { body: sample('slack.slash-command.txt'), headers: formHeaders },
      'a button': asForm(sample('slack.button.json')),
      'a mention': { body: sample('slack.mention.json') },
    },
    doesNothing: {
      'another command': { body: sample('slack.other-command.txt'), headers: formHeaders },
      url_verification: { body: sample('slack.url-verification.json') },
      ssl_check: { body: 'token=fake&ssl_check=1', headers: formHeaders, isUnsigned: true },
    },
  },
  dingtalk: {
    rollsBack: { 'a command': { body: sample('dingtalk.outgoing.json') } },
    doesNothing: { 'another message': { body: altered('dingtalk.outgoing.json', '回滚', '看看') } },
  },
  feishu: {
    rollsBack: {
      'a message': { body: sample('feishu.message.json') },
      'an encrypted message': { body: encryptedForFeishu(sample('feishu.message.json')) },
      'a button of a card': { body: sample('feishu.card.json') },
    },
    doesNothing: {
      'another message': { body: altered('feishu.message.json', 'rollback', 'look at') },
      'the challenge': { body: sample('feishu.challenge.json'), isUnsigned: true },
      'the encrypted challenge': {
        body: encryptedForFeishu(sample('feishu.challenge.json')),
        isUnsigned: true,
      },
    },
  },
  grafana: {
    rollsBack: { 'a firing group': { body: sample('grafana.json') } },
    doesNothing: {
      'a resolved group': { body: altered('grafana.json', '"firing"', '"resolved"') },
      'the Test button': { body: sample('grafana.test.json'), logged: 'app_missing' },
    },
  },
  pagerduty: {
    rollsBack: { 'an incident': { body: sample('pagerduty.incident.json') } },
    doesNothing: {
      'an incident that is resolved': {
        body: altered('pagerduty.incident.json', 'incident.triggered', 'incident.resolved'),
      },
      'the test event': { body: sample('pagerduty.ping.json') },
    },
  },
  flux: {
    rollsBack: { 'an error': { body: sample('flux.event.json') } },
    doesNothing: { news: { body: altered('flux.event.json', '"error"', '"info"') } },
  },
  circleci: {
    rollsBack: {
      'a workflow that failed': { body: sample('circleci.workflow.json') },
      'a workflow with an error': { body: altered('circleci.workflow.json', '"failed"', '"error"') },
    },
    doesNothing: {
      'a workflow that succeeded': { body: altered('circleci.workflow.json', '"failed"', '"success"') },
      'a test ping of whatever shape': { body: '{}' },
    },
  },
  sentry: {
    rollsBack: {
      'a critical metric alert': { body: sample('sentry.metric-alert.json') },
      'an issue alert': { body: sample('sentry.issue-alert.json') },
    },
    doesNothing: {
      'a metric alert that is resolved': {
        body: altered('sentry.metric-alert.json', '"critical"', '"resolved"'),
      },
    },
  },
  zendesk: {
    rollsBack: { 'an urgent ticket': { body: sample('zendesk.trigger.json') } },
    doesNothing: {
      'another ticket': { body: altered('zendesk.trigger.json', 'Urgent', 'Low') },
      'a test before the webhook exists': {
        body: sample('zendesk.trigger.json'),
        secret: publicZendeskSecret,
      },
    },
  },
  linear: {
    rollsBack: { 'an issue': { body: linearIssue } },
    doesNothing: { 'an issue that is changed': { body: linearIssue.replace('"create"', '"update"') } },
  },
  coding: {
    rollsBack: { 'a push to the branch': { body: sample('coding.push.json') } },
    doesNothing: {
      'another push': { body: altered('coding.push.json', 'heads/rollback', 'heads/main') },
      'the ping': { body: sample('coding.ping.json'), headers: { 'X-Coding-Event': 'ping' } },
    },
  },
  'stripe-style': {
    rollsBack: { 'an event of the type': { body: sample('stripe-style.json') } },
    doesNothing: {
      'an event of another type': { body: altered('stripe-style.json', '.failed', '.succeeded') },
    },
  },
  jenkins: {
    rollsBack: { 'a build that failed': { body: sample('jenkins.json') } },
    doesNothing: { 'a build that succeeded': { body: altered('jenkins.json', 'FAILURE', 'SUCCESS') } },
  },
  alertmanager: {
    rollsBack: { 'a firing group': { body: sample('alertmanager.json') } },
    doesNothing: { 'a resolved group': { body: altered('alertmanager.json', '"firing"', '"resolved"') } },
  },
  cloudmonitor: {
    rollsBack: { 'an alert': { body: sample('cloudmonitor.threshold.txt'), headers: formHeaders } },
    doesNothing: {
      'a recovery': {
        body: altered('cloudmonitor.threshold.txt', 'alertState=ALERT', 'alertState=OK'),
        headers: formHeaders,
      },
    },
  },
  arms: {
    rollsBack: {
      'a firing group': { body: sample('arms.alertmanager-format.json') },
      'the same as text': {
        body: sample('arms.alertmanager-format.json'),
        headers: { 'content-type': 'text/plain;charset=UTF-8' },
      },
    },
    doesNothing: {
      'a resolved group': { body: altered('arms.alertmanager-format.json', '"firing"', '"resolved"') },
      'the test, whose template is not filled in': {
        body: sample('arms.test.txt'),
        logged: 'payload_malformed',
      },
    },
  },
  sls: {
    rollsBack: {
      'an alert that fires': { body: sample('sls.json') },
      'the same as text': {
        body: sample('sls.json'),
        headers: { 'content-type': 'text/plain;charset=UTF-8' },
      },
      'an alert by the template of the recipe': {
        body: JSON.stringify({
          status: 'firing',
          alert_name: 'checkout 5xx',
          fire_time: 1_767_225_600,
          labels: { edas_app_id: app },
        }),
      },
    },
    doesNothing: {
      'an alert that is resolved': { body: altered('sls.json', '"firing"', '"resolved"') },
      'an alert without the label': {
        body: altered('sls.json', 'edas_app_id', 'other_label'),
        logged: 'app_missing',
      },
      'a template without labels': {
        body: JSON.stringify({ status: 'firing', fire_time: 1_767_225_600 }),
        logged: 'payload_unexpected',
      },
    },
  },
  argocd: {
    rollsBack: {
      'a sync that failed': { body: sample('argocd.json') },
      'an application that is only degraded': { body: altered('argocd.json', 'Failed', 'Succeeded') },
    },
    doesNothing: {
      'a sync that succeeded': {
        body: altered('argocd.json', 'Failed', 'Succeeded').replace('Degraded', 'Healthy'),
      },
    },
  },
  datadog: {
    rollsBack: { 'a monitor that is triggered': { body: sample('datadog.json') } },
    doesNothing: {
      'a monitor that has recovered': { body: altered('datadog.json', '"Triggered"', '"Recovered"') },
      'a test that fills nothing in': { body: altered('datadog.json', '"Triggered"', '""') },
    },
  },
  'azure-devops': {
    rollsBack: {
      'a build that failed': { body: sample('azure-devops.build.json') },
      'the same as resource version 1.0 has it': {
        body: altered('azure-devops.build.json', '"completed",\n    "result": "failed"', '"failed"'),
      },
    },
    doesNothing: {
      'a build that succeeded, as in the test': {
        body: altered('azure-devops.build.json', '"failed"', '"succeeded"'),
      },
    },
  },
  codeup: {
    rollsBack: { 'a comment': { body: sample('codeup.note.json') } },
    doesNothing: {
      'another comment': { body: altered('codeup.note.json', '回滚', '看看') },
      'the test button': { body: sample('codeup.test.json') },
    },
  },
};

const withoutPreset: Record<string, Scenario> = {
  'New Relic': {
    rollsBack: { 'an issue': { body: sample('new-relic.json') } },
    doesNothing: { 'a closed issue': { body: altered('new-relic.json', 'ACTIVATED', 'CLOSED') } },
  },
  Opsgenie: {
    rollsBack: { 'an alert': { body: sample('opsgenie.json') } },
    doesNothing: { 'a closed alert': { body: altered('opsgenie.json', '"Create"', '"Close"') } },
  },
  Zabbix: {
    rollsBack: { 'a problem': { body: sample('zabbix.json') } },
    doesNothing: { 'a recovery': { body: altered('zabbix.json', '"value": "1"', '"value": "0"') } },
  },
  'Yunxiao Flow': {
    rollsBack: { 'a task that failed': { body: sample('yunxiao-flow.task.json') } },
    doesNothing: { 'a task that succeeded': { body: altered('yunxiao-flow.task.json', 'FAIL', 'SUCCESS') } },
  },
  Flagger: {
    rollsBack: { 'a canary that failed': { body: sample('flagger.json') } },
    doesNothing: { 'a canary that was promoted': { body: altered('flagger.json', 'Failed', 'Succeeded') } },
  },
  'Jenkins with HTTP Request': scenarios.jenkins,
  'A shell with openssl': scenarios.generic,
  'Grafana with a time, or other headers': scenarios.grafana,
  'Flux with SHA-512': scenarios.flux,
  'GitHub with the old signature': scenarios.github,
};

function yamlBlocks(text: string): string[] {
  return Array.from(text.matchAll(/^```yaml\n(sources:\n.*?)^```$/gms), ([, yaml = '']) => yaml);
}

/** What stands under a heading, up to the next one of its level or above. */
function section(level: number, title: string): string {
  const marks = '#'.repeat(level);
  const after = page.split(`\n${marks} ${title}\n`)[1] ?? '';
  return after.split(new RegExp(`^#{1,${level}} `, 'm'))[0] ?? '';
}

function headings(text: string): string[] {
  return Array.from(text.matchAll(/^### (.*)$/gm), ([, title = '']) => title);
}

/** The one recipe under a heading, before any variant of it. */
function recipe(title: string): { yaml: string; sources: CompiledSource[] } {
  const [main = ''] = section(3, title).split('\n#### ');
  const [yaml = '', ...others] = yamlBlocks(main);
  if (yaml === '' || others.length > 0) throw new Error(`There must be one block of sources under ${title}`);
  return { yaml, sources: compileSources(yaml) };
}

describe('docs/sources.md', () => {
  test('has one recipe for each preset, in their order, that makes a source of it', () => {
    const names = Object.keys(presets);
    expect(headings(section(2, 'Presets'))).toEqual(names);
    for (const name of names) expect(recipe(name).yaml).toContain(`  ${name}:\n    preset: ${name}\n`);
  });

  test('has a test for each recipe without a preset, and no other', () => {
    expect(headings(section(2, 'Senders without a preset'))).toEqual(Object.keys(withoutPreset));
  });

  test.each(yamlBlocks(page).map((yaml): [string, string] => [yaml.split('\n')[1] ?? '', yaml]))(
    'compiles:%s',
    (_, yaml) => {
      expect(compileSources(yaml).length).toBeGreaterThan(0);
    },
  );

  test('says of each preset whether it needs apps and how long its sender waits', () => {
    const rows = Array.from(
      section(2, 'Which sender').matchAll(/^\| \[`([a-z-]+)`\]\(#([a-z-]+)\) +\|(.*)\|$/gm),
    );
    const written = rows.map(([, name, anchor, cells = '']) => {
      const [, , apps, , , deadline] = cells.split('|').map((cell) => cell.trim());
      return [name, anchor, apps, deadline];
    });
    expect(written).toEqual(
      all.map(([name, preset]) => [name, name, appsOf(preset), `${preset.deadlineMs / 1000} s`]),
    );
  });

  test('links to files and headings that are there', () => {
    const links = Array.from(page.matchAll(/\]\((?!https?:)([^)]+)\)/g), ([, link = '']) => link);
    const titles = Array.from(page.matchAll(/^#+ (.*)$/gm), ([, title = '']) => title);
    const anchors = titles.map((title) =>
      title
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} -]/gu, '')
        .replaceAll(' ', '-'),
    );
    const missing = links.filter((link) => {
      const [file = '', anchor = ''] = link.split('#');
      return file === '' ? !anchors.includes(anchor) : !existsSync(path.join(root, 'docs', file));
    });
    expect(links.length).toBeGreaterThan(20);
    expect(missing).toEqual([]);
  });
});

function appsOf({ verify, isByApplication }: Preset): string {
  if (isByApplication && verify.scheme !== 'link') return 'one';
  return coversPayload(verify) ? 'optional' : 'required';
}

let edas: EdasStandIn;

beforeEach(async () => {
  edas = await startEdasStandIn({ credentials: fakeCredentials });
  // In flight at every time that the samples speak of.
  const createdAt = Date.parse('2016-01-01T00:00:00Z');
  edas.orders.add({ id: orderId, appId: app, createdAt, readyMs: 0, batchMs: 10 ** 13 });
});

afterEach(() => edas.close());

function deliver(webhook: Webhook, source: string, { body, headers, secret, isUnsigned }: Delivery) {
  if (isUnsigned) return webhook.send({ path: `/${source}`, body, headers: headers ?? {} });
  return webhook.post(source, body, {
    grant: { app, expiresAtSeconds: now / 1000 + 86_400 },
    ...(headers && { headers }),
    ...(secret !== undefined && { secret }),
  });
}

const cases = [...Object.entries(scenarios), ...Object.entries(withoutPreset)].flatMap(
  ([title, scenario]) => {
    const { yaml, sources } = recipe(title);
    return sources.map(({ name }) => ({ title, name, yaml, ...scenario }));
  },
);

describe.each(cases)('the recipe "$title" ($name)', ({ name, yaml, rollsBack, doesNothing }) => {
  test.each(Object.entries(rollsBack))('rolls back: %s', async (_, delivery) => {
    const webhook = openWebhook(edas, { sources: yaml });
    await deliver(webhook, name, delivery);
    expect(webhook.decisions()).toMatchObject([
      { source: name, outcome: 'rolling_back', changeOrderId: orderId },
    ]);
    expect(edas.orders.rollbacksOf(orderId)).toBe(1);
  });

  test.each(Object.entries(doesNothing))(
    'does nothing: %s',
    async (_, { logged = 'ignored', ...delivery }) => {
      const webhook = openWebhook(edas, { sources: yaml });
      await deliver(webhook, name, delivery);
      const decisions = webhook.decisions().map(({ outcome, code }) => outcome ?? code);
      expect(decisions).toEqual([logged]);
      expect(edas.calls).toEqual([]);
    },
  );
});

// vectors.test.ts holds the other presets against signatures of other people's making. These are signed here without a
// look at what the source verifies.
describe('the headers that a sender writes, made by hand, are taken by the recipe', () => {
  const seconds = String(now / 1000);
  const signed = (algorithm: string, text: string, variable: string) =>
    createHmac(algorithm, fakeSecret(variable)).update(text).digest('hex');

  test.each<[title: string, name: string, file: string, sign: (body: string) => Record<string, string>]>([
    [
      'generic',
      'generic',
      'generic.json',
      (body) => ({ 'X-Signature-256': `sha256=${signed('sha256', body, 'GENERIC_SECRET')}` }),
    ],
    [
      'gitea',
      'gitea',
      'gitea.status.json',
      (body) => ({ 'X-Gitea-Signature': signed('sha256', body, 'GITEA_SECRET') }),
    ],
    [
      'gitea',
      'gitea',
      'gitea.status.json',
      (body) => ({ 'X-Forgejo-Signature': signed('sha256', body, 'GITEA_SECRET') }),
    ],
    [
      'gitea',
      'gitea',
      'gitea.status.json',
      (body) => ({ 'X-Gogs-Signature': signed('sha256', body, 'GITEA_SECRET') }),
    ],
    [
      'coding',
      'coding',
      'coding.push.json',
      (body) => ({ 'X-Coding-Signature': `sha1=${signed('sha1', body, 'CODING_TOKEN')}` }),
    ],
    [
      'jenkins',
      'jenkins',
      'jenkins.json',
      (body) => ({ 'X-Jenkins-Signature': signed('sha256', body, 'SECRET_JENKINS') }),
    ],
    ['alertmanager', 'alertmanager', 'alertmanager.json', () => bearerOf('ALERTMANAGER_TOKEN')],
    ['arms', 'arms', 'arms.alertmanager-format.json', () => bearerOf('ARMS_TOKEN')],
    ['sls', 'sls', 'sls.json', () => bearerOf('SLS_TOKEN')],
    ['argocd', 'argocd', 'argocd.json', () => bearerOf('ARGOCD_TOKEN')],
    ['datadog', 'datadog', 'datadog.json', () => bearerOf('DATADOG_TOKEN')],
    ['codeup', 'codeup', 'codeup.note.json', () => ({ 'X-Codeup-Token': fakeSecret('CODEUP_TOKEN') })],
    [
      'azure-devops',
      'azure-devops',
      'azure-devops.build.json',
      () => ({ Authorization: `Basic ${btoa('fake-user:fake-value-of-AZURE_DEVOPS_BASIC')}` }),
    ],
    [
      'feishu',
      'feishu',
      'feishu.message.json',
      (body) => ({
        'X-Lark-Request-Timestamp': seconds,
        'X-Lark-Request-Nonce': 'fake-nonce',
        'X-Lark-Signature': createHash('sha256')
          .update(`${seconds}fake-nonce${fakeSecret('FEISHU_ENCRYPT_KEY')}${body}`)
          .digest('hex'),
      }),
    ],
    ['New Relic', 'new-relic', 'new-relic.json', () => bearerOf('NEW_RELIC_TOKEN')],
    ['Opsgenie', 'opsgenie', 'opsgenie.json', () => bearerOf('OPSGENIE_TOKEN')],
    ['Zabbix', 'zabbix', 'zabbix.json', () => bearerOf('ZABBIX_TOKEN')],
    ['Jenkins with HTTP Request', 'jenkins-http', 'jenkins.json', () => bearerOf('TOKEN_JENKINS')],
    [
      'A shell with openssl',
      'shell',
      'generic.json',
      (body) => ({
        'X-Time': seconds,
        'X-Signature': signed('sha256', `${seconds}.${body}`, 'SHELL_SECRET'),
      }),
    ],
    [
      'Grafana with a time, or other headers',
      'grafana-time',
      'grafana.json',
      (body) => ({
        'X-Grafana-Alerting-Signature-Timestamp': seconds,
        'X-Grafana-Alerting-Signature': signed('sha256', `${seconds}:${body}`, 'GRAFANA_SECRET'),
      }),
    ],
    [
      'Grafana with a time, or other headers',
      'grafana-renamed',
      'grafana.json',
      (body) => ({ 'X-Rollback-Signature': signed('sha256', body, 'GRAFANA_SECRET') }),
    ],
    [
      'Flux with SHA-512',
      'flux-sha512',
      'flux.event.json',
      (body) => ({ 'X-Signature': `sha512=${signed('sha512', body, 'FLUX_TOKEN')}` }),
    ],
  ])('%s (%s)', async (title, name, file, sign) => {
    const body = sample(file);
    const webhook = openWebhook(edas, { sources: recipe(title).yaml });
    await webhook.send({ path: `/${name}`, body, headers: sign(body) });
    expect(webhook.decisions()).toMatchObject([{ source: name, outcome: 'rolling_back' }]);
  });

  test("GitHub's old signature", async () => {
    const body = githubDeploymentStatus('failure');
    const webhook = openWebhook(edas, { sources: recipe('GitHub with the old signature').yaml });
    const headers = { 'X-Hub-Signature': `sha1=${signed('sha1', body, 'SECRET_GITHUB')}` };
    await webhook.send({ path: '/github-sha1', body, headers });
    expect(webhook.decisions()).toMatchObject([{ outcome: 'rolling_back' }]);
  });
});

function bearerOf(variable: string): Record<string, string> {
  return { Authorization: `Bearer ${fakeSecret(variable)}` };
}

describe('what the page says of answers is what is answered:', () => {
  const blocks = Array.from(
    section(3, 'What a chat answers').matchAll(/^```json\n(.*?)^```$/gms),
    ([, json = '']): unknown => JSON.parse(json),
  );

  test.each([
    ['slack', scenarios.slack.rollsBack['a slash command'], blocks[0]],
    ['dingtalk', scenarios.dingtalk.rollsBack['a command'], blocks[1]],
    ['feishu', scenarios.feishu.rollsBack['a button of a card'], blocks[2]],
  ])('%s', async (name, delivery, block) => {
    const webhook = openWebhook(edas, { sources: recipe(name).yaml });
    const answer = delivery && (await deliver(webhook, name, delivery));
    expect(answer).toMatchObject({ status: 200, body: block });
  });

  test('Simple Log Service gets exactly 200, whatever came of it, unless nothing was decided', async () => {
    const webhook = openWebhook(edas, { sources: recipe('sls').yaml });
    const first = await webhook.post('sls', sample('sls.json'));
    expect(first).toMatchObject({ status: 200, body: { outcome: 'rolling_back' } });
    const repeat = await webhook.post('sls', sample('sls.json'));
    expect(repeat).toMatchObject({ status: 200, body: { code: 'app_has_no_change_in_flight' } });
    const unproven = await webhook.post('sls', sample('sls.json'), { secret: 'fake-other-token' });
    expect(unproven.status).toBe(401);
    await edas.close();
    const undecided = await webhook.post('sls', sample('sls.json'));
    expect(undecided).toMatchObject({ status: 502, body: { code: 'edas_unavailable', retry: true } });
  });

  describe('argocd: of what fired, the later time is the beginning of the problem.', () => {
    const released = Date.parse('2026-01-01T12:00:00Z');
    const earlier = '2026-01-01T11:00:00Z';
    const later = '2026-01-01T13:00:00Z';

    test.each<[string, Record<string, string>, string]>([
      [
        'Degraded after the release',
        { health: 'Degraded', degradedAt: later, phase: 'Succeeded', finishedAt: earlier },
        'rolling_back',
      ],
      [
        'Degraded since before the release, which may be the repair',
        { health: 'Degraded', degradedAt: earlier, phase: 'Succeeded', finishedAt: later },
        'problem_predates_change',
      ],
      [
        'a sync that failed after the release',
        { health: 'Healthy', degradedAt: earlier, phase: 'Failed', finishedAt: later },
        'rolling_back',
      ],
      [
        'a sync that failed before the release',
        { health: 'Progressing', degradedAt: later, phase: 'Error', finishedAt: earlier },
        'problem_predates_change',
      ],
      [
        'Degraded after the release, with an old failure',
        { health: 'Degraded', degradedAt: later, phase: 'Failed', finishedAt: earlier },
        'rolling_back',
      ],
      [
        'Degraded, by an Argo CD without a transition time',
        { health: 'Degraded', degradedAt: '', phase: 'Succeeded', finishedAt: earlier },
        'problem_predates_change',
      ],
      [
        'Degraded, without any time',
        { health: 'Degraded', degradedAt: '', phase: 'Running', finishedAt: '' },
        'payload_malformed',
      ],
      [
        'the template from before there were times',
        { health: 'Degraded', phase: 'Failed' },
        'payload_malformed',
      ],
    ])('%s', async (_what, fields, ends) => {
      edas.orders.rollback(orderId);
      edas.orders.add({ appId: app, createdAt: released, readyMs: 0, batchMs: 10 ** 13 });
      const webhook = openWebhook(edas, { sources: recipe('argocd').yaml });
      await webhook.post('argocd', { app: 'checkout', edasAppId: app, ...fields });
      expect(webhook.decisions().map(({ outcome, code }) => outcome ?? code)).toEqual([ends]);
    });
  });

  test('an alert that repeats itself is told that nothing is in flight', async () => {
    const webhook = openWebhook(edas, { sources: recipe('alertmanager').yaml });
    await webhook.post('alertmanager', sample('alertmanager.json'));
    const answer = await webhook.post('alertmanager', sample('alertmanager.json'));
    expect(answer).toMatchObject({ status: 200, body: { code: 'app_has_no_change_in_flight' } });
  });

  test('an alert that repeats itself while the repair is being deployed leaves the repair alone', async () => {
    const webhook = openWebhook(edas, { sources: recipe('alertmanager').yaml });
    await webhook.post('alertmanager', sample('alertmanager.json'));
    const repair = edas.orders.add({ appId: app, createdAt: now - 60_000, readyMs: 0, batchMs: 10 ** 13 });
    const answer = await webhook.post('alertmanager', sample('alertmanager.json'));
    expect(answer).toMatchObject({
      status: 200,
      body: { code: 'problem_predates_change', changeOrderId: repair },
    });
    expect(edas.orders.rollbacksOf(repair)).toBe(0);
  });

  test.each(all.filter(([, { refusalStatus }]) => refusalStatus === 200).map(([name]) => name))(
    '%s is refused with 200 and a code, unless it cannot prove itself',
    async (name) => {
      const webhook = openWebhook(edas, { sources: recipe(name).yaml });
      const headers = presets[name].contentTypes.some((type) => type === 'json') ? {} : formHeaders;
      const refused = await deliver(webhook, name, { body: '%', headers });
      expect([refused.status, refused.body['code']]).toEqual([200, 'payload_malformed']);
      expect(webhook.decisions()).toMatchObject([{ level: 'warn', code: 'payload_malformed' }]);
      const unproven = await webhook.send({ path: `/${name}`, body: '[' });
      expect(unproven.status).toBe(401);
    },
  );

  test.each([
    ['circleci', 'circleci.workflow.json'],
    ['azure-devops', 'azure-devops.build.json'],
    ['pagerduty', 'pagerduty.incident.json'],
  ])('%s that tries again later does not hit a deployment that began since', async (name, file) => {
    edas.orders.rollback(orderId);
    edas.orders.add({ appId: app, createdAt: now - 60_000, readyMs: 0, batchMs: 10 ** 13 });
    const webhook = openWebhook(edas, { sources: recipe(name).yaml });
    await webhook.post(name, sample(file));
    expect(webhook.decisions()).toMatchObject([{ code: 'problem_predates_change' }]);
  });
});

describe('a release that has ended is rolled back as the page says:', () => {
  const [alerts = '', pipeline = ''] = yamlBlocks(section(2, 'Releases that have ended'));
  const minuteMs = 60_000;
  const lateAlert = altered('alertmanager.json', '2026-01-01T00:00:00', '2026-01-02T03:00:00');

  /** Three releases, of which the newest has ended some minutes ago, and the function over them. */
  async function open(yaml: string, endedMinutesAgo = 10) {
    const ended = await startEdasStandIn({
      credentials: fakeCredentials,
      now: () => now,
      signatureNow: () => Date.now(),
    });
    onTestFinished(() => ended.close());
    const fc = await startFcStandIn({
      credentials: fakeCredentials,
      accountId: fakeAccountId,
      functions: { [followFunction]: () => Promise.resolve() },
    });
    onTestFinished(() => fc.close());
    const createdAt = now - (endedMinutesAgo + 2) * minuteMs;
    const usual = { appId: app, readyMs: 0, batchMs: minuteMs, pauseMs: 0 };
    const day = 24 * 60 * minuteMs;
    ended.orders.add({ ...usual, version: '2026-11-27 10:00:00', createdAt: createdAt - 2 * day });
    ended.orders.add({ ...usual, version: '2026-11-28 10:00:00', createdAt: createdAt - day });
    ended.orders.add({ ...usual, version: '2026-11-29 10:00:00', createdAt, id: orderId });
    return { edas: ended, fc, webhook: openWebhook(ended, { sources: yaml, fc }) };
  }

  test('an alert that comes ten minutes late is handed to a task, and a repeat is told so', async () => {
    const { edas: ended, fc, webhook } = await open(alerts);
    const answer = await webhook.post('shop', lateAlert);
    expect(answer).toMatchObject({
      status: 202,
      body: {
        outcome: 'deferred',
        changeOrderId: orderId,
        fromVersion: '2026-11-29 10:00:00',
        toVersion: '2026-11-28 10:00:00',
        groups: [expect.any(String)],
      },
    });
    expect(fc.tasks.map(({ taskId }) => taskId)).toEqual([`ended-${orderId}`]);
    const repeat = await webhook.post('shop', lateAlert);
    expect(repeat).toMatchObject({ status: 200, body: { outcome: 'deferred', duplicate: true } });
    // The webhook itself sends nothing.
    expect(ended.orders.releaseRollbacksOf(app)).toEqual([]);
  });

  test('an alert that comes later than within is refused', async () => {
    const { fc, webhook } = await open(alerts, 31);
    const late = altered('alertmanager.json', '2026-01-01T00:00:00', '2026-01-02T02:59:00');
    expect(await webhook.post('shop', late)).toMatchObject({
      status: 200,
      body: { code: 'release_too_old', changeOrderId: orderId },
    });
    expect(fc.tasks).toEqual([]);
  });

  test('a pipeline names the version to go back to, which need not be the one before', async () => {
    const { webhook } = await open(pipeline);
    const [, payload = ''] = /# (\{.*\})$/m.exec(pipeline) ?? [];
    const named = payload.replace('dc5133d7-…', orderId);
    expect(await webhook.post('deploy', named)).toMatchObject({
      status: 202,
      body: { outcome: 'deferred', toVersion: '2026-11-28 10:00:00' },
    });
    const other = await open(pipeline);
    const further = named.replace('2026-11-28', '2026-11-27');
    expect((await other.webhook.post('deploy', further)).body).toMatchObject({
      toVersion: '2026-11-27 10:00:00',
    });
    const unknown = named.replace('2026-11-28', '2026-11-26');
    expect(await other.webhook.post('deploy', unknown)).toMatchObject({
      status: 409,
      body: { code: 'previous_version_uncertain' },
    });
  });

  test('without ended, the same alert finds nothing to roll back', async () => {
    const { fc, webhook } = await open(alerts.replace(/^ *ended: .*\n/m, ''));
    expect((await webhook.post('shop', lateAlert)).body).toMatchObject({
      code: 'app_has_no_change_in_flight',
    });
    expect(fc.tasks).toEqual([]);
  });
});
