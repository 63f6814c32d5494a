/** A label, and what there is to say about it, in one line or several. */
export type Row = readonly [label: string, text: string | readonly string[]];

/** Rows in two columns. */
export function table(rows: readonly Row[]): string {
  const width = Math.max(...rows.map(([label]) => label.length)) + 2;
  return rows
    .flatMap(([label, text]) =>
      [text].flat().map((line, index) => `${(index === 0 ? label : '').padEnd(width)}${line}`),
    )
    .join('\n');
}
