import { lineBreakOf } from './insert-pair.ts';

/** A variable of an .env or .env.example. */
export interface NewLine {
  name: string;
  value: string;
  /** What it is for. */
  comment: string;
}

/**
 * The text of an .env with one variable more, and all else as it was. A line that has a value stays; one that has none
 * gets it.
 *
 * @param after the variables that it should follow, where they are there: the last of them counts
 */
export function addLine(
  text: string,
  { name, value, comment }: NewLine,
  after: readonly string[] = [],
): string {
  const own = linesOf(text, [name]).at(-1);
  if (own) return value === '' ? text : fillIn(text, own, value);
  const lineBreak = lineBreakOf(text);
  const lines = [`# ${comment}`, `${name}=${value}`];
  const at = linesOf(text, after).at(-1)?.end ?? /\s*$/.exec(text)?.index ?? text.length;
  if (at === 0) return [...lines, ''].join(lineBreak) + text;
  return text.slice(0, at) + ['', '', ...lines].join(lineBreak) + text.slice(at);
}

/** Whether a line of the text is about the variable, with a value or without. */
export function hasLine(text: string, name: string): boolean {
  return linesOf(text, [name]).length > 0;
}

interface Line {
  /** Where the value begins. */
  value: number;
  end: number;
  isEmpty: boolean;
}

function linesOf(text: string, names: readonly string[]): Line[] {
  const lines = text.matchAll(/^(\uFEFF?[^\S\r\n]*(?:export\s+)?(\w+)[^\S\r\n]*=)([^\r\n]*)/gm);
  return [...lines].flatMap(({ index, 0: whole, 1: beginning = '', 2: name = '', 3: value = '' }) => {
    if (!names.includes(name)) return [];
    const isEmpty = /^\s*(""|'')?\s*(#.*)?$/.test(value);
    return [{ value: index + beginning.length, end: index + whole.length, isEmpty }];
  });
}

function fillIn(text: string, { value: at, isEmpty }: Line, value: string): string {
  if (!isEmpty) return text;
  const rest = text.slice(at).replace(/^[^\S\r\n]*(?:""|'')/, '');
  return text.slice(0, at) + value + rest;
}
