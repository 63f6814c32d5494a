import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { messageFor } from '../functions/follow/message.ts';
import { root } from '../local/build/bundle.ts';
import { compileSources } from '../local/build/compile-sources.ts';
import { sandboxSecrets } from '../local/sandbox/secrets.ts';
import { plainBlocksOf, sectionsOf } from './support/markdown-outline.ts';

const read = (file: string) => readFileSync(path.join(root, file), 'utf8');
const [english, chinese] = [read('README.md'), read('README.zh-CN.md')];

const sections = { english: sectionsOf(english), chinese: sectionsOf(chinese) };

describe('README.md and README.zh-CN.md', () => {
  test('have the same headings, by level', () => {
    const depths = sections.english.map(({ depth }) => depth);
    expect(depths.length).toBeGreaterThan(5);
    expect(sections.chinese.map(({ depth }) => depth)).toEqual(depths);
  });

  test.each(sections.english.map(({ title }, index) => [title, index] as const))(
    'have the same tables, lists, code, numbers, links and pictures under "%s"',
    (_title, index) => {
      expect(sections.chinese[index]?.outline).toEqual(sections.english[index]?.outline);
    },
  );

  test.each([
    ['a section', (text: string) => text.replace(/^### .*?(?=^### )/ms, '')],
    ['a row of a table', (text: string) => text.replace(/^\| `dryRun` .*\n/m, '')],
    ['a command', (text: string) => text.replace('`npx s preview`', '')],
    ['a command in a block', (text: string) => text.replace(/^URL=.*\n/m, '')],
    ['an option named in a comment', (text: string) => text.replace(/sha512/, '')],
    ['an entry of a list', (text: string) => text.replace(/^- .*?(?=^- )/ms, '')],
    ['a key of a table', (text: string) => text.replace('| `yaml`, `zod`,', '| `yaml`,')],
    ['a link', (text: string) => text.replace('[SECURITY.md](SECURITY.md)', '')],
    ['a link to a heading', (text: string) => text.replace('](#npm-run-doctor)', '](#nowhere)')],
    ['a status', (text: string) => text.replace('| 202 ', '| 200 ')],
    ['a picture', (text: string) => text.replace(/^!\[.*\n/m, '')],
    ['an edge of the drawing', (text: string) => text.replace(/^ +follow <--> edas\n/m, '')],
  ])('would not have the same if one of them lost %s', (_what, lose) => {
    const outlinesOf = (text: string) => sectionsOf(text).map(({ depth, outline }) => ({ depth, outline }));
    for (const text of [english, chinese]) {
      expect(lose(text)).not.toBe(text);
      expect(outlinesOf(lose(text))).not.toEqual(outlinesOf(text));
    }
  });

  test('name the secret that the sandbox gives to the variable of the old one', () => {
    const sources = compileSources(
      'sources: { pipeline: { preset: generic, secrets: [SECRET_PIPELINE, SECRET_PIPELINE_OLD] } }',
    );
    const { SECRET_PIPELINE_OLD } = sandboxSecrets(sources);
    expect(english).toContain(`\`SECRET_PIPELINE=${SECRET_PIPELINE_OLD} npm run send `);
  });

  test.each([
    ['en', english],
    ['zh', chinese],
  ] as const)('show the message that people get (%s)', (language, text) => {
    const message = messageFor(
      {
        event: 'succeeded',
        description: 'checkout 2.4.0',
        changeOrderId: 'dc5133d7-773f-4c81-9c5a-e2103dce0f6a',
        changeStatus: 6,
        rollbackChangeOrderId: '08e5b76a-4b9a-4708-91bf-729a6175b02c',
        status: 2,
        batches: { done: 3, total: 3 },
        failures: [],
        tookMs: 252_000,
        actor: 'alice',
        source: 'pipeline',
        delivery: '42',
        consoleUrl: 'https://edas.console.aliyun.com/#/home?regionNo=cn-hangzhou',
      },
      language,
    );
    expect(plainBlocksOf(text)).toEqual([message]);
  });
});
