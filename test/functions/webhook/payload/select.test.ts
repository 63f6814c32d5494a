import { compile } from '@jmespath-community/jmespath';
import { describe, expect, test } from 'vitest';
import {
  selectActor,
  reasonToIgnore,
  requireAllowed,
  requireFreshPayload,
  selectAnswerAddress,
  selectProblemStart,
  selectTarget,
} from '../../../../functions/webhook/payload/select.ts';
import type { CompiledSource } from '../../../../functions/webhook/source/compiled-source.ts';
import type { Expression, JSONValue } from '../../../../functions/webhook/source/expression.ts';
import { codeOf, codeOfAsync, problemOfAsync } from '../../../support/problem.ts';
import { pipelineSource } from '../../../support/source.ts';

const id = 'dc5133d7-773f-4c81-9c5a-e2103dce0f6a';
const otherId = '5ba3b2f4-1c7e-4a6d-8f00-000000000001';

const app = '3616cdca-0000-4000-8000-000000000001';

const expressionKeys = [
  'when',
  'allow',
  'changeOrderId',
  'app',
  'chatText',
  'problemStartedAt',
  'actor',
  'answerAt',
] as const;
type ExpressionKey = (typeof expressionKeys)[number];

function source(expressions: Partial<Record<ExpressionKey, string>>): CompiledSource {
  const compiled: Partial<Record<ExpressionKey, Expression>> = {};
  for (const key of expressionKeys) {
    const text = expressions[key];
    if (text !== undefined) compiled[key] = { text, tree: compile(text) };
  }
  return { ...pipelineSource, ...compiled };
}

/** What is true in JMESPath or in JavaScript without being true. */
const nearlyTrue: [string, JSONValue][] = [
  ['"true"', 'true'],
  ['1', 1],
  ['an array', ['yes']],
  ['an object', { a: 1 }],
];
const notTrue: [string, JSONValue][] = [
  ['null', null],
  ['false', false],
  ['""', ''],
  ['0', 0],
  ...nearlyTrue,
];

/** JSON that nothing recursive can walk. */
const deep = JSON.parse('['.repeat(20_000) + ']'.repeat(20_000)) as JSONValue;

describe('when', () => {
  test('lets everything through where it is not configured', async () => {
    expect(await reasonToIgnore(source({}), { status: 'fine' })).toBeUndefined();
  });

  test('lets a payload through for which it is true', async () => {
    const configured = source({ when: "status == 'failed'" });
    expect(await reasonToIgnore(configured, { status: 'failed' })).toBeUndefined();
  });

  test.each(notTrue)('ignores a payload for which it is %s, and says so', async (shown, value) => {
    expect(await reasonToIgnore(source({ when: 'found' }), { found: value })).toBe(
      `\`when: found\` gave ${shown}, not true.`,
    );
  });

  test('ignores a payload that lacks what it looks at', async () => {
    const configured = source({ when: 'alert.state' });
    for (const payload of [{}, null, [], 'text', 7] as JSONValue[]) {
      expect(await reasonToIgnore(configured, payload)).toBe('`when: alert.state` gave null, not true.');
    }
  });

  test('says no more than a hundred letters of what it gave', async () => {
    const reason = await reasonToIgnore(source({ when: 'found' }), { found: 'x'.repeat(1000) });
    expect(reason).toBe(`\`when: found\` gave "${'x'.repeat(100)}…", not true.`);
  });

  test('ignores whatever it gave, also what is nested too deep to be written down', async () => {
    const work = () => reasonToIgnore(source({ when: 'found' }), { found: deep });
    expect(await codeOfAsync(work)).toBeUndefined();
  });

  test('tells of a payload on which it does not work', async () => {
    const configured = source({ when: "contains(labels, 'prod')" });
    const problem = await problemOfAsync(() => reasonToIgnore(configured, {}));
    expect(problem?.code).toBe('payload_malformed');
    expect(problem?.message).toContain("`when: contains(labels, 'prod')` does not work on this payload");
  });
});

describe('allow', () => {
  test('lets everybody in where it is not configured, and those for whom it is true', async () => {
    const configured = source({ allow: "contains(['alice', 'bob'], user.login)" });
    expect(await codeOfAsync(() => requireAllowed(source({}), {}))).toBeUndefined();
    expect(await codeOfAsync(() => requireAllowed(configured, { user: { login: 'alice' } }))).toBeUndefined();
    expect(await codeOfAsync(() => requireAllowed(configured, { user: { login: 'eve' } }))).toBe(
      'sender_not_allowed',
    );
  });

  test.each(notTrue)('keeps out those for whom it is %s', async (_, value) => {
    const work = () => requireAllowed(source({ allow: 'found' }), { found: value });
    expect(await codeOfAsync(work)).toBe('sender_not_allowed');
  });

  test('keeps out whoever makes it fail', async () => {
    const work = () => requireAllowed(source({ allow: "starts_with(user, 'ops-')" }), { user: 7 });
    expect(await codeOfAsync(work)).toBe('payload_malformed');
  });
});

describe('the change order id', () => {
  test.each(['changeOrderId', 'ChangeOrderId', 'change_order_id'])(
    'is found under the usual name %s',
    async (name) => {
      expect(await selectTarget(source({}), { [name]: id.toUpperCase(), other: otherId })).toEqual({
        changeOrderId: id,
      });
    },
  );

  test.each<[string, JSONValue]>([
    ['an empty object', {}],
    ['null', null],
    ['an array', [{ changeOrderId: id }]],
    ['a string', id],
    ['a number', 7],
    ['an id deeper down', { data: { changeOrderId: id } }],
    ['an id in an array', { changeOrderId: [id] }],
    ['an inherited id', JSON.parse(`{"__proto__":{"changeOrderId":"${id}"}}`) as JSONValue],
  ])('is not found in %s', async (_, payload) => {
    const work = () => selectTarget(source({}), payload);
    expect(await codeOfAsync(work)).toBe('change_order_id_missing');
  });

  test('says under which names it was looked for', async () => {
    const problem = await problemOfAsync(() => selectTarget(source({}), { changeOrderId: 42 }));
    expect(problem?.message).toBe(
      'No change order id (a UUID) was found. Looked at changeOrderId: 42, which is no text; ' +
        'ChangeOrderId: nothing there; change_order_id: nothing there.',
    );
  });

  test('may stand under two usual names if it is the same, and not if it is not', async () => {
    const both = { changeOrderId: id, change_order_id: id.toUpperCase() };
    expect(await selectTarget(source({}), both)).toEqual({ changeOrderId: id });
    const work = () => selectTarget(source({}), { changeOrderId: id, change_order_id: otherId });
    expect(await codeOfAsync(work)).toBe('change_order_id_ambiguous');
  });

  const configured = source({ changeOrderId: 'data.text' });

  test('is found where the expression points, and nowhere else', async () => {
    expect(await selectTarget(configured, { data: { text: `roll back ${id}!` } })).toEqual({
      changeOrderId: id,
    });
    const work = () => selectTarget(configured, { changeOrderId: id });
    expect((await problemOfAsync(work))?.message).toContain('Looked at data.text: nothing there.');
  });

  test.each<[string, JSONValue, string]>([
    ['none', 'nothing', 'change_order_id_missing'],
    ['two different ones', `${id} ${otherId}`, 'change_order_id_ambiguous'],
    ['a number', 7, 'change_order_id_missing'],
    ['an array', [id], 'change_order_id_missing'],
    ['an object', { id }, 'change_order_id_missing'],
    ['something too deep', deep, 'change_order_id_missing'],
  ])('is refused where the expression gives %s', async (_, text, code) => {
    expect(await codeOfAsync(() => selectTarget(configured, { data: { text } }))).toBe(code);
  });

  test('is refused where the expression fails', async () => {
    const work = () => selectTarget(source({ changeOrderId: "join(', ', ids)" }), { ids: 7 });
    expect(await codeOfAsync(work)).toBe('payload_malformed');
  });
});

describe('the application', () => {
  const configured = source({ app: 'labels.app' });

  test('is found where the expression points, in lower case', async () => {
    const payload = { labels: { app: app.toUpperCase() }, changeOrderId: id };
    expect(await selectTarget(configured, payload)).toEqual({ app });
  });

  test.each<[string, JSONValue, string]>([
    ['nothing', null, 'app_missing'],
    ['a name', 'checkout', 'app_missing'],
    ['two different ids', `${app} ${otherId}`, 'app_ambiguous'],
    ['an array', [app], 'app_missing'],
  ])('is refused where the expression gives %s', async (_, value, code) => {
    const problem = await problemOfAsync(() => selectTarget(configured, { labels: { app: value } }));
    expect(problem?.code).toBe(code);
    expect(problem?.message).toContain('labels.app');
  });

  test('must be one that the source may touch', async () => {
    const limited = { ...configured, apps: [otherId] };
    const problem = await problemOfAsync(() => selectTarget(limited, { labels: { app } }));
    expect(problem?.code).toBe('app_not_allowed');
    expect(problem?.facts).toEqual({ app });
    expect(await selectTarget({ ...configured, apps: [otherId, app] }, { labels: { app } })).toEqual({ app });
  });
});

describe('a command in a chat', () => {
  const configured = source({ chatText: 'text.content' });
  const say = (content: JSONValue) => ({ text: { content } });

  test('names the change order', async () => {
    expect(await reasonToIgnore(configured, say(`@bot 回滚 ${id}`))).toBeUndefined();
    expect(await selectTarget(configured, say(`@bot 回滚 ${id}`))).toEqual({ changeOrderId: id });
  });

  test('may stand in JSON, as Feishu writes it', async () => {
    const content = JSON.stringify({ text: `@_user_1 rollback ${id}` });
    expect(await reasonToIgnore(configured, say(content))).toBeUndefined();
    expect(await selectTarget(configured, say(content))).toEqual({ changeOrderId: id });
  });

  test.each<[string, JSONValue]>([
    ['talk', `what is ${id}?`],
    ['a sentence that only contains the verb', `please do not rollback ${id}`],
    ['nothing', null],
    ['no text', { text: `rollback ${id}` }],
    ['JSON without a text', '{"image_key":"x"}'],
    ['half of JSON', '{"text":'],
  ])('is ignored where it is %s, with what to type', async (_, content) => {
    expect(await reasonToIgnore(configured, say(content))).toBe(
      'This is no command. To roll a change order back, type: rollback <change order id>',
    );
  });

  test('is ignored where `when` is not true, whatever it says', async () => {
    const both = source({ chatText: 'text.content', when: "type == 'note'" });
    expect(await reasonToIgnore(both, say(`rollback ${id}`))).toBe(
      "`when: type == 'note'` gave false, not true.",
    );
  });

  test.each([
    ['no id', 'rollback checkout', 'change_order_id_missing'],
    ['nothing more', 'rollback', 'change_order_id_missing'],
    ['two ids', `rollback ${id} ${otherId}`, 'change_order_id_ambiguous'],
    ['words beside the id', `rollback is not needed for ${id}`, 'change_order_id_ambiguous'],
    ['words after the id', `rollback ${id} tomorrow`, 'change_order_id_ambiguous'],
  ])('is refused where it holds %s', async (_, content, code) => {
    expect(await reasonToIgnore(configured, say(content))).toBeUndefined();
    expect(await codeOfAsync(() => selectTarget(configured, say(content)))).toBe(code);
  });
});

describe('a link', () => {
  const grant = { app, expiresAtSeconds: 2_000_000_000 };
  const limited = { ...source({}), apps: [app] };

  test('names the application, whatever the payload says', async () => {
    expect(await selectTarget(limited, { changeOrderId: id }, grant)).toEqual({ app });
  });

  test('names the change order where it is for one', async () => {
    const forOne = { ...grant, changeOrderId: id };
    expect(await selectTarget(limited, { changeOrderId: otherId }, forOne)).toEqual({ changeOrderId: id });
  });

  test('leaves the change order to the expression, and refuses another than its own', async () => {
    const configured = { ...source({ changeOrderId: 'order' }), apps: [app] };
    expect(await selectTarget(configured, { order: id }, grant)).toEqual({ changeOrderId: id });
    expect(await selectTarget(configured, { order: id }, { ...grant, changeOrderId: id })).toEqual({
      changeOrderId: id,
    });
    const work = () => selectTarget(configured, { order: id }, { ...grant, changeOrderId: otherId });
    expect(await codeOfAsync(work)).toBe('app_not_allowed');
  });

  test('for an application that the source may no longer touch is refused', async () => {
    const work = () => selectTarget({ ...limited, apps: [otherId] }, {}, grant);
    expect(await codeOfAsync(work)).toBe('app_not_allowed');
  });
});

describe('the beginning of the problem', () => {
  const configured = source({ problemStartedAt: 'startsAt' });
  const now = 1_767_225_600_000;

  test('is not asked for where the source does not', async () => {
    expect(await selectProblemStart(source({}), { startsAt: 'nonsense' }, now)).toBeUndefined();
  });

  test.each<[JSONValue, number]>([
    ['2026-01-01T00:00:00Z', 1_767_225_600_000],
    ['2026-01-01T00:00:00.123456789Z', 1_767_225_600_123],
    ['2021-10-12T09:51:03.157076+02:00', 1_634_025_063_157],
    ['1767225600', 1_767_225_600_000],
    [1_767_225_600, 1_767_225_600_000],
    ['1508136760000', 1_508_136_760_000],
    [1_508_136_760_000, 1_508_136_760_000],
    [['2026-01-01T00:00:00Z'], 1_767_225_600_000],
    // As text, the first would be the smaller one.
    [['2026-01-01T00:00:00Z', '2026-01-01T07:59:00+08:00'], 1_767_225_540_000],
  ])('is read from %j', async (startsAt, expected) => {
    expect(await selectProblemStart(configured, { startsAt }, now)).toBe(expected);
  });

  test.each<[JSONValue]>([
    [null],
    [''],
    ['yesterday'],
    ['2026-01-01'],
    ['2026-01-01T00:00:00'],
    ['2026-01-01 00:00:00 UTC'],
    ['2026-13-01T00:00:00Z'],
    ['17672256000'],
    [1.5],
    [-1],
    [true],
    [[]],
    [['2026-01-01T00:00:00Z', null]],
    [['2026-01-01T00:00:00Z', 'yesterday']],
  ])('that reads %j refuses the webhook, for the rule is there to refuse', async (startsAt) => {
    const problem = await problemOfAsync(() => selectProblemStart(configured, { startsAt }, now));
    expect(problem?.code).toBe('payload_malformed');
    expect(problem?.message).toContain('`problemStartedAt: startsAt` gave');
  });
});

describe('a problem that begins in the future', () => {
  const configured = source({ problemStartedAt: 'startsAt' });
  const now = 1_767_225_600_000;

  test('is taken for a difference between clocks for five minutes', async () => {
    expect(await selectProblemStart(configured, { startsAt: now + 300_000 }, now)).toBe(now + 300_000);
  });

  test('refuses the webhook beyond that, for it would blame every change', async () => {
    const problem = await problemOfAsync(() =>
      selectProblemStart(configured, { startsAt: now + 300_001 }, now),
    );
    expect(problem?.code).toBe('payload_malformed');
    expect(problem?.message).toContain('which lies in the future.');
  });
});

describe('the time in a signed payload', () => {
  const now = 1_767_225_600_000;
  const limited = {
    ...source({}),
    payloadTimestamp: { field: 'webhookTimestamp', unit: 'ms', toleranceSeconds: 60 },
  } as const;
  const check = (payload: JSONValue) =>
    codeOf(() => {
      requireFreshPayload(limited, payload, now);
    });

  test.each<[string, JSONValue, string | undefined]>([
    ['now', { webhookTimestamp: now }, undefined],
    ['as text', { webhookTimestamp: String(now) }, undefined],
    ['at the edge of the past', { webhookTimestamp: now - 60_000 }, undefined],
    ['at the edge of the future', { webhookTimestamp: now + 60_000 }, undefined],
    ['too old', { webhookTimestamp: now - 60_001 }, 'timestamp_out_of_window'],
    ['in the future', { webhookTimestamp: now + 60_001 }, 'timestamp_out_of_window'],
    ['in seconds', { webhookTimestamp: now / 1000 }, 'timestamp_out_of_window'],
    ['no whole number', { webhookTimestamp: now + 0.5 }, 'timestamp_malformed'],
    ['words', { webhookTimestamp: 'now' }, 'timestamp_malformed'],
    ['missing', {}, 'timestamp_missing'],
    ['null', { webhookTimestamp: null }, 'timestamp_missing'],
    ['somewhere else', { data: { webhookTimestamp: now } }, 'timestamp_missing'],
    ['in no object', [now], 'timestamp_missing'],
    ['inherited', JSON.parse(`{"__proto__":{"webhookTimestamp":${now}}}`) as JSONValue, 'timestamp_missing'],
  ])('%s', (_, payload, code) => {
    expect(check(payload)).toBe(code);
  });

  test('does not count where the source does not ask for it', () => {
    expect(
      codeOf(() => {
        requireFreshPayload(source({}), {}, now);
      }),
    ).toBeUndefined();
  });
});

describe('the actor', () => {
  test('is what the sender says', async () => {
    expect(await selectActor(source({ actor: 'sender.login' }), { sender: { login: 'alice' } })).toBe(
      'alice',
    );
  });

  test.each<[string, string | undefined, JSONValue]>([
    ['there is no expression', undefined, { sender: 'alice' }],
    ['there is nobody', 'sender.login', {}],
    ['it is no text', 'sender', { sender: { login: 'alice' } }],
    ['the expression fails', 'to_upper(sender)', { sender: 7 }],
    ['the expression fails otherwise', "join(', ', sender)", { sender: 7 }],
    ['the payload is too deep', 'sender == other', { sender: deep, other: deep }],
  ])('is nobody where %s, which stops no rollback', async (_, actor, payload) => {
    expect(await selectActor(source(actor === undefined ? {} : { actor }), payload)).toBeUndefined();
  });
});

describe('the address at which people of a chat wait', () => {
  const url = 'https://hooks.slack.com/commands/T1DC2JH3J/397700885554/fake';
  const chat = (changes: Partial<CompiledSource> = {}): CompiledSource => ({
    ...source({ answerAt: 'response_url' }),
    reply: 'slack',
    follow: true,
    ...changes,
  });

  test('is what the payload says', async () => {
    expect(await selectAnswerAddress(chat(), { response_url: url })).toEqual({ chat: 'slack', url });
    const deferred = chat({ follow: false, mode: 'deferred' });
    expect(await selectAnswerAddress(deferred, { response_url: url })).toEqual({ chat: 'slack', url });
  });

  test.each<[string, CompiledSource]>([
    ['no task that could use it', chat({ follow: false })],
    ['no chat', chat({ reply: 'json' })],
    ['a chat that gives none', chat({ reply: 'feishu' })],
    ['another chat', chat({ reply: 'dingtalk' })],
    ['no expression for it', { ...pipelineSource, reply: 'slack', follow: true }],
  ])('is none where there is %s', async (_what, configured) => {
    expect(await selectAnswerAddress(configured, { response_url: url })).toBeUndefined();
  });

  test.each<[JSONValue]>([
    [null],
    [7],
    [''],
    [[url]],
    [{ url }],
    ['http://hooks.slack.com/x'],
    ['https://hooks.slack.com:8443/x'],
    ['https://fake-user@hooks.slack.com/x'],
    ['https://a.hooks.slack.com/x'],
    ['https://hooks.slack.com.example.com/x'],
    [`https://hooks.slack.com/${'x'.repeat(2_000)}`],
  ])('is none where the payload says %j', async (value) => {
    expect(await selectAnswerAddress(chat(), { response_url: value })).toBeUndefined();
  });

  test('does not stop a rollback where the expression does not work', async () => {
    const broken = chat({ answerAt: source({ answerAt: "join('', response_url)" }).answerAt });
    expect(await selectAnswerAddress(broken, { response_url: 7 })).toBeUndefined();
  });
});
