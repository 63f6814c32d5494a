import { readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { toRecord } from '../functions/lib/json.ts';
import { root } from '../local/build/bundle.ts';
import { compileConfiguration } from '../local/build/compile-sources.ts';
import { startEdasStandIn, type EdasStandIn } from '../local/stand-ins/edas/stand-in.ts';
import type { EventPreset } from '../presets/events/event-preset.ts';
import { eventPresets, type EventPresetName } from '../presets/events/index.ts';
import { openEvents } from './support/events.ts';
import { fakeAccountId, fakeCredentials, startTime } from './support/webhook.ts';

const app = '3616cdca-0000-4000-8000-000000000001';
const orderId = 'dc5133d7-773f-4c81-9c5a-e2103dce0f6a';
const now = Date.parse(startTime);
const page = readFileSync(path.join(root, 'docs/sources.md'), 'utf8');
const all = Object.entries(eventPresets) as [EventPresetName, EventPreset][];

/** Headings of the section that are no preset. */
const buses = ['The bus default', 'A bus of your own'];

/** What stands under a heading, up to the next one of its level or above. */
function section(level: number, title: string): string {
  const after = page.split(`\n${'#'.repeat(level)} ${title}\n`)[1] ?? '';
  return after.split(new RegExp(`^#{1,${level}} `, 'm'))[0] ?? '';
}

function eventBlocks(text: string): string[] {
  return Array.from(text.matchAll(/^```yaml\n(events:\n.*?)^```$/gms), ([, yaml = '']) => yaml);
}

let edas: EdasStandIn;

beforeEach(async () => {
  edas = await startEdasStandIn({ credentials: fakeCredentials });
  onTestFinished(() => edas.close());
  const createdAt = Date.parse('2016-01-01T00:00:00Z');
  edas.orders.add({ id: orderId, appId: app, createdAt, readyMs: 0, batchMs: 10 ** 13 });
});

/** The outcome or code of an event that comes to an instance with these sources. */
async function decisionOn(sources: string, event: unknown): Promise<unknown> {
  let passedMs = 0;
  const clock = { now: () => now + passedMs, sleep: (ms: number) => Promise.resolve(void (passedMs += ms)) };
  const events = openEvents(edas, { sources, clock });
  await events.deliver(event);
  const [decision] = events.decisions();
  return decision?.['outcome'] ?? decision?.['code'];
}

describe('docs/sources.md, in the recipes of events,', () => {
  test('has one for each preset, in their order, that makes a source of it', () => {
    const titles = Array.from(section(2, 'Presets of events').matchAll(/^### (.*)$/gm), ([, title]) => title);
    const names = all.map(([name]) => name);
    expect(titles).toEqual([...buses, ...names]);
    for (const name of names) expect(section(3, name)).toContain(`\n  ${name}:\n    preset: ${name}\n`);
  });

  test('says of each preset whether its event is confirmed', () => {
    const rows = Array.from(
      section(2, 'Presets of events').matchAll(/^\| \[`([a-z-]+)`\]\(#([a-z-]+)\) .*\| (.*?) +\|$/gm),
      ([, name, anchor, cell]) => [name, anchor, cell],
    );
    expect(rows).toEqual(
      all.map(([name, { isConfirmed }]) => [name, name, isConfirmed ? 'confirmed' : '**not confirmed**']),
    );
    for (const [name, { isConfirmed }] of all.filter(([, each]) => !each.isConfirmed)) {
      expect([name, isConfirmed, section(3, name).includes('**Not confirmed:**')]).toEqual([
        name,
        false,
        true,
      ]);
    }
  });

  test('has filter patterns for rules, which let nothing through that no preset takes', () => {
    const patterns = [
      ...Array.from(page.matchAll(/--FilterPattern '(\{.*?\})'/g), ([, text = '']) => text),
      ...Array.from(page.matchAll(/`(\{"source":.*?\})` +\|/g), ([, text = '']) => text),
    ].map((text) => JSON.parse(text) as { source: string[]; type?: (string | { prefix: string })[] });
    const known = all.flatMap(([, { source = [], type = [], sample }]) => [
      ...[...source, ...type].map(String),
      ...['source', 'type'].map((key) => String(sample[key])),
    ]);
    // CloudMonitor 2.0 has the source that was named there.
    const own = ['cloudmonitor'];
    const named = patterns.flatMap(({ source, type = [] }) => [
      ...source,
      ...type.map((each) => (typeof each === 'string' ? each : `${each.prefix}*`)),
    ]);
    expect(named.length).toBeGreaterThan(10);
    const isKnown = (name: string) =>
      known.some((each) => each === name || (each.endsWith('*') && name.startsWith(each.slice(0, -1))));
    expect(named.filter((name) => !isKnown(name) && !own.includes(name))).toEqual([]);
  });
});

test.each([
  ['docs/sources.md', eventBlocks(page)],
  ['docs/sources.zh-CN.md', eventBlocks(readFileSync(path.join(root, 'docs/sources.zh-CN.md'), 'utf8'))],
])('%s shows sources of events that build', (_page, blocks) => {
  expect(blocks.length).toBeGreaterThan(0);
  for (const block of blocks) expect(compileConfiguration(block).events.length).toBeGreaterThan(0);
});

test.each(all.filter(([, { tellsEnds }]) => !tellsEnds))(
  'the recipe %s rolls back for the sample of its preset',
  async (name, { sample }) => {
    const [yaml = ''] = eventBlocks(section(3, name));
    expect(await decisionOn(yaml, { ...sample, time: startTime })).toBe('rolling_back');
    expect(edas.orders.rollbacksOf(orderId)).toBe(1);
  },
);

test('the recipe edas-event rolls nothing back for the sample of its preset', async () => {
  const [yaml = ''] = eventBlocks(section(3, 'edas-event'));
  const { sample } = eventPresets['edas-event'];
  expect(await decisionOn(yaml, { ...sample, time: startTime })).toBe('ignored');
  expect(edas.calls).toEqual([]);
});

test.each<[string, EventPresetName, Record<string, unknown>]>([
  [
    'arms-default',
    'arms-event',
    {
      source: 'acs.arms',
      type: 'arms:Alert:CustomAlert',
      data: { status: 'firing', labels: { edas_app_id: app }, startsAt: startTime },
    },
  ],
  [
    'cloudmonitor-2',
    'cloudmonitor-event',
    { source: 'cloudmonitor', type: 'any', data: { status: 'FIRING', startTime } },
  ],
])(
  'the block %s acts on an event that has the names which are made up there',
  async (name, preset, event) => {
    const yaml =
      eventBlocks(section(3, preset)).find((block) => block.startsWith(`events:\n  ${name}:\n`)) ?? '';
    const whole = { ...eventPresets[preset].sample, time: startTime, ...event };
    expect(await decisionOn(yaml, whole)).toBe('rolling_back');
    expect(await decisionOn(yaml, { ...whole, data: { ...toRecord(whole.data), status: 'over' } })).toBe(
      'ignored',
    );
  },
);

describe('the alert templates of Simple Log Service', () => {
  const [data = '', whole = ''] = Array.from(
    section(3, 'sls-event').matchAll(/^( *)```jinja\n(.*?)^ *```$/gms),
    ([, , text = '']) => text,
  );
  const [yaml = ''] = eventBlocks(section(3, 'sls-event'));
  /** The attributes of an alert: https://www.alibabacloud.com/help/en/sls/variables-in-new-alert-templates */
  const alert = {
    aliuid: fakeAccountId,
    alert_instance_id: '02e8f1b8-fake',
    alert_name: 'shop: "5xx"\nof the day',
    status: 'firing',
    alert_time: now / 1000,
    fire_time: now / 1000 - 60,
    labels: { edas_app_id: app },
    annotations: { title: 'Too "many" errors', desc: 'C:\\shop' },
  };

  /**
   * What the service makes of a template, as far as these use it: an attribute, with a filter or in a function.
   * https://www.alibabacloud.com/help/en/sls/built-in-functions-in-alert-templates
   */
  function render(template: string, attributes: Record<string, unknown>): string {
    const filters: Record<string, (value: unknown) => string> = {
      to_json: (value) => JSON.stringify(value),
      capitalize: (value) => String(value).replace(/^./, (first) => first.toUpperCase()),
    };
    return template.replaceAll(/\{\{ (.*?) \}\}/g, (_all, expression: string) => {
      const [, date] =
        /^format_date\(alert\.(\w+), tz="UTC", fmt="%Y-%m-%dT%H:%M:%SZ"\)$/.exec(expression) ?? [];
      if (date !== undefined)
        return `${new Date(Number(attributes[date]) * 1000).toISOString().slice(0, 19)}Z`;
      const [, name = '', filter] = /^alert\.(\w+)(?: \| (\w+))?$/.exec(expression) ?? [];
      if (!(name in attributes)) throw new Error(`There is no ${expression}`);
      return filter === undefined ? String(attributes[name]) : (filters[filter]?.(attributes[name]) ?? '');
    });
  }

  const onBus = (type: string, content: string) => ({
    ...eventPresets['sls-event'].sample,
    type,
    time: startTime,
    data: JSON.parse(content) as unknown,
  });

  test('write the data of an event that rolls back, and of one that is ignored', async () => {
    expect(await decisionOn(yaml, onBus('sls:AlertEvent:Firing', render(data, alert)))).toBe('rolling_back');
    const resolved = render(data, { ...alert, status: 'resolved' });
    expect(await decisionOn(yaml, onBus('sls:AlertEvent:Resolved', resolved))).toBe('ignored');
  });

  test('write a whole event, for a call of the function itself', async () => {
    expect(await decisionOn(yaml, render(whole, { ...alert, status: 'resolved' }))).toBe('ignored');
    expect(edas.calls).toEqual([]);
    expect(await decisionOn(yaml, render(whole, alert))).toBe('rolling_back');
  });

  test('without the label, write an event that is refused', async () => {
    expect(await decisionOn(yaml, render(whole, { ...alert, labels: {} }))).toBe('app_missing');
  });

  test('of another account, write an event that is refused', async () => {
    const foreign = render(whole, { ...alert, aliuid: '6543210987654321' });
    expect(await decisionOn(yaml, foreign)).toBe('event_account_mismatch');
  });
});
