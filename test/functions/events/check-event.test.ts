import { describe, expect, test } from 'vitest';
import { requireFresh, requireOwnAccount, sourcesFor } from '../../../functions/events/check-event.ts';
import type { CloudEvent } from '../../../functions/events/cloud-event.ts';
import type { CompiledEventSource } from '../../../functions/events/event-source.ts';
import { codeOf, problemOf } from '../../support/problem.ts';

const now = Date.parse('2026-01-02T03:04:05Z');
const event: CloudEvent = {
  id: 'fake-event-id',
  source: 'acs.sls.alert',
  type: 'sls:AlertEvent:Firing',
  time: '2026-01-02T03:04:05Z',
  accountId: '1234567890123456',
  payload: {},
};
const source: CompiledEventSource = {
  name: 'slo',
  eventSources: ['acs.sls.alert'],
  eventTypes: ['sls:AlertEvent:*'],
  maxAgeMs: 600_000,
  apps: [],
  cluster: 'ecs',
  mode: 'now',
  follow: true,
  dryRun: false,
};

describe('the account of an event', () => {
  test('is the one that the function runs in', () => {
    requireOwnAccount(event, '1234567890123456');
  });

  test.each([
    ['another one', '6543210987654321', '1234567890123456', 'is of another account than this function'],
    ['none', undefined, '1234567890123456', 'names no account (aliyunaccountid): EventBridge adds it'],
    ['an empty one, as the function itself has', '', '', 'does not say which account this function runs in'],
    [
      'none, as the function itself',
      undefined,
      undefined,
      'does not say which account this function runs in',
    ],
    ['one with blanks', ' 1234567890123456', '1234567890123456', 'is of another account'],
  ])('is refused where it is %s', (_what, given, own, fault) => {
    const problem = problemOf(() => {
      requireOwnAccount({ ...event, accountId: given }, own);
    });
    expect(problem?.code).toBe('event_account_mismatch');
    expect(problem?.message).toContain(fault);
    // Of two accounts, the log of one does not show the other.
    expect(problem?.message).not.toMatch(/\d{16}/);
  });
});

describe('the sources that take an event', () => {
  const named = (name: string, eventSources: string[], eventTypes: string[]) => ({
    ...source,
    name,
    eventSources,
    eventTypes,
  });
  const namesFor = (source: string, type: string, sources: CompiledEventSource[]) =>
    sourcesFor({ ...event, source, type }, sources).map(({ name }) => name);

  test('stand in the order of sources.yaml', () => {
    const sources = [
      named('b', ['acs.sls.alert'], ['sls:AlertEvent:Firing']),
      named('other', ['acs.arms'], ['*']),
      named('a', ['x', 'acs.*'], ['y', 'sls:*']),
    ];
    expect(namesFor('acs.sls.alert', 'sls:AlertEvent:Firing', sources)).toEqual(['b', 'a']);
    expect(namesFor('acs.sls.alert', 'sls:AlertEvent:Resolved', sources)).toEqual(['a']);
  });

  test.each([
    ['acs.sls.alert', 'sls:AlertEvent:firing'],
    ['acs.sls.alert', ' sls:AlertEvent:Firing'],
    ['ACS.sls.alert', 'sls:AlertEvent:Firing'],
    ['acs.sls.alert.x', 'sls:AlertEvent:Firing'],
    ['acs.sls.aler', 'sls:AlertEvent:Firing'],
    ['acs.sls.alert', 'sls:AlertEvent:Firing2'],
    ['acs.sls.alert', '__proto__'],
    ['constructor', 'sls:AlertEvent:Firing'],
  ])('are none for %j and %j', (from, type) => {
    const sources = [named('slo', ['acs.sls.alert'], ['sls:AlertEvent:Firing'])];
    const problem = problemOf(() => namesFor(from, type, sources));
    expect(problem?.code).toBe('event_unexpected');
    expect(problem?.message).toContain(`source ${JSON.stringify(from)} and type ${JSON.stringify(type)}`);
  });

  test('a * stands for a beginning only at the end of a name, and what an event says is no pattern', () => {
    expect(
      codeOf(() => namesFor('acs.sls.alert', 'sls:AlertEvent:Firing', [named('x', ['*'], ['s*g'])])),
    ).toBe('event_unexpected');
    expect(codeOf(() => namesFor('*', '*', [named('x', ['acs.sls.alert'], ['sls:*'])]))).toBe(
      'event_unexpected',
    );
  });

  test('a refusal shows the beginning of what came', () => {
    const problem = problemOf(() => namesFor('x'.repeat(100_000), 'y'.repeat(100_000), [source]));
    expect(problem?.message.length).toBeLessThan(600);
  });
});

describe('the age of an event', () => {
  const verdict = (time: string | undefined) =>
    codeOf(() => {
      requireFresh({ ...event, time }, source, now);
    }) ?? 'fresh';
  const iso = (ageMs: number) => new Date(now - ageMs).toISOString();

  test.each([
    [0, 'fresh'],
    [600_000, 'fresh'],
    [600_001, 'event_out_of_window'],
    [86_400_000, 'event_out_of_window'],
    [-300_000, 'fresh'],
    [-300_001, 'event_out_of_window'],
  ])('of %d ms: %s', (ageMs, told) => {
    expect(verdict(iso(ageMs))).toBe(told);
  });

  test.each([
    ['2026-01-02T03:04:05Z'],
    ['2026-01-02T11:04:05+08:00'],
    ['2026-01-01T15:34:05-11:30'],
    ['2026-01-02T03:04:05.123456789Z'],
    ['2026-01-02T03:04:05+00:00'],
  ])('is that of the moment, in any zone: %s', (time) => {
    expect(verdict(time)).toBe('fresh');
  });

  // Read by another zone, each of these would be hours off.
  test.each([
    [undefined],
    ['2026-01-02T03:04:05'],
    ['2026-01-02 03:04:05Z'],
    ['2026-01-02T11:04:05+0800'],
    ['2026-01-02T11:04:05+08'],
    ['2026-01-02T11:04:05.179PRC'],
    ['2026-01-02T11:04:05.965Asia/Shanghai'],
    ['2026-01-02T11:04:05CST'],
    ['2026-01-02T03:04:05z'],
    ['2026-01-02T03:04:05+25:00'],
    ['2026-02-30T03:04:05Z'],
    ['2026-01-02T03:04:60Z'],
    ['+002026-01-02T03:04:05Z'],
    ['1767323045000'],
    ['now'],
    [' 2026-01-02T03:04:05Z'],
    ['2026-01-02T03:04:05Z\n'],
  ])('is not known of %j, and so refused', (time) => {
    expect(verdict(time)).toBe('event_malformed');
  });

  test('is told with the source and its maxAge, and says only what this delivery did', () => {
    const detail = problemOf(() => {
      requireFresh({ ...event, time: iso(7_200_500) }, source, now);
    })?.message;
    expect(detail).toBe(
      'The event is 7200 s old, and the source slo takes events of up to 600 s (maxAge). This delivery rolled nothing back. If the problem is still there, roll back in the EDAS console.',
    );
  });

  test('of a moment to come is told with that moment', () => {
    const detail = problemOf(() => {
      requireFresh({ ...event, time: iso(-3_600_000) }, source, now);
    })?.message;
    expect(detail).toContain('The event is of 2026-01-02T04:04:05.000Z, which is in the future.');
  });
});
