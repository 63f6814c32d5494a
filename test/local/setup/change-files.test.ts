import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { describeChanges, writeChanges, type Change } from '../../../local/setup/change-files.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

function changeOf(folder: string, name: string, before: string | undefined, after: string): Change {
  const file = path.join(folder, name);
  if (before !== undefined) writeFileSync(file, before);
  return { file, before, after, isSecret: name === '.env' };
}

const modeOf = (file: string) => statSync(file).mode & 0o777;

describe('files', () => {
  test('are written, each with the mode that it had', () => {
    const folder = temporaryFolder();
    const changes = [changeOf(folder, 'a', 'A', 'A2'), changeOf(folder, 'b', 'B', 'B2')];
    chmodSync(path.join(folder, 'b'), 0o640);
    writeChanges(changes);
    expect(['a', 'b'].map((name) => readFileSync(path.join(folder, name), 'utf8'))).toEqual(['A2', 'B2']);
    expect(modeOf(path.join(folder, 'b'))).toBe(0o640);
    expect(readdirSync(folder)).toEqual(['a', 'b']);
  });

  test('with secrets can be read by their owner alone, where they are new', () => {
    const folder = temporaryFolder();
    writeChanges([changeOf(folder, '.env', undefined, 'A=1\n')]);
    expect(modeOf(path.join(folder, '.env'))).toBe(0o600);
  });

  test('that are links stay links', () => {
    const folder = temporaryFolder();
    const change = changeOf(folder, 'real', 'A', 'A2');
    const link = path.join(folder, 'link');
    symlinkSync(change.file, link);
    writeChanges([{ ...change, file: link }]);
    expect(readFileSync(change.file, 'utf8')).toBe('A2');
  });

  test('are all as they were where one of them cannot be written', () => {
    const folder = temporaryFolder();
    const good = changeOf(folder, 'a', 'A', 'A2');
    const created = changeOf(folder, 'b', undefined, 'B');
    // A folder in the place of a file: it cannot be replaced by one.
    const inTheWay = { ...changeOf(folder, 'c', undefined, 'C') };
    mkdirSync(inTheWay.file);
    writeFileSync(path.join(inTheWay.file, 'd'), '');
    expect(() => {
      writeChanges([good, created, inTheWay]);
    }).toThrow(/^Nothing was written: /);
    expect(readdirSync(folder)).toEqual(['a', 'c']);
    expect(readFileSync(good.file, 'utf8')).toBe('A');
  });
});

describe('what is shown of a change', () => {
  test('is the line, what is new, and two lines around', () => {
    const change = {
      file: '/x/s.yaml',
      before: '1\n2\n3\n4\n5\n',
      after: '1\n2\n3\nnew\n4\n5\n',
      isSecret: false,
    };
    expect(describeChanges([change])).toEqual(['s.yaml:4', '  2', '  3', '+ new', '  4', '  5']);
  });

  test('holds no value of an .env, old or new', () => {
    const change = {
      file: '/x/.env',
      before: 'OLD=old-secret\n# why\nNEW=\n',
      after: 'OLD=old-secret\n# why\nNEW=new-secret\n',
      isSecret: true,
    };
    expect(describeChanges([change])).toEqual(['.env:3', '  OLD=…', '  # why', '- NEW=', '+ NEW=…', '  ']);
  });

  test('of a new file is its size', () => {
    const change = { file: '/x/.env', before: undefined, after: 'A=1\nB=2\n', isSecret: true };
    expect(describeChanges([change])).toEqual(['.env: a new file, of 2 lines']);
  });

  test('is nothing where nothing changes', () => {
    expect(describeChanges([{ file: 'a', before: 'A', after: 'A', isSecret: false }])).toEqual([]);
  });
});
