import { createCipheriv, createHash } from 'node:crypto';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { startEdasStandIn, type EdasStandIn } from '../../../local/stand-ins/edas/stand-in.ts';
import * as faults from '../../../local/stand-ins/kms/faults.ts';
import type { Fault } from '../../../local/stand-ins/kms/faults.ts';
import { startKmsStandIn, type KmsStandIn } from '../../../local/stand-ins/kms/stand-in.ts';
import {
  fakeContext,
  fakeCredentials,
  fakeSecret,
  openWebhook,
  startTime,
  type Answer,
  type PostOptions,
  type Webhook,
  type WebhookOptions,
} from '../../support/webhook.ts';

const app = '3616cdca-4f92-4413-0000-000000000000';
const sources = `
sources:
  pipeline: { preset: generic, secrets: [kms:pipeline] }
  hasty: { preset: generic, secrets: [kms:pipeline], deadlineMs: 2000 }
  mixed: { preset: generic, secrets: [OWN_SECRET, kms:pipeline] }
  two: { preset: generic, secrets: [kms:one, kms:other] }
  hex: { verify: { header: x-signature, secretEncoding: hex }, secrets: [kms:pipeline] }
  token: { preset: alertmanager, secrets: [kms:token], apps: [${app}] }
  link: { preset: cloudmonitor, secrets: [kms:link], apps: [${app}] }
  stripe: { preset: stripe-style, secrets: [kms:stripe] }
  dingtalk: { preset: dingtalk, secrets: [kms:dingtalk], apps: [${app}] }
  slack: { preset: slack, secrets: [kms:slack] }
  feishu: { preset: feishu, secrets: [kms:feishu] }
  zendesk: { preset: zendesk, secrets: [kms:zendesk] }
`;
const old = fakeSecret('kms:pipeline');
const minute = 60_000;

let edas: EdasStandIn;
let kms: KmsStandIn;
let webhook: Webhook;
let now: number;

beforeEach(async () => {
  edas = await startEdasStandIn({ credentials: fakeCredentials });
  kms = await startKmsStandIn({ credentials: fakeCredentials });
  onTestFinished(() => edas.close());
  onTestFinished(() => kms.close());
  now = Date.parse(startTime);
  webhook = open();
});

function open(options: Partial<WebhookOptions> = {}): Webhook {
  const clock = { now: () => now, sleep: (ms: number) => Promise.resolve(void (now += ms)) };
  return openWebhook(edas, { sources, kms, clock, ...options });
}

/** The outcome or the code of a webhook that asks for nothing that can be found: what counts is who is let in. */
async function post(source = 'pipeline', options: PostOptions = {}): Promise<string> {
  const { body } = await webhook.post(source, {}, options);
  return String(body['outcome'] ?? body['code']);
}

/** What says that a request came through the gate. */
const letIn = 'change_order_id_missing';
const forged = { secret: 'fake-forged-secret' };
const reads = () => kms.calls.filter(({ stage }) => stage === 'ACSCurrent').length;
const meet = (fault: Fault) => {
  kms.setFault(() => fault);
};
/** The log, but for the audit trail. */
const warnings = () => webhook.lines.filter((line) => !line.includes('"msg":"decision"'));

describe('a source whose secret is in KMS', () => {
  test('lets a rollback through, with the credentials of the invocation and no variable', async () => {
    const changeOrderId = edas.orders.add({ appId: app, readyMs: 0, batchMs: 600_000 });
    const { body } = await webhook.post('pipeline', { changeOrderId });
    expect(body).toMatchObject({ outcome: 'rolling_back', changeOrderId });
    expect(kms.calls).toEqual([
      { action: 'GetSecretValue', secretName: 'pipeline', stage: 'ACSCurrent', status: 200 },
      { action: 'GetSecretValue', secretName: 'pipeline', stage: 'ACSPrevious', status: 404 },
    ]);
  });

  test('refuses a sender that does not know it', async () => {
    expect(await post('pipeline', forged)).toBe('signature_mismatch');
  });

  test('has several as well, all of them valid', async () => {
    for (const secret of ['kms:one', 'kms:other']) {
      expect(await post('two', { secret: fakeSecret(secret) })).toBe(letIn);
    }
    expect(await post('two', forged)).toBe('signature_mismatch');
    expect(kms.calls).toHaveLength(4);
  });

  test('lets in a sender that signs with the secret in its variable, without asking KMS', async () => {
    meet(faults.silent());
    expect(await post('mixed', { secret: fakeSecret('OWN_SECRET') })).toBe(letIn);
    expect(kms.calls).toEqual([]);
  });

  test('takes the secret in KMS beside the one in its variable', async () => {
    expect(await post('mixed', { secret: old })).toBe(letIn);
    expect(await post('mixed', forged)).toBe('signature_mismatch');
  });

  test('is closed where its variable is unfit, whatever KMS has', async () => {
    webhook = open({ env: { OWN_SECRET: '' } });
    expect(await post('mixed', { secret: old })).toBe('source_not_configured');
    expect(kms.calls).toEqual([]);
  });

  test('counts as ready, for the health calls no other service', async () => {
    meet(faults.forbidden());
    const { body } = await webhook.send({ method: 'GET', path: '/' });
    expect(body).toMatchObject({ sources: 12, ready: 12 });
    expect(kms.calls).toEqual([]);
  });

  test.each([
    ['token', 'token_mismatch'],
    ['stripe', 'signature_mismatch'],
    ['dingtalk', 'signature_mismatch'],
    ['slack', 'signature_mismatch'],
    ['zendesk', 'signature_mismatch'],
    ['feishu', 'signature_mismatch'],
  ])('may be %s: its own secret opens it, and no other', async (source, mismatch) => {
    expect(await post(source, forged)).toBe(mismatch);
    const { status } = await webhook.post(source, {});
    expect(status).not.toBe(401);
    expect(reads()).toBe(1);
  });

  test('may be called by a link', async () => {
    const grant = { app, expiresAtSeconds: now / 1000 + 3600 };
    expect(await post('link', { grant, ...forged })).toBe('signature_mismatch');
    const { status } = await webhook.post('link', {}, { grant });
    expect(status).not.toBe(401);
    expect(reads()).toBe(1);
  });
});

describe('a rotation', () => {
  test('is seen after five minutes, and then both versions are valid, and the one before them is not', async () => {
    expect(await post('pipeline', { secret: old })).toBe(letIn);
    kms.secrets.put('pipeline', 'fake-second-secret');
    expect(await post('pipeline', { secret: 'fake-second-secret' })).toBe('signature_mismatch');

    now += 5 * minute;
    expect(await post('pipeline', { secret: 'fake-second-secret' })).toBe(letIn);
    expect(await post('pipeline', { secret: old })).toBe(letIn);

    kms.secrets.put('pipeline', 'fake-third-secret');
    now += 5 * minute;
    expect(await post('pipeline', { secret: 'fake-third-secret' })).toBe(letIn);
    expect(await post('pipeline', { secret: 'fake-second-secret' })).toBe(letIn);
    expect(await post('pipeline', { secret: old })).toBe('signature_mismatch');
    expect(reads()).toBe(3);
  });

  test.each([
    ['empty', '', 'is empty'],
    ['padded', 'fake-secret-with-a-newline\n', 'begins or ends with white space'],
  ])(
    'to a version that is %s closes the source, until a minute after it is mended',
    async (_, text, reason) => {
      kms.secrets.put('pipeline', text);
      expect(await post('pipeline', { secret: old })).toBe('source_not_configured');
      expect(await post('pipeline', { secret: old })).toBe('source_not_configured');
      expect(warnings().filter((line) => line.includes('a source is closed'))).toHaveLength(1);
      expect(warnings().join('\n')).toContain(`"reason":"kms:pipeline ${reason}`);
      expect(reads()).toBe(1);

      kms.secrets.put('pipeline', 'fake-mended-secret-of-some-length');
      now += minute;
      expect(await post('pipeline', { secret: 'fake-mended-secret-of-some-length' })).toBe(letIn);
      // The version before it is the unfit one, and closes nothing.
      expect(warnings().join('\n')).toContain('a previous secret is not used');
    },
  );

  test('to a version that is binary closes the source', async () => {
    await post();
    kms.secrets.put('pipeline', 'AAEC', 'binary');
    now += 5 * minute;
    expect(await post('pipeline', { secret: old })).toBe('source_not_configured');
    expect(warnings().join('\n')).toContain('It is binary');
  });

  test('of a secret that two sources read differently closes only the one that cannot use it', async () => {
    expect(await post('hex', { secret: 'abcd' })).toBe('source_not_configured');
    expect(await post('pipeline')).toBe(letIn);
    expect(warnings().join('\n')).toContain('kms:pipeline cannot be decoded: its encoding is hex');
  });

  test('to a short secret is warned of once', async () => {
    kms.secrets.put('pipeline', 'fake-short');
    await post('pipeline', { secret: 'fake-short' });
    await post('pipeline', { secret: 'fake-short' });
    const short = warnings().filter((line) => line.includes('kms:pipeline is shorter than 16 bytes'));
    expect(short).toHaveLength(1);
    expect(short[0]).toContain('"secret":"kms:pipeline"');
    expect(short[0]).not.toContain('"variable"');
  });
});

describe('KMS that gives no answer', () => {
  const trouble: [string, Fault][] = [
    ['is throttling', faults.throttled()],
    ['is down', faults.serviceUnavailable()],
    ['resets the connection', faults.reset()],
    ['shows a page of HTML', faults.htmlBadGateway()],
    ['answers half of it', faults.truncatedJson()],
  ];

  test.each(trouble)('because it %s leaves what was read before valid for an hour', async (_, fault) => {
    await post();
    meet(fault);
    now += 60 * minute - 1;
    expect(await post()).toBe(letIn);
    expect(await post('pipeline', forged)).toBe('signature_mismatch');
    now += 1;
    expect(await post()).toBe('secrets_unavailable');
  });

  test.each(trouble)(
    'because it %s closes a source that knows nothing yet, with the time to wait',
    async (_, fault) => {
      meet(fault);
      const answer = await webhook.post('pipeline', {});
      expect(answer).toMatchObject({
        status: 503,
        headers: { 'Retry-After': '10' },
        body: { code: 'secrets_unavailable', retry: true, source: 'pipeline' },
      });
      kms.setFault(undefined);
      now += 10_000;
      expect(await post()).toBe(letIn);
    },
  );

  test.each([
    ['hasty', 600],
    ['pipeline', 2_000],
  ])('and hangs leaves the answer of %s in time, after %i ms', async (source, longestMs) => {
    meet(faults.silent());
    const startedAt = performance.now();
    expect(await post(source)).toBe('secrets_unavailable');
    const tookMs = performance.now() - startedAt;
    expect(tookMs).toBeGreaterThan(longestMs - 50);
    expect(tookMs).toBeLessThan(longestMs + 800);
    // And is not waited for again so soon.
    expect(await post(source)).toBe('secrets_unavailable');
    expect(performance.now() - startedAt - tookMs).toBeLessThan(500);
    expect(reads()).toBe(1);
  });
});

describe('KMS that refuses', () => {
  test('closes the source at once, for the right was taken away on purpose, and opens it by itself', async () => {
    await post();
    meet(faults.forbidden());
    now += 5 * minute;
    const answer = await webhook.post('pipeline', {});
    expect(answer).toMatchObject({ status: 503, body: { code: 'source_not_configured', retry: false } });
    expect(answer.text).not.toContain('kms:GetSecretValue');
    expect(warnings().join('\n')).toContain("The function's role needs kms:GetSecretValue on the secret");
    kms.setFault(undefined);
    now += 10_000;
    expect(await post()).toBe(letIn);
  });

  test('a secret that was deleted closes the source', async () => {
    await post();
    kms.secrets.delete('pipeline');
    now += 5 * minute;
    expect(await post()).toBe('source_not_configured');
  });

  test.each([
    ['no role', { context: { ...fakeContext, credentials: {} } }, 'The function has no role'],
    [
      'an address that is none',
      { env: { KMS_ENDPOINT: 'http://kms.example.com' } },
      'KMS_ENDPOINT must be https',
    ],
    [
      'no region',
      { env: { KMS_ENDPOINT: '' }, context: { ...fakeContext, region: undefined } },
      'The region of KMS is not known',
    ],
  ])('%s closes the source, and the log says why', async (_, options, reason) => {
    webhook = open(options);
    expect(await post()).toBe('source_not_configured');
    expect(warnings().join('\n')).toContain(reason);
    expect(kms.calls).toEqual([]);
  });
});

describe('Invariant 8: KMS is asked only where nothing but a key can prove who is there', () => {
  const good = { 'content-type': 'application/json' };

  test.each<[string, string, () => Promise<Answer>]>([
    ['source_unknown', 'another path', () => webhook.send({ path: '/nobody', headers: good, body: '{}' })],
    ['method_not_allowed', 'another method', () => webhook.send({ method: 'PUT', path: '/pipeline' })],
    ['signature_missing', 'no header', () => webhook.send({ path: '/pipeline', body: '{}' })],
    [
      'signature_malformed',
      'a header that cannot be read',
      () => webhook.post('pipeline', {}, { headers: { 'X-Signature-256': 'sha256=0123' } }),
    ],
    [
      'body_too_large',
      'a body that is too large',
      () => webhook.post('pipeline', 'x'.repeat(1024 * 1024 + 1)),
    ],
    [
      'content_encoding_unsupported',
      'a compressed body',
      () => webhook.post('pipeline', {}, { headers: { 'Content-Encoding': 'gzip' } }),
    ],
    [
      'timestamp_out_of_window',
      'an old time',
      () => webhook.post('slack', {}, { headers: { 'x-slack-request-timestamp': '1614265330' } }),
    ],
    ['token_missing', 'no token', () => webhook.send({ path: '/token', body: '{}' })],
    ['signature_missing', 'a link without a signature', () => webhook.send({ path: '/link', body: '{}' })],
    [
      'link_malformed',
      'a link with something added',
      () => webhook.send({ path: '/link', query: { sig: 'ab'.repeat(32), x: '1' }, body: '{}' }),
    ],
    ['signature_missing', 'no header of Feishu', () => webhook.send({ path: '/feishu', body: '{}' })],
  ])('%s for %s costs no call', async (code, _, act) => {
    const { body } = await act();
    expect(body['code']).toBe(code);
    expect(kms.calls).toEqual([]);
  });

  test('handshakes that need no key cost no call', async () => {
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const check = await webhook.send({ path: '/slack', body: 'ssl_check=1', headers: form });
    expect(check.status).toBe(200);
    const plain = JSON.stringify({ challenge: 'fake', token: 'fake', type: 'url_verification' });
    expect((await webhook.send({ path: '/feishu', body: plain })).text).toContain('"challenge":"fake"');
    const zendesk = await webhook.post(
      'zendesk',
      {},
      {
        secret: 'dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ==',
      },
    );
    expect(zendesk.body['outcome']).toBe('ignored');
    expect(kms.calls).toEqual([]);
  });

  test('an encrypted challenge of Feishu, which comes unsigned, is answered with the key in KMS', async () => {
    const key = createHash('sha256').update(fakeSecret('kms:feishu')).digest();
    const iv = Buffer.alloc(16, 7);
    const cipher = createCipheriv('aes-256-cbc', key, iv);
    const plain = JSON.stringify({ challenge: 'fake-challenge', token: 'fake', type: 'url_verification' });
    const encrypt = Buffer.concat([iv, cipher.update(plain), cipher.final()]).toString('base64');
    const { text } = await webhook.send({ path: '/feishu', body: JSON.stringify({ encrypt }) });
    expect(JSON.parse(text)).toEqual({ challenge: 'fake-challenge' });

    const forgery = JSON.stringify({ encrypt: Buffer.alloc(48, 1).toString('base64') });
    expect((await webhook.send({ path: '/feishu', body: forgery })).body['code']).toBe('signature_missing');
    expect(reads()).toBe(1);
  });

  test('a hundred forged requests cost one read', async () => {
    for (let request = 0; request < 100; request += 1) {
      expect(await post('pipeline', forged)).toBe('signature_mismatch');
    }
    expect(kms.calls).toHaveLength(2);
  });

  test('a hundred forged requests cost one read, also where it fails', async () => {
    meet(faults.throttled());
    for (let request = 0; request < 100; request += 1) {
      expect(await post('pipeline', forged)).toBe('secrets_unavailable');
    }
    expect(reads()).toBe(1);
    expect(warnings()).toHaveLength(1);
  });

  test('two requests at the same moment share a read', async () => {
    expect(await Promise.all([post(), post('hasty'), post('pipeline', forged)])).toEqual([
      letIn,
      letIn,
      'signature_mismatch',
    ]);
    expect(kms.calls).toHaveLength(2);
  });
});

describe('Invariant 6: neither a secret in KMS nor a credential is in the answer or the log', () => {
  const secret = 'fake-secret-that-is-never-shown';

  interface Case {
    /** Stored after the secret, in its place. */
    stored?: [data: string, type?: 'binary'];
    fault?: Fault;
  }

  test.each<[string, Case]>([
    ['that is read', {}],
    ['that is padded', { stored: [`${secret}\n`] }],
    ['that is binary', { stored: [secret, 'binary'] }],
    ['that comes without its JSON', { fault: faults.secretAsText() }],
    ['that is cut in half', { fault: faults.truncatedJson() }],
    ['that comes with too much', { fault: faults.oversized() }],
    ['that is refused with a quotation of the token', { fault: faults.signatureMismatch() }],
    ['that may not be read', { fault: faults.forbidden() }],
    [
      'whose call has its token for a request id',
      { fault: faults.refusal({ status: 403, code: fakeCredentials.securityToken, message: secret }) },
    ],
  ])('of a secret %s', async (_, { stored, fault }) => {
    webhook = open({ env: { LOG_LEVEL: 'debug' } });
    kms.secrets.put('pipeline', secret);
    if (stored) kms.secrets.put('pipeline', ...stored);
    if (fault) meet(fault);
    const answers = [
      await webhook.post('pipeline', {}, { secret }),
      await webhook.post('pipeline', {}, forged),
    ];
    const written = [
      ...answers.map((each) => each.text + JSON.stringify(each.headers)),
      ...webhook.lines,
    ].join('\n');
    expect(written).toContain('"msg":"decision"');
    const values = [secret, secret.slice(0, 12), old, ...Object.values(fakeCredentials)];
    expect(values.filter((value) => written.includes(value))).toEqual([]);
  });
});
