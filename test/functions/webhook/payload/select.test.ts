import { compile } from '@jmespath-community/jmespath';
import { describe, expect, test } from 'vitest';
import type { Expression, JSONValue } from '../../../../functions/webhook/payload/expression.ts';
import {
  nameActor,
  reasonToIgnore,
  requireAllowed,
  selectChangeOrderId,
} from '../../../../functions/webhook/payload/select.ts';
import type { CompiledSource } from '../../../../functions/webhook/source/source.ts';
import { codeOfAsync, problemOfAsync } from '../../../support/problem.ts';
import { pipelineSource } from '../../../support/source.ts';

const id = 'dc5133d7-773f-4c81-9c5a-e2103dce0f6a';
const otherId = '5ba3b2f4-1c7e-4a6d-8f00-000000000001';

type ExpressionKey = 'when' | 'allow' | 'changeOrderId' | 'actor';

function source(expressions: Partial<Record<ExpressionKey, string>>): CompiledSource {
  const compiled: Partial<Record<ExpressionKey, Expression>> = {};
  for (const key of ['when', 'allow', 'changeOrderId', 'actor'] as const) {
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
      expect(await selectChangeOrderId(source({}), { [name]: id.toUpperCase(), other: otherId })).toBe(id);
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
    const work = () => selectChangeOrderId(source({}), payload);
    expect(await codeOfAsync(work)).toBe('change_order_id_missing');
  });

  test('says under which names it was looked for', async () => {
    const problem = await problemOfAsync(() => selectChangeOrderId(source({}), { changeOrderId: 42 }));
    expect(problem?.message).toBe(
      'No change order id (a UUID) was found. Looked at changeOrderId: 42, which is no text; ' +
        'ChangeOrderId: nothing there; change_order_id: nothing there.',
    );
  });

  test('may stand under two usual names if it is the same, and not if it is not', async () => {
    const both = { changeOrderId: id, change_order_id: id.toUpperCase() };
    expect(await selectChangeOrderId(source({}), both)).toBe(id);
    const work = () => selectChangeOrderId(source({}), { changeOrderId: id, change_order_id: otherId });
    expect(await codeOfAsync(work)).toBe('change_order_id_ambiguous');
  });

  const configured = source({ changeOrderId: 'data.text' });

  test('is found where the expression points, and nowhere else', async () => {
    expect(await selectChangeOrderId(configured, { data: { text: `roll back ${id}!` } })).toBe(id);
    const work = () => selectChangeOrderId(configured, { changeOrderId: id });
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
    expect(await codeOfAsync(() => selectChangeOrderId(configured, { data: { text } }))).toBe(code);
  });

  test('is refused where the expression fails', async () => {
    const work = () => selectChangeOrderId(source({ changeOrderId: "join(', ', ids)" }), { ids: 7 });
    expect(await codeOfAsync(work)).toBe('payload_malformed');
  });
});

describe('the actor', () => {
  test('is what the sender says', async () => {
    expect(await nameActor(source({ actor: 'sender.login' }), { sender: { login: 'alice' } })).toBe('alice');
  });

  test.each<[string, string | undefined, JSONValue]>([
    ['there is no expression', undefined, { sender: 'alice' }],
    ['there is nobody', 'sender.login', {}],
    ['it is no text', 'sender', { sender: { login: 'alice' } }],
    ['the expression fails', 'to_upper(sender)', { sender: 7 }],
    ['the expression fails otherwise', "join(', ', sender)", { sender: 7 }],
    ['the payload is too deep', 'sender == other', { sender: deep, other: deep }],
  ])('is nobody where %s, which stops no rollback', async (_, actor, payload) => {
    expect(await nameActor(source(actor === undefined ? {} : { actor }), payload)).toBeUndefined();
  });
});
