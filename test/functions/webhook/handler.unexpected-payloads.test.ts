import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { EdasStandIn } from '../../../local/stand-ins/edas/stand-in.ts';
import { presets } from '../../../presets/index.ts';
import type { Preset } from '../../../presets/preset.ts';
import { openWithRelease, startTime, type Webhook } from '../../support/webhook.ts';

const app = '3616cdca-0000-4000-8000-000000000001';
const form = { 'content-type': 'application/x-www-form-urlencoded' };
const all: [string, Preset][] = Object.entries(presets);
const expecting = all.filter(([, { expects }]) => expects !== undefined).map(([name]) => name);

const sources = `sources:
${expecting.map((name) => `  ${name}: { preset: ${name}, secrets: [${secretOf(name)}], apps: [${app}] }\n`).join('')}
  chosen: { preset: gitlab, secrets: [CHOSEN], when: "object_kind == 'deployment' && status == 'failed'" }
  refusing: { preset: alertmanager, secrets: [REFUSING], apps: [${app}], refusalStatus: 422 }
  custom: { preset: grafana, secrets: [SECRET], when: "state == 'bad'", app: app, problemStartedAt: since }
  halfway: { preset: grafana, secrets: [SECRET], when: "state == 'bad'", app: app }
`;

/** A token is no other source's key. */
function secretOf(name: string): string {
  return `SECRET_${name.toUpperCase().replaceAll('-', '_')}`;
}

let edas: EdasStandIn;
let webhook: Webhook;

beforeEach(async () => {
  const plan = { appId: app, createdAt: Date.parse(startTime) - 60_000, batchMs: 10 ** 12 };
  ({ edas, webhook } = await openWithRelease({ sources }, plan, onTestFinished));
});

function post(source: string, payload: unknown) {
  const isForm = typeof payload === 'string';
  const grant = { app, expiresAtSeconds: Date.parse(startTime) / 1000 + 86_400 };
  return webhook.post(source, payload, { grant, ...(isForm && { headers: form }) });
}

test('what Prometheus itself posts is refused, with what it is, what is expected and what to do', async () => {
  const alerts = [{ labels: { alertname: 'HighErrorRate', edas_app_id: app }, startsAt: startTime }];
  const answer = await post('refusing', alerts);
  expect(answer.status).toBe(422);
  expect(answer.body).toMatchObject({
    code: 'payload_unexpected',
    detail:
      "This is a JSON array of alerts, such as Prometheus itself posts to Alertmanager's API. " +
      'This source expects a group of alerts as Alertmanager posts it: an object with status, firing or resolved, and the list alerts. ' +
      'Let Prometheus post to Alertmanager, and Alertmanager to this address; a template or custom payload must keep status, alerts, and their labels and startsAt.',
  });
  expect(webhook.decisions()).toMatchObject([{ level: 'warn', code: 'payload_unexpected' }]);
});

describe('a payload that was not understood is refused, and never ignored:', () => {
  test.each<[preset: string, payload: unknown, came: string]>([
    ['grafana', { summary: 'checkout is down', app: 'checkout' }, 'an object with summary, app'],
    ['grafana', { ruleId: 1, evalMatches: [], state: 'alerting' }, "an alert of Grafana's old alerting"],
    ['grafana', { status: 'alerting', alerts: [] }, 'an object with status, alerts'],
    ['alertmanager', [], 'an empty JSON array'],
    ['alertmanager', [1], 'a JSON array, whose first item is 1'],
    ['alertmanager', {}, 'an object without fields'],
    ['arms', { alertname: 'PodMemory' }, 'an object with alertname'],
    ['pagerduty', { messages: [] }, 'a message of a PagerDuty webhook v2'],
    ['datadog', { body: 'down', event_type: 'metric_alert_monitor' }, "Datadog's default payload"],
    ['bitbucket', { eventKey: 'repo:refs_changed', repository: {} }, 'an event of Bitbucket Data Center'],
    ['cloudmonitor', 'a=b', 'an object with a'],
    ['github', { changeOrderId: app }, 'an object with changeOrderId'],
    ['gitlab', { status: 'failed' }, 'an object with status'],
    ['gitea', { text: 'pushed' }, 'an object with text'],
    ['sentry', { project: 'checkout', event: {} }, 'an object with project, event'],
    ['flux', { message: 'broken' }, 'an object with message'],
    ['argocd', { app: 'checkout' }, 'an object with app'],
    ['azure-devops', { resource: {} }, 'an object with resource'],
  ])('%s: %j', async (preset, payload, came) => {
    const answer = await post(preset, payload);
    expect(answer.body).toMatchObject({
      code: 'payload_unexpected',
      detail: expect.stringContaining(`This is ${came}`) as string,
    });
    expect(edas.calls).toEqual([]);
  });

  test.each(expecting)('%s: the payload of every other sender of alerts', async (preset) => {
    const foreign = { foreign: true, items: [1, 2] };
    const isForm = presets[preset as keyof typeof presets].contentTypes.every((type) => type === 'form');
    const answer = await post(preset, isForm ? 'foreign=true' : foreign);
    expect(answer.body['code']).toBe('payload_unexpected');
  });
});

test('no more than twelve names of fields are told, and no value', async () => {
  const payload = Object.fromEntries(
    Array.from({ length: 20 }, (_, index) => [`f${index}`, 'fake-private-text']),
  );
  const { detail } = (await post('gitlab', payload)).body;
  expect(detail).toContain('an object with f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, …');
  expect(detail).not.toContain('fake-private-text');
});

describe('an event that was understood and is no reason to act is ignored, by its name:', () => {
  test.each<[preset: string, payload: unknown, message: string]>([
    [
      'gitlab',
      { object_kind: 'deployment', status: 'failed' },
      'the event "deployment" of GitLab, and this source acts on pipeline only.',
    ],
    ['gitlab-token', { event_name: 'user_add_to_group' }, 'the event "user_add_to_group" of GitLab, and'],
    [
      'github',
      { sender: { login: 'octocat' }, deployment: { id: 1 } },
      'the event "deployment" of GitHub, and this source acts on deployment_status only.',
    ],
    [
      'github',
      { sender: { login: 'octocat' }, starred_at: null },
      'an object with sender, starred_at, and this source acts on',
    ],
    [
      'bitbucket',
      { repository: {}, push: { changes: [] } },
      'the event "push" of Bitbucket, and this source acts on build status only.',
    ],
    [
      'gitea',
      { repository: { id: 1 }, commits: [{}] },
      'the event "push" of Gitea, and this source acts on status only.',
    ],
    [
      'pagerduty',
      { event: { event_type: 'incident.resolved' } },
      'the event "incident.resolved" of PagerDuty, and this source acts on incident.triggered only.',
    ],
    [
      'azure-devops',
      { eventType: 'git.push', resource: {} },
      'the event "git.push" of Azure DevOps, and this source acts on build.complete only.',
    ],
    // https://docs.sentry.io/integrations/integration-platform/webhooks/activity-alerts/
    [
      'sentry',
      { action: 'triggered', data: { issue: { id: '1' }, activity: { id: '1' } } },
      'the event "activity_alert" of Sentry, and this source acts on metric_alert and event_alert only.',
    ],
    [
      'sentry',
      { action: 'created', data: { installation: { uuid: '1' } } },
      'the event "installation" of Sentry, and',
    ],
  ])('%s: %j', async (preset, payload, message) => {
    const answer = await post(preset, payload);
    expect(answer.body).toMatchObject({
      outcome: 'ignored',
      message: expect.stringContaining(`This is ${message}`) as string,
    });
  });

  test('but a `when` of the source chooses the event itself', async () => {
    const answer = await post('chosen', { object_kind: 'deployment', status: 'failed' });
    expect(answer.body).toMatchObject({ code: 'change_order_id_missing' });
  });
});

test('a failed deployment that names no user is logged with an unknown actor', async () => {
  const payload = { deployment_status: { state: 'failure' }, deployment: { payload: {} } };
  await post('github', payload);
  expect(webhook.decisions()).toMatchObject([{ actor: 'unknown', code: 'change_order_id_missing' }]);
});

describe('a source that reads another payload', () => {
  const payload = { state: 'bad', app, since: startTime };

  test('by expressions of its own for all of it is asked for no shape', async () => {
    expect((await post('custom', payload)).body).toMatchObject({ outcome: 'rolling_back' });
  });

  test('is asked for the shape while one expression of the preset is left', async () => {
    expect((await post('halfway', payload)).body).toMatchObject({ code: 'payload_unexpected' });
  });
});
