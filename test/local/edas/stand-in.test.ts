import { once } from 'node:events';
import { connect } from 'node:net';
import ROAClient from '@alicloud/pop-core/lib/roa.js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import * as faults from '../../../local/edas/faults.ts';
import type { Fault } from '../../../local/edas/faults.ts';
import {
  startEdasStandIn,
  type EdasStandIn,
  type EdasStandInOptions,
  type RecordedCall,
} from '../../../local/edas/stand-in.ts';

const credentials = {
  accessKeyId: 'fake-access-key-id',
  accessKeySecret: 'fake-access-key-secret',
  securityToken: 'fake-security-token',
};
const appId = '3616cdca-4f92-4413-0000-000000000000';
const paths = {
  rollback: '/pop/v5/oam/changeorder/rollback',
  abortAndRollback: '/pop/v5/changeorder/change_order_abort_and_rollback',
  abort: '/pop/v5/changeorder/change_order_abort',
  info: '/pop/v5/changeorder/change_order_info',
  list: '/pop/v5/changeorder/change_order_list',
};

// pop-core dates its requests itself, so the clock starts at the real time and stays within the 15 minutes allowed.
let clock: number;
let edas: EdasStandIn;
let orderId: string;
let client: ROAClient;

beforeEach(async () => {
  clock = Date.now();
  await start();
});

afterEach(() => edas.close());

async function start(options: Partial<EdasStandInOptions> = {}): Promise<void> {
  edas = await startEdasStandIn({ credentials, now: () => clock, ...options });
  orderId = edas.orders.add({
    appId,
    description: 'Deploy demo-1.0.jar',
    batches: 2,
    readyMs: 0,
    batchMs: 10_000,
  });
  client = clientOf(edas);
}

async function restart(options: Partial<EdasStandInOptions>): Promise<void> {
  await edas.close();
  await start(options);
}

function clientOf({ url }: EdasStandIn, key = credentials): ROAClient {
  return new ROAClient({
    endpoint: url,
    apiVersion: '2017-08-01',
    credentialsProvider: { getCredentials: () => Promise.resolve(key) },
    opts: { connectTimeout: 5_000, readTimeout: 5_000 },
  });
}

function rollBack(id = orderId, options: { readTimeout?: number } = {}): Promise<unknown> {
  return client.request(
    'PUT',
    paths.rollback,
    { ChangeOrderId: id },
    '',
    {},
    { connectTimeout: 5_000, ...options },
  );
}

function status(id = orderId): number | undefined {
  return edas.orders.get(id)?.status;
}

describe('an operation', () => {
  test.each([
    ['RollbackChangeOrder', paths.rollback],
    ['AbortAndRollbackChangeOrder', paths.abortAndRollback],
  ])('%s terminates the order and answers with the rollback order', async (operation, path) => {
    const result = await client.request('PUT', path, { ChangeOrderId: orderId });
    const rollbackOrder = edas.orders.ofApplication(appId).find(({ rollbackOf }) => rollbackOf === orderId);

    expect(result).toEqual({
      Code: 200,
      Message: 'success',
      RequestId: expect.stringMatching(/^[0-9A-F-]{36}$/) as string,
      TraceId: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
      ErrorCode: 'success',
      Data: { ChangeOrderId: rollbackOrder?.id },
    });
    expect(status()).toBe(6);
    expect(edas.orders.rollbacksOf(orderId)).toBe(1);
    expect(edas.calls).toMatchObject([
      { operation, method: 'PUT', path, changeOrderId: orderId, status: 200 },
    ]);
  });

  test('AbortChangeOrder terminates the order, rolls nothing back and answers with the same id', async () => {
    const result = await client.request('PUT', paths.abort, { ChangeOrderId: orderId });
    expect(result).toMatchObject({ Code: 200, ErrorCode: 'success', Data: { ChangeOrderId: orderId } });
    expect(status()).toBe(6);
    expect(edas.orders.rollbacksOf(orderId)).toBe(0);
  });

  test('GetChangeOrderInfo describes the order and its batches, without the application', async () => {
    const born = clock;
    clock = born + 12_500;
    const batch = (index: number, status: number, times: object) => ({
      PipelineId: `${orderId}-${index}`,
      PipelineName: `Batch: ${index + 1}`,
      PipelineStatus: status,
      ...times,
      StageList: {
        StageInfoDTO: [{ StageId: `${orderId}-${index}`, StageName: 'Deploy Application', Status: status }],
      },
      StageDetailList: {
        StageDetailDTO: [
          {
            StageId: `${orderId}-${index}`,
            StageName: 'Deploy Application',
            StageStatus: status,
            TaskList: {
              TaskInfoDTO: [
                {
                  TaskName: 'Start Application',
                  TaskStatus: String(status),
                  TaskMessage: '',
                  TaskErrorCode: '',
                  TaskErrorMessage: '',
                },
              ],
            },
          },
        ],
      },
    });

    expect(await client.request('POST', paths.info, { ChangeOrderId: orderId })).toEqual({
      Code: 200,
      Message: 'success',
      RequestId: expect.any(String) as string,
      changeOrderInfo: {
        ChangeOrderId: orderId,
        Status: 1,
        CoType: 'Deploy Application',
        ChangeOrderDescription: 'Deploy demo-1.0.jar',
        Desc: 'Deploy demo-1.0.jar',
        BatchCount: 2,
        BatchType: 'Automatic',
        CreateTime: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/) as string,
        CreateUserId: 'somebody@example.com',
        SupportRollback: true,
        PipelineInfoList: {
          PipelineInfo: [
            batch(0, 2, { StartTime: String(born), UpdateTime: String(born + 10_000) }),
            batch(1, 1, { StartTime: String(born + 12_000), UpdateTime: String(born + 12_000) }),
          ],
        },
      },
    });
  });

  test('GetChangeOrderInfo says which task failed and why', async () => {
    const failed = edas.orders.add({ appId, batches: 1, createdAt: clock - 60_000, outcome: 3 });
    const result = await client.request('POST', paths.info, { ChangeOrderId: failed });
    expect(JSON.stringify(result)).toContain(
      '"TaskStatus":"3","TaskMessage":"","TaskErrorCode":"EDAS-10000","TaskErrorMessage":"NO_SPACE_LEFT_ON_DISK"',
    );
  });

  test('ListRecentChangeOrder lists the orders of the application, with their codes and applications', async () => {
    await rollBack();
    expect(await client.request('POST', paths.list, { AppId: appId })).toMatchObject({
      Code: 200,
      ChangeOrderList: {
        ChangeOrder: [
          { AppId: appId, ChangeOrderId: orderId, Status: 6, CoTypeCode: 'CoDeploy', Source: 'console' },
          { AppId: appId, Status: 1, CoTypeCode: 'CoRollback', Source: 'pop' },
        ],
      },
    });
  });

  test('ListRecentChangeOrder writes times as China has them, and a finish time for finished orders only', async () => {
    const createdAt = Date.parse('2026-01-02T20:04:05Z');
    const app = 'another-app';
    edas.orders.add({ appId: app, createdAt, batches: 1, readyMs: 0, batchMs: 60_000 });
    edas.orders.add({ appId: app, createdAt, waitsForPerson: true });
    const finished = {
      CreateTime: '2026-01-03 04:04:05',
      FinishTime: '2026-01-03 04:05:05',
      BatchType: 'Automatic',
    };

    const result = await client.request('POST', paths.list, { AppId: app });
    expect(result).toMatchObject({ ChangeOrderList: { ChangeOrder: [finished, { BatchType: 'Manual' }] } });
    expect(result).not.toHaveProperty('ChangeOrderList.ChangeOrder[1].FinishTime');
  });

  test('ListRecentChangeOrder leaves the list out when there is nothing in it', async () => {
    const result = await client.request('POST', paths.list, { AppId: 'an-app-without-orders' });
    expect(result).toEqual({ Code: 200, Message: 'success', RequestId: expect.any(String) as string });
  });

  test.each([
    ['PUT', paths.rollback],
    ['PUT', paths.abortAndRollback],
    ['PUT', paths.abort],
    ['POST', paths.info],
  ] as const)('%s %s refuses an order that does not exist', async (method, path) => {
    await expect(client.request(method, path, { ChangeOrderId: 'nobody' })).rejects.toMatchObject({
      statusCode: 400,
      code: 'InvalidChangeOrder.NotFound',
      result: { RequestId: expect.any(String) as string, HostId: expect.any(String) as string },
    });
  });

  test.each([
    ['PUT', paths.rollback, 'MissingChangeOrderId'],
    ['PUT', paths.abortAndRollback, 'MissingChangeOrderId'],
    ['PUT', paths.abort, 'MissingChangeOrderId'],
    ['POST', paths.info, 'MissingChangeOrderId'],
    ['POST', paths.list, 'MissingAppId'],
  ] as const)('%s %s refuses to work without its parameter', async (method, path, code) => {
    await expect(client.request(method, path)).rejects.toMatchObject({ statusCode: 400, code });
  });

  test.each([
    ['POST', paths.rollback],
    ['PUT', paths.info],
    ['PUT', '/pop/v5/oam/changeorder'],
    ['GET', '/'],
  ] as const)('%s %s is none of EDAS', async (method, path) => {
    await expect(client.request(method, path, { ChangeOrderId: orderId })).rejects.toMatchObject({
      statusCode: 404,
      code: 'InvalidAction.NotFound',
    });
    expect(edas.calls).toMatchObject([{ operation: undefined, method, path, status: 404 }]);
    expect(status()).toBe(1);
  });
});

describe('a second rollback', () => {
  test('is refused', async () => {
    await rollBack();
    await expect(rollBack()).rejects.toMatchObject({
      statusCode: 400,
      code: 'Application.ChangerOrder.Not.Running',
    });
    expect(edas.orders.rollbacksOf(orderId)).toBe(1);
  });

  test('takes effect when the rules say so', async () => {
    await restart({ rollbackRules: { ofTerminated: 'accepted', answersWith: 'same-order' } });
    await rollBack();
    expect(await rollBack()).toMatchObject({ Data: { ChangeOrderId: orderId } });
    expect(edas.orders.rollbacksOf(orderId)).toBe(2);
  });
});

test('a call that is not signed as it should be changes nothing, is recorded, and meets no fault', async () => {
  edas.setFault(() => faults.silent());
  client = clientOf(edas, { ...credentials, accessKeySecret: 'another-fake-secret' });

  await expect(rollBack()).rejects.toMatchObject({ statusCode: 400, code: 'SignatureDoesNotMatch' });
  expect(edas.orders.rollbacksOf(orderId)).toBe(0);
  expect(edas.calls).toMatchObject([{ operation: 'RollbackChangeOrder', status: 400, fault: undefined }]);
});

describe('a fault', () => {
  interface Case {
    fault: Fault;
    /** What pop-core makes of it. */
    resolves?: unknown;
    rejects?: object;
    /** What the stand-in recorded. */
    status: number | undefined;
  }

  const page = expect.stringMatching(/^<html>.*502 Bad Gateway/) as string;
  const api = (statusCode: number, code: string) => ({ statusCode, code });

  const cases: Case[] = [
    { fault: faults.htmlBadGateway(), resolves: page, status: 502 },
    { fault: faults.htmlBadGateway({ takesEffect: true }), resolves: page, status: 502 },
    {
      fault: faults.businessErrorUnder200(),
      resolves: expect.objectContaining({ Code: '601' }),
      status: 200,
    },
    { fault: faults.emptyBody(), rejects: { name: 'FormatError', body: '' }, status: 200 },
    {
      fault: faults.emptyBody({ takesEffect: true }),
      rejects: { name: 'FormatError', body: '' },
      status: 200,
    },
    { fault: faults.truncatedJson(), rejects: { name: 'FormatError' }, status: 200 },
    {
      fault: faults.edasErrorcodeUnder500(),
      rejects: api(500, 'Edas.errorcode.User.Invalid.message'),
      status: 500,
    },
    { fault: faults.throttled(), rejects: api(400, 'Throttling.User'), status: 400 },
    { fault: faults.throttled({ status: 429 }), rejects: api(429, 'Throttling.User'), status: 429 },
    { fault: faults.deniedByRam(), rejects: api(403, 'Forbidden.RAM'), status: 403 },
    { fault: faults.serviceUnavailable(), rejects: api(503, 'ServiceUnavailable'), status: 503 },
    {
      fault: faults.serviceUnavailable({ takesEffect: true }),
      rejects: api(503, 'ServiceUnavailable'),
      status: 503,
    },
    { fault: faults.silent(), rejects: { name: 'RequestTimeoutError' }, status: undefined },
    {
      fault: faults.silent({ takesEffect: true }),
      rejects: { name: 'RequestTimeoutError' },
      status: undefined,
    },
    { fault: faults.resetBeforeHandling(), rejects: { code: 'ECONNRESET' }, status: undefined },
    { fault: faults.resetAfterHandling(), rejects: { code: 'ECONNRESET' }, status: undefined },
    { fault: faults.cutInHalf(), rejects: { code: 'ECONNRESET' }, status: 200 },
    { fault: faults.slowByteByByte({ everyMs: 50 }), rejects: { name: 'RequestTimeoutError' }, status: 200 },
    { fault: faults.redirect(), resolves: '', status: 302 },
    {
      fault: faults.xmlAnswer({ takesEffect: true }),
      resolves: { RollbackChangeOrderResponse: { Code: ['200'], Message: ['success'] } },
      status: 200,
    },
    { fault: faults.xmlError(), rejects: { code: 'ServiceUnavailable' }, status: 503 },
    { fault: faults.jsonNull(), rejects: { name: 'TypeError' }, status: 500 },
    { fault: faults.jsonNull({ takesEffect: true }), rejects: { name: 'TypeError' }, status: 500 },
    {
      fault: faults.signatureMismatch(),
      rejects: {
        code: 'SignatureDoesNotMatch',
        message: expect.stringContaining('fake-security-token') as string,
      },
      status: 400,
    },
  ];

  test.each(cases)(
    '$fault.name is what pop-core meets, takes effect: $fault.takesEffect',
    async ({ fault, resolves, rejects, status: recorded }) => {
      edas.setFault(() => fault);
      const call = rollBack(orderId, { readTimeout: 200 });
      await (rejects ? expect(call).rejects.toMatchObject(rejects) : expect(call).resolves.toEqual(resolves));

      expect(edas.orders.rollbacksOf(orderId)).toBe(fault.takesEffect ? 1 : 0);
      expect(edas.calls).toMatchObject([{ fault: fault.name, status: recorded }]);
    },
  );

  test('there is at least one case for every fault', () => {
    expect(new Set(cases.map(({ fault }) => fault.name))).toEqual(new Set(Object.keys(faults)));
  });

  test('slowByteByByte is the true answer to those who wait', async () => {
    edas.setFault(() => faults.slowByteByByte({ everyMs: 0 }));
    expect(await rollBack(orderId, { readTimeout: 5_000 })).toMatchObject({ Code: 200, Message: 'success' });
  });

  test('can be chosen by the call that it meets, and ended', async () => {
    await restart({
      fault: ({ operation }) => (operation === 'GetChangeOrderInfo' ? faults.throttled() : undefined),
    });
    const read = () => client.request('POST', paths.info, { ChangeOrderId: orderId });

    await expect(read()).rejects.toMatchObject({ code: 'Throttling.User' });
    expect(await rollBack()).toMatchObject({ Code: 200 });
    edas.setFault(undefined);
    expect(await read()).toMatchObject({ Code: 200, changeOrderInfo: { Status: 6 } });
  });
});

describe('the stand-in', () => {
  test('tells of every call once its answer is known', async () => {
    const told: RecordedCall[] = [];
    await restart({ onCall: (call) => told.push({ ...call }) });
    await rollBack();
    edas.setFault(() => faults.resetBeforeHandling());
    await expect(rollBack()).rejects.toThrow();

    const rollback = {
      operation: 'RollbackChangeOrder',
      changeOrderId: orderId,
      appId: undefined,
      at: clock,
    };
    expect(told).toMatchObject([
      { ...rollback, status: 200, fault: undefined },
      { ...rollback, status: undefined, fault: 'resetBeforeHandling' },
    ]);
    expect(told).toEqual(edas.calls);
  });

  test('refuses to start on a port that is taken, with the error of the system', async () => {
    const port = Number(new URL(edas.url).port);
    await expect(startEdasStandIn({ credentials, port })).rejects.toMatchObject({ code: 'EADDRINUSE', port });
  });

  test('closes although a caller is still waiting, and can be closed again', async () => {
    edas.setFault(() => faults.silent());
    const call = expect(rollBack(orderId, { readTimeout: 5_000 })).rejects.toMatchObject({
      code: 'ECONNRESET',
    });
    await expect.poll(() => edas.calls.length).toBe(1);

    await edas.close();
    await edas.close();
    await call;
  });

  test('bears a caller that hangs up in the middle of its request', async () => {
    const socket = connect(Number(new URL(edas.url).port), '127.0.0.1').resume();
    socket.end('PUT / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 10\r\n\r\nhalf');
    await once(socket, 'close');

    expect(await rollBack()).toMatchObject({ Code: 200 });
    expect(edas.calls).toHaveLength(1);
  });
});
