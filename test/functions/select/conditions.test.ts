import { describe, expect, test } from 'vitest';
import { reasonToIgnore, requireAllowed, selectActor } from '../../../functions/select/conditions.ts';
import type { JSONValue } from '../../../functions/select/expression.ts';
import type { CompiledSource } from '../../../functions/webhook/source/compiled-source.ts';
import { compileSources } from '../../../local/build/compile-sources.ts';
import { sourceWith } from '../../support/expression-source.ts';
import { codeOfAsync, problemOfAsync } from '../../support/problem.ts';

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
    expect(await reasonToIgnore(sourceWith({}), { status: 'fine' })).toBeUndefined();
  });

  test('lets a payload through for which it is true', async () => {
    const configured = sourceWith({ when: "status == 'failed'" });
    expect(await reasonToIgnore(configured, { status: 'failed' })).toBeUndefined();
  });

  test.each([
    [
      { status: 'firing', commonLabels: { team: 'shop' } },
      "`when: commonLabel.team == 'shop' && alerts[0].status` gave false, not true. The payload has nothing at commonLabel.team, alerts[0].status.",
    ],
    [
      { commonLabel: { team: null }, alerts: [{ status: 'firing' }] },
      "`when: commonLabel.team == 'shop' && alerts[0].status` gave false, not true. The payload has nothing at commonLabel.team.",
    ],
    [
      { commonLabel: { team: 'other' }, alerts: [{ status: false }] },
      "`when: commonLabel.team == 'shop' && alerts[0].status` gave false, not true.",
    ],
    [
      'text',
      "`when: commonLabel.team == 'shop' && alerts[0].status` gave false, not true. The payload has nothing at commonLabel.team, alerts[0].status.",
    ],
  ])('says where a payload that it ignores has nothing: %j', async (payload, reason) => {
    const [source] = compileSources(
      `sources: { one: { preset: generic, secrets: [A_SECRET], when: "commonLabel.team == 'shop' && alerts[0].status" } }`,
    );
    if (!source) throw new Error('there must be a source');
    expect(await reasonToIgnore(source, payload)).toBe(reason);
  });

  test('takes what every object has for nothing', async () => {
    const when = { ...sourceWith({ when: 'constructor' }).when, reads: [['constructor']] };
    expect(await reasonToIgnore({ ...sourceWith({}), when } as CompiledSource, {})).toContain(
      'The payload has nothing at constructor.',
    );
  });

  test.each(notTrue)('ignores a payload for which it is %s, and says so', async (shown, value) => {
    expect(await reasonToIgnore(sourceWith({ when: 'found' }), { found: value })).toBe(
      `\`when: found\` gave ${shown}, not true.`,
    );
  });

  test('ignores a payload that lacks what it looks at', async () => {
    const configured = sourceWith({ when: 'alert.state' });
    for (const payload of [{}, null, [], 'text', 7] as JSONValue[]) {
      expect(await reasonToIgnore(configured, payload)).toBe('`when: alert.state` gave null, not true.');
    }
  });

  test('says no more than a hundred letters of what it gave', async () => {
    const reason = await reasonToIgnore(sourceWith({ when: 'found' }), { found: 'x'.repeat(1000) });
    expect(reason).toBe(`\`when: found\` gave "${'x'.repeat(100)}…", not true.`);
  });

  test('ignores whatever it gave, also what is nested too deep to be written down', async () => {
    const work = () => reasonToIgnore(sourceWith({ when: 'found' }), { found: deep });
    expect(await codeOfAsync(work)).toBeUndefined();
  });

  test('tells of a payload on which it does not work', async () => {
    const configured = sourceWith({ when: "contains(labels, 'prod')" });
    const problem = await problemOfAsync(() => reasonToIgnore(configured, {}));
    expect(problem?.code).toBe('payload_malformed');
    expect(problem?.message).toContain("`when: contains(labels, 'prod')` does not work on this payload");
  });
});

describe('allow', () => {
  test('lets everybody in where it is not configured, and those for whom it is true', async () => {
    const configured = sourceWith({ allow: "contains(['alice', 'bob'], user.login)" });
    expect(await codeOfAsync(() => requireAllowed(sourceWith({}), {}))).toBeUndefined();
    expect(await codeOfAsync(() => requireAllowed(configured, { user: { login: 'alice' } }))).toBeUndefined();
    expect(await codeOfAsync(() => requireAllowed(configured, { user: { login: 'eve' } }))).toBe(
      'sender_not_allowed',
    );
  });

  test.each(notTrue)('keeps out those for whom it is %s', async (_, value) => {
    const work = () => requireAllowed(sourceWith({ allow: 'found' }), { found: value });
    expect(await codeOfAsync(work)).toBe('sender_not_allowed');
  });

  test('keeps out whoever makes it fail', async () => {
    const work = () => requireAllowed(sourceWith({ allow: "starts_with(user, 'ops-')" }), { user: 7 });
    expect(await codeOfAsync(work)).toBe('payload_malformed');
  });
});

describe('the actor', () => {
  test('is what the sender says', async () => {
    expect(await selectActor(sourceWith({ actor: 'sender.login' }), { sender: { login: 'alice' } })).toBe(
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
    expect(await selectActor(sourceWith(actor === undefined ? {} : { actor }), payload)).toBeUndefined();
  });
});
