import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { DeployEnvironment } from './env-file.ts';
import { right, skipped, warning, wrong, type Finding } from './finding.ts';

/** Whether .env exists, is read as it is written, and is hidden from others. */
export function checkEnvFile(
  folder: string,
  file: string,
  { hasFile, faults }: Pick<DeployEnvironment, 'hasFile' | 'faults'>,
): Finding[] {
  return [
    ...(hasFile ? faults.map(ofLine) : [noFile]),
    ...(hasFile && faults.length === 0 ? [right('.env is read as it looks')] : []),
    ...(existsSync(path.join(folder, 'dist/.env')) ? [fileInCode] : []),
    ...checkGit(folder, file),
  ];
}

const noFile = warning(
  'there is no .env yet, so secrets and settings can only come from this shell',
  'cp .env.example .env, and fill it in: it says what each line is for.',
);

// It would be uploaded with the code, and Serverless Devs reads the .env of a function's code first.
const fileInCode = wrong('dist/ holds an .env, which would be deployed', 'Delete dist/.env.');

function ofLine({ line, variable, reason }: DeployEnvironment['faults'][number]): Finding {
  const where = variable === undefined ? `.env:${line}` : `${variable} (.env:${line})`;
  return wrong(
    `${where} is not read as it looks: ${reason}`,
    'A secret of openssl rand -hex 32 needs neither quotes nor care. A value with a $ can only come from the shell, without a line here.',
  );
}

function checkGit(folder: string, file: string): Finding[] {
  if (!asksGit(folder, 'rev-parse', '--git-dir').isYes) {
    return [skipped('whether .env is in git: this is no git repository, or git is not installed')];
  }
  const isTracked = asksGit(folder, 'ls-files', '--error-unmatch', file).isYes;
  if (isTracked) return [tracked];
  if (!asksGit(folder, 'check-ignore', '--quiet', file).isYes) return [notIgnored];
  const { output } = asksGit(folder, 'log', '--all', '--max-count=1', '--format=%h', '--', file);
  return [output === '' ? right('git ignores .env, and has never had it') : onceCommitted(output)];
}

const tracked = wrong(
  '.env is in git, where everybody who can read the repository reads its secrets',
  'git rm --cached .env, commit, and rotate every secret in it.',
);
const notIgnored = wrong('git does not ignore .env', 'Add a line with .env to .gitignore.');

function onceCommitted(commit: string): Finding {
  return warning(
    `.env was committed once (${commit}), and its history still shows the secrets of that time`,
    'Rotate those that are still in use.',
  );
}

function asksGit(folder: string, ...args: string[]): { isYes: boolean; output: string } {
  const { status, stdout } = spawnSync('git', args, { cwd: folder, encoding: 'utf8' });
  return { isYes: status === 0, output: status === 0 ? stdout.trim() : '' };
}
