import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { placeOfJsonFault } from '../../../functions/lib/json-fault.ts';
import { runs } from '../../support/runs.ts';

describe('the place where a text stops being JSON', () => {
  test.each([
    ['', 0],
    ['  ', 2],
    ['[', 1],
    ['{"a":1', 6],
    ['{"a":1,}', 7],
    ['[1,]', 3],
    ['[1 2]', 3],
    ['{"a" 1}', 5],
    ['{a:1}', 1],
    ["{'a':1}", 1],
    ['{"a":"say "hi" now"}', 11],
    ['{"a":"one\ntwo"}', 9],
    ['{"a":"C:\\dir"}', 8],
    ['{"a":"\\u12"}', 6],
    ['{"a":"open', 10],
    ['{"a":01}', 6],
    ['{"a":+1}', 5],
    ['{"a":NaN}', 5],
    ['{"a":True}', 5],
    ['{"a":{{ .Value }}}', 6],
    ['{"a":1}}', 7],
    ['[1}', 2],
    ['{"a":1]', 6],
    ['{} {}', 3],
    ['\ufeff{}', 0],
    ['$alertmanager_content', 0],
    ['{"a":1,"b":[true,false,null,-1.5e+3,"x"],"c":tru}', 45],
  ])('in %j is %d', (text, place) => {
    expect(() => void JSON.parse(text)).toThrow();
    expect(placeOfJsonFault(text)).toBe(place);
  });

  test('is the end of what is JSON', () => {
    fc.assert(
      fc.property(fc.json(), fc.constantFrom('', ' ', '\n'), (text, blank) => {
        expect(placeOfJsonFault(text + blank)).toBe(text.length + blank.length);
      }),
      { numRuns: runs(300) },
    );
  });

  test('is the first one: what stands before it could still become JSON', () => {
    const broken = fc
      .tuple(fc.json(), fc.nat(), fc.constantFrom('"', '\n', '\\', '{', ']', ',', ':', 'x'))
      .map(([text, at, piece]) => {
        const place = at % (text.length + 1);
        return text.slice(0, place) + piece + text.slice(place);
      });
    fc.assert(
      fc.property(broken, (text) => {
        const place = placeOfJsonFault(text);
        expect(placeOfJsonFault(text.slice(0, place))).toBe(place);
        if (isJson(text)) expect(place).toBe(text.length);
      }),
      { numRuns: runs(500) },
    );
  });

  test('is found in a mebibyte, however deep', () => {
    expect(placeOfJsonFault('['.repeat(1_000_000))).toBe(1_000_000);
    expect(placeOfJsonFault(`"${'a'.repeat(1_000_000)}`)).toBe(1_000_001);
  });
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
