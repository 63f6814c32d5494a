import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { coversPayload } from '../../functions/webhook/verify/verify.ts';
import { presets } from '../../presets/index.ts';
import type { Preset } from '../../presets/preset.ts';

const all: [string, Preset][] = Object.entries(presets);

describe.each(all)('the preset %s', (_, preset) => {
  test('names its headers in lower case, as a request does', () => {
    const { verify, deliveryHeader, ping } = preset;
    const headers = 'header' in verify ? [verify.header] : [];
    const ofHmac =
      verify.scheme === 'hmac' ? [...(verify.aliases ?? []), verify.idHeader, verify.timestamp?.header] : [];
    const names = [...headers, ...ofHmac, deliveryHeader, ping?.header];
    expect(names).toEqual(names.map((name) => name?.toLowerCase()));
  });

  test('leaves time for two calls to EDAS, and never more than the timeout of the function allows', () => {
    expect(preset.deadlineMs).toBeGreaterThanOrEqual(2500);
    expect(preset.deadlineMs).toBeLessThanOrEqual(9000);
  });

  test('says whose it is, and where the sender documents it', () => {
    expect(preset.sender).toMatch(/\w/);
    if (preset.docs !== undefined) expect(new URL(preset.docs).protocol).toBe('https:');
  });

  test('signs the whole payload where it signs it at all', () => {
    if (preset.verify.scheme !== 'hmac') return;
    expect(preset.verify.signed.some((part) => part === '{body}' || part === '{payload}')).toBe(true);
  });
});

test('nothing weaker than SHA-256 but where the sender knows nothing better', () => {
  const weak = all.filter(([, { verify }]) => verify.scheme === 'hmac' && verify.algorithm === 'sha1');
  expect(weak.map(([name]) => name)).toEqual(['coding']);
});

test('the senders whose payload is not covered are these', () => {
  const uncovered = all.filter(([, { verify }]) => !coversPayload(verify));
  expect(uncovered.map(([name]) => name)).toEqual([
    'gitlab-token',
    'dingtalk',
    'alertmanager',
    'cloudmonitor',
    'arms',
    'sls',
    'argocd',
    'datadog',
    'azure-devops',
    'codeup',
  ]);
});

// What each sender documents: docs/sources.md has the sources.
test.each([
  ['slack', 3000],
  ['feishu', 3000],
  ['pagerduty', 5000],
  ['circleci', 10_000],
  ['linear', 5000],
  ['cloudmonitor', 5000],
  ['arms', 5000],
  ['sls', 5000],
  ['github', 10_000],
] as const)('the preset %s is done before its sender hangs up after %i ms', (name, patienceMs) => {
  expect(presets[name].deadlineMs).toBeLessThan(patienceMs);
});

test('the senders that repeat a webhook after a 4xx, or switch it off after a few, are refused with 200', () => {
  const spared = all.filter(([, { refusalStatus }]) => refusalStatus === 200);
  expect(spared.map(([name]) => name)).toEqual([
    'gitlab',
    'gitlab-token',
    'standard-webhooks',
    'svix',
    'grafana',
    'pagerduty',
    'circleci',
    'zendesk',
    'linear',
    'stripe-style',
    'alertmanager',
    'cloudmonitor',
    'arms',
    'sls',
    'argocd',
    'azure-devops',
  ]);
});

test('the senders that take nothing but 200 for a success are answered 200', () => {
  const exact = all.filter(([, { successStatus }]) => successStatus === 200);
  expect(exact.map(([name]) => name)).toEqual(['linear', 'sls']);
});

// A sender that repeats itself would otherwise roll back whatever is in flight when it does.
test('who names an application and no change order says since when there is a problem', () => {
  const timeless = all.filter(
    ([, { app, isByApplication, problemStartedAt }]) =>
      (app !== undefined || isByApplication) && problemStartedAt === undefined,
  );
  expect(timeless).toEqual([]);
});

describe('docs/sources.md, in the table of alarms about the monitor,', () => {
  const page = readFileSync(new URL('../../docs/sources.md', import.meta.url), 'utf8');
  const [, after = ''] = page.split('\n### Alarms about the monitor\n');
  const [section = ''] = after.split('\n### ');
  const rows = Array.from(section.matchAll(/^\| (`.*?) \|(.*)\|$/gm), ([, first = '', rest = '']) => ({
    names: Array.from(first.matchAll(/`([a-z-]+)`/g), ([, name]) => name),
    rest,
  }));

  test.each(all.filter(([, { monitorAlarms }]) => monitorAlarms !== undefined))(
    'names what %s ignores, and where it stands',
    (name, { monitorAlarms }) => {
      const text = rows
        .filter(({ names }) => names.includes(name))
        .map(({ rest }) => rest)
        .join('\n');
      const { values = {}, parts = {} } = monitorAlarms ?? {};
      const known = [...Object.values(values), ...Object.values(parts)].flat();
      expect(known.filter((alarm) => !text.includes(`\`${alarm}\``))).toEqual([]);
      for (const place of Object.keys(values)) expect(text).toContain(`\`${place}\``);
    },
  );

  test('names no preset that ignores none', () => {
    const ignoring = all.filter(([, { monitorAlarms }]) => monitorAlarms !== undefined).map(([name]) => name);
    expect(new Set(rows.flatMap(({ names }) => names))).toEqual(new Set(ignoring));
  });
});

test('docs/sources.md says of every preset whether its refusals are answered 200', () => {
  const page = readFileSync(new URL('../../docs/sources.md', import.meta.url), 'utf8');
  const [, after = ''] = page.split('\n### What a sender takes for delivered\n');
  const [section = ''] = after.split('\n### ');
  const rows = Array.from(
    section.matchAll(/^\| (200|the code's own status|200, with a sentence) +\| (.*?) +\|/gm),
  );
  const written = rows.flatMap(([, status, names = '']) =>
    Array.from(names.matchAll(/`([a-z-]+)`/g), ([, name]) => [name, status]),
  );
  const answered = ({ refusalStatus, reply }: Preset) =>
    reply ? '200, with a sentence' : refusalStatus === 200 ? '200' : "the code's own status";
  expect(Object.fromEntries(written)).toEqual(
    Object.fromEntries(all.map(([name, preset]) => [name, answered(preset)])),
  );
  expect(written).toHaveLength(all.length);
});
