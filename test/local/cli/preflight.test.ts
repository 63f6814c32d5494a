import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../../../local/cli/root.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const script = path.join(root, 'local/cli/preflight.cjs');

/** Runs the check under this Node.js, which says that it is another one. */
function runAs(version: string): { status: number | null; stdout: string; stderr: string } {
  const preload = path.join(temporaryFolder(), 'preload.cjs');
  const versions = `{ ...process.versions, node: ${JSON.stringify(version)} }`;
  writeFileSync(preload, `Object.defineProperty(process, 'versions', { value: ${versions} });`);
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--require', preload, script], {
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

test.each(['16.20.2', '18.20.8', '20.18.3'])(
  'Node.js %s is told in one line that it is too old',
  (version) => {
    expect(runAs(version)).toEqual({
      status: 1,
      stdout: '',
      stderr: `error This needs Node.js 20.19 or newer; this is ${version}. See https://nodejs.org\n`,
    });
  },
);

test.each(['20.19.0', '20.20.1', '22.0.0', process.versions.node])(
  'Node.js %s goes on in silence',
  (version) => {
    expect(runAs(version)).toEqual({ status: 0, stdout: '', stderr: '' });
  },
);

test('packages that are not installed are told in one line, with what to do', () => {
  const local = path.join(temporaryFolder(), 'local');
  mkdirSync(local);
  copyFileSync(script, path.join(local, 'preflight.cjs'));
  const { status, stderr } = spawnSync(process.execPath, [path.join(local, 'preflight.cjs')], {
    encoding: 'utf8',
  });
  expect({ status, stderr }).toEqual({
    status: 1,
    stderr: 'error The packages are not installed yet. Run: npm ci\n',
  });
});
