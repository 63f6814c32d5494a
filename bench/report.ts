import { median, ratiosOf, spreadOf, type Spread } from './statistics.ts';

/** A table of measured series, one of which is what the others are compared with. */
export interface Table {
  title: string;
  /** Of the values, such as `ms`. */
  unit: string;
  /** The name of the row that counts as 1; undefined where the figures are too coarse for a ratio. */
  base: string | undefined;
  rows: readonly Row[];
}

export interface Row {
  name: string;
  value: Spread;
  /** To the base, of the same rounds. */
  ratio?: Spread;
}

/** What was to be reached, and what was. */
export interface Goal {
  what: string;
  limit: string;
  reached: string;
  isMet: boolean;
}

/** What a part of the benchmark found out. */
export interface Findings {
  tables: readonly Table[];
  goals: readonly Goal[];
  /** Figures of which there is only one, such as sizes, and what was not measured and why. */
  notes: readonly string[];
}

/** What is still being found out. */
export interface MutableFindings {
  tables: Table[];
  goals: Goal[];
  notes: string[];
}

/** The goals as a table in Markdown, aligned as Prettier aligns it. */
export function toMarkdown(goals: readonly Goal[]): string {
  const head = ['what', 'goal', 'reached', ''];
  const rows = goals.map(({ what, limit, reached, isMet }) => [what, limit, reached, isMet ? '✓' : 'missed']);
  const widths = head.map((word, column) =>
    Math.max(3, word.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

/** @param series measured in the same rounds */
export function toTable(
  title: string,
  unit: string,
  base: string | undefined,
  series: Readonly<Record<string, readonly number[]>>,
): Table {
  const bases = base === undefined ? undefined : series[base];
  const rows = Object.entries(series).map(([name, values]) => ({
    name,
    value: spreadOf(values),
    ...(bases && { ratio: spreadOf(ratiosOf(values, bases)) }),
  }));
  return { title, unit, base, rows };
}

/** A goal about how many times as large one series may be as another of the same rounds. */
export function atMostTimes(
  what: string,
  limit: number,
  values: readonly number[],
  bases: readonly number[],
): Goal {
  const reached = median(ratiosOf(values, bases));
  return { what, limit: `≤ ${limit}×`, reached: `${reached.toFixed(2)}×`, isMet: reached <= limit };
}

/** A goal about a plain figure. */
export function atMost(what: string, limit: number, reached: number, unit: string): Goal {
  return {
    what,
    limit: `≤ ${limit} ${unit}`,
    reached: `${reached.toFixed(1)} ${unit}`,
    isMet: reached <= limit,
  };
}

export function print({ tables, goals, notes }: Findings): void {
  for (const table of tables) printTable(table);
  for (const note of notes) console.log(note);
  if (notes.length > 0) console.log();
  for (const { what, limit, reached, isMet } of goals) {
    console.log(`${isMet ? '✓' : '✗'} ${what}: ${reached}, goal ${limit}`);
  }
  if (goals.length > 0) console.log();
}

function printTable({ title, unit, base, rows }: Table): void {
  const cells = rows.map(({ name, value, ratio }) => [
    name,
    `${inUnit(value.median)} ${unit}`,
    `${inUnit(value.low)} – ${inUnit(value.high)}`,
    ...(ratio ? ratioCells(name === base, ratio) : []),
  ]);
  const head = ['', 'median', 'middle half', ...(base === undefined ? [] : [`to ${base}`, 'middle half'])];
  const widths = head.map((word, column) =>
    Math.max(word.length, ...cells.map((row) => row[column]?.length ?? 0)),
  );
  console.log(`${title}\n`);
  for (const row of [head, ...cells]) {
    const padded = row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
    );
    console.log(`  ${padded.join('  ').trimEnd()}`);
  }
  console.log();
}

function ratioCells(isBase: boolean, { median: middle, low, high }: Spread): string[] {
  return isBase ? ['1', ''] : [`${middle.toFixed(2)}×`, `${low.toFixed(2)} – ${high.toFixed(2)}`];
}

/** Three digits are more than any of these figures is good for. */
function inUnit(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 2);
}
