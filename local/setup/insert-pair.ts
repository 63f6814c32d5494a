import { isCollection, isMap, isNode, isPair, isScalar, parseDocument, type Pair, type YAMLMap } from 'yaml';
import type { Path } from '../build/position.ts';

/** A key with its value, as it is written into a block and into braces. */
export interface NewPair {
  /** Lines, the first with the key, indented by what stands below it. */
  block: (step: string) => readonly string[];
  flow: string;
}

/** The line break that a text uses: the first that is in it. */
export function lineBreakOf(text: string): '\r\n' | '\n' {
  return /\r?\n/.exec(text)?.[0] === '\r\n' ? '\r\n' : '\n';
}

/**
 * Puts a pair into a map of a YAML text, after one of its keys or at its end. All that was in the text stays, byte for byte:
 * the YAML library would write comments, quotes and blanks in its own way.
 *
 * @param path to the map
 * @param after the key that it follows; the last one where this is not there
 * @returns undefined where there is no map with a pair in it that begins a line of its own, or stands in braces
 */
export function insertPair(text: string, path: Path, pair: NewPair, after?: string): string | undefined {
  const map = parseDocument(text, { merge: true }).getIn(path, true);
  if (!isMap(map)) return undefined;
  const neighbour = map.items.find(({ key }) => isScalar(key) && key.value === after) ?? map.items.at(-1);
  if (!neighbour) return undefined;
  const end = endOf(neighbour);
  if (end === undefined) return undefined;
  if (map.flow) return `${text.slice(0, end)}, ${pair.flow}${text.slice(end)}`;
  const indent = indentOf(text, map);
  return indent === undefined ? undefined : insertLines(text, end, linesOf(text, map, pair, indent), indent);
}

function linesOf(text: string, map: YAMLMap, pair: NewPair, indent: string): string[] {
  const lines = pair.block(stepBelow(text, map, indent)).map((line) => indent + line);
  return isSetApart(text, map) ? ['', ...lines] : lines;
}

function insertLines(text: string, end: number, lines: readonly string[], indent: string): string {
  const lineBreak = lineBreakOf(text);
  if (text[end - 1] === '\n') {
    // The end of a text of several lines (|), of which a blank line would become a part.
    const added = lines.filter((line) => line !== '').map((line) => line + lineBreak);
    return text.slice(0, end) + added.join('') + text.slice(end);
  }
  const at = endWithComments(text, end, indent);
  return text.slice(0, at) + lines.map((line) => lineBreak + line).join('') + text.slice(at);
}

/** Where the last value in a pair ends. Comments after it are no part of it. */
function endOf(pair: Pair): number | undefined {
  let node: unknown = pair;
  for (;;) {
    if (isPair(node)) node = node.value ?? node.key;
    else if (isCollection(node) && !node.flow && node.items.length > 0) node = node.items.at(-1);
    else return isNode(node) ? node.range?.[1] : undefined;
  }
}

/** The end of the line, and of those after it that hold comments of what stands there: they are indented further. */
function endWithComments(text: string, end: number, indent: string): number {
  const deeper = new RegExp(String.raw`(?:[^\S\n]*\r?\n)*${indent}[ ]+#[^\r\n]*`, 'y');
  const lineEnd = /[^\r\n]*/y;
  lineEnd.lastIndex = end;
  let at = end + (lineEnd.exec(text)?.[0].length ?? 0);
  for (;;) {
    const next = /\r?\n/y;
    next.lastIndex = at;
    if (!next.test(text)) return at;
    deeper.lastIndex = next.lastIndex;
    if (!deeper.test(text)) return at;
    at = deeper.lastIndex;
  }
}

function startOf({ key }: Pair): number | undefined {
  return isNode(key) ? key.range?.[0] : undefined;
}

/** The blanks before the keys of a map in lines; undefined where something else stands before the first. */
function indentOf(text: string, map: YAMLMap): string | undefined {
  const start = map.items[0] && startOf(map.items[0]);
  if (start === undefined) return undefined;
  return /(?:^|\n)\uFEFF?( *)$/.exec(text.slice(0, start))?.[1];
}

/** By how much the values of the map are indented below its keys: 2, unless one of them shows it. */
function stepBelow(text: string, map: YAMLMap, indent: string): string {
  const inner = map.items.map(({ value }) => value).find((value) => isMap(value) && !value.flow);
  const below = isMap(inner) ? indentOf(text, inner) : undefined;
  return below !== undefined && below.length > indent.length ? below.slice(indent.length) : '  ';
}

/** Whether blank lines stand between the pairs; of one alone, whether it takes several lines. */
function isSetApart(text: string, map: YAMLMap): boolean {
  const [first, second] = map.items;
  if (!first) return false;
  const end = endOf(first) ?? 0;
  if (!second) return text.slice(startOf(first), end).includes('\n');
  return /\n[^\S\n]*\r?\n/.test(text.slice(end, startOf(second)));
}
