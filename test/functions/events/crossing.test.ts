import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { bundleWithEvents } from '../../../local/build/bundle.ts';
import { compileConfiguration } from '../../../local/build/compile-sources.ts';
import { httpEvent } from '../../support/http-event.ts';
import { writeBundle } from '../../support/invoke-bundle.ts';
import { createTemporaryFolder, removeFolder } from '../../support/temporary-folder.ts';
import { fakeAccountId, fakeContext } from '../../support/webhook.ts';
import { decisionsIn, get, linkIn, post, saidBy, shownIn } from '../webhook/confirm/people.ts';
import { peopleEnv, peopleNotify } from '../webhook/people-cases.ts';
import { app, changeOrderId, otherApp, setEventStage, sloWith, toldBy, type EventStage } from './stage.ts';

// What is meant for one function, and comes to the other one.

const webhooks = 'sources: { pipeline: { preset: generic, secrets: [SECRET_PIPELINE] } }\n';

describe('the webhook function does nothing with an event', () => {
  const paths = ['/', '/slo', '/pipeline', '/events', '/confirm/slo', '/sls:AlertEvent:Firing'];
  const types = ['application/json', 'application/cloudevents+json'];

  test.each(paths.flatMap((at) => types.map((type) => [at, type])))(
    'that is posted to %s as %s',
    async (at, type) => {
      // In the configuration of both functions, as they are deployed.
      const sources = webhooks + sloWith('confirm: all') + peopleNotify;
      const stage = await setEventStage(sources, { sources, env: peopleEnv }, { env: peopleEnv });
      const { webhook, alert, edas, fc } = stage;
      const body = JSON.stringify({ ...alert(), changeOrderId });
      const { status } = await webhook.send({ path: at, body, headers: { 'content-type': type } });
      expect(status).toBeGreaterThanOrEqual(400);
      expect(status).toBeLessThan(500);
      expect([edas.calls.length, fc.calls.length]).toEqual([0, 0]);
    },
  );

  test('whose attributes are headers, as in the binary mode of CloudEvents', async () => {
    const { webhook, alert, edas } = await setEventStage();
    const { data, ...attributes } = alert();
    const headers = Object.fromEntries(
      Object.entries(attributes).map(([name, value]) => [`ce-${name}`, String(value)]),
    );
    const { status } = await webhook.send({ path: '/pipeline', body: JSON.stringify(data), headers });
    expect(status).toBe(401);
    expect(edas.calls).toEqual([]);
  });

  test('that a trigger hands to it directly', async () => {
    const { webhook, alert, edas, fc } = await setEventStage();
    const context = { ...fakeContext, accountId: fakeAccountId };
    for (const event of [alert(), { ...alert(), changeOrderId }, [alert()]]) {
      const { statusCode } = await webhook.handler(Buffer.from(JSON.stringify(event)), context);
      expect(statusCode).toBe(400);
    }
    expect(webhook.decisions().map(({ code }) => code)).toEqual(
      Array.from({ length: 3 }, () => 'payload_malformed'),
    );
    expect([edas.calls.length, fc.calls.length]).toEqual([0, 0]);
  });
});

describe('the events function does nothing with an HTTP request', () => {
  const bodyOf = ({ alert }: EventStage) => JSON.stringify(alert());

  test.each<[string, (stage: EventStage) => Buffer | object]>([
    ['whose body is an event', (stage) => httpEvent({ path: '/slo', body: bodyOf(stage) })],
    [
      'whose body is an event in base64',
      (stage) => httpEvent({ body: bodyOf(stage), isBase64Encoded: true }),
    ],
    [
      'that has the shape of an event, too',
      (stage) => ({ ...stage.alert(), rawPath: '/slo', body: bodyOf(stage) }),
    ],
    [
      'of the other shape that Function Compute has, without rawPath',
      (stage) => ({ path: '/slo', httpMethod: 'POST', headers: {}, body: bodyOf(stage) }),
    ],
    [
      'that is signed for the webhook function',
      () => httpEvent({ path: '/pipeline', body: JSON.stringify({ changeOrderId }) }),
    ],
  ])('%s', async (_what, requestOf) => {
    const stage = await setEventStage();
    const { events, edas, fc } = stage;
    expect(toldBy(await events.deliver(requestOf(stage)))).toBe('event_malformed');
    expect(events.decisions()).toMatchObject([{ code: 'event_malformed', deliverAgain: false }]);
    expect([edas.calls.length, fc.calls.length]).toEqual([0, 0]);
  });
});

describe('the built functions', () => {
  test('give a handler each, and nothing else to call', async () => {
    const folder = createTemporaryFolder();
    onTestFinished(() => {
      removeFolder(folder);
    });
    const { sources, events } = compileConfiguration(webhooks + sloWith('confirm: all') + peopleNotify);
    const { webhook, events: own } = await bundleWithEvents(sources, events, folder);
    const built = [writeBundle(webhook), writeBundle(own)];
    expect(built.map((file) => path.basename(file))).toEqual(['webhook.js', 'events.js']);
    for (const file of built) {
      const print =
        'Object.entries(require(process.argv[1])).map(([name, value]) => `${name}: ${typeof value}`).join()';
      const options = {
        env: { NODE_PATH: '', SECRET_PIPELINE: 'fake-secret-of-a-pipeline' },
        cwd: folder,
        encoding: 'utf8',
      } as const;
      expect(execFileSync(process.execPath, ['-p', print, file], options)).toBe('handler: function\n');
    }
  });
});

describe('what an event asks people is decided in the webhook function', () => {
  const sources = `${webhooks}${sloWith('confirm: all')}${peopleNotify}`;
  const open = (text = sources) => setEventStage(text, { sources: text, env: peopleEnv }, { env: peopleEnv });

  test('on the page: loading it does nothing, and of many clicks one rolls back', async () => {
    const stage = await open();
    expect(toldBy(await stage.events.deliver(stage.alert()))).toBe('asked');
    const link = linkIn(stage);
    const page = await get(stage, link);
    expect(saidBy(page)).toBe('open');
    expect(stage.puts()).toBe(0);
    const click = { decision: 'roll_back', shown: shownIn(page), name: 'Fake Person' } as const;
    const answers = await Promise.all([1, 2, 3].map(() => post(stage, link, click)));
    expect(answers.every(({ status }) => status === 303 || status === 409)).toBe(true);
    expect(stage.puts()).toBe(1);
    expect(decisionsIn(stage.tasks())).toEqual(['roll_back']);
    expect(stage.tasks().find(({ rollback }) => rollback === 'claimed')).toMatchObject({
      source: 'slo',
      app,
    });
    // The event comes once more.
    expect(toldBy(await stage.events.deliver(stage.alert()))).toMatch(
      /^(asked|already_terminated|app_has_no_change_in_flight)$/,
    );
    expect(stage.puts()).toBe(1);
  });

  test('and what was left alone stays so, however often the event comes', async () => {
    const stage = await open();
    await stage.events.deliver(stage.alert());
    const link = linkIn(stage);
    const shown = shownIn(await get(stage, link));
    expect((await post(stage, link, { decision: 'leave', shown })).status).toBe(303);
    expect(toldBy(await stage.events.deliver(stage.alert()))).toBe('left_alone');
    expect(stage.puts()).toBe(0);
  });

  test('within the applications of its source, also where they have become fewer since', async () => {
    const stage = await open();
    await stage.events.deliver(stage.alert());
    const link = linkIn(stage);
    const shown = shownIn(await get(stage, link));
    const fewer = stage.another({ sources: sources.replaceAll(app, otherApp) });
    const answer = await post({ webhook: fewer }, link, { decision: 'roll_back', shown });
    expect(answer.status).toBe(403);
    expect(fewer.decisions().at(-1)).toMatchObject({ code: 'app_not_allowed' });
    const without = stage.another({ sources: webhooks + peopleNotify });
    expect((await post({ webhook: without }, link, { decision: 'roll_back', shown })).status).toBe(404);
    expect(stage.puts()).toBe(0);
  });

  test('in a chat, by the command of a person whom the chat proves', async () => {
    const chats = `
sources:
  slack: { preset: slack, secrets: [SECRET_SLACK], apps: [${app}], allow: user_id == 'U1' }
`;
    const text = `${chats}${sloWith('confirm: all', 'confirmBy: chat')}${peopleNotify}`;
    const stage = await open(text);
    expect(toldBy(await stage.events.deliver(stage.alert()))).toBe('asked');
    const command = (user: string) =>
      stage.webhook.post(
        'slack',
        new URLSearchParams({
          command: '/rollback',
          text: changeOrderId,
          user_id: user,
          user_name: 'fake',
        }).toString(),
        { headers: { 'content-type': 'application/x-www-form-urlencoded' } },
      );
    await command('U2');
    expect(stage.puts()).toBe(0);
    await command('U1');
    expect(stage.puts()).toBe(1);
    expect(decisionsIn(stage.tasks())).toEqual(['roll_back']);
  });
});
