import fc from 'fast-check';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { FunctionResponse } from '../../../functions/platform/context.ts';
import { createHandler, type Handler } from '../../../functions/webhook/handler.ts';
import { compileSources } from '../../../local/build/compile-sources.ts';
import { isByApplication, sampleWebhook } from '../../../local/signing/sample-webhook.ts';
import { signatureHeaders } from '../../../local/signing/sign.ts';
import { httpEvent, jsonBytes } from '../../support/http-event.ts';
import { runs } from '../../support/runs.ts';
import { fakeDigest, fakeSecret, openWithRelease, startTime } from '../../support/webhook.ts';
import { presetNames, tamper, write, type Written } from './verify/signing.ts';

// Thousands of runs, on machines of every speed.
vi.setConfig({ testTimeout: 60_000 });

const sources = compileSources(`
sources:
  pipeline: { preset: generic, secrets: [SECRET_PIPELINE] }
  github:
    preset: github
    secrets: [SECRET_GITHUB]
    when: contains(keys(@), 'status') || status == 'failed'
    allow: sender.login != 'eve'
    changeOrderId: join(' ', values(@))
  closed: { preset: generic, secrets: [CLOSED_SECRET] }
`);
const secret = 'fake-secret-of-some-length';

let lines: string[] = [];
/** No request of this file may get as far as EDAS, where no server listens. */
const handler: Handler = createHandler(
  { version: '1.2.3', digest: fakeDigest, sources },
  {
    env: { SECRET_PIPELINE: secret, SECRET_GITHUB: secret, FC_FUNCTION_NAME: 'x', REGION: 'cn-hangzhou' },
    now: () => 0,
    clock: { now: () => 0, sleep: () => Promise.resolve() },
    random: Math.random,
    write: (line) => void lines.push(line),
  },
);

async function call(event: unknown, context: unknown): Promise<FunctionResponse> {
  lines = [];
  const response = await handler(event, context);
  expect(JSON.parse(JSON.stringify(response))).toEqual(response);
  expect(response.isBase64Encoded).toBe(false);
  expect(Object.values(response.headers).filter((value) => typeof value !== 'string')).toEqual([]);
  const { status, stack } = JSON.parse(response.body) as { status?: number; stack?: unknown };
  expect(status ?? response.statusCode).toBe(response.statusCode);
  expect(stack).toBeUndefined();
  expect(response.body).not.toMatch(/\bat .+:\d+:\d+|node_modules|functions\/webhook/);
  expect(lines.filter((line) => line.includes('"msg":"decision"'))).toHaveLength(1);
  return response;
}

const context = fc.oneof(
  fc.anything(),
  fc.record(
    { requestId: fc.anything(), region: fc.anything(), credentials: fc.anything() },
    { requiredKeys: [] },
  ),
);

describe('Invariant 10: every event gets one reply, without a stack, and leaves one decision', () => {
  test('whatever the event and the context are', async () => {
    await fc.assert(
      fc.asyncProperty(fc.anything(), context, async (event, context) => {
        expect((await call(event, context)).statusCode).toBe(400);
      }),
      { numRuns: runs(300) },
    );
  });

  test('whatever stands in a request', async () => {
    const text = fc.string({ unit: 'binary', maxLength: 50 });
    const value = fc.jsonValue({ maxDepth: 1 });
    const known = ['X-Signature-256', 'x-signature-256', 'X-Hub-Signature-256', 'Content-Type', '__proto__'];
    const names = fc.oneof(text, fc.constantFrom(...known));
    const event = fc.record({
      rawPath: fc.oneof(fc.constantFrom('/', '/pipeline', '/github', '/closed'), text),
      body: fc.oneof(text, value),
      isBase64Encoded: fc.oneof(fc.boolean(), value),
      headers: fc.oneof(fc.dictionary(names, fc.oneof(text, value), { maxKeys: 5 }), value),
      requestContext: fc.record({
        requestId: fc.oneof(text, value),
        http: fc.record({ method: fc.oneof(fc.constantFrom('POST', 'GET'), text) }),
      }),
    });
    const seen = new Set<number>();
    await fc.assert(
      fc.asyncProperty(event, async (event) => {
        seen.add((await call(jsonBytes(event), {})).statusCode);
      }),
      { numRuns: runs(300) },
    );
    expect(seen).toContain(401);
    expect([...seen].filter((status) => ![200, 400, 401, 404, 405, 503].includes(status))).toEqual([]);
  });

  test('whatever a sender signs, which is never our fault', async () => {
    const payload = fc.oneof(
      fc.json(),
      fc.string({ unit: 'binary' }),
      fc.record({ status: fc.jsonValue(), sender: fc.jsonValue() }).map((value) => JSON.stringify(value)),
    );
    const seen = new Set<number>();
    await fc.assert(
      fc.asyncProperty(payload, fc.constantFrom(...sources), async (body, source) => {
        const headers = signatureHeaders(source.verify, secret, Buffer.from(body));
        const event = httpEvent({ path: `/${source.name}`, headers, body, isBase64Encoded: true });
        seen.add((await call(event, {})).statusCode);
      }),
      { numRuns: runs(300) },
    );
    expect(seen).toEqual(new Set([200, 400, 422, 503]));
  });
});

describe('a request that would roll back, of which a single bit has flipped,', () => {
  const app = '3616cdca-4f92-4413-8a51-000000000001';
  const changeOrderId = 'dc5133d7-773f-4c81-9c5a-e2103dce0f6a';
  const now = Date.parse(startTime);

  test.each(presetNames)('is refused with 401 and never reaches EDAS, if it came from %s', async (preset) => {
    const text = `sources: { ${preset}: { preset: ${preset}, secrets: [SECRET], apps: [${app}] } }`;
    const [source] = compileSources(text);
    if (!source) throw new Error('there must be a source');
    const { verify } = source;
    const plan = { id: changeOrderId, appId: app, createdAt: now - 60_000, waitsForPerson: true };
    const { edas, webhook } = await openWithRelease({ sources: text }, plan, onTestFinished);
    const sample = sampleWebhook(source, isByApplication(source) ? { app } : { changeOrderId }, now);
    const request = write(verify, fakeSecret('SECRET', verify), {
      body: Buffer.from(sample.body),
      id: 'delivery-1',
      now,
      grant: { app, expiresAtSeconds: Math.floor(now / 1000) + 1000 },
    });
    const send = ({ headers, query, body }: Written) =>
      webhook.send({
        path: `/${preset}`,
        headers: { ...headers, 'content-type': sample.contentType },
        query,
        body,
        isBase64Encoded: true,
      });

    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 100_000 }), async (position) => {
        for (const changed of tamper(verify, request, position)) {
          const { status, headers } = await send(changed);
          expect(status).toBe(401);
          expect(headers['Content-Type']).toBe('application/problem+json');
        }
      }),
      { numRuns: runs(10) },
    );
    expect(edas.calls).toEqual([]);

    await send(request);
    expect(edas.orders.rollbacksOf(changeOrderId)).toBe(1);
  });
});

describe('a fault of our own', () => {
  test('is answered 500 without its reason, which the log has', async () => {
    const written: string[] = [];
    const [source] = sources;
    // Such as a bundle that lacks a module: nothing that a caller could cause.
    const broken = createHandler(
      { version: '1.2.3', digest: fakeDigest, sources: source ? [source] : [] },
      {
        env: {
          SECRET_PIPELINE: secret,
          get REGION(): string {
            throw new Error('fake-inner-reason');
          },
        },
        now: () => 0,
        clock: { now: () => 0, sleep: () => Promise.resolve() },
        random: Math.random,
        write: (line) => void written.push(line),
      },
    );
    const body = '{"changeOrderId":"dc5133d7-773f-4c81-9c5a-e2103dce0f6a"}';
    const headers = source ? signatureHeaders(source.verify, secret, body) : {};
    const response = await broken(httpEvent({ body, headers }), { requestId: 'fake-request-id' });

    expect(JSON.parse(response.body)).toEqual({
      type: 'docs/errors.md#internal',
      title: 'The function failed',
      status: 500,
      code: 'internal',
      detail: 'The function failed. Its log says why, under this requestId.',
      retry: true,
      source: 'pipeline',
      requestId: 'fake-request-id',
    });
    const log = written.map((line) => JSON.parse(line) as unknown);
    expect(log).toMatchObject([
      {
        level: 'error',
        msg: 'the function failed',
        stack: expect.stringContaining('fake-inner-reason') as string,
      },
      { level: 'error', msg: 'decision', code: 'internal', requestId: 'fake-request-id', source: 'pipeline' },
    ]);
  });
});
