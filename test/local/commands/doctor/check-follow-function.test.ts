import { describe, expect, onTestFinished, test } from 'vitest';
import { createTaskQueue } from '../../../../functions/platform/fc2-task-queue.ts';
import { checkFollowFunction } from '../../../../local/commands/doctor/check-follow-function.ts';
import { denied, htmlPage, throttled, type Fault } from '../../../../local/stand-ins/fc/faults.ts';
import { startFcStandIn } from '../../../../local/stand-ins/fc/stand-in.ts';
import { fakeAccountId, fakeCredentials, followFunction } from '../../../support/webhook.ts';

async function check(
  name: string,
  { fault, isDeployed = false }: { fault?: Fault; isDeployed?: boolean } = {},
) {
  const fc = await startFcStandIn({
    credentials: fakeCredentials,
    accountId: fakeAccountId,
    functions: { [followFunction]: () => Promise.resolve() },
    ...(fault && { fault: () => fault }),
  });
  onTestFinished(() => fc.close());
  const queue = createTaskQueue(
    { name, accountId: fakeAccountId, region: 'cn-hangzhou', endpoint: fc.url },
    { getCredentials: () => Promise.resolve(fakeCredentials) },
  );
  const finding = await checkFollowFunction(queue, name, isDeployed);
  expect(fc.tasks).toEqual([]);
  return finding;
}

describe('the follow function', () => {
  test('is there where Function Compute knows it, and no such task', async () => {
    expect(await check(followFunction)).toMatchObject({ verdict: 'right' });
  });

  test('may be missing before the first deployment', async () => {
    expect(await check('another-function')).toMatchObject({
      verdict: 'warning',
      what: 'Function Compute knows no function another-function in this region',
    });
  });

  test('is wrong where it is missing and the webhook function is deployed', async () => {
    expect(await check('another-function', { isDeployed: true })).toMatchObject({ verdict: 'wrong' });
  });

  test('cannot be seen with credentials that may not ask', async () => {
    expect(await check(followFunction, { fault: denied() })).toMatchObject({
      verdict: 'unknown',
      what: expect.stringContaining('(403 AccessDenied)') as unknown,
    });
  });

  test.each([throttled(), htmlPage({ status: 502 }), htmlPage({ status: 200 })])(
    'cannot be seen where Function Compute gives no clear answer: $name',
    async (fault) => {
      expect(await check(followFunction, { fault })).toMatchObject({ verdict: 'unknown' });
    },
  );
});
