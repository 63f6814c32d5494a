import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { messageFor } from '../functions/follow/message.ts';
import type { Notification } from '../functions/follow/rollback-event.ts';
import { root } from '../local/build/bundle.ts';
import { compileSources } from '../local/build/compile-sources.ts';
import { sandboxSecrets } from '../local/sandbox/secrets.ts';
import {
  anchorOf,
  linkedFile,
  linksOf,
  plainBlocksOf,
  sectionsOf,
  twins,
  type Section,
} from './support/markdown-outline.ts';

const read = (file: string) => readFileSync(path.join(root, file), 'utf8');

/** Pages that are the same in both languages. template/ has other names and a test of its own. */
const pairs = twins.filter(({ english }) => !english.startsWith('template/'));

/** The recipes for senders come after this heading of docs/sources.md, and are in English only. */
const firstOfRecipes = 'Which sender';

/** The sections of an English page that have to be in Chinese, too. */
function translatedSections(file: string, text: string): Section[] {
  const sections = sectionsOf(text, file);
  const end = sections.findIndex(({ title }) => file === 'docs/sources.md' && title === firstOfRecipes);
  return end === -1 ? sections : sections.slice(0, end);
}

/** What one of the pages can lose, and how. */
type Losses = Record<string, (text: string) => string>;

const losses: Record<string, Losses> = {
  'README.md': {
    'a section': (text) => text.replace(/^## .*?(?=^## )/ms, ''),
    'a row of a table': (text) => text.replace(/^\| .*docs\/errors.*\n/m, ''),
    'a command': (text) => text.replace('`npm run deploy -- -y`', ''),
    'a command in a block': (text) => text.replace(/^URL=.*\n/m, ''),
    'an entry of a list': (text) => text.replace(/^- .*?(?=^- )/ms, ''),
    'a step': (text) => text.replace(/^2\. .*?(?=^3\. )/ms, ''),
    'a preset': (text) => text.replace('`bitbucket`, ', ''),
    'a link': (text) => text.replace('[SECURITY.md](SECURITY.md)', ''),
    'a link to a heading of another page': (text) => text.replace(/(delivery(\.zh-CN)?\.md)#[^)]*/, '$1'),
    'a number': (text) => text.replace('200', '300'),
    'a picture': (text) => text.replace(/^!\[.*\n/m, ''),
  },
  'docs/delivery.md': {
    'an edge of the drawing': (text) => text.replace(/^ +follow <--> edas\n/m, ''),
    'a status': (text) => text.replace('| 202 ', '| 200 '),
    'a row of a table': (text) => text.replace(/^\| `ignored` .*\n/m, ''),
    'an entry of a list': (text) => text.replace(/^- \*\*.*?(?=^- \*\*)/ms, ''),
    'a number': (text) => text.replace('60', '90'),
  },
  'docs/errors.md': {
    'a section': (text) => text.replace(/^## token_missing.*?(?=^## )/ms, ''),
    'a code in a table': (text) => text.replace('`app_missing`, ', ''),
    'a link to a heading of another page': (text) =>
      text.replace(/(operations(\.zh-CN)?\.md)#edas_outcome_unknown/, '$1'),
    'a nested entry': (text) => text.replace(/^ {2}- .*?(?=^ {2}- )/ms, ''),
  },
  'docs/operations.md': {
    'a section': (text) => text.replace(/^### .*?(?=^### )/ms, ''),
    'a row of a table': (text) => text.replace(/^\| .*--offline.*\n/m, ''),
    'a command': (text) => text.replace('`npx s preview`', ''),
    'a command in a block': (text) => text.replace(/^ask 'message\.level.*\n/m, ''),
    'a link to a heading': (text) => text.replace('](#edas_outcome_unknown)', '](#nowhere)'),
    'a step': (text) => text.replace(/^2\. .*?(?=^3\. )/ms, ''),
  },
  'docs/sources.md': {
    'a key of a source': (text) => text.replace(/^\| `dryRun` .*\n/m, ''),
    'a key of a channel': (text) => text.replace(/^\| `language` .*\n/m, ''),
    'a key of a source of events': (text) => text.replace(/^\| `maxAge` .*\n/m, ''),
    'an option named in a comment': (text) => text.replace(/sha512/, ''),
    'a default': (text) => text.replace('`9000`', '`8000`'),
  },
};

describe.each(pairs)('$english and $chinese', ({ english, chinese }) => {
  const [englishText, chineseText] = [read(english), read(chinese)];
  const inEnglish = translatedSections(english, englishText);
  const inChinese = translatedSections(chinese, chineseText);

  test('have the same headings, by level', () => {
    const depths = inEnglish.map(({ depth }) => depth);
    expect(depths.length).toBeGreaterThan(4);
    expect(inChinese.map(({ depth }) => depth)).toEqual(depths);
  });

  test.each(inEnglish.map(({ title }, index) => [title, index] as const))(
    'have the same tables, lists, code, numbers, links and pictures under "%s"',
    (_title, index) => {
      expect(inChinese[index]?.outline).toEqual(inEnglish[index]?.outline);
    },
  );

  test.each(Object.entries(losses[english] ?? {}))(
    'would not have the same if one of them lost %s',
    (_what, lose) => {
      for (const [file, text] of [
        [english, englishText],
        [chinese, chineseText],
      ] as const) {
        const outlinesOf = (markdown: string) =>
          translatedSections(file, markdown).map(({ depth, outline }) => ({ depth, outline }));
        expect(lose(text)).not.toBe(text);
        expect(outlinesOf(lose(text))).not.toEqual(outlinesOf(text));
      }
    },
  );

  test('link to each other under the title', () => {
    const switchesTo = (text: string) => linksOf(text)[0];
    expect(switchesTo(englishText)).toBe(path.basename(chinese));
    expect(switchesTo(chineseText)).toBe(path.basename(english));
  });

  // The recipes of docs/sources.md are in English only.
  test('link to a Chinese page from the Chinese one, wherever there is one', () => {
    const [, ...links] = linksOf(chineseText);
    const files = links.filter((link) => !/^[a-z]+:/.test(link)).map((link) => linkedFile(link, chinese));
    const inOtherLanguage = files.filter(({ file, anchor }) => {
      const isTranslated = twins.some((twin) => twin.english === file);
      return isTranslated && !(file === 'docs/sources.md' && isOfRecipes(anchor));
    });
    expect(inOtherLanguage).toEqual([]);
  });
});

test.each(pairs)('there is something that $english could lose', ({ english }) => {
  expect(Object.keys(losses[english] ?? {}).length).toBeGreaterThan(3);
});

/** Whether a heading of docs/sources.md is one of those that are in English only. */
function isOfRecipes(anchor: string | undefined): boolean {
  if (anchor === undefined) return false;
  const titles = translatedSections('docs/sources.md', read('docs/sources.md')).map(({ title }) => title);
  return !titles.some((title) => anchorOf(title) === anchor);
}

test('docs/sources.md names the secret that the sandbox gives to the variable of the old one', () => {
  const sources = compileSources(
    'sources: { pipeline: { preset: generic, secrets: [SECRET_PIPELINE, SECRET_PIPELINE_OLD] } }',
  );
  const { SECRET_PIPELINE_OLD } = sandboxSecrets(sources);
  expect(read('docs/sources.md')).toContain(`\`SECRET_PIPELINE=${SECRET_PIPELINE_OLD} npm run send `);
});

test('docs/notifications.md shows the messages that people get, in both languages', () => {
  const asked = {
    changeOrderId: 'dc5133d7-773f-4c81-9c5a-e2103dce0f6a',
    rollbackChangeOrderId: '08e5b76a-4b9a-4708-91bf-729a6175b02c',
    event: 'succeeded',
    status: 2,
    failures: [],
    tookMs: 252_000,
    actor: 'alice',
    source: 'pipeline',
    delivery: '42',
    consoleUrl: 'https://edas.console.aliyun.com/#/home?regionNo=cn-hangzhou',
  } as const;
  const ofChange = {
    ...asked,
    description: 'checkout 2.4.0',
    changeStatus: 6,
    batches: { done: 3, total: 3 },
  };
  const ofRelease: Notification = {
    ...asked,
    operation: 'RollbackApplication',
    app: { id: '3616cdca-4f92-4413-0000-000000000000', name: 'checkout' },
    description: '版本:1.8.2 | 包名:checkout.jar | 部署目标:所有分组',
    batches: { done: 2, total: 2 },
    release: { fromVersion: '1.8.2', toVersion: '1.8.1', groups: ['8123db90-0000-4000-8000-000000000003'] },
    instances: { total: 4, healthy: 3, onVersion: 4 },
  };
  const question: Notification = {
    ...asked,
    event: 'asked',
    rollbackChangeOrderId: undefined,
    app: { id: '3616cdca-4f92-4413-0000-000000000000', name: 'checkout' },
    description: 'checkout 2.4.0',
    status: 1,
    batches: { done: 2, total: 5 },
    question: {
      by: 'page',
      link: 'https://rollback.example.com/confirm/fake.token',
      people: 1,
      summary: 'Error rate of checkout is 12 %',
      problemStartedAt: Date.UTC(2026, 0, 2, 3, 1),
      expiresAt: Date.UTC(2026, 0, 2, 3, 19),
      leftMs: 900_000,
    },
  };
  expect(plainBlocksOf(read('docs/notifications.md'))).toEqual([
    messageFor(ofChange, 'en'),
    messageFor(ofChange, 'zh'),
    messageFor(ofRelease, 'en'),
    messageFor(question, 'en'),
    messageFor(question, 'zh'),
  ]);
});
