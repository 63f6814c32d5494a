import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { compileConfiguration } from '../../../../local/build/compile-sources.ts';
import { root } from '../../../../local/cli/root.ts';
import { checkVariables } from '../../../../local/commands/doctor/check-variables.ts';
import { readEnvText } from '../../../../local/commands/doctor/env-file.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const shipped = readFileSync(path.join(root, 's.yaml'), 'utf8');
const both = `sources:
  pipeline: { preset: generic, secrets: [SECRET_PIPELINE] }
  github: { preset: github, secrets: [SECRET_GITHUB] }
`;

function said(env: string, { shell = {}, deployment = shipped, sources = both }: Options = {}): string[] {
  const folder = temporaryFolder();
  writeFileSync(path.join(folder, 's.yaml'), deployment);
  const environment = readEnvText(env, shell);
  return checkVariables(folder, environment, shell, compileConfiguration(sources)).map(
    ({ verdict, what }) => `${verdict}: ${what}`,
  );
}

interface Options {
  shell?: NodeJS.Dict<string>;
  deployment?: string;
  sources?: string;
}

describe('a variable of .env', () => {
  test('is in order as .env.example has them all', () => {
    expect(said(readFileSync(path.join(root, '.env.example'), 'utf8'))).toEqual([]);
  });

  test('that is misspelt is to be looked at, with its line and the name that was meant', () => {
    expect(said('REGION=cn-hangzhou\nSECRET_PIPELIEN=fake-secret\nRolback_SUSPENDED=true\n')).toEqual([
      'warning: nothing reads SECRET_PIPELIEN (.env:2); did you mean SECRET_PIPELINE?',
      'warning: nothing reads Rolback_SUSPENDED (.env:3); did you mean ROLLBACK_SUSPENDED?',
    ]);
  });

  test('that nothing reads any more is to be looked at', () => {
    expect(said('SECRET_PIPELINE_OLD=fake-secret\n')).toEqual([
      'warning: nothing reads SECRET_PIPELINE_OLD (.env:1)',
    ]);
  });

  test.each(['HTTPS_PROXY=http://127.0.0.1:3128', 'NODE_OPTIONS=', 'TZ=UTC', 'ALIBABA_CLOUD_PROFILE=x'])(
    'that another program reads is in order: %s',
    (line) => {
      expect(said(`${line}\n`)).toEqual([]);
    },
  );

  test.each([
    ['another value', 'cn-beijing', 'this shell has another REGION than .env'],
    ['an empty value', '', 'this shell has another REGION, an empty one, than .env'],
  ])('for which the shell has %s is to be looked at, for the shell wins', (_what, value, what) => {
    expect(said('REGION=cn-hangzhou\n', { shell: { REGION: value } })).toEqual([
      `warning: ${what}, and the shell wins`,
    ]);
  });

  test('for which the shell has the same value is in order', () => {
    expect(said('REGION=cn-hangzhou\n', { shell: { REGION: 'cn-hangzhou' } })).toEqual([]);
  });

  test('is never shown with its value', () => {
    const env = 'SECRET_PIPELIEN=fake-secret-1\nSECRET_GITHUB=fake-secret-2\n';
    expect(said(env, { shell: { SECRET_GITHUB: 'fake-secret-3' } }).join()).not.toContain('fake-secret');
  });
});

describe('a variable of s.yaml', () => {
  test('that was left over after a rotation is to be looked at', () => {
    const line = "        SECRET_GITHUB: ${env('SECRET_GITHUB', '')}\n";
    const old = line.replaceAll('SECRET_GITHUB', 'SECRET_GITHUB_OLD');
    expect(said('SECRET_GITHUB_OLD=fake\n', { deployment: shipped.replace(line, line + old) })).toEqual([
      'warning: s.yaml gives webhook the variable SECRET_GITHUB_OLD, which sources.yaml does not name',
    ]);
  });

  test('of a source that is gone is to be looked at', () => {
    const sources = 'sources: { pipeline: { preset: generic, secrets: [SECRET_PIPELINE] } }\n';
    expect(said('', { sources })).toEqual([
      'warning: s.yaml gives webhook the variable SECRET_GITHUB, which sources.yaml does not name',
    ]);
  });

  test('is not looked at where s.yaml cannot be read', () => {
    expect(said('X=1\n', { deployment: ': [' })).toEqual([]);
  });
});
