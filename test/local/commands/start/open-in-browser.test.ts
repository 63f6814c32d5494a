import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { openInBrowser } from '../../../../local/commands/start/open-in-browser.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const url = 'http://127.0.0.1:9080';

test('the address is the last argument of the program that opens it', async () => {
  const told = path.join(temporaryFolder(), 'told');
  const script = 'require("node:fs").writeFileSync(process.argv[1], process.argv.slice(2).join())';
  expect(await openInBrowser(url, [process.execPath, '-e', script, told, ''])).toBeUndefined();
  expect(readFileSync(told, 'utf8')).toBe(`,${url}`);
});

test('a program that is not there is a reason, and no error', async () => {
  const program = path.join(temporaryFolder(), 'no-browser');
  expect(existsSync(program)).toBe(false);
  expect(await openInBrowser(url, [program])).toContain('ENOENT');
});

test('a program that fails is a reason', async () => {
  const script = path.join(temporaryFolder(), 'fail.cjs');
  writeFileSync(script, 'process.exit(3)');
  expect(await openInBrowser(url, [process.execPath, script])).toBe(`${process.execPath} ended with 3`);
});
