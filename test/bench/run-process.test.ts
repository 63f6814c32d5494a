import { expect, test } from 'vitest';
import { runProcess } from '../../bench/run-process.ts';

/** A process that says when it answered, and a figure. */
const telling = (figure: string) =>
  `require('node:fs').writeSync(3, 'answered ' + Number(process.hrtime.bigint()) / 1e6 + '\\ntold ' + ${figure} + '\\n')`;

test('the moments of a process are on the clock of this one', async () => {
  const { answered, elapsed, told } = await runProcess({ args: ['-e', telling('7')], env: {} });
  expect(answered).toBeGreaterThan(0);
  expect(answered).toBeLessThan(elapsed);
  expect(told).toBe(7);
});

test('a measured process has the variables that it is given, and none of this process', async () => {
  // Some shells add PWD, SHLVL and _.
  const others = `Object.keys(process.env).filter((name) => !['PWD', 'OLDPWD', 'SHLVL', '_'].includes(name)).length`;
  const { told } = await runProcess({ args: ['-e', telling(others)], env: { SECRET_PIPELINE: 'x' } });
  expect(told).toBe(1);
});

test('a process that fails is no measurement', async () => {
  const failing = runProcess({ args: ['-e', 'throw new Error("out of order")'], env: {} });
  await expect(failing).rejects.toThrow('out of order');
});
