import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { linkSignature } from '../../../functions/webhook/verify/link.ts';
import type { EdasStandIn } from '../../../local/stand-ins/edas/stand-in.ts';
import { openWebhook, openWithRelease, startTime, type Webhook } from '../../support/webhook.ts';

const app = '3616cdca-0000-4000-8000-000000000001';
const otherApp = '3616cdca-0000-4000-8000-000000000002';
const noSuchOrder = '5ba3b2f4-1c7e-4a6d-8f00-000000000001';
const now = Date.parse(startTime);
const day = 86_400;

const sources = `
sources:
  prometheus: { preset: alertmanager, secrets: [PROMETHEUS_TOKEN], apps: [${app}, ${otherApp}] }
  cloudmonitor: { preset: cloudmonitor, secrets: [LINK_SECRET], apps: [${app}] }
  slack: { preset: slack, secrets: [SLACK_SECRET], allow: "user_id == 'U1'" }
  pagerduty: { preset: pagerduty, secrets: [PAGERDUTY_SECRET], apps: [${app}] }
  linear: { preset: linear, secrets: [LINEAR_SECRET] }
`;

let edas: EdasStandIn;
let webhook: Webhook;
let orderId: string;

beforeEach(async () => {
  const plan = { appId: app, createdAt: now - 60_000, batchMs: 10 ** 12 };
  ({ edas, webhook, orderId } = await openWithRelease({ sources }, plan, onTestFinished));
});

function rollbacks(): number {
  return edas.calls.filter(({ operation }) => operation === 'RollbackChangeOrder').length;
}

function alert({ startsAt = startTime, appId = app, status = 'firing' } = {}): unknown {
  return {
    status,
    commonLabels: { edas_app_id: appId },
    alerts: [{ status, startsAt, labels: {} }],
  };
}

describe('Invariant 7: a sender that cannot sign touches its own applications only. An alert', () => {
  test('rolls its newest deployment in flight back, and the log says for which application', async () => {
    expect((await webhook.post('prometheus', alert())).body).toMatchObject({
      outcome: 'rolling_back',
      changeOrderId: orderId,
    });
    expect(webhook.decisions()).toMatchObject([
      { source: 'prometheus', app, changeOrderId: orderId, outcome: 'rolling_back' },
    ]);
  });

  test('that repeats itself finds nothing in flight, and rolls nothing else back', async () => {
    await webhook.post('prometheus', alert());
    expect((await webhook.post('prometheus', alert())).body).toMatchObject({
      status: 200,
      code: 'app_has_no_change_in_flight',
      app,
    });
    expect(rollbacks()).toBe(1);
  });

  test('that keeps firing does not roll the repair back, which began after it', async () => {
    const problem = new Date(now - 120_000).toISOString();
    expect((await webhook.post('prometheus', alert({ startsAt: problem }))).body).toMatchObject({
      status: 200,
      code: 'problem_predates_change',
      changeOrderId: orderId,
    });
    expect(rollbacks()).toBe(0);
  });

  test('that is resolved is ignored', async () => {
    const answer = await webhook.post('prometheus', alert({ status: 'resolved' }));
    expect(answer.body).toMatchObject({ outcome: 'ignored' });
    expect(edas.calls).toEqual([]);
  });

  test('that the source may not touch is refused without asking EDAS', async () => {
    const answer = await webhook.post('prometheus', alert({ appId: noSuchOrder }));
    expect(answer.body).toMatchObject({ status: 200, code: 'app_not_allowed', app: noSuchOrder });
    expect(edas.calls).toEqual([]);
  });

  test('is refused with the challenge of its scheme where the token is another', async () => {
    const answer = await webhook.post('prometheus', alert(), { secret: 'another-token' });
    expect(answer.body).toMatchObject({ status: 401, code: 'token_mismatch' });
    expect(answer.headers['WWW-Authenticate']).toBe('Bearer');
    expect(edas.calls).toEqual([]);
  });
});

describe('a link', () => {
  const form = `alertState=ALERT&alertName=checkout+5xx&timestamp=${now}&dimensions=%7Bk%3Dv%7D`;
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const expiresAtSeconds = now / 1000 + 90 * day;

  test('rolls the newest deployment of its application back', async () => {
    const answer = await webhook.post('cloudmonitor', form, { headers, grant: { app, expiresAtSeconds } });
    expect(answer.body).toMatchObject({ outcome: 'rolling_back', changeOrderId: orderId });
    expect(webhook.decisions()).toMatchObject([{ app, actor: 'checkout 5xx' }]);
    expect(webhook.lines.filter((line) => line.includes('the link expires soon'))).toEqual([]);
  });

  test('is warned of in the log in its last 14 days, and still works', async () => {
    const soon = now / 1000 + 14 * day - 1;
    const answer = await webhook.post('cloudmonitor', form, {
      headers,
      grant: { app, expiresAtSeconds: soon },
    });
    expect(answer.body).toMatchObject({ outcome: 'rolling_back' });
    const warning = webhook.lines.find((line) => line.includes('the link expires soon')) ?? '{}';
    expect(JSON.parse(warning)).toMatchObject({
      level: 'warn',
      source: 'cloudmonitor',
      app,
      expiresAt: '2026-01-16T03:04:04.000Z',
    });
  });

  test('is warned of where its webhook is ignored, too', async () => {
    const soon = now / 1000 + day;
    const recovered = `alertState=OK&timestamp=${now}`;
    const answer = await webhook.post('cloudmonitor', recovered, {
      headers,
      grant: { app, expiresAtSeconds: soon },
    });
    expect(answer.body).toMatchObject({ outcome: 'ignored' });
    expect(webhook.lines.filter((line) => line.includes('the link expires soon'))).toHaveLength(1);
  });

  test('for one change order rolls back that one, if it is of the application', async () => {
    const other = edas.orders.add({
      appId: otherApp,
      createdAt: now - 60_000,
      readyMs: 0,
      batchMs: 10 ** 12,
    });
    const refused = await webhook.post('cloudmonitor', form, {
      headers,
      grant: { app, changeOrderId: other, expiresAtSeconds },
    });
    expect(refused.body).toMatchObject({ status: 200, code: 'app_not_allowed', changeOrderId: other });
    expect(rollbacks()).toBe(0);
    const answer = await webhook.post('cloudmonitor', form, {
      headers,
      grant: { app, changeOrderId: orderId, expiresAtSeconds },
    });
    expect(answer.body).toMatchObject({ outcome: 'rolling_back', changeOrderId: orderId });
  });

  test('for an application that the source may not touch is refused, although it is signed', async () => {
    const answer = await webhook.post('cloudmonitor', form, {
      headers,
      grant: { app: otherApp, expiresAtSeconds },
    });
    expect(answer.body).toMatchObject({ status: 200, code: 'app_not_allowed' });
    expect(edas.calls).toEqual([]);
  });
});

describe('Invariant 6: neither a token nor the signature of a link is in an answer or the log', () => {
  test.each(['fake-value-of-PROMETHEUS_TOKEN', 'fake-wrong-token'])('with the token %s', async (secret) => {
    const debugging = openWebhook(edas, { sources, env: { LOG_LEVEL: 'debug' } });
    const answer = await debugging.post('prometheus', alert(), { secret });
    const written = [answer.text, JSON.stringify(answer.headers), ...debugging.lines].join('\n');
    expect(written).not.toContain('fake-value-of-PROMETHEUS_TOKEN');
    expect(written).not.toContain('fake-wrong-token');
    expect(debugging.decisions()).toHaveLength(1);
  });

  test.each(['fake-value-of-LINK_SECRET', 'fake-wrong-secret'])('with a link of %s', async (secret) => {
    const debugging = openWebhook(edas, { sources, env: { LOG_LEVEL: 'debug' } });
    const grant = { app, expiresAtSeconds: now / 1000 + day };
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const form = `alertState=ALERT&timestamp=${now}`;
    const answer = await debugging.post('cloudmonitor', form, { headers, grant, secret });
    const written = [answer.text, JSON.stringify(answer.headers), ...debugging.lines].join('\n');
    for (const signedWith of ['fake-value-of-LINK_SECRET', 'fake-wrong-secret']) {
      const signature = linkSignature(Buffer.from(signedWith), 'cloudmonitor', grant).toString('hex');
      expect(written).not.toContain(signature);
      expect(written).not.toContain(signedWith);
    }
    expect(debugging.decisions()).toHaveLength(1);
  });
});

describe('a slash command', () => {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const command = (text: string, user = 'U1') =>
    new URLSearchParams({ command: '/rollback', text, user_id: user, user_name: 'roadrunner' }).toString();

  test('rolls back, and the channel reads who asked', async () => {
    const answer = await webhook.post('slack', command(orderId), { headers });
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      response_type: 'in_channel',
      text:
        `Rolling back: change order ${orderId}, asked for by roadrunner. ` +
        'EDAS accepted the rollback. It runs batch by batch; follow it in the EDAS console. ' +
        'Once is not sure, for this source has no follow function: a delivery at the same moment may have sent the rollback too.',
    });
    expect(webhook.decisions()).toMatchObject([{ outcome: 'rolling_back', actor: 'roadrunner' }]);
  });

  test('of a user who is not allowed is refused in a sentence, and the log has the code', async () => {
    const answer = await webhook.post('slack', command(orderId, 'U2'), { headers });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ response_type: 'ephemeral' });
    expect(answer.text).toContain('(sender_not_allowed)');
    expect(webhook.decisions()).toMatchObject([{ level: 'warn', code: 'sender_not_allowed' }]);
    expect(edas.calls).toEqual([]);
  });

  test('without an id is answered with what to type', async () => {
    const answer = await webhook.post('slack', command('checkout'), { headers });
    expect(answer.body['text']).toContain('“checkout” is no id of a change order.');
  });

  test('that is forged is refused with 401 and problem details, as everywhere', async () => {
    const answer = await webhook.post('slack', command(orderId), { headers, secret: 'another-secret' });
    expect(answer.status).toBe(401);
    expect(answer.headers['Content-Type']).toBe('application/problem+json');
  });
});

test('a sender that switches hooks off after a 4xx is refused with 200, whatever the refusal', async () => {
  const incident = { event: { event_type: 'incident.triggered', occurred_at: 'yesterday', data: {} } };
  const answer = await webhook.post('pagerduty', incident);
  expect(answer.status).toBe(200);
  expect(answer.body).toMatchObject({ status: 200, code: 'payload_malformed' });
});

test('a signed payload whose own time is long ago is refused, and proves nothing', async () => {
  const issue = { type: 'Issue', action: 'create', data: { title: orderId }, webhookTimestamp: now - 61_000 };
  const answer = await webhook.post('linear', issue);
  expect(answer.body).toMatchObject({ status: 401, code: 'timestamp_out_of_window' });
  expect(edas.calls).toEqual([]);
});
