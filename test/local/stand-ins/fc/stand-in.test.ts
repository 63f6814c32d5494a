import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import FcClient from '@alicloud/fc2';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { taskStates } from '../../../../functions/platform/task-queue.ts';
import * as faults from '../../../../local/stand-ins/fc/faults.ts';
import type { Fault } from '../../../../local/stand-ins/fc/faults.ts';
import {
  startFcStandIn,
  type FcStandIn,
  type FcStandInOptions,
  type RecordedCall,
} from '../../../../local/stand-ins/fc/stand-in.ts';
import { taskProcess } from '../../../../local/stand-ins/fc/task-process.ts';
import type { RunTask } from '../../../../local/stand-ins/fc/tasks.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { accountId, fc2Client, type Fc2Answer } from './fc2-client.ts';

const credentials = {
  accessKeyId: 'STS.fake-key-id',
  accessKeySecret: 'fake-key-secret',
  securityToken: 'fake-security-token',
};
const payload = '{"version":1,"actor":"小王"}';
const forever: RunTask = () => new Promise(() => undefined);

// fc2 dates its requests itself, so the clock starts at the real time and stays within the 15 minutes allowed.
let clock: number;
let attempts: string[];
let standIn: FcStandIn;
let client: FcClient<Fc2Answer>;

beforeEach(async () => {
  clock = Date.now();
  attempts = [];
  await start();
});

afterEach(() => standIn.close());

async function start(options: Partial<FcStandInOptions> = {}): Promise<void> {
  const follow: RunTask = ({ taskId }) => {
    attempts.push(taskId);
    return Promise.resolve();
  };
  standIn = await startFcStandIn({
    credentials,
    accountId,
    functions: { follow },
    now: () => clock,
    ...options,
  });
  client = fc2Client(standIn.url, credentials);
}

async function restart(options: Partial<FcStandInOptions>): Promise<void> {
  await standIn.close();
  await start(options);
}

interface Submission {
  functionName?: string;
  body?: string;
  headers?: Record<string, string>;
}

function submit(
  taskId = 'rollback-1',
  { functionName = 'follow', body = payload, headers = {} }: Submission = {},
): Promise<Fc2Answer> {
  return client.post(`/functions/${functionName}/invocations`, body, {
    'x-fc-invocation-type': 'Async',
    'x-fc-async-task-id': taskId,
    ...headers,
  });
}

function ask(taskId = 'rollback-1', functionName = 'follow'): Promise<Fc2Answer> {
  return client.get(`/functions/${functionName}/async-tasks/${taskId}`);
}

/** The answer to a request that fc2 signed, which fc2 itself would hide if it is a refusal. */
async function answerTo(method: string, path: string, headers = {}, body?: string): Promise<unknown> {
  const resource = `/2023-03-30${path}`;
  const unsigned = { ...client.buildHeaders(), 'content-type': 'application/octet-stream', ...headers };
  const { accessKeyId, accessKeySecret } = credentials;
  const authorization = FcClient.getSignature(accessKeyId, accessKeySecret, method, resource, unsigned);
  const signed = { ...unsigned, authorization };
  const answer = await fetch(`${standIn.url}${resource}`, { method, headers: signed, body: body ?? null });
  const text = await answer.text();
  return { status: answer.status, ...(text && (JSON.parse(text) as object)) };
}

function answerToSubmission(taskId = 'rollback-1', { functionName, body, headers }: Submission = {}) {
  const own = { 'x-fc-invocation-type': 'Async', 'x-fc-async-task-id': taskId, ...headers };
  return answerTo('POST', `/functions/${functionName ?? 'follow'}/invocations`, own, body ?? payload);
}

function answerToQuestion(taskId = 'rollback-1', functionName = 'follow') {
  return answerTo('GET', `/functions/${functionName}/async-tasks/${taskId}`);
}

describe('an invocation', () => {
  test('is answered with 202 and a request id, and run', async () => {
    const { headers, data } = await submit();
    expect(data).toBe('');
    expect(headers['x-fc-request-id']).toMatch(/^[\da-f-]{36}$/);
    await standIn.settled();
    expect(attempts).toEqual(['rollback-1']);
    expect(standIn.tasks).toMatchObject([
      { functionName: 'follow', taskId: 'rollback-1', status: 'Succeeded' },
    ]);
    expect(standIn.tasks.map((task) => task.payload.toString())).toEqual([payload]);
    expect(standIn.calls).toMatchObject([
      {
        operation: 'InvokeFunction',
        method: 'POST',
        path: '/2023-03-30/functions/follow/invocations',
        functionName: 'follow',
        taskId: 'rollback-1',
        payload,
        at: clock,
        status: 202,
        fault: undefined,
      },
    ]);
  });

  test.each([undefined, 409, 400] as const)(
    'of an id that exists is refused, as told with %j, and not run',
    async (alreadyExistsStatus) => {
      await restart(alreadyExistsStatus ? { alreadyExistsStatus } : {});
      await submit();
      expect(await answerToSubmission()).toMatchObject({
        status: alreadyExistsStatus ?? 409,
        Code: 'StatefulAsyncInvocationAlreadyExists',
      });
      await standIn.settled();
      expect(attempts).toEqual(['rollback-1']);
    },
  );

  test('is taken once of 200 that come at once', async () => {
    const submissions = await Promise.allSettled(Array.from({ length: 200 }, () => submit()));
    await standIn.settled();
    expect(submissions.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(standIn.calls.filter(({ status }) => status === 409)).toHaveLength(199);
    expect(attempts).toEqual(['rollback-1']);
  });

  test.each([
    ['to a function that is not there', 404, 'FunctionNotFound', { functionName: 'unknown' }],
    ['to a function whose name every object has', 404, 'FunctionNotFound', { functionName: 'toString' }],
    [
      'that is to be answered at once',
      400,
      'InvalidArgument',
      { headers: { 'x-fc-invocation-type': 'Sync' } },
    ],
    [
      'with an id that begins with a digit',
      400,
      'InvalidArgument',
      { headers: { 'x-fc-async-task-id': '1a' } },
    ],
    ['with an empty id', 400, 'InvalidArgument', { headers: { 'x-fc-async-task-id': '' } }],
    [
      'with an id of 129 characters',
      400,
      'InvalidArgument',
      { headers: { 'x-fc-async-task-id': 'a'.repeat(129) } },
    ],
    ['of more than 128 KB', 400, 'EntityTooLarge', { body: 'x'.repeat(128 * 1024 + 1) }],
  ])('%s is refused with %i %s', async (_what, status, code, submission) => {
    expect(await answerToSubmission('a', submission)).toMatchObject({ status, Code: code });
    expect(standIn.tasks).toEqual([]);
  });

  test('of 128 KB, with an id of 128 characters, is taken', async () => {
    await submit('_'.repeat(128), { body: 'x'.repeat(128 * 1024) });
    expect(standIn.calls).toMatchObject([{ status: 202 }]);
  });

  test('without an id gets one', async () => {
    const { headers } = await client.post('/functions/follow/invocations', payload, {
      'x-fc-invocation-type': 'Async',
    });
    expect(standIn.tasks).toMatchObject([{ taskId: headers['x-fc-request-id'] }]);
  });

  test('that fails is tried again as often as told', async () => {
    let tries = 0;
    const follow: RunTask = () => Promise.reject(new Error(`attempt ${(tries += 1)} broke`));
    await restart({ functions: { follow }, maxRetries: 2 });
    await submit();
    await standIn.settled();
    const { data } = await ask();
    expect(data).toMatchObject({
      status: 'Failed',
      alreadyRetriedTimes: 2,
      taskErrorMessage: 'attempt 3 broke',
    });
  });
});

describe('the state of a task', () => {
  test('is told with its times, as numbers', async () => {
    const follow: RunTask = () => {
      clock += 2_000;
      return Promise.resolve();
    };
    await restart({ functions: { follow } });
    const { headers } = await submit();
    await standIn.settled();
    expect((await ask()).data).toEqual({
      qualifier: 'LATEST',
      taskId: 'rollback-1',
      requestId: headers['x-fc-request-id'],
      status: 'Succeeded',
      startedTime: clock - 2_000,
      endTime: clock,
      durationMs: 2_000,
      alreadyRetriedTimes: 0,
      taskPayload: payload,
    });
    expect(standIn.calls.at(-1)).toMatchObject({
      operation: 'GetAsyncTask',
      functionName: 'follow',
      taskId: 'rollback-1',
      payload: '',
      status: 200,
    });
  });

  test.each(taskStates)('can be set to %s', async (state) => {
    await restart({ functions: { follow: forever } });
    await submit();
    standIn.setState('rollback-1', state);
    await standIn.settled();
    expect((await ask()).data).toMatchObject({ status: state });
  });

  test('can be set for a task that was never handed over, whose id is then taken', async () => {
    standIn.setState('rollback-1', 'Failed');
    expect(await answerToSubmission()).toMatchObject({ status: 409 });
    expect((await ask()).data).toMatchObject({ status: 'Failed' });
  });

  test('is that of the function named, and must name it where there are several', async () => {
    await restart({ functions: { follow: forever, other: forever } });
    expect(() => {
      standIn.setState('rollback-1', 'Failed');
    }).toThrow('Say which function the task is of.');
    standIn.setState('rollback-1', 'Failed', 'other');
    expect((await ask('rollback-1', 'other')).data).toMatchObject({ status: 'Failed' });
    expect(await answerToQuestion()).toMatchObject({ status: 404, Code: 'AsyncTaskNotFound' });
  });

  test.each([
    ['rollback-2', 'follow', 'AsyncTaskNotFound'],
    ['rollback-1', 'unknown', 'FunctionNotFound'],
  ])('of %s of %s is not to be found: %s', async (taskId, functionName, code) => {
    await submit();
    expect(await answerToQuestion(taskId, functionName)).toMatchObject({ status: 404, Code: code });
  });
});

describe('a call', () => {
  test('that is not signed as it should be does nothing, is recorded, and meets no fault', async () => {
    standIn.setFault(() => faults.silent());
    client = fc2Client(standIn.url, { ...credentials, accessKeySecret: 'another-fake-secret' });
    await expect(submit()).rejects.toThrow('failed with 403');
    expect(standIn.tasks).toEqual([]);
    expect(standIn.calls).toMatchObject([{ operation: 'InvokeFunction', status: 403, fault: undefined }]);
  });

  test('for another account is refused', async () => {
    client = fc2Client(standIn.url, credentials, { account: '6543210987654321' });
    await expect(submit()).rejects.toThrow('failed with 403');
  });

  test('that the API does not know is refused', async () => {
    await expect(client.get('/functions')).rejects.toThrow('failed with 400');
    await expect(client.get('/functions/follow/invocations')).rejects.toThrow('failed with 400');
    client.version = '2016-08-15';
    await expect(submit()).rejects.toThrow('failed with 400');
    expect(standIn.calls.map(({ operation }) => operation)).toEqual([undefined, undefined, undefined]);
  });

  test('that is refused is told why, in the shape of 2023-03-30', async () => {
    const answer = await fetch(`${standIn.url}/2023-03-30/functions/follow/invocations`, { method: 'POST' });
    expect(answer.status).toBe(403);
    expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
    expect(await answer.json()).toEqual({
      RequestId: answer.headers.get('x-fc-request-id'),
      Code: 'InvalidAccessKeyID',
      Message: "invalid access key ID ''",
    });
  });
});

describe('a fault', () => {
  interface Case {
    fault: Fault;
    /** What fc2 makes of it. */
    resolves?: unknown;
    rejects?: object;
    /** How long fc2 waits. Default: long enough. */
    timeout?: number;
    /** What the stand-in recorded. */
    status: number | undefined;
  }

  const failedWith = (status: number, code?: string) => ({
    message: expect.stringContaining(`failed with ${status}.`) as string,
    code,
  });
  const reset = { code: 'ECONNRESET' };
  const timedOut = { name: 'RequestTimeoutError' };
  const page = expect.stringMatching(/^<html>/) as string;

  const cases: Case[] = [
    { fault: faults.reset(), rejects: reset, status: undefined },
    { fault: faults.reset({ takesEffect: true }), rejects: reset, status: undefined },
    { fault: faults.closed(), rejects: reset, status: undefined },
    { fault: faults.closed({ takesEffect: true }), rejects: reset, status: undefined },
    // fc2 waits for an answer as long as it ever does.
    { fault: faults.switchingProtocols(), rejects: timedOut, timeout: 200, status: undefined },
    {
      fault: faults.switchingProtocols({ takesEffect: true }),
      rejects: timedOut,
      timeout: 200,
      status: undefined,
    },
    { fault: faults.silent(), rejects: timedOut, timeout: 200, status: undefined },
    { fault: faults.silent({ takesEffect: true }), rejects: timedOut, timeout: 200, status: undefined },
    { fault: faults.delayed({ byMs: 20 }), resolves: '', status: 202 },
    { fault: faults.delayed({ byMs: 60_000 }), rejects: timedOut, timeout: 200, status: undefined },
    { fault: faults.trickling(), rejects: timedOut, timeout: 200, status: 200 },
    { fault: faults.trickling({ takesEffect: true }), rejects: timedOut, timeout: 200, status: 200 },
    { fault: faults.denied(), rejects: failedWith(403), status: 403 },
    { fault: faults.notFound(), rejects: failedWith(404), status: 404 },
    { fault: faults.throttled(), rejects: failedWith(429), status: 429 },
    { fault: faults.internalError(), rejects: failedWith(500), status: 500 },
    { fault: faults.internalError({ takesEffect: true }), rejects: failedWith(500), status: 500 },
    { fault: faults.alreadyExists(), rejects: failedWith(400), status: 400 },
    { fault: faults.alreadyExists({ status: 409 }), rejects: failedWith(409), status: 409 },
    {
      fault: faults.alreadyExists({ spelling: 'ErrorCode' }),
      rejects: failedWith(400, 'StatefulAsyncInvocationAlreadyExists'),
      status: 400,
    },
    { fault: faults.htmlPage(), rejects: failedWith(502), status: 502 },
    { fault: faults.htmlPage({ status: 200 }), resolves: page, status: 200 },
    { fault: faults.htmlPage({ status: 202, takesEffect: true }), resolves: page, status: 202 },
    { fault: faults.oversized(), resolves: {}, status: 202 },
    { fault: faults.oversized({ status: 500, takesEffect: true }), rejects: failedWith(500), status: 500 },
  ];

  test.each(cases)(
    '$fault.name is what fc2 meets, takes effect: $fault.takesEffect',
    async ({ fault, resolves, rejects, timeout = 5_000, status }) => {
      standIn.setFault(() => fault);
      client = fc2Client(standIn.url, credentials, { timeout });
      const answer = submit().then(({ data }) => data);
      await (rejects
        ? expect(answer).rejects.toMatchObject(rejects)
        : expect(answer).resolves.toEqual(resolves));
      await standIn.settled();
      expect(attempts).toEqual(fault.takesEffect ? ['rollback-1'] : []);
      expect(standIn.calls).toMatchObject([{ fault: fault.name, status }]);
    },
  );

  test('there is at least one case for every fault', () => {
    const functions = cases.map(({ fault }) => fault.name.replace(/ \(.*/, ''));
    expect(new Set(functions)).toEqual(new Set(Object.keys(faults)));
  });

  test('names the operation that it denies, and what it does not find', async () => {
    standIn.setFault(() => faults.denied());
    const denied = (action: string) => ({
      Code: 'AccessDenied',
      Message: `the caller is not authorized to do ${action}`,
    });
    expect(await answerToSubmission()).toMatchObject(denied('fc:InvokeFunction'));
    expect(await answerToQuestion()).toMatchObject(denied('fc:GetAsyncTask'));
    standIn.setFault(() => faults.notFound());
    expect(await answerToSubmission()).toMatchObject({ Code: 'FunctionNotFound' });
    expect(await answerToQuestion()).toMatchObject({ Code: 'AsyncTaskNotFound' });
  });

  test('that takes effect hides a task that is there for the next who asks', async () => {
    standIn.setFault(() => faults.reset({ takesEffect: true }));
    await expect(submit()).rejects.toMatchObject(reset);
    standIn.setFault(undefined);
    expect(await answerToSubmission()).toMatchObject({ status: 409 });
  });

  test('can be chosen by the call that it meets', async () => {
    await restart({
      fault: ({ operation }) => (operation === 'GetAsyncTask' ? faults.throttled() : undefined),
    });
    await submit();
    expect(await answerToQuestion()).toMatchObject({ status: 429, Code: 'ResourceThrottled' });
  });
});

describe('the stand-in', () => {
  test('tells of every call once its answer is known', async () => {
    const told: RecordedCall[] = [];
    await restart({ onCall: (call) => told.push({ ...call }) });
    await submit();
    standIn.setFault(() => faults.reset());
    await expect(ask()).rejects.toThrow();
    expect(told).toMatchObject([
      { operation: 'InvokeFunction', payload, status: 202, fault: undefined },
      { operation: 'GetAsyncTask', status: undefined, fault: 'reset' },
    ]);
    expect(told).toEqual(standIn.calls.map((call) => ({ ...call })));
  });

  test('refuses to start on a port that is taken, with the error of the system', async () => {
    const port = Number(new URL(standIn.url).port);
    const second = startFcStandIn({ credentials, accountId, functions: {}, port });
    await expect(second).rejects.toMatchObject({ code: 'EADDRINUSE', port });
  });

  test('closes although a caller and a task are still waiting, and can be closed again', async () => {
    await restart({ functions: { follow: forever } });
    await submit();
    standIn.setFault(() => faults.silent());
    const call = expect(ask()).rejects.toMatchObject({ code: 'ECONNRESET' });
    await expect.poll(() => standIn.calls.length).toBe(2);

    await standIn.close();
    await standIn.close();
    await Promise.all([call, standIn.settled()]);
  });

  test('bears a caller that hangs up in the middle of its request', async () => {
    const socket = connect(Number(new URL(standIn.url).port), '127.0.0.1').resume();
    socket.end(`POST / HTTP/1.1\r\nhost: ${new URL(standIn.url).host}\r\ncontent-length: 10\r\n\r\nhalf`);
    await once(socket, 'close');

    await submit();
    expect(standIn.calls).toHaveLength(1);
  });

  /** Has tasks run by a bundle, each attempt in a process of its own. */
  function runInProcesses(bundle: string, onLog: (line: string) => void): Promise<void> {
    const region = 'cn-hangzhou';
    const env = () => ({});
    const follow = taskProcess({ bundle, env, region, accountId, credentials, timeout: 60, onLog });
    return restart({ functions: { follow } });
  }

  test('runs a built function in its own process, and again when that fails', async () => {
    const bundle = path.join(temporaryFolder(), 'follow.js');
    writeFileSync(
      bundle,
      `exports.handler = async (event, { retryCount, requestId }) => {
        console.log(JSON.stringify({ event: event.toString(), retryCount, requestId }));
        if (retryCount === 0) throw new Error('broke');
      };`,
    );
    const lines: string[] = [];
    await runInProcesses(bundle, (line) => lines.push(line));
    const { headers } = await submit();
    await standIn.settled();

    const requestId = headers['x-fc-request-id'];
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      { event: payload, retryCount: 0, requestId },
      { event: payload, retryCount: 1, requestId },
    ]);
    expect((await ask()).data).toMatchObject({
      status: 'Succeeded',
      alreadyRetriedTimes: 1,
      taskErrorMessage: 'Error: broke',
    });
  });

  test('kills the processes of its tasks when it closes', async () => {
    const bundle = path.join(temporaryFolder(), 'follow.js');
    writeFileSync(bundle, 'exports.handler = () => new Promise(() => console.log(process.pid));');
    const pids: number[] = [];
    await runInProcesses(bundle, (line) => pids.push(Number(line)));
    await submit();
    await expect.poll(() => pids.length).toBe(1);
    await standIn.close();
    await expect.poll(() => pids.some(isAlive)).toBe(false);
  });
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
