import ROAClient from '@alicloud/pop-core/lib/roa.js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ChangeOrderPlan } from '../../../../local/stand-ins/edas/change-orders.ts';
import * as faults from '../../../../local/stand-ins/edas/faults.ts';
import * as rewordings from '../../../../local/stand-ins/edas/rewordings.ts';
import {
  startEdasStandIn,
  type EdasStandIn,
  type EdasStandInOptions,
} from '../../../../local/stand-ins/edas/stand-in.ts';

const credentials = {
  accessKeyId: 'fake-access-key-id',
  accessKeySecret: 'fake-access-key-secret',
  securityToken: 'fake-security-token',
};
const appId = '3616cdca-4f92-4413-0000-000000000000';
const defaultGroup = '8123db90-880f-486f-0000-000000000000';
const canary = '941be68c-4aac-48a1-0000-000000000000';
const paths = {
  rollBack: '/pop/v5/changeorder/co_rollback',
  history: '/pop/v5/app/deploy_history_version_list',
  state: '/pop/v5/app/app_status',
  list: '/pop/v5/changeorder/change_order_list',
  info: '/pop/v5/changeorder/change_order_info',
};
const anyRequestId = expect.stringMatching(/^[0-9A-F-]{36}$/) as string;
const success = { Code: 200, Message: 'success', RequestId: anyRequestId };

// pop-core dates its requests itself, so the clock stays within the 15 minutes that are allowed.
let clock: number;
let edas: EdasStandIn;
let client: ROAClient;

beforeEach(async () => {
  clock = Date.now();
  await start();
});

afterEach(() => edas.close());

/** An application whose version `one` was replaced by `two` half an hour ago. */
async function start(options: Partial<EdasStandInOptions> = {}): Promise<void> {
  edas = await startEdasStandIn({ credentials, now: () => clock, ...options });
  release({ version: 'one', createdAt: clock - 3_600_000 });
  release({ version: 'two', createdAt: clock - 1_800_000 });
  client = clientWith(credentials);
}

async function restart(options: Partial<EdasStandInOptions>): Promise<void> {
  await edas.close();
  await start(options);
}

function release(plan: Partial<ChangeOrderPlan>): string {
  return edas.orders.add({ appId, readyMs: 0, batchMs: 10_000, pauseMs: 0, ...plan });
}

function clientWith(key: typeof credentials): ROAClient {
  return new ROAClient({
    endpoint: edas.url,
    apiVersion: '2017-08-01',
    credentialsProvider: { getCredentials: () => Promise.resolve(key) },
    opts: { connectTimeout: 5_000, readTimeout: 5_000 },
  });
}

function rollBack(changes: Record<string, string> = {}): Promise<unknown> {
  const query = { AppId: appId, GroupId: 'all', HistoryVersion: 'one', Batch: '2', BatchWaitTime: '0' };
  return client.request('POST', paths.rollBack, { ...query, ...changes });
}

function history(): Promise<unknown> {
  return client.request('GET', paths.history, { AppId: appId });
}

function state(): Promise<unknown> {
  return client.request('GET', paths.state, { AppId: appId });
}

function list(): Promise<unknown> {
  return client.request('POST', paths.list, { AppId: appId });
}

function effects() {
  return edas.orders.releaseRollbacksOf(appId).map(({ groupId, version }) => [groupId, version]);
}

describe('RollbackApplication', () => {
  test('answers with the new order at the top level, and deploys the version', async () => {
    const answer = await rollBack();
    const order = edas.orders.ofApplication(appId).at(-1);
    expect(answer).toEqual({ ...success, ChangeOrderId: order?.id });
    expect(effects()).toEqual([['all', 'one']]);
    expect(edas.calls).toMatchObject([
      {
        operation: 'RollbackApplication',
        method: 'POST',
        path: paths.rollBack,
        appId,
        query: { AppId: appId, GroupId: 'all', HistoryVersion: 'one', Batch: '2', BatchWaitTime: '0' },
        status: 200,
      },
    ]);
  });

  test('needs neither batches nor a wait between them: Terraform sends none', async () => {
    const query = { AppId: appId, GroupId: defaultGroup, HistoryVersion: 'one' };
    expect(await client.request('POST', paths.rollBack, query)).toMatchObject(success);
    expect(edas.orders.ofApplication(appId).at(-1)?.batches).toHaveLength(1);
  });

  test('is followed to its end as any order is, and listed with its group and its end', async () => {
    const { ChangeOrderId } = (await rollBack({ GroupId: defaultGroup })) as { ChangeOrderId: string };
    const read = () => client.request('POST', paths.info, { ChangeOrderId });
    expect(await read()).toMatchObject({ changeOrderInfo: { Status: 1, BatchCount: 2 } });
    clock += 20_000;
    expect(await read()).toMatchObject({ changeOrderInfo: { Status: 2 } });
    expect(await list()).toMatchObject({
      ChangeOrderList: {
        ChangeOrder: [
          { Source: 'console', CoTypeCode: 'CoDeploy' },
          {},
          {
            ChangeOrderId,
            Source: 'pop',
            GroupId: defaultGroup,
            FinishTime: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/) as string,
            ChangeOrderDescription:
              'Rollback Application | Version: one | Package Name: demo-1.0.jar | Deployment Target: Default Group',
          },
        ],
      },
    });
  });

  test.each([
    ['AppId', 'MissingAppId'],
    ['GroupId', 'MissingGroupId'],
    ['HistoryVersion', 'MissingHistoryVersion'],
  ])('without %s is refused by the gateway', async (name, code) => {
    await expect(rollBack({ [name]: '' })).rejects.toMatchObject({ statusCode: 400, code });
    expect(effects()).toEqual([]);
  });

  test.each([
    ['an unknown application', { AppId: 'unknown' }, /does not exist/],
    ['an unknown version', { HistoryVersion: 'none' }, /no version none/],
    ['an unknown group', { GroupId: 'unknown' }, /no group unknown/],
    ['a group without instances', { GroupId: canary }, /ex\.app\.deploy\.group\.empty/],
    ['six batches', { Batch: '6' }, /Batch must be/],
    ['batches that are no number', { Batch: 'two' }, /Batch must be/],
    ['six minutes between them', { BatchWaitTime: '6' }, /BatchWaitTime must be/],
  ])('with %s is a business error under HTTP 200', async (_what, changes, message) => {
    edas.orders.setUp({ appId, groups: [{}, { id: canary, instances: [] }] });
    expect(await rollBack(changes)).toEqual({
      Code: 601,
      Message: expect.stringMatching(message) as string,
      RequestId: anyRequestId,
    });
    expect(effects()).toEqual([]);
  });

  test('while another change is in flight is a business error', async () => {
    release({ coType: 'CoReStart' });
    expect(await rollBack()).toMatchObject({
      Code: 601,
      Message: expect.stringMatching(/running/) as string,
    });
    expect(effects()).toEqual([]);
  });

  test('may answer with an empty id', async () => {
    await restart({ releaseRules: { namesOrder: false } });
    expect(await rollBack()).toEqual({ ...success, ChangeOrderId: '' });
    expect(effects()).toEqual([['all', 'one']]);
  });

  test.each([
    ['PUT', paths.rollBack],
    ['GET', paths.rollBack],
    ['POST', paths.history],
    ['POST', paths.state],
  ] as const)('and the reads beside it are not found by %s %s', async (method, path) => {
    const query = { AppId: appId, GroupId: 'all', HistoryVersion: 'one' };
    await expect(client.request(method, path, query)).rejects.toMatchObject({ statusCode: 404 });
    expect(effects()).toEqual([]);
  });
});

describe('ListHistoryDeployVersion', () => {
  const version = (name: string, createdAt: number) => ({
    Id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
    AppId: appId,
    PackageVersion: name,
    Type: 'url',
    CreateTime: createdAt,
    UpdateTime: createdAt,
    Description: '',
    WarUrl: expect.stringMatching(/demo-1\.0\.jar$/) as string,
    PublicUrl: expect.stringMatching(/demo-1\.0\.jar$/) as string,
  });

  test('lists the versions as the SDK has them, oldest first', async () => {
    expect(await history()).toEqual({
      ...success,
      PackageVersionList: {
        PackageVersion: [version('one', clock - 3_600_000), version('two', clock - 1_800_000)],
      },
    });
    expect(edas.calls).toMatchObject([
      { operation: 'ListHistoryDeployVersion', method: 'GET', appId, status: 200 },
    ]);
  });

  test('can be the flat list of an older page', async () => {
    await restart({ releaseRules: { historyShape: 'array' } });
    expect(await history()).toMatchObject({
      PackageVersionList: [{ PackageVersion: 'one' }, { PackageVersion: 'two' }],
    });
  });

  test('is empty for an application to which nothing was deployed', async () => {
    edas.orders.setUp({ appId: 'new', groups: [{}] });
    expect(await client.request('GET', paths.history, { AppId: 'new' })).toEqual({
      ...success,
      PackageVersionList: { PackageVersion: [] },
    });
  });
});

describe('QueryApplicationStatus', () => {
  test('shows the application, its groups, instances, machines and deployments as the SDK has them', async () => {
    edas.orders.setUp({ appId, groups: [{ instances: [3] }] });
    const [, two] = edas.orders.historyOf(appId);
    const [, order] = edas.orders.ofApplication(appId);
    const ids = {
      EccId: '0cf49a6c-95a8-4aa8-0000-000000000000',
      EcuId: '07bd417a-95a8-4aa8-0000-000000000000',
    };
    const places = { RegionId: 'cn-hangzhou', VpcId: 'vpc-fake' };
    const ClusterId = '0d247b93-8d62-4e34-0000-000000000000';
    // Of a group of one instance and an order of two batches, the first moves it.
    const movedAt = clock - 1_800_000 + 10_000;

    expect(await state()).toEqual({
      ...success,
      AppInfo: {
        Application: {
          ApplicationId: appId,
          Name: 'demo',
          ClusterId,
          RegionId: 'cn-hangzhou',
          Dockerize: false,
          Port: 8080,
          HealthCheckUrl: '',
          InstanceCount: 1,
          RunningInstanceCount: 0,
        },
        GroupList: {
          Group: [
            {
              AppId: appId,
              GroupId: defaultGroup,
              GroupName: '_DEFAULT_GROUP',
              GroupType: 0,
              ClusterId,
              PackageVersionId: two?.id,
              AppVersionId: `changeorder_${order?.id}`,
              UpdateTime: movedAt + 10_000,
            },
          ],
        },
        EccList: {
          Ecc: [
            {
              ...ids,
              AppId: appId,
              GroupId: defaultGroup,
              AppState: 3,
              TaskState: 3,
              ContainerStatus: '',
              VpcId: 'vpc-fake',
              UpdateTime: movedAt,
            },
          ],
        },
        EcuList: {
          Ecu: [
            {
              ...places,
              EcuId: ids.EcuId,
              GroupId: defaultGroup,
              InstanceId: 'i-000000000000',
              Online: true,
              DockerEnv: false,
            },
          ],
        },
        DeployRecordList: {
          DeployRecord: [
            {
              ...ids,
              DeployRecordId: `${order?.id}-0000`,
              PackageVersionId: two?.id,
              PackageMd5: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
              CreateTime: movedAt,
            },
          ],
        },
      },
    });
    expect(edas.calls).toMatchObject([
      { operation: 'QueryApplicationStatus', method: 'GET', appId, status: 200 },
    ]);
  });

  test('names the earlier version on an instance before it does in the group', async () => {
    const [one, two] = edas.orders.historyOf(appId);
    await rollBack();
    clock += 10_000;
    expect(await state()).toMatchObject({
      AppInfo: {
        GroupList: { Group: [{ PackageVersionId: two?.id }] },
        DeployRecordList: { DeployRecord: [{ PackageVersionId: one?.id }, { PackageVersionId: two?.id }] },
      },
    });
    clock += 10_000;
    expect(await state()).toMatchObject({
      AppInfo: { GroupList: { Group: [{ PackageVersionId: one?.id }] } },
    });
  });

  test('can list every deployment of an instance, oldest first', async () => {
    await restart({ releaseRules: { deployRecords: 'every' } });
    edas.orders.setUp({ appId, groups: [{ instances: [7] }] });
    const [one, two] = edas.orders.historyOf(appId);
    expect(await state()).toMatchObject({
      AppInfo: {
        DeployRecordList: { DeployRecord: [{ PackageVersionId: one?.id }, { PackageVersionId: two?.id }] },
      },
    });
  });

  test('names no version where nothing was deployed', async () => {
    edas.orders.setUp({ appId: 'new', groups: [{}] });
    const answer = await client.request('GET', paths.state, { AppId: 'new' });
    expect(answer).toMatchObject({ AppInfo: { DeployRecordList: { DeployRecord: [] } } });
    expect(JSON.stringify(answer)).not.toContain('PackageVersionId');
  });
});

describe.each([
  ['ListHistoryDeployVersion', paths.history],
  ['QueryApplicationStatus', paths.state],
])('%s', (_operation, path) => {
  test('of an unknown application is a business error', async () => {
    expect(await client.request('GET', path, { AppId: 'unknown' })).toMatchObject({ Code: 601 });
  });

  test('without an application is refused by the gateway', async () => {
    await expect(client.request('GET', path)).rejects.toMatchObject({
      statusCode: 400,
      code: 'MissingAppId',
    });
  });

  test('is refused when it is not signed as it should be', async () => {
    const wrong = clientWith({ ...credentials, accessKeySecret: 'another-fake-secret' });
    await expect(wrong.request('GET', path, { AppId: appId })).rejects.toMatchObject({
      code: 'SignatureDoesNotMatch',
    });
  });
});

describe('a fault of RollbackApplication', () => {
  test.each([
    ['takes effect', faults.resetAfterHandling(), 1],
    ['takes effect', faults.htmlBadGateway({ takesEffect: true }), 1],
    ['takes effect', faults.anyAnswer({ body: '{}', takesEffect: true }), 1],
    ['takes effect', faults.cutInHalf(), 1],
    ['takes effect', rewordings.bareSuccess(), 1],
    ['takes effect', rewordings.emptyOrderId(), 1],
    ['takes effect', faults.throttled({ takesEffect: true }), 1],
    ['does not take effect', faults.resetBeforeHandling(), 0],
    ['does not take effect', faults.businessErrorUnder200(), 0],
    ['does not take effect', faults.throttled(), 0],
    ['does not take effect', faults.htmlBadGateway(), 0],
  ])('%s: $name', async (_what, fault, count) => {
    edas.setFault(({ operation }) => (operation === 'RollbackApplication' ? fault : undefined));
    await rollBack().catch(() => undefined);
    expect(effects()).toHaveLength(count);
    expect(edas.calls).toMatchObject([{ fault: fault.name }]);
  });

  test('emptyOrderId is a success that names no order, with what else is true', async () => {
    edas.setFault(() => rewordings.emptyOrderId());
    expect(await rollBack()).toEqual({ ...success, ChangeOrderId: '' });
  });

  test('emptyOrderId leaves a refusal as it is', async () => {
    edas.setFault(() => rewordings.emptyOrderId());
    expect(await rollBack({ HistoryVersion: 'none' })).not.toHaveProperty('ChangeOrderId');
  });
});

test.each([
  ['default-group', defaultGroup],
  ['all', 'all'],
] as const)('the list names %s of an order for all groups', async (listsAllGroupsAs, GroupId) => {
  await restart({ releaseRules: { listsAllGroupsAs } });
  release({ target: canary });
  expect(await list()).toMatchObject({
    ChangeOrderList: { ChangeOrder: [{ GroupId }, { GroupId }, { GroupId: canary }] },
  });
});

test('a read can lack a field, or have its numbers as text', async () => {
  edas.setFault(() => rewordings.withoutField('PackageVersionId'));
  expect(JSON.stringify(await state())).not.toContain('PackageVersionId');
  edas.setFault(() => rewordings.numbersAsText());
  expect(await history()).toMatchObject({
    PackageVersionList: { PackageVersion: [{ CreateTime: String(clock - 3_600_000) }, {}] },
  });
});
