import { reasonNoCommand, selectWebhookTarget } from '../../../functions/webhook/payload/command-target.ts';
import { selectAnswerAddress } from '../../../functions/webhook/payload/chat-fields.ts';
import { describe, expect, test } from 'vitest';
import { selectProblemStart } from '../../../functions/select/intent.ts';
import { selectCommand } from '../../../functions/webhook/payload/select-command.ts';
import type { CompiledSource } from '../../../functions/webhook/source/compiled-source.ts';
import type { JSONValue } from '../../../functions/select/expression.ts';
import { sourceWith } from '../../support/expression-source.ts';
import { codeOfAsync, problemOfAsync } from '../../support/problem.ts';
import { pipelineSource } from '../../support/source.ts';

const id = 'dc5133d7-773f-4c81-9c5a-e2103dce0f6a';
const otherId = '5ba3b2f4-1c7e-4a6d-8f00-000000000001';
const app = '3616cdca-0000-4000-8000-000000000001';

/** JSON that nothing recursive can walk. */
const deep = JSON.parse('['.repeat(20_000) + ']'.repeat(20_000)) as JSONValue;

describe('the change order id', () => {
  test.each(['changeOrderId', 'ChangeOrderId', 'change_order_id'])(
    'is found under the usual name %s',
    async (name) => {
      expect(await selectWebhookTarget(sourceWith({}), { [name]: id.toUpperCase(), other: otherId })).toEqual(
        {
          changeOrderId: id,
        },
      );
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
    const work = () => selectWebhookTarget(sourceWith({}), payload);
    expect(await codeOfAsync(work)).toBe('change_order_id_missing');
  });

  test('says under which names it was looked for', async () => {
    const problem = await problemOfAsync(() => selectWebhookTarget(sourceWith({}), { changeOrderId: 42 }));
    expect(problem?.message).toBe(
      'No change order id (a UUID) was found. Looked at changeOrderId: 42, which is no text; ' +
        'ChangeOrderId: nothing there; change_order_id: nothing there.',
    );
  });

  test('may stand under two usual names if it is the same, and not if it is not', async () => {
    const both = { changeOrderId: id, change_order_id: id.toUpperCase() };
    expect(await selectWebhookTarget(sourceWith({}), both)).toEqual({ changeOrderId: id });
    const work = () => selectWebhookTarget(sourceWith({}), { changeOrderId: id, change_order_id: otherId });
    expect(await codeOfAsync(work)).toBe('change_order_id_ambiguous');
  });

  const configured = sourceWith({ changeOrderId: 'data.text' });

  test('is found where the expression points, and nowhere else', async () => {
    expect(await selectWebhookTarget(configured, { data: { text: `roll back ${id}!` } })).toEqual({
      changeOrderId: id,
    });
    const work = () => selectWebhookTarget(configured, { changeOrderId: id });
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
    expect(await codeOfAsync(() => selectWebhookTarget(configured, { data: { text } }))).toBe(code);
  });

  test('is refused where the expression fails', async () => {
    const work = () => selectWebhookTarget(sourceWith({ changeOrderId: "join(', ', ids)" }), { ids: 7 });
    expect(await codeOfAsync(work)).toBe('payload_malformed');
  });
});

describe('the application', () => {
  const configured = sourceWith({ app: 'labels.app' });

  test('is found where the expression points, in lower case', async () => {
    const payload = { labels: { app: app.toUpperCase() }, changeOrderId: id };
    expect(await selectWebhookTarget(configured, payload)).toEqual({ app });
  });

  test.each<[string, JSONValue, string]>([
    ['nothing', null, 'app_missing'],
    ['a name', 'checkout', 'app_missing'],
    ['two different ids', `${app} ${otherId}`, 'app_ambiguous'],
    ['an array', [app], 'app_missing'],
  ])('is refused where the expression gives %s', async (_, value, code) => {
    const problem = await problemOfAsync(() => selectWebhookTarget(configured, { labels: { app: value } }));
    expect(problem?.code).toBe(code);
    expect(problem?.message).toContain('labels.app');
  });

  test('must be one that the source may touch', async () => {
    const limited = { ...configured, apps: [otherId] };
    const problem = await problemOfAsync(() => selectWebhookTarget(limited, { labels: { app } }));
    expect(problem?.code).toBe('app_not_allowed');
    expect(problem?.facts).toEqual({ app });
    expect(await selectWebhookTarget({ ...configured, apps: [otherId, app] }, { labels: { app } })).toEqual({
      app,
    });
  });
});

describe('a command', () => {
  const configured = sourceWith({ command: 'text.content' });
  const say = (content: JSONValue) => ({ text: { content } });
  const ignored = async (source: CompiledSource, payload: JSONValue) =>
    reasonNoCommand(await selectCommand(source, payload));

  test('names the change order', async () => {
    expect(await ignored(configured, say(`@bot 回滚 ${id}`))).toBeUndefined();
    expect(await selectWebhookTarget(configured, say(`@bot 回滚 ${id}`))).toEqual({ changeOrderId: id });
  });

  test.each<[string, JSONValue, string]>([
    ['a question', `rollback ${id}?`, 'it has a question mark, or dots.'],
    [
      'a sentence that only contains the verb',
      `please do not rollback ${id}`,
      '“please do not” stands where',
    ],
    ['nothing', null, 'it has no text.'],
    ['no text', { text: `rollback ${id}` }, 'it has no text.'],
    ['JSON, which only Feishu writes', `{"text":"rollback ${id}"}`, '“text” stands where'],
  ])('is none where it is %s, with what is wrong and what to type', async (_, content, why) => {
    const reason = await ignored(configured, say(content));
    expect(reason).toContain(why);
    expect(reason).toMatch(/ Type: rollback <change order id>$/);
  });

  test.each([
    ['no id', 'rollback checkout', 'change_order_id_missing', '“checkout” is no id of a change order.'],
    ['nothing more', 'rollback', 'change_order_id_missing', 'No id of a change order stands behind'],
    ['two ids', `rollback ${id} ${otherId}`, 'change_order_id_ambiguous', `than one id: ${id}, ${otherId}.`],
    [
      'words beside the id',
      `rollback is not needed for ${id}`,
      'change_order_id_ambiguous',
      'Beside the id stands “is not needed for”.',
    ],
    ['words behind the id', `rollback ${id} now`, 'change_order_id_ambiguous', 'stands “now”.'],
  ])('is refused where it holds %s, with what is wrong', async (_, content, code, why) => {
    expect(await ignored(configured, say(content))).toBeUndefined();
    const problem = await problemOfAsync(() => selectWebhookTarget(configured, say(content)));
    expect(problem?.code).toBe(code);
    expect(problem?.message).toContain(why);
    expect(problem?.message).toMatch(/ Type: rollback <change order id>$/);
  });

  test.each([
    ['@robot', '@robot rollback <change order id>'],
    ['/rollback', '/rollback <change order id>'],
    ['/回滾', '/回滾 <change order id>'],
    ['/edas', '/edas rollback <change order id>'],
    ['/edas <!channel>', 'rollback <change order id>'],
    ['', 'rollback <change order id>'],
  ])('is advised as it is typed behind %j: %j', async (salutation, usage) => {
    const source = sourceWith({ command: 'text', salutation: 'command' });
    const reason = await ignored(source, { text: 'please', command: salutation });
    expect(reason?.split(' Type: ')[1]).toBe(usage);
  });
});

describe('a command in parts', () => {
  const inFeishu = { ...sourceWith({ command: 'content' }), reply: 'feishu' } as const;
  const post = (...paragraphs: JSONValue[]) => ({
    content: JSON.stringify({ title: '', content: paragraphs }),
  });
  const at = { tag: 'at', user_id: '@_user_1', user_name: 'bot', style: [] };
  const text = (words: string, style: string[] = []) => ({ tag: 'text', text: words, style });

  test.each<[string, JSONValue]>([
    ['plain text of Feishu', { content: JSON.stringify({ text: `@_user_1 rollback ${id}` }) }],
    ['plain text of Feishu without a blank', { content: JSON.stringify({ text: `@_user_1回滚 ${id}` }) }],
    ['a post of Feishu', post([at, text(` 回滚 ${id}`)])],
    ['a post of Feishu with formatted parts', post([at, text(' '), text('rollback', ['bold'])], [text(id)])],
    ['a post of Feishu that ends with the mention', post([text(`回滾 ${id} `), at])],
    [
      'a post of Feishu with the verb as its title',
      { content: JSON.stringify({ title: '回滚', content: [[text(id)]] }) },
    ],
    ["the command of a card's button", { content: `rollback ${id}` }],
  ])('asks for the change order: %s', async (_, payload) => {
    expect(await selectWebhookTarget(inFeishu, payload)).toEqual({ changeOrderId: id });
  });

  const inDingTalk = sourceWith({ command: 'text.content || content.richText' });

  test.each<[string, JSONValue]>([
    ['in one part', [{ text: `@bot 回滚 ${id}` }]],
    ['with the mention as a part', [{ text: '@bot' }, { text: '回滚' }, { text: id }]],
  ])('asks for it in rich text of DingTalk %s', async (_, richText) => {
    const payload = { msgtype: 'richText', content: { richText } };
    expect(await selectWebhookTarget(inDingTalk, payload)).toEqual({ changeOrderId: id });
  });

  test.each<[string, CompiledSource, JSONValue, string]>([
    [
      'struck out',
      inFeishu,
      post([at, text(`rollback ${id}`, ['lineThrough'])]),
      'quoted, struck out, or code',
    ],
    ['a block of code', inFeishu, post([at], [{ tag: 'code_block', text: `rollback ${id}` }]), 'or code'],
    ['a picture', inFeishu, { content: '{"image_key":"x"}' }, 'no text'],
    ['half of JSON', inFeishu, { content: '{"text":' }, '“text” stands where'],
    [
      'a picture and then the command',
      inFeishu,
      post([{ tag: 'img' }], [text(`rollback ${id}`)]),
      '“<img>” stands',
    ],
    [
      'a title and then the command',
      inFeishu,
      { content: JSON.stringify({ title: 'How to', content: [[text(`rollback ${id}`)]] }) },
      '“How to” stands where',
    ],
    [
      'a picture of DingTalk and then the command',
      inDingTalk,
      { content: { richText: [{ type: 'picture', downloadCode: 'x' }, { text: `回滚 ${id}` }] } },
      '“<picture>” stands where',
    ],
  ])('asks for nothing where it is %s', async (_, source, payload, why) => {
    expect(reasonNoCommand(await selectCommand(source, payload))).toContain(why);
  });

  test('is refused with a picture behind it', async () => {
    const payload = post([text(`rollback ${id}`), { tag: 'img', image_key: 'x' }]);
    const problem = await problemOfAsync(() => selectWebhookTarget(inFeishu, payload));
    expect(problem?.message).toContain('Beside the id stands “<img>”.');
  });
});

describe('a link', () => {
  const grant = { app, expiresAtSeconds: 2_000_000_000 };
  const limited = { ...sourceWith({}), apps: [app] };

  test('names the application, whatever the payload says', async () => {
    expect(await selectWebhookTarget(limited, { changeOrderId: id }, grant)).toEqual({ app });
  });

  test('names the change order where it is for one', async () => {
    const forOne = { ...grant, changeOrderId: id };
    expect(await selectWebhookTarget(limited, { changeOrderId: otherId }, forOne)).toEqual({
      changeOrderId: id,
    });
  });

  test('leaves the change order to the expression, and refuses another than its own', async () => {
    const configured = { ...sourceWith({ changeOrderId: 'order' }), apps: [app] };
    expect(await selectWebhookTarget(configured, { order: id }, grant)).toEqual({ changeOrderId: id });
    expect(await selectWebhookTarget(configured, { order: id }, { ...grant, changeOrderId: id })).toEqual({
      changeOrderId: id,
    });
    const work = () => selectWebhookTarget(configured, { order: id }, { ...grant, changeOrderId: otherId });
    expect(await codeOfAsync(work)).toBe('app_not_allowed');
  });

  test('for an application that the source may no longer touch is refused', async () => {
    const work = () => selectWebhookTarget({ ...limited, apps: [otherId] }, {}, grant);
    expect(await codeOfAsync(work)).toBe('app_not_allowed');
  });
});

describe('the beginning of the problem', () => {
  const configured = sourceWith({ problemStartedAt: 'startsAt' });
  const now = 1_767_225_600_000;

  const notAsked = { problemStartedAt: undefined, warning: undefined };

  test('is not asked for where the source does not', async () => {
    expect(await selectProblemStart(sourceWith({}), { startsAt: 'nonsense' }, now)).toEqual(notAsked);
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
    expect((await selectProblemStart(configured, { startsAt }, now)).problemStartedAt).toBe(expected);
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

describe('a time that is not there, where the preset and no operator asks for it,', () => {
  const now = 1_767_225_600_000;
  const asked = { ...sourceWith({ problemStartedAt: 'startsAt' }), mayLackProblemStart: true };
  const byApp = { ...asked, app: sourceWith({ app: 'app' }).app };
  const link: CompiledSource = { ...asked, verify: { scheme: 'link', source: 'pipeline' } };
  const grant = { app: '3616cdca-0000-4000-8000-000000000001', expiresAtSeconds: 0 };
  const orderGrant = { ...grant, changeOrderId: 'dc5133d7-773f-4c81-9c5a-e2103dce0f6a' };

  test.each<[JSONValue, string]>([
    [null, 'null'],
    ['', '""'],
    [[], 'an empty array'],
    [['2026-01-01T00:00:00Z', null], 'an array of 2, 1 of which is nothing'],
    [[null, '', '2026-01-01T00:00:00Z'], 'an array of 3, 2 of which are nothing'],
  ])('is a warning where the payload names the change order: %j', async (startsAt, shown) => {
    expect(await selectProblemStart(asked, { startsAt }, now)).toEqual({
      problemStartedAt: undefined,
      warning: `It was not checked whether the change is to blame: \`problemStartedAt: startsAt\` gave ${shown}.`,
    });
  });

  test('is a warning where the link names the change order', async () => {
    expect((await selectProblemStart(link, {}, now, orderGrant)).warning).toContain('It was not checked');
  });

  test.each<[string, CompiledSource, typeof grant | undefined, JSONValue]>([
    ['only the application is named', byApp, undefined, null],
    [
      'only the application is named, and one of several times is not there',
      byApp,
      undefined,
      ['2026-01-01T00:00:00Z', null],
    ],
    ['the link names the application alone', link, grant, null],
    ['an operator asked for it', { ...asked, mayLackProblemStart: undefined }, undefined, null],
    ['there is one, which cannot be read', asked, undefined, 'yesterday'],
    ['there is one, which lies in the future', asked, undefined, now + 300_001],
  ])('refuses the webhook where %s', async (_where, source, granted, startsAt) => {
    const problem = await problemOfAsync(() => selectProblemStart(source, { startsAt }, now, granted));
    expect(problem?.code).toBe('payload_malformed');
  });
});

describe('a problem that begins in the future', () => {
  const configured = sourceWith({ problemStartedAt: 'startsAt' });
  const now = 1_767_225_600_000;

  test('is taken for a difference between clocks for five minutes', async () => {
    const { problemStartedAt } = await selectProblemStart(configured, { startsAt: now + 300_000 }, now);
    expect(problemStartedAt).toBe(now + 300_000);
  });

  test('refuses the webhook beyond that, for it would blame every change', async () => {
    const problem = await problemOfAsync(() =>
      selectProblemStart(configured, { startsAt: now + 300_001 }, now),
    );
    expect(problem?.code).toBe('payload_malformed');
    expect(problem?.message).toContain('which lies in the future.');
  });
});

describe('the address at which people of a chat wait', () => {
  const url = 'https://hooks.slack.com/commands/T1DC2JH3J/397700885554/fake';
  const chat = (changes: Partial<CompiledSource> = {}): CompiledSource => ({
    ...sourceWith({ answerAt: 'response_url' }),
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

  test.each([
    [undefined, 'rollback', 'en'],
    [undefined, '回滚', 'zh'],
    ['zh', 'rollback', 'zh'],
    ['en', '回滚', 'en'],
  ] as const)(
    'with the language %s and the command %s, gets the result in %s',
    async (own, text, language) => {
      const configured = chat({ language: own, command: sourceWith({ command: 'text' }).command });
      const address = await selectAnswerAddress(configured, { response_url: url, text });
      expect(address?.language).toBe(language);
    },
  );

  test('does not stop a rollback where the expression does not work', async () => {
    const broken = chat({ answerAt: sourceWith({ answerAt: "join('', response_url)" }).answerAt });
    expect(await selectAnswerAddress(broken, { response_url: 7 })).toBeUndefined();
  });
});
