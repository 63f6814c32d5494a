import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkAccess } from '../../../../local/commands/doctor/check-access.ts';
import { runServerlessDevs } from '../../../support/serverless-devs.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const key = 'fake-key-of-a-test';

function homeWith(text: string, file = '.s/access.yaml'): string {
  const home = temporaryFolder();
  mkdirSync(path.dirname(path.join(home, file)), { recursive: true });
  writeFileSync(path.join(home, file), text);
  return home;
}

const keys = `default:\n  AccountID: fake\n  AccessKeyID: fake\n  AccessKeySecret: ${key}\n`;

describe('the key that deploys', () => {
  test('is there, as Serverless Devs itself keeps it', async () => {
    const home = temporaryFolder();
    const parts = ['--AccountID', '1234567890123456', '--AccessKeyID', 'fake-id', '--AccessKeySecret', key];
    await runServerlessDevs(['config', 'add', '-a', 'mine', ...parts, '-f'], { cwd: home, home });
    expect(checkAccess('mine', { HOME: home }, true)).toEqual({
      verdict: 'right',
      what: 'Serverless Devs has a key under the alias mine',
    });
  });

  test('is found in access.yml, too', () => {
    expect(checkAccess('default', { HOME: homeWith(keys, '.s/access.yml') }, true).verdict).toBe('right');
  });

  test('is found in the home that a variable names', () => {
    const shell = { serverless_devs_config_home: homeWith(keys), HOME: '/no' };
    expect(checkAccess('default', shell, true).verdict).toBe('right');
  });

  test('is found in a variable of the shell', () => {
    const shell = { HOME: '/no', default_serverless_devs_key: '{}' };
    expect(checkAccess('default', shell, true).verdict).toBe('right');
  });

  test('is found in the workspace that Serverless Devs was told', () => {
    const home = homeWith('{"workspace": "~/elsewhere"}', '.s/config/s.json');
    mkdirSync(path.join(home, 'elsewhere'));
    writeFileSync(path.join(home, 'elsewhere/access.yaml'), keys);
    expect(checkAccess('default', { HOME: home }, true).verdict).toBe('right');
  });

  test('is missing under another name: wrong for a deployment, else to be looked at', () => {
    const home = homeWith(keys);
    expect(checkAccess('defualt', { HOME: home }, true)).toEqual({
      verdict: 'wrong',
      what: expect.stringMatching(/no key under the alias defualt.*did you mean "default"\?$/) as unknown,
      advice: expect.stringContaining('npx s config add -a defualt') as unknown,
    });
    expect(checkAccess('defualt', { HOME: home }, false).verdict).toBe('warning');
  });

  test.each(['', ': [', 'just text', '- a'])('is missing where the file says %j', (text) => {
    expect(checkAccess('default', { HOME: homeWith(text) }, true).verdict).toBe('wrong');
  });

  test('is missing where there is no file, or s.yaml names none', () => {
    expect(checkAccess('default', { HOME: temporaryFolder() }, true).verdict).toBe('wrong');
    expect(checkAccess('', { HOME: homeWith(keys) }, true).verdict).toBe('wrong');
  });

  test('is not looked for in a CI, or where it comes from the aliyun CLI', () => {
    expect(checkAccess('default', { HOME: '/no', GITHUB_ACTIONS: 'true' }, true).verdict).toBe('skipped');
    expect(checkAccess('${aliyun-cli}', { HOME: '/no' }, true).verdict).toBe('skipped');
  });

  test('is never shown', () => {
    const said = [true, false].flatMap((isNeeded) =>
      ['default', 'other'].map((alias) =>
        JSON.stringify(checkAccess(alias, { HOME: homeWith(keys) }, isNeeded)),
      ),
    );
    expect(said.join()).not.toContain(key);
  });
});
