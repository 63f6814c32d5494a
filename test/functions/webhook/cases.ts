import { expect } from 'vitest';
import type { ErrorCode } from '../../../functions/errors.ts';
import { sendAnswer } from '../../../local/stand-ins/answers.ts';
import * as edasFaults from '../../../local/stand-ins/edas/faults.ts';
import type { Fault as EdasFault } from '../../../local/stand-ins/edas/faults.ts';
import * as fcFaults from '../../../local/stand-ins/fc/faults.ts';
import * as kmsFaults from '../../../local/stand-ins/kms/faults.ts';
import { fakeContext } from '../../support/webhook.ts';
import { peopleAnswers, peopleProblems } from './people-cases.ts';
import { releaseAnswers, releaseProblems, releaseSources } from './release-cases.ts';
import {
  app,
  byTurn,
  changeOrderId,
  reportId,
  setStage,
  taskId,
  type AnswerCase,
  type Case,
  type CleanUp,
  type Stage,
  type StageOptions,
} from './stage.ts';

// A request for each kind of answer that there is, and for each code: whoever checks all answers, or all that is logged,
// begins here.

/** Of the follow function, which nobody calls over HTTP. */
export const codesOfTasks = ['rollback_suspended', 'task_malformed', 'notification_failed'] as const;
/** Of the events function, which is not called over HTTP either. */
export const codesOfEvents = [
  'event_malformed',
  'event_account_mismatch',
  'event_unexpected',
  'event_out_of_window',
] as const;
export type HttpCode = Exclude<ErrorCode, (typeof codesOfTasks | typeof codesOfEvents)[number]>;

const otherApp = '3616cdca-4f92-4413-0000-000000000001';
const finished = '11111111-2222-4333-8444-555555555555';
const unknownOrder = '99999999-2222-4333-8444-555555555555';
const order = { changeOrderId };
const newVersion = 'fake-new-version-of-a-secret';
const form = { 'content-type': 'application/x-www-form-urlencoded' };
const json = { 'content-type': 'application/json' };
const command = (text: string) =>
  new URLSearchParams({ command: '/rollback', text, user_name: 'alice' }).toString();

const sources = `
sources:
  pipeline: { preset: generic, secrets: [SECRET], deadlineMs: 4500 }
  followed: { preset: generic, secrets: [SECRET], follow: true }
  deferred: { preset: generic, secrets: [SECRET], mode: deferred, deadlineMs: 4500 }
  rehearsal: { preset: generic, secrets: [SECRET], dryRun: true }
  picky: { preset: generic, secrets: [SECRET], when: isBad, allow: isFriend }
  gated: { preset: generic, secrets: [SECRET], apps: [${app}] }
  stray: { preset: generic, secrets: [SECRET], apps: [${otherApp}] }
  monitor: { preset: generic, secrets: [SECRET], app: app }
  ruled: { preset: generic, secrets: [SECRET], problemStartedAt: since, deadlineMs: 4500 }
  timed:
    verify:
      algorithm: sha256
      header: X-Signature
      encoding: hex
      signed: '{timestamp}.{body}'
      timestamp: { header: X-Time, unit: s, toleranceSeconds: 300 }
      contentType: json
    secrets: [SECRET]
  tolerant: { preset: generic, secrets: [SECRET], refusalStatus: 200, allow: isFriend }
  gone: { preset: generic, secrets: [SECRET], refusalStatus: 410, allow: isFriend }
  conflicted: { preset: generic, secrets: [SECRET], refusalStatus: 409, allow: isFriend }
  named: { preset: pagerduty, secrets: [SECRET], changeOrderId: order }
  exact: { preset: generic, secrets: [SECRET], successStatus: 200 }
  closed: { preset: generic, secrets: [CLOSED_SECRET] }
  kept: { preset: generic, secrets: [kms:kept], deadlineMs: 4500 }
  github: { preset: github, secrets: [SECRET] }
  prometheus: { preset: alertmanager, secrets: [ALERTMANAGER_TOKEN], apps: [${app}] }
  gitlab: { preset: gitlab-token, secrets: [TOKEN_GITLAB], apps: [${app}] }
  basic: { preset: generic, verify: { scheme: basic }, secrets: [BASIC], apps: [${app}] }
  cloudmonitor: { preset: cloudmonitor, secrets: [SECRET], apps: [${app}] }
  slack: { preset: slack, secrets: [SECRET] }
  dingtalk: { preset: dingtalk, secrets: [SECRET], apps: [${app}] }
  feishu: { preset: feishu, secrets: [SECRET] }
  zendesk: { preset: zendesk, secrets: [SECRET] }
${releaseSources}`;

export const stageOfCases = (options: Partial<StageOptions>, cleanUp: CleanUp) =>
  setStage({ sources, env: { CLOSED_SECRET: '' }, ...options }, cleanUp);

const onPut =
  (fault: EdasFault): NonNullable<StageOptions['edasFault']> =>
  ({ method }) =>
    method === 'PUT' ? fault : undefined;

/** An order in flight that says nothing of its beginning. */
const timeless: EdasFault = {
  name: 'timeless',
  takesEffect: true,
  damage: (response) => {
    const answer = { Code: 200, changeOrderInfo: { Status: 1, SupportRollback: true } };
    sendAnswer(response, { status: 200, json: JSON.stringify(answer) });
  },
};

const inThePast = () => Math.floor(Date.now() / 1000) - 60;

/** How each code comes about. */
export const problems: Record<HttpCode, Case> = {
  signature_missing: { request: ({ webhook }) => webhook.send({ body: JSON.stringify(order) }) },
  signature_malformed: {
    request: ({ webhook }) => webhook.send({ headers: { 'X-Signature-256': 'sha256=xyz' }, body: '{}' }),
  },
  signature_mismatch: {
    request: ({ webhook }) => webhook.post('pipeline', order, { secret: 'fake-other-secret' }),
  },
  token_missing: { request: ({ webhook }) => webhook.send({ path: '/prometheus', body: '{}' }) },
  token_mismatch: {
    request: ({ webhook }) => webhook.post('prometheus', order, { secret: 'fake-other-secret' }),
  },
  link_malformed: { request: ({ webhook }) => webhook.send({ path: '/cloudmonitor', query: { sig: '00' } }) },
  link_expired: {
    request: ({ webhook }) =>
      webhook.post('cloudmonitor', '', { headers: form, grant: { app, expiresAtSeconds: inThePast() } }),
  },
  timestamp_missing: {
    request: ({ webhook }) =>
      webhook.send({ path: '/timed', headers: { 'X-Signature': '00'.repeat(32) }, body: '{}' }),
  },
  timestamp_malformed: {
    request: ({ webhook }) => webhook.post('timed', order, { headers: { 'x-time': 'noon' } }),
  },
  timestamp_out_of_window: {
    request: ({ webhook }) =>
      webhook.post('timed', order, { headers: { 'x-time': String(inThePast() - 3_600) } }),
  },
  payload_malformed: { request: ({ webhook }) => webhook.post('pipeline', '{') },
  sender_not_allowed: { request: ({ webhook }) => webhook.post('picky', { isBad: true, ...order }) },
  app_not_allowed: { request: ({ webhook }) => webhook.post('stray', order) },
  source_unknown: { request: ({ webhook }) => webhook.send({ path: '/nobody' }) },
  change_order_not_found: {
    request: ({ webhook }) => webhook.post('pipeline', { changeOrderId: unknownOrder }),
  },
  method_not_allowed: { method: 'get', request: ({ webhook }) => webhook.send({ method: 'GET' }) },
  change_order_finished: {
    request: ({ webhook, edas }) => {
      const createdAt = Date.now() - 3_600_000;
      edas.orders.add({ id: finished, appId: app, createdAt, supportRollback: false });
      return webhook.post('pipeline', { changeOrderId: finished });
    },
  },
  app_has_no_change_in_flight: { request: ({ webhook }) => webhook.post('monitor', { app: otherApp }) },
  ...releaseProblems,
  ...peopleProblems,
  problem_predates_change: {
    request: ({ webhook }) => webhook.post('ruled', { since: '2020-01-01T00:00:00Z', ...order }),
  },
  body_too_large: { request: ({ webhook }) => webhook.send({ body: 'x'.repeat(1024 * 1024 + 1) }) },
  content_type_unsupported: {
    request: ({ webhook }) => webhook.post('pipeline', order, { headers: { 'content-type': 'text/html' } }),
  },
  content_encoding_unsupported: {
    request: ({ webhook }) => webhook.post('pipeline', order, { headers: { 'content-encoding': 'gzip' } }),
  },
  payload_unexpected: { request: ({ webhook }) => webhook.post('github', { another: 'payload' }) },
  change_order_id_missing: { request: ({ webhook }) => webhook.post('pipeline', {}) },
  change_order_id_ambiguous: {
    request: ({ webhook }) => webhook.post('pipeline', { changeOrderId: `${changeOrderId} ${unknownOrder}` }),
  },
  app_missing: { request: ({ webhook }) => webhook.post('monitor', {}) },
  app_ambiguous: { request: ({ webhook }) => webhook.post('monitor', { app: `${app} ${otherApp}` }) },
  credentials_missing: {
    options: { context: { ...fakeContext, credentials: {} } },
    request: ({ webhook }) => webhook.post('pipeline', order),
  },
  edas_endpoint_invalid: {
    request: ({ another }) =>
      another({ env: { CLOSED_SECRET: '', EDAS_ENDPOINT: 'http://edas.example' } }).post('pipeline', order),
  },
  internal: {
    request: ({ another }) => {
      let looks = 0;
      const clock = {
        now: () => {
          looks += 1;
          if (looks === 2) throw new Error('fake-inner-reason');
          return Date.now();
        },
        sleep: () => Promise.resolve(),
      };
      return another({ clock, now: Date.now }).post('pipeline', order);
    },
  },
  edas_denied: {
    options: { edasFault: onPut(edasFaults.deniedByRam()) },
    request: ({ webhook }) => webhook.post('pipeline', order),
  },
  edas_rejected: {
    options: { edasFault: onPut(edasFaults.businessErrorUnder200()) },
    request: ({ webhook }) => webhook.post('pipeline', order),
  },
  change_start_unknown: {
    options: { edasFault: () => timeless },
    request: ({ webhook }) => webhook.post('ruled', { since: new Date().toISOString(), ...order }),
  },
  edas_unavailable: {
    options: { edasFault: () => edasFaults.htmlBadGateway() },
    request: ({ webhook }) => webhook.post('gated', order),
  },
  edas_throttled: {
    options: { edasFault: () => edasFaults.throttled() },
    request: ({ webhook }) => webhook.post('gated', order),
  },
  secrets_unavailable: {
    options: { kmsFault: () => kmsFaults.throttled() },
    request: ({ webhook }) => webhook.post('kept', order),
  },
  source_not_configured: { request: ({ webhook }) => webhook.post('closed', order) },
  edas_outcome_unknown: {
    options: { edasFault: onPut(edasFaults.resetBeforeHandling()) },
    request: ({ webhook }) => webhook.post('pipeline', order),
  },
};

const twice = async ({ webhook }: Stage, source: string, payload: unknown) => {
  await webhook.post(source, payload);
  return webhook.post(source, payload);
};

/** Every other kind of answer, with a part of it that tells it from the others. */
export const answers: Record<string, AnswerCase> = {
  ...releaseAnswers,
  ...peopleAnswers,
  'the health': {
    method: 'get',
    path: '/',
    request: ({ webhook }) => webhook.send({ method: 'GET', path: '/' }),
    ...{ status: 200, part: { name: 'edas-rollback-webhook' } },
  },
  'a POST to the root': {
    path: '/',
    request: ({ webhook }) => webhook.send({ path: '/' }),
    ...{ status: 405, part: { code: 'method_not_allowed' } },
  },
  'an event too large for any path': {
    path: '/',
    request: ({ webhook }) => webhook.send({ path: '/', body: 'x'.repeat(7 * 1024 * 1024) }),
    ...{ status: 413, part: { code: 'body_too_large' } },
  },
  'a GET of no source': {
    method: 'get',
    request: ({ webhook }) => webhook.send({ method: 'GET', path: '/nobody' }),
    ...{ status: 404, part: { code: 'source_unknown' } },
  },
  'a rollback that EDAS accepted': {
    request: ({ webhook }) => webhook.post('pipeline', order),
    ...{ status: 202, part: { outcome: 'rolling_back', evidence: 'reply', claimed: false } },
  },
  'a rollback for a sender that takes only 200 for a success': {
    request: ({ webhook }) => webhook.post('exact', order),
    ...{ status: 200, part: { outcome: 'rolling_back', evidence: 'reply' } },
  },
  'a rollback of a named order whose payload says no time': {
    request: ({ webhook }) =>
      webhook.post('named', { order: changeOrderId, event: { event_type: 'incident.triggered' } }),
    ...{ status: 202, part: { outcome: 'rolling_back', causality: 'unchecked' } },
  },
  'a rollback that the order shows': {
    options: { edasFault: onPut(edasFaults.resetAfterHandling()) },
    request: ({ webhook }) => webhook.post('pipeline', order),
    ...{ status: 202, part: { outcome: 'rolling_back', evidence: 'order' } },
  },
  'a rollback that a task follows': {
    request: ({ webhook }) => webhook.post('followed', order),
    ...{ status: 202, part: { outcome: 'rolling_back', claimed: true, follow: 'dispatched' } },
  },
  'a rollback that nobody follows': {
    options: { fcFault: () => fcFaults.denied() },
    request: ({ webhook }) => webhook.post('followed', order),
    ...{ status: 202, part: { outcome: 'rolling_back', claimed: false, follow: 'failed' } },
  },
  'a repeat of a rollback that EDAS does not show yet': {
    options: { rules: { ofTerminated: 'accepted', showsAfterMs: Infinity } },
    request: (stage) => twice(stage, 'followed', order),
    ...{ status: 200, part: { outcome: 'deferred', duplicate: true, task: 'Running' } },
  },
  'a repeat of a rollback whose delivery was cut off a moment ago, and nobody watches': {
    options: {
      rules: { ofTerminated: 'accepted', showsAfterMs: Infinity },
      fcFault: ({ operation, taskId: id }) =>
        operation === 'InvokeFunction' && id === reportId ? fcFaults.denied() : undefined,
    },
    request: async ({ webhook, fc }) => {
      await webhook.post('followed', order);
      fc.setState(taskId, 'Failed');
      return webhook.post('followed', order);
    },
    ...{ status: 200, part: { outcome: 'deferred', duplicate: true, task: 'Failed' } },
  },
  'a deferred rollback': {
    request: ({ webhook }) => webhook.post('deferred', order),
    ...{ status: 202, part: { outcome: 'deferred' } },
  },
  'a deferred rollback whose handing over is in doubt': {
    // Counts its calls, so each test has one of its own.
    get options() {
      return { fcFault: byTurn(fcFaults.reset({ takesEffect: true }), fcFaults.reset()) };
    },
    request: ({ webhook }) => webhook.post('deferred', order),
    ...{ status: 202, part: { outcome: 'deferred', task: 'Running' } },
  },
  'a duplicate of a deferred rollback': {
    request: (each) => twice(each, 'deferred', order),
    ...{ status: 200, part: { outcome: 'deferred', duplicate: true } },
  },
  'a change that is terminated': {
    request: (each) => twice(each, 'pipeline', order),
    ...{ status: 200, part: { outcome: 'already_terminated' } },
  },
  'a change that is terminated, and what came after it': {
    request: (each) => twice(each, 'gated', order),
    ...{
      status: 200,
      part: { outcome: 'already_terminated', rollbackChangeOrderId: expect.any(String) as string },
    },
  },
  'a payload that is ignored': {
    request: ({ webhook }) => webhook.post('picky', { isBad: false }),
    ...{ status: 200, part: { outcome: 'ignored' } },
  },
  'a link that expires soon': {
    request: ({ webhook }) => {
      const grant = { app, expiresAtSeconds: inThePast() + 3_600 };
      return webhook.post('cloudmonitor', 'alertState=OK', { headers: form, grant });
    },
    ...{ status: 200, part: { outcome: 'ignored' } },
  },
  'a rollback of an order that may not be read': {
    options: { edasFault: ({ method }) => (method === 'PUT' ? undefined : edasFaults.deniedByRam()) },
    request: ({ webhook }) => webhook.post('pipeline', order),
    ...{ status: 202, part: { outcome: 'rolling_back' } },
  },
  'a rollback by a secret in KMS': {
    request: ({ webhook }) => webhook.post('kept', order),
    ...{ status: 202, part: { outcome: 'rolling_back' } },
  },
  'a rollback by a new version of a secret in KMS, whose previous one cannot be used': {
    request: ({ webhook, kms }) => {
      kms.secrets.put('kept', '');
      kms.secrets.put('kept', newVersion);
      return webhook.post('kept', order, { secret: newVersion });
    },
    ...{ status: 202, part: { outcome: 'rolling_back' } },
  },
  'a rollback by a secret that was read before KMS was down': {
    request: async ({ webhook, kms, clock }) => {
      await webhook.post('kept', {});
      kms.setFault(() => kmsFaults.serviceUnavailable());
      await clock.sleep(10 * 60_000);
      return webhook.post('kept', order);
    },
    ...{ status: 202, part: { outcome: 'rolling_back' } },
  },
  'a secret in KMS that may not be read': {
    options: { kmsFault: () => kmsFaults.forbidden() },
    request: ({ webhook }) => webhook.post('kept', order),
    ...{ status: 503, part: { code: 'source_not_configured' } },
  },
  'a secret in KMS that cannot be used': {
    request: ({ webhook, kms }) => {
      kms.secrets.put('kept', '');
      return webhook.post('kept', order);
    },
    ...{ status: 503, part: { code: 'source_not_configured' } },
  },
  'a ping': {
    request: ({ webhook }) => webhook.post('github', {}, { headers: { 'x-github-event': 'ping', ...json } }),
    ...{ status: 200, part: { outcome: 'ignored' } },
  },
  'a dry run': {
    request: ({ webhook }) => webhook.post('rehearsal', order),
    ...{ status: 200, part: { outcome: 'dry_run' } },
  },
  'a suspended rollback': {
    options: { env: { CLOSED_SECRET: '', ROLLBACK_SUSPENDED: 'true' } },
    request: ({ webhook }) => webhook.post('pipeline', order),
    ...{ status: 200, part: { outcome: 'suspended' } },
  },
  'a refusal under 200': {
    request: ({ webhook }) => webhook.post('tolerant', order),
    ...{ status: 200, part: { status: 200, code: 'sender_not_allowed' } },
  },
  'a refusal under a status of its own': {
    request: ({ webhook }) => webhook.post('gone', order),
    ...{ status: 410, part: { status: 410, code: 'sender_not_allowed' } },
  },
  'a refusal under the status of other codes': {
    request: ({ webhook }) => webhook.post('conflicted', order),
    ...{ status: 409, part: { status: 409, code: 'sender_not_allowed' } },
  },
  'a token that is missing in a header of its own': {
    request: ({ webhook }) => webhook.send({ path: '/gitlab', body: '{}' }),
    ...{ status: 401, part: { code: 'token_missing' } },
  },
  'a user and password that are missing': {
    request: ({ webhook }) => webhook.send({ path: '/basic', body: '{}' }),
    ...{ status: 401, part: { code: 'token_missing' } },
  },
  'a rollback told in Slack': {
    request: ({ webhook }) => webhook.post('slack', command(changeOrderId), { headers: form }),
    ...{ status: 200, part: { response_type: 'in_channel' } },
  },
  'a refusal told in Slack': {
    request: ({ webhook }) => webhook.post('slack', command('now'), { headers: form }),
    ...{ status: 200, part: { response_type: 'ephemeral' } },
  },
  'a rollback told in DingTalk': {
    request: ({ webhook }) => {
      const text = { content: `rollback ${changeOrderId}` };
      return webhook.post('dingtalk', { msgtype: 'text', text }, { headers: json });
    },
    ...{ status: 200, part: { msgtype: 'text' } },
  },
  'a message in Feishu that is no command': {
    request: ({ webhook }) => webhook.post('feishu', { schema: '2.0', event: {} }, { headers: json }),
    ...{ status: 200, part: { toast: expect.any(Object) as object } },
  },
  "Slack's challenge": {
    request: ({ webhook }) => {
      const challenge = { type: 'url_verification', token: 'fake-token', challenge: 'fake-challenge' };
      return webhook.post('slack', challenge, { headers: json });
    },
    ...{ status: 200, part: { challenge: 'fake-challenge' } },
  },
  "Slack's check of the certificate": {
    request: ({ webhook }) => webhook.send({ path: '/slack', headers: form, body: 'ssl_check=1' }),
    ...{ status: 200, part: {} },
  },
  "Feishu's challenge": {
    request: ({ webhook }) => {
      const body = JSON.stringify({
        type: 'url_verification',
        token: 'fake-token',
        challenge: 'fake-challenge',
      });
      return webhook.send({ path: '/feishu', headers: json, body });
    },
    ...{ status: 200, part: { challenge: 'fake-challenge' } },
  },
};
