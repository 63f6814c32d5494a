import { describe, expect, test } from 'vitest';
import { parseTime, type TimeUnit } from '../../../../functions/lib/time.ts';
import { requireFresh, requireFreshHeader } from '../../../../functions/webhook/verify/timestamp.ts';
import { codeOf, problemOf } from '../../../support/problem.ts';

const now = Date.parse('2026-01-02T03:04:05Z');

function check(text: string | undefined, unit: TimeUnit = 's', at = now): string {
  const headers = new Map(text === undefined ? [] : [['x-timestamp', text]]);
  return requireFreshHeader({ header: 'x-timestamp', unit, toleranceSeconds: 300 }, headers, at);
}

test.each<[TimeUnit, string]>([
  ['s', '1767323045'],
  ['ms', '1767323045000'],
  ['iso', '2026-01-02T03:04:05Z'],
  ['iso', '2026-01-02T03:04:05.123456789Z'],
  ['iso', '2026-01-02T11:04:05+08:00'],
])('a time in %s, %s, is now, and is returned as the text that was signed', (unit, text) => {
  expect(check(text, unit)).toBe(text);
});

describe('the window', () => {
  test.each<[TimeUnit, string, string]>([
    ['s', '1767322745', '1767323345'],
    ['ms', '1767322745000', '1767323345000'],
    ['iso', '2026-01-02T02:59:05Z', '2026-01-02T03:09:05.000Z'],
  ])('of times in %s holds both its ends, %s and %s', (unit, first, last) => {
    expect(check(first, unit)).toBe(first);
    expect(check(last, unit)).toBe(last);
  });

  test.each<[TimeUnit, string, string]>([
    ['s', '1767322744', '1767323346'],
    ['ms', '1767322744999', '1767323345001'],
    ['iso', '2026-01-02T02:59:04.999Z', '2026-01-02T03:09:05.001Z'],
  ])('of times in %s ends on both sides: %s and %s are out', (unit, tooOld, tooNew) => {
    expect(codeOf(() => check(tooOld, unit))).toBe('timestamp_out_of_window');
    expect(codeOf(() => check(tooNew, unit))).toBe('timestamp_out_of_window');
  });

  test('is not escaped by milliseconds where seconds are due, nor the other way round', () => {
    expect(codeOf(() => check('1767323045000', 's'))).toBe('timestamp_out_of_window');
    expect(codeOf(() => check('1767323045', 'ms'))).toBe('timestamp_out_of_window');
  });

  test('is in the refusal of a time outside it, with the side and the distance', () => {
    expect(problemOf(() => check('1767322000'))?.message).toMatch(/x-timestamp is 1045 s old; 300 s are/);
    expect(problemOf(() => check('1767324000'))?.message).toMatch(
      /x-timestamp is 955 s in the future; 300 s/,
    );
  });
});

describe('a time that cannot be read', () => {
  test('is missing where there is no header', () => {
    expect(codeOf(() => check(undefined))).toBe('timestamp_missing');
  });

  test.each([
    '',
    ' ',
    '123abc',
    'NaN',
    'Infinity',
    '-1767323045',
    '+1767323045',
    '1767323045.0',
    '1.767323045e9',
    '0x6957345',
    ' 1767323045',
    '1767323045\n',
    '1767323045,1767323045',
    '１７６７３２３０４５',
    '1767323045000000000000',
    // The same time: where nothing parts it from an id before it, a zero could move.
    '01767323045',
    '2026-01-02T03:04:05Z',
  ])('is malformed as a number: %j', (text) => {
    expect(codeOf(() => check(text, 's'))).toBe('timestamp_malformed');
    expect(codeOf(() => check(text, 'ms'))).toBe('timestamp_malformed');
  });

  test.each([
    '',
    '1767323045',
    '2026-01-02',
    '2026-01-02T03:04Z',
    '2026-01-02T03:04:05',
    '2026-01-02 03:04:05Z',
    '2026-01-02t03:04:05z',
    '2026-13-02T03:04:05Z',
    '2026-01-02T25:04:05Z',
    '2026-01-02T03:04:05+0800',
    '2026-01-02T03:04:05Z\n',
    // Date.parse stops at a NUL, and knows years of six digits.
    '2026-01-02T03:04:05Z\u0000fake',
    '+002026-01-02T03:04:05Z',
    'Fri, 02 Jan 2026 03:04:05 GMT',
  ])('is malformed as ISO 8601 with a time zone: %j', (text) => {
    expect(codeOf(() => check(text, 'iso'))).toBe('timestamp_malformed');
  });
});

test.each<[string, TimeUnit, string | undefined]>([
  ['The header x-timestamp is missing.', 's', undefined],
  ['The header x-timestamp is not a time in whole seconds since 1970.', 's', 'fake'],
  ['The header x-timestamp is not a time in whole milliseconds since 1970.', 'ms', 'fake'],
  ['The header x-timestamp is not an ISO 8601 time with a time zone.', 'iso', 'fake'],
])('a time that is missing or cannot be read is told with what is due: %s', (message, unit, text) => {
  expect(problemOf(() => check(text, unit))?.message).toBe(message);
});

describe('a time that stands elsewhere than in a header', () => {
  const parameters = { unit: 'ms', toleranceSeconds: 60 } as const;
  const checkField = (text: string) =>
    problemOf(() => {
      requireFresh(text, "The payload's sentAt", parameters, now);
    });

  test('is held to the same rules', () => {
    expect(checkField('1767323045000')).toBeUndefined();
    expect(checkField('1767322985000')).toBeUndefined();
    expect(checkField('1767323105000')).toBeUndefined();
    expect(checkField('1767322984999')?.code).toBe('timestamp_out_of_window');
    expect(checkField('1767323105001')?.code).toBe('timestamp_out_of_window');
    expect(checkField('')?.code).toBe('timestamp_malformed');
    expect(checkField('1.767323045e12')?.code).toBe('timestamp_malformed');
  });

  test('is named by its place', () => {
    expect(checkField('soon')?.message).toBe(
      "The payload's sentAt is not a time in whole milliseconds since 1970.",
    );
    expect(checkField('1767322945000')?.message).toBe(
      "The payload's sentAt is 100 s old; 60 s are allowed. Check the sender's clock, and that it does not repeat old requests.",
    );
  });

  test('is refused with a hint at a repeat where it is of last year, not at the unit', () => {
    expect(checkField('1735787045000')?.message).toMatch(
      /is 31536000 s old; 60 s are allowed\. Check the sender's clock, and that it does not repeat old requests\.$/,
    );
  });

  test('is refused with a hint at the unit where it is off by decades', () => {
    expect(checkField('1767323045')?.message).toMatch(
      /^The payload's sentAt is 1765555722 s old; 60 s are allowed\. Is it really a time in whole milliseconds/,
    );
  });
});

test.each<[TimeUnit, string, number | undefined]>([
  ['s', '1767323045', 1_767_323_045_000],
  ['ms', '1767323045123', 1_767_323_045_123],
  ['iso', '2026-01-02T11:04:05.123+08:00', 1_767_323_045_123],
  ['s', '2026-01-02T03:04:05Z', undefined],
  ['ms', '-1', undefined],
  ['iso', '1767323045', undefined],
  ['iso', '2026-13-02T03:04:05Z', undefined],
  // V8 takes it for 2 March. A time that decides what is to blame must not be guessed.
  ['iso', '2026-02-30T03:04:05Z', undefined],
  ['iso', '2025-02-29T03:04:05+08:00', undefined],
  ['iso', '2024-02-29T03:04:05Z', 1_709_175_845_000],
])('in %s, %s is %s in milliseconds since 1970', (unit, text, expected) => {
  expect(parseTime(text, unit)).toBe(expected);
});
