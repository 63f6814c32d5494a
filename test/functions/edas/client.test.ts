import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createEdasClient, type EdasClient } from '../../../functions/edas/client.ts';
import type { EdasFailureKind } from '../../../functions/edas/failure.ts';
import { Problem } from '../../../functions/errors.ts';
import * as faults from '../../../local/stand-ins/edas/faults.ts';
import type { Fault } from '../../../local/stand-ins/edas/faults.ts';
import {
  startEdasStandIn,
  type EdasStandIn,
  type Operation,
} from '../../../local/stand-ins/edas/stand-in.ts';
import { largeChangeOrder } from '../../support/task.ts';

const credentials = {
  accessKeyId: 'fake-access-key-id',
  accessKeySecret: 'fake-access-key-secret',
  securityToken: 'fake-security-token',
};
const appId = '3616cdca-4f92-4413-0000-000000000000';
/** The one group of an application of the stand-in. */
const usualGroup = '8123db90-880f-486f-0000-000000000000';
const unhurried = 5_000;

let edas: EdasStandIn;
let orderId: string;
let client: EdasClient;

beforeEach(async () => {
  edas = await startEdasStandIn({ credentials });
  orderId = edas.orders.add({ appId, readyMs: 0, batchMs: 60_000 });
  client = clientWith(() => Promise.resolve(credentials));
});

afterEach(() => edas.close());

function clientWith(getCredentials: () => Promise<typeof credentials>): EdasClient {
  return createEdasClient(edas.url, { getCredentials });
}

/** Answers this to every call, whatever was asked. */
function answerWith(status: number, body: unknown, contentType = 'application/json'): void {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  meet((response) => response.writeHead(status, { 'content-type': contentType }).end(text));
}

function meet(instead: (response: ServerResponse) => unknown): void {
  edas.setFault(() => ({ name: 'made by this test', takesEffect: false, instead }));
}

describe('an operation', () => {
  test.each(['RollbackChangeOrder', 'AbortAndRollbackChangeOrder'] as const)(
    "rollBack is EDAS's %s, and gives the order that rolls back with the ids of the call",
    async (operation) => {
      const receipt = await client.rollBack(operation, orderId, unhurried);
      const rollbackOrder = edas.orders.ofApplication(appId).find(({ rollbackOf }) => rollbackOf === orderId);
      expect(receipt).toEqual({
        rollbackChangeOrderId: rollbackOrder?.id,
        requestId: expect.stringMatching(/^[0-9A-F-]{36}$/) as string,
        traceId: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
      });
      expect(edas.calls).toMatchObject([{ operation, changeOrderId: orderId, status: 200 }]);
      expect(edas.orders.rollbacksOf(orderId)).toBe(1);
    },
  );

  test("getChangeOrderInfo is EDAS's GetChangeOrderInfo, and gives status, SupportRollback and start", async () => {
    const createdAt = Date.parse('2026-01-02T03:04:05Z');
    const spent = edas.orders.add({ appId, createdAt, readyMs: 1_234, supportRollback: false });
    const { batches } = edas.orders.get(orderId) ?? {};
    expect(await client.getChangeOrderInfo(orderId, unhurried)).toMatchObject({
      status: 1,
      supportRollback: true,
      startedAt: batches?.[0]?.startedAt,
    });
    expect(await client.getChangeOrderInfo(spent, unhurried)).toMatchObject({
      status: 2,
      supportRollback: false,
      startedAt: createdAt + 1_234,
    });
    expect(edas.calls).toMatchObject([
      { operation: 'GetChangeOrderInfo', changeOrderId: orderId },
      { operation: 'GetChangeOrderInfo', changeOrderId: spent },
    ]);
  });

  test('getChangeOrderInfo of an order whose first batch is still to come gives its creation for the start', async () => {
    const createdAt = Date.parse('2026-01-02T23:04:05Z');
    const ready = edas.orders.add({ appId, createdAt, readyMs: 1e13 });
    expect(await client.getChangeOrderInfo(ready, unhurried)).toMatchObject({
      status: 0,
      supportRollback: true,
      startedAt: createdAt,
    });
  });

  test("listRecentChangeOrders is EDAS's ListRecentChangeOrder, and gives what tells a deployment from others", async () => {
    const app = '3616cdca-4f92-4413-0000-000000000001';
    const createdAt = Date.parse('2026-01-02T23:04:05Z');
    const id = '4f40e616-cdcd-4250-a018-efd459900000';
    edas.orders.add({ id, appId: app, createdAt, batchMs: 1e13, description: 'Deploy demo.jar' });
    const { rollbackChangeOrderId } = await client.rollBack('RollbackChangeOrder', id, unhurried);
    expect(await client.listRecentChangeOrders(app, unhurried)).toEqual([
      {
        changeOrderId: id,
        status: 6,
        typeCode: 'CoDeploy',
        words: 'Deploy Application Deploy demo.jar',
        description: 'Deploy demo.jar',
        groupId: usualGroup,
        createdAt,
        finishedAt: Math.floor((edas.orders.get(id)?.finishedAt ?? 0) / 1_000) * 1_000,
      },
      {
        changeOrderId: rollbackChangeOrderId,
        status: 0,
        typeCode: 'CoRollback',
        words: `CoRollback Rollback of ${id}`,
        description: `Rollback of ${id}`,
        groupId: usualGroup,
        createdAt: expect.any(Number) as number,
        finishedAt: undefined,
      },
    ]);
    expect(edas.calls.at(-1)).toMatchObject({
      operation: 'ListRecentChangeOrder',
      appId: app,
      changeOrderId: undefined,
      status: 200,
    });
  });

  test('listRecentChangeOrders gives nothing of an application without orders, and nothing of others', async () => {
    expect(await client.listRecentChangeOrders('an-app-without-orders', unhurried)).toEqual([]);
  });

  test.each(['a b', 'a+b', 'a&ChangeOrderId=b', 'a=b', 'a?b#c', 'a/../b', '%2F', '变更单', 'a\'b"c*~!()'])(
    'hands the id %j over as it is',
    async (id) => {
      edas.orders.add({ id, appId });
      expect(await client.getChangeOrderInfo(id, unhurried)).toMatchObject({ status: 0 });
      expect(edas.calls).toMatchObject([{ changeOrderId: id, status: 200 }]);
    },
  );

  test('works with a long-lived key, which has no token', async () => {
    await edas.close();
    const { accessKeyId, accessKeySecret } = credentials;
    edas = await startEdasStandIn({ credentials: { accessKeyId, accessKeySecret } });
    const id = edas.orders.add({ appId });
    const provider = { getCredentials: () => Promise.resolve({ accessKeyId, accessKeySecret }) };
    expect(await createEdasClient(edas.url, provider).getChangeOrderInfo(id, unhurried)).toMatchObject({
      status: 0,
    });
  });
});

describe('credentials', () => {
  test('are asked for once per call, so that new ones are used', async () => {
    const getCredentials = vi.fn(() => Promise.resolve(credentials));
    client = clientWith(getCredentials);
    await client.getChangeOrderInfo(orderId, unhurried);
    await client.getChangeOrderInfo(orderId, unhurried);
    expect(getCredentials).toHaveBeenCalledTimes(2);
  });

  test('that cannot be had stop the call with the very error, before anything is sent', async () => {
    const problem = new Problem('credentials_missing', 'A fake reason');
    client = clientWith(() => Promise.reject(problem));
    await expect(client.rollBack('RollbackChangeOrder', orderId, unhurried)).rejects.toBe(problem);
    expect(edas.calls).toEqual([]);
  });

  test('that do not come within the time of the call end it, before anything is sent', async () => {
    client = clientWith(() => new Promise(() => undefined));
    await expect(client.rollBack('RollbackChangeOrder', orderId, 100)).rejects.toMatchObject({
      name: 'EdasFailure',
      kind: 'not_sent',
      message: 'No credentials came within 100 ms.',
    });
    expect(edas.calls).toEqual([]);
  });

  test('that come late leave the rest of the time to EDAS', async () => {
    edas.setFault(() => faults.silent());
    client = clientWith(() => sleep(500).then(() => credentials));
    const failure: unknown = await client
      .rollBack('RollbackChangeOrder', orderId, 1_500)
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ kind: 'doubt' });
    const [, leftMs] = /no answer within (\d+) ms/.exec(String(failure)) ?? [];
    expect(Number(leftMs)).toBeLessThanOrEqual(1_000);
  });
});

describe('a success', () => {
  const rollbackOrder = '8123db90-880f-486f-b5d6-0fd6a5a21d0f';
  const data = { ChangeOrderId: rollbackOrder };

  test.each([
    ['Code as a number', { Code: 200, Data: data }],
    ['Code as a string', { Code: '200', Data: data }],
    ['the documented words', { Code: 200, Message: 'success', ErrorCode: 'success', Data: data }],
    ['other words and an ErrorCode', { Code: 200, Message: 'akzeptiert', ErrorCode: 'success', Data: data }],
    ['an id in capitals', { Code: 200, Data: { ChangeOrderId: rollbackOrder.toUpperCase() } }],
  ])('of a rollback is recognised with %s', async (_what, answer) => {
    answerWith(200, answer);
    expect(await client.rollBack('RollbackChangeOrder', orderId, unhurried)).toEqual({
      rollbackChangeOrderId: rollbackOrder,
      requestId: undefined,
      traceId: undefined,
    });
  });

  test('of a rollback may name the order that was sent', async () => {
    answerWith(200, { Code: 200, Data: { ChangeOrderId: orderId } });
    expect(await client.rollBack('RollbackChangeOrder', orderId, unhurried)).toMatchObject({
      rollbackChangeOrderId: orderId,
    });
  });

  test.each([
    ['Data missing', { Code: 200, Message: 'success', ErrorCode: 'success' }, 'success'],
    ['Data null', { Code: 200, Message: 'operation not allowed', Data: null }, 'operation not allowed'],
    ['Data a string', { Code: 200, Data: rollbackOrder }, 'no message'],
    ['Data without an id', { Code: 200, Data: {} }, 'no message'],
    ['an empty id', { Code: 200, Data: { ChangeOrderId: '' } }, 'no message'],
    ['an id that is a number', { Code: 200, Data: { ChangeOrderId: 42 } }, 'no message'],
    ['an id that is no UUID', { Code: 200, Data: { ChangeOrderId: 'null' } }, 'no message'],
    ['an endless id', { Code: 200, Data: { ChangeOrderId: 'x'.repeat(10_000) } }, 'no message'],
    [
      'words that contradict it',
      { Code: 200, Message: 'operation not allowed', Data: data },
      'operation not allowed',
    ],
  ])('of a rollback is in doubt with %s', async (_what, answer, message) => {
    answerWith(200, answer);
    await expect(client.rollBack('RollbackChangeOrder', orderId, unhurried)).rejects.toMatchObject({
      kind: 'doubt',
      message: `EDAS answered 200 without a sure sign that it rolls back: ${message}`,
    });
  });

  test.each([
    ['the public cloud', { changeOrderInfo: { Status: 8, SupportRollback: true } }, 8, true],
    [
      "Apsara Stack's capital ChangeOrderInfo",
      { ChangeOrderInfo: { Status: 9, SupportRollback: false } },
      9,
      false,
    ],
    ['Status as a string', { changeOrderInfo: { Status: '10' } }, 10, undefined],
    ['Status missing', { changeOrderInfo: {} }, undefined, undefined],
    ['Status null', { changeOrderInfo: { Status: null } }, undefined, undefined],
    ['Status a word', { changeOrderInfo: { Status: 'running' } }, undefined, undefined],
    ['Status an empty string', { changeOrderInfo: { Status: '' } }, undefined, undefined],
    ['SupportRollback a string', { changeOrderInfo: { Status: 2, SupportRollback: 'false' } }, 2, undefined],
  ])('of a read is understood from %s', async (_what, answer, status, supportRollback) => {
    answerWith(200, { Code: 200, ...answer });
    expect(await client.getChangeOrderInfo(orderId, unhurried)).toMatchObject({
      status,
      supportRollback,
      startedAt: undefined,
    });
  });

  test.each([
    ['nothing', {}],
    ['null', { changeOrderInfo: null }],
    ['a list', { changeOrderInfo: [{ Status: 6 }] }],
    ['a string', { changeOrderInfo: 'terminated' }],
  ])('of a read that holds %s for the order is a failure', async (_what, answer) => {
    answerWith(200, { Code: 200, ...answer });
    await expect(client.getChangeOrderInfo(orderId, unhurried)).rejects.toMatchObject({
      kind: 'doubt',
      message: 'EDAS answered without the change order.',
    });
  });
});

describe('an answer about another', () => {
  const another = '4f40e616-cdcd-4250-a018-efd459900009';

  test('change order is doubt, whatever status it has', async () => {
    answerWith(200, { Code: 200, changeOrderInfo: { ChangeOrderId: another, Status: 6 } });
    await expect(client.getChangeOrderInfo(orderId, unhurried)).rejects.toMatchObject({
      kind: 'doubt',
      message: `EDAS was asked about ${orderId} and answered about another.`,
    });
  });

  test('application is doubt, whatever name it has', async () => {
    answerWith(200, { Code: 200, Application: { AppId: another, Name: 'checkout' } });
    await expect(client.getApplicationName(appId, unhurried)).rejects.toMatchObject({
      kind: 'doubt',
      message: `EDAS was asked about ${appId} and answered about another.`,
    });
  });

  test('is none where only the case of an id differs', async () => {
    const capitals = { ChangeOrderId: orderId.toUpperCase(), Status: 6 };
    answerWith(200, { Code: 200, changeOrderInfo: capitals });
    expect(await client.getChangeOrderInfo(orderId, unhurried)).toMatchObject({ status: 6 });
    answerWith(200, { Code: 200, Application: { AppId: appId.toUpperCase(), Name: 'checkout' } });
    expect(await client.getApplicationName(appId, unhurried)).toBe('checkout');
  });
});

describe('the name of an application', () => {
  test("is that of EDAS's GetApplication", async () => {
    edas.orders.add({ appId, appName: 'checkout' });
    expect(await client.getApplicationName(appId, unhurried)).toBe('checkout');
    expect(edas.calls).toMatchObject([{ operation: 'GetApplication', method: 'POST', appId, status: 200 }]);
  });

  test.each([
    [{ Application: { Name: 'checkout' } }, 'checkout'],
    [{ Applcation: { Name: 'misspelt' } }, 'misspelt'],
    [{ Application: { Name: 'n'.repeat(1_000) } }, `${'n'.repeat(100)}…`],
    [{ Application: { Name: '' } }, undefined],
    [{ Application: { Name: 7 } }, undefined],
    [{ Application: [] }, undefined],
    [{ Application: 'checkout' }, undefined],
    [{}, undefined],
  ])('in %j is %j', async (answer, name) => {
    answerWith(200, { Code: 200, ...answer });
    expect(await client.getApplicationName(appId, unhurried)).toBe(name);
  });

  test('of an application that EDAS does not know fails as rejected', async () => {
    await expect(client.getApplicationName('nobody', unhurried)).rejects.toMatchObject({
      kind: 'rejected',
      code: '601',
      message: 'EDAS answered 601: The application does not exist.',
    });
  });
});

test('getChangeOrderInfo gives how far an order is, what it is called, and what failed in it', async () => {
  const createdAt = Date.now() - 7_000;
  const description = 'checkout 2.4.0';
  const plan = { appId, createdAt, description, readyMs: 0, batchMs: 5_000, pauseMs: 0, batches: 3 };
  const failing = edas.orders.add({ ...plan, failsInBatch: 1 });
  expect(await client.getChangeOrderInfo(failing, unhurried)).toEqual({
    status: 1,
    supportRollback: true,
    startedAt: createdAt,
    description,
    batches: { done: 1, total: 3 },
    failures: [
      {
        place: 'Batch: 1 / Deploy Application / Start Application',
        reason: 'EDAS-10001 STAR_AGENT_OFFLINE',
      },
    ],
  });
});

describe('a change order of many instances', () => {
  test('is read, and what failed in it is bounded', async () => {
    const json = largeChangeOrder(1);
    const mebibytes = Buffer.byteLength(json) / 1024 / 1024;
    expect(mebibytes).toBeGreaterThan(5.8);
    expect(mebibytes).toBeLessThan(6);
    answerWith(200, json);
    const { status, batches, failures } = await client.getChangeOrderInfo(orderId, unhurried);
    expect([status, batches]).toEqual([1, { done: 0, total: 5 }]);
    expect(failures).toHaveLength(10);
    for (const { place, reason } of failures) expect((place + reason).length).toBeLessThan(600);
  });

  test('is read up to 8 MiB, and broken off where it is larger', async () => {
    const json = largeChangeOrder(1);
    const limit = 8 * 1024 * 1024;
    // The headers count, too, and a last piece that comes with the end of the answer does not.
    const leeway = 128 * 1024;
    answerWith(200, json + ' '.repeat(limit - leeway - Buffer.byteLength(json)));
    expect((await client.getChangeOrderInfo(orderId, unhurried)).status).toBe(1);
    answerWith(200, json + ' '.repeat(limit + leeway - Buffer.byteLength(json)));
    await expect(client.getChangeOrderInfo(orderId, unhurried)).rejects.toMatchObject({
      kind: 'doubt',
      message: expect.stringContaining('the answer is larger than 8192 KiB') as string,
    });
  });
});

describe('the start of a change', () => {
  const pipelines = (...starts: unknown[]) => ({
    PipelineInfoList: { PipelineInfo: starts.map((StartTime) => ({ StartTime })) },
  });
  const created = { CreateTime: '2019-11-13 14:23:46' };
  const createdAt = Date.parse('2019-11-13T06:23:46Z');

  test.each([
    ['the StartTime of a pipeline, as text', pipelines('1573626227001'), 1573626227001],
    ['the StartTime of a pipeline, as a number', pipelines(1573626227002), 1573626227002],
    [
      'the StartTime although there is a CreateTime',
      { ...created, ...pipelines(1573626227003) },
      1573626227003,
    ],
    [
      'the earliest of several, in any order',
      pipelines('1573626229000', '1573626227004', 1573626228000),
      1573626227004,
    ],
    ['the only one of several that have begun', pipelines(undefined, '1573626227005', null), 1573626227005],
    ['CreateTime in UTC+8, without a list', created, createdAt],
    ['CreateTime, with null for the list', { ...created, PipelineInfoList: null }, createdAt],
    [
      'CreateTime, with text for the pipelines',
      { ...created, PipelineInfoList: { PipelineInfo: '1573626227001' } },
      createdAt,
    ],
    [
      'CreateTime, with null for a pipeline',
      { ...created, PipelineInfoList: { PipelineInfo: [null] } },
      createdAt,
    ],
    ['CreateTime, with no pipeline', { ...created, ...pipelines() }, createdAt],
    ['CreateTime, without a StartTime', { ...created, ...pipelines(undefined) }, createdAt],
  ] as [string, object, number][])('is %s', async (_what, fields, startedAt) => {
    for (const name of ['changeOrderInfo', 'ChangeOrderInfo']) {
      answerWith(200, { Code: 200, [name]: { Status: 1, ...fields } });
      expect(await client.getChangeOrderInfo(orderId, unhurried)).toMatchObject({
        status: 1,
        supportRollback: undefined,
        startedAt,
      });
    }
  });

  // Each of these, taken for a time, would lie before every problem, or after every answer.
  const noTimes = [0, '0', 1, -1573626227001, 1573626227, '1573626227', 1573626227001.5, 1573626227001000];
  const noTexts = [
    '',
    ' ',
    'now',
    '0x16e64d9e9f9',
    '1.573626227e12',
    ' 1573626227001',
    true,
    null,
    [1573626227001],
    {},
  ];

  test.each([...noTimes, ...noTexts])(
    'is not a StartTime of %j: CreateTime takes its place',
    async (time) => {
      answerWith(200, { Code: 200, changeOrderInfo: { ...created, ...pipelines(time) } });
      expect(await client.getChangeOrderInfo(orderId, unhurried)).toMatchObject({ startedAt: createdAt });
      answerWith(200, { Code: 200, changeOrderInfo: { ...created, ...pipelines(time, '1573626227001') } });
      expect(await client.getChangeOrderInfo(orderId, unhurried)).toMatchObject({ startedAt: 1573626227001 });
    },
  );

  test.each([
    undefined,
    null,
    '',
    'yesterday',
    1573626226000,
    '1573626226000',
    '2019-11-13',
    '2019-11-13T14:23:46Z',
    '2019-11-13 14:23:46 ',
    '2019-11-13 14:23:46+00:00',
    '2019-13-13 14:23:46',
    '2019-11-13 25:23:46',
    '13-11-2019 14:23:46',
    '1970-01-01 08:00:00',
    '0000-00-00 00:00:00',
    ['2019-11-13 14:23:46'],
  ])('is unknown with a CreateTime of %j', async (time) => {
    answerWith(200, { Code: 200, changeOrderInfo: { Status: 1, CreateTime: time, ...pipelines(0) } });
    expect(await client.getChangeOrderInfo(orderId, unhurried)).toMatchObject({
      status: 1,
      supportRollback: undefined,
      startedAt: undefined,
    });
  });
});

describe('a list of change orders', () => {
  const listOf = (...orders: unknown[]) => ({ Code: 200, ChangeOrderList: { ChangeOrder: orders } });
  const id = '4f40e616-cdcd-4250-a018-efd459900000';

  test.each([
    ['no list', { Code: 200 }],
    ['null for the list', { Code: 200, ChangeOrderList: null }],
    ['an empty object for the list', { Code: 200, ChangeOrderList: {} }],
    ['null for the orders', { Code: 200, ChangeOrderList: { ChangeOrder: null } }],
    ['no order', listOf()],
    ['an order without an id', listOf({ Status: 1, CoTypeCode: 'CoDeploy' })],
    ['an order with an empty id', listOf({ ChangeOrderId: '' })],
    ['an order whose id is a number', listOf({ ChangeOrderId: 42 })],
    ['an order whose id is no identifier', listOf({ ChangeOrderId: `${id} and more` })],
    ['an order whose id is endless', listOf({ ChangeOrderId: 'a'.repeat(10_000) })],
    ['an order whose id quotes a credential', listOf({ ChangeOrderId: credentials.securityToken })],
    ['null for an order', listOf(null)],
    ['text for an order', listOf(id)],
    ['a list for an order', listOf([{ ChangeOrderId: id }])],
  ])('is empty with %s', async (_what, answer) => {
    answerWith(200, answer);
    expect(await client.listRecentChangeOrders(appId, unhurried)).toEqual([]);
  });

  test.each([
    ['text', 'none'],
    ['a number', 0],
    ['a list', [{ ChangeOrderId: id }]],
    ['an empty list', []],
    ['an object that holds one order', { ChangeOrder: { ChangeOrderId: id } }],
    ['an object that holds text', { ChangeOrder: id }],
  ])('that is %s is a failure, and not taken for an empty one', async (_what, list) => {
    answerWith(200, { Code: 200, ChangeOrderList: list });
    await expect(client.listRecentChangeOrders(appId, unhurried)).rejects.toMatchObject({
      name: 'EdasFailure',
      kind: 'doubt',
      message: 'EDAS answered without a list of change orders.',
    });
  });

  test('that is missing beside other words than those of a success is a failure, too', async () => {
    answerWith(200, { Code: 200, Message: 'operation not allowed' });
    await expect(client.listRecentChangeOrders(appId, unhurried)).rejects.toMatchObject({ kind: 'doubt' });
    answerWith(200, { Code: 200, Message: 'success' });
    expect(await client.listRecentChangeOrders(appId, unhurried)).toEqual([]);
  });

  test('is read although its orders hold nothing but an id', async () => {
    answerWith(200, listOf({ ChangeOrderId: id }));
    expect(await client.listRecentChangeOrders(appId, unhurried)).toEqual([
      {
        changeOrderId: id,
        status: undefined,
        typeCode: undefined,
        words: ' ',
        description: '',
        groupId: undefined,
        createdAt: undefined,
        finishedAt: undefined,
      },
    ]);
  });

  test('is read although an order among them cannot be', async () => {
    answerWith(200, listOf(null, { Status: 1 }, { ChangeOrderId: id }));
    expect(await client.listRecentChangeOrders(appId, unhurried)).toMatchObject([{ changeOrderId: id }]);
  });

  test('gives ids in lower case', async () => {
    answerWith(200, listOf({ ChangeOrderId: id.toUpperCase(), AppId: appId.toUpperCase() }));
    expect(await client.listRecentChangeOrders(appId, unhurried)).toMatchObject([{ changeOrderId: id }]);
  });

  test('holds no order that names another application, for it says what a sender may touch', async () => {
    const foreign = '3616cdca-4f92-4413-0000-000000000009';
    answerWith(
      200,
      listOf(
        { ChangeOrderId: 'foreign', AppId: foreign },
        { ChangeOrderId: 'of-no-id', AppId: 42 },
        { ChangeOrderId: id, AppId: appId },
      ),
    );
    expect(await client.listRecentChangeOrders(appId, unhurried)).toMatchObject([{ changeOrderId: id }]);
  });

  test.each([
    ['a number', 8, 8],
    ['text', '8', 8],
    ['a word', 'running', undefined],
    ['null', null, undefined],
  ])('understands a Status that is %s', async (_what, given, status) => {
    answerWith(200, listOf({ ChangeOrderId: id, Status: given }));
    expect(await client.listRecentChangeOrders(appId, unhurried)).toMatchObject([{ status }]);
  });

  test.each([
    ['2019-11-13 14:23:46', Date.parse('2019-11-13T06:23:46Z')],
    ['2019-11-13T14:23:46Z', undefined],
    ['', undefined],
    [null, undefined],
    [1573626226000, undefined],
  ])('understands a CreateTime, and a FinishTime, of %j', async (time, at) => {
    answerWith(200, listOf({ ChangeOrderId: id, CreateTime: time, FinishTime: time }));
    expect(await client.listRecentChangeOrders(appId, unhurried)).toMatchObject([
      { createdAt: at, finishedAt: at },
    ]);
  });

  test.each([
    ['8123db90-880f-486f-0000-000000000000', '8123db90-880f-486f-0000-000000000000'],
    ['all', 'all'],
    ['', undefined],
    [null, undefined],
    [8, undefined],
    [credentials.securityToken, undefined],
  ])('understands a GroupId of %j', async (GroupId, groupId) => {
    answerWith(200, listOf({ ChangeOrderId: id, GroupId }));
    expect(await client.listRecentChangeOrders(appId, unhurried)).toMatchObject([{ groupId }]);
  });

  test.each([
    ['as EDAS writes it', '版本:2020-05-14 20:02:33 | 包名:demo.jar | 部署目标:所有分组'],
    ['of a thousand characters', 'd'.repeat(1_000)],
  ])('passes on a description %s', async (_what, description) => {
    answerWith(200, listOf({ ChangeOrderId: id, ChangeOrderDescription: description }));
    expect(await client.listRecentChangeOrders(appId, unhurried)).toMatchObject([{ description }]);
  });

  test.each([
    ['is endless', 'Rollback'.repeat(1_000)],
    ['quotes a credential', `Rollback ${credentials.securityToken}`],
    ['is a number', 7],
  ])('passes on no description that %s', async (_what, given) => {
    answerWith(200, listOf({ ChangeOrderId: id, ChangeOrderDescription: given }));
    expect(await client.listRecentChangeOrders(appId, unhurried)).toMatchObject([{ description: '' }]);
  });

  test('keeps the words of an order together, whichever are there', async () => {
    answerWith(
      200,
      listOf(
        { ChangeOrderId: 'a', CoType: 'Deploy Application', ChangeOrderDescription: '回滚' },
        { ChangeOrderId: 'b', CoType: 'Deploy Application', ChangeOrderDescription: 7 },
        { ChangeOrderId: 'c', ChangeOrderDescription: 'Version 1' },
      ),
    );
    const words = (await client.listRecentChangeOrders(appId, unhurried)).map((order) => order.words.trim());
    expect(words).toEqual(['Deploy Application 回滚', 'Deploy Application', 'Version 1']);
  });
});

describe.each<[what: string, operation: Operation, send: (timeoutMs: number) => Promise<unknown>]>([
  [
    'a rollback',
    'RollbackChangeOrder',
    (timeoutMs) => client.rollBack('RollbackChangeOrder', orderId, timeoutMs),
  ],
  [
    'a rollback of a release',
    'RollbackApplication',
    (timeoutMs) => {
      const order = { appId, groupId: 'all', version: 'v1', batches: 1, batchWaitMinutes: 0 };
      return client.rollBackApplication(order, timeoutMs);
    },
  ],
])('%s that meets', (_what, operation, send) => {
  interface Row {
    trap: string;
    fault: Fault;
    kind: EdasFailureKind;
    message: RegExp;
    code?: string;
    timeoutMs?: number;
  }

  const id = '8123db90-880f-486f-b5d6-0fd6a5a21d0f';
  const success = JSON.stringify({ Code: 200, ChangeOrderId: id, Data: { ChangeOrderId: id } });

  const traps: Row[] = [
    {
      trap: 'a page of HTML under 502',
      fault: faults.htmlBadGateway(),
      kind: 'doubt',
      message: /a page of HTML/,
    },
    {
      trap: 'Code "601" under HTTP 200',
      fault: faults.businessErrorUnder200(),
      kind: 'rejected',
      message: /answered 601: The change order cannot be rolled back/,
      code: '601',
    },
    {
      trap: 'an empty body',
      fault: faults.emptyBody(),
      kind: 'doubt',
      message: /it is empty/,
    },
    {
      trap: 'truncated JSON',
      fault: faults.truncatedJson(),
      kind: 'doubt',
      message: /it is not JSON/,
    },
    {
      trap: 'an Edas.errorcode under 500',
      fault: faults.edasErrorcodeUnder500(),
      kind: 'rejected',
      message: /answered Edas\.errorcode\.User\.Invalid\.message \(HTTP 500\)/,
      code: 'Edas.errorcode.User.Invalid.message',
    },
    {
      trap: 'throttling under 400',
      fault: faults.throttled(),
      kind: 'throttled',
      message: /user flow control/,
      code: 'Throttling.User',
    },
    {
      trap: 'throttling under 429',
      fault: faults.throttled({ status: 429 }),
      kind: 'throttled',
      message: /user flow control/,
      code: 'Throttling.User',
    },
    {
      trap: 'throttling under 503',
      fault: faults.throttled({ status: 503 }),
      kind: 'throttled',
      message: /user flow control/,
      code: 'Throttling.User',
    },
    {
      trap: 'a 403 of RAM',
      fault: faults.deniedByRam(),
      kind: 'denied',
      message: /not authorized/,
      code: 'Forbidden.RAM',
    },
    {
      trap: 'a 503 ServiceUnavailable',
      fault: faults.serviceUnavailable(),
      kind: 'doubt',
      message: /ServiceUnavailable \(HTTP 503\)/,
      code: 'ServiceUnavailable',
    },
    {
      trap: 'silence',
      fault: faults.silent(),
      kind: 'doubt',
      message: /no answer within \d+ ms/,
      timeoutMs: 600,
    },
    {
      trap: 'a reset before EDAS did anything',
      fault: faults.resetBeforeHandling(),
      kind: 'doubt',
      message: /ECONNRESET|hang up/,
    },
    {
      trap: 'a reset after EDAS did it',
      fault: faults.resetAfterHandling(),
      kind: 'doubt',
      message: /ECONNRESET|hang up/,
    },
    { trap: 'an answer cut in half', fault: faults.cutInHalf(), kind: 'doubt', message: /ECONNRESET/ },
    {
      trap: 'an answer too slow to wait for',
      fault: faults.slowByteByByte(),
      kind: 'doubt',
      message: /no answer within/,
      timeoutMs: 600,
    },
    {
      trap: 'an answer that comes too late',
      fault: faults.delayed({ byMs: 5_000 }),
      kind: 'doubt',
      message: /no answer within \d+ ms/,
      timeoutMs: 600,
    },
    {
      trap: 'a success announced as plain text',
      fault: faults.wrongContentType(),
      kind: 'doubt',
      message: /it is text, not JSON/,
    },
    {
      trap: 'a success that is larger than anybody reads',
      fault: faults.oversized(),
      kind: 'doubt',
      message: /the answer is larger than 8192 KiB/,
    },
    {
      trap: 'an answer without a Code',
      fault: faults.codeMissing(),
      kind: 'doubt',
      message: /it has no Code/,
    },
    {
      trap: 'Code 200 beside another ErrorCode',
      fault: faults.errorCodeBeside200(),
      kind: 'doubt',
      message: /neither .*: HTTP 200, Code 200, ErrorCode Edas\.errorcode\.fake/,
    },
    {
      trap: 'an internal error',
      fault: faults.gatewayError('InternalError'),
      kind: 'doubt',
      message: /InternalError \(HTTP 500\)/,
      code: 'InternalError',
    },
    {
      trap: 'a token that has expired',
      fault: faults.gatewayError('InvalidSecurityToken.Expired'),
      kind: 'unauthenticated',
      message: /Specified SecurityToken is expired/,
      code: 'InvalidSecurityToken.Expired',
    },
    { trap: 'a redirection', fault: faults.redirect(), kind: 'doubt', message: /it is empty/ },
    {
      trap: 'another protocol',
      fault: faults.switchingProtocols(),
      kind: 'doubt',
      message: /no answer/,
      timeoutMs: 600,
    },
    { trap: 'a success in XML', fault: faults.xmlAnswer(), kind: 'doubt', message: /HTML or XML/ },
    { trap: 'an error in XML', fault: faults.xmlError(), kind: 'doubt', message: /HTML or XML/ },
    {
      trap: 'the JSON text null under 500',
      fault: faults.jsonNull(),
      kind: 'doubt',
      message: /it has no Code/,
    },
    {
      trap: 'a success under 302',
      fault: faults.anyAnswer({ status: 302, body: success }),
      kind: 'doubt',
      message: /neither .*: HTTP 302, Code 200/,
    },
    {
      trap: 'a success with a key that stands twice',
      fault: faults.anyAnswer({ body: success.replace('{', '{"Code":500,') }),
      kind: 'doubt',
      message: /it has the key "Code" twice/,
    },
    {
      trap: 'a success that closes before its last chunk',
      fault: faults.anyAnswer({ body: success, cutAt: success.length }),
      kind: 'doubt',
      message: /ECONNRESET/,
    },
    {
      trap: 'a signature mismatch',
      fault: faults.signatureMismatch(),
      kind: 'unauthenticated',
      message: /SignatureDoesNotMatch/,
      code: 'SignatureDoesNotMatch',
    },
  ];

  test.each(traps)('$trap fails as $kind', async ({ fault, kind, message, code, timeoutMs = unhurried }) => {
    edas.setFault(() => fault);
    await expect(send(timeoutMs)).rejects.toMatchObject({
      name: 'EdasFailure',
      kind,
      code,
      message: expect.stringMatching(message) as string,
    });
    expect(edas.calls).toMatchObject([{ operation, fault: fault.name }]);
  });

  test('every fault of the stand-in is in this table', () => {
    const kinds = traps.map(({ fault }) => fault.name.replace(/ .*/, ''));
    expect(new Set(kinds)).toEqual(new Set(Object.keys(faults)));
  });

  test('JSON that could poison a prototype fails as doubt', async () => {
    answerWith(200, '{"__proto__":{"Code":200}}');
    await expect(send(unhurried)).rejects.toMatchObject({
      kind: 'doubt',
    });
  });

  test('a success under another content type fails as doubt', async () => {
    answerWith(200, { Code: 200 }, 'text/plain');
    await expect(send(unhurried)).rejects.toMatchObject({
      kind: 'doubt',
      message: expect.stringContaining('it is text, not JSON') as string,
    });
  });
});

describe('a rollback of', () => {
  test('an order that EDAS does not know fails as not_found', async () => {
    await expect(client.rollBack('RollbackChangeOrder', 'nobody', unhurried)).rejects.toMatchObject({
      kind: 'not_found',
      code: 'InvalidChangeOrder.NotFound',
      requestId: expect.any(String) as string,
    });
  });

  test('an order that was rolled back before fails as rejected', async () => {
    await client.rollBack('RollbackChangeOrder', orderId, unhurried);
    await expect(client.rollBack('RollbackChangeOrder', orderId, unhurried)).rejects.toMatchObject({
      kind: 'rejected',
      code: 'Application.ChangerOrder.Not.Running',
    });
  });
});

describe('the message of a failure', () => {
  const longest = 301;

  async function messageOf(call: Promise<unknown>): Promise<string> {
    const error: unknown = await call.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (!(error instanceof Error)) throw new Error('The call succeeded');
    return error.message;
  }

  const withheld = (code: string) =>
    `EDAS answered ${code}; its words are withheld, for they quote the credentials.`;

  test('is withheld when the gateway quotes the string to sign', async () => {
    edas.setFault(() => faults.signatureMismatch());
    expect(await messageOf(client.rollBack('RollbackChangeOrder', orderId, unhurried))).toBe(
      withheld('SignatureDoesNotMatch'),
    );
  });

  test.each([
    ['as it is', (secret: string) => secret],
    ['URL-encoded', encodeURIComponent],
    ['JSON-escaped', (secret: string) => JSON.stringify(secret)],
    ['without its end', (secret: string) => secret.slice(0, -1)],
    ['without its beginning', (secret: string) => secret.slice(4)],
    ['behind much else, where it would be cut', (secret: string) => 'x'.repeat(260) + secret.repeat(20)],
  ])('is withheld when it quotes a credential %s', async (_how, quote) => {
    for (const secret of Object.values(credentials)) {
      answerWith(400, { Code: 'Fake', Message: `no: ${quote(secret)}` });
      expect(await messageOf(client.rollBack('RollbackChangeOrder', orderId, unhurried))).toBe(
        withheld('Fake'),
      );
    }
  });

  test('passes on no id of an accepted rollback that quotes a credential or is none', async () => {
    const { securityToken, accessKeySecret } = credentials;
    answerWith(200, {
      Code: 200,
      RequestId: securityToken,
      TraceId: `trace ${accessKeySecret}`,
      Data: { ChangeOrderId: orderId },
    });
    expect(await client.rollBack('RollbackChangeOrder', orderId, unhurried)).toEqual({
      rollbackChangeOrderId: orderId,
      requestId: undefined,
      traceId: undefined,
    });
  });

  test.each([
    ['Message', { Code: 'Fake', Message: 'x'.repeat(100_000) }],
    ['Code', { Code: 'x'.repeat(100_000), Message: 'Fake' }],
  ])('is of bounded length when %s is not', async (_what, answer) => {
    answerWith(500, answer);
    const message = await messageOf(client.rollBack('RollbackChangeOrder', orderId, unhurried));
    expect(message).toMatch(/^EDAS answered .*…$/);
    expect(message).toHaveLength(longest);
  });

  test.each(['RequestId', 'TraceId'])('is clean and short, and so is the %s beside it', async (id) => {
    answerWith(400, { Code: 'Fake', [id]: `${credentials.securityToken} ${'x'.repeat(10_000)}` });
    const failure: unknown = await client
      .rollBack('RollbackChangeOrder', orderId, unhurried)
      .catch((error: unknown) => error);
    const json = JSON.stringify(failure);
    expect({ isClean: !json.includes(credentials.securityToken), isShort: json.length < 1_000 }).toEqual({
      isClean: true,
      isShort: true,
    });
  });
});
