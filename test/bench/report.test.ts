import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { atMost, atMostTimes, toMarkdown, toTable, type Goal } from '../../bench/report.ts';
import { root } from '../../local/build/bundle.ts';

const read = (file: string) => readFileSync(path.join(root, file), 'utf8');

test('docs/performance.md tells of every goal what the run found that bench/results.json is of', () => {
  const results = JSON.parse(read('bench/results.json')) as Record<string, { goals?: Goal[] }>;
  const goals = Object.values(results).flatMap((part) => part.goals ?? []);
  expect(goals.length).toBeGreaterThan(0);
  expect(read('docs/performance.md')).toContain(`<!-- goals -->\n\n${toMarkdown(goals)}\n\n<!-- /goals -->`);
});

test('a goal is judged by the middle of the ratios within the rounds, and not by the ratio of the middles', () => {
  const [slowLater, steady] = [
    [10, 10, 40],
    [10, 20, 10],
  ];
  expect(atMostTimes('w', 1, slowLater, steady)).toEqual({
    what: 'w',
    limit: '≤ 1×',
    reached: '1.00×',
    isMet: true,
  });
  expect(atMostTimes('w', 0.99, slowLater, steady)).toMatchObject({ limit: '≤ 0.99×', isMet: false });
  expect(atMost('w', 64, 64.04, 'MB')).toEqual({
    what: 'w',
    limit: '≤ 64 MB',
    reached: '64.0 MB',
    isMet: false,
  });
});

test('a table compares every row with the base, round by round', () => {
  const { rows } = toTable('t', 'ms', 'base', { base: [1, 2, 4], other: [2, 6, 8] });
  expect(rows.map(({ name, value, ratio }) => [name, value.median, ratio?.median])).toEqual([
    ['base', 2, 1],
    ['other', 6, 2],
  ]);
});

test('a table without a base has no ratios', () => {
  const { rows } = toTable('t', 'ms', undefined, { one: [0, 0] });
  expect(rows).toEqual([{ name: 'one', value: { median: 0, low: 0, high: 0 } }]);
});
