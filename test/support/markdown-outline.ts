import { readFileSync } from 'node:fs';
import path from 'node:path';
import { marked, type Token, type Tokens } from 'marked';
import { root } from '../../local/build/bundle.ts';

/** A page in English and the same in Chinese, from the top of the repository. */
export interface Twins {
  english: string;
  chinese: string;
}

export const twins: readonly Twins[] = [
  { english: 'README.md', chinese: 'README.zh-CN.md' },
  { english: 'docs/delivery.md', chinese: 'docs/delivery.zh-CN.md' },
  { english: 'docs/errors.md', chinese: 'docs/errors.zh-CN.md' },
  { english: 'docs/operations.md', chinese: 'docs/operations.zh-CN.md' },
  { english: 'docs/sources.md', chinese: 'docs/sources.zh-CN.md' },
  { english: 'template/readme_en.md', chinese: 'template/readme.md' },
];

/** Where Alibaba Cloud's own pages are, in English and in Chinese. */
const helpPages = ['https://www.alibabacloud.com/help/en/', 'https://help.aliyun.com/zh/'] as const;

/** A page as it is compared: its name from the top of the repository, and what is in it. */
interface Page {
  file: string;
  tokens: readonly Token[];
}

const isOf =
  <T extends Token>(type: T['type']) =>
  (token: Token): token is T =>
    token.type === type;

/** A token and all that is in it, in the order of reading. */
function within(token: Token): Token[] {
  const inside: Token[] = [];
  void marked.walkTokens([token], (each) => void inside.push(each));
  return inside;
}

const codesIn = (tokens: readonly Token[]): string[] =>
  tokens.filter(isOf<Tokens.Codespan>('codespan')).map(({ text }) => text);

const lex = (markdown: string): Token[] => marked.lexer(markdown).filter(({ type }) => type !== 'space');

const headingsOf = (tokens: readonly Token[]) => tokens.filter(isOf<Tokens.Heading>('heading'));

/** What GitHub makes of a heading: https://github.com/Flet/github-slugger */
export function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\p{M}_ -]/gu, '')
    .replaceAll(' ', '-');
}

/** The file that a link leads to, from the top of the repository, and the heading in it. */
export function linkedFile(href: string, from: string): { file: string; anchor: string | undefined } {
  const [target = '', anchor] = href.split('#');
  return { file: target === '' ? from : path.posix.join(path.posix.dirname(from), target), anchor };
}

const twinOf = (file: string) => twins.find(({ english, chinese }) => file === english || file === chinese);

/** Where a link leads to, whatever the language: a heading of a page with a twin by its number. */
function targetOf(href: string, page: Page): string {
  const [english, chinese] = helpPages;
  if (href.startsWith(chinese)) return english + href.slice(chinese.length);
  if (/^[a-z]+:/.test(href)) return href;
  const { file, anchor } = linkedFile(href, page.file);
  const name = twinOf(file)?.english ?? file;
  if (anchor === undefined) return name;
  if (!twinOf(file)) return `${name}#${anchor}`;
  const tokens = file === page.file ? page.tokens : lex(readFileSync(path.join(root, file), 'utf8'));
  const index = headingsOf(tokens).findIndex(({ text }) => anchorOf(text) === decodeURIComponent(anchor));
  return index === -1 ? `nowhere: ${href}` : `${name}, heading ${index}`;
}

/** Values of the configuration and names in camelCase: what a comment may name, and must in both languages then. */
const nameable = new Set(
  Array.from(
    readFileSync(path.join(root, 'sources.schema.json'), 'utf8').matchAll(/"enum": \[([^\]]*)\]/g),
    ([, values = '']) => Array.from(values.matchAll(/"([^"]+)"/g), ([, value = '']) => value),
  ).flat(),
);

function namesIn(comment: string): string[] {
  const words = comment.match(/[A-Za-z][\w-]*/g) ?? [];
  return words.filter((word) => nameable.has(word) || /^[a-z]+[A-Z]/.test(word)).toSorted();
}

/** A block of code; in its comments, in the labels of a drawing and in a message, words may differ. */
function outlineOfCode({ lang = '', text }: Tokens.Code): object {
  const lines = text.split('\n');
  if (lang === 'mermaid') return { lines: lines.map(outlineOfDrawing) };
  if (lang === '') return { lines: lines.length };
  // A shell's comments say what a command does; those in YAML name the options.
  const comments =
    lang !== 'yaml' ? [] : Array.from(text.matchAll(/(?:^|\s)# (.*)$/gm), ([, comment = '']) => comment);
  return { code: text.replaceAll(/(?:^|[^\S\n]+)# .*$/gm, ''), options: comments.map(namesIn) };
}

/** A line of a Mermaid drawing: its nodes and edges, and the names and line breaks in its labels. */
function outlineOfDrawing(line: string): object {
  const labels = Array.from(line.matchAll(/"([^"]*)"/g), ([, label = '']) => label);
  const name =
    /<[^>]+>|\d+|\w+ChangeOrder\w*|[a-z]+(?:[-_][a-z]+)+|(?:mode|follow): \w+|secrets: \[[^\]]*\]/g;
  return { drawn: line.replaceAll(/"[^"]*"/g, '""'), names: labels.map((label) => label.match(name) ?? []) };
}

/** What stands under a heading, and the heading itself. */
export interface Section {
  title: string;
  depth: number;
  outline: unknown[];
}

/**
 * What a page in Markdown says apart from its words, section by section and block by block: tables by their cells, lists by
 * their entries, code but for its comments, and wherever words stand, the code, numbers, links and pictures among them. Two
 * pages that say the same in two languages have the same one. Code among words has no order but in the first column of a table,
 * for the order of words differs from language to language.
 *
 * @param file the name of the page from the top of the repository: links start there
 */
export function sectionsOf(markdown: string, file: string): Section[] {
  const page: Page = { file, tokens: lex(markdown) };
  const sections: Section[] = [];
  for (const token of page.tokens) {
    if (isOf<Tokens.Heading>('heading')(token)) {
      sections.push({ title: token.text, depth: token.depth, outline: [] });
    }
    sections.at(-1)?.outline.push(outlineOf(token, page));
  }
  return sections;
}

function outlineOf(token: Token, page: Page): unknown {
  if (isOf<Tokens.Code>('code')(token)) return { block: token.lang, ...outlineOfCode(token) };
  if (isOf<Tokens.Table>('table')(token)) return outlineOfTable(token, page);
  if (isOf<Tokens.List>('list')(token)) {
    const entries = token.items.map(({ tokens }) => tokens.map((each) => outlineOf(each, page)));
    return { ordered: token.ordered, entries };
  }
  return { [token.type]: outlineOfProse(within(token), page) };
}

function outlineOfTable({ header, rows }: Tokens.Table, page: Page): unknown {
  const cell = ({ tokens }: Tokens.TableCell) => outlineOfProse(tokens.flatMap(within), page);
  return {
    header: header.map(cell),
    rows: rows.map(([first, ...others]) => [
      codesIn((first?.tokens ?? []).flatMap(within)),
      ...others.map(cell),
    ]),
  };
}

function outlineOfProse(tokens: readonly Token[], page: Page): unknown {
  const texts = tokens.filter(isOf<Tokens.Text>('text')).filter((text) => !text.tokens);
  return {
    code: codesIn(tokens).toSorted(),
    numbers: texts.flatMap(({ text }) => text.match(/\d+(?:\.\d+)*/g) ?? []).toSorted(),
    links: tokens.filter(isOf<Tokens.Link>('link')).map(({ href }) => targetOf(href, page)),
    pictures: tokens.filter(isOf<Tokens.Image>('image')).map(({ href, text }) => [href, text !== '']),
  };
}

/** The blocks of code of a page that are in no language. */
export function plainBlocksOf(markdown: string): string[] {
  return marked
    .lexer(markdown)
    .filter(isOf<Tokens.Code>('code'))
    .filter(({ lang }) => lang === '')
    .map(({ text }) => text);
}

/** The addresses of all links of a page, in the order of reading. */
export function linksOf(markdown: string): string[] {
  return lex(markdown)
    .flatMap(within)
    .filter(isOf<Tokens.Link>('link'))
    .map(({ href }) => href);
}
