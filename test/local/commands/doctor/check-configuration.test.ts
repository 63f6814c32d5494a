import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { compileConfiguration } from '../../../../local/build/compile-sources.ts';
import { root } from '../../../../local/cli/root.ts';
import { checkDeployment, checkSources } from '../../../../local/commands/doctor/check-configuration.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

/** The repository's files, changed. */
function folderWith(changes: Record<string, (text: string) => string> = {}): string {
  const folder = temporaryFolder();
  for (const name of ['sources.yaml', 's.yaml', '.env.example']) {
    copyFileSync(path.join(root, name), path.join(folder, name));
    const change = changes[name];
    if (change) writeFileSync(path.join(folder, name), change(readFileSync(path.join(root, name), 'utf8')));
  }
  return folder;
}

const shipped = compileConfiguration(readFileSync(path.join(root, 'sources.yaml'), 'utf8'));

describe('sources.yaml', () => {
  test('is right as the repository has it', () => {
    const { finding, configuration } = checkSources(folderWith());
    expect(finding).toEqual({ verdict: 'right', what: `sources.yaml: ${shipped.sources.length} sources` });
    expect(configuration).toEqual(shipped);
  });

  test('is wrong with each fault by line and column', () => {
    const folder = folderWith({ 'sources.yaml': (text) => text.replace('preset: github', 'preset: gitub') });
    const { finding, configuration } = checkSources(folder);
    expect(configuration).toBeUndefined();
    expect(finding).toMatchObject({
      verdict: 'wrong',
      places: [expect.stringMatching(/:\d+:\d+ .*did you mean "github"/)],
    });
  });

  test('is wrong where it is not there', () => {
    expect(checkSources(temporaryFolder()).finding).toMatchObject({
      verdict: 'wrong',
      what: expect.stringContaining('cannot be read') as unknown,
      advice: expect.stringContaining('README.md') as unknown,
    });
  });
});

describe('s.yaml', () => {
  test('is right as the repository has it', () => {
    expect(checkDeployment(folderWith(), shipped)).toMatchObject({ verdict: 'right' });
  });

  test('is wrong where it gives the function too little, and where .env.example lacks a variable', () => {
    const folder = folderWith({
      's.yaml': (text) => text.replace('timeout: 15', 'timeout: 5'),
      '.env.example': (text) => text.replace('SECRET_GITHUB=', ''),
    });
    const { verdict, places, advice } = checkDeployment(folder, shipped);
    expect(verdict).toBe('wrong');
    expect(advice).toContain('npm run doctor -- --fix');
    expect(places).toEqual([
      ...shipped.sources.map(
        () => expect.stringMatching(/^s\.yaml:\d+ webhook: raise timeout to 14/) as unknown,
      ),
      expect.stringMatching(/^add to \.env\.example: SECRET_GITHUB=/),
    ]);
  });

  test.each([
    ['is no YAML', (text: string) => `${text}\n  : [`],
    ['has no webhook function', (text: string) => text.replaceAll('webhook', 'other')],
  ])('is wrong where it %s', (_what, change) => {
    expect(checkDeployment(folderWith({ 's.yaml': change }), shipped)).toMatchObject({ verdict: 'wrong' });
  });

  test('is wrong where it is not there', () => {
    expect(checkDeployment(temporaryFolder(), shipped)).toMatchObject({
      verdict: 'wrong',
      what: expect.stringContaining('ENOENT') as unknown,
    });
  });
});
