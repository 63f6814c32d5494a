import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { CliError } from '../../../../local/cli/cli.ts';
import { createFeed, type Feed } from '../../../../local/sandbox/page/feed.ts';
import { startPageServer, type Action } from '../../../../local/sandbox/page/server.ts';
import type { MessageView } from '../../../../local/sandbox/page/view.ts';
import { hostileText } from '../../../support/hostile-text.ts';
import { runs } from '../../../support/runs.ts';
import { sendRaw } from '../../stand-ins/raw.ts';

interface Page {
  url: string;
  feed: Feed;
  /** What the action `note` was asked for. */
  asked: unknown[];
}

async function startPage(): Promise<Page> {
  const feed = createFeed();
  const asked: unknown[] = [];
  const actions: Record<string, Action> = {
    note: (each) => {
      asked.push(each);
      return { noted: asked.length };
    },
    refuse: () => {
      throw new CliError('This cannot be done.');
    },
  };
  const assets = { '/': { type: 'text/html; charset=utf-8', content: '<!doctype html>a page' } };
  const server = await startPageServer({ assets, feed, actions, port: 0 });
  onTestFinished(() => server.close());
  return { url: server.url, feed, asked };
}

function post(
  url: string,
  init: { headers?: Record<string, string>; body?: string } = {},
): Promise<Response> {
  const headers = { origin: url, 'content-type': 'application/json', ...init.headers };
  return fetch(`${url}/actions/note`, { method: 'POST', headers, body: init.body ?? '{"a":1}' });
}

const message = (text: string): MessageView => ({ at: 1, channels: ['slack'], text });

/** Reads events until one of them has this key. */
async function readEvents(
  url: string,
  lastKey: string,
): Promise<{ event: string; data: { key?: string; value?: unknown } }[]> {
  const abort = new AbortController();
  const response = await fetch(`${url}/events`, { signal: abort.signal });
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  const decoder = new TextDecoder();
  let text = '';
  const events = () =>
    text
      .split('\n\n')
      .slice(0, -1)
      .map((frame) => {
        const [, event = '', data = ''] = /^event: (\w+)\ndata: ([^\n\r]*)$/.exec(frame) ?? [];
        return { event, data: JSON.parse(data) as { key?: string; value?: unknown } };
      });
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    if (events().some(({ data }) => data.key === lastKey)) break;
  }
  abort.abort();
  return events();
}

test('the page comes with a policy under which nothing is loaded from elsewhere, framed, or made of a text', async () => {
  const { url } = await startPage();
  const response = await fetch(url);
  expect([response.status, await response.text()]).toEqual([200, '<!doctype html>a page']);
  const policy = response.headers.get('content-security-policy')?.split('; ');
  expect(policy).toEqual(
    expect.arrayContaining([
      "default-src 'none'",
      "script-src 'self'",
      "frame-ancestors 'none'",
      "require-trusted-types-for 'script'",
    ]),
  );
  expect(policy?.join()).not.toContain('unsafe');
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'cross-origin-resource-policy': 'same-origin',
  });
});

test('an action does what the page asks for', async () => {
  const { url, asked } = await startPage();
  const response = await post(url, { body: '{"a":"回滚"}' });
  expect([response.status, await response.json(), asked]).toEqual([200, { noted: 1 }, [{ a: '回滚' }]]);
});

test('the page that localhost names may act as well', async () => {
  const { url, asked } = await startPage();
  const local = url.replace('127.0.0.1', 'localhost');
  expect((await post(url, { headers: { origin: local } })).status).toBe(403);
  const host = new URL(local).host;
  const lines = [
    'POST /actions/note HTTP/1.0',
    `Host: ${host}`,
    `Origin: ${local}`,
    'Content-Type: application/json',
  ];
  expect(await sendRaw(url, [...lines, 'Content-Length: 2', '', '{}'].join('\r\n'))).toMatch(
    /^HTTP\/1\.1 200 /,
  );
  expect(asked).toEqual([{}]);
});

test.each([
  ['another origin', { origin: 'http://evil.example' }, 403],
  ['the origin of a file', { origin: 'null' }, 403],
  ['no origin', { origin: '' }, 403],
  ['another site', { 'sec-fetch-site': 'cross-site' }, 403],
  ['another port of this machine', { origin: 'http://127.0.0.1:1' }, 403],
  ['a form', { 'content-type': 'application/x-www-form-urlencoded' }, 415],
  ['plain text', { 'content-type': 'text/plain' }, 415],
])('no action is done for %s', async (_what, headers, status) => {
  const { url, asked } = await startPage();
  expect((await post(url, { headers })).status).toBe(status);
  expect(asked).toEqual([]);
});

test('no action is done for a program that leaves the origin out', async () => {
  const { url, asked } = await startPage();
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${url}/actions/note`, { method: 'POST', headers, body: '{}' });
  expect([response.status, await response.text()]).toEqual([
    403,
    expect.stringContaining('the header Origin'),
  ]);
  expect(asked).toEqual([]);
});

test.each([
  ['no JSON', 'text', 400, 'The body is not JSON'],
  ['a list', '[]', 400, 'must be a JSON object'],
  ['nothing', 'null', 400, 'must be a JSON object'],
  ['more than 3 MB', `{"a":"${'x'.repeat(3 * 1024 * 1024)}"}`, 413, '3 MB at most'],
])('a body that is %s is refused in a sentence', async (_what, body, status, sentence) => {
  const { url, asked } = await startPage();
  const response = await post(url, { body });
  expect([response.status, await response.text()]).toEqual([status, expect.stringContaining(sentence)]);
  expect(asked).toEqual([]);
});

test.each([
  ['GET', '/actions/note', 405],
  ['POST', '/', 405],
  ['POST', '/events', 405],
  ['GET', '/nothing', 404],
  ['POST', '/actions/nothing', 404],
  ['POST', '/actions/constructor', 404],
  ['GET', '/__proto__', 404],
])('%s %s is answered %i', async (method, path, status) => {
  const { url } = await startPage();
  expect((await fetch(url + path, { method })).status).toBe(status);
});

test('what cannot be done is told as it is', async () => {
  const { url } = await startPage();
  const headers = { origin: url, 'content-type': 'application/json' };
  const response = await fetch(`${url}/actions/refuse`, { method: 'POST', headers, body: '{}' });
  expect([response.status, await response.text()]).toEqual([422, 'This cannot be done.\n']);
});

test('a page that opens late is told the newest of each thing, and then what happens', async () => {
  const { url, feed } = await startPage();
  feed.tell('message', message('first'), '1');
  feed.tell('message', message('second'), '2');
  feed.tell('message', message('first, and more'), '1');
  const reading = readEvents(url, 'last');
  while (feed.openPages() === 0) await new Promise(setImmediate);
  feed.tell('message', message('third'), 'last');
  expect(
    (await reading).map(({ event, data: { key, value } }) => [
      event,
      key,
      (value as MessageView | undefined)?.text,
    ]),
  ).toEqual([
    ['begin', undefined, undefined],
    ['message', '1', 'first, and more'],
    ['message', '2', 'second'],
    ['message', 'last', 'third'],
  ]);
});

test('what is told again unchanged is not sent', () => {
  const feed = createFeed();
  const heard: unknown[] = [];
  feed.listen(({ value }) => heard.push(value));
  feed.tell('message', message('same'), '1');
  feed.tell('message', message('same'), '1');
  expect(heard).toEqual([message('same')]);
});

test('a hundred of a kind are kept: the oldest are forgotten, here and on every page', () => {
  const feed = createFeed();
  const forgotten: string[] = [];
  feed.listen(({ key, value }) => {
    if (value === undefined) forgotten.push(key);
  });
  for (let number = 1; number <= 103; number += 1) feed.tell('message', message('text'), String(number));
  expect(forgotten).toEqual(['1', '2', '3']);
  const known: string[] = [];
  feed.listen(({ key }) => known.push(key));
  expect([known.length, known[0]]).toEqual([100, '4']);
});

test('a page that is closed is forgotten', async () => {
  const { url, feed } = await startPage();
  feed.tell('message', message('text'), '1');
  await readEvents(url, '1');
  while (feed.openPages() > 0) await new Promise(setImmediate);
  expect(feed.openPages()).toBe(0);
});

test('no text from outside ends an event, or begins another one', async () => {
  const { url, feed } = await startPage();
  let last = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(hostileText, { minLength: 1, maxLength: 5 }), async (texts) => {
      texts.forEach((text, index) => {
        feed.tell('message', message(text), `key ${index}`);
      });
      const end = `end ${(last += 1)}`;
      feed.tell('message', message('end'), end);
      const events = (await readEvents(url, end)).filter(({ event }) => event !== 'begin');
      const told = events.map(({ data: { key, value } }) => [key, (value as MessageView).text] as const);
      expect(new Set(told.map(([key]) => key)).size).toBe(told.length);
      for (const [index, text] of texts.entries()) expect(told).toContainEqual([`key ${index}`, text]);
    }),
    { numRuns: runs(20) },
  );
});
