import path from 'node:path';
import { expect, test } from 'vitest';
import { CliError } from '../../../../local/cli/cli.ts';
import { readArguments } from '../../../../local/commands/deploy/read-arguments.ts';

test.each([
  ['-t', 'other.yaml'],
  ['-t=other.yaml'],
  ['-tother.yaml'],
  ['-t./other.yaml'],
  ['-t'],
  ['-yt', 'other.yaml'],
  ['-at', 'other.yaml'],
  ['--template', 'other.yaml'],
  ['--template=other.yaml'],
  ['--template'],
  ['-y', '-a', 'other', '--template', 'other.yaml'],
])('another file than the one that is checked is refused: %s %s', (...args) => {
  expect(() => readArguments(args)).toThrow(CliError);
  expect(() => readArguments(args)).toThrow(
    /^npm run deploy takes no -t or --template: .* use --folder DIR\.$/,
  );
});

test('what only looks like another file goes to Serverless Devs, and the folder does not', () => {
  const args = ['-a=test', '--use-local', '--access', 'template'];
  expect(readArguments(['--folder', 'mine', ...args])).toMatchObject({
    folder: path.resolve('mine'),
    file: '.env',
    forwarded: args,
    isHelp: false,
  });
});

test('the name of an environment names a file, and does not go to Serverless Devs, whose --env is another', () => {
  expect(readArguments(['--env', 'production', '-y'])).toMatchObject({
    file: '.env.production',
    forwarded: ['-y'],
  });
  expect(readArguments(['-y', '--env=staging'])).toMatchObject({ file: '.env.staging', forwarded: ['-y'] });
});

test.each([['--env', 'example'], ['--env', '../x'], ['--env', 'Production'], ['--env=']])(
  'what names no environment is refused: %s %s',
  (...args) => {
    expect(() => readArguments(args)).toThrow(/^--env must be a word in lower case/);
  },
);
