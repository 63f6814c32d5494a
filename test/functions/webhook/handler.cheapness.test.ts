import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createHandler, type Handler } from '../../../functions/webhook/handler.ts';
import type { CompiledSource } from '../../../functions/webhook/source/compiled-source.ts';
import { signatureHeaders } from '../../../local/signing/sign.ts';
import { httpEvent, type TestRequest } from '../../support/http-event.ts';
import { pipelineSource } from '../../support/source.ts';

/** What was loaded or done so far, by name, and what notes that a module is loaded. */
const { work, noting } = vi.hoisted(() => {
  const work = new Set<string>();
  const noting = (what: string) => (original: () => Promise<object>) => {
    work.add(what);
    return original();
  };
  return { work, noting };
});

vi.mock('node:crypto', async (original) => {
  const crypto = await original<typeof import('node:crypto')>();
  const createHmac: typeof crypto.createHmac = (...args) => {
    work.add('hashing');
    return crypto.createHmac(...args);
  };
  return { ...crypto, createHmac };
});
vi.mock('@jmespath-community/jmespath', noting('JMESPath'));
vi.mock('@alicloud/credentials/dist/src/providers/static_sts.js', noting('credentials'));
vi.mock('@alicloud/pop-core/lib/roa.js', noting('SDK'));
vi.mock('@alicloud/pop-core/lib/rpc.js', noting('SDK of KMS'));
vi.mock('@alicloud/fc2', noting('SDK of Function Compute'));

// Expressions as the build writes them: compiling them here would load JMESPath.
const field = (name: string) => ({ text: name, tree: { type: 'Field' as const, name } });
const source: CompiledSource = { ...pipelineSource, when: field('isBad') };
const body = JSON.stringify({ isBad: true, changeOrderId: 'dc5133d7-773f-4c81-9c5a-e2103dce0f6a' });
const good = signatureHeaders(source.verify, 'fake-secret', body);

let handler: Handler;
let parse: typeof JSON.parse;

beforeEach(() => {
  work.clear();
  handler = createHandler(
    {
      version: '1.2.3',
      digest: 'fake',
      sources: [
        source,
        { ...source, name: 'closed', secrets: ['NOT_SET'] },
        { ...source, name: 'in-kms', secrets: ['kms:pipeline'] },
      ],
    },
    {
      env: {
        SECRET_PIPELINE: 'fake-secret',
        FC_FUNCTION_NAME: 'x',
        REGION: 'cn-hangzhou',
        KMS_ENDPOINT: 'http://127.0.0.1:1',
      },
      now: () => 0,
      clock: { now: () => 0, sleep: () => Promise.resolve() },
      random: Math.random,
      write: () => undefined,
    },
  );
  parse = JSON.parse.bind(JSON);
  vi.spyOn(JSON, 'parse').mockImplementation((text: string) => {
    if (text === body) work.add('parsing');
    return parse(text) as unknown;
  });
});

afterEach(() => {
  vi.restoreAllMocks();
});

async function statusOf(request: TestRequest): Promise<number> {
  return (await handler(httpEvent({ body, ...request }), {})).statusCode;
}

describe('Invariant 8: refusing is cheap', () => {
  test.each<[number, string, TestRequest]>([
    [200, 'the health', { method: 'GET', path: '/' }],
    [404, 'an unknown path', { path: '/unknown', headers: good }],
    [405, 'another method', { method: 'GET', headers: good }],
    [503, 'a closed source', { path: '/closed', headers: good }],
    [415, 'a compressed body', { headers: { ...good, 'Content-Encoding': 'gzip' } }],
    [413, 'a body that is too large', { headers: good, body: 'x'.repeat(1_048_577) }],
    [401, 'no signature', {}],
    [401, 'no signature, where the secret is in KMS', { path: '/in-kms' }],
    [
      401,
      'a signature that cannot be read, where the secret is in KMS',
      { path: '/in-kms', headers: { 'X-Signature-256': 'sha1=0123' } },
    ],
    [401, 'a signature that cannot be read', { headers: { 'X-Signature-256': 'sha1=0123' } }],
  ])('status %i for %s costs neither hashing nor parsing, and loads nothing', async (status, _, request) => {
    expect(await statusOf(request)).toBe(status);
    expect([...work]).toEqual([]);
  });

  test('a forged signature costs the hashing', async () => {
    const forged = signatureHeaders(source.verify, 'fake-forged-secret', body);
    work.clear();
    expect(await statusOf({ headers: forged })).toBe(401);
    expect([...work]).toEqual(['hashing']);
  });

  test('a signed body of the wrong type is not parsed', async () => {
    expect(await statusOf({ headers: { ...good, 'Content-Type': 'text/plain' } })).toBe(415);
    expect([...work]).toEqual(['hashing']);
  });

  // Modules load once, so these come last: they show that the others watch what they should.
  test('only a request that is let in loads JMESPath, and only one that may roll back the SDK', async () => {
    expect(await statusOf({ headers: good })).toBe(500);
    expect([...work]).toEqual(['hashing', 'parsing', 'JMESPath']);

    work.clear();
    let now = 0;
    const credentials = { accessKeyId: 'STS.fake', accessKeySecret: 'fake', securityToken: 'fake' };
    await createHandler(
      // Nothing is followed but what has begun.
      { version: '1.2.3', digest: 'fake', sources: [{ ...source, follow: true }] },
      {
        env: {
          SECRET_PIPELINE: 'fake-secret',
          EDAS_ENDPOINT: 'http://127.0.0.1:1',
          FOLLOW_FUNCTION: 'x-follow',
        },
        // No server listens there, and a call is tried again until the time is up.
        now: () => now,
        clock: { now: () => now, sleep: (ms) => Promise.resolve(void (now += ms)) },
        random: Math.random,
        write: () => undefined,
      },
    )(httpEvent({ body, headers: good }), { credentials });
    expect(work).toContain('credentials');
    expect(work).toContain('SDK');
    expect(work).not.toContain('SDK of Function Compute');
  });

  test('a signature that only a key can judge loads the SDK of KMS, where the secret is there', async () => {
    const credentials = { accessKeyId: 'STS.fake', accessKeySecret: 'fake', securityToken: 'fake' };
    const event = httpEvent({ body, path: '/in-kms', headers: good });
    expect((await handler(event, { credentials })).statusCode).toBe(503);
    // Not even the body was hashed: there was no key yet. The credentials were loaded by the test before.
    expect([...work]).toEqual(['SDK of KMS']);
  });
});
