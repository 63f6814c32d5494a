import { describe, expect, onTestFinished, test } from 'vitest';
import { makeToken, type LinkFields } from '../../../../functions/execute/confirm-link.ts';
import { decisionIdFor } from '../../../../functions/task.ts';
import * as edasFaults from '../../../../local/stand-ins/edas/faults.ts';
import * as fcFaults from '../../../../local/stand-ins/fc/faults.ts';
import type { Answer } from '../../../support/webhook.ts';
import { peopleEnv, peopleNotify } from '../people-cases.ts';
import { app, changeOrderId, setStage, type Stage, type StageOptions } from '../stage.ts';

const sources = `
sources:
  asking: { preset: generic, secrets: [SECRET], apps: [${app}], confirm: all }
  brief: { preset: generic, secrets: [SECRET], apps: [${app}], confirm: all, confirmWithin: 1m }
  ruled: { preset: generic, secrets: [SECRET], apps: [${app}], confirm: all, problemStartedAt: since }
  shop: { preset: generic, secrets: [SECRET], app: app, apps: [${app}], confirm: ended, ended: { within: 30m } }
  deferred: { preset: generic, secrets: [SECRET], apps: [${app}], confirm: all, mode: deferred }
  rehearsal: { preset: generic, secrets: [SECRET], apps: [${app}], confirm: all, dryRun: true }
${peopleNotify}`;

const order = { changeOrderId };

function open(options: Partial<StageOptions> = {}): Promise<Stage> {
  return setStage({ sources, ...options, env: { ...peopleEnv, ...options.env } }, onTestFinished);
}

/** Has a source ask, and gives the path of the link that people get. */
async function ask(stage: Stage, source = 'asking', payload: object = order): Promise<string> {
  const answer = await stage.webhook.post(source, payload);
  expect(answer).toMatchObject({ status: 202, body: { outcome: 'asked' } });
  return linkIn(stage);
}

function linkIn({ tasks }: Stage): string {
  const asked = tasks().findLast((task) => task.rollback === 'asked');
  if (asked?.rollback !== 'asked' || asked.link === undefined) throw new Error('no link');
  const { origin, pathname } = new URL(asked.link);
  expect(origin).toBe(peopleEnv.PUBLIC_URL);
  return pathname;
}

const get = ({ webhook }: Stage, path: string, headers: Record<string, string> = {}) =>
  webhook.send({ method: 'GET', path, headers });

/** What the form of a page holds. */
function shownIn(page: Answer): string {
  const [, value = ''] = /name="shown" value="([^"]*)"/.exec(page.text) ?? [];
  return value.replaceAll('&quot;', '"').replaceAll('&#34;', '"').replaceAll('&amp;', '&');
}

const post = ({ webhook }: Stage, path: string, fields: Record<string, string>, headers = {}) =>
  webhook.send({
    path,
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: new URLSearchParams(fields).toString(),
  });

/** Loads the page, and uses one of its buttons. */
async function decide(
  stage: Stage,
  path: string,
  decision: 'roll_back' | 'leave',
  more: Record<string, string> = {},
): Promise<Answer> {
  const shown = shownIn(await get(stage, path));
  return post(stage, path, { decision, shown, name: 'Fake Person', ...more });
}

const decided = ({ tasks }: Stage) => tasks().filter((task) => task.rollback === 'decided');

describe('the page', () => {
  test('is shown to the link alone, and changes nothing however often it is loaded', async () => {
    const stage = await open();
    const path = await ask(stage);
    const before = stage.tasks().length;
    for (let each = 0; each < 10; each += 1) {
      const page = await get(stage, path);
      expect(page.status).toBe(200);
      expect(page.text).toContain(changeOrderId);
    }
    const head = await stage.webhook.send({ method: 'HEAD', path });
    expect([head.status, head.text]).toEqual([200, '']);
    expect(stage.tasks()).toHaveLength(before);
    expect(stage.puts()).toBe(0);
  });

  test('rolls back once, and the tasks of the rollback say who decided', async () => {
    const stage = await open();
    const path = await ask(stage);
    const answer = await decide(stage, path, 'roll_back');
    expect([answer.status, answer.headers['Location']]).toEqual([303, path]);
    expect(stage.puts()).toBe(1);
    const decidedBy = { name: 'Fake Person', isProved: false };
    expect(decided(stage)).toMatchObject([{ decision: 'roll_back', decidedBy, source: 'asking' }]);
    const done = stage.tasks().find((task) => task.rollback === 'done');
    expect(done).toMatchObject({ decidedBy, changeOrderId, app });
    expect(stage.webhook.decisions().at(-1)).toMatchObject({
      outcome: 'rolling_back',
      decision: 'roll_back',
      decidedBy: 'Fake Person',
      decidedByProved: false,
      changeOrderId,
      source: 'asking',
    });
    expect((await get(stage, path)).text).not.toContain('name="shown"');
  });

  test('sends no second rollback for a second click, whichever page was shown', async () => {
    const stage = await open();
    const path = await ask(stage);
    const shown = shownIn(await get(stage, path));
    await post(stage, path, { decision: 'roll_back', shown });
    const again = await post(stage, path, { decision: 'roll_back', shown });
    expect([again.status, again.headers['Location']]).toEqual([303, path]);
    expect(stage.puts()).toBe(1);
  });

  test('is one rollback for two people who click at once', async () => {
    const stage = await open();
    const path = await ask(stage);
    const shown = shownIn(await get(stage, path));
    const clicks = ['First', 'Second'].map((name) =>
      post(stage, path, { decision: 'roll_back', shown, name }),
    );
    const answers = await Promise.all(clicks);
    expect(answers.map(({ status }) => status)).toContain(303);
    expect(stage.puts()).toBe(1);
    expect(decided(stage)).toHaveLength(1);
  });

  test('lets one of two decisions stand that are made at once', async () => {
    const stage = await open();
    const path = await ask(stage);
    const shown = shownIn(await get(stage, path));
    await Promise.all([
      post(stage, path, { decision: 'roll_back', shown }),
      post(stage, path, { decision: 'leave', shown }),
    ]);
    const [only, ...others] = decided(stage);
    expect(others).toEqual([]);
    expect(stage.puts()).toBe(only?.rollback === 'decided' && only.decision === 'roll_back' ? 1 : 0);
  });

  test('leaves a change alone, and the same alert does not ask again', async () => {
    const stage = await open();
    const path = await ask(stage);
    expect((await decide(stage, path, 'leave')).status).toBe(303);
    expect(stage.puts()).toBe(0);
    const repeat = await stage.webhook.post('asking', order);
    expect([repeat.status, repeat.body['outcome']]).toEqual([200, 'left_alone']);
  });

  test('rolls back after all what was left alone', async () => {
    const stage = await open();
    const path = await ask(stage);
    await decide(stage, path, 'leave');
    expect((await decide(stage, path, 'roll_back')).status).toBe(303);
    expect(stage.puts()).toBe(1);
    expect(decided(stage)).toMatchObject([{ decision: 'leave' }, { decision: 'roll_back' }]);
  });

  test('shows the new state to a person who decides on an old one', async () => {
    const stage = await open();
    const path = await ask(stage);
    const shown = shownIn(await get(stage, path));
    await decide(stage, path, 'leave');
    const late = await post(stage, path, { decision: 'roll_back', shown });
    expect(late.status).toBe(409);
    expect(late.text).toContain('role="alert"');
    expect(stage.puts()).toBe(0);
  });

  test('does not mind that one more batch is done meanwhile', async () => {
    const stage = await open({
      history: (orders, now) =>
        void orders.add({
          id: changeOrderId,
          appId: app,
          createdAt: now - 60_000,
          readyMs: 0,
          batches: 5,
          batchMs: 50_000,
        }),
    });
    const path = await ask(stage);
    const shown = shownIn(await get(stage, path));
    await stage.clock.sleep(50_000);
    expect((await post(stage, path, { decision: 'roll_back', shown })).status).toBe(303);
    expect(stage.puts()).toBe(1);
  });

  test('is still the brake where EDAS cannot be read', async () => {
    let isDown = false;
    const stage = await open({
      edasFault: ({ method }) => (isDown && method !== 'PUT' ? edasFaults.throttled() : undefined),
    });
    const path = await ask(stage, 'ruled', { ...order, since: new Date(stage.clock.now()).toISOString() });
    isDown = true;
    expect((await decide(stage, path, 'roll_back')).status).toBe(303);
    expect(stage.puts()).toBe(1);
  });

  test('is still the brake where Function Compute takes no task', async () => {
    let isDown = false;
    const stage = await open({ fcFault: () => (isDown ? fcFaults.denied() : undefined) });
    const path = await ask(stage);
    isDown = true;
    expect((await decide(stage, path, 'roll_back')).status).toBe(303);
    expect(stage.puts()).toBe(1);
  });

  test('says that a change is not left alone for certain where Function Compute takes no task', async () => {
    let isDown = false;
    const stage = await open({ fcFault: () => (isDown ? fcFaults.denied() : undefined) });
    const path = await ask(stage);
    isDown = true;
    const answer = await decide(stage, path, 'leave');
    expect(answer.status).toBe(503);
    expect(answer.text).toContain('role="alert"');
    expect(stage.puts()).toBe(0);
  });

  test('lets a person try again where EDAS refused', async () => {
    let isRefusing = true;
    const stage = await open({
      edasFault: ({ method }) => (method === 'PUT' && isRefusing ? edasFaults.deniedByRam() : undefined),
    });
    const path = await ask(stage);
    const refused = await decide(stage, path, 'roll_back');
    expect(refused.status).toBe(502);
    isRefusing = false;
    await stage.clock.sleep(11_000);
    expect((await decide(stage, path, 'roll_back')).status).toBe(303);
    expect(decided(stage)).toHaveLength(1);
  });

  test('leaves the rollback of a deferred source to a task', async () => {
    const stage = await open();
    const path = await ask(stage, 'deferred');
    expect((await decide(stage, path, 'roll_back')).status).toBe(303);
    expect(stage.puts()).toBe(0);
    expect(stage.tasks().find((task) => task.rollback === 'due')).toMatchObject({
      changeOrderId,
      decidedBy: { name: 'Fake Person' },
    });
  });

  test.each(['roll_back', 'leave'] as const)(
    'takes no decision to %s when the time is over',
    async (what) => {
      const stage = await open();
      const path = await ask(stage);
      const shown = shownIn(await get(stage, path));
      await stage.clock.sleep(15 * 60_000 + 1);
      const answer = await post(stage, path, { decision: what, shown });
      expect(answer.status).toBe(409);
      expect(answer.text).not.toContain('name="shown"');
      expect([stage.puts(), decided(stage)]).toEqual([0, []]);
    },
  );

  test('asks again when people did not decide in time', async () => {
    const stage = await open();
    const path = await ask(stage, 'brief');
    await stage.clock.sleep(60_001);
    const second = await ask(stage, 'brief');
    expect(second).not.toBe(path);
    expect((await decide(stage, second, 'roll_back')).status).toBe(303);
  });

  test('shows nothing any more a day after the time to decide', async () => {
    const stage = await open();
    const path = await ask(stage);
    await stage.clock.sleep(15 * 60_000 + 24 * 3_600_000 + 1);
    const answer = await get(stage, path);
    expect(answer.status).toBe(401);
    expect(answer.text).not.toContain(changeOrderId);
  });

  test('takes no decision while rollbacks are suspended', async () => {
    const stage = await open();
    const path = await ask(stage);
    const shown = shownIn(await get(stage, path));
    const suspended = stage.another({ env: { ...peopleEnv, ROLLBACK_SUSPENDED: 'true' } });
    const answer = await post({ ...stage, webhook: suspended }, path, { decision: 'roll_back', shown });
    expect(answer.status).toBe(409);
    expect(stage.puts()).toBe(0);
  });
});

const fields: LinkFields = {
  source: 'asking',
  changeOrderId,
  app,
  ask: 1,
  requestId: 'fake-request-id',
  expiresAt: Date.now() + 3_600_000,
  problemStartedAt: undefined,
};
const tokenWith = (secret: string, more: Partial<LinkFields> = {}) =>
  makeToken({ ...fields, ...more }, Buffer.from(secret));

describe('a link', () => {
  const good = tokenWith(peopleEnv.CONFIRM_SECRET);
  const [text = '', signature = ''] = good.split('.');
  const other = tokenWith(peopleEnv.CONFIRM_SECRET, { ask: 2 }).split('.')[0] ?? '';

  test.each([
    ['of another secret', tokenWith('fake-other-secret-of-links')],
    ['of other fields', `${other}.${signature}`],
    ['without a signature', text],
    ['with an empty signature', `${text}.`],
    ['that is cut', good.slice(0, -1)],
    ['with something behind it', `${good}.x`],
    ['with a slash behind it', `${good}/`],
    ['of nothing', ''],
    ['with a signature in other letters', `${text}.${signature}=`],
  ])('%s opens nothing, and nothing is read for it', async (_what, token) => {
    const stage = await open();
    for (const method of ['GET', 'HEAD', 'POST']) {
      const answer = await stage.webhook.send({
        method,
        path: `/confirm/${token}`,
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: method === 'POST' ? 'decision=roll_back&shown=' : '',
      });
      expect([answer.status, answer.headers['Content-Type']]).toEqual([401, 'text/html; charset=utf-8']);
    }
    expect([stage.edas.calls, stage.fc.calls]).toEqual([[], []]);
  });

  test('is in no line of the log, whatever it leads to', async () => {
    const stage = await open();
    const path = await ask(stage);
    await decide(stage, path, 'roll_back');
    await get(stage, `${path}x`);
    await decide(stage, path, 'leave');
    const token = path.slice('/confirm/'.length);
    const log = stage.webhook.lines.join('\n');
    for (const part of [token, ...token.split('.')]) expect(log).not.toContain(part);
  });

  test('takes a form of its own page only', async () => {
    const stage = await open();
    const path = await ask(stage);
    const shown = shownIn(await get(stage, path));
    const form = { decision: 'roll_back', shown };
    const wrong = [
      await post(stage, path, form, { 'sec-fetch-site': 'cross-site' }),
      await post(stage, path, form, { 'content-type': 'text/plain' }),
      await post(stage, path, { decision: 'delete', shown }),
      await post(stage, path, { decision: 'roll_back' }),
      await post(stage, path, { ...form, name: 'x'.repeat(20_000) }),
      await stage.webhook.send({ method: 'PUT', path }),
    ];
    expect(wrong.map(({ status }) => status)).toEqual([403, 415, 400, 400, 413, 405]);
    expect(stage.puts()).toBe(0);
  });

  test('is refused where there is no page', async () => {
    const stage = await open({ sources: 'sources: { plain: { preset: generic, secrets: [SECRET] } }' });
    expect((await get(stage, `/confirm/${good}`)).status).toBe(404);
  });
});

describe('a release that has ended', () => {
  const [before, release] = ['22222222-3333-4444-8555-000000000001', '22222222-3333-4444-8555-000000000002'];

  const released = (plan: { description?: string } = {}): Partial<StageOptions> => ({
    history: (orders, now) => {
      const add = (minutesAgo: number, id: string, version: string, more = {}) =>
        orders.add({
          id,
          version,
          appId: app,
          readyMs: 0,
          batchMs: 10_000,
          createdAt: now - minutesAgo * 60_000,
          ...more,
        });
      add(300, '22222222-3333-4444-8555-000000000000', 'zero');
      add(180, before, 'one', plan);
      add(10, release, 'two');
    },
  });

  test('offers the version that ran before for certain, and hands the rollback over', async () => {
    const stage = await open(released());
    const path = await ask(stage, 'shop', { app });
    expect(stage.tasks().at(-1)).toMatchObject({
      rollback: 'asked',
      choice: { fromVersion: 'two', toVersion: 'one', candidates: ['one', 'zero'] },
    });
    expect((await decide(stage, path, 'roll_back', { version: 'one' })).status).toBe(303);
    expect(stage.tasks().find((task) => task.rollback === 'ended')).toMatchObject({
      changeOrderId: release,
      ended: { version: 'one', isChosen: true },
      decidedBy: { name: 'Fake Person' },
    });
  });

  test('is asked about where it is not certain which version ran before, and a person chooses', async () => {
    const stage = await open(released({ description: 'a hand-made deployment' }));
    const path = await ask(stage, 'shop', { app });
    const asked = stage.tasks().at(-1);
    expect(asked).toMatchObject({ choice: { fromVersion: 'two', candidates: ['one', 'zero'] } });
    expect(asked?.rollback === 'asked' && asked.choice?.toVersion).toBe(undefined);
    expect((await decide(stage, path, 'roll_back')).status).toBe(400);
    expect((await decide(stage, path, 'roll_back', { version: 'two' })).status).toBe(400);
    expect(decided(stage)).toEqual([]);
    expect((await decide(stage, path, 'roll_back', { version: 'zero' })).status).toBe(303);
    expect(stage.tasks().find((task) => task.rollback === 'ended')).toMatchObject({
      ended: { version: 'zero', isChosen: true },
    });
  });

  test('is not asked about while a change in flight is rolled back without a person', async () => {
    const stage = await open();
    const answer = await stage.webhook.post('shop', { app });
    expect([answer.status, answer.body['outcome']]).toEqual([202, 'rolling_back']);
  });
});

test('people are not asked where nothing would be sent', async () => {
  const stage = await open();
  expect((await stage.webhook.post('rehearsal', order)).body['outcome']).toBe('dry_run');
  const suspended = stage.another({ env: { ...peopleEnv, ROLLBACK_SUSPENDED: 'true' } });
  expect((await suspended.post('asking', order)).body['outcome']).toBe('suspended');
  const early = { ...order, since: '2020-01-01T00:00:00Z' };
  expect((await stage.webhook.post('ruled', early)).body['code']).toBe('problem_predates_change');
  expect(stage.tasks()).toEqual([]);
});

test.each(Object.keys(peopleEnv))('a source that asks people is closed without %s', async (variable) => {
  const stage = await open({ env: { [variable]: '' } });
  const answer = await stage.webhook.post('asking', order);
  expect([answer.status, answer.body['code']]).toEqual([503, 'source_not_configured']);
  expect(stage.webhook.lines.join('\n')).toContain(variable);
});

test('people are asked with a link whose secret is in KMS', async () => {
  const env = { CONFIRM_SECRET: 'kms:links' };
  const stage = await open({ env });
  stage.kms.secrets.put('links', 'fake-secret-of-links-in-kms');
  const path = await ask(stage);
  expect((await get(stage, path)).status).toBe(200);
  expect(path).toMatch(/^\/confirm\/[\w-]+\.[\w-]{43}$/);
  expect(decisionIdFor(changeOrderId)).toBe(`decide-${changeOrderId}`);
});

test('KMS is not asked for what cannot be a link', async () => {
  const stage = await open({ env: { CONFIRM_SECRET: 'kms:links' } });
  expect((await get(stage, '/confirm/x')).status).toBe(401);
  expect(stage.kms.calls).toEqual([]);
});
