import { describe, expect, test } from 'vitest';
import type { JSONValue } from '../../../functions/select/expression.ts';
import { selectProblemStart, selectTarget } from '../../../functions/select/intent.ts';
import type { CompiledSource } from '../../../functions/webhook/source/compiled-source.ts';
import { sourceWith } from '../../support/expression-source.ts';
import { codeOfAsync, problemOfAsync } from '../../support/problem.ts';

const id = 'dc5133d7-773f-4c81-9c5a-e2103dce0f6a';
const otherId = '5ba3b2f4-1c7e-4a6d-8f00-000000000001';
const app = '3616cdca-0000-4000-8000-000000000001';

/** JSON that nothing recursive can walk. */
const deep = JSON.parse('['.repeat(20_000) + ']'.repeat(20_000)) as JSONValue;

describe('the change order id', () => {
  test.each(['changeOrderId', 'ChangeOrderId', 'change_order_id'])(
    'is found under the usual name %s',
    async (name) => {
      expect(await selectTarget(sourceWith({}), { [name]: id.toUpperCase(), other: otherId })).toEqual({
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
    const work = () => selectTarget(sourceWith({}), payload);
    expect(await codeOfAsync(work)).toBe('change_order_id_missing');
  });

  test('says under which names it was looked for', async () => {
    const problem = await problemOfAsync(() => selectTarget(sourceWith({}), { changeOrderId: 42 }));
    expect(problem?.message).toBe(
      'No change order id (a UUID) was found. Looked at changeOrderId: 42, which is no text; ' +
        'ChangeOrderId: nothing there; change_order_id: nothing there.',
    );
  });

  test('may stand under two usual names if it is the same, and not if it is not', async () => {
    const both = { changeOrderId: id, change_order_id: id.toUpperCase() };
    expect(await selectTarget(sourceWith({}), both)).toEqual({ changeOrderId: id });
    const work = () => selectTarget(sourceWith({}), { changeOrderId: id, change_order_id: otherId });
    expect(await codeOfAsync(work)).toBe('change_order_id_ambiguous');
  });

  const configured = sourceWith({ changeOrderId: 'data.text' });

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
    const work = () => selectTarget(sourceWith({ changeOrderId: "join(', ', ids)" }), { ids: 7 });
    expect(await codeOfAsync(work)).toBe('payload_malformed');
  });
});

describe('the application', () => {
  const configured = sourceWith({ app: 'labels.app' });

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
    expect(await selectTarget({ ...configured, apps: [otherId, app] }, { labels: { app } })).toEqual({
      app,
    });
  });
});

describe('a link', () => {
  const grant = { app, expiresAtSeconds: 2_000_000_000 };
  const limited = { ...sourceWith({}), apps: [app] };

  test('names the application, whatever the payload says', async () => {
    expect(await selectTarget(limited, { changeOrderId: id }, grant)).toEqual({ app });
  });

  test('names the change order where it is for one', async () => {
    const forOne = { ...grant, changeOrderId: id };
    expect(await selectTarget(limited, { changeOrderId: otherId }, forOne)).toEqual({
      changeOrderId: id,
    });
  });

  test('leaves the change order to the expression, and refuses another than its own', async () => {
    const configured = { ...sourceWith({ changeOrderId: 'order' }), apps: [app] };
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
