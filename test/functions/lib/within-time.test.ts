import { expect, test } from 'vitest';
import { withinTime } from '../../../functions/lib/async.ts';

const late = new Error('late');

test('what ends in time is what the work came to, and no timer is left', async () => {
  const timers = () => process.getActiveResourcesInfo().filter((each) => each === 'Timeout').length;
  const before = timers();
  expect(await withinTime(Promise.resolve('done'), 60_000, late)).toBe('done');
  const failed = withinTime(Promise.reject(new Error('failed')), 60_000, late);
  expect(timers()).toBe(before + 1);
  const error: unknown = await failed.catch((reason: unknown) => reason);
  expect(error).toEqual(new Error('failed'));
  expect(timers()).toBe(before);
});

test('what does not end in time fails as it was said', async () => {
  await expect(withinTime(new Promise(() => undefined), 20, late)).rejects.toBe(late);
});
