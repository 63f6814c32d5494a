import { showUnseen } from '../../../functions/lib/text-for-people.ts';

/** A label, and what there is to say about it, in one line or several. */
export type Row = readonly [label: string, text: string | readonly string[]];

/** Rows in two columns. A payload may have written a part of them. */
export function table(rows: readonly Row[]): string {
  const width = Math.max(...rows.map(([label]) => label.length)) + 2;
  return rows
    .flatMap(([label, text]) =>
      [text].flat().map((line, index) => `${(index === 0 ? label : '').padEnd(width)}${showUnseen(line)}`),
    )
    .join('\n');
}
