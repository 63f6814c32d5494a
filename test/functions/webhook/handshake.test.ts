import { createCipheriv } from 'node:crypto';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { sha256 } from '../../../functions/webhook/verify/match.ts';
import { signatureHeaders } from '../../../local/signing/sign.ts';
import type { EdasStandIn } from '../../../local/stand-ins/edas/stand-in.ts';
import { presets } from '../../../presets/index.ts';
import { fakeSecret, openWebhook, openWithRelease, startTime, type Webhook } from '../../support/webhook.ts';

const appId = '3616cdca-4f92-4413-8a51-000000000001';
const sources = `
sources:
  slack: { preset: slack, secrets: [SLACK_SECRET] }
  feishu: { preset: feishu, secrets: [FEISHU_KEY] }
  zendesk: { preset: zendesk, secrets: [ZENDESK_SECRET] }
  untried: { preset: zendesk, secrets: [UNTRIED_SECRET] }
  github: { preset: github, secrets: [SECRET_GITHUB] }
  circleci: { preset: circleci, secrets: [CIRCLECI_SECRET], apps: [${appId}] }
`;
const publicZendeskSecret = 'dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ==';
const form = { 'content-type': 'application/x-www-form-urlencoded' };
const json = { 'content-type': 'application/json' };
const now = Date.parse(startTime);

let edas: EdasStandIn;
let webhook: Webhook;
/** A change order in flight. */
let orderId: string;

beforeEach(async () => {
  const options = { sources, env: { UNTRIED_SECRET: publicZendeskSecret } };
  ({ edas, webhook, orderId } = await openWithRelease(options, { appId }, onTestFinished));
  // What it says of the closed source as it starts.
  webhook.lines.length = 0;
});

/** The only line of the log, which is the decision. */
function onlyLine(): unknown {
  expect(webhook.lines).toHaveLength(1);
  return JSON.parse(webhook.lines[0] ?? '');
}

function decision(source: string, message: string): object {
  return {
    time: startTime,
    level: 'info',
    msg: 'decision',
    requestId: 'fake-request-id',
    source,
    outcome: 'ignored',
    message,
    durationMs: 0,
  };
}

describe("Slack's url_verification", () => {
  const body = JSON.stringify({ token: 'fake-token', challenge: '3eZbrw1aBm2rZ', type: 'url_verification' });

  test('is answered with its challenge where it is signed', async () => {
    const answer = await webhook.post('slack', body, { headers: json });
    expect(answer.status).toBe(200);
    expect(answer.headers['Content-Type']).toBe('application/json');
    expect(answer.text).toBe('{"challenge":"3eZbrw1aBm2rZ"}\n');
    expect(onlyLine()).toEqual(decision('slack', 'A challenge.'));
    expect(edas.calls).toEqual([]);
  });

  test('is refused where it is not', async () => {
    const answer = await webhook.send({ path: '/slack', headers: json, body });
    expect(answer.body).toMatchObject({ status: 401, code: 'signature_missing' });
    expect(answer.text).not.toContain('3eZbrw1aBm2rZ');
  });
});

describe("Slack's ssl_check", () => {
  test.each(['ssl_check=1', 'ssl_check=1&token=fake-token', 'token=fake-token&ssl_check=1'])(
    'unsigned and alone, as %s, is answered 200 with an empty body, and nothing is logged but the decision',
    async (body) => {
      const answer = await webhook.send({ path: '/slack', headers: form, body });
      expect(answer.status).toBe(200);
      expect(answer.text).toBe('');
      expect(answer.headers).toEqual({ 'Content-Type': 'text/plain', 'Cache-Control': 'no-store' });
      expect(onlyLine()).toEqual(decision('slack', 'An SSL check.'));
      expect(edas.calls).toEqual([]);
    },
  );

  const command = `command=%2Frollback&text=ORDER`;
  test.each<[string, string, Record<string, string>?]>([
    ['a command', `ssl_check=1&${command}`],
    ['a command before it', `${command}&ssl_check=1`],
    ['a command in the name of the token', `token=x&${command}&ssl_check=1`],
    [
      'a payload',
      'ssl_check=1&payload=%7B%22actions%22%3A%5B%7B%22value%22%3A%22rollback%20ORDER%22%7D%5D%7D',
    ],
    ['another value', 'ssl_check=0'],
    ['a value that begins like it', 'ssl_check=1x'],
    ['no value', 'ssl_check'],
    ['a second check', 'ssl_check=1&ssl_check=1'],
    ['an empty field', 'ssl_check=1&'],
    ['a line break', 'ssl_check=1\n'],
    ['a name in escapes', 'ssl%5Fcheck=1'],
    ['a token that is too long', `ssl_check=1&token=${'x'.repeat(1000)}`],
    ['a body of JSON', '{"ssl_check":1}', json],
    ['the type of JSON', 'ssl_check=1', json],
    ['no type', 'ssl_check=1', {}],
  ])('unsigned and with %s is verified like any other webhook: 401', async (_, text, headers = form) => {
    const body = text.replace('ORDER', orderId);
    const answer = await webhook.send({ path: '/slack', headers, body });
    expect(answer.body).toMatchObject({ status: 401, code: 'signature_missing' });
    expect(edas.calls).toEqual([]);
  });

  test('counts for nothing in a command that is signed', async () => {
    const body = `ssl_check=1&command=%2Frollback&text=${orderId}&user_name=alice`;
    const answer = await webhook.post('slack', body, { headers: form });
    expect(answer.body).toMatchObject({ response_type: 'in_channel' });
    expect(edas.orders.rollbacksOf(orderId)).toBe(1);
  });

  test('is refused by every other sender', async () => {
    for (const source of ['feishu', 'zendesk', 'github', 'circleci']) {
      const answer = await webhook.send({ path: `/${source}`, headers: form, body: 'ssl_check=1' });
      expect(answer.body).toMatchObject({ status: 401, code: 'signature_missing' });
    }
  });
});

describe("Feishu's challenge", () => {
  const challenge = { challenge: 'ajls384kdjx98XX', token: 'fake-token', type: 'url_verification' };

  function encrypt(value: unknown, key = fakeSecret('FEISHU_KEY')): string {
    const iv = Buffer.alloc(16, 7);
    const cipher = createCipheriv('aes-256-cbc', sha256(key), iv);
    const bytes = Buffer.concat([iv, cipher.update(JSON.stringify(value)), cipher.final()]);
    return JSON.stringify({ encrypt: bytes.toString('base64') });
  }

  const send = (body: string, headers: Record<string, string> = json) =>
    webhook.send({ path: '/feishu', headers, body });

  test.each([
    ['plain', JSON.stringify(challenge)],
    ['plain, without a token', '{"type":"url_verification","challenge":"ajls384kdjx98XX"}'],
    ['encrypted', encrypt(challenge)],
  ])('is answered, %s, signed or not, and nothing is logged but the decision', async (_, body) => {
    for (const ask of [() => send(body), () => webhook.post('feishu', body)]) {
      webhook.lines.length = 0;
      const answer = await ask();
      expect(answer.status).toBe(200);
      expect(answer.headers['Content-Type']).toBe('application/json');
      expect(answer.text).toBe('{"challenge":"ajls384kdjx98XX"}\n');
      expect(onlyLine()).toEqual(decision('feishu', 'A challenge.'));
    }
    expect(edas.calls).toEqual([]);
  });

  const content = JSON.stringify({ text: 'rollback dc5133d7-773f-4c81-9c5a-e2103dce0f6a' });
  const event = { schema: '2.0', header: { token: 'fake-token' }, event: { message: { content } } };
  test.each<[string, string]>([
    ['an event', JSON.stringify(event)],
    ['an event that is encrypted', encrypt(event)],
    ['an event that calls itself a challenge', JSON.stringify({ ...event, ...challenge })],
    ['an encrypted event that calls itself a challenge', encrypt({ ...event, ...challenge })],
    ['a challenge with anything more', JSON.stringify({ ...challenge, uuid: '' })],
    ['a challenge under another key', encrypt(challenge, 'fake-other-key')],
    ['a challenge that is encrypted twice', encrypt(JSON.parse(encrypt(challenge)))],
    ['another type', JSON.stringify({ ...challenge, type: 'event_callback' })],
    ['no type', '{"challenge":"x"}'],
    ['a challenge that is no text', JSON.stringify({ ...challenge, challenge: { a: 1 } })],
    ['a challenge that is too long', JSON.stringify({ ...challenge, challenge: 'x'.repeat(1001) })],
    ['a body that is too long', `${JSON.stringify(challenge)}${' '.repeat(4000)}`],
    ['a type that is there twice', '{"type":"x","type":"url_verification","challenge":"x"}'],
    ['a list of one', JSON.stringify([challenge])],
    ['a text', '"url_verification"'],
    ['nothing', ''],
    ['no JSON', 'url_verification'],
    ['an encrypted text that is no base64', '{"encrypt":"!"}'],
  ])('is none where it is %s: 401 unsigned', async (_, body) => {
    const answer = await send(body);
    expect(answer.body).toMatchObject({ status: 401, code: 'signature_missing' });
    expect(edas.calls).toEqual([]);
  });

  test('is none where something plain stands beside the encrypted one: 401 unsigned', async () => {
    const answer = await send(encrypt(challenge).replace('{', '{"type":"x",'));
    expect(answer.body).toMatchObject({ status: 401, code: 'signature_missing' });
  });

  test('is refused where it carries a signature that does not fit, or an empty one', async () => {
    const signed = signatureHeaders(presets.feishu.verify, 'fake-other-key', JSON.stringify(challenge), {
      now,
    });
    expect((await send(JSON.stringify(challenge), signed)).body).toMatchObject({
      code: 'signature_mismatch',
    });
    const empty = { ...signed, 'x-lark-signature': '' };
    expect((await send(JSON.stringify(challenge), empty)).body).toMatchObject({ code: 'signature_missing' });
  });

  test('is refused by every other sender', async () => {
    for (const source of ['slack', 'zendesk', 'github', 'circleci']) {
      const answer = await webhook.send({
        path: `/${source}`,
        headers: json,
        body: JSON.stringify(challenge),
      });
      expect(answer.body).toMatchObject({ status: 401, code: 'signature_missing' });
    }
  });
});

describe("Zendesk's test, signed with Zendesk's public secret", () => {
  const message = "A test, signed with Zendesk's public test secret. It proves nothing.";
  const post = (source: string, secret: string, headers: Record<string, string> = {}) =>
    webhook.post(source, { changeOrderId: orderId }, { secret, headers });

  test('is answered 200, and does nothing, whatever it asks for', async () => {
    const answer = await post('zendesk', publicZendeskSecret);
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      outcome: 'ignored',
      message,
      source: 'zendesk',
      requestId: 'fake-request-id',
    });
    expect(onlyLine()).toEqual(decision('zendesk', message));
    expect(edas.calls).toEqual([]);
  });

  test('is refused once it is stale or changed', async () => {
    const stale = { 'x-zendesk-webhook-signature-timestamp': '2026-01-02T02:00:00Z' };
    expect((await post('zendesk', publicZendeskSecret, stale)).body).toMatchObject({
      code: 'timestamp_out_of_window',
    });
    const soon = { 'x-zendesk-webhook-signature-timestamp': '2026-01-02T03:04:06Z' };
    expect((await post('zendesk', publicZendeskSecret, soon)).body).toMatchObject({
      code: 'signature_mismatch',
    });
  });

  test('opens no other source', async () => {
    for (const source of ['github', 'slack', 'feishu']) {
      expect((await post(source, publicZendeskSecret)).body).toMatchObject({ code: 'signature_mismatch' });
    }
  });

  test('opens no source that was given this secret: that one stays closed, and the log says why', async () => {
    const { lines } = openWebhook(edas, { sources, env: { UNTRIED_SECRET: publicZendeskSecret } });
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      {
        level: 'error',
        msg: 'a source is closed',
        source: 'untried',
        reason: "UNTRIED_SECRET is Zendesk's test secret, which is public",
      },
    ]);
    const answer = await post('untried', publicZendeskSecret);
    expect(answer.body).toMatchObject({ status: 503, code: 'source_not_configured' });
    expect(edas.calls).toEqual([]);
  });

  test("does not stand in the way of a webhook that is signed with the source's own secret", async () => {
    const answer = await webhook.post('zendesk', { changeOrderId: orderId });
    expect(answer.body).toMatchObject({ outcome: 'rolling_back' });
  });
});

describe.each([
  ['github', 'X-GitHub-Event'],
  ['circleci', 'Circleci-Event-Type'],
])('a ping of %s', (source, header) => {
  const body = '{"zen":"Keep it logically awesome.","type":"ping"}';

  test('is answered 200 once it is verified, and does nothing', async () => {
    const answer = await webhook.post(source, body, { headers: { [header]: 'ping' } });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ outcome: 'ignored', message: 'A ping: the signature is right.' });
    expect(onlyLine()).toMatchObject(decision(source, 'A ping: the signature is right.'));
    expect(edas.calls).toEqual([]);
  });

  test('is refused unsigned, or signed with another secret', async () => {
    const headers = { [header]: 'ping' };
    const unsigned = await webhook.send({ path: `/${source}`, headers, body });
    expect(unsigned.body).toMatchObject({ status: 401, code: 'signature_missing' });
    const forged = await webhook.post(source, body, { headers, secret: 'fake-forged-secret' });
    expect(forged.body).toMatchObject({ status: 401, code: 'signature_mismatch' });
  });

  test('is told by its header alone, with this very value', async () => {
    for (const value of ['Ping', 'ping ', 'push', '']) {
      const answer = await webhook.post(source, body, { headers: { [header]: value } });
      expect(answer.body['message']).not.toBe('A ping: the signature is right.');
    }
  });
});
