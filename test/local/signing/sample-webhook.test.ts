import { describe, expect, onTestFinished, test } from 'vitest';
import type { Target } from '../../../functions/rollback/find-change-order.ts';
import type { CompiledSource } from '../../../functions/webhook/source/compiled-source.ts';
import { coversPayload } from '../../../functions/webhook/verify/verify.ts';
import { compileSources } from '../../../local/build/compile-sources.ts';
import { contentTypeOf, isByApplication, sampleWebhook } from '../../../local/signing/sample-webhook.ts';
import { presets } from '../../../presets/index.ts';
import type { Preset } from '../../../presets/preset.ts';
import { openWithRelease, startTime } from '../../support/webhook.ts';

const changeOrderId = 'dc5133d7-773f-4c81-9c5a-e2103dce0f6a';
const app = '3616cdca-0000-4000-8000-000000000001';
const now = Date.parse(startTime);

function sourceOf(settings: string): CompiledSource {
  const [source] = compileSources(`sources: { hook: { secrets: [HOOK_SECRET], ${settings} } }`);
  if (!source) throw new Error('there must be a source');
  return source;
}

/** The sample's body, parsed where it is JSON. */
function sampleOf(settings: string, target: Target = { changeOrderId }): unknown {
  const { contentType, body } = sampleWebhook(sourceOf(settings), target, now);
  return contentType === 'application/json' ? JSON.parse(body) : body;
}

const all: [string, Preset][] = Object.entries(presets);

test.each(all)('the sample of a source with the preset %s rolls back', async (name, preset) => {
  const needsApps = !coversPayload(preset.verify) || preset.isByApplication;
  const settings = `preset: ${name}${needsApps ? `, apps: [${app}]` : ''}`;
  const source = sourceOf(settings);
  const { edas, webhook } = await openWithRelease(
    { sources: `sources: { hook: { secrets: [HOOK_SECRET], ${settings} } }` },
    { id: changeOrderId, appId: app, createdAt: now - 60_000, waitsForPerson: true },
    onTestFinished,
  );
  const target = isByApplication(source) ? { app } : { changeOrderId };
  const { contentType, body } = sampleWebhook(source, target, now);

  const { status, text } = await webhook.post('hook', body, {
    headers: { 'Content-Type': contentType },
    grant: { app, expiresAtSeconds: now / 1000 + 60 },
  });
  expect(status, text).toBe(source.reply === 'json' ? (source.successStatus ?? 202) : 200);
  expect(text).toContain(source.reply === 'json' ? '"outcome":"rolling_back"' : 'Rolling back: change order');
  expect(edas.orders.rollbacksOf(changeOrderId)).toBe(1);
});

describe('the id stands', () => {
  const id = changeOrderId;
  test.each([
    ['', { changeOrderId: id }],
    ['changeOrderId: order', { order: id }],
    ['changeOrderId: deployment.payload.order', { deployment: { payload: { order: id } } }],
    [`changeOrderId: 'labels."order-id"'`, { labels: { 'order-id': id } }],
    [`changeOrderId: 'items[1].id'`, { items: [null, { id }] }],
    [`changeOrderId: 'items[-1].id'`, { items: [{ id }] }],
    [`changeOrderId: 'items[*].id | [0]'`, { items: [{ id }] }],
    [`changeOrderId: 'items[].id | [0]'`, { items: [{ id }] }],
    [`changeOrderId: "items[?kind == 'order'].id | [0]"`, { items: [{ kind: 'order', id }] }],
    [`changeOrderId: "items[?kind == 'order'] | [0].id"`, { items: [{ kind: 'order', id }] }],
    [`changeOrderId: "not_null(order, other)"`, { order: id }],
    [`changeOrderId: "sort(items[*].id)[0]"`, { items: [{ id }] }],
    [`changeOrderId: "kind == 'a' && order || other"`, { kind: 'a', order: id }],
    [
      `changeOrderId: "join('-', [first, second])"`,
      { first: 'dc5133d7', second: '773f-4c81-9c5a-e2103dce0f6a' },
    ],
    [`changeOrderId: "labels | order"`, { labels: { order: id } }],
  ])('where the source looks for it: %s', (settings, payload) => {
    expect(sampleOf(`preset: generic${settings && `, ${settings}`}`)).toEqual(payload);
  });

  test('where the source looks for an application', () => {
    expect(sampleOf('preset: generic, app: labels.app', { app })).toEqual({ labels: { app } });
  });

  test('nowhere where the source has one application and its sender no field', () => {
    expect(sampleOf(`preset: circleci, apps: [${app}]`, { app })).toEqual({
      type: 'workflow-completed',
      workflow: { status: 'failed' },
      happened_at: '2026-01-02T03:04:05.000Z',
    });
  });
});

describe('the payload satisfies', () => {
  test.each([
    [`when: "status == 'failed'"`, { status: 'failed' }],
    [`when: "'failed' == status"`, { status: 'failed' }],
    [`when: "status == 'failed' && stage == 'prod'"`, { status: 'failed', stage: 'prod' }],
    [`when: "status == 'failed' || status == 'error'"`, { status: 'failed' }],
    [`when: "failed"`, { failed: true }],
    [`when: "failed == \`true\` && code == \`3\`"`, { failed: true, code: 3 }],
    [`when: "status != 'ok' && stage == 'prod'"`, { stage: 'prod' }],
    [`when: "alerts[0].status == 'firing'"`, { alerts: [{ status: 'firing' }] }],
    [`allow: "contains(['alice', 'bob'], user.login)"`, { user: { login: 'alice' } }],
    [`allow: "contains(\`[\\"alice\\"]\`, user)"`, { user: 'alice' }],
    [`allow: "starts_with(branch, 'release/')"`, { branch: 'release/' }],
  ])('%s', (settings, payload) => {
    expect(sampleOf(`preset: generic, ${settings}`)).toEqual({ ...payload, changeOrderId });
  });

  test('two filters of one list, each with an item of its own', () => {
    const settings = `changeOrderId: "vars[?k == 'a'].v | [0]", when: "(vars[?k == 'b'].v | [0]) == 'y'"`;
    expect(sampleOf(`preset: generic, ${settings}`)).toEqual({
      vars: [
        { k: 'b', v: 'y' },
        { k: 'a', v: changeOrderId },
      ],
    });
  });

  test('problemStartedAt and the time of the payload with now', () => {
    const verify = `verify: { header: X-Sig, timestamp: { field: sentAt, unit: s } }`;
    expect(sampleOf(`${verify}, problemStartedAt: "alerts[0].startsAt"`)).toEqual({
      alerts: [{ startsAt: '2026-01-02T03:04:05.000Z' }],
      sentAt: 1_767_323_045,
      changeOrderId,
    });
  });

  test.each([`when: "length(alerts) > \`1\`"`, `when: "@.a == @.b"`, `changeOrderId: "items.* | [0]"`])(
    'nothing that it cannot derive: %s',
    (settings) => {
      expect(Object.keys(sampleOf(`preset: generic, ${settings}`) as object).join()).toMatch(
        /^(changeOrderId)?$/,
      );
    },
  );
});

describe('the body is', () => {
  test('a form where the source takes one', () => {
    expect(sampleOf(`preset: slack`)).toBe(`command=%2Frollback&text=${changeOrderId}`);
  });

  test('a form with JSON in it where the payload has parts and the source takes both', () => {
    const payload = { team: { id: 'T1' }, command: '/rollback', text: changeOrderId };
    const encoded = new URLSearchParams({ payload: JSON.stringify(payload) }).toString();
    expect(sampleOf(`preset: slack, when: "team.id == 'T1'"`)).toBe(encoded);
  });

  test('a form with JSON in it where the source takes that alone', () => {
    const settings = 'verify: { header: X-Sig, contentType: json-in-form }';
    expect(sampleOf(settings)).toBe(`payload=%7B%22changeOrderId%22%3A%22${changeOrderId}%22%7D`);
  });

  test("a command inside of Feishu's JSON", () => {
    const { event } = sampleOf('preset: feishu') as { event: object };
    expect(event).toEqual({ message: { content: `{"text":"rollback ${changeOrderId}"}` } });
  });
});

test.each([
  ['generic', '{}', 'application/json'],
  ['arms', ' []', 'application/json'],
  ['slack', 'a=b', 'application/x-www-form-urlencoded'],
  ['slack', '{}', 'application/json'],
  ['gitea', 'payload=%7B%7D', 'application/x-www-form-urlencoded'],
  ['gitea', '{}', 'application/json'],
  ['generic', 'a=b', 'application/json'],
])('a file for %s that holds %s is sent as %s', (preset, body, contentType) => {
  const apps = preset === 'arms' ? `, apps: [${app}]` : '';
  expect(contentTypeOf(Buffer.from(body), sourceOf(`preset: ${preset}${apps}`))).toBe(contentType);
});
