import { describe, expect, test } from 'vitest';
import type { JSONValue } from '../../../../functions/select/expression.ts';
import {
  reasonNoCommand,
  selectWebhookTarget,
} from '../../../../functions/webhook/payload/command-target.ts';
import { selectCommand } from '../../../../functions/webhook/payload/select-command.ts';
import type { CompiledSource } from '../../../../functions/webhook/source/compiled-source.ts';
import { sourceWith } from '../../../support/expression-source.ts';
import { problemOfAsync } from '../../../support/problem.ts';

const id = 'dc5133d7-773f-4c81-9c5a-e2103dce0f6a';
const otherId = '5ba3b2f4-1c7e-4a6d-8f00-000000000001';

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
