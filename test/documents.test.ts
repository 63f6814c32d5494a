import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { presets } from '../functions/webhook/source/presets.ts';
import { root } from '../local/build/bundle.ts';
import { compileSources } from '../local/build/compile-sources.ts';
import { sourcesJsonSchema } from '../local/build/sources-schema.ts';

const pages = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  'docs/errors.md',
  'docs/mutation.md',
  'docs/notifications.md',
  'docs/sources.md',
  'docs/decisions/README.md',
  'docs/decisions/0001-edas-holds-the-only-state.md',
  'docs/decisions/0002-one-connection-per-call.md',
  'docs/decisions/0003-what-the-bundle-holds.md',
  'docs/decisions/0004-assumptions-about-edas-and-function-compute.md',
  'docs/decisions/0005-senders-that-cannot-sign.md',
  'docs/decisions/0006-chats.md',
  'docs/decisions/0007-when-a-rollback-is-sent-again.md',
  'docs/decisions/0008-a-task-for-each-change-order.md',
  'docs/decisions/0009-secrets-from-kms.md',
  'policy/README.md',
];
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

describe.each(pages)('%s', (page) => {
  test('links to files that are there', () => {
    const links = Array.from(read(page).matchAll(/\]\((?!https?:)([^)#]+)/g), ([, link = '']) => link);
    const missing = links.filter((link) => !existsSync(path.join(root, path.dirname(page), link)));
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
