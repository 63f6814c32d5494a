import { describe, expect, test } from 'vitest';
import type { CompiledChannel } from '../../../../functions/follow/configuration.ts';
import { releaseRules } from '../../../../functions/rollback/ended-release.ts';
import { loadSources } from '../../../../functions/webhook/source/load-sources.ts';
import { coversPayload } from '../../../../functions/webhook/verify/verify.ts';
import { compileSources } from '../../../../local/build/compile-sources.ts';
import { explainWebhook, type ExplainedWebhook } from '../../../../local/commands/explain/explain-webhook.ts';
import { isByApplication, sampleWebhook } from '../../../../local/signing/sample-webhook.ts';
import { presets } from '../../../../presets/index.ts';
import type { Preset } from '../../../../presets/preset.ts';

const app = '3616cdca-0000-4000-8000-0000000000aa';
const order = 'dc5133d7-773f-4c81-9c5a-e2103dce0f6a';
const now = Date.parse('2026-01-02T03:04:05Z');

function sourceOf(settings: string, env: Record<string, string> = {}, secret = 'HOOK_SECRET') {
  const notify = settings.includes('confirm:') ? '\nnotify: [{ kind: slack, url: SLACK_URL }]' : '';
  const compiled = compileSources(`sources: { hook: { secrets: [${secret}], ${settings} } }${notify}`);
  const source = loadSources(compiled, env, () => undefined).get('hook');
  if (!source) throw new Error('there must be a source');
  return source;
}

async function explain(
  settings: string,
  body: string,
  { notify = [], ...webhook }: Partial<ExplainedWebhook> & { notify?: CompiledChannel[] } = {},
) {
  const all = {
    body: Buffer.from(body),
    contentType: 'application/json',
    now,
    isSuspended: false,
    ...webhook,
  };
  const { rows, verdict, isRefused } = await explainWebhook(sourceOf(settings), notify, all);
  return { rows: Object.fromEntries(rows) as Record<string, string | string[]>, verdict, isRefused };
}

test.each<[string, Preset]>(Object.entries(presets))(
  'a sample of the preset %s would be acted on',
  async (name, preset) => {
    const needsApps = !coversPayload(preset.verify) || preset.isByApplication;
    const source = sourceOf(`preset: ${name}${needsApps ? `, apps: [${app}]` : ''}`);
    const sample = sampleWebhook(source, isByApplication(source) ? { app } : { changeOrderId: order }, now);
    const grant = source.verify.scheme === 'link' ? { app, expiresAtSeconds: 0 } : undefined;
    const webhook = {
      body: Buffer.from(sample.body),
      contentType: sample.contentType,
      grant,
      now,
      isSuspended: false,
    };
    const { verdict, isRefused } = await explainWebhook(source, [], webhook);
    expect(verdict).toMatch(/^The rule ".*" decides: acted on\. It would have the /);
    expect(isRefused).toBe(false);
  },
);

test('every rule is shown, with what it found', async () => {
  const settings = `preset: generic, when: "state == 'failed'", allow: "contains(['alice'], user)",
    changeOrderId: order, problemStartedAt: at, apps: [${app}]`;
  const payload = { state: 'failed', user: 'alice', order: `order ${order}`, at: 1_767_323_045 };
  expect(await explain(settings, JSON.stringify(payload))).toEqual({
    rows: {
      source: 'hook: POST /hook, secret in HOOK_SECRET',
      'must carry': ['x-signature-256: sha256=<HMAC-SHA256 over {body}, in hex>'],
      'content type': 'application/json; taken: JSON (application/json)',
      payload: 'an object with state, user, order, at',
      time: 'none in the payload that must be now',
      handshake: 'none',
      actor: 'not named',
      when: "`when: state == 'failed'` gave true",
      allow: "`allow: contains(['alice'], user)` gave true",
      problemStartedAt: '2026-01-02T03:04:05.000Z: a change that began later is refused',
      changeOrderId: `the change order ${order}: \`changeOrderId: order\` gave "order ${order}"`,
      apps: app,
      mode: 'now: the answer comes when the rollback has begun',
      follow: 'no: deliveries at the same moment may each send the rollback',
      notify: 'no messages: the rollback is not followed',
    },
    verdict: `The rule "changeOrderId" decides: acted on. It would have the change order ${order} rolled back with RollbackChangeOrder, if EDAS lists it among those of the apps.`,
    isRefused: false,
  });
});

describe('the first rule that stops it decides:', () => {
  test.each([
    ['preset: slack', 'ssl_check=1', 'The rule "handshake" decides: ignored (200). An SSL check.', false],
    [
      'preset: generic',
      '{',
      'The rule "payload" decides: refused with payload_malformed (400), docs/errors.md#payload_malformed. The body stops being JSON in line 1, column 2',
      true,
    ],
    [
      'preset: linear',
      '{"webhookTimestamp":1767322000000}',
      'The rule "time" decides: refused with timestamp_out_of_window (401)',
      true,
    ],
    [
      'preset: feishu',
      '{"type":"url_verification","challenge":"a"}',
      'The rule "handshake" decides: ignored (200). A challenge.',
      false,
    ],
    [
      `preset: generic, when: "state == 'failed'"`,
      '{"state":"ok"}',
      `The rule "when" decides: ignored (200). \`when: state == 'failed'\` gave false, not true.`,
      false,
    ],
    [
      'preset: feishu',
      '{}',
      'The rule "command" decides: ignored (200). This is no command: it has no text.',
      false,
    ],
    [
      `preset: generic, allow: ok`,
      '{"ok":1}',
      'The rule "allow" decides: refused with sender_not_allowed (403)',
      true,
    ],
    [
      'preset: generic, problemStartedAt: at',
      '{"at":"today"}',
      'The rule "problemStartedAt" decides: refused with payload_malformed (400)',
      true,
    ],
    [
      'preset: generic, changeOrderId: order',
      '{"order":7}',
      'The rule "changeOrderId" decides: refused with change_order_id_missing (422), docs/errors.md#change_order_id_missing. No change order id (a UUID) was found. Looked at order: 7, which is no text.',
      true,
    ],
    [
      `preset: generic, app: app, apps: [${app}], refusalStatus: 200`,
      `{"app":"${order}"}`,
      'The rule "app" decides: refused with app_not_allowed (200)',
      true,
    ],
  ])('%s with %s', async (settings, body, verdict, isRefused) => {
    const contentType = body.startsWith('{') ? 'application/json' : 'application/x-www-form-urlencoded';
    const explanation = await explain(settings, body, { contentType });
    expect(explanation.verdict.startsWith(verdict), explanation.verdict).toBe(true);
    expect(explanation.isRefused).toBe(isRefused);
  });
});

test('the rules after the one that decides are shown all the same', async () => {
  const { rows } = await explain(
    `preset: generic, when: "state == 'failed'"`,
    `{"changeOrderId":"${order}"}`,
  );
  expect(rows['changeOrderId']).toBe(`the change order ${order}`);
});

test('a field that an expression reads and the payload does not have is named, with the one that was meant', async () => {
  const settings = `preset: generic, when: "commonLabel.team == 'shop'", allow: "user.logn == 'alice'",
    app: commonLabels.edas_app, problemStartedAt: 'alerts[0].startedAt'`;
  const payload = {
    commonLabels: { team: 'shop', edas_app_id: app },
    user: { login: 'alice' },
    alerts: [{ startsAt: 1 }],
  };
  const { rows, verdict } = await explain(settings, JSON.stringify(payload));
  expect(rows).toMatchObject({
    when: [
      "`when: commonLabel.team == 'shop'` gave false, not true. The payload has nothing at commonLabel.team.",
      'The payload has no commonLabel; did you mean commonLabels?',
    ],
    allow: [expect.any(String), 'The payload has no user.logn; did you mean user.login?'],
    problemStartedAt: [
      expect.any(String),
      'The payload has no alerts[0].startedAt; did you mean alerts[0].startsAt?',
    ],
    app: [
      expect.any(String),
      'The payload has no commonLabels.edas_app; did you mean commonLabels.edas_app_id?',
    ],
  });
  expect(verdict).toMatch(/^The rule "when" decides: ignored \(200\)\. .* nothing at commonLabel\.team\.$/);
});

test('a dry run, and another cluster, are said', async () => {
  const payload = `{"changeOrderId":"${order}"}`;
  expect((await explain('preset: generic, dryRun: true', payload)).verdict).toMatch(
    /read and not rolled back \(dryRun\)\.$/,
  );
  expect((await explain('preset: generic, cluster: k8s', payload)).verdict).toMatch(
    /with AbortAndRollbackChangeOrder\.$/,
  );
});

describe('where people are told', () => {
  const payload = `{"changeOrderId":"${order}"}`;
  const notify: CompiledChannel[] = [
    { kind: 'dingtalk', url: 'ROBOT_URL', secret: 'ROBOT_SECRET', language: 'zh' },
    { kind: 'slack', url: 'SLACK_URL', language: 'en' },
  ];
  const channels = [
    'dingtalk: Chinese, to the address in ROBOT_URL, signed with ROBOT_SECRET',
    'slack: English, to the address in SLACK_URL, unsigned',
  ];

  test('is shown with kind and variables, where a task follows the rollback', async () => {
    const { rows, verdict } = await explain('preset: generic, mode: deferred', payload, { notify });
    expect(rows).toMatchObject({
      mode: 'deferred: the answer comes at once, and a task rolls back',
      follow: 'yes: the rollback is claimed, so that it is sent once, and a task follows it to its end',
      notify: channels,
    });
    expect(verdict).toMatch(/rolled back with RollbackChangeOrder by a task\.$/);
  });

  test.each([
    ['preset: generic, mode: deferred, dryRun: true', false, 'deferred', 'dryRun'],
    ['preset: generic, mode: deferred', true, 'deferred', 'ROLLBACK_SUSPENDED'],
    ['preset: generic, follow: true', true, 'now', 'ROLLBACK_SUSPENDED'],
    ['preset: generic, dryRun: true', true, 'now', 'dryRun'],
  ])(
    'is nowhere while nothing is rolled back: %s, suspended: %s',
    async (settings, isSuspended, mode, holder) => {
      const { rows, verdict, isRefused } = await explain(settings, payload, { notify, isSuspended });
      expect(rows).toMatchObject({
        mode: `${mode}, but ${holder} sends no rollback, and hands none over to a task`,
        follow: `no: with ${holder} there is nothing to follow`,
        notify: `no messages: with ${holder} nothing is followed`,
      });
      expect(verdict).toBe(
        `The rule "changeOrderId" decides: acted on. It would have the change order ${order} read and not rolled back (${holder}).`,
      );
      expect(isRefused).toBe(false);
    },
  );

  test('includes the chat that asked', async () => {
    const body = `command=%2Frollback&text=${order}&response_url=x`;
    const contentType = 'application/x-www-form-urlencoded';
    const { rows } = await explain('preset: slack, follow: true', body, { contentType, notify });
    expect(rows['notify']).toEqual([...channels, 'the chat that asked, at the address in its response_url']);
  });

  test('is nowhere, if no channel is named', async () => {
    const { rows } = await explain('preset: generic, follow: true', payload);
    expect(rows['notify']).toBe('no messages: only the log says how it ends');
  });
});

test('what Feishu has encrypted is said to need the key', async () => {
  const { rows, isRefused } = await explain('preset: feishu', '{"encrypt":"AAAA"}');
  expect(isRefused).toBe(true);
  expect(rows['payload']).toEqual([
    "The body cannot be decrypted with this source's Encrypt Key.",
    'Where it is encrypted, it can be read here once HOOK_SECRET is set in the environment.',
  ]);
});

test('what Feishu has encrypted is said not to be readable here, where its key is in KMS', async () => {
  const source = sourceOf('preset: feishu', {}, 'kms:hook');
  const body = Buffer.from('{"encrypt":"AAAA"}');
  const webhook = { body, contentType: 'application/json', now, isSuspended: false };
  const { rows } = await explainWebhook(source, [], webhook);
  expect(Object.fromEntries(rows)).toMatchObject({
    source: 'hook: POST /hook, secret in kms:hook',
    payload: [
      "The body cannot be decrypted with this source's Encrypt Key.",
      'Where it is encrypted, it cannot be read here: its key is in KMS.',
    ],
  });
});

describe('what the preset knows of a payload is a rule of its own:', () => {
  const group = (...alerts: object[]) => JSON.stringify({ status: 'firing', alerts });
  const noData = {
    status: 'firing',
    startsAt: '2026-01-02T03:00:00Z',
    labels: { alertname: 'DatasourceNoData' },
  };
  const real = { ...noData, labels: { alertname: 'HighErrorRate', edas_app_id: app } };

  test("another program's payload", async () => {
    const { rows, verdict, isRefused } = await explain('preset: grafana', '[]');
    expect(rows['expects']).toMatch(/^This is an empty JSON array\. This source expects a group of alerts/);
    expect(verdict).toMatch(/^The rule "expects" decides: refused with payload_unexpected \(200\)/);
    expect(isRefused).toBe(true);
  });

  test('an alarm about the monitor', async () => {
    const { rows, verdict } = await explain('preset: grafana', group(noData));
    expect(rows['expects']).toMatch(/^it is a group of alerts as Alertmanager posts it/);
    expect(rows['monitor']).toMatch(
      /^This is about the monitor and not about a release: DatasourceNoData\. /,
    );
    expect(verdict).toMatch(/^The rule "monitor" decides: ignored \(200\)\. This is about the monitor/);
  });

  test('a real alert beside one, whose application and time the later rules show', async () => {
    const { rows, verdict } = await explain('preset: grafana', group(noData, real));
    expect(rows).toMatchObject({
      monitor: '1 of the 2 alerts count: the others are resolved, or about the monitor',
      app: `the newest deployment in flight of the application ${app}: \`app: commonLabels.edas_app_id\` gave "${app}"`,
    });
    expect(verdict).toMatch(/^The rule "app" decides: acted on/);
  });

  test('a real alert alone', async () => {
    const { rows } = await explain('preset: grafana', group(real));
    expect(rows['monitor']).toBe('it is about a release, and not about the monitor itself');
  });
});

describe('a release that has ended:', () => {
  const settings = (ended: string, more = '') =>
    `preset: generic, changeOrderId: order, problemStartedAt: at, apps: [${app}], follow: true, ended: ${ended}${more}`;
  const payload = (fields: object = {}) => JSON.stringify({ order, at: '2026-01-02T03:00:00Z', ...fields });
  const rulesShown = (lines: string | string[] | undefined) =>
    [lines ?? []].flat().filter((line) => /^[✓✗]/.test(line));

  test('each rule is shown with what it sees in an example, and what would be called', async () => {
    const { rows, verdict } = await explain(settings('{ within: 30m }'), payload());
    expect(rows['ended']).toEqual([
      'an example, for EDAS is not called: at 2026-01-02T03:05:00.000Z, of three releases the newest has ended 10 min ago',
      '✓ no change of the application is in flight: all 3 have ended',
      `✓ the release is the newest of its application, and has succeeded: ${order}, of status 2 (succeeded)`,
      '✓ the release ended a short time ago: 10 min ago, at most 30 min (within)',
      '✓ the groups run the version of the release, the newest of the history: _DEFAULT_GROUP runs release-3',
      '✓ the release began before the problem did: at 2026-01-02T02:53:00.000Z, and the problem at 2026-01-02T03:00:00.000Z',
      '✓ the application was not rolled back a short time ago: not within 1 h (every)',
      '✓ it is certain which version ran before: the deployment before this one succeeded, and its description names the version that the history has next',
      'so a task would call, once: RollbackApplication from release-3 to release-2, all groups, in 2 batches',
    ]);
    expect(verdict).toContain(
      'rolled back with RollbackChangeOrder, if EDAS lists it among those of the apps. One that has ended: see ended.',
    );
  });

  test('a rule that does not hold is shown with its code and the reason, and the others all the same', async () => {
    const { rows, isRefused } = await explain(settings('{ within: 5m }'), payload());
    const shown = rulesShown(rows['ended']);
    expect(shown.map((line) => line[0]).join('')).toBe('✓✓✗✓✓✓✓');
    expect(shown[2]).toMatch(/: release_too_old\. The newest release .* 10 min ago.*\(ended\.within\)/);
    expect(rows['ended']).toContain('so no rollback would be sent');
    // EDAS was not asked, so nothing was refused.
    expect(isRefused).toBe(false);
  });

  test('the version that the webhook names is the one to go back to', async () => {
    const { rows } = await explain(
      settings('{ within: 30m, version: previous, batches: 1 }'),
      payload({ previous: '2026-01-01 10:00:00' }),
    );
    expect(rows['version']).toBe('2026-01-01 10:00:00: `version: previous` gave "2026-01-01 10:00:00"');
    expect(rows['ended']?.at(-1)).toBe(
      'so a task would call, once: RollbackApplication from release-3 to 2026-01-01 10:00:00, all groups, all instances at the same time',
    );
  });

  test('a version that is not there is told, with the field that was meant, and the one before is meant', async () => {
    const { rows } = await explain(
      settings('{ within: 30m, version: previousVersion }'),
      payload({ previousversion: 'a' }),
    );
    expect(rows['version']).toEqual([
      'none named: the one before, where it is certain: `version: previousVersion` gave null',
      'The payload has no previousVersion; did you mean previousversion?',
    ]);
    expect(rows['ended']?.at(-1)).toContain('from release-3 to release-2');
  });

  test('a version that is a number decides: it would be refused', async () => {
    const { rows, verdict, isRefused } = await explain(
      settings('{ within: 30m, version: previous }'),
      payload({ previous: 1.1 }),
    );
    expect(verdict).toMatch(/^The rule "version" decides: refused with payload_malformed \(400\)/);
    expect(isRefused).toBe(true);
    expect(rows['ended']).toBeUndefined();
  });

  test.each([
    ['dryRun', settings('{ within: 30m }', ', dryRun: true'), false],
    ['ROLLBACK_SUSPENDED', settings('{ within: 30m }'), true],
  ])('%s is said to hold it', async (holder, text, isSuspended) => {
    const { rows } = await explain(text, payload(), { isSuspended });
    expect(rows['ended']?.at(-1)).toBe(
      `so ${holder} holds back: RollbackApplication from release-3 to release-2, all groups, in 2 batches`,
    );
  });

  test('a group of its own is in the example', async () => {
    const group = '8123db90-0000-4000-8000-000000000001';
    const { rows } = await explain(settings(`{ within: 30m, group: ${group} }`), payload());
    expect(rulesShown(rows['ended']).every((line) => line.startsWith('✓'))).toBe(true);
    expect(rows['ended']?.at(-1)).toContain(`the group ${group}, in 2 batches`);
  });

  test('a webhook that names the application is explained alike, and one that is ignored is not', async () => {
    const byApp = `preset: alertmanager, apps: [${app}], ended: { within: 30m }`;
    const source = sourceOf(byApp);
    const { body, contentType } = sampleWebhook(source, { app }, now);
    const { rows } = await explain(byApp, body, { contentType });
    expect(rulesShown(rows['ended'])).toHaveLength(releaseRules.length);
    const resolved = JSON.stringify({ ...(JSON.parse(body) as object), status: 'resolved' });
    expect((await explain(byApp, resolved, { contentType })).rows['ended']).toBeUndefined();
  });
});

describe('a source that asks people first:', () => {
  const body = JSON.stringify({ changeOrderId: order, summary: ' smoke test failed ' });

  test('what people are shown, and that they decide, is said before what would be done', async () => {
    const { rows, verdict } = await explain('preset: generic, confirm: all', body);
    expect(rows).toMatchObject({
      confirm: [
        'yes: before each rollback, people are asked in the channels of notify, and have 15 min',
        'they decide on the page that the message links to: CONFIRM_SECRET signs the link, PUBLIC_URL is its address',
      ],
      summary: 'smoke test failed',
    });
    expect(verdict).toContain(
      'acted on. People are asked first, and have 15 min; what follows is done only if they decide so. It would have the change order',
    );
  });

  test('an alert without words is told of', async () => {
    const { rows } = await explain('preset: generic, confirm: all', JSON.stringify({ changeOrderId: order }));
    expect(rows['summary']).toBe('nothing that people would be shown');
  });

  test('one that asks before ended releases only, stops a change in flight at once', async () => {
    const settings = `preset: generic, apps: [${app}], ended: { within: 30m }, confirm: ended, confirmWithin: 1h`;
    expect((await explain(settings, body)).verdict).toContain(
      'acted on. Before a release that has ended is rolled back, people are asked first, and have 1 h. It would have',
    );
  });

  test('a dry run asks no one', async () => {
    const { rows, verdict } = await explain('preset: generic, confirm: all, dryRun: true', body);
    expect(rows['confirm']).toContain('with dryRun no one is asked');
    expect(verdict).not.toContain('People');
  });

  test('a source without confirm has no such lines', async () => {
    const { rows } = await explain('preset: generic', body);
    expect([rows['confirm'], rows['summary']]).toEqual([undefined, undefined]);
  });
});

describe('a command of a chat that decides', () => {
  const settings = `preset: dingtalk, apps: [${app}], allow: "senderStaffId == 'w1'", confirm: all, confirmBy: chat`;
  const typed = (content: string) =>
    explain(settings, JSON.stringify({ text: { content }, senderNick: 'a', senderStaffId: 'w1' }));

  test.each(['leave', '保留', '忽略'])('is never a rollback with the verb %s', async (verb) => {
    const { verdict } = await typed(`${verb} ${order}`);
    expect(verdict).toBe(
      `The rule "id in the command" decides: acted on. If people are asked by chat about the change order ${order}, this decides that it is left alone. If not, it is refused with decision_not_open.`,
    );
  });

  test('is a decision with the other verb, where people are asked', async () => {
    const { verdict } = await typed(`rollback ${order}`);
    expect(verdict).toContain(
      'acted on. If people are asked by chat about it, this is what a person decided, and the source that asked rolls it back. If not: ',
    );
  });
});
