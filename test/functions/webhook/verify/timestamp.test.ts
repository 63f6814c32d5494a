import { describe, expect, test } from 'vitest';
import { requireFreshTimestamp, type TimestampUnit } from '../../../../functions/webhook/verify/timestamp.ts';
import { codeOf, problemOf } from '../../../support/problem.ts';

const now = Date.parse('2026-01-02T03:04:05Z');

function check(text: string | undefined, unit: TimestampUnit = 's', at = now): string {
  const headers = new Map(text === undefined ? [] : [['x-timestamp', text]]);
  return requireFreshTimestamp({ header: 'x-timestamp', unit, toleranceSeconds: 300 }, headers, at);
}

test.each<[TimestampUnit, string]>([
  ['s', '1767323045'],
  ['ms', '1767323045000'],
  ['iso', '2026-01-02T03:04:05Z'],
  ['iso', '2026-01-02T03:04:05.123456789Z'],
  ['iso', '2026-01-02T11:04:05+08:00'],
])('a time in %s, %s, is now, and is returned as the text that was signed', (unit, text) => {
  expect(check(text, unit)).toBe(text);
});

describe('the window', () => {
  test.each<[TimestampUnit, string, string]>([
    ['s', '1767322745', '1767323345'],
    ['ms', '1767322745000', '1767323345000'],
    ['iso', '2026-01-02T02:59:05Z', '2026-01-02T03:09:05.000Z'],
  ])('of times in %s holds both its ends, %s and %s', (unit, first, last) => {
    expect(check(first, unit)).toBe(first);
    expect(check(last, unit)).toBe(last);
  });

  test.each<[TimestampUnit, string, string]>([
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

  test('is told to whoever misses it, with the side and the distance', () => {
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
    'Fri, 02 Jan 2026 03:04:05 GMT',
  ])('is malformed as ISO 8601 with a time zone: %j', (text) => {
    expect(codeOf(() => check(text, 'iso'))).toBe('timestamp_malformed');
  });
});
