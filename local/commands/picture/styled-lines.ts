/** The styles that local/cli/terminal.ts paints with in what is drawn; `plain` is none. */
export const styles = ['plain', 'bold', 'dim', 'red', 'green', 'magenta', 'cyan'] as const;
export type Style = (typeof styles)[number];

/** A piece of a line in one style. */
export interface Run {
  style: Style;
  text: string;
}

// https://ecma-international.org/publications-and-standards/standards/ecma-48/, 8.3.117 (SGR); 22 and 39 end a style.
const sgr = new RegExp(String.raw`\u001B\[(\d+)m`);
const styleOfCode: Record<string, Style> = {
  1: 'bold',
  2: 'dim',
  22: 'plain',
  31: 'red',
  32: 'green',
  35: 'magenta',
  36: 'cyan',
  39: 'plain',
};

/**
 * What a terminal would show of a line that local/cli/terminal.ts has painted.
 *
 * @throws Error for a style that is not drawn, so that none gets lost
 */
export function readStyles(line: string): Run[] {
  // Pieces of text and the codes between them take turns.
  const pieces = line.split(sgr);
  const runs: Run[] = [];
  let style: Style = 'plain';
  for (const [index, piece] of pieces.entries()) {
    if (index % 2 === 0) runs.push({ style, text: piece });
    else style = styleOf(piece);
  }
  return runs.filter(({ text }) => text !== '');
}

function styleOf(code: string): Style {
  const style = styleOfCode[code];
  if (!style) throw new Error(`The picture has no style for the code ${code} of the terminal.`);
  return style;
}

/** How many columns a terminal takes for a text: two for each Chinese character and its punctuation. */
export function columnsOf(text: string): number {
  return Array.from(text).reduce((sum, character) => sum + (isWide(character) ? 2 : 1), 0);
}

function isWide(character: string): boolean {
  return /[\p{Script=Han}\u3000-\u303F\uFF01-\uFF60]/u.test(character);
}

/** The beginning of a line, as far as it fits; … stands for the rest. */
export function cutToColumns(runs: readonly Run[], columns: number): Run[] {
  const length = runs.reduce((sum, { text }) => sum + columnsOf(text), 0);
  if (length <= columns) return [...runs];
  const kept: Run[] = [];
  let left = columns - 1;
  for (const { style, text } of runs) {
    const fitting = beginningOf(text, left);
    kept.push({ style, text: fitting === text ? text : `${fitting}…` });
    if (fitting !== text) return kept;
    left -= columnsOf(text);
  }
  return kept;
}

function beginningOf(text: string, columns: number): string {
  let beginning = '';
  for (const character of text) {
    if (columnsOf(beginning + character) > columns) break;
    beginning += character;
  }
  return beginning;
}
