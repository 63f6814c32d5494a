import { expect, test } from 'vitest';
import {
  differencesOf,
  figuresOf,
  interleave,
  quantile,
  ratiosOf,
  spreadOf,
} from '../../bench/statistics.ts';

test.each([
  [[3], 0.5, 3],
  [[4, 1, 3, 2], 0.5, 2.5],
  [[5, 1, 4, 2, 3], 0.5, 3],
  [[5, 1, 4, 2, 3], 0.25, 2],
  [[1, 2], 0.75, 1.75],
  [[1, 2], 1, 2],
])('of %j, the fraction %d is smaller than %d', (values, fraction, expected) => {
  expect(quantile(values, fraction)).toBe(expected);
});

test('the middle half ends where a quarter is left on either side', () => {
  expect(spreadOf([1, 2, 3, 4, 5])).toEqual({ median: 3, low: 2, high: 4 });
});

test('every round measures each subject once, every other round backwards, and the first ones do not count', async () => {
  const order: string[] = [];
  const series = await interleave(['a', 'b'], { rounds: 2, warmUpRounds: 1 }, (name) => {
    order.push(name);
    return order.length;
  });
  expect(order).toEqual(['b', 'a', 'a', 'b', 'b', 'a']);
  expect(series).toEqual({ a: [3, 6], b: [4, 5] });
});

test('series are compared round by round', () => {
  expect(ratiosOf([4, 9], [2, 3])).toEqual([2, 3]);
  expect(differencesOf([4, 9], [2, 3])).toEqual([2, 6]);
});

test('one figure is taken of each thing that was measured', () => {
  const runs = { a: [{ elapsed: 1 }, { elapsed: 2 }], b: [{ elapsed: 3 }] };
  expect(figuresOf(runs, ({ elapsed }) => elapsed)).toEqual({ a: [1, 2], b: [3] });
});
