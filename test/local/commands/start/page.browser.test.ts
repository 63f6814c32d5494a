import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Page } from 'playwright-core';
import { accessibilityFaults, useBrowser } from '../../../support/browser.ts';
import { startLocalPage, type LocalPage } from './local-page.ts';

const browser = useBrowser();
let sandbox: LocalPage;
const closing: (() => Promise<void>)[] = [];
beforeAll(async () => {
  sandbox = await startLocalPage((close) => closing.push(close));
});
afterAll(async () => {
  await Promise.all(closing.map((close) => close()));
});

const newest = (page: Page) => page.locator('.request').first();
const chip = (page: Page, stage: string) => newest(page).locator('.chip', { hasText: stage });

/** Opens the page, with a release in flight. */
async function openPage(options?: Parameters<typeof browser.open>[0]) {
  await sandbox.act('all-well');
  await sandbox.act('release', { app: null, batches: 3, goesOn: false });
  const window = await browser.open({
    viewport: { width: 1280, height: 800 },
    // To draw what moves takes most of the time of a browser without a graphics card.
    reducedMotion: 'reduce',
    ...options,
  });
  await window.page.goto(sandbox.pageUrl);
  await window.page.getByText('It asks for the change order').waitFor();
  return window;
}

/** Sends as the form stands, and waits for the answer to be shown. */
async function send(page: Page, way: string, code: string): Promise<void> {
  await page.getByRole('radio', { name: way }).check();
  await page.getByRole('button', { name: 'Sign and send' }).click();
  await newest(page).locator('.code', { hasText: code }).waitFor();
}

test('by clicking: a release is sent back, the same again is done already, a forged one is refused, EDAS fails, a payload is explained', async () => {
  const { page, faults } = await openPage();
  await page.locator('.bar.done, .bar.running').first().waitFor();
  await send(page, 'right', '202 rolling_back');
  expect(await newest(page).locator('.chip[data-state="passed"]').count()).toBe(5);
  expect(await newest(page).getByText('that is, ').count()).toBe(1);
  await page.locator('.order.rollback').first().waitFor();

  await send(page, 'repeated', '200 already_terminated');
  expect(await chip(page, 'read').getAttribute('data-state')).toBe('stopped');

  await send(page, 'forged', '401 signature_mismatch');
  expect(await chip(page, 'verify').getAttribute('data-state')).toBe('stopped');
  expect(await chip(page, 'PUT').getAttribute('data-state')).toBe('not reached');

  await page.getByText('Start a release').click();
  await page.getByRole('button', { name: 'Start', exact: true }).click();
  await page.getByText('A release has begun.').waitFor();
  await page.getByText('Start a release', { exact: true }).click();
  await page.getByRole('button', { name: 'New sample' }).click();
  await page
    .getByLabel('EDAS', { exact: true })
    .selectOption({ label: '403: the RAM policy does not allow the call' });
  await page.getByText('1 fault on').waitFor();
  await send(page, 'right', '502 edas_denied');
  await page.getByRole('button', { name: 'All well' }).click();
  await page.getByText('no faults').waitFor();

  await page.getByLabel('Source', { exact: true }).selectOption('stamped');
  await page.getByLabel('Payload').fill('{"status":"passed"}');
  await page.getByRole('button', { name: 'Explain' }).click();
  await page.getByText('The rule "when" decides: ignored (200).').waitFor();
  expect(await page.locator('#rules dt.deciding').innerText()).toContain('when');
  expect(faults).toEqual([]);
});

test('the keyboard alone sends, opens the request, and sends it again', async () => {
  const { page } = await openPage();
  await page.getByLabel('Payload').focus();
  const focused = page.locator(':focus');
  for (let presses = 0; presses < 8; presses += 1) {
    await page.keyboard.press('Tab');
    if ((await focused.textContent()) === 'Sign and send') break;
  }
  await page.keyboard.press('Enter');
  await newest(page).locator('.code', { hasText: '202 rolling_back' }).waitFor();
  await newest(page).locator('summary').focus();
  await page.keyboard.press('Enter');
  await page.keyboard.press('Enter');
  await newest(page).getByRole('button', { name: 'again' }).focus();
  await page.keyboard.press('Enter');
  await newest(page).locator('.code', { hasText: '200 already_terminated' }).waitFor();
});

test('axe finds nothing, in light, nor a contrast too low in dark', async () => {
  const { page } = await openPage({ bypassCSP: true });
  await send(page, 'forged', '401');
  await page.getByRole('button', { name: 'Explain' }).click();
  await page.locator('#explanation').waitFor();
  sandbox.listener.message?.({ kind: 'slack', text: 'Started.\nChange: checkout', headers: {}, body: {} });
  await page.locator('.message summary').first().click();
  await page.getByText('Start a release', { exact: true }).click();
  expect(await accessibilityFaults(page)).toEqual([]);
  await page.emulateMedia({ colorScheme: 'dark' });
  expect(await accessibilityFaults(page, { runOnly: ['color-contrast'] })).toEqual([]);
});

const hostile = [
  '<img src=x onerror="document.title=\'owned\'"><script>document.title="owned"</script>',
  '\u202e\u2066evil\u2069 \u200b\u0000\u001b[31m',
  `</dd></details><style>*{display:none}</style>${'<b>x'.repeat(2000)}`,
  'x'.repeat(10_000),
];

test('hostile text is only text, and makes nothing wider than the window', async () => {
  const { page, faults } = await openPage();
  const made = page.locator('img, b, style, script');
  const before = await made.count();
  for (const text of hostile) {
    const body = JSON.stringify({ changeOrderId: text });
    await sandbox.act('send', { source: 'pipeline', way: 'right', body, contentType: '' });
    sandbox.listener.message?.({ kind: 'wecom', text, headers: {}, body: {} });
  }
  await page.getByLabel('Payload').fill(JSON.stringify({ changeOrderId: hostile.join('') }));
  await page.getByRole('button', { name: 'Explain' }).click();
  await page.locator('#explanation').waitFor();
  await page.evaluate("document.querySelectorAll('details').forEach((each) => (each.open = true))");
  expect(await made.count()).toBe(before);
  expect(await page.title()).toBe('Sandbox · edas-rollback-webhook');
  expect(await page.locator('body').textContent()).toContain('<img src=x onerror=');
  expect(await page.locator('body').textContent()).not.toMatch(/[\u202e\u2066\u200b]/);
  for (const width of [1280, 800, 360]) {
    await page.setViewportSize({ width, height: 800 });
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
  }
  expect(faults).toEqual([]);
});
