import { createHmac } from 'node:crypto';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import * as faults from '../../../local/stand-ins/edas/faults.ts';
import type { Fault } from '../../../local/stand-ins/edas/faults.ts';
import type { EdasStandIn } from '../../../local/stand-ins/edas/stand-in.ts';
import * as fcFaults from '../../../local/stand-ins/fc/faults.ts';
import type { Fault as FcFault } from '../../../local/stand-ins/fc/faults.ts';
import { startFcStandIn } from '../../../local/stand-ins/fc/stand-in.ts';
import {
  fakeAccountId,
  fakeContext,
  fakeCredentials,
  fakeSecret,
  followFunction,
  openWebhook,
  openWithRelease,
  type Answer,
  type Webhook,
} from '../../support/webhook.ts';

const sources = `
sources:
  pipeline: { preset: generic, secrets: [NEW_SECRET, OLD_SECRET] }
  github: { preset: github, secrets: [SECRET_GITHUB], when: state == 'failure', allow: actor == 'alice' }
  standard:
    verify:
      header: webhook-signature
      encoding: base64
      prefix: 'v1,'
      separator: space
      signed: '{id}.{timestamp}.{body}'
      timestamp: { header: webhook-timestamp }
      idHeader: webhook-id
      secretEncoding: whsec
    secrets: [STANDARD_SECRET]
  deferred: { preset: generic, secrets: [NEW_SECRET], mode: deferred }
  followed: { preset: generic, secrets: [NEW_SECRET], follow: true }
  padded: { preset: generic, secrets: [PADDED_SECRET] }
  misspelt: { verify: { header: x-signature, secretEncoding: hex }, secrets: [MISSPELT_SECRET] }
`;
const env = {
  LOG_LEVEL: 'debug',
  STANDARD_SECRET: 'whsec_ZmFrZS1zdGFuZGFyZC1zZWNyZXQ=',
  PADDED_SECRET: 'fake-padded-secret\n',
  MISSPELT_SECRET: 'fake-misspelt-secret',
};
const unknownId = '5ba3b2f4-1c7e-4a6d-8f00-000000000001';

let edas: EdasStandIn;
let webhook: Webhook;
let orderId: string;

beforeEach(async () => {
  ({ edas, webhook, orderId } = await openWithRelease({ sources, env }, {}, onTestFinished));
});

/** What must be nowhere: secrets as they are set and as they are decoded, and what opens Alibaba Cloud. */
const forbidden = [
  ...['NEW_SECRET', 'OLD_SECRET', 'SECRET_GITHUB'].map((variable) => fakeSecret(variable)),
  'ZmFrZS1zdGFuZGFyZC1zZWNyZXQ',
  'fake-standard-secret',
  'fake-padded-secret',
  'fake-misspelt-secret',
  ...Object.values(fakeCredentials),
];

/** The MACs that would have opened a source for this body. */
function macsOf(body: string): string[] {
  const secrets = ['NEW_SECRET', 'OLD_SECRET', 'SECRET_GITHUB'].map((variable) => fakeSecret(variable));
  return secrets.flatMap((secret) => {
    const mac = createHmac('sha256', secret).update(body).digest();
    return [mac.toString('hex'), mac.toString('base64')];
  });
}

interface Case {
  name: string;
  act: () => Promise<Answer>;
  /** What the answer's `outcome` or `code` must be, so that the case is what it says. */
  ends: string;
}

const roll = (source = 'pipeline') => webhook.post(source, { changeOrderId: orderId });
const secret = 'fake-forged-secret';

function onRollback(fault: Fault): () => Promise<Answer> {
  return () => {
    edas.setFault(({ operation }) => (operation === 'RollbackChangeOrder' ? fault : undefined));
    return roll();
  };
}

function withContext(context: unknown): Promise<Answer> {
  webhook = openWebhook(edas, { sources, env, context });
  return roll();
}

/** Function Compute answers this, whatever it is asked. */
async function overFc(source: 'deferred' | 'followed', fault?: FcFault, context?: unknown): Promise<Answer> {
  const fc = await startFcStandIn({
    credentials: fakeCredentials,
    accountId: fakeAccountId,
    functions: { [followFunction]: () => Promise.resolve() },
    ...(fault && { fault: () => fault }),
  });
  onTestFinished(() => fc.close());
  webhook = openWebhook(edas, { sources, env, fc, ...(context !== undefined && { context }) });
  return roll(source);
}

/** As EDAS does where a signature does not match: key id, token and what was signed, in every field. */
const quotingFault: FcFault = {
  name: 'quoting',
  takesEffect: false,
  instead: (response, { payload }) => {
    const { accessKeyId, securityToken } = fakeCredentials;
    const text = JSON.stringify({ Code: securityToken, ErrorCode: accessKeyId, Message: payload });
    response.writeHead(403).end(text);
  },
};

const cases: Case[] = [
  { name: 'a rollback', act: () => roll(), ends: 'rolling_back' },
  { name: 'a repeat', act: () => roll().then(() => roll()), ends: 'already_terminated' },
  {
    name: 'a ping',
    act: () => webhook.post('github', {}, { headers: { 'X-GitHub-Event': 'ping' } }),
    ends: 'ignored',
  },
  {
    name: 'an event to ignore',
    act: () => webhook.post('github', { state: 'success', sender: { login: 'octocat' } }),
    ends: 'ignored',
  },
  { name: 'the health', act: () => webhook.send({ method: 'GET', path: '/' }), ends: 'health' },
  { name: 'no signature', act: () => webhook.send({ body: '{}' }), ends: 'signature_missing' },
  {
    name: 'a signature of another kind',
    act: () => webhook.send({ body: '{}', headers: { 'X-Signature-256': 'sha1=0123' } }),
    ends: 'signature_malformed',
  },
  {
    name: 'a forged signature',
    act: () => webhook.post('pipeline', {}, { secret }),
    ends: 'signature_mismatch',
  },
  {
    name: 'a forged signature of GitHub',
    act: () => webhook.post('github', {}, { secret }),
    ends: 'signature_mismatch',
  },
  {
    name: 'a forged signature in base64',
    act: () => webhook.post('standard', {}, { secret: 'whsec_AAEC' }),
    ends: 'signature_mismatch',
  },
  {
    name: 'a time long ago',
    act: () =>
      webhook.post('standard', {}, { secret: 'whsec_AAEC', headers: { 'webhook-timestamp': '1614265330' } }),
    ends: 'timestamp_out_of_window',
  },
  { name: 'a secret with a newline', act: () => roll('padded'), ends: 'source_not_configured' },
  {
    name: 'a secret that is no hex',
    act: () => webhook.post('misspelt', {}, { secret: 'abcd' }),
    ends: 'source_not_configured',
  },
  { name: 'an unknown path', act: () => webhook.send({ path: '/nobody' }), ends: 'source_unknown' },
  { name: 'another method', act: () => webhook.send({ method: 'PUT' }), ends: 'method_not_allowed' },
  { name: 'no JSON', act: () => webhook.post('pipeline', '{'), ends: 'payload_malformed' },
  {
    name: 'plain text',
    act: () => webhook.post('pipeline', 'a=b', { headers: { 'Content-Type': 'text/plain' } }),
    ends: 'content_type_unsupported',
  },
  { name: 'no id', act: () => webhook.post('pipeline', {}), ends: 'change_order_id_missing' },
  {
    name: 'a sender that is not allowed',
    act: () => webhook.post('github', { state: 'failure', actor: 'eve', sender: { login: 'octocat' } }),
    ends: 'sender_not_allowed',
  },
  {
    name: 'an unknown change order',
    act: () => webhook.post('pipeline', { changeOrderId: unknownId }),
    ends: 'change_order_not_found',
  },
  {
    name: 'no role',
    act: () => withContext({ ...fakeContext, credentials: {} }),
    ends: 'credentials_missing',
  },
  {
    name: 'half a role',
    act: () => withContext({ ...fakeContext, credentials: { ...fakeCredentials, securityToken: '' } }),
    ends: 'credentials_missing',
  },
  {
    name: 'a token that is no header',
    act: () =>
      withContext({
        ...fakeContext,
        credentials: { ...fakeCredentials, securityToken: 'fake-security-token\n' },
      }),
    ends: 'edas_unavailable',
  },
  {
    name: 'an EDAS that takes the credentials for wrong',
    act: () =>
      withContext({ ...fakeContext, credentials: { ...fakeCredentials, accessKeySecret: 'fake-other' } }),
    ends: 'edas_denied',
  },
  {
    name: 'an EDAS that is gone',
    act: async () => {
      await edas.close();
      return roll();
    },
    ends: 'edas_unavailable',
  },
  {
    name: "EDAS's answer that repeats the token",
    act: onRollback(faults.signatureMismatch()),
    ends: 'edas_denied',
  },
  { name: 'EDAS denying', act: onRollback(faults.deniedByRam()), ends: 'edas_denied' },
  { name: 'EDAS refusing', act: onRollback(faults.businessErrorUnder200()), ends: 'edas_rejected' },
  { name: 'EDAS throttling', act: onRollback(faults.throttled()), ends: 'edas_outcome_unknown' },
  { name: 'a page of HTML', act: onRollback(faults.htmlBadGateway()), ends: 'edas_outcome_unknown' },
  { name: 'half of a JSON text', act: onRollback(faults.truncatedJson()), ends: 'rolling_back' },
  { name: 'a cut connection', act: onRollback(faults.resetBeforeHandling()), ends: 'edas_outcome_unknown' },
  { name: 'a deferred rollback', act: () => overFc('deferred'), ends: 'deferred' },
  { name: 'a followed rollback', act: () => overFc('followed'), ends: 'rolling_back' },
  {
    name: 'a Function Compute that repeats the token',
    act: () => overFc('deferred', quotingFault),
    ends: 'rolling_back',
  },
  {
    name: 'a Function Compute that denies',
    act: () => overFc('followed', fcFaults.denied()),
    ends: 'rolling_back',
  },
  {
    name: 'a page of HTML instead of Function Compute',
    act: () => overFc('deferred', fcFaults.htmlPage()),
    ends: 'rolling_back',
  },
  {
    name: 'a token that is no header, neither for Function Compute nor for EDAS',
    act: () =>
      overFc('deferred', undefined, {
        ...fakeContext,
        accountId: fakeAccountId,
        credentials: { ...fakeCredentials, securityToken: 'fake-security-token\n' },
      }),
    ends: 'edas_unavailable',
  },
];

describe('Invariant 6: no secret, expected MAC, token or credential is in the answer or the log', () => {
  test.each(cases)('of $name', async ({ act, ends }) => {
    const answer = await act();
    const [decision] = webhook.decisions().slice(-1);
    expect(decision?.['outcome'] ?? decision?.['code']).toBe(ends);

    const written = [answer.text, JSON.stringify(answer.headers), ...webhook.lines].join('\n');
    const macs = ['', '{}', '{', 'a=b', JSON.stringify({ changeOrderId: orderId })].flatMap(macsOf);
    expect([...forbidden, ...macs].filter((value) => written.includes(value))).toEqual([]);
  });

  test('of an answer of EDAS to the first read that repeats the token', async () => {
    edas.setFault(() => faults.signatureMismatch());
    const answer = await roll();
    const written = [answer.text, ...webhook.lines].join('\n');
    expect(written).toContain('could not be read beforehand');
    expect(written).toContain('its words are withheld');
    expect(forbidden.filter((value) => written.includes(value))).toEqual([]);
  });
});
