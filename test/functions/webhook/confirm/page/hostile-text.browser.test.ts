import fc from 'fast-check';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { onOneLine } from '../../../../../functions/lib/text-for-people.ts';
import { renderPage, renderProblem } from '../../../../../functions/webhook/confirm/page/render.ts';
import type { PageView, Stage } from '../../../../../functions/webhook/confirm/page/view.ts';
import { useBrowser } from '../../../../support/browser.ts';
import { hostileText } from '../../../../support/hostile-text.ts';
import { runs } from '../../../../support/runs.ts';
import { stages, viewOf } from './views.ts';

const browser = useBrowser();

/** What is our own in a view. */
const ownTexts = new Set([
  ...['stage', 'does', 'result', 'reason', 'kind', 'code', 'decision', 'language'],
  ...['shown', 'consoleUrl'],
]);

/** The same value with a text in the place of each that comes from outside. */

function withTexts<T>(value: T, text: string): T {
  if (Array.isArray(value)) return value.map((each: unknown) => withTexts(each, text)) as T;
  if (typeof value === 'string') return text as T;
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, each]: [string, unknown]) => [
    key,
    typeof each === 'string' && ownTexts.has(key) ? each : withTexts(each, text),
  ]);
  return Object.fromEntries(entries) as T;
}

/** A page in which every text from outside is this one. */
function pageWith(stage: Stage, text: string): string {
  const notice = { kind: 'problem', code: 'internal', message: 'x' } as const;
  return renderPage(withTexts<PageView>({ ...viewOf(stage), notice }, text));
}

interface Outline {
  /** Each element with what it is inside of, and its attributes without what they hold. */
  elements: string[];
  title: string;
  /** What stands in the elements for texts from outside, and the values of the form. */
  texts: string[];
  values: string[];
}

/** What a browser makes of a page that has come over the network. */
function outlineOf(page: Page, html: string): Promise<Outline> {
  const received = Buffer.from(html).toString('utf8');
  return page.evaluate<Outline>(`{
    const page = new DOMParser().parseFromString(${JSON.stringify(received)}, 'text/html');
    const pathOf = (element) => element === null ? '' : pathOf(element.parentElement) + '/' + element.localName;
    const all = [...page.querySelectorAll('*')];
    ({
      elements: all.map((each) => pathOf(each) + ' ' + each.getAttributeNames().join(' ')),
      title: page.title,
      texts: [...page.querySelectorAll('bdi')].map((each) => each.textContent),
      values: [...page.querySelectorAll('[name=version]')].map((each) => each.value),
    });
  }`);
}

function stageNamed(name: string): Stage {
  const stage = stages[name];
  if (!stage) throw new Error(`There is no state ${name}`);
  return stage;
}

const tried = Object.entries(stages).filter(([name]) =>
  /sure|left alone|under way|rolled_back|refused/.test(name),
);

test('text of any kind stays text, in its place, and brings no element and no attribute along', async () => {
  const { page } = await browser.open();
  const harmless = new Map<string, string[]>();
  for (const [name, stage] of tried) {
    harmless.set(name, (await outlineOf(page, pageWith(stage, 'harmless'))).elements);
  }
  const visibleText = hostileText.filter((text) => onOneLine(text, 60) !== '' && text.length <= 96);
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...tried), visibleText, async ([name, stage], text) => {
      const { elements, title, texts } = await outlineOf(page, pageWith(stage, text));
      expect(elements).toEqual(harmless.get(name));
      expect(title).toContain(`\u2068${collapsed(onOneLine(text, 60))}\u2069`);
      const shown = new Set(texts.map(collapsed));
      // Whole, cut to the length of an application's name, or inside of what we say of it.
      expect(shown).toContain(collapsed(onOneLine(text, 100)));
    }),
    { numRuns: runs(40) },
  );
});

const attacks = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  `' onfocus='alert(1)`,
  '</title></style></bdi></blockquote></main><h1>x</h1>',
  '<!--',
  ']]>',
  '&lt;b&gt;',
  '\u202eevil\u2066\u200f',
];

test.each(attacks)('%j is shown as it is', async (text) => {
  const { page } = await browser.open();
  for (const [, stage] of tried) {
    const outline = await outlineOf(page, pageWith(stage, text));
    const harmless = await outlineOf(page, pageWith(stage, 'harmless'));
    expect(outline.elements).toEqual(harmless.elements);
    expect(outline.texts).toContain(onOneLine(text, 100));
    expect(outline.values.every((value) => value === text)).toBe(true);
  }
});

test('a text from outside stands in an element that keeps its direction to itself, or is isolated in the title', async () => {
  const { page } = await browser.open();
  for (const [, stage] of tried) {
    const html = pageWith(stage, 'outside');
    const elsewhere = await page.evaluate<string[]>(`{
      const page = new DOMParser().parseFromString(${JSON.stringify(html)}, 'text/html');
      const texts = page.createTreeWalker(page.documentElement, NodeFilter.SHOW_TEXT);
      const found = [];
      while (texts.nextNode()) {
        const { data, parentElement } = texts.currentNode;
        const isOurs = ['style', 'script'].includes(parentElement.localName);
        if (!isOurs && data.replace('\\u2068outside\\u2069', '').includes('outside') && !parentElement.closest('bdi'))
          found.push(data);
      }
      found;
    }`);
    expect(elsewhere).toEqual([]);
  }
});

test.each([
  ['&', 10_000],
  ['回', 10_000],
  ['😀', 5_000],
  ['a', 10_000],
])(
  'texts of %j times %i, in every place, leave the page under 30 KB and no wider than a phone',
  async (piece, times) => {
    const { page } = await browser.open({ viewport: { width: 320, height: 600 } });
    const text = piece.repeat(times);
    for (const [name, stage] of tried) {
      const html = pageWith(stage, text);
      expect(Buffer.byteLength(html), name).toBeLessThan(30_000);
      await page.setContent(html);
      expect(await page.evaluate('document.documentElement.scrollWidth'), name).toBe(320);
    }
  },
);

test('forty versions with names that are as long as may be leave it under 30 KB, and the sure one is among them', () => {
  const candidates = Array.from({ length: 40 }, (_, index) => `${'&'.repeat(94)}${index + 10}`);
  const view = viewOf(stageNamed('a release of which the version is sure'));
  const { app, change, asked } = withTexts(view, '&'.repeat(10_000));
  const choice = { fromVersion: '&'.repeat(10_000), toVersion: candidates[30], candidates };
  const stage = { stage: 'open', does: 'roll_back_release', shown: 's', choice } as const;
  const notice = { kind: 'problem', code: 'internal', message: '&'.repeat(10_000) } as const;
  const html = renderPage({ ...view, app, change, asked, stage, notice });
  expect(Buffer.byteLength(html)).toBeLessThan(30_000);
  const [, form = ''] = html.split('<form');
  expect(form.match(/type="radio"/g)).toHaveLength(9);
  expect(form).toMatch(/&amp;40"\s+required checked/);
});

test('what explains a problem is escaped, and bounded, as well', async () => {
  const { page } = await browser.open();
  const html = (message: string) => renderProblem({ language: 'zh', code: 'internal', message });
  const outline = await outlineOf(page, html(`<b>${'&'.repeat(10_000)}`));
  expect(outline.elements).toEqual((await outlineOf(page, html('x'))).elements);
  expect(Buffer.byteLength(html('&'.repeat(10_000)))).toBeLessThan(30_000);
});

/** A browser reads the end of a line, and a half of a pair, in its own way. */
function collapsed(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
