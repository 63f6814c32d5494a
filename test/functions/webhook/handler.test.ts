import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import * as faults from '../../../local/stand-ins/edas/faults.ts';
import type { EdasStandIn } from '../../../local/stand-ins/edas/stand-in.ts';
import {
  fakeContext,
  fakeDigest,
  fakeSecret,
  openWebhook,
  openWithRelease,
  startTime,
  type Webhook,
} from '../../support/webhook.ts';

const sources = `
sources:
  pipeline: { preset: generic, secrets: [SECRET_PIPELINE] }
  rotating: { preset: generic, secrets: [NEW_SECRET, OLD_SECRET] }
  closed: { preset: generic, secrets: [CLOSED_SECRET] }
  github:
    preset: github
    secrets: [SECRET_GITHUB]
    when: deployment_status.state == 'failure'
    allow: contains(['alice', 'bob'], sender.login)
    changeOrderId: deployment.payload.changeOrderId
  k8s: { preset: generic, secrets: [K8S_SECRET], cluster: k8s }
  rehearsal: { preset: generic, secrets: [REHEARSAL_SECRET], dryRun: true }
`;
const options = { sources, env: { CLOSED_SECRET: undefined } };
const appId = '3616cdca-4f92-4413-0000-000000000000';
const unknownId = '5ba3b2f4-1c7e-4a6d-8f00-000000000001';

let edas: EdasStandIn;
let webhook: Webhook;
/** A change order in flight. */
let orderId: string;

beforeEach(async () => {
  ({ edas, webhook, orderId } = await openWithRelease(options, { appId }, onTestFinished));
});

function failedDeployment(login = 'alice', state = 'failure', id = orderId): object {
  return {
    deployment_status: { state },
    deployment: { payload: { changeOrderId: id } },
    sender: { login },
  };
}

/** What EDAS was asked, in order. */
function operations(): (string | undefined)[] {
  return edas.calls.map(({ operation }) => operation);
}

describe('a signed webhook', () => {
  test('rolls its change order back, and is told so with the ids of EDAS', async () => {
    const answer = await webhook.post('pipeline', { changeOrderId: orderId });
    const rollback = edas.orders.ofApplication(appId).find(({ rollbackOf }) => rollbackOf === orderId);

    expect(answer.status).toBe(202);
    expect(answer.headers).toEqual({ 'Content-Type': 'application/json', 'Cache-Control': 'no-store' });
    expect(answer.body).toEqual({
      outcome: 'rolling_back',
      changeOrderId: orderId,
      rollbackChangeOrderId: rollback?.id,
      edas: {
        requestId: expect.stringMatching(/^[0-9A-F-]{36}$/) as string,
        traceId: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
      },
      evidence: 'reply',
      claimed: false,
      message: expect.stringContaining('EDAS accepted the rollback') as string,
      source: 'pipeline',
      requestId: 'fake-request-id',
    });
    expect(operations()).toEqual(['GetChangeOrderInfo', 'RollbackChangeOrder']);
    expect(edas.orders.rollbacksOf(orderId)).toBe(1);
  });

  test('may be signed with openssl', async () => {
    edas.orders.add({ id: 'dc5133d7-773f-4c81-9c5a-e2103dce0f6a', appId, readyMs: 0, batchMs: 600_000 });
    // printf '%s' "$body" | openssl dgst -sha256 -hmac fake-value-of-SECRET_PIPELINE
    const answer = await webhook.send({
      path: '/pipeline',
      headers: {
        'X-Signature-256': 'sha256=c62ad20ce9971ac5631d586d43f9fbf25d7574bd5e0e8ffdeb2b2e47e3e18da9',
      },
      body: '{"changeOrderId": "dc5133d7-773f-4c81-9c5a-e2103dce0f6a"}',
    });
    expect(answer.status).toBe(202);
  });

  test.each(['NEW_SECRET', 'OLD_SECRET'])('may use %s while secrets rotate', async (variable) => {
    const secret = fakeSecret(variable);
    const answer = await webhook.post('rotating', { changeOrderId: orderId }, { secret });
    expect(answer.status).toBe(202);
  });

  test('for a Kubernetes cluster calls AbortAndRollbackChangeOrder', async () => {
    const answer = await webhook.post('k8s', { changeOrderId: orderId });
    expect(answer.body).toMatchObject({ outcome: 'rolling_back', source: 'k8s' });
    expect(operations()).toEqual(['GetChangeOrderInfo', 'AbortAndRollbackChangeOrder']);
  });

  test('from GitHub rolls back what its expressions select', async () => {
    const headers = { 'X-GitHub-Event': 'deployment_status' };
    const answer = await webhook.post('github', failedDeployment(), { headers });
    expect(answer.body).toMatchObject({ outcome: 'rolling_back', changeOrderId: orderId });
  });
});

describe('Invariant 2: EDAS holds the only state', () => {
  test('a repeat finds the work done, and exactly one rollback is in effect', async () => {
    await webhook.post('pipeline', { changeOrderId: orderId });
    const answer = await webhook.post('pipeline', { changeOrderId: orderId });

    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      outcome: 'already_terminated',
      changeOrderId: orderId,
      message: expect.stringContaining('check the versions in the EDAS console') as string,
      source: 'pipeline',
      requestId: 'fake-request-id',
    });
    expect(edas.orders.rollbacksOf(orderId)).toBe(1);
    expect(operations()).toEqual(['GetChangeOrderInfo', 'RollbackChangeOrder', 'GetChangeOrderInfo']);
  });

  test('so does a repeat with another delivery id, from another source, at another instance', async () => {
    await webhook.post('pipeline', { changeOrderId: orderId }, { headers: { 'X-Delivery-Id': 'one' } });
    const other = openWebhook(edas, options);
    const answer = await other.post('github', failedDeployment(), {
      headers: { 'X-GitHub-Delivery': 'two' },
    });

    expect(answer.body).toMatchObject({ outcome: 'already_terminated' });
    expect(edas.orders.rollbacksOf(orderId)).toBe(1);
  });

  test('a delivery id that was seen before stops nothing', async () => {
    const second = edas.orders.add({ appId, readyMs: 0, batchMs: 600_000 });
    const headers = { 'X-Delivery-Id': 'one' };
    await webhook.post('pipeline', { changeOrderId: orderId }, { headers });
    const answer = await webhook.post('pipeline', { changeOrderId: second }, { headers });
    expect(answer.body).toMatchObject({ outcome: 'rolling_back', changeOrderId: second });
  });
});

describe('Invariant 1: the bytes received are the bytes hashed', () => {
  test('one byte of another value is refused, and EDAS hears nothing of it', async () => {
    const signed = '{"changeOrderId":"dc5133d7-773f-4c81-9c5a-e2103dce0f6a"}';
    const body = signed.replace('dc5', 'dc6');
    const answer = await webhook.post('pipeline', signed, { body });
    expect(answer.body).toMatchObject({ status: 401, code: 'signature_mismatch' });
    expect(edas.calls).toEqual([]);
  });

  test.each<[string, Record<string, string>]>([
    ['an algorithm', { 'X-Signature-Algorithm': 'none', Algorithm: 'none' }],
    ["another scheme's signature", { 'X-Hub-Signature': 'sha1=b17e04cbb22afa8ffbff8796fc1894ed27badd9e' }],
    ["the sender's ping", { 'X-GitHub-Event': 'ping' }],
    ['an invocation type', { 'X-Fc-Invocation-Type': 'Async' }],
    ['a method', { 'X-HTTP-Method-Override': 'GET' }],
  ])('a header that names %s does not switch verification off', async (_, headers) => {
    const request = { method: 'POST', headers, body: JSON.stringify(failedDeployment()) };
    for (const path of ['/pipeline', '/github']) {
      expect((await webhook.send({ ...request, path })).body).toMatchObject({ code: 'signature_missing' });
    }
    expect(edas.calls).toEqual([]);
  });

  test.each(['{"ssl_check":1}', '{"type":"url_verification","challenge":"x"}', '{"zen":"x"}', '', '[]'])(
    'the body %j does not switch verification off',
    async (body) => {
      for (const path of ['/pipeline', '/github', '/k8s', '/rehearsal']) {
        const headers = { 'X-GitHub-Event': 'ping' };
        const answer = await webhook.send({ path, body, headers });
        expect(answer.body).toMatchObject({ code: 'signature_missing' });
      }
    },
  );

  test('a signature of one source opens no other one', async () => {
    const answer = await webhook.post('pipeline', { changeOrderId: orderId }, { path: '/k8s' });
    expect(answer.body).toMatchObject({ status: 401, code: 'signature_mismatch', source: 'k8s' });
    expect(edas.calls).toEqual([]);
  });

  test('a body is judged by its signature before it is read', async () => {
    for (const body of ['not JSON', '', '{"changeOrderId":7}']) {
      const answer = await webhook.post('pipeline', body, { secret: 'fake-forged-secret' });
      expect(answer.body).toMatchObject({ code: 'signature_mismatch' });
    }
  });
});

test('a webhook for which "when" is false is answered 200, and EDAS is not called', async () => {
  const answer = await webhook.post('github', failedDeployment('eve', 'success'));
  expect(answer.status).toBe(200);
  expect(answer.body).toMatchObject({
    outcome: 'ignored',
    message: "`when: deployment_status.state == 'failure'` gave false, not true.",
  });
  expect(edas.calls).toEqual([]);
});

test('a dry run checks everything and sends nothing', async () => {
  const answer = await webhook.post('rehearsal', { changeOrderId: orderId });
  expect(answer.status).toBe(200);
  expect(answer.body).toEqual({
    outcome: 'dry_run',
    changeOrderId: orderId,
    message: expect.stringContaining('status is 1 (running).') as string,
    source: 'rehearsal',
    requestId: 'fake-request-id',
  });
  expect(operations()).toEqual(['GetChangeOrderInfo']);
});

test.each([
  ['true', 200, 'suspended', ['GetChangeOrderInfo']],
  ['false', 202, 'rolling_back', ['GetChangeOrderInfo', 'RollbackChangeOrder']],
])(
  'a rollback while ROLLBACK_SUSPENDED is %s is checked, and answered %i %s',
  async (value, status, outcome, calls) => {
    const instance = openWebhook(edas, { ...options, env: { ...options.env, ROLLBACK_SUSPENDED: value } });
    const answer = await instance.post('pipeline', { changeOrderId: orderId });
    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject({ outcome, changeOrderId: orderId });
    expect(operations()).toEqual(calls);
  },
);

test('a refusal leads to the pages under DOCS_URL', async () => {
  const DOCS_URL = 'https://git.example.com/sre/docs/errors.md';
  const answer = await openWebhook(edas, { ...options, env: { ...options.env, DOCS_URL } }).post(
    'github',
    failedDeployment('eve'),
  );
  expect(answer.body).toMatchObject({ type: `${DOCS_URL}#sender_not_allowed` });
});

describe('a refusal says why, in problem details, and rolls nothing back', () => {
  afterEach(() => {
    expect(edas.orders.rollbacksOf(orderId)).toBe(0);
  });

  test('of a sender that is not allowed: 403', async () => {
    const answer = await webhook.post('github', failedDeployment('eve'));
    expect(answer.status).toBe(403);
    expect(answer.headers['Content-Type']).toBe('application/problem+json');
    expect(answer.body).toEqual({
      type: 'docs/errors.md#sender_not_allowed',
      title: 'This sender may not roll back',
      status: 403,
      code: 'sender_not_allowed',
      detail: "`allow: contains(['alice', 'bob'], sender.login)` is not true for this payload.",
      retry: false,
      source: 'github',
      requestId: 'fake-request-id',
    });
    expect(edas.calls).toEqual([]);
  });

  test('of a change order that EDAS does not know: 404, with the id of the call', async () => {
    const answer = await webhook.post('pipeline', { changeOrderId: unknownId });
    expect(answer.body).toMatchObject({
      status: 404,
      code: 'change_order_not_found',
      changeOrderId: unknownId,
      edas: { requestId: expect.any(String) as string },
    });
    expect(operations()).toEqual(['GetChangeOrderInfo']);
  });

  test('of a path that belongs to no source: 404', async () => {
    const answer = await webhook.send({ path: '/nobody' });
    expect(answer.body).toMatchObject({ status: 404, code: 'source_unknown' });
    expect(answer.body).not.toHaveProperty('source');
  });

  test('of another method: 405 with Allow', async () => {
    for (const [method, path, allowed] of [
      ['GET', '/pipeline', 'POST'],
      ['POST', '/', 'GET'],
    ] as const) {
      const { body, headers } = await webhook.send({ method, path });
      expect(body).toMatchObject({ status: 405, code: 'method_not_allowed' });
      expect(headers['Allow']).toBe(allowed);
    }
  });

  test('of every request to a source without a secret: 503, also with an empty key', async () => {
    for (const secret of ['x', fakeSecret('CLOSED_SECRET')]) {
      const answer = await webhook.post('closed', { changeOrderId: orderId }, { secret });
      expect(answer.body).toMatchObject({ status: 503, code: 'source_not_configured', source: 'closed' });
    }
    expect(edas.calls).toEqual([]);
  });

  test('in Function Compute without a role: 500, and no other credentials are looked for', async () => {
    const roleless = openWebhook(edas, { ...options, context: { ...fakeContext, credentials: {} } });
    const answer = await roleless.post('pipeline', { changeOrderId: orderId });
    expect(answer.body).toMatchObject({ status: 500, code: 'credentials_missing' });
    expect(edas.calls).toEqual([]);
  });

  test('without a region or an endpoint: 500', async () => {
    const context = { ...fakeContext, region: undefined };
    const lost = openWebhook(edas, { ...options, context, env: { EDAS_ENDPOINT: '' } });
    const answer = await lost.post('pipeline', { changeOrderId: orderId });
    expect(answer.body).toMatchObject({ status: 500, code: 'edas_endpoint_invalid' });
  });
});

describe('Invariant 5: the answer tells the truth', () => {
  test.each([
    ['an HTML page', faults.htmlBadGateway(), 504, 'edas_outcome_unknown'],
    ['Code 601 under HTTP 200', faults.businessErrorUnder200(), 502, 'edas_rejected'],
    ['RAM that denies', faults.deniedByRam(), 502, 'edas_denied'],
  ])('%s is no rollback', async (_, fault, status, code) => {
    edas.setFault(({ operation }) => (operation === 'RollbackChangeOrder' ? fault : undefined));
    const answer = await webhook.post('pipeline', { changeOrderId: orderId });
    expect(answer.body).toMatchObject({ status, code, changeOrderId: orderId });
    expect(operations().filter((operation) => operation === 'RollbackChangeOrder')).toHaveLength(1);
  });
});

describe('the health', () => {
  test('is answered to GET /, and counts the sources that are ready', async () => {
    const answer = await webhook.send({ method: 'GET', path: '/' });
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      name: 'edas-rollback-webhook',
      version: '1.2.3',
      configuration: fakeDigest,
      sources: 6,
      ready: 5,
    });
    expect(edas.calls).toEqual([]);
  });
});

describe('the log', () => {
  const common = { time: startTime, msg: 'decision', requestId: 'fake-request-id', durationMs: 0 };

  test('has one decision of a rollback, with all that an audit asks for', async () => {
    await webhook.post('github', failedDeployment('bob'), { headers: { 'X-GitHub-Delivery': 'delivery-7' } });
    expect(webhook.decisions()).toEqual([
      {
        ...common,
        level: 'info',
        source: 'github',
        delivery: 'delivery-7',
        actor: 'bob',
        outcome: 'rolling_back',
        changeOrderId: orderId,
        rollbackChangeOrderId: expect.any(String) as string,
        edas: { requestId: expect.any(String) as string, traceId: expect.any(String) as string },
        evidence: 'reply',
        claimed: false,
        message: expect.any(String) as string,
      },
    ]);
  });

  interface Case {
    name: string;
    act: (webhook: Webhook) => Promise<unknown>;
    logged: Record<string, unknown>;
  }
  const info = { ...common, level: 'info' };
  const warn = { ...common, level: 'warn' };
  const error = { ...common, level: 'error' };
  const cases: Case[] = [
    {
      name: 'a rollback',
      act: ({ post }) =>
        post('pipeline', { changeOrderId: orderId }, { headers: { 'X-Delivery-Id': 'd-1' } }),
      logged: { ...info, outcome: 'rolling_back', source: 'pipeline', delivery: 'd-1' },
    },
    {
      name: 'a dry run',
      act: ({ post }) => post('rehearsal', { changeOrderId: orderId }),
      logged: { ...info, outcome: 'dry_run', source: 'rehearsal' },
    },
    {
      name: 'a ping',
      act: ({ post }) => post('github', '{}', { headers: { 'X-GitHub-Event': 'ping' } }),
      logged: { ...info, outcome: 'ignored', source: 'github' },
    },
    {
      name: 'an event to ignore',
      act: ({ post }) => post('github', failedDeployment('bob', 'success')),
      logged: { ...info, outcome: 'ignored', source: 'github', actor: 'bob' },
    },
    {
      name: 'the health',
      act: ({ send }) => send({ method: 'GET', path: '/' }),
      logged: { ...common, level: 'info', outcome: 'health' },
    },
    {
      name: 'a POST to the health',
      act: ({ send }) => send({ path: '/' }),
      logged: { ...warn, code: 'method_not_allowed' },
    },
    {
      name: 'a GET to a source',
      act: ({ send }) => send({ method: 'GET', path: '/pipeline' }),
      logged: { ...warn, code: 'method_not_allowed', source: 'pipeline' },
    },
    {
      name: 'an unknown path',
      act: ({ send }) => send({ path: '/nobody' }),
      logged: { ...warn, code: 'source_unknown' },
    },
    {
      name: 'a closed source',
      act: ({ post }) => post('closed', {}),
      logged: { ...error, code: 'source_not_configured', source: 'closed' },
    },
    {
      name: 'a request without a signature',
      act: ({ send }) => send({ path: '/pipeline', headers: { 'x-delivery-id': 'd-2' } }),
      logged: { ...warn, code: 'signature_missing', source: 'pipeline', delivery: 'd-2' },
    },
    {
      name: 'a forged request',
      act: ({ post }) => post('pipeline', { changeOrderId: orderId }, { secret: 'fake-forged-secret' }),
      logged: { ...warn, code: 'signature_mismatch', source: 'pipeline' },
    },
    {
      name: 'a sender that is not allowed',
      act: ({ post }) => post('github', failedDeployment('eve')),
      logged: { ...warn, code: 'sender_not_allowed', source: 'github', actor: 'eve' },
    },
    {
      name: 'an unknown change order',
      act: ({ post }) => post('pipeline', { changeOrderId: unknownId }),
      logged: { ...warn, code: 'change_order_not_found', source: 'pipeline', changeOrderId: unknownId },
    },
    {
      name: 'a payload without an id',
      act: ({ post }) => post('pipeline', {}),
      logged: { ...warn, code: 'change_order_id_missing', source: 'pipeline' },
    },
    {
      name: 'an event that is none',
      act: ({ handler }) => handler('nonsense', fakeContext),
      logged: { ...warn, code: 'payload_malformed' },
    },
  ];

  describe.each([undefined, 'debug', 'error', 'silent'])('under LOG_LEVEL=%s', (LOG_LEVEL) => {
    test.each(cases)('has exactly one decision of $name', async ({ act, logged }) => {
      const env = { ...options.env, LOG_LEVEL };
      const instance = openWebhook(edas, { ...options, env });
      await act(instance);
      expect(instance.decisions()).toHaveLength(1);
      expect(instance.decisions()).toMatchObject([logged]);
    });
  });

  test('says at start which variable closes a source, also under LOG_LEVEL=error', () => {
    const env = { ...options.env, LOG_LEVEL: 'error' };
    const { lines } = openWebhook(edas, { ...options, env });
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      {
        time: startTime,
        level: 'error',
        msg: 'a source is closed',
        source: 'closed',
        variable: 'CLOSED_SECRET',
        reason: 'CLOSED_SECRET is not set',
      },
    ]);
  });

  test('warns of an order that could not be read beforehand, unless LOG_LEVEL=error', async () => {
    edas.setFault(({ operation }) => (operation === 'GetChangeOrderInfo' ? faults.throttled() : undefined));
    const quiet = openWebhook(edas, { ...options, env: { ...options.env, LOG_LEVEL: 'error' } });
    for (const instance of [webhook, quiet]) await instance.post('pipeline', { changeOrderId: orderId });

    const warning = '"msg":"the change order could not be read beforehand, so a repeat is not recognised"';
    expect(webhook.lines.filter((line) => line.includes(warning))).toHaveLength(1);
    expect(quiet.lines.filter((line) => line.includes(warning))).toEqual([]);
  });

  test('stays one JSON object a line, whatever a sender writes', async () => {
    const rude = 'eve"}\n{"level":"error","msg":"decision","outcome":"rolling_back"\u2028\u0000';
    await webhook.post('github', failedDeployment(rude), { headers: { 'X-GitHub-Delivery': rude } });
    await webhook.send({ path: `/${rude}` });
    expect(webhook.lines.filter((line) => /[\r\n]/.test(line))).toEqual([]);
    expect(webhook.decisions()).toMatchObject([
      { code: 'sender_not_allowed', actor: rude, delivery: rude },
      { code: 'source_unknown' },
    ]);
  });

  test.each([
    ['goes on as it did', 0],
    ['is put back', -3_600_000],
    ['is put on', 3_600_000],
  ])('measures how long a request took, where the time of day %s', async (_what, stepMs) => {
    let timeOfDay = Date.parse(startTime);
    const now = () => (timeOfDay += stepMs);
    const unsettled = openWebhook(edas, { ...options, now });
    edas.setFault(({ operation }) => (operation === 'RollbackChangeOrder' ? faults.emptyBody() : undefined));
    const answer = await unsettled.post('pipeline', { changeOrderId: orderId });
    expect(answer.body['code']).toBe('edas_outcome_unknown');
    const [decision] = unsettled.decisions();
    expect(decision?.['durationMs']).toBeGreaterThan(5000);
    expect(decision?.['durationMs']).toBeLessThanOrEqual(9000);
  });

  test("finds a request by the trigger's id where the context has none", async () => {
    const anonymous = openWebhook(edas, { ...options, context: { ...fakeContext, requestId: undefined } });
    const answer = await anonymous.send({ method: 'GET', path: '/nobody' });
    expect(answer.body['requestId']).toBe('fake-event-request-id');
    expect(anonymous.decisions()).toMatchObject([{ requestId: 'fake-event-request-id' }]);
  });
});
