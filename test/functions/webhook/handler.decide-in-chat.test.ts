import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { approvalIdFor, askIdFor, decisionIdFor, type RollbackTask } from '../../../functions/task.ts';
import * as edasFaults from '../../../local/stand-ins/edas/faults.ts';
import * as fcFaults from '../../../local/stand-ins/fc/faults.ts';
import type { RecordedCall } from '../../../local/stand-ins/fc/stand-in.ts';
import { hostileText } from '../../support/hostile-text.ts';
import { runs } from '../../support/runs.ts';
import type { Webhook } from '../../support/webhook.ts';
import { app, changeOrderId, form, order, setStage, type Stage, type StageOptions } from './stage.ts';

const minute = 60_000;
const otherApp = '3616cdca-4f92-4413-0000-000000000001';
const releaseBefore = 'dc5133d7-773f-4c81-9c5a-e2103dce0001';
const guests = "contains(['U1', 'U2', 'U3'], user_id)";

/** Every chat of it decides, for `pair` and `shop` leave it to them. */
const sources = `
sources:
  shop: { preset: generic, secrets: [SECRET], apps: [${app}], confirm: all, confirmBy: chat, confirmWithin: 1m }
  ruled: { preset: generic, secrets: [SECRET], apps: [${app}], confirm: all, confirmBy: chat, problemStartedAt: since }
  anywhere: { preset: generic, secrets: [SECRET], confirm: all, confirmBy: chat }
  rehearsal: { preset: generic, secrets: [SECRET], apps: [${app}], confirm: all, confirmBy: chat, dryRun: true }
  later: { preset: generic, secrets: [SECRET], apps: [${app}], confirm: all, confirmBy: chat, mode: deferred }
  over: { preset: generic, secrets: [SECRET], app: app, apps: [${app}], confirm: ended, confirmBy: chat, ended: { within: 30m } }
  paged: { preset: generic, secrets: [SECRET], apps: [${app}], confirm: all }
  slack: { preset: slack, secrets: [SECRET], allow: "${guests}" }
  stray: { preset: slack, secrets: [SECRET], allow: "${guests}", apps: [${otherApp}] }
  own: { preset: slack, secrets: [SECRET], allow: "${guests}", confirm: all, confirmBy: chat }
  rehearsing: { preset: slack, secrets: [SECRET], allow: "${guests}", dryRun: true }
  open: { preset: slack, secrets: [SECRET] }
  dingtalk: { preset: dingtalk, secrets: [SECRET], apps: [${app}], allow: senderNick != 'guest', confirm: all, confirmBy: chat }
  feishu: { preset: feishu, secrets: [SECRET], allow: event.sender.sender_id.open_id == 'ou_1' }
notify:
  - { kind: slack, url: SLACK_URL }
`;
const sourcesOfTwo = sources.replace(
  'sources:',
  `sources:
  pair: { preset: generic, secrets: [SECRET], apps: [${app}], confirm: { people: 2 }, confirmBy: chat, confirmWithin: 1m }`,
);

const env = { PUBLIC_URL: 'https://rollback.example.com', CONFIRM_SECRET: 'fake-secret-of-the-links' };

const open = (options: Partial<StageOptions> = {}): Promise<Stage> =>
  setStage({ sources, ...options, env: { ...env, ...options.env } }, onTestFinished);
const openForTwo = (options: Partial<StageOptions> = {}) => open({ sources: sourcesOfTwo, ...options });

async function ask({ webhook }: Stage, source = 'shop', payload: object = order): Promise<void> {
  const answer = await webhook.post(source, payload);
  expect(answer).toMatchObject({ status: 202, body: { outcome: 'asked', changeOrderId } });
}

interface Message {
  user?: string;
  name?: string;
  source?: string;
  id?: string;
}

/** What Slack shows of `/edas <verb> <id>`. */
async function type(
  webhook: Webhook,
  verb: string,
  { user = 'U1', name = `name-of-${user}`, source = 'slack', id = changeOrderId }: Message = {},
): Promise<string> {
  const text = `${verb} ${id}`;
  const fields = { command: '/edas', text, user_id: user, user_name: name };
  const ownUrl = 'https://hooks.slack.com/commands/T1/1/fake-key';
  const body = new URLSearchParams({ ...fields, response_url: ownUrl }).toString();
  const answer = await webhook.post(source, body, { headers: form });
  expect(answer.status).toBe(200);
  return String(answer.body['text']);
}

const inDingTalk = (content: string, nick: string, staff: string) => ({
  conversationType: '2',
  text: { content },
  senderNick: nick,
  senderStaffId: staff,
});

const of = <Kind extends RollbackTask['rollback']>({ tasks }: Stage, kind: Kind) =>
  tasks().filter((task): task is Extract<RollbackTask, { rollback: Kind }> => task.rollback === kind);
const lastDecision = ({ webhook }: Stage) => webhook.decisions().at(-1);
const person = (user: string) => ({ name: `name-of-${user}`, id: user, isProved: true, source: 'slack' });

describe('one person who did not ask', () => {
  test('has it rolled back once, as the source that asked would have done, and the tasks say who decided', async () => {
    const stage = await open();
    await ask(stage);
    const text = await type(stage.webhook, 'rollback');
    expect(text).toMatch(
      new RegExp(`^Rolling back: change order ${changeOrderId}, decided by name-of-U1\\. `),
    );
    expect(stage.puts()).toBe(1);
    const decided = { decision: 'roll_back', decidedBy: person('U1'), source: 'shop', app };
    expect(of(stage, 'decided')).toMatchObject([decided]);
    const answerAt = { chat: 'slack', url: 'https://hooks.slack.com/commands/T1/1/fake-key', language: 'en' };
    expect(of(stage, 'done')).toMatchObject([{ source: 'shop', decidedBy: person('U1'), answerAt, app }]);
    expect(lastDecision(stage)).toMatchObject({
      outcome: 'rolling_back',
      source: 'slack',
      actor: 'name-of-U1',
      decision: 'roll_back',
      decidedBy: 'name-of-U1',
      decidedByProved: true,
      changeOrderId,
      app,
    });
  });

  test('leaves it alone: nothing is sent, a task tells people, and they are not asked again', async () => {
    const stage = await open();
    await ask(stage);
    const text = await type(stage.webhook, 'leave');
    expect(text).toMatch(new RegExp(`^Left alone: change order ${changeOrderId}, decided by name-of-U1\\. `));
    expect(of(stage, 'decided')).toMatchObject([{ decision: 'leave', decidedBy: person('U1') }]);
    expect(lastDecision(stage)).toMatchObject({ outcome: 'left_alone', decision: 'leave' });
    const again = await stage.webhook.post('shop', order);
    expect(again).toMatchObject({ status: 200, body: { outcome: 'left_alone' } });
    expect(await type(stage.webhook, 'leave', { user: 'U2' })).toContain('A person decided so before.');
    expect(of(stage, 'decided')).toHaveLength(1);
    expect(stage.puts()).toBe(0);
  });

  test('may have it rolled back after another one left it alone, and not the other way round', async () => {
    const stage = await open();
    await ask(stage);
    await type(stage.webhook, 'leave');
    expect(await type(stage.webhook, 'rollback', { user: 'U2' })).toMatch(/^Rolling back: /);
    expect(of(stage, 'decided').map(({ decision }) => decision)).toEqual(['leave', 'roll_back']);
    expect(await type(stage.webhook, 'leave', { user: 'U3' })).toMatch(
      /A person decided before to roll this change order back, and that stands\. .*\(decision_not_open\)$/,
    );
    expect(stage.puts()).toBe(1);
  });

  test('who repeats the command, and another one who types it, find it done', async () => {
    const stage = await open();
    await ask(stage);
    await type(stage.webhook, 'rollback');
    expect(await type(stage.webhook, 'rollback')).toMatch(/^Terminated already: /);
    expect(await type(stage.webhook, 'rollback', { user: 'U2' })).toMatch(/^Terminated already: /);
    expect(of(stage, 'decided')).toHaveLength(1);
    expect(stage.puts()).toBe(1);
  });

  test('of two at the same moment, on two instances, both decide, and it is rolled back once', async () => {
    const stage = await open();
    await ask(stage);
    const texts = await Promise.all([
      type(stage.webhook, 'rollback'),
      type(stage.another(), 'rollback', { user: 'U2' }),
    ]);
    expect(stage.puts()).toBe(1);
    expect(of(stage, 'decided')).toHaveLength(1);
    expect(texts.filter((text) => text.startsWith('Rolling back: '))).toHaveLength(1);
  });

  test('of two who say the opposite at the same moment, one decides, and what each reads is true', async () => {
    const stage = await open();
    await ask(stage);
    const [rollback, leave] = await Promise.all([
      type(stage.webhook, 'rollback'),
      type(stage.another(), 'leave', { user: 'U2' }),
    ]);
    const [decided] = of(stage, 'decided');
    const wasLeft = decided?.decision === 'leave';
    expect(leave).toMatch(wasLeft ? /^Left alone: / : /\(decision_not_open\)$/);
    const hasBegun = rollback.startsWith('Rolling back: ');
    expect(rollback).toMatch(/^(Rolling back|Left alone): /);
    expect(stage.puts()).toBe(hasBegun ? 1 : 0);
  });

  test('is answered in Chinese where the command is Chinese, and the answer goes by the nick', async () => {
    const stage = await open();
    await ask(stage);
    const answer = await stage.webhook.post('dingtalk', inDingTalk(`保留 ${changeOrderId}`, '小王', 'w1'));
    expect(answer.text).toContain(`不回滚：变更单 ${changeOrderId}，由 小王 决定。`);
    expect(of(stage, 'decided')).toMatchObject([{ decidedBy: { name: '小王', id: 'w1' } }]);
  });

  test('decides in Feishu too, where the id is the name', async () => {
    const stage = await open();
    await ask(stage);
    const sender = { sender_id: { open_id: 'ou_1' } };
    const content = JSON.stringify({ text: `@_user_1 leave ${changeOrderId}` });
    await stage.webhook.post('feishu', { event: { sender, message: { chat_type: 'group', content } } });
    expect(of(stage, 'decided')).toMatchObject([{ decidedBy: { name: 'ou_1', id: 'ou_1' } }]);
  });

  test('may type the verb behind the slash command that is the other verb', async () => {
    const stage = await open();
    await ask(stage);
    const fields = { command: '/rollback', text: `leave ${changeOrderId}`, user_id: 'U1' };
    const body = new URLSearchParams(fields).toString();
    const answer = await stage.webhook.post('slack', body, { headers: form });
    expect(answer.body['text']).toMatch(/^Left alone: /);
    expect(stage.puts()).toBe(0);
  });

  test('hands it to a task where the source that asked does so', async () => {
    const stage = await open();
    await ask(stage, 'later');
    expect(await type(stage.webhook, 'rollback')).toMatch(/^Handed to a task: .*decided by name-of-U1\./);
    expect(of(stage, 'due')).toMatchObject([{ source: 'later', decidedBy: person('U1') }]);
    expect(stage.puts()).toBe(0);
  });

  test('has the brake where EDAS can take a rollback and show nothing, even with a rule about the beginning', async () => {
    let isDown = false;
    const edasFault: StageOptions['edasFault'] = ({ method }) =>
      isDown && method === 'GET' ? edasFaults.serviceUnavailable() : undefined;
    const stage = await open({ edasFault });
    const since = new Date(stage.clock.now() - 1_000).toISOString();
    await ask(stage, 'ruled', { ...order, since });
    isDown = true;
    expect(await type(stage.webhook, 'rollback')).toMatch(/^Rolling back: /);
    expect(stage.puts()).toBe(1);
  });
});

describe('nothing is written down, and nothing sent, where', () => {
  const expectNothing = (stage: Stage) => {
    expect([of(stage, 'decided').length, of(stage, 'approved').length, stage.puts()]).toEqual([0, 0, 0]);
    expect(stage.releaseCalls()).toBe(0);
  };

  test('rollbacks are suspended by now', async () => {
    const stage = await open();
    await ask(stage);
    const suspended = stage.another({ env: { ...env, ROLLBACK_SUSPENDED: 'true' } });
    expect(await type(suspended, 'rollback')).toMatch(/^Rollbacks are suspended: /);
    expectNothing(stage);
  });

  test('the chat only rehearses', async () => {
    const stage = await open();
    await ask(stage);
    expect(await type(stage.webhook, 'rollback', { source: 'rehearsing' })).toMatch(/^Dry run: /);
    expectNothing(stage);
  });

  test('the change is terminated by now', async () => {
    const stage = await open();
    await ask(stage);
    stage.edas.orders.abort(changeOrderId);
    expect(await type(stage.webhook, 'rollback')).toMatch(/^Terminated already: /);
    expectNothing(stage);
  });

  test.each(['rollback', 'leave'])('the one who asked types %s in the chat', async (verb) => {
    const stage = await open();
    const asked = await type(stage.webhook, 'rollback', { source: 'own' });
    expect(asked).toMatch(/^Asked: /);
    const renamed = { source: 'own', user: 'U1', name: 'another-name' };
    expect(await type(stage.webhook, verb, renamed)).toMatch(
      /You asked for this rollback, so another person decides, until .*\(sender_not_allowed\)$/,
    );
    expectNothing(stage);
    expect(await type(stage.webhook, 'rollback', { source: 'own', user: 'U2' })).toMatch(/^Rolling back: /);
  });

  test.each(['alice', 'ALICE', '@alice', ' @Alice '])(
    'the one who asked in another chat comes here as %j',
    async (name) => {
      const stage = await open();
      await stage.webhook.post('dingtalk', inDingTalk(`rollback ${changeOrderId}`, '@Alice', 'w1'));
      expect(of(stage, 'asked')).toMatchObject([{ actor: '@Alice', actorId: 'w1' }]);
      expect(await type(stage.webhook, 'rollback', { name })).toMatch(/\(sender_not_allowed\)$/);
      expectNothing(stage);
    },
  );

  test('the message does not say who wrote it', async () => {
    const stage = await open();
    await ask(stage);
    const fields = { text: `leave ${changeOrderId}`, user: 'U1', user_name: 'alice' };
    const anonymous = sources.replace(guests, '`true`');
    const webhook = stage.another({ sources: anonymous });
    const body = new URLSearchParams(fields).toString();
    const answer = await webhook.post('slack', body, { headers: form });
    expect(answer.body['text']).toMatch(/does not say who wrote it, .*\(sender_not_allowed\)$/);
    expectNothing(stage);
  });

  test('`allow` does not name the person', async () => {
    const stage = await open();
    await ask(stage);
    expect(await type(stage.webhook, 'leave', { user: 'U9' })).toMatch(/\(sender_not_allowed\)$/);
    expectNothing(stage);
  });

  test.each(['shop', 'anywhere'])('the chat may not touch the application, and %s asked', async (source) => {
    const stage = await open();
    await ask(stage, source);
    for (const verb of ['rollback', 'leave']) {
      expect(await type(stage.webhook, verb, { source: 'stray' })).toMatch(/\(app_not_allowed\)$/);
    }
    expectNothing(stage);
  });

  test('the source that asked is not in the configuration', async () => {
    const stage = await open();
    await ask(stage, 'anywhere');
    const webhook = stage.another({ sources: sources.replace('anywhere:', 'nowhere:') });
    expect(await type(webhook, 'rollback')).toMatch(/\(source_unknown\)$/);
    expectNothing(stage);
  });

  test('people decide on the page: leave is told so', async () => {
    const stage = await open();
    await ask(stage, 'paged');
    expect(await type(stage.webhook, 'leave')).toMatch(
      /on the page, not in a chat: .*\(decision_not_open\)$/,
    );
    expectNothing(stage);
  });

  test('no one is asked: leave is told so', async () => {
    const stage = await open();
    expect(await type(stage.webhook, 'leave')).toMatch(/\(decision_not_open\)$/);
    expectNothing(stage);
  });

  test('the time is over: leave is told so, and the next question is open again', async () => {
    const stage = await open();
    await ask(stage);
    await stage.clock.sleep(2 * minute);
    expect(await type(stage.webhook, 'leave')).toMatch(/the time to decide is over.*\(decision_not_open\)$/);
    expectNothing(stage);
    await ask(stage);
    expect(of(stage, 'asked').map(({ ask: number }) => number)).toEqual([1, 2]);
    expect(await type(stage.webhook, 'leave')).toMatch(/^Left alone: /);
  });

  test('the chat decides nothing: leave is no command there, and is answered with what to type', async () => {
    const stage = await open();
    await ask(stage);
    expect(await type(stage.webhook, 'leave', { source: 'open' })).toMatch(
      /^This is no command: .* Type: \/edas rollback &lt;change order id&gt;$/,
    );
    expectNothing(stage);
  });
});

describe('a rollback is the chat’s own, as always, where', () => {
  test('no one is asked', async () => {
    const stage = await open();
    expect(await type(stage.webhook, 'rollback')).toMatch(/^Rolling back: .*, asked for by name-of-U1\. /);
    expect(of(stage, 'done')).toMatchObject([{ source: 'slack', decidedBy: undefined }]);
    expect(lastDecision(stage)).not.toHaveProperty('decidedBy');
  });

  test('the time to decide is over', async () => {
    const stage = await open();
    await ask(stage);
    await stage.clock.sleep(2 * minute);
    expect(await type(stage.webhook, 'rollback')).toMatch(/^Rolling back: .*, asked for by name-of-U1\. /);
  });

  test('people decide on the page', async () => {
    const stage = await open();
    await ask(stage, 'paged');
    expect(await type(stage.webhook, 'rollback')).toMatch(/^Rolling back: .*, asked for by name-of-U1\. /);
  });

  test('Function Compute cannot be asked, and no source wants two people', async () => {
    const stage = await open({ fcFault: () => fcFaults.denied() });
    expect(await type(stage.webhook, 'rollback')).toMatch(/^Rolling back: /);
    expect(await type(stage.webhook, 'leave')).toMatch(/\(task_not_taken\)$/);
    expect(stage.puts()).toBe(1);
  });
});

test('a question whose task died is open as long as its time lasts: people may have read it', async () => {
  const stage = await openForTwo();
  await ask(stage, 'pair');
  stage.fc.setState(askIdFor(changeOrderId), 'Failed');
  expect(await type(stage.webhook, 'rollback')).toMatch(/^Approved, one more person is needed: /);
  expect(stage.puts()).toBe(0);
});

describe('where two people are wanted', () => {
  test('the first one approves, the same one again changes nothing, and the second one has it rolled back', async () => {
    const stage = await openForTwo();
    await ask(stage, 'pair');
    const first = await type(stage.webhook, 'rollback');
    expect(first).toMatch(
      /^Approved, one more person is needed: .*, decided by name-of-U1\. Nothing was sent\./,
    );
    expect(of(stage, 'approved')).toMatchObject([{ ask: 1, decidedBy: person('U1') }]);
    const renamed = { name: 'another-name' };
    expect(await type(stage.webhook, 'rollback', renamed)).toMatch(/^Approved, one more person is needed: /);
    expect(lastDecision(stage)).toMatchObject({ outcome: 'approved', duplicate: true });
    expect([of(stage, 'approved').length, of(stage, 'decided').length, stage.puts()]).toEqual([1, 0, 0]);
    expect(await type(stage.webhook, 'rollback', { user: 'U2' })).toMatch(/^Rolling back: /);
    expect(of(stage, 'decided')).toMatchObject([{ decidedBy: person('U2'), decision: 'roll_back' }]);
    expect(stage.puts()).toBe(1);
  });

  test('an answer to the first one says until when', async () => {
    const stage = await openForTwo();
    await ask(stage, 'pair');
    await type(stage.webhook, 'rollback');
    const [asked] = of(stage, 'asked');
    const expiresAt = new Date(asked?.expiresAt ?? 0).toISOString();
    expect(lastDecision(stage)).toMatchObject({ outcome: 'approved', expiresAt });
  });

  test('one of them is enough to leave it alone', async () => {
    const stage = await openForTwo();
    await ask(stage, 'pair');
    await type(stage.webhook, 'rollback');
    expect(await type(stage.webhook, 'leave', { user: 'U2' })).toMatch(/^Left alone: /);
    expect(stage.puts()).toBe(0);
  });

  test('two chats cannot show that they are two', async () => {
    const stage = await openForTwo();
    await ask(stage, 'pair');
    await type(stage.webhook, 'rollback');
    const answer = await stage.webhook.post('dingtalk', inDingTalk(`rollback ${changeOrderId}`, 'Bob', 'w2'));
    expect(answer.text).toContain('The first person said so in the chat of the source slack');
    expect(answer.text).toContain('sender_not_allowed');
    expect(stage.puts()).toBe(0);
  });

  test('what was approved for a question that is over does not count for the next one', async () => {
    const stage = await openForTwo();
    await ask(stage, 'pair');
    await type(stage.webhook, 'rollback');
    await stage.clock.sleep(2 * minute);
    await ask(stage, 'pair');
    expect(await type(stage.webhook, 'rollback', { user: 'U2' })).toMatch(/^Approved, one more/);
    expect(stage.puts()).toBe(0);
    expect(await type(stage.webhook, 'rollback', { user: 'U3' })).toMatch(/^Rolling back: /);
  });

  test('what was decided for a question that is over does not count for the next one', async () => {
    const edasFault: StageOptions['edasFault'] = ({ method }) =>
      method === 'PUT' ? edasFaults.deniedByRam() : undefined;
    const stage = await openForTwo({ edasFault });
    await ask(stage, 'pair');
    await type(stage.webhook, 'rollback');
    expect(await type(stage.webhook, 'rollback', { user: 'U2' })).toMatch(/\(edas_denied\)$/);
    expect(await type(stage.webhook, 'rollback', { user: 'U3' })).toMatch(/\(edas_denied\)$/);
    await stage.clock.sleep(2 * minute);
    await ask(stage, 'pair');
    const before = stage.puts();
    expect(await type(stage.webhook, 'rollback')).toMatch(/^Approved, one more/);
    expect(stage.puts()).toBe(before);
  });

  test('of three at the same moment, one approves, and it is rolled back once', async () => {
    const stage = await openForTwo();
    await ask(stage, 'pair');
    const texts = await Promise.all(
      ['U1', 'U2', 'U3'].map((user) => type(stage.another(), 'rollback', { user })),
    );
    expect(texts.filter((text) => text.startsWith('Approved'))).toHaveLength(1);
    expect(texts.filter((text) => text.startsWith('Rolling back'))).toHaveLength(1);
    expect([of(stage, 'approved').length, of(stage, 'decided').length, stage.puts()]).toEqual([1, 1, 1]);
  });

  test('one person at the same moment twice is one person', async () => {
    const stage = await openForTwo();
    await ask(stage, 'pair');
    await Promise.all([type(stage.another(), 'rollback'), type(stage.another(), 'rollback')]);
    expect([of(stage, 'approved').length, of(stage, 'decided').length, stage.puts()]).toEqual([1, 0, 0]);
  });

  test('no chat rolls back as long as Function Compute cannot be asked whether people decide', async () => {
    const stage = await openForTwo({ fcFault: () => fcFaults.denied() });
    expect(await type(stage.webhook, 'rollback')).toMatch(/cannot be asked .*\(task_not_taken\)$/);
    expect(stage.puts()).toBe(0);
  });
});

describe('a release that has ended', () => {
  const ended: NonNullable<StageOptions['history']> = (orders, now) => {
    const plan = { appId: app, readyMs: 0, batchMs: 10_000 };
    orders.add({ ...plan, id: releaseBefore, version: '2.3.0', createdAt: now - 1_440 * minute });
    orders.add({ ...plan, id: changeOrderId, version: '2.4.0', createdAt: now - 10 * minute });
  };

  test('goes back to the version that people read, by one task that knows it', async () => {
    const stage = await open({ history: ended });
    await ask(stage, 'over', { app });
    expect(of(stage, 'asked')).toMatchObject([{ choice: { fromVersion: '2.4.0', toVersion: '2.3.0' } }]);
    expect(await type(stage.webhook, 'rollback')).toMatch(
      /^Handed to a task: .* from 2\.4\.0 to 2\.3\.0, once/,
    );
    await type(stage.webhook, 'rollback', { user: 'U2' });
    const due = { source: 'over', decidedBy: person('U1'), ended: { version: '2.3.0', isChosen: true } };
    expect(of(stage, 'ended')).toMatchObject([due]);
    expect(stage.puts()).toBe(0);
  });

  test('is not rolled back by a command where the version is not sure, and nothing is decided', async () => {
    const history: StageOptions['history'] = (orders, now) => {
      const plan = { appId: app, readyMs: 0, batchMs: 10_000 };
      const failed = { id: releaseBefore, version: '2.3.0', outcome: 3 } as const;
      orders.add({ ...plan, ...failed, createdAt: now - 1_440 * minute });
      orders.add({ ...plan, id: changeOrderId, version: '2.4.0', createdAt: now - 10 * minute });
    };
    const stage = await open({ history });
    await ask(stage, 'over', { app });
    expect(await type(stage.webhook, 'rollback')).toMatch(
      /not certain which version ran before: .*2\.3\.0.*\(previous_version_uncertain\)$/,
    );
    expect(of(stage, 'decided')).toEqual([]);
    expect(await type(stage.webhook, 'leave')).toMatch(/^Left alone: /);
  });
});

describe('a fault of Function Compute at any call', () => {
  const faults = {
    'is refused': () => fcFaults.denied(),
    'loses the answer': () => fcFaults.internalError({ takesEffect: true }),
    'is not answered': () => fcFaults.closed(),
  };
  const calls = Array.from({ length: 7 }, (_, call) => call);
  const cases = Object.entries(faults).flatMap(([what, fault]) =>
    calls.map((call) => ({ what, fault, call })),
  );

  /** A stage on which one call of Function Compute meets the fault, counted from `arm` until `disarm`. */
  async function faultyStage(
    sourcesOfStage: string,
    { call: faulty, fault }: { call: number; fault: () => fcFaults.Fault },
  ): Promise<{ stage: Stage; arm: () => void; disarm: () => void }> {
    let left: number | undefined;
    const fcFault = () => {
      if (left === undefined) return undefined;
      left -= 1;
      return left === -1 ? fault() : undefined;
    };
    const stage = await open({ sources: sourcesOfStage, fcFault });
    return { stage, arm: () => void (left = faulty), disarm: () => void (left = undefined) };
  }

  test.each(cases)('never holds one person up, nor rolls back twice: call $call $what', async (each) => {
    const { stage, arm } = await faultyStage(sources, each);
    await ask(stage);
    arm();
    const text = await type(stage.webhook, 'rollback');
    expect(text).toMatch(/^Rolling back: /);
    await type(stage.webhook, 'rollback', { user: 'U2' });
    expect(stage.puts()).toBe(1);
  });

  test.each(cases)('never lets one person do for two: call $call $what', async (each) => {
    const { stage, arm } = await faultyStage(sourcesOfTwo, each);
    await ask(stage, 'pair');
    arm();
    const texts = [await type(stage.webhook, 'rollback'), await type(stage.webhook, 'rollback')];
    for (const text of texts) expect(text).toMatch(/^Approved|\(task_not_taken\)$/);
    expect([of(stage, 'decided').length, stage.puts()]).toEqual([0, 0]);
    expect(await type(stage.webhook, 'rollback', { user: 'U2' })).toMatch(
      /^Rolling back|\(task_not_taken\)$/,
    );
    await type(stage.webhook, 'rollback', { user: 'U2' });
    expect(stage.puts()).toBe(1);
  });

  test.each(cases)('never has a change left alone that is not: call $call $what', async (each) => {
    const { stage, arm, disarm } = await faultyStage(sources, each);
    await ask(stage);
    arm();
    const text = await type(stage.webhook, 'leave');
    expect(text).toMatch(/^Left alone|\(task_not_taken\)$/);
    const isWritten = of(stage, 'decided').some(({ decision }) => decision === 'leave');
    if (text.startsWith('Left alone')) expect(isWritten).toBe(true);
    disarm();
    expect(await type(stage.webhook, 'leave', { user: 'U2' })).toMatch(/^Left alone/);
    expect(stage.puts()).toBe(0);
  });
});

test('a decision that stands and cannot be read is not told as left alone', async () => {
  let isUnreadable = false;
  const hidden = [decisionIdFor(changeOrderId), decisionIdFor(changeOrderId, 2)];
  const fcFault = ({ operation, taskId = '' }: RecordedCall) =>
    isUnreadable && operation === 'GetAsyncTask' && hidden.includes(taskId) ? fcFaults.denied() : undefined;
  const stage = await open({ fcFault });
  await ask(stage);
  await type(stage.webhook, 'rollback');
  isUnreadable = true;
  expect(await type(stage.webhook, 'leave', { user: 'U2' })).toMatch(/\(task_not_taken\)$/);
});

test('a first person who is not known any more makes no second one', async () => {
  let isUnreadable = false;
  const fcFault = ({ operation, taskId }: RecordedCall) =>
    isUnreadable && operation === 'GetAsyncTask' && taskId === approvalIdFor(changeOrderId)
      ? fcFaults.notFound()
      : undefined;
  const stage = await openForTwo({ fcFault });
  await ask(stage, 'pair');
  await type(stage.webhook, 'rollback');
  isUnreadable = true;
  expect(await type(stage.webhook, 'rollback', { user: 'U2' })).toMatch(/\(task_not_taken\)$/);
  expect(stage.puts()).toBe(0);
});

describe('leave never sends a rollback', () => {
  const verbs = ['leave', 'Leave', 'LEAVE', '保留', '忽略', '/leave', 'rollback leave', '/rollback leave'];
  const message = fc
    .tuple(fc.constantFrom('', '@bot ', '<@U0123> '), fc.constantFrom(...verbs), hostileText)
    .map(([before, verb, behind]) => ({ verb: `${before}${verb}`, behind }));

  test.each(['slack', 'open'])('whatever stands around it, in the source %s', async (source) => {
    const stage = await open();
    for (const isAsked of [false, true]) {
      if (isAsked) await ask(stage);
      const property = fc.asyncProperty(message, async ({ verb, behind }) => {
        await type(stage.webhook, verb, { source, id: `${changeOrderId}${behind}` });
        expect(stage.puts()).toBe(0);
      });
      await fc.assert(property, {
        numRuns: runs(30),
        examples: verbs.map((verb) => [{ verb, behind: '' }]),
      });
    }
    expect(of(stage, 'done')).toEqual([]);
  });
});
