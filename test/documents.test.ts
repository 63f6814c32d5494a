import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { root } from '../local/build/bundle.ts';
import { compileSources } from '../local/build/compile-sources.ts';
import { sourcesJsonSchema } from '../local/build/sources-schema.ts';
import { presets } from '../presets/index.ts';
import { pages, proseOf, readPage } from './support/pages.ts';

/** What stands under a heading of the second level, up to the next one. */
function section(page: string, title: string): string {
  return new RegExp(`^## ${title}$(.*?)(?=^## |$(?![^]))`, 'ms').exec(readPage(page))?.[1] ?? '';
}

/** The rows of the first table in a text whose first cell begins so. */
function rowsUnder(beginning: string, text: string): string {
  return new RegExp(`^\\| ${beginning}.*?\\n\\|[- |]+\\n(.*?)\\n\\n`, 'ms').exec(text)?.[1] ?? '';
}

/** What stands in backquotes in the first column of a section's tables. */
function firstColumn(text: string): string[] {
  const cells = Array.from(text.matchAll(/^\| (.*?) +\|/gm), ([, cell = '']) => cell);
  return cells.flatMap((cell) => Array.from(cell.matchAll(/`([^`]+)`/g), ([, name = '']) => name));
}

/** The anchors that GitHub gives to the headings of a page: https://github.com/Flet/github-slugger is how. */
function anchorsOf(page: string): string[] {
  const headings = Array.from(proseOf(page).matchAll(/^#{1,6} (.+)$/gm), ([, heading = '']) => heading);
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

/** The links of a page to files of the repository. Code in a line may look like a link, too. */
function linksOf(page: string): string[] {
  const text = proseOf(page).replaceAll(/`[^`\n]*`/g, '');
  return Array.from(text.matchAll(/\]\(([^)\s]+)\)/g), ([, link = '']) => link).filter(
    (link) => !/^[a-z]+:/.test(link),
  );
}

test('there are pages to check', () => {
  expect(pages).toEqual(expect.arrayContaining(['README.md', 'SECURITY.md', 'docs/operations.md']));
});

describe.each(pages)('%s', (page) => {
  const links = linksOf(page);

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

describe.each(['README.md', 'README.zh-CN.md'])('%s is read in one go:', (page) => {
  const lines = readPage(page).trimEnd().split('\n');

  test('it has at most 150 lines', () => {
    expect(lines.length).toBeLessThanOrEqual(150);
  });

  test('no line is longer than 140 characters outside of a table', () => {
    const long = lines.filter((line) => !line.startsWith('|') && Array.from(line).length > 140);
    expect(long).toEqual([]);
  });

  test('it leads to every page under docs/, directly or through others', () => {
    const found = new Set([page]);
    for (const each of found) {
      const files = linksOf(each).map((link) => path.join(path.dirname(each), link.replace(/#.*/, '')));
      for (const file of files) if (pages.includes(file)) found.add(file);
    }
    expect(pages.filter((each) => each.startsWith('docs/') && !found.has(each))).toEqual([]);
  });
});

describe('README.md', () => {
  test('says near the top that nothing was tried on a live account, and how the doctor helps', () => {
    const [, top = ''] = /^(.*?)^## On this machine/ms.exec(readPage('README.md')) ?? [];
    expect(top).toMatch(/nothing on a live account.*`npm run doctor`/s);
  });

  test('names every preset, and no other', () => {
    const table = rowsUnder('sends a signature', section('README.md', 'Who may call'));
    const named = Array.from(table.split('\n')[0]?.matchAll(/`([a-z-]+)`/g) ?? [], ([, name]) => name);
    expect(named.toSorted()).toEqual(Object.keys(presets).toSorted());
  });
});

describe('the pages for users', () => {
  const blocksOf = (page: string) =>
    Array.from(readPage(page).matchAll(/^```yaml\n(sources:.*?)^```/gms), ([, yaml = '']) => yaml);

  test.each([
    ['README.md', 1],
    ['README.zh-CN.md', 1],
    ['docs/notifications.md', 1],
    ['docs/sources.zh-CN.md', 6],
  ])('show sources that build: %s', (page, count) => {
    expect(blocksOf(page)).toHaveLength(count);
    for (const block of blocksOf(page)) expect(compileSources(block).length).toBeGreaterThan(0);
  });

  test('show sources that build: docs/sources.md', () => {
    const blocks = blocksOf('docs/sources.md');
    expect(blocks.length).toBeGreaterThan(Object.keys(presets).length);
    for (const block of blocks) expect(compileSources(block).length).toBeGreaterThan(0);
  });
});

describe('docs/sources.md', () => {
  test('names every key of a source, and no other', () => {
    const schema = JSON.parse(sourcesJsonSchema()) as {
      properties: { sources: { additionalProperties: { properties: object } } };
    };
    const keys = Object.keys(schema.properties.sources.additionalProperties.properties);
    const table = rowsUnder('key ', section('docs/sources.md', 'Keys of a source'));
    expect(firstColumn(table).toSorted()).toEqual(keys.toSorted());
  });

  test('names every key of a source of events, and no other', () => {
    const schema = JSON.parse(sourcesJsonSchema()) as {
      properties: { events: { additionalProperties: { properties: object } } };
    };
    const keys = Object.keys(schema.properties.events.additionalProperties.properties);
    const table = rowsUnder('event key ', section('docs/sources.md', 'Events from EventBridge'));
    expect(firstColumn(table).toSorted()).toEqual(keys.toSorted());
  });

  test('names every key of a channel, and no other', () => {
    const schema = JSON.parse(sourcesJsonSchema()) as {
      properties: { notify: { items: { properties: object } } };
    };
    const keys = Object.keys(schema.properties.notify.items.properties);
    const table = rowsUnder('channel key ', section('docs/sources.md', 'Keys of a channel'));
    expect(firstColumn(table).toSorted()).toEqual(keys.toSorted());
  });
});

test('CONTRIBUTING.md gives a reason for every dependency, and for no other', () => {
  const { dependencies, devDependencies } = JSON.parse(readPage('package.json')) as Record<string, object>;
  const packages = Object.keys({ ...dependencies, ...devDependencies });
  expect(firstColumn(section('CONTRIBUTING.md', 'Dependencies')).toSorted()).toEqual(packages.toSorted());
});

test.each(['CONTRIBUTING.md', 'docs/release.md'])('%s names only commands that there are', (page) => {
  const { scripts } = JSON.parse(readPage('package.json')) as { scripts: object };
  const named = Array.from(readPage(page).matchAll(/npm run ([a-z]+)/g), ([, name]) => name);
  expect(named.filter((name) => name === undefined || !(name in scripts))).toEqual([]);
});
