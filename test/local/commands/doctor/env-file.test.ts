import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { toRecord } from '../../../../functions/lib/json.ts';
import { root } from '../../../../local/cli/root.ts';
import { readDeployEnvironment } from '../../../../local/commands/doctor/env-file.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

// One test starts Serverless Devs, and a busy machine takes its time.
vi.setConfig({ testTimeout: 30_000 });

function folderWith(env: string): string {
  const folder = temporaryFolder();
  writeFileSync(path.join(folder, '.env'), env);
  return folder;
}

const read = (env: string, shell: NodeJS.Dict<string> = {}) => readDeployEnvironment(folderWith(env), shell);

/** Lines that are read as they look. */
const plain = [
  'PLAIN=abc',
  'SPACED = abc ',
  'DOUBLE="a b"',
  "SINGLE='a#b'",
  'COMMENTED=abc # a comment',
  'QUOTED="abc" # a comment',
  'export EXPORTED=abc',
  '  INDENTED=abc',
  'EMPTY=',
  'EMPTY_QUOTED=""',
  'EQUALS=YWJj==',
  'COLON=user:password',
  'URL=https://example.com/hook?a=b&c=d',
  'TAB=abc\t',
  'TAB_AND_COMMENT=abc\t# a comment',
  'TABS_AND_SPACES=abc \t \t # a comment',
  'TAB_BEFORE=\tabc',
  'TAB_BEFORE_QUOTES=\t"a b"\t# a comment',
  'TABS_IN_QUOTES="\ta\t#b\t"',
  "TABS_IN_SINGLE='\ta\t#b\t'",
  'TAB_BEFORE_EQUALS\t=abc',
  'export\tEXPORTED_BY_TAB=abc',
  'TAB_WITHIN=a\tb',
  'NO_BREAK_SPACE=\u00a0abc\u00a0# a comment',
  'NO_BREAK_SPACE_LAST=abc\u00a0',
  'APOSTROPHE="it\'s"',
  '',
  '   ',
  '# A comment',
];

/** Lines that are not, and why. */
const odd: [string, string][] = [
  ['A=ab$cd', 'a $ stands for another variable'],
  ['A="ab${B}cd"', 'a $ stands for another variable'],
  ['A=ab\\$cd', 'a $ stands for another variable'],
  ["A='ab$cd'", 'a $ stands for another variable'],
  ['A=abc#def', 'a # begins a comment'],
  ['A=#abc', 'a # begins a comment'],
  ['A="abc', 'its quotes do not stand around the whole value'],
  ['A="abc"def', 'its quotes do not stand around the whole value'],
  ['A="a\\"b"', 'its quotes do not stand around the whole value'],
  ['A=`abc`', 'its quotes do not stand around the whole value'],
  ['A: abc', 'it is not NAME=value'],
  ['A', 'it is not NAME=value'],
];

describe('an .env', () => {
  test('of plain lines is read to the very values that Serverless Devs reads', () => {
    const text = `\uFEFF${plain.join('\r\n')}\r\nTWICE=first\nTWICE=second\n`;
    const names = [...text.matchAll(/^\uFEFF?\s*(?:export\s)?(\w+)\s*=/gm)].map(([, name = '']) => name);
    const folder = folderWith(text);
    const variables = [...new Set(names)].map((name) => `        ${name}: \${env('${name}', '')}`);
    const template = [
      'edition: 3.0.0',
      'name: test',
      'access: default',
      'resources:',
      '  one:',
      '    component: fc3',
      '    props:',
      '      environmentVariables:',
      ...variables,
      '',
    ];
    writeFileSync(path.join(folder, 's.yaml'), template.join('\n'));
    const output = path.join(folder, 'preview.json');
    const serverlessDevs = path.join(root, 'node_modules/@serverless-devs/s/bin/s');
    const args = [serverlessDevs, 'preview', '--output-format', 'json', '--output-file', output];
    const shell = { PATH: process.env['PATH'], HOME: folder, COLON: 'of the shell', URL: '' };
    spawnSync(process.execPath, args, { cwd: folder, env: shell });
    const { resources } = toRecord(JSON.parse(readFileSync(output, 'utf8')));
    const { environmentVariables } = toRecord(toRecord(toRecord(resources)['one'])['props']);

    const { env, faults } = readDeployEnvironment(folder, shell);
    expect(faults).toEqual([]);
    expect(Object.fromEntries(names.map((name) => [name, env[name]]))).toEqual(environmentVariables);
    expect(environmentVariables).toMatchObject({
      COLON: 'of the shell',
      URL: '',
      SINGLE: 'a#b',
      TWICE: 'second',
      TAB_AND_COMMENT: 'abc',
      TABS_IN_QUOTES: '\ta\t#b\t',
    });
  });

  test.each(odd)('with the line %j has a fault, which does not show the value', (line, reason) => {
    const { faults } = read(`FIRST=1\n${line}\n`);
    expect(faults).toMatchObject([{ line: 2, reason: expect.stringContaining(reason) as unknown }]);
    expect(JSON.stringify(faults)).not.toContain('abc');
  });

  test('names the variable of a fault', () => {
    expect(read('SECRET_PIPELINE=ab$cd').faults).toMatchObject([{ line: 1, variable: 'SECRET_PIPELINE' }]);
  });

  test('has no fault as the repository has it in .env.example', () => {
    const { env, faults } = read(readFileSync(path.join(root, '.env.example'), 'utf8'));
    expect(faults).toEqual([]);
    expect(env).toMatchObject({ REGION: 'cn-hangzhou', SECRET_PIPELINE: '' });
  });

  test('yields to the shell, also to an empty variable', () => {
    const { env } = read('A=file\nB=file\nC=file\n', { A: 'shell', B: '' });
    expect(env).toEqual({ A: 'shell', B: '', C: 'file' });
  });

  test('has a fault where the shell wins with a value that holds a $', () => {
    expect(read('A=\nB=\n', { A: 'ab$cd', C: '$' }).faults).toMatchObject([{ line: 1, variable: 'A' }]);
  });

  test('that is not there leaves the shell alone', () => {
    const shell = { A: 'shell' };
    expect(readDeployEnvironment(temporaryFolder(), shell)).toEqual({
      env: shell,
      hasFile: false,
      own: {},
      lines: [],
      faults: [],
    });
  });
});
