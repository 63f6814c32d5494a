import { describe, expect, test } from 'vitest';
import { describeStatus, endOf, phaseOf } from '../../../functions/edas/status.ts';

describe('a status', () => {
  test.each([
    [0, 'in_flight', undefined, '0 (ready)'],
    [1, 'in_flight', undefined, '1 (running)'],
    [2, 'finished', 'succeeded', '2 (succeeded)'],
    [3, 'finished', 'failed', '3 (failed)'],
    [6, 'terminated', 'terminated', '6 (terminated)'],
    [7, 'finished', 'partly_succeeded', '7 (partly succeeded)'],
    [8, 'in_flight', undefined, '8 (waiting for a person to confirm the next batch)'],
    [9, 'in_flight', undefined, '9 (waiting for the next batch)'],
    [10, 'finished', 'failed', '10 (failed with a system exception)'],
  ])('%i is %s, has ended as %s, and reads "%s"', (status, phase, end, words) => {
    expect(phaseOf(status)).toBe(phase);
    expect(endOf(status)).toBe(end);
    expect(describeStatus(status)).toBe(words);
  });

  test.each([4, 5, 11, 99, -1, 1.5, NaN])(
    '%d is not documented, so nothing is concluded from it',
    (status) => {
      expect(phaseOf(status)).toBeUndefined();
      expect(endOf(status)).toBeUndefined();
      expect(describeStatus(status)).toBe(`${status} (a status that EDAS does not document)`);
    },
  );

  test('that EDAS left out says so', () => {
    expect(phaseOf(undefined)).toBeUndefined();
    expect(endOf(undefined)).toBeUndefined();
    expect(describeStatus(undefined)).toBe('not given');
  });
});
