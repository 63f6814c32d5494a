import { styleText } from 'node:util';
import { expect, test } from 'vitest';
import {
  columnsOf,
  cutToColumns,
  readStyles,
  styles,
} from '../../../../local/commands/picture/styled-lines.ts';

test.each(styles.filter((style) => style !== 'plain'))('reads what the terminal is told for %s', (style) => {
  const line = `a ${styleText(style, 'b', { validateStream: false })} c`;
  expect(readStyles(line)).toEqual([
    { style: 'plain', text: 'a ' },
    { style, text: 'b' },
    { style: 'plain', text: ' c' },
  ]);
});

test('refuses a style that it could not draw', () => {
  expect(() => readStyles('\u001B[4munderlined\u001B[24m')).toThrow('no style for the code 4');
});

test.each([
  ['EDAS', 4],
  ['回滚', 4],
  ['状态：2（执行成功）', 19],
  ['■ → …', 5],
])('%s takes %i columns', (text, columns) => {
  expect(columnsOf(text)).toBe(columns);
});

test.each([
  [8, '12345678'],
  [7, '123456…'],
  [5, '1234…'],
  [1, '…'],
])('a line that is longer than %i columns ends with what stands for the rest', (columns, text) => {
  const runs = [
    { style: 'dim', text: '1234' },
    { style: 'bold', text: '5678' },
  ] as const;
  expect(
    cutToColumns(runs, columns)
      .map((run) => run.text)
      .join(''),
  ).toBe(text);
});

test('a character of two columns is not cut in half', () => {
  expect(cutToColumns([{ style: 'plain', text: '回滚回滚' }], 6)).toEqual([
    { style: 'plain', text: '回滚…' },
  ]);
});
