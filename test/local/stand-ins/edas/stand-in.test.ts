import { once } from 'node:events';
import { Agent } from 'node:http';
import { connect, type Socket } from 'node:net';
import ROAClient from '@alicloud/pop-core/lib/roa.js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import * as faults from '../../../../local/stand-ins/edas/faults.ts';
import type { Fault } from '../../../../local/stand-ins/edas/faults.ts';
import * as rewordings from '../../../../local/stand-ins/edas/rewordings.ts';
import {
  startEdasStandIn,
  type EdasStandIn,
  type EdasStandInOptions,
  type RecordedCall,
} from '../../../../local/stand-ins/edas/stand-in.ts';

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
  application: '/pop/v5/app/app_info',
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

  test('GetChangeOrderInfo shows a task that has failed in a batch that runs on', async () => {
    const failing = edas.orders.add({ appId, batches: 1, readyMs: 0, batchMs: 20_000, failsInBatch: 1 });
    clock += 10_000;
    expect(await client.request('POST', paths.info, { ChangeOrderId: failing })).toMatchObject({
      changeOrderInfo: { Status: 1, PipelineInfoList: { PipelineInfo: [{ PipelineStatus: 1 }] } },
    });
    const result = await client.request('POST', paths.info, { ChangeOrderId: failing });
    expect(JSON.stringify(result)).toContain(
      '"StageStatus":1,"TaskList":{"TaskInfoDTO":[{"TaskName":"Start Application","TaskStatus":"3","TaskMessage":"","TaskErrorCode":"EDAS-10001","TaskErrorMessage":"STAR_AGENT_OFFLINE"}]}',
    );
  });

  test('GetApplication gives the name of an application', async () => {
    edas.orders.add({ appId, appName: 'checkout' });
    expect(await client.request('POST', paths.application, { AppId: appId })).toEqual({
      Code: 200,
      Message: 'success',
      RequestId: expect.any(String) as string,
      Application: { AppId: appId, Name: 'checkout', RegionId: 'cn-hangzhou', ClusterType: 2 },
    });
    expect(edas.calls).toMatchObject([{ operation: 'GetApplication', appId, status: 200 }]);
  });

  test('GetApplication of an application without orders is a business error', async () => {
    expect(await client.request('POST', paths.application, { AppId: 'unknown' })).toMatchObject({
      Code: 601,
    });
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
    await expect(client.request(method, path, { ChangeOrderId: 'unknown' })).rejects.toMatchObject({
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
    ['POST', paths.application, 'MissingAppId'],
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

test('a rollback that EDAS shows late is answered at once, and seen when the time has come', async () => {
  await restart({ rollbackRules: { showsAfterMs: 3_000 } });
  const read = () => client.request('POST', paths.info, { ChangeOrderId: orderId });
  const list = () => client.request('POST', paths.list, { AppId: appId });

  expect(await rollBack()).toMatchObject({ Code: 200 });
  clock += 2_999;
  expect(await read()).toMatchObject({ changeOrderInfo: { Status: 1 } });
  expect(await list()).toMatchObject({ ChangeOrderList: { ChangeOrder: [{ Status: 1 }, { Status: 1 }] } });
  clock += 1;
  expect(await read()).toMatchObject({ changeOrderInfo: { Status: 6 } });
  expect(await list()).toMatchObject({ ChangeOrderList: { ChangeOrder: [{ Status: 6 }, { Status: 1 }] } });
});

test('the signature can be checked by another clock than that of the orders, whose hours pass at once', async () => {
  const realTime = clock;
  await restart({ signatureNow: () => realTime });
  clock += 3_600_000;
  const read = () => client.request('POST', paths.info, { ChangeOrderId: orderId });
  expect(await read()).toMatchObject({ changeOrderInfo: { Status: 2 } });
  await restart({});
  await expect(read()).rejects.toMatchObject({ code: 'InvalidTimeStamp.Expired' });
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
    /** How long pop-core waits. Default: long enough. */
    readTimeout?: number;
    /** What the stand-in recorded. */
    status: number | undefined;
  }

  const page = expect.stringMatching(/^<html>.*502 Bad Gateway/) as string;
  const someOrder = { ChangeOrderId: expect.any(String) as string };
  const success = expect.objectContaining({ Code: 200, ErrorCode: 'success', Data: someOrder }) as object;
  const api = (statusCode: number, code: string) => ({ statusCode, code });

  const cases: Case[] = [
    { fault: faults.htmlBadGateway(), resolves: page, status: 502 },
    { fault: faults.htmlBadGateway({ takesEffect: true }), resolves: page, status: 502 },
    {
      fault: faults.businessErrorUnder200(),
      resolves: expect.objectContaining({ Code: '601' }),
      status: 200,
    },
    {
      fault: faults.businessErrorUnder200({ code: 403 }),
      resolves: expect.objectContaining({ Code: '403' }),
      status: 200,
    },
    {
      fault: faults.businessErrorUnder200({ code: 'Throttling' }),
      resolves: expect.objectContaining({ Code: 'Throttling' }),
      status: 200,
    },
    {
      fault: faults.errorCodeBeside200(),
      resolves: expect.objectContaining({ Code: 200, ErrorCode: 'Edas.errorcode.fake' }),
      status: 200,
    },
    {
      fault: faults.errorCodeBeside200({ takesEffect: true }),
      resolves: expect.objectContaining({ Code: 200, ErrorCode: 'Edas.errorcode.fake' }),
      status: 200,
    },
    {
      fault: faults.anyAnswer({ status: 202, body: '{"Code":7}' }),
      resolves: { Code: 7 },
      status: 202,
    },
    {
      fault: faults.anyAnswer({ body: '{"Code":7}', cutAt: 10, takesEffect: true }),
      rejects: { code: 'ECONNRESET' },
      status: 200,
    },
    {
      fault: faults.codeMissing(),
      resolves: { Message: 'success', RequestId: 'FAKE-REQUEST-ID' },
      status: 200,
    },
    {
      fault: faults.codeMissing({ takesEffect: true }),
      resolves: { Message: 'success', RequestId: 'FAKE-REQUEST-ID' },
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
    {
      fault: faults.throttled({ status: 503, code: 'Rejected.Throttling' }),
      rejects: api(503, 'Rejected.Throttling'),
      status: 503,
    },
    { fault: faults.gatewayError('InternalError'), rejects: api(500, 'InternalError'), status: 500 },
    {
      fault: faults.gatewayError('InternalError', { takesEffect: true }),
      rejects: api(500, 'InternalError'),
      status: 500,
    },
    {
      fault: faults.gatewayError('InvalidAccessKeyId.NotFound'),
      rejects: api(404, 'InvalidAccessKeyId.NotFound'),
      status: 404,
    },
    {
      fault: faults.gatewayError('InvalidSecurityToken.Expired'),
      rejects: api(400, 'InvalidSecurityToken.Expired'),
      status: 400,
    },
    {
      fault: faults.gatewayError('Application.ChangerOrder.Not.Running'),
      rejects: api(400, 'Application.ChangerOrder.Not.Running'),
      status: 400,
    },
    {
      fault: faults.gatewayError('InvalidChangeOrder.NotFound'),
      rejects: api(400, 'InvalidChangeOrder.NotFound'),
      status: 400,
    },
    {
      fault: faults.gatewayError('Resouce.no.permission'),
      rejects: api(400, 'Resouce.no.permission'),
      status: 400,
    },
    { fault: faults.gatewayError('System.Upgrading'), rejects: api(400, 'System.Upgrading'), status: 400 },
    { fault: faults.deniedByRam(), rejects: api(403, 'Forbidden.RAM'), status: 403 },
    { fault: faults.serviceUnavailable(), rejects: api(503, 'ServiceUnavailable'), status: 503 },
    {
      fault: faults.serviceUnavailable({ takesEffect: true }),
      rejects: api(503, 'ServiceUnavailable'),
      status: 503,
    },
    { fault: faults.silent(), rejects: { name: 'RequestTimeoutError' }, readTimeout: 200, status: undefined },
    {
      fault: faults.silent({ takesEffect: true }),
      rejects: { name: 'RequestTimeoutError' },
      readTimeout: 200,
      status: undefined,
    },
    { fault: faults.resetBeforeHandling(), rejects: { code: 'ECONNRESET' }, status: undefined },
    { fault: faults.resetAfterHandling(), rejects: { code: 'ECONNRESET' }, status: undefined },
    { fault: faults.cutInHalf(), rejects: { code: 'ECONNRESET' }, status: 200 },
    {
      fault: faults.slowByteByByte({ everyMs: 50 }),
      rejects: { name: 'RequestTimeoutError' },
      readTimeout: 200,
      status: 200,
    },
    { fault: faults.delayed({ byMs: 20 }), resolves: success, status: 200 },
    {
      fault: faults.delayed({ byMs: 60_000 }),
      rejects: { name: 'RequestTimeoutError' },
      readTimeout: 200,
      status: undefined,
    },
    {
      fault: faults.wrongContentType(),
      resolves: expect.stringMatching(/^{"Code":200,.*"Data":{"ChangeOrderId":"[0-9a-f-]{36}"}}$/),
      status: 200,
    },
    {
      fault: faults.wrongContentType({ type: 'text/html' }),
      resolves: expect.stringMatching(/^{"Code":200,.*"Data":{"ChangeOrderId":"[0-9a-f-]{36}"}}$/),
      status: 200,
    },
    {
      fault: faults.oversized(),
      resolves: success,
      status: 200,
    },
    {
      fault: rewordings.codeAsText(),
      resolves: expect.objectContaining({ Code: '200', ErrorCode: 'success', Data: someOrder }),
      status: 200,
    },
    {
      fault: rewordings.bareSuccess(),
      resolves: { Code: 200, Message: 'success', RequestId: expect.any(String) as string },
      status: 200,
    },
    { fault: rewordings.capitalChangeOrderInfo(), resolves: success, status: 200 },
    { fault: rewordings.oddStatus('missing'), resolves: success, status: 200 },
    {
      fault: rewordings.emptyOrderId(),
      resolves: expect.objectContaining({ Code: 200, Data: { ChangeOrderId: '' } }),
      status: 200,
    },
    {
      fault: rewordings.withoutField('Data'),
      resolves: expect.not.objectContaining({ Data: expect.anything() as unknown }),
      status: 200,
    },
    {
      fault: rewordings.numbersAsText(),
      resolves: expect.objectContaining({ Code: '200', ErrorCode: 'success', Data: someOrder }),
      status: 200,
    },
    { fault: faults.redirect(), resolves: '', status: 302 },
    {
      fault: faults.switchingProtocols(),
      rejects: { name: 'RequestTimeoutError' },
      readTimeout: 200,
      status: undefined,
    },
    {
      fault: faults.switchingProtocols({ takesEffect: true }),
      rejects: { name: 'RequestTimeoutError' },
      readTimeout: 200,
      status: undefined,
    },
    {
      fault: faults.xmlAnswer({ takesEffect: true }),
      resolves: { RollbackChangeOrderResponse: { Code: ['200'], Message: ['success'] } },
      status: 200,
    },
    { fault: faults.xmlError(), rejects: { code: 'ServiceUnavailable' }, status: 503 },
    { fault: faults.jsonNull(), rejects: { name: 'TypeError' }, status: 500 },
    { fault: faults.jsonNull({ status: 200 }), resolves: null, status: 200 },
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
    async ({ fault, resolves, rejects, readTimeout = 5_000, status: recorded }) => {
      edas.setFault(() => fault);
      const call = rollBack(orderId, { readTimeout });
      await (rejects ? expect(call).rejects.toMatchObject(rejects) : expect(call).resolves.toEqual(resolves));

      expect(edas.orders.rollbacksOf(orderId)).toBe(fault.takesEffect ? 1 : 0);
      expect(edas.calls).toMatchObject([{ fault: fault.name, status: recorded }]);
    },
  );

  test('there is at least one case for every fault', () => {
    const functions = cases.map(({ fault }) => fault.name.replace(/ \(.*/, ''));
    expect(new Set(functions)).toEqual(new Set(Object.keys({ ...faults, ...rewordings })));
  });

  test('slowByteByByte is the true answer to those who wait', async () => {
    edas.setFault(() => faults.slowByteByByte({ everyMs: 0 }));
    expect(await rollBack(orderId, { readTimeout: 5_000 })).toMatchObject({ Code: 200, Message: 'success' });
  });

  test('oversized is more than 9 MiB on the wire', async () => {
    edas.setFault(() => faults.oversized());
    const agent = new Agent({ keepAlive: true });
    const freed = once(agent, 'free') as Promise<[Socket]>;
    await client.request('PUT', paths.rollback, { ChangeOrderId: orderId }, '', {}, { agent });
    const [socket] = await freed;
    expect(socket.bytesRead).toBeGreaterThan(9 * 1024 * 1024);
    agent.destroy();
  });

  describe('of a read', () => {
    const read = () => client.request('POST', paths.info, { ChangeOrderId: orderId });
    const list = () => client.request('POST', paths.list, { AppId: appId });
    const without = (name: string) =>
      expect.not.objectContaining({ [name]: expect.anything() as unknown }) as object;

    test('capitalChangeOrderInfo is the true order under the capital letter of Apsara Stack', async () => {
      const { changeOrderInfo, ...rest } = (await read()) as Record<string, unknown>;
      edas.setFault(() => rewordings.capitalChangeOrderInfo());
      expect(await read()).toEqual({
        ...rest,
        RequestId: expect.any(String) as string,
        ChangeOrderInfo: changeOrderInfo,
      });
    });

    test('bareSuccess leaves the order out, and the list', async () => {
      const bare = { Code: 200, Message: 'success', RequestId: expect.any(String) as string };
      edas.setFault(() => rewordings.bareSuccess());
      expect(await read()).toEqual(bare);
      expect(await list()).toEqual(bare);
    });

    test.each([
      ['missing', without('Status')],
      ['text', expect.objectContaining({ Status: '1' }) as object],
      [4, expect.objectContaining({ Status: 4 }) as object],
      [5, expect.objectContaining({ Status: 5 }) as object],
      [11, expect.objectContaining({ Status: 11 }) as object],
    ] as const)('oddStatus (%s) shows so, alone and in the list, what else is true', async (shown, order) => {
      const rest = { ChangeOrderId: orderId, CreateUserId: 'somebody@example.com' };
      edas.setFault(() => rewordings.oddStatus(shown));
      expect(await read()).toMatchObject({ Code: 200, changeOrderInfo: rest });
      expect(await read()).toMatchObject({ changeOrderInfo: order });
      expect(await list()).toMatchObject({ Code: 200, ChangeOrderList: { ChangeOrder: [rest] } });
      expect(await list()).toMatchObject({ ChangeOrderList: { ChangeOrder: [order] } });
    });

    test('withoutField leaves it out of each order of a list', async () => {
      edas.setFault(() => rewordings.withoutField('CreateTime'));
      const rest = { ChangeOrderId: orderId, CreateUserId: 'somebody@example.com' };
      expect(await list()).toMatchObject({ ChangeOrderList: { ChangeOrder: [rest] } });
      expect(await list()).toMatchObject({ ChangeOrderList: { ChangeOrder: [without('CreateTime')] } });
    });

    test('numbersAsText writes those within a list as text too', async () => {
      edas.setFault(() => rewordings.numbersAsText());
      expect(await list()).toMatchObject({
        Code: '200',
        ChangeOrderList: { ChangeOrder: [{ Status: '1', BatchCount: '2' }] },
      });
    });

    test('oddStatus leaves an application without orders alone', async () => {
      edas.setFault(() => rewordings.oddStatus('missing'));
      expect(await client.request('POST', paths.list, { AppId: 'an-app-without-orders' })).toEqual({
        Code: 200,
        Message: 'success',
        RequestId: expect.any(String) as string,
      });
    });
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
    socket.end(`PUT / HTTP/1.1\r\nhost: ${new URL(edas.url).host}\r\ncontent-length: 10\r\n\r\nhalf`);
    await once(socket, 'close');

    expect(await rollBack()).toMatchObject({ Code: 200 });
    expect(edas.calls).toHaveLength(1);
  });
});
