import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { root } from '../local/build/bundle.ts';
import { compileSources } from '../local/build/compile-sources.ts';
import { sourcesJsonSchema } from '../local/build/sources-schema.ts';
import { presets } from '../presets/index.ts';

/** Every Markdown file of the repository, but for what is installed or built. */
const pages = readdirSync(root, { withFileTypes: true })
  .filter(({ name }) => !['node_modules', 'dist', '.git', '.sandbox', '.stryker', '.s'].includes(name))
  .flatMap((entry) => (entry.isDirectory() ? filesBelow(entry.name) : [entry.name]))
  .filter((file) => file.endsWith('.md'))
  .toSorted();

function filesBelow(folder: string): string[] {
  const files = readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' });
  return files.filter((file) => !file.includes('node_modules')).map((file) => path.join(folder, file));
}

const read = (file: string) => readFileSync(path.join(root, file), 'utf8');
const readme = read('README.md');

function section(title: string): string {
  return new RegExp(`^## ${title}$(.*?)^## `, 'ms').exec(readme)?.[1] ?? '';
}

/** What stands in backquotes in the first column of a section's tables. */
function firstColumn(text: string): string[] {
  const cells = Array.from(text.matchAll(/^\| (.*?) +\|/gm), ([, cell = '']) => cell);
  return cells.flatMap((cell) => Array.from(cell.matchAll(/`([^`]+)`/g), ([, name = '']) => name));
}

/** A page without its blocks of code, in which nothing is a heading or a link. */
function prose(page: string): string {
  return read(page).replaceAll(/^ *```.*?^ *```$/gms, '');
}

/** The anchors that GitHub gives to the headings of a page: https://github.com/Flet/github-slugger is how. */
function anchorsOf(page: string): string[] {
  const headings = Array.from(prose(page).matchAll(/^#{1,6} (.+)$/gm), ([, heading = '']) => heading);
  const slugs = headings.map((heading) =>
    heading
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\p{M}_ -]/gu, '')
      .replaceAll(' ', '-'),
  );
  return slugs.map((slug, index) => {
    const before = slugs.slice(0, index).filter((other) => other === slug).length;
    return before === 0 ? slug : `${slug}-${before}`;
  });
}

test('there are pages to check', () => {
  expect(pages).toEqual(expect.arrayContaining(['README.md', 'SECURITY.md', 'docs/operations.md']));
});

describe.each(pages)('%s', (page) => {
  // Code in a line may look like a link, too.
  const text = prose(page).replaceAll(/`[^`\n]*`/g, '');
  const links = Array.from(text.matchAll(/\]\(([^)\s]+)\)/g), ([, link = '']) => link).filter(
    (link) => !/^[a-z]+:/.test(link),
  );

  test('links to files that are there', () => {
    const files = links.map((link) => link.replace(/#.*/, '')).filter((file) => file !== '');
    expect(files.filter((file) => !existsSync(path.join(root, path.dirname(page), file)))).toEqual([]);
  });

  test('links to headings that are there', () => {
    const missing = links.filter((link) => {
      const [file = '', anchor] = link.split('#');
      if (anchor === undefined) return false;
      const target = file === '' ? page : path.join(path.dirname(page), file);
      return target.endsWith('.md') && !anchorsOf(target).includes(anchor);
    });
    expect(missing).toEqual([]);
  });
});

describe('README.md', () => {
  test('shows sources that build', () => {
    const blocks = Array.from(readme.matchAll(/^```yaml\n(sources:.*?)^```/gms), ([, yaml = '']) => yaml);
    expect(blocks.length).toBeGreaterThan(1);
    for (const block of blocks) expect(compileSources(block)).toHaveLength(1);
  });

  test('names every preset, and no other', () => {
    const [, table = ''] = /^\| they sign.*?\n\|[- |]+\n(.*?)\n$/ms.exec(section('Who may call')) ?? [];
    const named = Array.from(table.split('\n')[0]?.matchAll(/`([a-z-]+)`/g) ?? [], ([, name]) => name);
    expect(named.toSorted()).toEqual(Object.keys(presets).toSorted());
  });

  test('names every key of a source, and no other', () => {
    const schema = JSON.parse(sourcesJsonSchema()) as {
      properties: { sources: { additionalProperties: { properties: object } } };
    };
    const keys = Object.keys(schema.properties.sources.additionalProperties.properties);
    const [, table = ''] = /^\| key .*?\n\|[- |]+\n(.*?)\n\n/ms.exec(section('Who may call')) ?? [];
    expect(firstColumn(table).toSorted()).toEqual(keys.toSorted());
  });

  test('names every key of a channel, and no other', () => {
    const schema = JSON.parse(sourcesJsonSchema()) as {
      properties: { notify: { items: { properties: object } } };
    };
    const keys = Object.keys(schema.properties.notify.items.properties);
    const [, table = ''] = /^\| channel key .*?\n\|[- |]+\n(.*?)\n\n/ms.exec(readme) ?? [];
    expect(firstColumn(table).toSorted()).toEqual(keys.toSorted());
  });

  test('gives a reason for every dependency, and for no other', () => {
    const { dependencies, devDependencies } = JSON.parse(read('package.json')) as Record<string, object>;
    const packages = Object.keys({ ...dependencies, ...devDependencies });
    expect(firstColumn(section('Dependencies')).toSorted()).toEqual(packages.toSorted());
  });
});

test('CONTRIBUTING.md names only commands that there are', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: object };
  const named = Array.from(read('CONTRIBUTING.md').matchAll(/npm run ([a-z]+)/g), ([, name]) => name);
  expect(named.filter((name) => name === undefined || !(name in scripts))).toEqual([]);
});
