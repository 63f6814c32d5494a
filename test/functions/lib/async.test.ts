import { expect, test } from 'vitest';
import { lazily, allAfterSettled, withTimeout } from '../../../functions/lib/async.ts';

test('what is made lazily is not made before it is needed, and once', async () => {
  let times = 0;
  const get = lazily(() => Promise.resolve((times += 1)));
  expect(times).toBe(0);
  expect(await Promise.all([get(), get()])).toEqual([1, 1]);
  expect(await get()).toBe(1);
});

test('what cannot be made fails for everybody who needs it', async () => {
  const get = lazily(() => Promise.reject(new Error('broke')));
  await expect(get()).rejects.toThrow('broke');
  await expect(get()).rejects.toThrow('broke');
});

test('all results come in the order of the works', async () => {
  expect(await allAfterSettled([Promise.resolve(1), Promise.resolve('two')])).toEqual([1, 'two']);
  expect(await allAfterSettled([])).toEqual([]);
});

test('a failure waits for the works that are still going on, and is the first in their order', async () => {
  const ends: (() => void)[] = [];
  const slow = new Promise<void>((_resolve, reject) => {
    ends.push(() => {
      reject(new Error('slow'));
    });
  });
  let failure: unknown;
  const all = allAfterSettled([slow, Promise.reject(new Error('fast'))]).catch((error: unknown) => {
    failure = error;
  });
  await new Promise(setImmediate);
  expect(failure).toBeUndefined();
  for (const end of ends) end();
  await all;
  expect(failure).toEqual(new Error('slow'));
});

const late = new Error('late');

test('what ends in time is what the work came to, and no timer is left', async () => {
  const timers = () => process.getActiveResourcesInfo().filter((each) => each === 'Timeout').length;
  const before = timers();
  expect(await withTimeout(Promise.resolve('done'), 60_000, late)).toBe('done');
  const failed = withTimeout(Promise.reject(new Error('failed')), 60_000, late);
  expect(timers()).toBe(before + 1);
  const error: unknown = await failed.catch((reason: unknown) => reason);
  expect(error).toEqual(new Error('failed'));
  expect(timers()).toBe(before);
});

test('what does not end in time fails as it was said', async () => {
  await expect(withTimeout(new Promise(() => undefined), 20, late)).rejects.toBe(late);
});
