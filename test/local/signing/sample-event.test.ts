import { describe, expect, test } from 'vitest';
import type { Target } from '../../../functions/rollback/find-change-order.ts';
import { compileConfiguration } from '../../../local/build/compile-sources.ts';
import { isEventActedOn, sampleEvent, type SampleEvent } from '../../../local/signing/sample-event.ts';
import { eventPresets, type EventPresetName } from '../../../presets/events/index.ts';

const now = Date.parse('2026-11-29T21:00:00.250Z');
const app = '3616cdca-0000-4000-8000-0000000000aa';
const order = 'dc5133d7-773f-4c81-9c5a-e2103dce0f6a';

function make(
  settings: string,
  preset: EventPresetName = 'cloudevent',
  target: Target = { app },
): { event: SampleEvent; isActedOn: () => Promise<boolean> } {
  const yaml = `events: { one: { preset: ${preset}, ${settings} } }`;
  const { events } = compileConfiguration(yaml);
  const [source] = events;
  if (!source) throw new Error('no source');
  const event = sampleEvent(source, eventPresets[preset], target, { now, id: 'fake-id' });
  return { event, isActedOn: () => isEventActedOn(source, events, event, target, now) };
}

const custom = 'source: shop.monitor, type: shop:Alert';

describe('an event that is made for a source', () => {
  test("is its preset's sample of now, without what EventBridge adds", async () => {
    const { event, isActedOn } = make(`apps: [${app}]`, 'sls-event');
    expect(event).toMatchObject({
      specversion: '1.0',
      id: 'fake-id',
      source: 'acs.sls.alert',
      type: 'sls:AlertEvent:Firing',
      time: '2026-11-29T21:00:00.250Z',
    });
    expect(JSON.stringify(event)).toContain(app);
    expect(JSON.stringify(event)).toContain('1795986000');
    expect(Object.keys(event).filter((name) => name.startsWith('aliyun'))).toEqual([]);
    expect(await isActedOn()).toBe(true);
  });

  test.each([
    ['app: data.labels.app', { app }, { labels: { app } }],
    ["when: data.level == 'critical', app: data.app", { app }, { level: 'critical', app }],
    ['changeOrderId: data.order', { changeOrderId: order }, { order }],
    ['app: data.app, problemStartedAt: data.since', { app }, { app, since: '2026-11-29T21:00:00.250Z' }],
  ] as [string, Target, object][])(
    'has the target where the source reads it: %s',
    async (keys, target, data) => {
      const { event, isActedOn } = make(`${custom}, ${keys}, apps: [${app}]`, 'cloudevent', target);
      expect(event['data']).toMatchObject(data);
      expect(await isActedOn()).toBe(true);
    },
  );

  test.each([
    ["source: shop.monitor, type: 'shop:Alert:*', when: data.up != 'x'", 'shop.monitor', 'shop:Alert:Firing'],
    ["source: 'other.*', type: [a, b]", 'other.sample', 'a'],
  ])('has a source and a type that it takes: %s', async (names, eventSource, type) => {
    const { event, isActedOn } = make(`${names}, app: data.app, apps: [${app}]`);
    expect(event).toMatchObject({ source: eventSource, type });
    expect(await isActedOn()).toBe(true);
  });

  test.each(Object.keys(eventPresets) as EventPresetName[])('of the preset %s is acted on', async (name) => {
    const isAny = name === 'cloudevent';
    const target = name === 'edas-event' ? { changeOrderId: order } : { app };
    const keys = `${isAny ? `${custom}, app: data.app, ` : ''}apps: [${app}]`;
    const { isActedOn } = make(keys, name, target);
    expect(await isActedOn()).toBe(true);
  });
});

test('an event of EDAS rolls back with a when, too, and names an application of the source', async () => {
  const when = "when: data.event.level != 'NORMAL'";
  const { event, isActedOn } = make(`${when}, apps: [${app}]`, 'edas-event', { changeOrderId: order });
  expect(event['data']).toMatchObject({ appId: app });
  expect(await isActedOn()).toBe(true);
});

describe('an event that was made is not acted on', () => {
  test('where the expression gives something else for every event', async () => {
    const { isActedOn } = make(`${custom}, app: "lower('x')", apps: [${app}]`);
    expect(await isActedOn()).toBe(false);
  });

  test('where the source may not touch the application', async () => {
    const { isActedOn } = make(`${custom}, app: data.app, apps: [${app}]`, 'cloudevent', { app: order });
    expect(await isActedOn()).toBe(false);
  });

  test('where a source before it takes the event', async () => {
    const yaml = `events:
  first: { preset: cloudevent, ${custom}, when: data.app != 'x', app: data.app, apps: [${app}] }
  second: { preset: cloudevent, ${custom}, app: data.app, apps: [${app}] }`;
    const { events } = compileConfiguration(yaml);
    const [first, second] = events;
    if (!first || !second) throw new Error('no source');
    const event = sampleEvent(second, eventPresets.cloudevent, { app }, { now, id: 'fake-id' });
    expect(await isEventActedOn(second, events, event, { app }, now)).toBe(false);
    expect(await isEventActedOn(first, events, event, { app }, now)).toBe(true);
  });
});
