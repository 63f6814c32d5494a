import { describe, expect, onTestFinished, test } from 'vitest';
import * as edasFaults from '../../../../local/stand-ins/edas/faults.ts';
import type { Answer } from '../../../support/webhook.ts';
import { peopleEnv, peopleNotify } from '../people-cases.ts';
import { app, changeOrderId, setStage, type Stage, type StageOptions } from '../stage.ts';

const asking = (apps: string, more = '') => `
sources:
  asking: { preset: generic, secrets: [SECRET], apps: [${apps}], confirm: all${more} }
${peopleNotify}`;
const otherApp = '3616cdca-4f92-4413-0000-000000000009';

function open(options: Partial<StageOptions> = {}): Promise<Stage> {
  return setStage({ sources: asking(app), env: peopleEnv, ...options }, onTestFinished);
}

/** Has the source ask, and gives the path of the link that people get. */
async function ask({ webhook, tasks }: Stage): Promise<string> {
  await webhook.post('asking', { changeOrderId });
  const asked = tasks().findLast((task) => task.rollback === 'asked');
  if (asked?.rollback !== 'asked' || asked.link === undefined) throw new Error('no link');
  return new URL(asked.link).pathname;
}

const get = ({ webhook }: Stage, path: string) => webhook.send({ method: 'GET', path });

async function shownBy(stage: Stage, path: string): Promise<string> {
  const page = await get(stage, path);
  const [, value = ''] = /name="shown" value="([^"]*)"/.exec(page.text) ?? [];
  return value.replaceAll('&#34;', '"').replaceAll('&amp;', '&');
}

const post = ({ webhook }: Stage, path: string, fields: Record<string, string>): Promise<Answer> =>
  webhook.send({
    path,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(fields).toString(),
  });

test('a change that is left alone twice can still be rolled back', async () => {
  const stage = await open();
  const path = await ask(stage);
  for (const decision of ['leave', 'leave', 'roll_back']) {
    const answer = await post(stage, path, { decision, shown: await shownBy(stage, path) });
    expect([decision, answer.status]).toEqual([decision, 303]);
  }
  expect(stage.puts()).toBe(1);
});

describe('a change that ends between the look and the button', () => {
  const ended = ', ended: { within: 30m }';
  const earlier = '22222222-3333-4444-8555-000000000001';

  test.each(['now', 'deferred'])(
    'is not rolled back as a release, which no one saw (mode: %s)',
    async (mode) => {
      let isUnreadable = false;
      const stage = await open({
        sources: asking(app, `${ended}, mode: ${mode}`),
        // The look cannot read the order, and what follows can: it has ended by then.
        edasFault: ({ operation }) => {
          const fails = isUnreadable && operation === 'GetChangeOrderInfo';
          isUnreadable &&= !fails;
          return fails ? edasFaults.deniedByRam() : undefined;
        },
        history: (orders, now) => {
          const times = { appId: app, readyMs: 0, batchMs: 10_000 };
          orders.add({ ...times, id: earlier, version: 'one', createdAt: now - 180 * 60_000 });
          orders.add({ ...times, id: changeOrderId, version: 'two', createdAt: now - 5_000, batches: 2 });
        },
      });
      const path = await ask(stage);
      const shown = await shownBy(stage, path);
      await stage.clock.sleep(60_000);
      isUnreadable = true;
      const answer = await post(stage, path, { decision: 'roll_back', shown });
      const due = stage.tasks().filter(({ rollback }) => rollback === 'ended');
      expect(due).toEqual([]);
      expect(stage.puts()).toBe(0);
      const deferred = stage.tasks().find(({ rollback }) => rollback === 'due');
      expect(deferred?.rollback === 'due' && deferred.ended).toBeFalsy();
      expect(answer.status).toBe(mode === 'now' ? 409 : 303);
    },
  );
});

test('a link opens nothing of an application that its source may not touch any more', async () => {
  const stage = await open();
  const path = await ask(stage);
  const shown = await shownBy(stage, path);
  const webhook = stage.another({ sources: asking(otherApp) });
  const calls = stage.edas.calls.length;
  const narrowed = { ...stage, webhook };
  expect((await get(narrowed, path)).status).toBe(403);
  expect((await post(narrowed, path, { decision: 'roll_back', shown })).status).toBe(403);
  expect([stage.edas.calls.length, stage.puts()]).toEqual([calls, 0]);
});

test('a short secret in KMS makes no link, and opens none', async () => {
  const stage = await open({ env: { ...peopleEnv, CONFIRM_SECRET: 'kms:links' } });
  stage.kms.secrets.put('links', 'fake-short');
  const asked = await stage.webhook.post('asking', { changeOrderId });
  expect([asked.status, asked.body['code']]).toEqual([503, 'source_not_configured']);
  expect((await get(stage, `/confirm/eA.${'A'.repeat(43)}`)).status).toBe(503);
  expect(stage.tasks()).toEqual([]);
});

test('a rollback whose answer got lost is shown as one that may have begun, and not as what did not work', async () => {
  const stage = await open({
    edasFault: ({ method }) => (method === 'PUT' ? edasFaults.resetAfterHandling() : undefined),
    rules: { ofTerminated: 'accepted', showsAfterMs: 60_000 },
  });
  const path = await ask(stage);
  const shown = await shownBy(stage, path);
  const answer = await post(stage, path, { decision: 'roll_back', shown });
  expect(answer.status).toBe(504);
  expect(answer.text).not.toContain('did not work');
  expect(answer.text).not.toContain('name="shown"');
});
