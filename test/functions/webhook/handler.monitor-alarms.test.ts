import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { EdasStandIn } from '../../../local/stand-ins/edas/stand-in.ts';
import { openWebhook, openWithRelease, startTime, type Webhook } from '../../support/webhook.ts';

const app = '3616cdca-0000-4000-8000-000000000001';
const otherApp = '3616cdca-0000-4000-8000-000000000002';
const now = Date.parse(startTime);
const before = new Date(now - 120_000).toISOString();

const sources = `
sources:
  grafana: { preset: grafana, secrets: [GRAFANA_SECRET], apps: [${app}, ${otherApp}] }
  alertmanager: { preset: alertmanager, secrets: [ALERTMANAGER_TOKEN], apps: [${app}, ${otherApp}] }
  renamed: { preset: grafana, secrets: [GRAFANA_SECRET], app: commonLabels.edas }
  bold: { preset: grafana, secrets: [GRAFANA_SECRET], when: "status == 'firing' && contains(alerts[].labels.alertname, 'DatasourceNoData')" }
  critical: { preset: grafana, secrets: [GRAFANA_SECRET], when: "status == 'firing' && commonLabels.severity == 'critical'" }
`;

let edas: EdasStandIn;
let webhook: Webhook;
let orderId: string;

beforeEach(async () => {
  const plan = { appId: app, createdAt: now - 60_000, batchMs: 10 ** 12 };
  ({ edas, webhook, orderId } = await openWithRelease({ sources }, plan, onTestFinished));
});

const real = { alertname: 'HighErrorRate', edas_app_id: app };
/** As Grafana builds it: the labels of the rule, under another alertname. */
const noData = {
  alertname: 'DatasourceNoData',
  rulename: 'HighErrorRate',
  datasource_uid: 'P1',
  ref_id: 'A',
  edas_app_id: app,
};
const error = { ...noData, alertname: 'DatasourceError' };

interface AlertInGroup {
  labels: Record<string, string>;
  status?: 'firing' | 'resolved';
  startsAt?: string | null;
  annotations?: Record<string, string>;
}

/** A group as Alertmanager and Grafana send it: with what its alerts have in common. */
function group(...alerts: AlertInGroup[]) {
  const all = alerts.map((each) => ({ status: 'firing', startsAt: startTime, annotations: {}, ...each }));
  const [first] = all;
  const common = Object.entries(first?.labels ?? {}).filter(([name, value]) =>
    all.every(({ labels }) => labels[name] === value),
  );
  const isFiring = all.some(({ status }) => status === 'firing');
  return {
    status: isFiring ? 'firing' : 'resolved',
    groupLabels: {},
    commonLabels: Object.fromEntries(common),
    alerts: all,
  };
}

async function decisionOn(source: string, payload: unknown) {
  await webhook.post(source, payload);
  return webhook.decisions().at(-1);
}

describe.each(['grafana', 'alertmanager'])(
  'an alarm about the monitor does not roll the release back (%s):',
  (source) => {
    test.each<[string, AlertInGroup[], string]>([
      ['no data', [{ labels: noData }], 'DatasourceNoData'],
      ['an error of the data source', [{ labels: error }], 'DatasourceError'],
      [
        'both in one group, which then has no common alertname',
        [{ labels: noData }, { labels: error }],
        'DatasourceNoData, DatasourceError',
      ],
      [
        'no data beside an alert that is resolved',
        [{ labels: noData }, { labels: real, status: 'resolved' }],
        'DatasourceNoData',
      ],
      ['the alert that fires always', [{ labels: { alertname: 'Watchdog', edas_app_id: app } }], 'Watchdog'],
      [
        'the alert that holds others back',
        [{ labels: { alertname: 'InfoInhibitor', edas_app_id: app } }],
        'InfoInhibitor',
      ],
      [
        'a rule that fires under its own name where there is no data',
        [{ labels: real, annotations: { grafana_state_reason: 'NoData' } }],
        'HighErrorRate',
      ],
      [
        'a rule without a name that fires where its query fails',
        [{ labels: { edas_app_id: app }, annotations: { grafana_state_reason: 'Error' } }],
        'an alert without a name',
      ],
    ])('%s', async (_what, alerts, names) => {
      const answer = await webhook.post(source, group(...alerts));
      expect(answer.status).toBe(200);
      expect(answer.body).toMatchObject({
        outcome: 'ignored',
        message: `This is about the monitor and not about a release: ${names}. The data source could not be asked or had nothing, or the alert fires always, by design.`,
      });
      expect(edas.calls).toEqual([]);
    });
  },
);

describe('a group with a real alert acts on that one alone:', () => {
  test('its application, though the group has no common one', async () => {
    const alerts = group(
      { labels: { ...noData, edas_app_id: otherApp } },
      { labels: real },
      { labels: { alertname: 'Watchdog' } },
    );
    expect(await decisionOn('grafana', alerts)).toMatchObject({
      outcome: 'rolling_back',
      app,
      changeOrderId: orderId,
    });
  });

  test('its time, though an alarm about the monitor began before the release', async () => {
    const alerts = group({ labels: noData, startsAt: before }, { labels: real });
    expect(await decisionOn('grafana', alerts)).toMatchObject({
      outcome: 'rolling_back',
      changeOrderId: orderId,
    });
  });

  test('its own time where it is older than the release: the release is not to blame', async () => {
    const alerts = group({ labels: noData }, { labels: real, startsAt: before });
    expect(await decisionOn('grafana', alerts)).toMatchObject({ code: 'problem_predates_change' });
  });

  test('and leaves the resolved ones out, whatever application they name', async () => {
    const alerts = group(
      { labels: real },
      { labels: { ...real, edas_app_id: otherApp }, status: 'resolved' },
    );
    expect(await decisionOn('alertmanager', alerts)).toMatchObject({ outcome: 'rolling_back', app });
  });

  test('and its labels are the common ones for a `when` and an `app` of the source', async () => {
    const severe = { ...real, severity: 'critical', edas: app };
    const alerts = group({ labels: severe }, { labels: { ...noData, severity: 'none' } });
    expect(await decisionOn('critical', alerts)).toMatchObject({ outcome: 'rolling_back' });
    expect(await decisionOn('renamed', alerts)).toMatchObject({ app });
  });

  test.each<[string, Record<string, string>]>([
    ['names another application', { alertname: 'SlowAnswers', edas_app_id: otherApp }],
    ['names none', { alertname: 'SlowAnswers' }],
  ])('unless another real one %s', async (_what, labels) => {
    expect(await decisionOn('grafana', group({ labels: real }, { labels }))).toMatchObject({
      code: 'app_missing',
    });
    expect(edas.calls).toEqual([]);
  });
});

describe('the application is found', () => {
  const bare = { ...group({ labels: real }), commonLabels: undefined };
  const unlabelled = { ...bare, alerts: [{ status: 'firing', startsAt: startTime }] };

  test.each([
    ['in the labels of the alerts only', bare],
    ['in the group labels only', { ...unlabelled, groupLabels: { edas_app_id: app } }],
    ['in the common labels only', { ...unlabelled, commonLabels: { edas_app_id: app } }],
  ])('%s', async (_where, payload) => {
    expect(await decisionOn('alertmanager', payload)).toMatchObject({ outcome: 'rolling_back', app });
  });

  test('in no label of the group that its alerts contradict', async () => {
    const labels = { edas_app_id: otherApp };
    const alerts = [
      { status: 'firing', startsAt: startTime, labels },
      { status: 'firing', startsAt: startTime },
    ];
    const payload = { ...bare, alerts, groupLabels: { edas_app_id: app } };
    expect(await decisionOn('alertmanager', payload)).toMatchObject({ code: 'app_missing' });
  });
});

test('a `when` that names such an alarm decides about it itself, and about no other', async () => {
  expect(await decisionOn('bold', group({ labels: noData }))).toMatchObject({ outcome: 'rolling_back' });
  expect(await decisionOn('bold', group({ labels: error }))).toMatchObject({
    outcome: 'ignored',
    message: expect.stringContaining('DatasourceError') as string,
  });
});

describe('a group that does not say when all of its alerts began is refused:', () => {
  test.each<[string, object, string]>([
    ['no alert at all', { ...group(), status: 'firing' }, 'an empty array'],
    [
      'one of two without a time',
      group({ labels: real }, { labels: real, startsAt: null }),
      'an array of 2, 1 of which is nothing',
    ],
  ])('%s', async (_what, payload, shown) => {
    expect(await decisionOn('alertmanager', payload)).toMatchObject({
      code: 'payload_malformed',
      detail: expect.stringContaining(`gave ${shown}, which is neither`) as string,
    });
    expect(edas.calls).toEqual([]);
  });
});

describe('other senders:', () => {
  const form = { 'content-type': 'application/x-www-form-urlencoded' };

  const presetsOf = ['datadog', 'cloudmonitor', 'pagerduty', 'flux', 'sentry', 'arms'];
  const each = presetsOf
    .map(
      (preset) =>
        `  ${preset}: { preset: ${preset}, secrets: [S_${preset.toUpperCase()}], apps: [${app}] }\n`,
    )
    .join('');

  test.each<[preset: string, payload: unknown, alarm: string]>([
    [
      'datadog',
      { transition: 'No Data', monitor: 'checkout 5xx', edasAppId: app, startedAt: now },
      'No Data',
    ],
    [
      'datadog',
      { transition: 'Re-No Data', monitor: 'checkout 5xx', edasAppId: app, startedAt: now },
      'Re-No Data',
    ],
    ['cloudmonitor', `alertState=INSUFFICIENT_DATA&timestamp=${now}`, 'INSUFFICIENT_DATA'],
    [
      'pagerduty',
      {
        event: {
          event_type: 'incident.triggered',
          occurred_at: startTime,
          data: { title: '[FIRING:1] DatasourceNoData (checkout)' },
        },
      },
      '[FIRING:1] DatasourceNoData (checkout)',
    ],
    [
      'pagerduty',
      {
        event: {
          event_type: 'incident.triggered',
          occurred_at: startTime,
          data: { title: '[P1] [No Data on {host:a}] checkout' },
        },
      },
      '[P1] [No Data on {host:a}] checkout',
    ],
    [
      'flux',
      {
        severity: 'error',
        involvedObject: { kind: 'GitRepository', name: 'checkout' },
        metadata: { changeOrderId: app },
      },
      'GitRepository',
    ],
    [
      'sentry',
      {
        action: 'triggered',
        data: {
          event: {
            datetime: startTime,
            occurrence: {
              evidenceDisplay: [{ name: 'Failure reason', value: 'A missed check-in was detected' }],
            },
          },
        },
      },
      'A missed check-in was detected',
    ],
    ['arms', group({ labels: noData }), 'DatasourceNoData'],
  ])('%s ignores %j', async (preset, payload, alarm) => {
    webhook = openWebhook(edas, { sources: `sources:\n${each}` });
    const isForm = typeof payload === 'string';
    const grant = { app, expiresAtSeconds: now / 1000 + 86_400 };
    const answer = await webhook.post(preset, payload, { grant, ...(isForm && { headers: form }) });
    expect(answer.body).toMatchObject({
      outcome: 'ignored',
      message: expect.stringContaining(
        `This is about the monitor and not about a release: ${alarm}. `,
      ) as string,
    });
    expect(edas.calls).toEqual([]);
  });
});
