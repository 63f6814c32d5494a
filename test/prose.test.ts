import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { root } from '../local/build/bundle.ts';
import { startEdasStandIn, type EdasStandIn } from '../local/stand-ins/edas/stand-in.ts';
import { presets } from '../presets/index.ts';
import { fakeCredentials, openWebhook, startTime } from './support/webhook.ts';

const app = '3616cdca-0000-4000-8000-000000000001';
const otherId = '5ba3b2f4-1c7e-4a6d-8f00-000000000001';
const now = Date.parse(startTime);

interface Sentences {
  /** What acts, and what does not. `{id}` is the change order, `{other}` another one. */
  commands: string[];
  prose: string[];
}
const { commands, prose } = JSON.parse(
  readFileSync(path.join(root, 'test/data/prose.json'), 'utf8'),
) as Sentences;

/** The recipe of docs/sources.md for a sender. */
function recipe(name: string): string {
  const page = readFileSync(path.join(root, 'docs/sources.md'), 'utf8');
  const found = Array.from(page.matchAll(/^```yaml\n(sources:\n.*?)^```$/gms), ([, yaml = '']) => yaml).find(
    (yaml) => yaml.startsWith(`sources:\n  ${name}:\n`),
  );
  if (found === undefined) throw new Error(`There is no recipe ${name}`);
  return found;
}

/** A release that is in flight whenever a test runs. */
const plan = { appId: app, createdAt: Date.parse('2016-01-01T00:00:00Z'), readyMs: 0, batchMs: 10 ** 13 };

const bare = (preset: string) =>
  `sources:\n  ${preset}: { preset: ${preset}, secrets: [SECRET], apps: [${app}] }\n`;
const sample = (name: string) =>
  JSON.parse(readFileSync(path.join(root, 'test/data/payloads', name), 'utf8')) as object;
const form = (fields: Record<string, string>) => new URLSearchParams(fields).toString();
const formType = { 'content-type': 'application/x-www-form-urlencoded' };

/** A place in which a person writes, and the payload that its sender makes of a text. */
interface Place {
  sources: string;
  source: string;
  payload: (text: string) => unknown;
  headers?: Record<string, string>;
  /** What acts there, if it is not the same as everywhere. */
  own?: string[];
  /** Texts that mean something else there. */
  without?: RegExp;
}

const linear = (text: string) => ({
  ...sample('linear.issue.json'),
  webhookTimestamp: now,
  data: { title: text },
});
const feishu = (message: object) => ({
  event: { message: { chat_type: 'group', ...message }, sender: { sender_id: { open_id: 'ou_example' } } },
});
const zendesk = {
  source: 'zendesk',
  payload: (text: string) => ({ priority: 'Urgent', changeOrderId: text }),
  // The field asks for the id alone, and shows no indentation.
  own: ['{id}', ' {id} ', 'rollback {id}', '回滚 {id}'],
  without: /^\s/,
};

const places: Record<string, Place> = {
  'a slash command of Slack': {
    sources: bare('slack'),
    source: 'slack',
    payload: (text) => form({ command: '/edas', text }),
    headers: formType,
  },
  'a mention in Slack': {
    sources: bare('slack'),
    source: 'slack',
    payload: (text) => ({ type: 'event_callback', event: { type: 'app_mention', text: `<@U0BOT> ${text}` } }),
    // Nothing can be indented behind a mention.
    without: /^\s/,
  },
  'a button of Slack': {
    sources: bare('slack'),
    source: 'slack',
    payload: (text) => form({ payload: JSON.stringify({ actions: [{ value: text }] }) }),
    headers: formType,
  },
  'a message in DingTalk': {
    sources: bare('dingtalk'),
    source: 'dingtalk',
    payload: (text) => ({ msgtype: 'text', text: { content: text } }),
  },
  'formatted text in DingTalk': {
    sources: bare('dingtalk'),
    source: 'dingtalk',
    payload: (text) => ({ msgtype: 'richText', content: { richText: [{ text: '@bot' }, { text }] } }),
    without: /^\s/,
  },
  'a message in Feishu': {
    sources: bare('feishu'),
    source: 'feishu',
    payload: (text) => feishu({ content: JSON.stringify({ text }) }),
  },
  'a post in Feishu': {
    sources: bare('feishu'),
    source: 'feishu',
    payload: (text) =>
      feishu({
        message_type: 'post',
        content: JSON.stringify({
          title: '',
          content: [
            [
              { tag: 'at', user_id: '@_user_1' },
              { tag: 'text', text },
            ],
          ],
        }),
      }),
    without: /^\s/,
  },
  'a button of Feishu': {
    sources: bare('feishu'),
    source: 'feishu',
    payload: (text) => ({ event: { action: { value: { command: text } } } }),
  },
  'a comment in Codeup': {
    sources: bare('codeup'),
    source: 'codeup',
    payload: (text) => ({ object_kind: 'note', object_attributes: { note: text, system: false } }),
  },
  'a title in Linear': { sources: bare('linear'), source: 'linear', payload: linear },
  'a title in Linear, by the recipe': { sources: recipe('linear'), source: 'linear', payload: linear },
  'a commit in Coding.net, by the recipe': {
    sources: recipe('coding'),
    source: 'coding',
    payload: (message) => ({ ref: 'refs/heads/rollback', commits: [{ message }] }),
  },
  'the field of a ticket in Zendesk': { sources: bare('zendesk'), ...zendesk },
  'the field of a ticket in Zendesk, by the recipe': { sources: recipe('zendesk'), ...zendesk },
  'a comment in GitLab, by the recipe': {
    sources: recipe('gitlab-comments'),
    source: 'gitlab-comments',
    payload: (note) => ({
      object_kind: 'note',
      user: { username: 'alice' },
      object_attributes: { note, action: 'create', system: false },
    }),
  },
};

let edas: EdasStandIn;
beforeAll(async () => {
  edas = await startEdasStandIn({ credentials: fakeCredentials });
});
afterAll(() => edas.close());

test('there are more than two hundred sentences, and every preset in which a person writes has a place', () => {
  expect(prose.length).toBeGreaterThan(200);
  const written = Object.entries(presets).flatMap(([name, preset]) => ('command' in preset ? [name] : []));
  const tried = new Set(Object.values(places).map(({ source }) => source));
  expect(written.filter((name) => !tried.has(name))).toEqual([]);
});

describe.each(Object.entries(places))(
  '%s',
  (_name, { sources, source, payload, headers = {}, own = commands, without }) => {
    const texts = (sentences: string[], id: string) =>
      sentences
        .filter((sentence) => !without?.test(sentence))
        .map((sentence) => sentence.replaceAll('{id}', id).replaceAll('{other}', otherId));

    test('rolls nothing back for what is no command', async () => {
      const id = edas.orders.add(plan);
      const webhook = openWebhook(edas, { sources });
      for (const text of texts(prose, id)) await webhook.post(source, payload(text), { headers });
      const decisions = webhook.decisions().map(({ outcome, code }) => outcome ?? code);
      expect(decisions).toHaveLength(texts(prose, id).length);
      const refusals = ['ignored', 'change_order_id_missing', 'change_order_id_ambiguous'];
      const others = texts(prose, id).filter((_text, at) => !refusals.includes(String(decisions[at])));
      expect(others).toEqual([]);
      expect(edas.orders.rollbacksOf(id)).toBe(0);
    });

    test('acts on what is one', async () => {
      const id = edas.orders.add(plan);
      const webhook = openWebhook(edas, { sources });
      for (const text of own.map((text) => text.replaceAll('{id}', id)))
        await webhook.post(source, payload(text), { headers });
      const decisions = webhook.decisions().map(({ outcome, code }) => outcome ?? code);
      const [first, ...others] = decisions;
      expect(first).toBe('rolling_back');
      expect(others).toEqual(own.slice(1).map(() => 'already_terminated'));
      expect(edas.orders.rollbacksOf(id)).toBe(1);
    });
  },
);
