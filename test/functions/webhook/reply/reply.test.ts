import { describe, expect, test } from 'vitest';
import { errorCatalogue, Problem, type ErrorCode, type ProblemFacts } from '../../../../functions/errors.ts';
import type { Outcome } from '../../../../functions/execute/outcome.ts';
import { toRecord } from '../../../../functions/lib/json.ts';
import type { FunctionResponse } from '../../../../functions/platform/context.ts';
import {
  replyWithHealth,
  replyWithOutcome,
  replyWithProblem,
} from '../../../../functions/webhook/reply/reply.ts';
import type { VerifyParameters } from '../../../../functions/webhook/verify/verify.ts';
import { presets } from '../../../../presets/index.ts';
import { pipelineSource } from '../../../support/source.ts';

const context = { source: pipelineSource, requestId: 'fake-request-id', isVerified: true };
const changeOrderId = 'dc5133d7-773f-4c81-9c5a-e2103dce0f6a';
const codes = Object.keys(errorCatalogue) as ErrorCode[];

const versions = {
  fromVersion: '1.8.2',
  toVersion: '1.8.1',
  groups: ['8123db90-0000-4000-8000-000000000003'],
};
const outcomes: [number, Outcome][] = [
  [
    202,
    {
      outcome: 'rolling_back',
      changeOrderId,
      rollbackChangeOrderId: '5ba3b2f4-1c7e-4a6d-8f00-000000000001',
      edas: { requestId: 'FAKE-EDAS-REQUEST', traceId: 'fake-trace' },
      evidence: 'reply',
      message: 'accepted',
    },
  ],
  [202, { outcome: 'rolling_back', changeOrderId, evidence: 'order', message: 'seen' }],
  [202, { outcome: 'rolling_back', changeOrderId, evidence: 'order', follow: 'dispatched', message: 'seen' }],
  [202, { outcome: 'deferred', changeOrderId, message: 'a task does it' }],
  [202, { outcome: 'deferred', changeOrderId, task: 'Enqueued', message: 'a task does it' }],
  [200, { outcome: 'deferred', changeOrderId, duplicate: true, task: 'Running', message: 'a task does it' }],
  [200, { outcome: 'deferred', changeOrderId, duplicate: true, task: 'unknown', message: 'who knows' }],
  [200, { outcome: 'already_terminated', changeOrderId, message: 'terminated' }],
  [202, { outcome: 'deferred', changeOrderId, ...versions, message: 'a task does it' }],
  [200, { outcome: 'already_rolled_back', changeOrderId, message: 'it runs nowhere' }],
  [
    200,
    {
      outcome: 'already_rolled_back',
      changeOrderId,
      rollbackChangeOrderId: '5ba3b2f4-1c7e-4a6d-8f00-000000000001',
      message: 'it runs nowhere',
    },
  ],
  [200, { outcome: 'ignored', message: 'a ping' }],
  [200, { outcome: 'dry_run', changeOrderId, ...versions, message: 'nothing was sent' }],
  [200, { outcome: 'suspended', changeOrderId, ...versions, message: 'nothing was sent' }],
  [200, { outcome: 'dry_run', changeOrderId, message: 'nothing was sent' }],
  [200, { outcome: 'suspended', changeOrderId, message: 'nothing was sent' }],
];

function bodyOf({ body }: FunctionResponse): unknown {
  return JSON.parse(body);
}

function problemBody(code: ErrorCode, facts: ProblemFacts = {}): unknown {
  return bodyOf(replyWithProblem(new Problem(code, 'why', facts), context));
}

test.each(outcomes)(
  'status %i and JSON answer the outcome %j, with where it came from',
  (status, outcome) => {
    const response = replyWithOutcome(outcome, context);
    expect(response).toMatchObject({
      statusCode: status,
      headers: { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' },
      isBase64Encoded: false,
    });
    expect(bodyOf(response)).toEqual({ ...outcome, source: 'pipeline', requestId: 'fake-request-id' });
  },
);

test('the health is JSON with the name, the version, the digest of the sources and how many sources are ready', () => {
  const response = replyWithHealth({ version: '1.2.3', configuration: 'fake', sources: 3, ready: 2 });
  expect(response).toMatchObject({ statusCode: 200, headers: { 'Content-Type': 'application/json' } });
  expect(bodyOf(response)).toEqual({
    name: 'edas-rollback-webhook',
    version: '1.2.3',
    configuration: 'fake',
    sources: 3,
    ready: 2,
  });
});

describe('a problem', () => {
  test.each(codes)('%s is answered as RFC 9457 problem details that point at its section', (code) => {
    const { status, title, retry } = errorCatalogue[code];
    const response = replyWithProblem(new Problem(code, 'why'), context);
    expect(response).toMatchObject({
      statusCode: status,
      headers: { 'Content-Type': 'application/problem+json', 'Cache-Control': 'no-store' },
      isBase64Encoded: false,
    });
    expect(bodyOf(response)).toEqual({
      type: `docs/errors.md#${code}`,
      title,
      status,
      code,
      detail: 'why',
      retry,
      source: 'pipeline',
      requestId: 'fake-request-id',
    });
  });

  test('has an address that can be clicked, where it is known under which one people read the pages', () => {
    const docsUrl = 'https://git.example.com/sre/docs/errors.md';
    const { type } = toRecord(
      bodyOf(replyWithProblem(new Problem('internal', 'why'), { ...context, docsUrl })),
    );
    expect(type).toBe('https://git.example.com/sre/docs/errors.md#internal');
  });

  test.each([undefined, '', 'http://git.example.com/errors.md', 'javascript:alert(1)', 'docs'])(
    'has a path where the address of the pages is not https: %s',
    (docsUrl) => {
      const { type } = toRecord(
        bodyOf(replyWithProblem(new Problem('internal', 'why'), { ...context, docsUrl })),
      );
      expect(type).toBe('docs/errors.md#internal');
    },
  );

  test('carries the change order and what EDAS called the failure, and not what belongs into headers', () => {
    const facts = {
      changeOrderId,
      edas: { requestId: 'FAKE-EDAS-REQUEST' },
      allow: 'POST',
      retryAfterSeconds: 5,
    };
    expect(problemBody('edas_throttled', facts)).toEqual({
      type: 'docs/errors.md#edas_throttled',
      title: 'EDAS is throttling',
      status: 503,
      code: 'edas_throttled',
      detail: 'why',
      retry: true,
      changeOrderId,
      edas: { requestId: 'FAKE-EDAS-REQUEST' },
      source: 'pipeline',
      requestId: 'fake-request-id',
    });
  });

  test('leaves out what is not known', () => {
    const body = bodyOf(replyWithProblem(new Problem('source_unknown', 'why'), { isVerified: false }));
    expect(body).not.toHaveProperty('source');
    expect(body).not.toHaveProperty('requestId');
    expect(body).not.toHaveProperty('changeOrderId');
  });

  test('never carries its cause', () => {
    const problem = new Problem('internal', 'why', {}, { cause: new Error('fake-inner-error') });
    expect(replyWithProblem(problem, context).body).not.toContain('fake-inner-error');
  });

  test('says with 405 which method the path takes', () => {
    const { headers } = replyWithProblem(
      new Problem('method_not_allowed', 'why', { allow: 'POST' }),
      context,
    );
    expect(headers['Allow']).toBe('POST');
  });

  test('says when to come back', () => {
    const { headers } = replyWithProblem(
      new Problem('edas_throttled', 'why', { retryAfterSeconds: 5 }),
      context,
    );
    expect(headers['Retry-After']).toBe('5');
  });

  test.each(codes)('%s has a challenge exactly when its status is 401', (code) => {
    const { statusCode, headers } = replyWithProblem(new Problem(code, 'why'), context);
    expect('WWW-Authenticate' in headers).toBe(statusCode === 401);
  });

  test.each(codes)('%s has no Allow and no Retry-After of its own', (code) => {
    const { headers } = replyWithProblem(new Problem(code, 'why'), context);
    expect(Object.keys(headers)).not.toContain('Allow');
    expect(Object.keys(headers)).not.toContain('Retry-After');
  });

  test.each(codes)(
    "%s takes the source's refusalStatus where it is a 4xx of a sender that is known",
    (code) => {
      const { status } = errorCatalogue[code];
      const source = { ...pipelineSource, refusalStatus: 299 };
      const response = replyWithProblem(new Problem(code, 'why'), { source, isVerified: true });
      const expected = status < 500 && status !== 401 ? 299 : status;
      expect(response.statusCode).toBe(expected);
      expect(response.headers['Content-Type']).toBe('application/problem+json');
      expect(bodyOf(response)).toMatchObject({ status: expected, code });
    },
  );

  test.each(codes)('%s keeps its own status before the sender is known', (code) => {
    const source = { ...pipelineSource, refusalStatus: 299 };
    const response = replyWithProblem(new Problem(code, 'why'), { source, isVerified: false });
    expect(response.statusCode).toBe(errorCatalogue[code].status);
  });

  test.each<[VerifyParameters, string]>([
    [presets.generic.verify, 'Webhook-Signature'],
    [presets['gitlab-token'].verify, 'Webhook-Token'],
    [presets.alertmanager.verify, 'Bearer'],
    [presets['azure-devops'].verify, 'Basic realm="webhook"'],
  ])('challenges a sender of %j with %s', (verify, challenge) => {
    const source = { ...pipelineSource, verify };
    const { headers } = replyWithProblem(new Problem('token_missing', 'why'), { source, isVerified: false });
    expect(headers['WWW-Authenticate']).toBe(challenge);
  });
});

describe('a handshake', () => {
  test('is answered with what it wants to read, and nothing else', () => {
    const outcome = { outcome: 'ignored', message: 'A challenge.', body: '{"challenge":"x"}\n' } as const;
    const response = replyWithOutcome(outcome, context);
    expect(response).toMatchObject({ statusCode: 200, body: '{"challenge":"x"}\n' });
    expect(response.headers['Content-Type']).toBe('application/json');
  });

  test('that wants nothing gets an empty body', () => {
    const response = replyWithOutcome({ outcome: 'ignored', message: 'An SSL check.', body: '' }, context);
    expect(response).toMatchObject({ statusCode: 200, body: '' });
  });
});

describe.each(['slack', 'dingtalk', 'feishu'] as const)('in %s', (reply) => {
  const source = { ...pipelineSource, reply };

  test('every outcome and every problem is 200 and a message, once the sender is known', () => {
    const known = { source, isVerified: true };
    const responses = [
      ...outcomes.map(([, outcome]) => replyWithOutcome(outcome, known)),
      ...codes
        .filter((code) => errorCatalogue[code].status !== 401)
        .map((code) => replyWithProblem(new Problem(code, 'why'), known)),
    ];
    for (const response of responses) {
      expect(response.statusCode).toBe(200);
      expect(response.headers['Content-Type']).toBe('application/json');
      expect(bodyOf(response)).not.toHaveProperty('outcome');
      expect(bodyOf(response)).not.toHaveProperty('code');
    }
  });

  test('a stranger is refused as everywhere else', () => {
    const response = replyWithProblem(new Problem('signature_mismatch', 'why'), {
      source,
      isVerified: false,
    });
    expect(response.statusCode).toBe(401);
    expect(bodyOf(response)).toMatchObject({ code: 'signature_mismatch' });
  });
});

test('no answer has a header that Function Compute keeps for itself', () => {
  const facts = { allow: 'POST', retryAfterSeconds: 5 };
  const responses = [
    ...outcomes.map(([, outcome]) => replyWithOutcome(outcome, context)),
    ...codes.map((code) => replyWithProblem(new Problem(code, 'why', facts), context)),
    replyWithHealth({ version: '1.2.3', configuration: 'fake', sources: 1, ready: 1 }),
  ];
  const names = responses.flatMap(({ headers }) => Object.keys(headers).map((name) => name.toLowerCase()));
  const reserved = ['date', 'server', 'content-length', 'connection', 'content-disposition'];
  expect(names.filter((name) => name.startsWith('x-fc-') || reserved.includes(name))).toEqual([]);
});
