import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { toRecord } from '../../../functions/lib/json.ts';
import { startEdasStandIn, type EdasStandIn } from '../../../local/stand-ins/edas/stand-in.ts';
import type { EventPreset } from '../../../presets/events/event-preset.ts';
import { eventPresets, type EventPresetName } from '../../../presets/events/index.ts';
import { openEvents, type Delivery, type Events } from '../../support/events.ts';
import { fakeCredentials } from '../../support/webhook.ts';

const app = '3616cdca-0000-4000-8000-000000000001';
const otherApp = '3616cdca-0000-4000-8000-000000000002';
const orderId = 'dc5133d7-773f-4c81-9c5a-e2103dce0f6a';
const all = Object.entries(eventPresets) as [EventPresetName, EventPreset][];

/** The samples are of this time, and their problem began a minute before. */
const sampleTime = Date.parse('2026-01-02T03:04:00Z');
const now = sampleTime + 5_000;

let edas: EdasStandIn;

beforeEach(async () => {
  edas = await startEdasStandIn({ credentials: fakeCredentials });
  onTestFinished(() => edas.close());
});

/** A release that is in flight since a moment. */
function release(createdAt = sampleTime - 120_000): void {
  edas.orders.add({ id: orderId, appId: app, createdAt, readyMs: 0, batchMs: 10 ** 12 });
}

function open(preset: EventPresetName, more = ''): Events {
  const names = preset === 'cloudevent' ? ', source: shop.monitor, type: "shop:Alert:Firing"' : '';
  const sources = `events: { it: { preset: ${preset}, apps: [${app}]${names}${more} } }`;
  let passedMs = 0;
  const clock = { now: () => now + passedMs, sleep: (ms: number) => Promise.resolve(void (passedMs += ms)) };
  return openEvents(edas, { sources, clock });
}

/** The sample of a preset with other values, each at the place that a path names. They must be there already. */
function changed(name: EventPresetName, changes: Record<string, unknown>): unknown {
  const event: unknown = structuredClone(eventPresets[name].sample);
  for (const [path, value] of Object.entries(changes)) {
    const keys = path.split('.');
    const last = keys.pop() ?? '';
    const parent = keys.reduce((each, key) => toRecord(toRecord(each)[key]), toRecord(event));
    if (!(last in parent)) throw new Error(`the sample of ${name} has no ${path}`);
    if (value === undefined) Reflect.deleteProperty(parent, last);
    else parent[last] = value;
  }
  return event;
}

const rollbacks = () => edas.calls.filter(({ method }) => method === 'PUT').length;

/** The outcome of a delivery, or its code. */
function decided(delivery: Delivery): string {
  if ('thrown' in delivery) return `thrown: ${delivery.thrown.code}`;
  const { result } = delivery;
  return 'code' in result ? result.code : result.outcome;
}

describe.each(all.filter(([, { tellsEnds }]) => !tellsEnds))('the preset %s', (name, preset) => {
  test('rolls the release back that was in flight when the problem of its sample began', async () => {
    release();
    const { deliver, decisions } = open(name);
    expect(decided(await deliver(preset.sample))).toBe('rolling_back');
    expect(decisions()).toMatchObject([{ source: 'it', app, changeOrderId: orderId }]);
    expect(rollbacks()).toBe(1);
  });

  test('leaves the repair alone that began after the problem, however often the event comes', async () => {
    // Only of any event nothing older is known than its own time.
    release(name === 'cloudevent' ? sampleTime + 1_000 : sampleTime - 30_000);
    const { deliver } = open(name);
    expect(decided(await deliver(preset.sample))).toBe('problem_predates_change');
    expect(decided(await deliver(preset.sample))).toBe('problem_predates_change');
    expect(rollbacks()).toBe(0);
  });

  test('does nothing for an application that the source may not touch', async () => {
    edas.orders.add({ appId: otherApp, createdAt: sampleTime - 120_000, readyMs: 0, batchMs: 10 ** 12 });
    const text = JSON.stringify(preset.sample).replaceAll(app, otherApp);
    const delivery = await open(name).deliver(text);
    expect(decided(delivery)).toMatch(/^app_(not_allowed|has_no_change_in_flight)$/);
    expect(rollbacks()).toBe(0);
  });

  test('says whose events they are, and where that is documented', () => {
    expect(preset.sender).toMatch(/\w/);
    expect(new URL(preset.docs ?? '').protocol).toBe('https:');
  });
});

describe.each<[EventPresetName, Record<string, Record<string, unknown>>]>([
  [
    'sls-event',
    {
      'the alert is over': { type: 'sls:AlertEvent:Resolved', 'data.status': 'resolved' },
      'only the type says that it is over': { type: 'sls:AlertEvent:Resolved' },
      'only the data says that it is over': { 'data.status': 'resolved' },
    },
  ],
  [
    'arms-event',
    {
      'the group is resolved': { 'data.data.status': 'resolved' },
      'a person takes the alarm': { type: 'aliyun:arms:alarm:claim' },
      'a person comments on it': { type: 'aliyun:arms:alarm:comment', 'data.data': { comment: 'mine' } },
      'a person closes it': { type: 'aliyun:arms:alarm:close' },
    },
  ],
  [
    'cloudmonitor-event',
    {
      'the metric is well again': { 'data.alertState': 'OK' },
      'there is no data for the metric': { 'data.alertState': 'INSUFFICIENT_DATA' },
    },
  ],
])('the preset %s ignores an event where', (name, events) => {
  test.each(Object.entries(events))('%s', async (_what, changes) => {
    release();
    expect(decided(await open(name).deliver(changed(name, changes)))).toBe('ignored');
    expect(edas.calls).toEqual([]);
  });
});

describe.each<[EventPresetName, Record<string, [Record<string, unknown>, string]>]>([
  [
    'sls-event',
    {
      'the label with the application is missing': [{ 'data.labels.edas_app_id': undefined }, 'app_missing'],
      'the first time is missing': [{ 'data.fire_time': undefined }, 'payload_unexpected'],
      'the template is another one': [{ data: { content: 'shop: 5xx' } }, 'payload_unexpected'],
      'the template writes no JSON': [{ data: 'shop: 5xx is firing' }, 'payload_unexpected'],
      'the source is another one': [{ source: 'acs.sls' }, 'event_unexpected'],
      'the type is another one': [{ type: 'sls:AlertEvent:Created' }, 'event_unexpected'],
    },
  ],
  [
    'arms-event',
    {
      'the label with the application is missing': [
        { 'data.data.commonLabels.edas_app_id': undefined },
        'app_missing',
      ],
      'the first time is missing': [{ 'data.data.alerts': [{ status: 'firing' }] }, 'payload_malformed'],
      'it is of the bus default, and its data as that of an agent': [
        {
          source: 'acs.arms',
          type: 'arms:Alert:ApplicationAlert',
          data: { dims: { ip: '10.0.0.1' }, info: { timestamp: sampleTime } },
        },
        'payload_unexpected',
      ],
      'it is about an agent': [{ source: 'acs.arms', type: 'arms:Agent:OutofMemory' }, 'event_unexpected'],
    },
  ],
  [
    'cloudmonitor-event',
    {
      'the time is missing': [{ 'data.timestamp': undefined }, 'payload_malformed'],
      'its data has another shape': [{ data: { status: 'FIRING', ruleName: 'shop' } }, 'payload_unexpected'],
      'it is about an agent': [{ type: 'cms:CloudMonitor:AgentStatusStopped' }, 'event_unexpected'],
      'it is of CloudMonitor 2.0': [{ source: 'cloudmonitor-2' }, 'event_unexpected'],
    },
  ],
])('the preset %s refuses an event, for good, where', (name, events) => {
  test.each(Object.entries(events))('%s', async (_what, [changes, code]) => {
    release();
    expect(decided(await open(name).deliver(changed(name, changes)))).toBe(code);
    expect(edas.calls).toEqual([]);
  });
});

test('an alert of the bus default of ARMS acts once the source says itself where all of it stands', async () => {
  release();
  const own =
    ", when: data.info.state == 'firing', app: data.info.app, problemStartedAt: data.info.timestamp".replaceAll(
      /: (data[^,]*)/g,
      ': "$1"',
    );
  const { deliver } = open('arms-event', own);
  const info = { state: 'firing', app, timestamp: sampleTime - 60_000 };
  const event = changed('arms-event', {
    source: 'acs.arms',
    type: 'arms:Alert:ApplicationAlert',
    data: { info },
  });
  expect(decided(await deliver(event))).toBe('rolling_back');
});

test('what is refused for its shape is told how to find out the right one', async () => {
  const event = changed('cloudmonitor-event', { data: { status: 'FIRING' } });
  const delivery = await open('cloudmonitor-event').deliver(event);
  expect(delivery).toMatchObject({
    result: {
      code: 'payload_unexpected',
      detail: expect.stringContaining(
        'This source expects an event whose data has alertState, as the callback of a threshold alert rule. Set LOG_EVENTS=true for the events function, look at the first event in its log, and write when, app and problemStartedAt into sources.yaml as the event has them.',
      ) as unknown,
    },
  });
});

test('the presets whose events no page shows whole are these', () => {
  const unconfirmed = all.filter(([, { isConfirmed }]) => !isConfirmed).map(([name]) => name);
  expect(unconfirmed).toEqual(['arms-event', 'cloudmonitor-event']);
});
