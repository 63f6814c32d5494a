import { makeToken } from '../functions/execute/confirm-link.ts';
import { randomUUID } from 'node:crypto';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { htmlBadGateway } from '../local/stand-ins/edas/faults.ts';
import { isRead } from '../local/sandbox/listener.ts';
import { patienceMs, servePages, useBrowser } from './support/browser.ts';
import { confirmSecret, useNight } from './support/night.ts';

const browser = useBrowser();
const night = useNight(`
sources:
  alerts: { preset: generic, secrets: [SECRET], app: app, confirm: all, summary: text }
  shop: { preset: generic, secrets: [SECRET], app: app, apps: [3616cdca-4f92-4413-0000-0000000000e0], confirm: ended, ended: { within: 30m } }
notify:
  - { kind: slack, url: SLACK_URL }
`);

const phone = { viewport: { width: 360, height: 740 } };
const text = 'HighErrorRate: 12% of the requests to checkout fail';

/** A release of which two of five batches are done, in an application of its own, after one that was good. */
function release(): { changeOrderId: string; app: string } {
  const { orders } = night().edas;
  const [changeOrderId, app] = [randomUUID(), randomUUID()];
  const plan = { appId: app, appName: 'checkout', packageName: 'checkout.jar', readyMs: 0, pauseMs: 0 };
  const now = Date.now();
  orders.add({ ...plan, version: '2.3.9', batchMs: 1_000, createdAt: now - 3_600_000 });
  const batches = { batches: 5, batchMs: 60_000 };
  orders.add({ ...plan, ...batches, id: changeOrderId, version: '2.4.0', createdAt: now - 125_000 });
  return { changeOrderId, app };
}

/** Has the alert ask about a change, and waits for the message. @returns the link in it */
async function askAbout(payload: object, source = 'alerts'): Promise<string> {
  const before = night().channel.messages.length;
  const answer = await night().send(source, { text, ...payload });
  expect(answer).toMatchObject({ status: 202, body: { outcome: 'asked' } });
  const linkOf = () =>
    night()
      .channel.messages.slice(before)
      .find(({ link }) => link !== undefined)?.link;
  await expect.poll(linkOf, { timeout: patienceMs }).toMatch(/\/confirm\//);
  return linkOf() ?? '';
}

/** What the channels were told of a change. */
const told = (changeOrderId: string) =>
  night()
    .channel.messages.map((message) => message.text)
    .filter((each) => each.includes(changeOrderId));

/** The calls that change something in EDAS. */
const writesFor = (changeOrderId: string) =>
  night().edas.calls.filter((call) => call.changeOrderId === changeOrderId && !isRead(call));

const heading = (page: Page, name: string | RegExp) =>
  page.getByRole('heading', { level: 1, name }).waitFor();

/** On a busy machine the rollback of the stand-in, which takes a second or two, may be over before the page is there. */
const rollbackBegan = (page: Page, app: string) =>
  heading(page, new RegExp(`^(Rolling back|Rolled back:) ${app}$`));

/** Opens a link, with a clock that goes as fast as it is told to. */
async function openPage(link: string, options = {}) {
  const window = await browser.open({ ...phone, ...options });
  await window.page.clock.install();
  await window.page.goto(link);
  return window;
}

/** Lets the page look again and again, until it says that all is over. */
async function watchUntil(page: Page, name: string): Promise<void> {
  const title = page.getByRole('heading', { level: 1, name });
  const look = async () => {
    await page.clock.runFor(5_000);
    return title.isVisible();
  };
  await expect.poll(look, { timeout: patienceMs, interval: 100 }).toBe(true);
}

test('a whole night: an alert asks, previews of the link change nothing, a person rolls back once and sees it end', async () => {
  const alert = release();
  const { changeOrderId } = alert;
  const link = await askAbout(alert);
  expect(told(changeOrderId)).toEqual([expect.stringContaining(text)]);

  for (const each of await Promise.all(Array.from({ length: 10 }, () => fetch(link)))) {
    expect(each.status).toBe(200);
  }
  expect(writesFor(changeOrderId)).toEqual([]);
  const again = await night().send('alerts', { ...alert, text });
  expect(again).toMatchObject({ status: 200, body: { outcome: 'asked', duplicate: true } });
  expect(told(changeOrderId)).toHaveLength(1);

  const { page, faults } = await openPage(link);
  await heading(page, 'Roll back checkout?');
  await page.getByText(text).waitFor();
  await page.getByText('Stops the release of version 2.4.0, which has reached 2 of 5 batches').waitFor();
  await page.getByLabel('Your name').fill('Alice');
  await page.getByRole('button', { name: 'Roll back' }).click();
  await rollbackBegan(page, 'checkout');
  await page.getByText('Alice decided to roll back').waitFor();
  await watchUntil(page, 'Rolled back: checkout');
  await page.getByText('2 of 2 done', { exact: true }).waitFor();
  await page.getByText(/^\d of \d run 2\.3\.9$/).waitFor();
  expect(faults).toEqual([]);

  await expect.poll(() => told(changeOrderId).at(-1), { timeout: patienceMs }).toContain('Alice');
  expect(writesFor(changeOrderId)).toHaveLength(1);
  expect(night().edas.orders.rollbacksOf(changeOrderId)).toBe(1);
  const [, token = ''] = link.split('/confirm/');
  expect(night().log.filter((line) => line.includes(token.slice(0, 20)))).toEqual([]);
  expect(night().log.find((line) => line.includes(changeOrderId) && line.includes('Alice'))).toContain(
    '"msg":"decision"',
  );
});

test('two people who click at the same moment roll back once, and both see it', async () => {
  const alert = release();
  const { changeOrderId } = alert;
  const link = await askAbout(alert);
  const pages = await Promise.all([openPage(link), openPage(link)]);
  await Promise.all(pages.map(({ page }) => page.getByRole('button', { name: 'Roll back' }).click()));
  await Promise.all(pages.map(({ page }) => rollbackBegan(page, 'checkout')));
  expect(writesFor(changeOrderId)).toHaveLength(1);
});

test('of two people who decide otherwise at the same moment, one decides, and both see what', async () => {
  const alert = release();
  const { changeOrderId } = alert;
  const link = await askAbout(alert);
  const [one, other] = await Promise.all([openPage(link), openPage(link)]);
  await Promise.all([
    one.page.getByRole('button', { name: 'Roll back' }).click(),
    other.page.getByRole('button', { name: 'Leave it as it is' }).click(),
  ]);
  const decision = (page: Page) => page.getByText(/^A person without a name decided to/).innerText();
  const what = async (page: Page) => /to (?:roll back|leave it)/.exec(await decision(page))?.[0];
  const seen = await Promise.all([what(one.page), what(other.page)]);
  expect(new Set(seen).size).toBe(1);
  expect(writesFor(changeOrderId)).toHaveLength(seen[0] === 'to roll back' ? 1 : 0);
});

test('a change that a person leaves alone stays so: the channels are told, the alert asks no more, and it can still be rolled back', async () => {
  const alert = release();
  const { changeOrderId } = alert;
  const link = await askAbout(alert);
  const { page } = await openPage(link);
  await page.getByLabel('Your name').fill('Bob');
  await page.getByRole('button', { name: 'Leave it as it is' }).click();
  await page.getByText('Bob decided to leave it as it is').waitFor();
  await expect.poll(() => told(changeOrderId).at(-1), { timeout: patienceMs }).toContain('Bob');
  expect(writesFor(changeOrderId)).toEqual([]);
  const again = await night().send('alerts', { ...alert, text });
  expect(again).toMatchObject({ status: 200, body: { outcome: 'left_alone' } });
  expect(told(changeOrderId)).toHaveLength(2);

  await page.getByRole('button', { name: 'Roll back' }).click();
  await rollbackBegan(page, 'checkout');
  expect(writesFor(changeOrderId)).toHaveLength(1);
});

test('a link in a page of another site opens the page, and a form of another site decides nothing', async () => {
  const alert = release();
  const link = await askAbout(alert);
  const form = `<form method="post" action="${link}"><button name="decision" value="leave">Leave</button></form>`;
  const body = `<a href="${link}">Decide</a>${form}`;
  const chat = await servePages(() => ({ headers: { 'content-type': 'text/html' }, body }));
  const { page } = await browser.open();
  await page.goto(chat.replace('127.0.0.1', 'localhost'));
  await page.getByRole('link', { name: 'Decide' }).click();
  await heading(page, 'Roll back checkout?');
  await page.goBack();
  await page.getByRole('button', { name: 'Leave' }).click();
  await page.getByText(/web page|another site/).waitFor();
  await page.goto(link);
  await heading(page, 'Roll back checkout?');
  expect(await page.getByText('decided to leave it').count()).toBe(0);
});

test('a link that was cut short or changed opens nothing, and nothing is read for it', async () => {
  const alert = release();
  const { changeOrderId } = alert;
  const link = await askAbout(alert);
  const { page } = await browser.open(phone);
  const last = link.endsWith('A') ? 'B' : 'A';
  const wrong = [
    link.slice(0, -9),
    `${link.slice(0, -9)}${last.repeat(9)}`,
    link.replace('/confirm/', '/confirm/x'),
  ];
  for (const each of wrong) {
    const response = await page.goto(each);
    expect(response?.status()).toBeGreaterThanOrEqual(400);
    expect(await page.getByRole('button').count()).toBe(0);
    expect(await page.locator('main').innerText()).not.toContain('checkout');
  }
  expect(writesFor(changeOrderId)).toEqual([]);
});

test('when the time is over the page shows how it is, without a button; a day later it shows nothing', async () => {
  const { changeOrderId, app } = release();
  const key = Buffer.from(confirmSecret);
  const linkOf = (expiresAt: number) => {
    const fields = {
      source: 'alerts',
      changeOrderId,
      app,
      ask: 1,
      requestId: undefined,
      problemStartedAt: undefined,
    };
    return `${night().url}/confirm/${makeToken({ ...fields, expiresAt }, key)}`;
  };
  const { page } = await browser.open(phone);
  await page.goto(linkOf(Date.now() - 60_000));
  await heading(page, 'Too late to decide: checkout');
  expect(await page.getByRole('button').count()).toBe(0);
  await page.goto(linkOf(Date.now() - 25 * 3_600_000));
  await heading(page, 'This link is too old');
});

test('with scripts off a person rolls back, and loading the page again shows it to its end', async () => {
  const alert = release();
  const { changeOrderId } = alert;
  const link = await askAbout(alert);
  const { page } = await browser.open({ ...phone, javaScriptEnabled: false });
  await page.goto(link);
  await page.getByRole('button', { name: 'Roll back' }).click();
  await rollbackBegan(page, 'checkout');
  const ended = page.getByRole('heading', { name: 'Rolled back: checkout' });
  const reload = async () => {
    await page.reload();
    return ended.isVisible();
  };
  await expect.poll(reload, { timeout: patienceMs, interval: 200 }).toBe(true);
  expect(writesFor(changeOrderId)).toHaveLength(1);
});

test('in Chinese a person reads and decides in Chinese', async () => {
  const alert = release();
  const { changeOrderId } = alert;
  const { page } = await openPage(await askAbout(alert), { locale: 'zh-CN' });
  await page.getByText(text).waitFor();
  expect(await page.locator('html').getAttribute('lang')).toBe('zh-CN');
  await page.locator('#roll_back', { hasText: '回滚' }).click();
  await page.locator('h1', { hasText: /正在回滚|已回滚/ }).waitFor();
  await watchUntil(page, '已回滚');
  expect(writesFor(changeOrderId)).toHaveLength(1);
});

test('where EDAS cannot be read, the button is still the brake', async () => {
  const alert = release();
  const { changeOrderId } = alert;
  const link = await askAbout(alert);
  night().edas.setFault((call) => (isRead(call) ? htmlBadGateway() : undefined));
  try {
    const { page } = await openPage(link);
    await page.getByText('EDAS cannot be read now.').first().waitFor();
    await page.getByRole('button', { name: 'Roll back' }).click();
    expect(writesFor(changeOrderId)).toHaveLength(1);
    await page.getByText('A person without a name decided to roll back').waitFor();
  } finally {
    night().edas.setFault(undefined);
  }
  expect(night().edas.orders.rollbacksOf(changeOrderId)).toBe(1);
});

test('of a release that has ended a person chooses the version, and it is deployed once', async () => {
  const app = '3616cdca-4f92-4413-0000-0000000000e0';
  const { orders } = night().edas;
  const now = Date.now();
  const plan = { appId: app, appName: 'billing', packageName: 'billing.jar', readyMs: 0, batchMs: 1_000 };
  for (const [version, minutesAgo] of [
    ['3.0.0', 300],
    ['3.1.0', 180],
    ['3.2.0', 10],
  ] as const) {
    orders.add({ ...plan, version, createdAt: now - minutesAgo * 60_000 });
  }
  const link = await askAbout({ app }, 'shop');
  const { page } = await openPage(link);
  await heading(page, 'Roll back billing?');
  expect(await page.getByLabel('3.1.0').isChecked()).toBe(true);
  await page.getByLabel('3.0.0').check();
  await page.getByRole('button', { name: 'Roll back' }).click();
  await rollbackBegan(page, 'billing');
  await expect
    .poll(() => orders.releaseRollbacksOf(app), { timeout: patienceMs })
    .toEqual([{ changeOrderId: expect.any(String) as string, groupId: 'all', version: '3.0.0' }]);
});

test('while rollbacks are suspended the page says so, and has no button', async () => {
  const link = await askAbout(release());
  const { page } = await browser.open(phone);
  await page.goto(link.replace(night().url, await night().suspended()));
  await heading(page, 'Rollbacks are suspended: checkout');
  expect(await page.getByRole('button').count()).toBe(0);
});
