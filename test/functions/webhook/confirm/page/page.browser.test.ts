import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { headersOfPage, renderPage } from '../../../../../functions/webhook/confirm/page/render.ts';
import type { PageView, Stage } from '../../../../../functions/webhook/confirm/page/view.ts';
import {
  accessibilityFaults,
  servePages,
  useBrowser,
  type PageRequest,
} from '../../../../support/browser.ts';
import { at, stages, viewOf } from './views.ts';

const browser = useBrowser();
const headers = headersOfPage();
const answerWith = (view: PageView) => ({ headers, body: renderPage(view) });

function stageOf(name: string): Stage {
  const stage = stages[name];
  if (!stage) throw new Error(`There is no state ${name}`);
  return stage;
}
const inFlight = viewOf(stageOf('a change in flight'));
const moving = viewOf(stageOf('a rollback under way'));
const over = viewOf(stageOf('over: rolled_back'));

/** A server that shows what `view` is at the time, and remembers what came. */
async function serve(view: PageView | undefined) {
  const state = { view, requests: [] as PageRequest[] };
  const url = await servePages((request) => {
    state.requests.push(request);
    return state.view && answerWith(state.view);
  });
  const decisions = () =>
    state.requests.filter(({ method }) => method === 'POST').map(({ form }) => Object.fromEntries(form));
  return Object.assign(state, { url, decisions });
}

/** Puts another page into a window, which takes less time than to load it. */
async function showIn(page: Page, html: string): Promise<void> {
  await page.evaluate(`{
    const next = new DOMParser().parseFromString(${JSON.stringify(html)}, 'text/html');
    document.title = next.title;
    document.documentElement.lang = next.documentElement.lang;
    document.body.replaceWith(next.body);
  }`);
}

const widthOf = (page: Page) => page.evaluate<number>('document.documentElement.scrollWidth');
const focusedId = (page: Page) => page.evaluate<string>('document.activeElement.id');
const main = (page: Page) => page.locator('main');

/** What can differ in the dark, and in another language: the rest is one and the same markup. */
const contrast = ['color-contrast'];
const words = ['button-name', 'document-title', 'heading-order', 'html-lang-valid', 'label', 'link-name'];
const rulesOf = {
  'English, light': { language: 'en', colorScheme: 'light', options: {} },
  'English, dark': { language: 'en', colorScheme: 'dark', options: { runOnly: contrast } },
  'Chinese, light': { language: 'zh', colorScheme: 'light', options: { runOnly: words } },
} as const;

describe('the page', () => {
  test.each(Object.entries(rulesOf))(
    'axe-core finds nothing in any state (%s), and no state scrolls sideways at 320 px',
    async (_, { language, colorScheme, options }) => {
      const { page, faults } = await browser.open({ viewport: { width: 320, height: 600 }, colorScheme });
      const { url } = await serve(viewOf(stageOf('a change in flight'), language));
      await page.goto(url);
      const found: string[] = [];
      for (const [name, stage] of Object.entries(stages)) {
        await showIn(page, renderPage(viewOf(stage, language)));
        found.push(...(await accessibilityFaults(page, options)).map((fault) => `${name}: ${fault}`));
        if ((await widthOf(page)) > 320) found.push(`${name} scrolls sideways`);
      }
      expect(found).toEqual([]);
      expect(faults).toEqual([]);
    },
    60_000,
  );
});

test('a notice is an alert, and axe-core finds nothing in it', async () => {
  const { page } = await browser.open();
  const server = await serve({ ...inFlight, notice: { kind: 'changed' } });
  await page.goto(server.url);
  expect(await page.locator('main [role=alert]').textContent()).toContain('Something has changed');
  expect(await accessibilityFaults(page)).toEqual([]);
});

test('what the policy forbids is seen by these tests', async () => {
  const { page, faults } = await browser.open();
  const { body } = answerWith(inFlight);
  const url = await servePages(() => ({
    headers,
    body: body.replace('</main>', '</main><script>1</script>'),
  }));
  await page.goto(url);
  expect(faults.join()).toContain('Content Security Policy');
});

test('with the keyboard alone, a person types a name and decides', async () => {
  const { page, faults } = await browser.open();
  const server = await serve(inFlight);
  await page.goto(server.url);
  await page.keyboard.press('Tab');
  expect(await focusedId(page)).toBe('name');
  await page.keyboard.type('Alice');
  // Enter in the field decides nothing.
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  expect(await focusedId(page)).toBe('roll_back');
  await page.keyboard.press('Tab');
  expect(await focusedId(page)).toBe('leave');
  await page.keyboard.press('Shift+Tab');
  expect(server.decisions()).toEqual([]);
  await Promise.all([page.waitForEvent('load'), page.keyboard.press('Enter')]);
  expect(server.decisions()).toEqual([{ shown: 's1', name: 'Alice', decision: 'roll_back' }]);
  expect(faults).toEqual([]);
});

test('where no version is sure, the browser asks for one before it sends, and to leave it needs none', async () => {
  const { page } = await browser.open();
  const server = await serve(viewOf(stageOf('a release of which no version is sure')));
  await page.goto(server.url);
  await page.click('#roll_back');
  expect(server.decisions()).toEqual([]);
  await page.check('[value="2.3.8"]');
  await Promise.all([page.waitForEvent('load'), page.click('#roll_back')]);
  await Promise.all([page.waitForEvent('load'), page.click('#leave')]);
  expect(server.decisions()).toEqual([
    { shown: 's5', version: '2.3.8', name: '', decision: 'roll_back' },
    { shown: 's5', name: '', decision: 'leave' },
  ]);
});

test('without scripts a person decides, and the page looks again by itself where something moves', async () => {
  const { page } = await browser.open({ javaScriptEnabled: false });
  const server = await serve(inFlight);
  await page.goto(server.url);
  const refreshes = page.locator('meta[http-equiv=refresh]');
  expect(await refreshes.count()).toBe(0);
  expect(await page.locator('time').first().textContent()).toBe('4 Mar, 19:01 UTC (5 Mar, 03:01 in China)');
  server.view = moving;
  await Promise.all([page.waitForEvent('load'), page.click('#roll_back')]);
  expect(server.decisions()).toEqual([{ shown: 's1', name: '', decision: 'roll_back' }]);
  expect(await refreshes.getAttribute('content')).toBe('5');
});

describe('with scripts', () => {
  /** A window whose clock the test moves. It is where the reader is: in China. */
  async function openAt(url: string) {
    const window = await browser.open({ timezoneId: 'Asia/Shanghai' });
    await window.page.clock.install({ time: at('18:55:03') });
    await window.page.goto(url);
    return window;
  }
  /** Moves the clock, and waits until the page has looked. */
  async function lookAfter(page: Page, ms: number) {
    const answered = page.waitForEvent('requestfinished');
    await page.clock.runFor(ms);
    await answered;
  }

  test('times are those of the reader', async () => {
    const { url } = await serve(inFlight);
    const { page } = await openAt(url);
    expect(await page.locator('.state').textContent()).toContain('Decide until 03:01 (5 min left).');
  });

  test('the page follows a rollback to its end, says so to a screen reader, and then stops looking', async () => {
    const server = await serve(moving);
    const { page, faults } = await openAt(server.url);
    server.view = over;
    await lookAfter(page, 5_000);
    await page.waitForSelector('text=Rolled back');
    expect(await page.title()).toContain('Rolled back');
    expect(await page.locator('#said').textContent()).toContain('The rollback is complete.');
    const looks = server.requests.length;
    await page.clock.runFor(60_000);
    expect(server.requests).toHaveLength(looks);
    expect(faults).toEqual([]);
  });

  test('as long as the page asks the same, what was typed and the focus stay, and the facts are new', async () => {
    const server = await serve(inFlight);
    const { page } = await openAt(server.url);
    await page.fill('#name', 'Alice');
    server.view = { ...inFlight, change: { ...inFlight.change, batches: { done: 3, total: 5 } } };
    await lookAfter(page, 15_000);
    await page.waitForSelector('text=3 of 5 done');
    expect(await page.inputValue('#name')).toBe('Alice');
    expect(await focusedId(page)).toBe('name');
    expect(await page.locator('#news').textContent()).toBe('');
  });

  test('where the page asks something else, it says so, keeps the name, and sends nothing for a moment', async () => {
    const server = await serve(inFlight);
    const { page } = await openAt(server.url);
    await page.fill('#name', 'Alice');
    server.view = viewOf(stageOf('a release of which the version is sure'));
    await lookAfter(page, 15_000);
    await page.waitForSelector('text=Deploys version 2.3.9');
    expect(await page.locator('#news').textContent()).toContain('Something has changed');
    expect(await page.inputValue('#name')).toBe('Alice');
    expect(await focusedId(page)).toBe('name');
    await page.click('#roll_back');
    expect(server.decisions()).toEqual([]);
    await page.clock.runFor(2_000);
    await Promise.all([page.waitForEvent('load'), page.click('#roll_back')]);
    expect(server.decisions()).toEqual([
      { shown: 's4', version: '2.3.9', name: 'Alice', decision: 'roll_back' },
    ]);
  });

  test('where a colleague was faster, the form goes and the focus is on the heading', async () => {
    const server = await serve(inFlight);
    const { page } = await openAt(server.url);
    await page.focus('#roll_back');
    server.view = moving;
    await lookAfter(page, 15_000);
    await page.waitForSelector('text=Alice Wang decided to roll back');
    expect(await page.locator('form').count()).toBe(0);
    expect(await page.evaluate('document.activeElement.tagName')).toBe('H1');
  });

  test('without a connection the page says from when it is, and goes on when it is back', async () => {
    const server = await serve(moving);
    const { page } = await openAt(server.url);
    server.view = undefined;
    await page.clock.runFor(5_000);
    await page.waitForSelector('text=No connection. What you see is from 02:55:03.');
    expect(await main(page).textContent()).toContain('1 of 3 done');
    server.view = over;
    await page.clock.runFor(10_000);
    await page.waitForSelector('text=Rolled back');
    expect(await page.locator('#link').textContent()).toBe('');
  });

  test('an answer that is no page, such as that of a gateway, replaces nothing', async () => {
    let looks = 0;
    const url = await servePages(() => {
      looks += 1;
      return looks === 1 ? answerWith(moving) : { status: 403, headers, body: '<p>Blocked</p>' };
    });
    const { page } = await openAt(url);
    await page.clock.runFor(5_000);
    await page.waitForSelector('text=No connection.');
    expect(await main(page).textContent()).toContain('1 of 3 done');
  });

  test('two clicks send one decision', async () => {
    const server = await serve(inFlight);
    const { page } = await openAt(server.url);
    const [said] = await Promise.all([
      page.evaluate<string>(`roll_back.click(); leave.click(); link.textContent`),
      page.waitForEvent('load'),
    ]);
    expect(said).toBe('Sending …');
    expect(server.decisions()).toEqual([{ shown: 's1', name: '', decision: 'roll_back' }]);
  });
});
