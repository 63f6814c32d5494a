import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formField, isForm, mediaType, parseForm } from '../../../functions/lib/form.ts';
import { runs } from '../../support/runs.ts';

describe('a content type', () => {
  test.each([
    'application/x-www-form-urlencoded',
    'Application/X-WWW-Form-UrlEncoded',
    ' application/x-www-form-urlencoded ; charset=UTF-8',
  ])('%j is a form', (type) => {
    expect(isForm(type)).toBe(true);
  });

  test.each([
    undefined,
    '',
    'application/json',
    'multipart/form-data',
    'text/plain; application/x-www-form-urlencoded',
  ])('%j is none', (type) => {
    expect(isForm(type)).toBe(false);
  });

  test('is compared without its parameters', () => {
    expect(mediaType('Text/Plain; charset=utf-8')).toBe('text/plain');
    expect(mediaType(undefined)).toBe('');
  });
});

test('a form is read as URLSearchParams writes it, field by field', () => {
  const fields = fc.array(fc.tuple(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' })), {
    minLength: 1,
  });
  fc.assert(
    fc.property(fields, (pairs) => {
      const text = new URLSearchParams(pairs).toString();
      expect(parseForm(Buffer.from(text))).toEqual(pairs);
    }),
    { numRuns: runs(300) },
  );
});

test('a form of a thousand fields is read, and one of more is none', () => {
  const form = (fields: number) => Buffer.from(Array.from({ length: fields }, (_, at) => `f${at}`).join('&'));
  expect(parseForm(form(1000))).toHaveLength(1000);
  expect(parseForm(form(1001))).toBeUndefined();
  expect(parseForm(Buffer.from('&'.repeat(1024 * 1024)))).toBeUndefined();
});

describe('a field of a form', () => {
  const form = Buffer.from('a=1&payload=%7B%22a%22%3A+1%7D&b=2&b=3&c');

  test.each([
    ['payload', '{"a": 1}'],
    ['a', '1'],
    ['c', ''],
  ])('%s is decoded', (name, value) => {
    expect(formField(form, name)).toBe(value);
  });

  test.each(['b', 'd', 'A'])('%s, which is not there once, is none', (name) => {
    expect(formField(form, name)).toBeUndefined();
  });

  test('of what is no form is none', () => {
    expect(formField(Buffer.from('{"payload=1'), 'payload')).toBeUndefined();
    expect(formField(Buffer.from('payload=%ff'), 'payload')).toBeUndefined();
    expect(formField(Buffer.from([0x70, 0x3d, 0xff]), 'p')).toBeUndefined();
  });
});
