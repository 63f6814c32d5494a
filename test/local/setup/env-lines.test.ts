import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { root } from '../../../local/cli/root.ts';
import { addLine, hasLine } from '../../../local/setup/env-lines.ts';

const mine = { name: 'SECRET_MINE', value: 'fake-value', comment: 'Secret of a test' };
const block = '\n# Secret of a test\nSECRET_MINE=fake-value\n';

describe('a line', () => {
  test('stands behind the other secrets of the shipped .env.example, under its comment', () => {
    const shipped = readFileSync(path.join(root, '.env.example'), 'utf8');
    expect(shipped).toContain('\nSECRET_GITHUB=\n');
    expect(addLine(shipped, mine, ['SECRET_PIPELINE', 'SECRET_GITHUB'])).toBe(
      shipped.replace('\nSECRET_GITHUB=\n', `\nSECRET_GITHUB=\n${block}`),
    );
  });

  test.each([
    ['at the end where none of the others is there', 'A=1\n', `A=1\n${block}`],
    ['at the end, without a line break where there was none', 'A=1', `A=1\n${block.trimEnd()}`],
    ['before the blank lines at the end', 'A=1\n\n\n', `A=1\n${block}\n\n`],
    ['with the line breaks of the file', 'A=1\r\n', `A=1\r\n${block.replaceAll('\n', '\r\n')}`],
    ['alone in an empty file', '', '# Secret of a test\nSECRET_MINE=fake-value\n'],
  ])('stands %s', (_where, text, expected) => {
    expect(addLine(text, mine)).toBe(expected);
  });

  test.each([
    ['SECRET_MINE=\nB=2\n', 'SECRET_MINE=fake-value\nB=2\n'],
    ['SECRET_MINE=""\r\nB=2\r\n', 'SECRET_MINE=fake-value\r\nB=2\r\n'],
    ['export SECRET_MINE=  # to come\n', 'export SECRET_MINE=fake-value  # to come\n'],
  ])('without a value gets it: %j', (text, expected) => {
    expect(addLine(text, mine)).toBe(expected);
  });

  test.each([
    'SECRET_MINE=theirs\n',
    "SECRET_MINE='theirs'\n",
    ' SECRET_MINE = theirs',
    'SECRET_MINE=$OTHER\n',
  ])('with a value is never changed: %j', (text) => {
    expect(addLine(text, mine)).toBe(text);
  });

  test('is there with or without a value, and not in a comment', () => {
    expect(['A=1', 'A=', 'export A=1', ' A = 1'].map((text) => hasLine(text, 'A'))).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect(['# A=1', 'AB=1', ''].map((text) => hasLine(text, 'A'))).toEqual([false, false, false]);
  });
});
