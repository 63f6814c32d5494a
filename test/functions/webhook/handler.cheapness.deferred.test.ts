import { expect, test, vi } from 'vitest';
import { createHandler } from '../../../functions/webhook/handler.ts';
import { signatureHeaders } from '../../../local/signing/sign.ts';
import { startFcStandIn } from '../../../local/stand-ins/fc/stand-in.ts';
import { httpEvent } from '../../support/http-event.ts';
import { pipelineSource } from '../../support/source.ts';
import {
  fakeAccountId,
  fakeContext,
  fakeCredentials,
  fakeDigest,
  followFunction,
} from '../../support/webhook.ts';

/** What was loaded so far. A module loads once, so this has a file of its own. */
const loaded = vi.hoisted(() => new Set<string>());

vi.mock('@alicloud/fc2', async (original) => {
  loaded.add('SDK of Function Compute');
  return await original();
});
vi.mock('@alicloud/pop-core/lib/roa.js', async (original) => {
  loaded.add('SDK of EDAS');
  return await original();
});

test('Invariant 8: a deferred rollback loads what hands it over, and not what rolls back; a forged one loads nothing', async ({
  onTestFinished,
}) => {
  const fc = await startFcStandIn({
    credentials: fakeCredentials,
    accountId: fakeAccountId,
    functions: { [followFunction]: () => Promise.resolve() },
  });
  onTestFinished(() => fc.close());
  const handler = createHandler(
    { version: '1.2.3', digest: fakeDigest, sources: [{ ...pipelineSource, mode: 'deferred' }] },
    {
      env: {
        SECRET_PIPELINE: 'fake-secret',
        FOLLOW_FUNCTION: followFunction,
        FUNCTION_ENDPOINT: fc.url,
      },
      now: () => 0,
      clock: { now: () => 0, sleep: () => Promise.resolve() },
      random: Math.random,
      write: () => undefined,
    },
  );
  const body = JSON.stringify({ changeOrderId: 'dc5133d7-773f-4c81-9c5a-e2103dce0f6a' });
  const context = { ...fakeContext, accountId: fakeAccountId };
  const statusOf = async (secret: string) => {
    const headers = signatureHeaders(pipelineSource.verify, secret, body);
    return (await handler(httpEvent({ body, headers }), context)).statusCode;
  };

  expect(await statusOf('fake-forged-secret')).toBe(401);
  expect([...loaded]).toEqual([]);
  expect(fc.calls).toEqual([]);

  expect(await statusOf('fake-secret')).toBe(202);
  expect([...loaded]).toEqual(['SDK of Function Compute']);
  expect(fc.tasks).toHaveLength(1);
});
