import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ChangeOrderPlan } from '../../../local/stand-ins/edas/change-orders.ts';
import { oddStatus } from '../../../local/stand-ins/edas/rewordings.ts';
import { startEdasStandIn, type EdasStandIn } from '../../../local/stand-ins/edas/stand-in.ts';
import { fakeCredentials, openWebhook, type Webhook } from '../../support/webhook.ts';

const changeOrderId = 'dc5133d7-773f-4c81-9c5a-e2103dce0f6a';
const app = '3616cdca-4f92-4413-0000-000000000000';
const otherApp = '3616cdca-4f92-4413-0000-000000000001';
const nowhere = '3616cdca-4f92-4413-0000-00000000ffff';

const sources = `
sources:
  pipeline: { preset: generic, secrets: [SECRET] }
  gated: { preset: generic, secrets: [SECRET], apps: [${app}] }
  stray: { preset: generic, secrets: [SECRET], apps: [${nowhere}] }
  monitor: { preset: generic, secrets: [SECRET], app: app }
`;

const advice =
  'That is what a rollback leaves, but a change that was only aborted looks the same and leaves the updated instances updated: check the versions in the EDAS console.';

const notAllowed =
  'No rollback was sent. If it should have been: is the id right, and is its application among them? An order that is too old for the list is rolled back in the EDAS console.';

let edas: EdasStandIn;
let webhook: Webhook;

beforeEach(async () => {
  edas = await startEdasStandIn({ credentials: fakeCredentials });
  webhook = openWebhook(edas, { sources });
});

afterEach(() => edas.close());

/** A release of ten minutes that began just now, unless told otherwise. */
function release(plan: Partial<ChangeOrderPlan> = {}): void {
  edas.orders.add({ id: changeOrderId, appId: app, readyMs: 0, batchMs: 600_000, ...plan });
}

const anHourAgo = () => ({ createdAt: Date.now() - 3_600_000 });
const operations = () => edas.calls.map(({ operation }) => operation);

describe('a change order that cannot be rolled back is refused, and nothing is sent', () => {
  test.each([
    {
      what: 'it does not exist',
      arrange: () => undefined,
      source: 'pipeline',
      status: 404,
      code: 'change_order_not_found',
      detail:
        'EDAS answered InvalidChangeOrder.NotFound (HTTP 400): The current change order does not exist. Check the id, and that REGION is the region of its application. No rollback was sent.',
    },
    {
      what: 'it belongs to another application than the source may touch',
      arrange: () => {
        release({ appId: otherApp });
      },
      source: 'gated',
      status: 403,
      code: 'app_not_allowed',
      detail: `The change order is not among the recent ones of the applications that this source may touch: ${app}. ${notAllowed}`,
    },
    {
      what: 'the source may touch only an application that does not exist',
      arrange: () => {
        release();
      },
      source: 'stray',
      status: 403,
      code: 'app_not_allowed',
      detail: `The change order is not among the recent ones of the applications that this source may touch: ${nowhere}. ${notAllowed}`,
    },
    {
      what: 'it has succeeded and supports no rollback any more',
      arrange: () => {
        release({ ...anHourAgo(), supportRollback: false });
      },
      source: 'pipeline',
      status: 409,
      code: 'change_order_finished',
      detail:
        'The change order has succeeded and EDAS says that it does not support a rollback any more. Roll the application back to an earlier version in the EDAS console.',
    },
  ])('$what: $code', async ({ arrange, source, status, code, detail }) => {
    arrange();
    const answer = await webhook.post(source, { changeOrderId });
    expect(answer).toMatchObject({ status, body: { code, detail, changeOrderId } });
    expect(operations()).not.toContain('RollbackChangeOrder');
    expect(edas.orders.rollbacksOf(changeOrderId)).toBe(0);
  });

  test('an order that has succeeded, and that EDAS claims to support a rollback of, is refused by EDAS', async () => {
    release(anHourAgo());
    expect(await webhook.post('pipeline', { changeOrderId })).toMatchObject({
      status: 409,
      body: {
        code: 'change_order_finished',
        detail:
          "EDAS answered Application.ChangerOrder.Not.Running (HTTP 400): The change order is not running and cannot be terminated. The change order's status is 2 (succeeded). It has ended: roll the application back to an earlier version in the EDAS console.",
      },
    });
    expect(edas.orders.rollbacksOf(changeOrderId)).toBe(0);
  });
});

describe('a change order that is terminated already is answered with 200, and nothing is sent', () => {
  test('without a claim of who did it', async () => {
    release();
    edas.orders.abort(changeOrderId);
    const message = `The change order is terminated already. Nothing was sent. ${advice}`;
    for (const source of ['pipeline', 'gated']) {
      expect(await webhook.post(source, { changeOrderId })).toMatchObject({
        status: 200,
        body: { outcome: 'already_terminated', changeOrderId, message },
      });
    }
    expect(operations()).not.toContain('RollbackChangeOrder');
  });

  test('by the rollback that is next in the list of its application', async () => {
    release({ createdAt: Date.now() - 60_000 });
    const first = await webhook.post('gated', { changeOrderId });
    const { rollbackChangeOrderId } = first.body;
    expect(rollbackChangeOrderId).toMatch(/^[0-9a-f-]{36}$/);
    expect(await webhook.post('gated', { changeOrderId })).toMatchObject({
      status: 200,
      body: {
        outcome: 'already_terminated',
        changeOrderId,
        rollbackChangeOrderId,
        message: `The change order is terminated already, and the next one of its application is a rollback: ${String(rollbackChangeOrderId)}, with status 1 (running). Nothing was sent. ${advice}`,
      },
    });
    expect(edas.orders.rollbacksOf(changeOrderId)).toBe(1);
  });
});

describe('a change order that looks odd is for EDAS to decide on', () => {
  test.each([
    ['it waits for a person to confirm the next batch (8)', { createdAt: -700_000, waitsForPerson: true }],
    ['it is half done (7)', { createdAt: -3_600_000, outcome: 7 }],
    ['it has failed (3)', { createdAt: -3_600_000, outcome: 3 }],
    ['it has failed with a system exception (10)', { createdAt: -3_600_000, outcome: 10 }],
  ] as const)('%s: it is rolled back', async (_what, { createdAt, ...plan }) => {
    release({ ...plan, createdAt: Date.now() + createdAt });
    expect(await webhook.post('pipeline', { changeOrderId })).toMatchObject({
      status: 202,
      body: { outcome: 'rolling_back', changeOrderId },
    });
    expect(edas.orders.rollbacksOf(changeOrderId)).toBe(1);
  });

  test.each([4, 5, 11, 'missing', 'text'] as const)('its status is %s: it is rolled back', async (shown) => {
    release();
    edas.setFault(() => oddStatus(shown));
    expect(await webhook.post('pipeline', { changeOrderId })).toMatchObject({
      status: 202,
      body: { outcome: 'rolling_back' },
    });
    expect(edas.orders.rollbacksOf(changeOrderId)).toBe(1);
  });

  test('its id is in upper case: it is the same order', async () => {
    release();
    for (const [source, outcome] of [
      ['gated', 'rolling_back'],
      ['pipeline', 'already_terminated'],
    ] as const) {
      const answer = await webhook.post(source, { changeOrderId: changeOrderId.toUpperCase() });
      expect(answer.body).toMatchObject({ outcome, changeOrderId });
    }
    expect(edas.orders.rollbacksOf(changeOrderId)).toBe(1);
  });
});

describe('the audit trail names the application', () => {
  const trailOf = (name: string) => webhook.decisions().find(({ source }) => source === name);

  test('in whose list the change order was found', async () => {
    release();
    await webhook.post('gated', { changeOrderId });
    expect(trailOf('gated')).toMatchObject({ outcome: 'rolling_back', changeOrderId, app });
  });

  test('also where the rollback is refused after that', async () => {
    release({ ...anHourAgo(), supportRollback: false });
    await webhook.post('gated', { changeOrderId });
    expect(trailOf('gated')).toMatchObject({ code: 'change_order_finished', changeOrderId, app });
  });

  test('that the payload names', async () => {
    release();
    await webhook.post('monitor', { app });
    expect(trailOf('monitor')).toMatchObject({ outcome: 'rolling_back', changeOrderId, app });
  });

  test('only where it is known whose the change order is', async () => {
    release();
    await webhook.post('stray', { changeOrderId });
    expect(trailOf('stray')).toMatchObject({ code: 'app_not_allowed' });
    expect(trailOf('stray')).not.toHaveProperty('app');
    await webhook.post('pipeline', { changeOrderId });
    expect(trailOf('pipeline')).toMatchObject({ outcome: 'rolling_back', changeOrderId });
    expect(trailOf('pipeline')).not.toHaveProperty('app');
  });
});

describe('an application', () => {
  const none = 'is in flight (CoDeploy; a rollback, a restart or a scale-out is none).';

  test('that does not exist has no change in flight, and the answer says to check the id', async () => {
    expect(await webhook.post('monitor', { app: nowhere })).toMatchObject({
      status: 409,
      body: {
        code: 'app_has_no_change_in_flight',
        app: nowhere,
        detail: `No deployment of the application ${nowhere} ${none} EDAS knows no recent change order of it: check the id. No rollback was sent.`,
      },
    });
  });

  test('whose deployment is being rolled back already has none, and the answer names that rollback', async () => {
    release({ createdAt: Date.now() - 60_000 });
    const first = await webhook.post('monitor', { app });
    const { rollbackChangeOrderId } = first.body;
    expect(await webhook.post('monitor', { app })).toMatchObject({
      status: 409,
      body: {
        code: 'app_has_no_change_in_flight',
        detail: `No deployment of the application ${app} ${none} Of 2 recent change orders the newest is ${String(rollbackChangeOrderId)}, with status 1 (running), a rollback. No rollback was sent.`,
      },
    });
    expect(edas.orders.rollbacksOf(changeOrderId)).toBe(1);
  });

  test('whose id is in upper case is the same application', async () => {
    release();
    expect(await webhook.post('monitor', { app: app.toUpperCase() })).toMatchObject({
      status: 202,
      body: { outcome: 'rolling_back', changeOrderId },
    });
  });
});
