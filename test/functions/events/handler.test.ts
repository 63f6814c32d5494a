import { describe, expect, onTestFinished, test } from 'vitest';
import { createEventHandler } from '../../../functions/events/handler.ts';
import * as edasFaults from '../../../local/stand-ins/edas/faults.ts';
import * as fcFaults from '../../../local/stand-ins/fc/faults.ts';
import { fakeAccountId, fakeContext, fakeCredentials, followFunction } from '../../support/webhook.ts';
import { linkIn } from '../webhook/confirm/people.ts';
import { peopleEnv, peopleNotify } from '../webhook/people-cases.ts';
import {
  app,
  changeOrderId,
  otherApp,
  setEventStage,
  slo,
  sloWith,
  toldBy,
  type EventStage,
} from './stage.ts';

/** Delivers one alert, and gives what came of it and its line in the log, of which there is one. */
async function decide(
  { events, alert }: EventStage,
  changes: Record<string, unknown> = {},
): Promise<{ told: string; line: Record<string, unknown> }> {
  const before = events.decisions().length;
  const told = toldBy(await events.deliver(alert(changes)));
  const lines = events.decisions().slice(before);
  expect(lines).toHaveLength(1);
  return { told, line: lines[0] ?? {} };
}

test('an alert of Simple Log Service rolls the deployment in flight back, once, however often it is delivered', async () => {
  const { events, alert, puts, anotherInstance } = await setEventStage();
  const event = alert();
  const first = await events.deliver(event);
  expect(first).toMatchObject({ result: { outcome: 'rolling_back', changeOrderId, claimed: true } });
  for (const instance of [events, anotherInstance()]) {
    expect(await instance.deliver(event)).toHaveProperty('result');
  }
  expect(puts()).toBe(1);
  expect(events.decisions()[0]).toMatchObject({
    level: 'info',
    requestId: 'fake-request-id',
    source: 'slo',
    delivery: 'fake-event-id',
    eventSource: 'acs.sls.alert',
    eventType: 'sls:AlertEvent:Firing',
    outcome: 'rolling_back',
    app,
    changeOrderId,
  });
});

describe('what is decided is told in one line, and does not come again:', () => {
  test('a rollback that a task does', async () => {
    const stage = await setEventStage(sloWith('mode: deferred'));
    expect(await decide(stage)).toMatchObject({
      told: 'deferred',
      line: { source: 'slo', outcome: 'deferred', changeOrderId },
    });
    expect(stage.puts()).toBe(0);
    expect(stage.tasks()).toMatchObject([{ rollback: 'due', source: 'slo', delivery: 'fake-event-id' }]);
    const repeat = await decide(stage);
    expect(repeat).toMatchObject({ told: 'deferred', line: { duplicate: true } });
    expect(repeat.line['message']).toMatch(/ This delivery did nothing\.$/);
  });

  test('a change order that is terminated already', async () => {
    const byOrder = slo.replace('app: data.labels.edas_app_id', 'changeOrderId: data.order');
    const stage = await setEventStage(byOrder);
    stage.edas.orders.rollback(changeOrderId);
    expect(await decide(stage, { data: { order: changeOrderId } })).toMatchObject({
      told: 'already_terminated',
      line: { app, changeOrderId },
    });
    expect(stage.puts()).toBe(0);
  });

  test('an event that is no reason to act', async () => {
    const stage = await setEventStage();
    const { told, line } = await decide(stage, { type: 'sls:AlertEvent:Resolved' });
    expect(told).toBe('ignored');
    expect(line['message']).toContain('gave false, not true');
    expect(stage.edas.calls).toEqual([]);
  });

  test('a rollback of a dry run, or while rollbacks are suspended', async () => {
    const dry = await setEventStage(sloWith('dryRun: true'));
    expect((await decide(dry)).told).toBe('dry_run');
    const suspended = await setEventStage(slo, {}, { env: { ROLLBACK_SUSPENDED: 'true' } });
    expect((await decide(suspended)).told).toBe('suspended');
    expect([dry.puts(), suspended.puts()]).toEqual([0, 0]);
    expect([dry.fc.tasks.length, suspended.fc.tasks.length]).toEqual([0, 0]);
  });

  test('a question to people, with a link to the page', async () => {
    const stage = await setEventStage(sloWith('confirm: all') + peopleNotify, {}, { env: peopleEnv });
    const { told, line } = await decide(stage);
    expect(told).toBe('asked');
    expect(linkIn(stage)).toMatch(/^\/confirm\//);
    // Everyone who has the link can decide.
    expect(JSON.stringify(line)).not.toContain('/confirm/');
    const repeat = await decide(stage);
    expect(repeat).toMatchObject({ told: 'asked', line: { duplicate: true } });
    expect(repeat.line['message']).toMatch(/ This delivery did nothing\.$/);
    expect(stage.tasks()).toMatchObject([{ rollback: 'asked', source: 'slo', app, by: 'page' }]);
    expect(stage.puts()).toBe(0);
  });

  test.each([{}, { PUBLIC_URL: 'http://[', CONFIRM_SECRET: 'x' }])(
    'that people cannot be asked, with the variable that is wrong: %j',
    async (env) => {
      const stage = await setEventStage(sloWith('confirm: all') + peopleNotify, {}, { env });
      const { told, line } = await decide(stage);
      expect(told).toBe('source_not_configured');
      expect(line).toMatchObject({ level: 'error', deliverAgain: false });
      expect(line['detail']).toContain('People cannot be asked: PUBLIC_URL is missing or cannot be used.');
      expect(stage.events.lines.join()).toContain('"msg":"a source is closed"');
      expect(stage.fc.calls).toEqual([]);
    },
  );

  test.each([
    ['event_malformed', { time: 'now' }],
    ['event_malformed', { specversion: '0.3' }],
    ['event_account_mismatch', { aliyunaccountid: '6543210987654321' }],
    ['event_unexpected', { source: 'acs.oss' }],
    ['event_out_of_window', { time: '2020-01-01T00:00:00Z' }],
    ['app_missing', { data: {} }],
    ['app_not_allowed', { data: { labels: { edas_app_id: otherApp } } }],
    ['app_ambiguous', { data: { labels: { edas_app_id: `${app} ${otherApp}` } } }],
  ])('%s', async (code, changes) => {
    const stage = await setEventStage();
    const { told, line } = await decide(stage, changes);
    expect(told).toBe(code);
    expect(line).toMatchObject({ level: 'warn', code, deliverAgain: false });
    expect(line['detail']).not.toMatch(/webhook/i);
    expect(stage.edas.calls).toEqual([]);
    expect(stage.fc.calls).toEqual([]);
  });

  test('an alert that is older than the change', async () => {
    const stage = await setEventStage(slo, {
      history: (orders, now) => {
        orders.add({ id: changeOrderId, appId: app, createdAt: now - 1_000, readyMs: 0, batchMs: 600_000 });
      },
    });
    const time = new Date(stage.clock.now() - 60_000).toISOString();
    expect(await decide(stage, { time })).toMatchObject({
      told: 'problem_predates_change',
      line: { deliverAgain: false },
    });
  });
});

test('a repeat of an event does not roll back the fix that came after its rollback', async () => {
  const { events, anotherInstance, alert, puts, edas, clock } = await setEventStage();
  const event = alert();
  expect(toldBy(await events.deliver(event))).toBe('rolling_back');
  const fix = edas.orders.add({
    appId: app,
    createdAt: clock.now() + 1_000,
    readyMs: 0,
    batchMs: 600_000,
  });
  await clock.sleep(5_000);
  expect(toldBy(await anotherInstance().deliver(event))).toBe('problem_predates_change');
  expect([puts(), edas.orders.rollbacksOf(fix)]).toEqual([1, 0]);
});

test('nor does one of a source that says nothing of when the problem began, and names the application', async () => {
  const silent = `
events:
  edas:
    preset: edas-event
    when: data.isBad
    app: data.appId
    apps: [${app}]
`;
  const { events, anotherInstance, alert, puts, edas, clock } = await setEventStage(silent);
  const event = alert({
    source: 'acs.edas',
    type: 'edas:ApplicationChange:ChangeOrder',
    data: { isBad: true, appId: app, event: { reason: 'APPLICATION_CODEPLOY_FAILED' } },
  });
  expect(toldBy(await events.deliver(event))).toBe('rolling_back');
  edas.orders.add({ appId: app, createdAt: clock.now() + 1_000, readyMs: 0, batchMs: 600_000 });
  await clock.sleep(5_000);
  expect(toldBy(await anotherInstance().deliver(event))).toBe('problem_predates_change');
  expect(puts()).toBe(1);
});

describe('of a release that has ended', () => {
  const ended = sloWith('ended: { within: 30m }');
  const past = (orders: EventStage['edas']['orders'], now: number) => {
    for (const [at, version] of [
      [now - 3_600_000, '1.0'],
      [now - 120_000, '1.1'],
    ] as const) {
      orders.add({ appId: app, createdAt: at, readyMs: 0, batchMs: 1_000, version });
    }
  };

  test('the rollback is handed over to a task once', async () => {
    const stage = await setEventStage(ended, { history: past });
    expect((await decide(stage)).told).toBe('deferred');
    expect(stage.tasks()).toMatchObject([{ rollback: 'ended', source: 'slo', app }]);
    expect(await decide(stage)).toMatchObject({ told: 'deferred', line: { duplicate: true } });
    expect(stage.fc.tasks).toHaveLength(1);
    expect(stage.releaseCalls()).toBe(0);
  });

  test('a repeat does not go on to the release before the one that was stopped in flight', async () => {
    const stage = await setEventStage(ended, {
      history: (orders, now) => {
        past(orders, now - 60_000);
        orders.add({ id: changeOrderId, appId: app, createdAt: now - 60_000, readyMs: 0, batchMs: 600_000 });
      },
    });
    const event = stage.alert();
    expect(toldBy(await stage.events.deliver(event))).toBe('rolling_back');
    expect(toldBy(await stage.anotherInstance().deliver(event))).toBe('app_has_no_change_in_flight');
    expect([stage.puts(), stage.releaseCalls()]).toEqual([1, 0]);
    expect(stage.tasks().map(({ rollback }) => rollback)).not.toContain('ended');
  });

  test('it comes again where it is not known whether a task was taken, and is then rolled back once', async () => {
    let isLost = true;
    const stage = await setEventStage(ended, {
      history: past,
      fcFault: ({ operation }) =>
        isLost && operation === 'InvokeFunction' ? fcFaults.htmlPage({ status: 502 }) : undefined,
    });
    const { told, line } = await decide(stage);
    expect(told).toBe('edas_outcome_unknown!');
    expect(line).toMatchObject({ deliverAgain: true });
    isLost = false;
    expect((await decide(stage)).told).toBe('deferred');
    expect(stage.fc.tasks).toHaveLength(1);
  });

  test('it comes again where no task was taken', async () => {
    let isDown = true;
    const stage = await setEventStage(ended, {
      history: past,
      fcFault: () => (isDown ? fcFaults.denied() : undefined),
    });
    expect((await decide(stage)).told).toBe('task_not_taken!');
    isDown = false;
    expect((await decide(stage)).told).toBe('deferred');
  });
});

describe('the handler throws, so that the event comes again,', () => {
  test('where EDAS was down before anything was sent; then it rolls back', async () => {
    let isDown = true;
    const stage = await setEventStage(slo, {
      edasFault: () => (isDown ? edasFaults.serviceUnavailable() : undefined),
    });
    const { told, line } = await decide(stage);
    expect(told).toBe('edas_unavailable!');
    expect(line).toMatchObject({ level: 'error', code: 'edas_unavailable', deliverAgain: true, app });
    expect(line['detail']).toMatch(/ The function fails on purpose, so that the event is delivered again\.$/);
    expect(line['detail']).not.toMatch(/webhook/i);
    isDown = false;
    expect((await decide(stage)).told).toBe('rolling_back');
    expect(stage.puts()).toBe(1);
  });

  test('where people could not be asked; then they are, once', async () => {
    let isDown = true;
    const options = { fcFault: () => (isDown ? fcFaults.denied() : undefined) };
    const stage = await setEventStage(sloWith('confirm: all') + peopleNotify, options, { env: peopleEnv });
    const { told, line } = await decide(stage);
    expect(told).toBe('task_not_taken!');
    expect(line['detail']).toContain('Ask for the rollback again: people are asked once.');
    isDown = false;
    expect((await decide(stage)).told).toBe('asked');
    expect((await decide(stage)).told).toBe('asked');
    expect(stage.fc.tasks).toHaveLength(1);
  });

  test('where it failed of itself before anything was sent; and not where a rollback may have been sent', async () => {
    const stage = await setEventStage(sloWith('follow: false'));
    const { now, sleep } = stage.clock;
    /** An instance that fails once, for a reason that no caller causes. */
    const failingOnce = (isNow: () => boolean) => {
      let failures = 0;
      const failing = () => {
        if (failures === 0 && isNow()) {
          failures += 1;
          throw new Error('fake-inner-reason');
        }
        return now();
      };
      return stage.anotherInstance({ clock: { now: failing, sleep }, now });
    };
    let calls = 0;
    const before = failingOnce(() => ++calls > 1);
    expect(toldBy(await before.deliver(stage.alert()))).toBe('internal!');
    expect(before.decisions()).toMatchObject([{ code: 'internal', level: 'error', deliverAgain: true }]);
    expect(before.decisions()[0]?.['detail']).not.toContain('fake-inner-reason');
    expect(before.lines.join()).toContain('fake-inner-reason');
    expect(stage.puts()).toBe(0);

    const lost = edasFaults.htmlBadGateway();
    stage.edas.setFault(({ method }) => (method === 'PUT' ? lost : undefined));
    const after = failingOnce(() => stage.puts() > 0);
    expect(toldBy(await after.deliver(stage.alert()))).toBe('internal');
    expect(after.decisions()).toMatchObject([{ code: 'internal', level: 'error', deliverAgain: false }]);
    expect(stage.puts()).toBe(1);
  });
});

test('a rollback whose answer got lost does not come again: the task of its claim finds out', async () => {
  const stage = await setEventStage(slo, {
    edasFault: ({ method }) => (method === 'PUT' ? edasFaults.htmlBadGateway() : undefined),
  });
  const { told, line } = await decide(stage);
  expect(told).toBe('edas_outcome_unknown');
  expect(line).toMatchObject({ deliverAgain: false });
  expect(stage.tasks().map(({ rollback }) => rollback)).toEqual(['claimed', 'unknown']);
  expect((await decide(stage)).told).toBe('edas_outcome_unknown');
  expect(stage.puts()).toBe(1);
});

describe('the account that the function runs in', () => {
  test('is that of the environment where the context does not say it', async () => {
    const stage = await setEventStage();
    const context = { ...fakeContext, accountId: undefined };
    const told = async (env: Record<string, string>) =>
      toldBy(await stage.anotherInstance({ context, env }).deliver(stage.alert()));
    expect(await told({})).toBe('event_account_mismatch');
    expect(await told({ FC_ACCOUNT_ID: '6543210987654321' })).toBe('event_account_mismatch');
    expect(await told({ FC_ACCOUNT_ID: fakeAccountId })).toBe('rolling_back');
  });
});

describe('an event is logged', () => {
  const logged = (lines: string[]) =>
    lines.map((line) => JSON.parse(line) as Record<string, unknown>).filter(({ msg }) => msg === 'event');

  test('only where LOG_EVENTS is true, and without what is secret', async () => {
    const stage = await setEventStage();
    const data = { labels: { edas_app_id: app }, token: 'fake-token-of-someone' };
    await stage.events.deliver(stage.alert({ data }));
    expect(logged(stage.events.lines)).toEqual([]);
    for (const value of ['', 'false', 'TRUE', '1']) {
      const other = stage.anotherInstance({ env: { LOG_EVENTS: value } });
      await other.deliver(stage.alert({ data }));
      expect(logged(other.lines)).toEqual([]);
    }
    const asked = stage.anotherInstance({ env: { LOG_EVENTS: 'true', LOG_LEVEL: 'error' } });
    await asked.deliver(stage.alert({ data }));
    expect(logged(asked.lines)).toMatchObject([
      { requestId: 'fake-request-id', event: { source: 'acs.sls.alert', data: { token: '[not shown]' } } },
    ]);
    expect(asked.lines.join()).not.toContain('fake-token-of-someone');
  });

  test('also where no source takes it, for that is when its shape is looked for', async () => {
    const stage = await setEventStage(slo, {}, { env: { LOG_EVENTS: 'true' } });
    await stage.events.deliver(stage.alert({ source: 'acs.arms' }));
    expect(logged(stage.events.lines)).toHaveLength(1);
  });
});

test('neither the log nor what is thrown has a credential, also where EDAS repeats one', async () => {
  const stage = await setEventStage(slo, { edasFault: () => edasFaults.signatureMismatch() });
  const delivery = await stage.events.deliver(stage.alert());
  const written = [...stage.events.lines, JSON.stringify(delivery)].join();
  expect(toldBy(delivery)).toBe('edas_denied');
  expect(Object.values(fakeCredentials).filter((each) => written.includes(each))).toEqual([]);
});

test('a line of the log is never longer than Function Compute takes, whatever the event says', async () => {
  const stage = await setEventStage(slo, {}, { env: { LOG_EVENTS: 'true' } });
  const long = '\u0001'.repeat(60_000);
  for (const name of ['id', 'source', 'type', 'time', 'data']) {
    await stage.events.deliver(stage.alert({ [name]: long }));
  }
  await stage.events.deliver(stage.alert({ id: long, type: `sls:AlertEvent:Firing${long}`, source: long }));
  expect(Math.max(...stage.events.lines.map((line) => Buffer.byteLength(line)))).toBeLessThan(32_000);
});

test('without a follow function the event rolls back all the same, and says that once is not sure', async () => {
  const stage = await setEventStage(sloWith('follow: false'));
  const { told, line } = await decide(stage);
  expect(told).toBe('rolling_back');
  expect(line).toMatchObject({ claimed: false });
  expect(stage.fc.calls).toEqual([]);
});

test('an instance that was not given what it needs refuses every event, and throws nothing', async () => {
  const lines: string[] = [];
  const handler = createEventHandler(
    { version: '1.2.3', sources: [] },
    {
      env: { FOLLOW_FUNCTION: followFunction },
      now: () => 0,
      clock: { now: () => 0, sleep: () => Promise.resolve() },
      random: Math.random,
      write: (line) => void lines.push(line),
    },
  );
  onTestFinished(() => {
    expect(lines).toHaveLength(3);
  });
  expect(await handler(undefined)).toMatchObject({ code: 'event_malformed' });
  expect(await handler(Buffer.from('{}'), null)).toMatchObject({ code: 'event_malformed' });
  expect(
    await handler(Buffer.from('{"specversion":"1.0","id":"a","source":"b","type":"c"}'), 7),
  ).toMatchObject({
    code: 'event_account_mismatch',
  });
});
