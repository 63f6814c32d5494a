import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createTaskQueue } from '../../../functions/platform/fc2-task-queue.ts';
import { taskStates, TaskQueueFailure, type TaskQueue } from '../../../functions/platform/task-queue.ts';
import { jsonType } from '../../../local/stand-ins/answers.ts';
import * as faults from '../../../local/stand-ins/fc/faults.ts';
import type { Fault } from '../../../local/stand-ins/fc/faults.ts';
import {
  startFcStandIn,
  type FcStandIn,
  type FcStandInOptions,
} from '../../../local/stand-ins/fc/stand-in.ts';
import { fakeAccountId as accountId, fakeCredentials, followFunction } from '../../support/webhook.ts';

const taskId = 'rollback-dc5133d7-773f-4c81-9c5a-e2103dce0f6a';
const payload = '{"version":1,"actor":"小王"}';
const resource = `acs:fc:cn-hangzhou:${accountId}:functions/${followFunction}`;

let fc: FcStandIn;
let queue: TaskQueue;

beforeEach(() => start());

afterEach(() => fc.close());

async function start(options: Partial<FcStandInOptions> = {}): Promise<void> {
  const functions = { [followFunction]: () => Promise.resolve() };
  fc = await startFcStandIn({ credentials: fakeCredentials, accountId, functions, ...options });
  queue = queueOf(fc.url);
}

interface QueueOptions {
  name?: string;
  credentials?: typeof fakeCredentials;
}

function queueOf(endpoint: string, { name, credentials = fakeCredentials }: QueueOptions = {}): TaskQueue {
  const target = { name: name ?? followFunction, accountId, region: 'cn-hangzhou', endpoint };
  return createTaskQueue(target, { getCredentials: () => Promise.resolve(credentials) });
}

const submit = (of = queue, timeoutMs = 5_000) => of.submit(taskId, payload, timeoutMs);
const ask = (of = queue, timeoutMs = 5_000) => of.read(taskId, timeoutMs);

async function failureOf(work: Promise<unknown>): Promise<TaskQueueFailure> {
  try {
    await work;
  } catch (error) {
    if (error instanceof TaskQueueFailure) return error;
    throw error;
  }
  throw new Error('It did not fail.');
}

/** Any answer at all. */
function answering(status: number, body: string, type = jsonType): Fault {
  return {
    name: 'answering',
    takesEffect: false,
    instead: (response) => response.writeHead(status, { 'content-type': type }).end(body),
  };
}

describe('a task that is handed over', () => {
  test('is accepted, and arrives signed, under its id, as it was written', async () => {
    expect(await submit()).toBe('accepted');
    await fc.settled();
    expect(fc.calls).toMatchObject([{ operation: 'InvokeFunction', taskId, payload, status: 202 }]);
    expect(fc.tasks).toMatchObject([{ functionName: followFunction, taskId, status: 'Succeeded' }]);
  });

  test('is accepted with keys that are not temporary, too', async () => {
    await fc.close();
    const credentials = { accessKeyId: 'LTAIfake-key-id', accessKeySecret: 'fake-key-secret' };
    await start({ credentials });
    expect(await submit(queueOf(fc.url, { credentials: { ...credentials, securityToken: '' } }))).toBe(
      'accepted',
    );
  });

  test.each([409, 400] as const)(
    'a second time is not taken, as told with %i',
    async (alreadyExistsStatus) => {
      await fc.close();
      await start({ alreadyExistsStatus });
      expect([await submit(), await submit(), await submit()]).toEqual(['accepted', 'exists', 'exists']);
      expect(fc.tasks).toHaveLength(1);
    },
  );

  test.each([
    faults.alreadyExists({ status: 400, spelling: 'Code' }),
    faults.alreadyExists({ status: 400, spelling: 'ErrorCode' }),
    faults.alreadyExists({ status: 409, spelling: 'ErrorCode' }),
    answering(409, ''),
  ])('is there already where the answer is $name', async (fault) => {
    fc.setFault(() => fault);
    expect(await submit()).toBe('exists');
  });

  test.each(['', '{}', '{"RequestId":"fake-request-id"}'])(
    'is accepted with 202 where the body has no Code: %j',
    async (body) => {
      fc.setFault(() => answering(202, body));
      expect(await submit()).toBe('accepted');
    },
  );

  test('of more than 128 KB is refused', async () => {
    const failure = await failureOf(queue.submit(taskId, 'x'.repeat(128 * 1024 + 1), 5_000));
    expect(failure).toMatchObject({
      message: 'Function Compute answered 400 EntityTooLarge.',
      isInDoubt: false,
    });
  });

  test('to a function that is not there is refused, and the message says which setting names it', async () => {
    expect(await failureOf(submit(queueOf(fc.url, { name: 'misspelt' })))).toMatchObject({
      message:
        'Function Compute answered 404 FunctionNotFound. Is FOLLOW_FUNCTION, misspelt, the name of the follow function in this region, and is it deployed?',
      isInDoubt: false,
    });
  });

  test('with wrong keys is refused', async () => {
    const credentials = { ...fakeCredentials, accessKeySecret: 'fake-other-secret' };
    const failure = await failureOf(submit(queueOf(fc.url, { credentials })));
    expect(failure.message).toContain('Function Compute answered 403 SignatureNotMatch.');
    expect(fc.tasks).toEqual([]);
  });
});

const page = 'Is FUNCTION_ENDPOINT, where it is set, the address of its API?';

describe('a task that is handed over to a Function Compute that does not work is', () => {
  test.each<{ fault: Fault; message: string; isInDoubt: boolean }>([
    {
      fault: faults.denied(),
      message: `Function Compute answered 403 AccessDenied. The function's role needs fc:InvokeFunction on ${resource}: see policy/README.md.`,
      isInDoubt: false,
    },
    {
      fault: faults.throttled(),
      message: 'Function Compute answered 429 ResourceThrottled.',
      isInDoubt: false,
    },
    {
      fault: answering(400, '{"Code":"InvalidArgument"}'),
      message: 'Function Compute answered 400 InvalidArgument.',
      isInDoubt: false,
    },
    {
      fault: faults.internalError(),
      message: 'Function Compute answered 500 InternalServerError.',
      isInDoubt: true,
    },
    { fault: answering(408, ''), message: 'Function Compute answered 408.', isInDoubt: true },
    { fault: answering(503, '[]'), message: 'Function Compute answered 503.', isInDoubt: true },
    { fault: answering(307, ''), message: 'Function Compute answered 307.', isInDoubt: true },
    { fault: answering(200, ''), message: 'Function Compute answered 200.', isInDoubt: true },
    { fault: answering(200, '{}'), message: 'Function Compute answered 200.', isInDoubt: true },
    // Whoever tells of a failure has taken no task for certain.
    ...['Code', 'ErrorCode'].map((field) => ({
      fault: answering(202, JSON.stringify({ [field]: 'InternalServerError' })),
      message: 'Function Compute answered 202 InternalServerError.',
      isInDoubt: true,
    })),
    ...([200, 202, 502] as const).map((status) => ({
      fault: faults.htmlPage({ status }),
      message: `Something on the way to Function Compute answered ${status}. ${page}`,
      isInDoubt: true,
    })),
    ...[409, 403, 404].map((status) => ({
      fault: answering(status, '<html>StatefulAsyncInvocationAlreadyExists</html>', 'text/html'),
      message: `Something on the way to Function Compute answered ${status}. ${page}`,
      isInDoubt: false,
    })),
    {
      fault: faults.reset(),
      message: 'Function Compute could not be asked: ECONNRESET.',
      isInDoubt: true,
    },
    {
      fault: faults.closed(),
      message: 'Function Compute could not be asked: ECONNRESET.',
      isInDoubt: true,
    },
    {
      fault: faults.switchingProtocols(),
      message: 'Function Compute could not be asked: the connection ended without an answer.',
      isInDoubt: true,
    },
    {
      fault: faults.silent(),
      message: 'Function Compute could not be asked: no answer within 300 ms.',
      isInDoubt: true,
    },
    {
      fault: faults.delayed({ byMs: 60_000 }),
      message: 'Function Compute could not be asked: no answer within 300 ms.',
      isInDoubt: true,
    },
    {
      fault: faults.trickling(),
      message: 'Function Compute could not be asked: no answer within 300 ms.',
      isInDoubt: true,
    },
    {
      fault: faults.oversized(),
      message: 'Function Compute could not be asked: the answer is larger than 64 KiB.',
      isInDoubt: true,
    },
  ])('not taken for accepted where the answer is $fault.name: $message', async (row) => {
    const { fault, message, isInDoubt } = row;
    fc.setFault(() => fault);
    // Long enough for 10 MiB, where time is not the fault.
    const timeoutMs = message.includes('300 ms') ? 300 : 5_000;
    expect(await failureOf(submit(queue, timeoutMs))).toMatchObject({ message, isInDoubt });
  });

  test('certainly not taken where nobody listens', async () => {
    await fc.close();
    expect(await failureOf(submit())).toMatchObject({
      message: 'Function Compute could not be asked: ECONNREFUSED.',
      isInDoubt: false,
    });
  });
});

describe('a task', () => {
  test.each(taskStates)('is read as %s, with its payload, where Function Compute says so', async (state) => {
    await submit();
    fc.setState(taskId, state);
    expect(await ask()).toEqual({ state, payload });
    expect(fc.calls.at(-1)).toMatchObject({ operation: 'GetAsyncTask', taskId, status: 200 });
  });

  test.each(['{"status":"Failed"}', '{"status":"Failed","taskPayload":7}'])(
    'is read without its payload where the answer is %j',
    async (body) => {
      fc.setFault(() => answering(200, body));
      expect(await ask()).toEqual({ state: 'Failed', payload: undefined });
    },
  );

  test.each(['{"status":"Sleeping"}', '{"status":7}', '{"status":"toString"}', '{}', '[]', 'null', ''])(
    'cannot be read where the answer is %j',
    async (body) => {
      fc.setFault(() => answering(200, body));
      expect(await failureOf(ask())).toMatchObject({
        message: 'Function Compute gave no state of the task that is known here.',
        isInDoubt: false,
      });
    },
  );

  test('is absent where Function Compute shows no such task', async () => {
    expect(await ask()).toBe('absent');
  });

  test.each([404, 400])(
    'is not said to be absent where another thing is missing, or by a status of %i alone',
    async (status) => {
      const code = status === 404 ? 'FunctionNotFound' : 'AsyncTaskNotFound';
      fc.setFault(() => answering(status, JSON.stringify({ Code: code })));
      expect(await failureOf(ask())).toMatchObject({ answer: { status, code } });
    },
  );

  test.each<[Fault, string]>([
    [
      faults.denied(),
      `Function Compute answered 403 AccessDenied. The function's role needs fc:GetAsyncTask on ${resource}: see policy/README.md.`,
    ],
    [faults.throttled(), 'Function Compute answered 429 ResourceThrottled.'],
    [faults.internalError(), 'Function Compute answered 500 InternalServerError.'],
    [faults.htmlPage({ status: 200 }), `Something on the way to Function Compute answered 200. ${page}`],
    [faults.silent(), 'Function Compute could not be asked: no answer within 300 ms.'],
    [faults.trickling(), 'Function Compute could not be asked: no answer within 300 ms.'],
    [faults.reset(), 'Function Compute could not be asked: ECONNRESET.'],
    [faults.closed(), 'Function Compute could not be asked: ECONNRESET.'],
    [
      faults.switchingProtocols(),
      'Function Compute could not be asked: the connection ended without an answer.',
    ],
    [
      faults.oversized({ status: 200 }),
      'Function Compute could not be asked: the answer is larger than 64 KiB.',
    ],
  ])('cannot be read where the answer is $name', async (fault, message) => {
    fc.setFault(() => fault);
    const timeoutMs = message.includes('300 ms') ? 300 : 5_000;
    expect(await failureOf(ask(queue, timeoutMs))).toMatchObject({ message });
  });
});

describe('Invariant 6: a message holds no credentials, whatever the answer quotes', () => {
  const quotations = Object.values(fakeCredentials).flatMap((secret) =>
    ['Code', 'ErrorCode', 'Message'].map((field) => [field, secret] as const),
  );

  test.each(quotations)('in its %s: %s', async (field, secret) => {
    fc.setFault(() => answering(403, JSON.stringify({ [field]: secret })));
    for (const work of [submit(), ask()]) {
      const { message } = await failureOf(work);
      expect(Object.values(fakeCredentials).filter((each) => message.includes(each))).toEqual([]);
    }
  });

  test('a token that is no header is not told', async () => {
    const credentials = { ...fakeCredentials, securityToken: 'fake-security-token\n' };
    expect(await failureOf(submit(queueOf(fc.url, { credentials })))).toMatchObject({
      message: 'Function Compute could not be asked: ERR_INVALID_CHAR.',
      isInDoubt: false,
    });
  });
});
