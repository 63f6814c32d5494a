import https from 'node:https';
import { afterEach, expect, test, vi } from 'vitest';
import type { FunctionContext } from '../../../functions/platform/context.ts';
import { openTaskQueue } from '../../../functions/platform/open-task-queue.ts';
import { TaskQueueFailure } from '../../../functions/platform/task-queue.ts';
import { codeOfAsync } from '../../support/problem.ts';
import { fakeAccountId, fakeContext, followFunction } from '../../support/webhook.ts';

const context: FunctionContext = { ...fakeContext, accountId: fakeAccountId };
const env = { FC_FUNCTION_NAME: 'edas-rollback-webhook', FOLLOW_FUNCTION: followFunction };

afterEach(() => {
  vi.restoreAllMocks();
});

/** Where a task would be handed over to. Nothing leaves this machine. */
async function addressFor(given: FunctionContext, variables: NodeJS.Dict<string>): Promise<string> {
  let address = 'none';
  vi.spyOn(https, 'request').mockImplementation((url: unknown) => {
    address = String(url);
    throw new Error('fake');
  });
  const queue = await openTaskQueue(given, variables);
  await expect(queue.submit('rollback-1', '{}', 1_000)).rejects.toThrow(TaskQueueFailure);
  return address;
}

const path = `/2023-03-30/functions/${followFunction}/invocations`;

test.each<{ what: string; given?: FunctionContext; variables?: NodeJS.Dict<string>; host: string }>([
  { what: "the account's own, over https", host: `${fakeAccountId}.cn-hangzhou.fc.aliyuncs.com` },
  {
    what: "in the function's own region, though EDAS is in another",
    variables: { REGION: 'cn-shanghai', FC_REGION: 'cn-beijing' },
    host: `${fakeAccountId}.cn-hangzhou.fc.aliyuncs.com`,
  },
  {
    what: 'in the region of the instance where the invocation names none',
    given: { ...context, region: undefined },
    variables: { REGION: 'cn-shanghai', FC_REGION: 'cn-beijing' },
    host: `${fakeAccountId}.cn-beijing.fc.aliyuncs.com`,
  },
  {
    what: 'in REGION where nothing else is known',
    given: { ...context, region: undefined },
    variables: { REGION: 'cn-shanghai' },
    host: `${fakeAccountId}.cn-shanghai.fc.aliyuncs.com`,
  },
  {
    what: "of the instance's account where the invocation names none",
    given: { ...context, accountId: undefined },
    variables: { FC_ACCOUNT_ID: '6543210987654321' },
    host: '6543210987654321.cn-hangzhou.fc.aliyuncs.com',
  },
  {
    what: 'FUNCTION_ENDPOINT where it is set',
    variables: { FUNCTION_ENDPOINT: `${fakeAccountId}.cn-hangzhou-internal.fc.aliyuncs.com` },
    host: `${fakeAccountId}.cn-hangzhou-internal.fc.aliyuncs.com`,
  },
  {
    what: "the account's own where FUNCTION_ENDPOINT is empty",
    variables: { FUNCTION_ENDPOINT: '' },
    host: `${fakeAccountId}.cn-hangzhou.fc.aliyuncs.com`,
  },
])('the address is $what', async ({ given = context, variables, host }) => {
  expect(await addressFor(given, { ...env, ...variables })).toBe(`https://${host}${path}`);
});

const notHttps = 'FUNCTION_ENDPOINT must be https; plain http is for loopback addresses only';
const noOrigin = 'FUNCTION_ENDPOINT must be a host name or an origin';

test.each<[NodeJS.Dict<string>, FunctionContext, string]>([
  [
    { FOLLOW_FUNCTION: undefined },
    {},
    'FOLLOW_FUNCTION is not set: set it to the name of the follow function',
  ],
  [{ FOLLOW_FUNCTION: '' }, {}, 'FOLLOW_FUNCTION is not set: set it to the name of the follow function'],
  [{}, { accountId: undefined }, 'the account is not known: outside Function Compute, set FC_ACCOUNT_ID'],
  [{}, { region: undefined }, 'the region is not known: set REGION'],
  [{ REGION: '' }, { region: undefined }, 'the region is not known: set REGION'],
  [{ FUNCTION_ENDPOINT: 'http://fc.example.com' }, {}, notHttps],
  [{ FUNCTION_ENDPOINT: 'http://127.0.0.1.example.com' }, {}, notHttps],
  [{ FUNCTION_ENDPOINT: 'ftp://fc.example.com' }, {}, notHttps],
  [{ FUNCTION_ENDPOINT: 'https://fc.example.com/2023-03-30' }, {}, noOrigin],
  [{ FUNCTION_ENDPOINT: 'https://fake-user:fake-password@fc.example.com' }, {}, noOrigin],
  [{ FUNCTION_ENDPOINT: 'https://' }, {}, noOrigin],
  [{ FUNCTION_ENDPOINT: 'no address' }, {}, noOrigin],
])('with %j and %j nothing can be handed over, and the message says why', async (variables, given, fault) => {
  await expect(openTaskQueue({ ...context, ...given }, { ...env, ...variables })).rejects.toThrow(
    new TaskQueueFailure(`No task can be handed over: ${fault}.`, false),
  );
});

test('without a role there are no credentials', async () => {
  const work = () => openTaskQueue({ ...context, credentials: {} }, env);
  expect(await codeOfAsync(work)).toBe('credentials_missing');
});
