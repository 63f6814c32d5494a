import fc from 'fast-check';
import { expect, test } from 'vitest';
import { faultOfJson } from '../../../functions/lib/json-rules.ts';
import { runs } from '../../support/runs.ts';

test('no fault is found in what was written from a value, which has no key twice', () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: 'binary' }), fc.constantFrom(0, 2), (value, indent) => {
      expect(faultOfJson(JSON.stringify(value, undefined, indent))).toBeUndefined();
    }),
    { numRuns: runs(300) },
  );
});

test('a key that stands twice in one object is found, wherever the object is and however the key is written', () => {
  const key = fc.string({ unit: 'binary' });
  const spelling = fc.constantFrom(
    (text: string) => JSON.stringify(text),
    // Every UTF-16 unit as an escape: the same key in other letters.
    (text: string) =>
      `"${Array.from({ length: text.length }, (_, at) => `\\u${text.charCodeAt(at).toString(16).padStart(4, '0')}`).join('')}"`,
  );
  const value = fc.jsonValue().map((each) => JSON.stringify(each));
  fc.assert(
    fc.property(
      key,
      spelling,
      spelling,
      value,
      value,
      fc.nat({ max: 20 }),
      (name, one, other, a, b, depth) => {
        const object = `{${one(name)}:${a} , ${other(name)} :${b}}`;
        const text = `${'[{"x":'.repeat(depth)}${object}${'}]'.repeat(depth)}`;
        expect(Object.keys(JSON.parse(object) as object)).toEqual([name]);
        expect(faultOfJson(text)).toContain('twice in one object');
      },
    ),
    { numRuns: runs(300) },
  );
});

test('brackets and colons in texts are no structure', () => {
  expect(faultOfJson(JSON.stringify({ a: '['.repeat(200), b: '{"a":1,"a":2}', 'c:': ':"a":"a":' }))).toBe(
    undefined,
  );
});

test.each([
  ['a text', `"${'x'.repeat(1024 * 1024)}"`],
  ['quotes', JSON.stringify('"'.repeat(512 * 1024))],
  ['backslashes', JSON.stringify('\\'.repeat(512 * 1024))],
  ['empty objects', `[${'{},'.repeat(340_000)}{}]`],
  ['keys', JSON.stringify(Object.fromEntries(Array.from({ length: 80_000 }, (_, at) => [`k${at}`, at])))],
])('a MiB of %s is looked through to its end', (_, text) => {
  expect(faultOfJson(text)).toBeUndefined();
});
