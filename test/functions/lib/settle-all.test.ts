import { expect, test } from 'vitest';
import { settleAll } from '../../../functions/lib/async.ts';

test('all results come in the order of the works', async () => {
  expect(await settleAll([Promise.resolve(1), Promise.resolve('two')])).toEqual([1, 'two']);
  expect(await settleAll([])).toEqual([]);
});

test('a failure waits for the works that are still going on, and is the first in their order', async () => {
  const ends: (() => void)[] = [];
  const slow = new Promise<void>((_resolve, reject) => {
    ends.push(() => {
      reject(new Error('slow'));
    });
  });
  let failure: unknown;
  const all = settleAll([slow, Promise.reject(new Error('fast'))]).catch((error: unknown) => {
    failure = error;
  });
  await new Promise(setImmediate);
  expect(failure).toBeUndefined();
  for (const end of ends) end();
  await all;
  expect(failure).toEqual(new Error('slow'));
});
