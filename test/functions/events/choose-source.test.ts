import { describe, expect, test } from 'vitest';
import { Problem } from '../../../functions/errors.ts';
import { chooseSource } from '../../../functions/events/choose-source.ts';
import { readCloudEvent } from '../../../functions/events/cloud-event.ts';
import { AuditRecord } from '../../../functions/execute/audit-record.ts';
import { compileConfiguration } from '../../../local/build/compile-sources.ts';
import { cloudEvent } from '../../support/events.ts';
import { app, otherApp } from './stage.ts';

const now = Date.parse('2026-01-02T03:04:05Z');

/** Which source acts, or which one refuses or ignores, and why. */
async function choose(
  yaml: string,
  data: unknown,
  ageMs = 0,
): Promise<{ told: string; by: string | undefined }> {
  const { events } = compileConfiguration(`events:\n${yaml}`);
  const event = readCloudEvent(Buffer.from(JSON.stringify(cloudEvent(now - ageMs, { data }))));
  const record = new AuditRecord();
  try {
    const chosen = await chooseSource(events, event, now, record);
    const by = record.facts.source;
    return 'outcome' in chosen ? { told: chosen.message, by } : { told: `acts: ${chosen.source.name}`, by };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return { told: error.code, by: record.facts.source };
  }
}

const source = (name: string, keys: string) =>
  `  ${name}: { preset: cloudevent, source: acs.sls.alert, type: '*', app: data.app, problemStartedAt: time, apps: [${app}], ${keys} }\n`;

describe('one source', () => {
  test('acts where its when is true', async () => {
    expect(await choose(source('slo', 'when: data.isBad'), { isBad: true, app })).toEqual({
      told: 'acts: slo',
      by: 'slo',
    });
  });

  test('ignores the event where its when is anything else, and is named in the log', async () => {
    const { told, by } = await choose(source('slo', 'when: data.isBad'), { isBad: 'true', app });
    expect(told).toBe('`when: data.isBad` gave "true", not true.');
    expect(by).toBe('slo');
  });

  test('refuses an event that is too old before anything of it is looked at', async () => {
    expect(await choose(source('slo', 'when: data.isBad'), {}, 600_001)).toEqual({
      told: 'event_out_of_window',
      by: 'slo',
    });
  });
});

describe('of several sources', () => {
  const first = source('first', "when: data.kind == 'a'");
  const second = source('second', "when: data.kind == 'b'");

  test.each([
    ['a', 'acts: first', 'first'],
    ['b', 'acts: second', 'second'],
  ])('the first whose when is true acts: %s', async (kind, told, by) => {
    expect(await choose(first + second, { kind, app })).toEqual({ told, by });
    expect(await choose(second + first, { kind, app })).toEqual({ told, by });
  });

  test('and where both are true, the one that stands first', async () => {
    const both = source('one', 'when: data.isBad') + source('two', 'when: data.isBad || data.isSlow');
    expect(await choose(both, { isBad: true, app })).toEqual({ told: 'acts: one', by: 'one' });
  });

  test('none acts where none is true, and each says why', async () => {
    const { told, by } = await choose(first + second, { kind: 'c', app });
    expect(told).toBe(
      "first: `when: data.kind == 'a'` gave false, not true. second: `when: data.kind == 'b'` gave false, not true.",
    );
    expect(by).toBeUndefined();
  });

  test('one that cannot tell does not keep another from acting', async () => {
    const failing = source('failing', `when: "contains(data.missing, 'x')"`);
    expect(await choose(failing + second, { kind: 'b', app })).toEqual({
      told: 'acts: second',
      by: 'second',
    });
    expect(await choose(second + failing, { kind: 'b', app })).toEqual({
      told: 'acts: second',
      by: 'second',
    });
  });

  test('and where no other one acts, it is named, and what it said is told', async () => {
    const failing = source('failing', `when: "contains(data.missing, 'x')"`);
    const told = { told: 'payload_malformed', by: 'failing' };
    expect(await choose(failing + second, { kind: 'c', app })).toEqual(told);
    expect(await choose(second + failing, { kind: 'c', app })).toEqual(told);
  });

  test('each may have applications of its own: the one that may touch it acts', async () => {
    const ofOther = source('other', 'when: data.isBad').replace(app, otherApp);
    const sources = source('own', 'when: data.isBad') + ofOther;
    expect(await choose(sources, { isBad: true, app })).toEqual({ told: 'acts: own', by: 'own' });
    expect(await choose(sources, { isBad: true, app: otherApp })).toEqual({
      told: 'acts: other',
      by: 'other',
    });
    const neither = '0b5f6dd8-1c7e-4a6d-8f00-000000000009';
    expect(await choose(sources, { isBad: true, app: neither })).toEqual({
      told: 'app_not_allowed',
      by: 'own',
    });
    expect(await choose(sources, { isBad: true })).toEqual({ told: 'app_missing', by: 'own' });
  });

  test('each has its own maxAge', async () => {
    const patient = source('patient', 'when: data.isBad, maxAge: 1h');
    const sources = source('hasty', 'when: data.isBad') + patient;
    expect(await choose(sources, { isBad: true, app }, 601_000)).toEqual({
      told: 'acts: patient',
      by: 'patient',
    });
    expect(await choose(sources, { isBad: true, app }, 3_601_000)).toEqual({
      told: 'event_out_of_window',
      by: 'hasty',
    });
  });
});
