import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkEnvFile } from '../../../../local/commands/doctor/check-env-file.ts';
import { readDeployEnvironment } from '../../../../local/commands/doctor/env-file.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const isThereGit = spawnSync('git', ['--version']).status === 0;

function git(folder: string, ...args: string[]): void {
  const identity = [
    '-c',
    'user.name=test',
    '-c',
    'user.email=test@example.com',
    '-c',
    'commit.gpgsign=false',
  ];
  const { status, stderr } = spawnSync('git', [...identity, ...args], { cwd: folder, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
}

function folderWith(files: Record<string, string>): string {
  const folder = temporaryFolder();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), text);
  }
  return folder;
}

function repositoryWith(files: Record<string, string>): string {
  const folder = folderWith(files);
  git(folder, 'init', '--quiet');
  return folder;
}

const check = (folder: string) => checkEnvFile(folder, '.env', readDeployEnvironment(folder, {}));
const secret = 'fake-secret-of-an-env-file';
const env = `A=${secret}\n`;

describe('outside of a repository', () => {
  test('an .env is read as it looks, and git is not asked', () => {
    expect(check(folderWith({ '.env': env }))).toEqual([
      { verdict: 'right', what: '.env is read as it looks' },
      { verdict: 'skipped', what: expect.stringContaining('this is no git repository') as unknown },
    ]);
  });

  test('a missing .env is a warning, since the shell may have all variables', () => {
    expect(check(temporaryFolder())[0]).toMatchObject({
      verdict: 'warning',
      advice: expect.stringContaining('cp .env.example .env') as unknown,
    });
  });

  test('a line that is not read as it looks is wrong, by variable and line, without its value', () => {
    const findings = check(folderWith({ '.env': `A=${secret}\nB=${secret}$x\n` }));
    expect(findings[0]).toMatchObject({
      verdict: 'wrong',
      what: expect.stringContaining('B (.env:2)') as unknown,
    });
    expect(JSON.stringify(findings)).not.toContain(secret);
  });

  test('an .env in dist/ is wrong, for it would be deployed', () => {
    const findings = check(folderWith({ '.env': env, 'dist/.env': env }));
    expect(findings.filter(({ verdict }) => verdict === 'wrong')).toMatchObject([
      { what: expect.stringContaining('dist/') as unknown },
    ]);
  });
});

describe.runIf(isThereGit)('in a repository', () => {
  test('an .env that is ignored is right', () => {
    const folder = repositoryWith({ '.env': env, '.gitignore': '.env\n' });
    expect(check(folder).at(-1)).toEqual({
      verdict: 'right',
      what: 'git ignores .env, and has never had it',
    });
  });

  test('one that nothing ignores is wrong', () => {
    expect(check(repositoryWith({ '.env': env })).at(-1)).toMatchObject({
      verdict: 'wrong',
      what: 'git does not ignore .env',
    });
  });

  test('one that is in git is wrong, also if it is ignored', () => {
    const folder = repositoryWith({ '.env': env, '.gitignore': '.env\n' });
    git(folder, 'add', '--force', '.env');
    expect(check(folder).at(-1)).toMatchObject({
      verdict: 'wrong',
      what: expect.stringMatching(/^\.env is in git/) as unknown,
      advice: expect.stringContaining('rotate') as unknown,
    });
  });

  test('one that was in git once is a warning', () => {
    const folder = repositoryWith({ '.env': env });
    git(folder, 'add', '.env');
    git(folder, 'commit', '--quiet', '--message', 'a mistake');
    git(folder, 'rm', '--quiet', '--cached', '.env');
    git(folder, 'commit', '--quiet', '--message', 'mended');
    writeFileSync(path.join(folder, '.gitignore'), '.env\n');
    expect(check(folder).at(-1)).toMatchObject({
      verdict: 'warning',
      what: expect.stringContaining('was committed once') as unknown,
    });
    rmSync(path.join(folder, '.git'), { recursive: true });
    expect(check(folder).at(-1)).toMatchObject({ verdict: 'skipped' });
  });
});
