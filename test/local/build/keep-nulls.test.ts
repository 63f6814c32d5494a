import { compile, TreeInterpreter } from '@jmespath-community/jmespath';
import { describe, expect, test } from 'vitest';
import { keepNulls } from '../../../local/build/keep-nulls.ts';

const one = '2026-01-01T00:00:00Z';
const two = '2026-01-02T00:00:00Z';
const payload = {
  alerts: [
    { status: 'firing', startsAt: one, at: { t: one } },
    { status: 'firing' },
    { status: 'resolved', startsAt: two },
  ],
  groups: [{ alerts: [{ t: one }, {}] }, {}],
  byName: { a: { t: one }, b: {} },
  times: [one, null, two],
  startsAt: one,
};

describe('an expression for a time keeps a place for what is not there:', () => {
  test.each([
    ['alerts[*].startsAt', [one, null, two]],
    ['alerts[].startsAt', [one, null, two]],
    ["alerts[?status == 'firing'].startsAt", [one, null]],
    ['alerts[*].at.t', [one, null, null]],
    ['alerts[0:2].startsAt', [one, null]],
    ['times[*]', [one, null, two]],
    ['byName.*.t', [one, null]],
    ['groups[].alerts[].t', [one, null, null]],
    ['alerts[*].startsAt | [1]', null],
    ['nowhere || alerts[*].startsAt', [one, null, two]],
    ['startsAt && alerts[*].startsAt', [one, null, two]],
  ])('%s', (text, expected) => {
    expect(TreeInterpreter.search(keepNulls(compile(text)), payload)).toEqual(expected);
  });

  test('a list that is not there, or is empty, gives what JMESPath gives', () => {
    for (const text of ['nowhere[*].t', 'nowhere[].t', "nowhere[?a == 'b'].t", 'nowhere.*.t', 'none[*].t']) {
      const tree = compile(text);
      const data = { none: [] };
      expect(TreeInterpreter.search(keepNulls(tree), data)).toEqual(TreeInterpreter.search(tree, data));
    }
  });

  test('the smallest of several is none where one is not there', () => {
    const work = () => TreeInterpreter.search(keepNulls(compile('min(alerts[*].startsAt)')), payload);
    expect(work).toThrow(/min/);
  });

  test.each(['startsAt', 'alerts[0].startsAt', 'nowhere || startsAt', '`[1, 2]`'])(
    'and %s is what it was',
    (text) => {
      expect(keepNulls(compile(text))).toEqual(compile(text));
    },
  );
});
