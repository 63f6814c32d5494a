import { expect, test } from 'vitest';
import { interleave, quantile, spreadOf } from '../../bench/statistics.ts';

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
  const series = await interleave(['a', 'b'], { rounds: 2, warmUpRounds: 1 }, (name, round) => {
    order.push(`${name}${round}`);
    return round;
  });
  expect(order).toEqual(['b0', 'a0', 'a1', 'b1', 'b2', 'a2']);
  expect(series).toEqual({ a: [1, 2], b: [1, 2] });
});
