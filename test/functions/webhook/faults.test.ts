import { createHmac } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { verify } from '../../../functions/webhook/verify/verify.ts';
import { signatureHeaders } from '../../../local/signing/sign.ts';
import type { EdasStandIn } from '../../../local/stand-ins/edas/stand-in.ts';
import { presets } from '../../../presets/index.ts';
import { codeOf } from '../../support/problem.ts';
import { fakeSecret, openWebhook, openWithRelease, startTime, type Webhook } from '../../support/webhook.ts';

// Twenty-four faults that receivers of webhooks have had, by the numbers under which they were collected; beside each
// is where it was found. Each test is named after the right behaviour.

const comparisons = vi.hoisted(() => ({ inConstantTime: 0 }));
vi.mock('node:crypto', async (original) => {
  const crypto = await original<typeof import('node:crypto')>();
  const timingSafeEqual: typeof crypto.timingSafeEqual = (a, b) => {
    comparisons.inConstantTime += 1;
    return crypto.timingSafeEqual(a, b);
  };
  return { ...crypto, timingSafeEqual };
});

const appId = '3616cdca-4f92-4413-8a51-000000000001';
const names = Object.keys(presets);
/** A source of every preset, by the preset's name. */
const sources = `sources:\n${names
  .map((name) => `  ${name}: { preset: ${name}, secrets: [${variableOf(name)}], apps: [${appId}] }\n`)
  .join('')}`;
const form = { 'Content-Type': 'application/x-www-form-urlencoded' };
const now = Date.parse(startTime);

let edas: EdasStandIn;
let webhook: Webhook;
/** A change order in flight. */
let orderId: string;

beforeEach(async () => {
  const plan = { appId, createdAt: now - 60_000, waitsForPerson: true };
  ({ edas, webhook, orderId } = await openWithRelease({ sources }, plan, onTestFinished));
});

function variableOf(name: string): string {
  return `SECRET_${name.replaceAll('-', '_').toUpperCase()}`;
}

/** What a source answers to a request that it refuses, once it is certain that EDAS heard nothing of it. */
async function refusalOf(request: Parameters<Webhook['send']>[0]): Promise<unknown> {
  const answer = await webhook.send(request);
  expect(answer.headers['Content-Type']).toBe('application/problem+json');
  expect(answer.body['status']).toBe(answer.status);
  expect(edas.calls).toEqual([]);
  return [answer.status, answer.body['code']];
}

function hexOf(body: string | Buffer, name = 'generic', algorithm = 'sha256'): string {
  return createHmac(algorithm, fakeSecret(variableOf(name)))
    .update(body)
    .digest('hex');
}

// octokit/webhooks.js#71, #1155, bolt-js#971, spinnaker echo
test('fault 1: the bytes that arrived are hashed, not what they become when they are parsed and written again', async () => {
  const body = `{ "changeOrderId" : "${orderId}",\r\n "text":"\\u001B \\/ 1.0e1 \\u2665", "n": 1.0 }`;
  const headers = { 'X-Signature-256': `sha256=${hexOf(body)}` };
  const again = JSON.stringify(JSON.parse(body));
  expect(await refusalOf({ path: '/generic', headers, body: again })).toEqual([401, 'signature_mismatch']);
  expect((await webhook.send({ path: '/generic', headers, body })).status).toBe(202);
});

// bolt-js AwsLambdaReceiver, java-slack-sdk#1015
test('fault 2: a body in base64 is decoded as bytes where the flag says so, and only there', async () => {
  const body = Buffer.from(`{"changeOrderId":"${orderId}","text":"♥ 回滚"}`);
  const headers = { 'X-Signature-256': `sha256=${hexOf(body)}` };
  const base64 = body.toString('base64');
  expect(await refusalOf({ path: '/generic', headers, body: base64 })).toEqual([401, 'signature_mismatch']);
  expect((await webhook.send({ path: '/generic', headers, body, isBase64Encoded: true })).status).toBe(202);
});

// standardwebhooks 1.1.1, open-swe#2310
test('fault 3: invalid UTF-8 is hashed as it is, so that no two bodies share a signature', async () => {
  const bytes = Buffer.concat([Buffer.from('{"text":"'), Buffer.from('ff', 'hex'), Buffer.from('"}')]);
  const replaced = Buffer.from(bytes.toString('utf8'));
  const headers = { 'X-Signature-256': `sha256=${hexOf(bytes)}` };
  const request = { path: '/generic', headers, isBase64Encoded: true };
  expect(await refusalOf({ ...request, body: replaced })).toEqual([401, 'signature_mismatch']);
  expect(await refusalOf({ ...request, body: bytes })).toEqual([400, 'payload_malformed']);
});

// bolt-js#2897
test('fault 4: nothing in a body switches verification off', async () => {
  const payload = encodeURIComponent(JSON.stringify({ actions: [{ value: `rollback ${orderId}` }] }));
  for (const body of [
    `ssl_check=1&payload=${payload}`,
    `payload=${payload}&ssl_check=1`,
    `ssl_check=1&command=%2Frollback&text=${orderId}`,
  ]) {
    expect(await refusalOf({ path: '/slack', headers: form, body })).toEqual([401, 'signature_missing']);
  }
});

// adnanh/webhook#85, slack-go Ensure
test('fault 5: the expected MAC is in no answer and in no line of the log', async () => {
  const debugging = openWebhook(edas, { sources, env: { LOG_LEVEL: 'debug' } });
  const body = `{"changeOrderId":"${orderId}"}`;
  const answer = await debugging.post('generic', body, { secret: 'fake-forged-secret' });
  expect(answer.body).toMatchObject({ status: 401, code: 'signature_mismatch' });
  const written = [answer.text, JSON.stringify(answer.headers), ...debugging.lines].join('\n');
  expect(written).not.toContain(hexOf(body));
  expect(written).not.toContain(Buffer.from(hexOf(body), 'hex').toString('base64'));
});

// standardwebhooks 1.0.0, corsair#712
test('fault 6: an empty secret, also one that decodes to nothing, opens nothing, neither at start nor when verifying', async () => {
  const body = `{"changeOrderId":"${orderId}"}`;
  const sign = (key: string) => createHmac('sha256', key).update(body).digest('hex');
  for (const [name, value] of [
    ['generic', ''],
    ['generic', undefined],
    ['standard-webhooks', 'whsec_'],
    ['standard-webhooks', 'whsec_=='],
  ] as const) {
    webhook = openWebhook(edas, { sources, env: { [variableOf(name)]: value } });
    const headers = { 'X-Signature-256': `sha256=${sign('')}` };
    expect(await refusalOf({ path: `/${name}`, headers, body })).toEqual([503, 'source_not_configured']);
  }
  const request = { headers: new Map([['x-signature-256', `sha256=${sign('')}`]]), body: Buffer.from(body) };
  expect(codeOf(() => verify(presets.generic.verify, [], request, now))).toBe('signature_mismatch');
});

// tektoncd/triggers#311, doco-cd#545
test('fault 7: a secret with a newline at its end closes its source, and the log names the variable', async () => {
  const env = { SECRET_GENERIC: 'fake-secret-of-some-length\n' };
  webhook = openWebhook(edas, { sources, env });
  expect(webhook.lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
    { level: 'error', msg: 'a source is closed', source: 'generic', variable: 'SECRET_GENERIC' },
  ]);
  expect(webhook.lines.join('')).toContain('a newline from a file is a usual reason');
  for (const secret of ['fake-secret-of-some-length', 'fake-secret-of-some-length\n']) {
    const answer = await webhook.post('generic', { changeOrderId: orderId }, { secret });
    expect(answer.body).toMatchObject({ status: 503, code: 'source_not_configured' });
  }
});

// inkbox#144, hyperlocalise#748
test('fault 8: a signature of another length, in characters or in bytes, is refused, and nothing is thrown', async () => {
  const body = '{}';
  for (const signature of [
    hexOf(body).slice(2),
    `${hexOf(body)}00`,
    '♥'.repeat(64),
    'é'.repeat(32),
    `${hexOf(body).slice(0, -1)}é`,
    '',
  ]) {
    const headers = { 'X-Signature-256': `sha256=${signature}` };
    expect(await refusalOf({ path: '/generic', headers, body })).toEqual([401, 'signature_malformed']);
  }
  for (const token of ['x', '♥', 'x'.repeat(10_000), fakeSecret('SECRET_ALERTMANAGER').slice(1)]) {
    const headers = { Authorization: `Bearer ${token}` };
    expect(await refusalOf({ path: '/alertmanager', headers, body })).toEqual([401, 'token_mismatch']);
  }
});

// novu#11120, workos-node#1579, optio#83, OwnPay#296
test('fault 9: a time that is missing, no number, of another unit, old or in the future is refused, however it is signed', async () => {
  const body = 'command=%2Frollback';
  const attempt = (time: string | undefined) => {
    const signature = hexOf(`v0:${time ?? ''}:${body}`, 'slack');
    const timed = time === undefined ? {} : { 'X-Slack-Request-Timestamp': time };
    const headers = { ...form, ...timed, 'X-Slack-Signature': `v0=${signature}` };
    return refusalOf({ path: '/slack', headers, body });
  };
  expect(await attempt(undefined)).toEqual([401, 'timestamp_missing']);
  for (const time of [
    '',
    'NaN',
    '123abc',
    'Infinity',
    '-1',
    '1.5',
    '0x6957345',
    ' 1767323045',
    '2026-01-02',
  ]) {
    expect(await attempt(time)).toEqual([401, 'timestamp_malformed']);
  }
  for (const time of ['1767323045000', '0', '1767322744', '1767323346', '9999999999']) {
    expect(await attempt(time)).toEqual([401, 'timestamp_out_of_window']);
  }
});

// linear#1268
test('fault 10: only a time under the signature counts, not a fresh header beside a stale one', async () => {
  const payload = { type: 'Issue', action: 'create', data: { title: `roll back ${orderId}` } };
  const headers = { 'Linear-Timestamp': String(now), 'X-Timestamp': String(now) };
  const stale = await webhook.post('linear', { ...payload, webhookTimestamp: now - 61_000 }, { headers });
  expect(stale.body).toMatchObject({ status: 401, code: 'timestamp_out_of_window' });
  const untimed = await webhook.post('linear', payload, { headers });
  expect(untimed.body).toMatchObject({ status: 401, code: 'timestamp_missing' });
  expect(edas.calls).toEqual([]);
  const fresh = await webhook.post('linear', { ...payload, webhookTimestamp: now - 60_000 });
  expect(fresh.body).toMatchObject({ outcome: 'rolling_back' });
});

// EEP#64
test('fault 11: of a list of signatures, made while a secret rotates, each is tried', async () => {
  const body = JSON.stringify({ event: { event_type: 'incident.resolved' } });
  const right = `v1=${hexOf(body, 'pagerduty')}`;
  const wrong = `v1=${'0'.repeat(64)}`;
  for (const list of [
    right,
    `${right},${wrong}`,
    `${wrong},${right}`,
    `${wrong}, ${wrong}, ${right}`,
    `v1=x,${right}`,
  ]) {
    const headers = { 'X-PagerDuty-Signature': list };
    expect((await webhook.send({ path: '/pagerduty', headers, body })).body).toMatchObject({
      outcome: 'ignored',
    });
  }
  const headers = { 'X-PagerDuty-Signature': `${wrong},${wrong}` };
  expect(await refusalOf({ path: '/pagerduty', headers, body })).toEqual([401, 'signature_mismatch']);
});

// adnanh/webhook#662
test('fault 12: the algorithm is the configured one, whatever the name of a header or a prefix says', async () => {
  const body = '{}';
  const [sha1, sha256, sha512] = ['sha1', 'sha256', 'sha512'].map((each) => hexOf(body, 'github', each));
  for (const [header, signature, code] of [
    ['X-Hub-Signature', `sha1=${sha1 ?? ''}`, 'signature_missing'],
    ['X-Hub-Signature', `sha256=${sha256 ?? ''}`, 'signature_missing'],
    ['X-Hub-Signature-512', `sha512=${sha512 ?? ''}`, 'signature_missing'],
    ['X-Hub-Signature-256', `sha1=${sha1 ?? ''}`, 'signature_malformed'],
    ['X-Hub-Signature-256', `sha512=${sha512 ?? ''}`, 'signature_malformed'],
    ['X-Hub-Signature-256', `sha256=${sha1 ?? ''}`, 'signature_malformed'],
    ['X-Hub-Signature-256', 'none=', 'signature_malformed'],
  ] as const) {
    const headers = { [header]: signature };
    expect(await refusalOf({ path: '/github', headers, body })).toEqual([401, code]);
  }
  // Bitbucket signs with SHA-256 in the header in which GitHub has SHA-1.
  const push = '{"repository":{}}';
  const headers = { 'X-Hub-Signature': `sha256=${hexOf(push, 'bitbucket')}` };
  expect((await webhook.send({ path: '/bitbucket', headers, body: push })).body).toMatchObject({
    outcome: 'ignored',
  });
});

// jenkins generic-webhook-trigger, argo-events, convoy, rundeck
test('fault 13: MACs are decoded and compared in constant time, so that case counts in base64 and not in hex', async () => {
  const body = '{}';
  const upper = { 'X-Signature-256': `sha256=${hexOf(body).toUpperCase()}` };
  expect((await webhook.send({ path: '/generic', headers: upper, body })).status).toBe(422);

  const { 'x-zendesk-webhook-signature': signature = '', ...time } = signatureHeaders(
    presets.zendesk.verify,
    fakeSecret('SECRET_ZENDESK'),
    body,
    { now },
  );
  const swapped = signature.replace(/[a-z]/i, (letter) =>
    letter === letter.toUpperCase() ? letter.toLowerCase() : letter.toUpperCase(),
  );
  const headers = { ...time, 'x-zendesk-webhook-signature': swapped };
  expect(await refusalOf({ path: '/zendesk', headers, body })).toEqual([401, 'signature_mismatch']);

  for (const [name, forged] of [
    ['generic', { 'X-Signature-256': `sha256=${'0'.repeat(64)}` }],
    ['alertmanager', { Authorization: 'Bearer fake-forged-token' }],
  ] as const) {
    comparisons.inConstantTime = 0;
    await refusalOf({ path: `/${name}`, headers: { ...forged }, body });
    expect(comparisons.inConstantTime).toBe(1);
  }
});

// go-github#4125, backstage#28910
test('fault 14: a body has an explicit limit of 1 MiB, which holds before it is hashed', async () => {
  const bodyOf = (length: number) => `{"changeOrderId":"${orderId}"}`.padEnd(length);
  const tooLarge = { path: '/generic', body: bodyOf(1024 * 1024 + 1) };
  expect(await refusalOf(tooLarge)).toEqual([413, 'body_too_large']);
  expect(await refusalOf({ ...tooLarge, isBase64Encoded: true })).toEqual([413, 'body_too_large']);
  const answer = await webhook.post('generic', bodyOf(1024 * 1024));
  expect(answer.body).toMatchObject({ outcome: 'rolling_back' });
});

// tektoncd/triggers#985
test('fault 15: nothing is answered 2xx before it is verified', async () => {
  for (const name of names) {
    const { verify } = presets[name as keyof typeof presets];
    const secret = fakeSecret('ANOTHER_SECRET', verify.scheme === 'link' ? undefined : verify);
    const grant = { app: appId, expiresAtSeconds: Math.floor(now / 1000) + 1000 };
    const answer = await webhook.post(name, { changeOrderId: orderId }, { secret, grant });
    expect([name, answer.status]).toEqual([name, 401]);
  }
  expect(edas.calls).toEqual([]);
});

// keel /v1/webhooks/registry
test('fault 16: there is one gate for every route, and no other route', async () => {
  for (const name of names) {
    const body = `{"changeOrderId":"${orderId}"}`;
    expect(await refusalOf({ path: `/${name}`, body })).toEqual([401, expect.stringMatching(/_missing$/)]);
    for (const path of [
      `/${name}/`,
      `//${name}`,
      `/${name}/registry`,
      `/${name}%2f`,
      `/${name.toUpperCase()}`,
    ]) {
      expect(await refusalOf({ path, body })).toEqual([404, 'source_unknown']);
    }
  }
  for (const path of ['', '/v1/webhooks/registry', '/__proto__', '/constructor', '/healthz', '/metrics']) {
    expect(await refusalOf({ path, body: '{}' })).toEqual([404, 'source_unknown']);
  }
  expect(await refusalOf({ path: '/', body: '{}' })).toEqual([405, 'method_not_allowed']);
});

// fluxcd/notification-controller#256
test('fault 17: what is signed must be a POST with a body', async () => {
  const signed = { 'X-Signature-256': `sha256=${hexOf('')}` };
  expect(await refusalOf({ path: '/generic', headers: signed })).toEqual([400, 'payload_malformed']);
  const body = `{"changeOrderId":"${orderId}"}`;
  const headers = { 'X-Signature-256': `sha256=${hexOf(body)}`, 'X-HTTP-Method-Override': 'POST' };
  for (const method of ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'post', 'TRACE']) {
    expect(await refusalOf({ path: '/generic', method, headers, body })).toEqual([405, 'method_not_allowed']);
  }
});

// paperclip#9993, windmill#8596
test('fault 18: the same signed request, sent again and at the same moment to other instances, rolls back once', async () => {
  const instances = Array.from({ length: 4 }, () => openWebhook(edas, { sources }));
  const answers = await Promise.all(
    instances.map(({ post }) =>
      post('github', failedDeployment(), { headers: { 'X-GitHub-Delivery': 'one' } }),
    ),
  );
  answers.push(await webhook.post('github', failedDeployment(), { headers: { 'X-GitHub-Delivery': 'one' } }));
  const outcomes = answers.map(({ body }) => body['outcome']).toSorted();
  const repeats = Array.from({ length: 4 }, () => 'already_terminated');
  expect(outcomes).toEqual([...repeats, 'rolling_back']);
  expect(edas.orders.rollbacksOf(orderId)).toBe(1);
});

function failedDeployment(): object {
  return { deployment_status: { state: 'failure' }, deployment: { payload: { changeOrderId: orderId } } };
}

// kubernaut#368
test('fault 19: an alert that keeps firing after the rollback rolls back nothing more, whatever its delivery id', async () => {
  const fire = (delivery: string) =>
    webhook.post(
      'alertmanager',
      {
        status: 'firing',
        commonLabels: { edas_app_id: appId },
        alerts: [{ status: 'firing', startsAt: '2026-01-02T03:03:30Z' }],
        notificationLog: delivery,
      },
      { headers: { 'X-Delivery-Id': delivery } },
    );
  expect((await fire('one')).body).toMatchObject({ outcome: 'rolling_back', changeOrderId: orderId });
  expect((await fire('two')).body).toMatchObject({ code: 'app_has_no_change_in_flight' });

  // The next deployment began after the problem, so it is not to blame.
  const next = edas.orders.add({ appId, createdAt: now - 10_000, readyMs: 0, waitsForPerson: true });
  expect((await fire('three')).body).toMatchObject({ code: 'problem_predates_change', changeOrderId: next });
  expect(edas.orders.rollbacksOf(orderId)).toBe(1);
  expect(edas.orders.rollbacksOf(next)).toBe(0);
});

// discord-api-docs#1889
test('fault 20: ids are texts: a number, which JSON rounds above 2^53, is never taken for one', async () => {
  for (const number of ['9007199254740993', '1e400', '-0']) {
    const answer = await webhook.post('generic', `{"changeOrderId":${number}}`);
    expect(answer.body).toMatchObject({ status: 422, code: 'change_order_id_missing' });
    expect(answer.body['detail']).toContain('which is no text');
  }
  expect(edas.calls).toEqual([]);
  const text = `{"changeOrderId":"${orderId}","snowflake":9007199254740993}`;
  expect((await webhook.post('generic', text)).body).toMatchObject({ changeOrderId: orderId });
});

// stream-chat-php#168
test('fault 21: a compressed body is refused with 415, signed or not, and never unpacked', async () => {
  const plain = `{"changeOrderId":"${orderId}"}`;
  for (const [encoding, body] of [
    ['gzip', gzipSync(plain)],
    ['GZIP', gzipSync(plain)],
    ['br', Buffer.from(plain)],
    ['deflate', Buffer.from(plain)],
    ['identity, gzip', gzipSync(plain)],
  ] as const) {
    const headers = { 'X-Signature-256': `sha256=${hexOf(body)}`, 'Content-Encoding': encoding };
    const request = { path: '/generic', headers, body, isBase64Encoded: true };
    expect(await refusalOf(request)).toEqual([415, 'content_encoding_unsupported']);
  }
});

// go-github#693
test('fault 22: a form is hashed as it came, and only then parsed', async () => {
  const json = JSON.stringify(failedDeployment());
  const payload = encodeURIComponent(json).replaceAll(/%[0-9A-F]{2}/g, (escape) => escape.toLowerCase());
  const body = `x=%7e+~&payload=${payload}`;
  const headers = { ...form, 'X-Hub-Signature-256': `sha256=${hexOf(body, 'github')}` };
  for (const again of [new URLSearchParams(body).toString(), body.toUpperCase(), json]) {
    expect(await refusalOf({ path: '/github', headers, body: again })).toEqual([401, 'signature_mismatch']);
  }
  const answer = await webhook.send({ path: '/github', headers, body });
  expect(answer.body).toMatchObject({ outcome: 'rolling_back' });
});

// PagerDuty v3
test('fault 23: a refusal has the status that keeps the sender from disabling its webhook, but never for a forgery', async () => {
  edas.orders.abort(orderId);
  const incident = { event: { event_type: 'incident.triggered', occurred_at: '2026-01-02T03:03:30Z' } };
  const refused = await webhook.post('pagerduty', incident);
  expect(refused.status).toBe(200);
  expect(refused.body).toMatchObject({ status: 200, code: 'app_has_no_change_in_flight' });
  const malformed = await webhook.post('pagerduty', '{');
  expect([malformed.status, malformed.body['code']]).toEqual([200, 'payload_malformed']);
  const forged = await webhook.post('pagerduty', incident, { secret: 'fake-forged-secret' });
  expect(forged.status).toBe(401);
});

// bolt-js#1509, robusta
test('fault 24: a bad signature is answered, and with 401, always', async () => {
  for (const name of names) {
    const { verify } = presets[name as keyof typeof presets];
    const signed =
      verify.scheme === 'link' ? {} : signatureHeaders(verify, fakeSecret('X', verify), '{}', { now });
    for (const rubbish of [
      '',
      ' ',
      'x',
      '=',
      ',',
      '♥',
      'sha256=',
      't=,v1=',
      'Bearer',
      'Basic !',
      '\u0000',
      '[]',
    ]) {
      const headers = Object.fromEntries(Object.keys(signed).map((header) => [header, rubbish]));
      const query = { app: appId, exp: '1775001600', sig: rubbish };
      const answer = await webhook.send({ path: `/${name}`, headers, query, body: '{}' });
      expect([name, rubbish, answer.status]).toEqual([name, rubbish, 401]);
      expect(answer.headers['WWW-Authenticate']).toBeDefined();
    }
  }
  expect(edas.calls).toEqual([]);
});

test('a stale time in a payload is refused with 401, too, where other refusals are answered 200', async () => {
  const text = 'sources: { linear: { preset: linear, secrets: [LINEAR_SECRET], refusalStatus: 200 } }';
  webhook = openWebhook(edas, { sources: text });
  const answer = await webhook.post('linear', { webhookTimestamp: now - 61_000 });
  expect(answer.body).toMatchObject({ code: 'timestamp_out_of_window' });
  expect(answer.status).toBe(401);
});
