import { expect, test } from 'vitest';
import { lazily } from '../../../functions/lib/async.ts';

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
