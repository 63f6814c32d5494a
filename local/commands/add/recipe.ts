import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { toRecord } from '../../../functions/lib/json.ts';
import { root } from '../../cli/root.ts';

/** What docs/sources.md says of a preset. */
export interface Recipe {
  /** What to do at the sender, and what it gets: lines. */
  sender: readonly string[];
  /** The lines of its source that the new one has not, such as `allow`: each with its key. */
  keys: readonly string[];
}

/** What `npm run add` writes by itself. */
const written = ['preset', 'secrets', 'apps', 'follow'];

/**
 * The recipe of a preset, for a source of another name.
 *
 * @param given keys that the new source has
 * @returns undefined where the page has none
 */
export function readRecipe(preset: string, source: string, given: readonly string[]): Recipe | undefined {
  const section = sectionOf(readFileSync(path.join(root, 'docs/sources.md'), 'utf8'), preset);
  if (section === undefined) return undefined;
  const block = /```yaml\n((?:sources|events):\n[\s\S]*?)```\n*/.exec(section);
  const sender = section
    .replace(block?.[0] ?? '', '')
    .replaceAll(`https://…/${preset}`, `https://…/${source}`)
    .trim();
  return {
    sender: withoutMarkdown(sender).split('\n'),
    keys: keysOf(block?.[1] ?? '').filter((line) => !given.includes(keyOf(line))),
  };
}

/** The text under a heading of the third level, without the variants of the recipe below it. */
function sectionOf(page: string, heading: string): string | undefined {
  return page
    .split(/^#{2,4} /m)
    .find((section) => section.startsWith(`${heading}\n`))
    ?.slice(heading.length);
}

function keysOf(block: string): string[] {
  const { sources, events } = toRecord(parse(block));
  const [source] = Object.values(toRecord(sources ?? events));
  const keys = Object.keys(toRecord(source)).filter((key) => !written.includes(key));
  return block
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => keys.includes(keyOf(line)));
}

function keyOf(line: string): string {
  return line.split(':', 1)[0] ?? '';
}

/** Links become their text, with the address behind it where it leads to another site. */
function withoutMarkdown(text: string): string {
  return text
    .replaceAll(/\[([^\]]*)\]\(#[^)]*\)/g, '$1')
    .replaceAll(/\[([^\]]*)\]\(([^)]*)\)/g, '$1 ($2)')
    .replaceAll('**', '');
}
