import { describe, expect, onTestFinished, test } from 'vitest';
import { compileConfiguration } from '../../../../local/build/compile-sources.ts';
import { explainEvent } from '../../../../local/commands/explain/explain-event.ts';
import type { Explanation } from '../../../../local/commands/explain/explain-webhook.ts';
import { eventPresets } from '../../../../presets/events/index.ts';
import { setStage } from '../../../functions/webhook/stage.ts';
import { cloudEvent, openEvents } from '../../../support/events.ts';
import { fakeAccountId } from '../../../support/webhook.ts';

const app = '3616cdca-4f92-4413-0000-000000000000';
const order = 'dc5133d7-773f-4c81-9c5a-e2103dce0f6a';
const now = Date.parse('2026-11-29T03:00:00Z');
const sources = `
notify: [{ kind: wecom, url: WECOM_ROBOT_URL }]
events:
  slo: { preset: sls-event, apps: [${app}] }
  critical:
    preset: cloudevent
    source: shop.monitor
    type: 'shop:*'
    when: data.level == 'critical'
    changeOrderId: data.order
    problemStartedAt: data.since
    apps: [${app}]
    maxAge: 5m
    ended: { within: 30m, version: data.version }
  errors:
    preset: cloudevent
    source: shop.monitor
    type: shop:Alert
    when: data.level == 'error'
    app: data.app
    apps: [${app}]
  ends: { preset: edas-event, apps: [${app}] }
`;

type Change = Record<string, unknown>;
const ofEdas = (appId: string) => {
  const { source, type, data } = eventPresets['edas-event'].sample;
  return { source, type, data: { ...data, appId } };
};
const since = 1795921200;
const alert = { status: 'firing', fire_time: since, labels: { edas_app_id: app } };
const shop = (data: Change, more: Change = {}) =>
  ({ source: 'shop.monitor', type: 'shop:Alert', data, ...more }) as const;

function explain(
  changes: Change,
  { only, accountId = fakeAccountId, at = now }: { only?: string; accountId?: string; at?: number } = {},
): Promise<Explanation> {
  const { events, notify } = compileConfiguration(sources);
  const event = cloudEvent(at, { data: alert, ...changes });
  return explainEvent(
    events.filter(({ name }) => only === undefined || name === only),
    notify,
    { payload: Buffer.from(JSON.stringify(event)), accountId, now: at, isSuspended: false },
  );
}

const rowsOf = ({ rows }: Explanation) => Object.fromEntries(rows.map(([label, text]) => [label, text]));

describe('an event', () => {
  test('is explained from its form to the channels, each rule in its order', async () => {
    const { rows, verdict, isRefused, decision } = await explain({});
    expect(rows).toEqual([
      ['form', expect.stringMatching(/^a CloudEvent 1\.0, \d+ bytes, id fake-event-id$/)],
      ['payload', expect.stringContaining('an object with specversion, id, source')],
      ['event', 'source acs.sls.alert, type sls:AlertEvent:Firing'],
      ['account', `${fakeAccountId}, that of the function`],
      ['sources', 'slo takes it'],
      ['time', '2026-11-29T03:00:00.000Z: not older than 10 min (maxAge)'],
      ['expects', 'it is an event whose data has status, firing or resolved, labels and fire_time'],
      ['when', "`when: type == 'sls:AlertEvent:Firing' && data.status == 'firing'` gave true"],
      [
        'app',
        `the newest deployment in flight of the application ${app}: \`app: data.labels.edas_app_id\` gave "${app}"`,
      ],
      ['actor', 'not named'],
      ['problemStartedAt', '2026-11-29T03:00:00.000Z: a change that began later is refused'],
      ['apps', app],
      ['mode', 'now: the function itself begins the rollback'],
      ['follow', 'yes: the rollback is claimed, so that it is sent once, and a task follows it to its end'],
      ['notify', ['wecom: English, to the address in WECOM_ROBOT_URL, unsigned']],
    ]);
    expect(verdict).toBe(
      `The rule "app" decides: acted on. It would have the newest deployment in flight of the application ${app} rolled back with RollbackChangeOrder.`,
    );
    expect({ isRefused, decision }).toEqual({ isRefused: false, decision: { rule: 'app', end: 'acted on' } });
  });

  test('says which field was meant where an expression finds none', async () => {
    const explanation = await explain({ data: { ...alert, labels: { edas_app: app } } });
    expect(explanation.decision).toEqual({ rule: 'app', end: 'app_missing' });
    expect(rowsOf(explanation)['app']).toEqual([
      expect.stringContaining('data.labels.edas_app_id'),
      'The payload has no data.labels.edas_app_id; did you mean data.labels.edas_app?',
    ]);
    expect(explanation.verdict).toMatch(/ It is not delivered again\.$/);
  });

  test('of which several sources could be meant shows the rules of each, up to the one that acts', async () => {
    const explanation = await explain(shop({ level: 'error', app }));
    const { rows, decision } = explanation;
    expect(rows.map(([label]) => label).slice(4, 12)).toEqual([
      'sources',
      'critical: time',
      'critical: when',
      'critical: changeOrderId',
      'errors: time',
      'errors: when',
      'errors: app',
      'acts',
    ]);
    expect(rowsOf(explanation)).toMatchObject({
      sources: 'critical, errors take it; the first for which it counts acts',
      acts: 'errors: the first for which the event counts',
    });
    expect(decision).toEqual({ rule: 'app', end: 'acted on' });
  });

  test('about a release that may have ended shows the rules for that', async () => {
    const data = { level: 'critical', order, since: '2026-11-29T02:59:00Z', version: '2.3.9' };
    const rows = rowsOf(await explain(shop(data)));
    expect(rows).toMatchObject({ version: expect.stringMatching(/^2\.3\.9: /) as string });
    expect(rows['ended']).toBeDefined();
  });

  test('is not said to be of the right account where that is not known', async () => {
    const { events, notify } = compileConfiguration(sources);
    const ask = (event: object) =>
      explainEvent(events, notify, {
        payload: Buffer.from(JSON.stringify(event)),
        accountId: undefined,
        now,
        isSuspended: false,
      });
    const named = cloudEvent(now, { data: alert });
    expect(rowsOf(await ask(named))['account']).toBe(
      `${fakeAccountId}; whether it is that of the function is not known here: --account ID says which that is`,
    );
    const { decision } = await ask({ ...named, aliyunaccountid: undefined });
    expect(decision).toEqual({ rule: 'account', end: 'event_account_mismatch' });
  });

  test('of EDAS tells that a change order has ended, and rolls nothing back', async () => {
    const explanation = await explain(ofEdas(app));
    expect(explanation.decision).toEqual({ rule: 'acts on', end: 'ignored' });
    expect(rowsOf(explanation)).toMatchObject({
      end: 'the change order 28ab8de8-0000-4000-8000-000000000003 has ended: a task that follows it looks at once',
      'acts on': 'This source has no when, so it rolls nothing back.',
    });
    expect(rowsOf(await explain(ofEdas(order)))['end']).toBe(
      'it does not tell that a change order of these apps has ended',
    );
  });

  test('is told of one source alone where only that one is looked at', async () => {
    const { decision, verdict } = await explain({}, { only: 'errors' });
    expect(decision).toEqual({ rule: 'sources', end: 'event_unexpected' });
    expect(verdict).toContain(
      'The source errors takes events with source shop.monitor and type shop:Alert only.',
    );
  });

  test('is read and not rolled back while the function is suspended', async () => {
    const { events, notify } = compileConfiguration(sources);
    const event = cloudEvent(now, { data: alert });
    const { verdict } = await explainEvent(events, notify, {
      payload: Buffer.from(JSON.stringify(event)),
      accountId: fakeAccountId,
      now,
      isSuspended: true,
    });
    expect(verdict).toMatch(/read and not rolled back \(ROLLBACK_SUSPENDED\)\.$/);
  });
});

describe('what is explained is what the function does', () => {
  const cases: [string, Change][] = [
    ['an alert', {}],
    ['a resolved alert', { type: 'sls:AlertEvent:Resolved' }],
    ['another version of CloudEvents', { specversion: '0.3' }],
    ['no id', { id: undefined }],
    ['another account', { aliyunaccountid: '999' }],
    ['no account', { aliyunaccountid: undefined }],
    ['another source', { source: 'acs.oss' }],
    ['no time', { time: undefined }],
    ['a time without a zone', { time: '2026-11-29 03:00:00' }],
    ['an old event', { time: '2020-11-19T21:04:41+08:00' }],
    ['an event from the future', { time: '2099-11-19T21:04:41+08:00' }],
    ['no data', { data: {} }],
    ['no application', { data: { ...alert, labels: {} } }],
    ['an application of others', { data: { ...alert, labels: { edas_app_id: order } } }],
    ['data as a text', { data: JSON.stringify(alert) }],
    ['a level for the second source', shop({ level: 'error', app })],
    ['a level for none', shop({ level: 'info', app })],
    ['a type for the first source alone', shop({ level: 'info', app }, { type: 'shop:Other' })],
    ['no order for the first source', shop({ level: 'critical', since: '2026-11-29T02:59:00Z' })],
    ['an event of EDAS', ofEdas(app)],
    ['an event of EDAS about an application of others', ofEdas(order)],
    ['no time of the problem', shop({ level: 'critical', order })],
  ];
  test.each(cases)('%s', async (_what, changes) => {
    const webhooks = 'sources: { pipeline: { preset: generic, secrets: [SECRET_PIPELINE] } }';
    const { edas, fc, clock } = await setStage({ sources: webhooks }, onTestFinished);
    const at = clock.now();
    // The alert began to fire just now, also where it is written as a text.
    const text = JSON.stringify({ data: alert, ...changes }).replaceAll(
      String(since),
      String(Math.floor(at / 1000)),
    );
    const missing = Object.fromEntries(Object.entries(changes).filter(([, value]) => value === undefined));
    const ofNow = { ...(JSON.parse(text) as Change), ...missing };
    const event = cloudEvent(at, ofNow);
    const delivered = await openEvents(edas, { sources, fc, clock }).deliver(event);
    const { decision } = await explain(ofNow, { at });
    const result = 'result' in delivered ? delivered.result : { code: delivered.thrown.code, detail: '' };
    const isIgnored = 'outcome' in result && result.outcome === 'ignored';
    const end = 'code' in result ? result.code : isIgnored ? 'ignored' : 'acted on';
    expect(decision.end).toBe(end);
  });
});
