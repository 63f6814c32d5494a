import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createEdasClient, type EdasClient } from '../../../functions/edas/client.ts';
import { EdasFailure } from '../../../functions/edas/failure.ts';
import type { ReleaseRollbackOrder } from '../../../functions/edas/release.ts';
import { anyAnswer } from '../../../local/stand-ins/edas/faults.ts';
import type { ReleaseRules } from '../../../local/stand-ins/edas/release-rules.ts';
import { startEdasStandIn, type EdasStandIn } from '../../../local/stand-ins/edas/stand-in.ts';
import {
  answerOf,
  bodiesWith,
  isConsistent,
  newOrderId,
  statuses,
  wrappings,
  type Body,
  type Wrapping,
} from '../../support/rollback-answers.ts';

const credentials = {
  accessKeyId: 'fake-access-key-id',
  accessKeySecret: 'fake-access-key-secret',
  securityToken: 'fake-security-token',
};
const appId = '3616cdca-4f92-4413-0000-000000000000';
const release = '4f40e616-cdcd-4250-a018-efd459900000';
const group = '8123db90-880f-486f-0000-000000000000';
const unhurried = 5_000;

const order: ReleaseRollbackOrder = {
  appId,
  groupId: 'all',
  version: 'v1',
  batches: 2,
  batchWaitMinutes: 3,
};

let edas: EdasStandIn;
let client: EdasClient;

async function open(releaseRules: ReleaseRules = {}): Promise<void> {
  edas = await startEdasStandIn({ credentials, releaseRules });
  client = createEdasClient(edas.url, { getCredentials: () => Promise.resolve(credentials) });
}

/** Deploys `v1`, then `v2`, half an hour ago. */
function addReleases(): void {
  const endedAgo = Date.now() - 1_800_000;
  edas.orders.add({ appId, version: 'v1', createdAt: endedAgo - 86_400_000 });
  edas.orders.add({ id: release, appId, version: 'v2', createdAt: endedAgo });
}

function failureOf(call: Promise<unknown>): Promise<EdasFailure> {
  return call.then(
    () => {
      throw new Error('The call succeeded');
    },
    (error: unknown) => {
      if (error instanceof EdasFailure) return error;
      throw error;
    },
  );
}

function answerWith(answer: unknown, status = 200): void {
  edas.setFault(() => anyAnswer({ status, body: JSON.stringify(answer) }));
}

describe('an operation', () => {
  beforeEach(() => open());
  afterEach(() => edas.close());

  test("listHistoryVersions is EDAS's ListHistoryDeployVersion, and gives each version's id, name and time", async () => {
    addReleases();
    const [v1, v2] = edas.orders.historyOf(appId);
    expect(await client.listHistoryVersions(appId, unhurried)).toEqual([
      { id: v1?.id, version: 'v1', createdAt: v1?.createdAt },
      { id: v2?.id, version: 'v2', createdAt: v2?.createdAt },
    ]);
    expect(edas.calls).toMatchObject([
      {
        operation: 'ListHistoryDeployVersion',
        method: 'GET',
        path: '/pop/v5/app/deploy_history_version_list',
        query: { AppId: appId },
        status: 200,
      },
    ]);
  });

  test("getApplicationState is EDAS's QueryApplicationStatus, and gives the groups, and the instances with their versions", async () => {
    edas.orders.setUp({ appId, groups: [{ instances: [7, 3] }, { name: 'canary', instances: [] }] });
    addReleases();
    const [v1, v2] = edas.orders.historyOf(appId);
    const groups = edas.orders.runningIn(appId);
    const { groups: seen, instances } = await client.getApplicationState(appId, unhurried);
    expect(seen).toEqual([
      { id: group, name: '_DEFAULT_GROUP', versionId: v2?.id },
      { id: groups[1]?.id, name: 'canary', versionId: v2?.id },
    ]);
    expect(instances).toEqual(
      [7, 3].map((state, place) => ({
        id: groups[0]?.instances[place]?.id,
        groupId: group,
        state,
        versionId: v2?.id,
      })),
    );
    expect(v1?.id).not.toBe(v2?.id);
    expect(edas.calls).toMatchObject([
      {
        operation: 'QueryApplicationStatus',
        method: 'GET',
        path: '/pop/v5/app/app_status',
        query: { AppId: appId },
        status: 200,
      },
    ]);
  });

  test("rollBackApplication is EDAS's RollbackApplication, and gives the order that deploys the version before", async () => {
    addReleases();
    const receipt = await client.rollBackApplication({ ...order, groupId: group }, unhurried);
    expect(edas.orders.releaseRollbacksOf(appId)).toEqual([
      { changeOrderId: receipt.rollbackChangeOrderId, groupId: group, version: 'v1' },
    ]);
    expect(receipt).toEqual({
      rollbackChangeOrderId: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      requestId: expect.stringMatching(/^[0-9A-F-]{36}$/) as string,
      traceId: undefined,
    });
    expect(edas.calls).toMatchObject([
      {
        operation: 'RollbackApplication',
        method: 'POST',
        path: '/pop/v5/changeorder/co_rollback',
        status: 200,
      },
    ]);
    expect(edas.calls[0]?.query).toEqual({
      AppId: appId,
      GroupId: group,
      HistoryVersion: 'v1',
      Batch: '2',
      BatchWaitTime: '3',
    });
  });

  // The stand-in checks the signature over what arrives.
  test.each([
    '2019-11-13 14:22:22',
    '1.0',
    '版本 1',
    'a+b',
    'a&Batch=5',
    'a=b',
    'a?b#c',
    '%2F',
    'a\'b"c*~!()',
  ])('rollBackApplication hands the version %j over as it is', async (version) => {
    edas.orders.add({ appId, version, createdAt: Date.now() - 7_200_000 });
    edas.orders.add({ appId, version: 'v2', createdAt: Date.now() - 3_600_000 });
    await client.rollBackApplication({ ...order, version }, unhurried);
    expect(edas.orders.releaseRollbacksOf(appId)).toMatchObject([{ version }]);
    expect(edas.calls).toMatchObject([{ query: { HistoryVersion: version, Batch: '2' }, status: 200 }]);
  });

  test('of an application that EDAS does not know fails as rejected', async () => {
    const calls = [
      client.listHistoryVersions(appId, unhurried),
      client.getApplicationState(appId, unhurried),
      client.rollBackApplication(order, unhurried),
    ];
    for (const call of calls) expect(await failureOf(call)).toMatchObject({ kind: 'rejected', code: '601' });
  });

  test.each([
    ['a group without instances', [], 'ex.app.deploy.group.empty'],
    ['more batches than EDAS allows', [7], 'Batch must be from 1 to 5.'],
  ] as const)('rollBackApplication fails as rejected with %s', async (_what, instances, message) => {
    edas.orders.setUp({ appId, groups: [{ instances }] });
    addReleases();
    expect(await failureOf(client.rollBackApplication({ ...order, batches: 6 }, unhurried))).toMatchObject({
      kind: 'rejected',
      code: '601',
      message: `EDAS answered 601: ${message}`,
    });
    expect(edas.orders.releaseRollbacksOf(appId)).toEqual([]);
  });

  test('rollBackApplication fails as rejected while EDAS lets no second change begin', async () => {
    addReleases();
    await client.rollBackApplication(order, unhurried);
    expect(await failureOf(client.rollBackApplication(order, unhurried))).toMatchObject({ kind: 'rejected' });
    expect(edas.orders.releaseRollbacksOf(appId)).toHaveLength(1);
  });
});

describe('EDAS may answer in another way:', () => {
  afterEach(() => edas.close());

  test('the history is a list, as in an older page, and is read as well', async () => {
    await open({ historyShape: 'array' });
    addReleases();
    const history = await client.listHistoryVersions(appId, unhurried);
    expect(history.map(({ version }) => version)).toEqual(['v1', 'v2']);
  });

  test('every deployment of an instance is listed, and the newest is what runs', async () => {
    await open({ deployRecords: 'every' });
    addReleases();
    const [, v2] = edas.orders.historyOf(appId);
    const { instances } = await client.getApplicationState(appId, unhurried);
    expect(instances.map(({ versionId }) => versionId)).toEqual([v2?.id, v2?.id]);
  });

  test('no order is named for a rollback, which is a success', async () => {
    await open({ namesOrder: false });
    addReleases();
    expect(await client.rollBackApplication(order, unhurried)).toMatchObject({
      rollbackChangeOrderId: undefined,
      requestId: expect.any(String) as string,
    });
    expect(edas.orders.releaseRollbacksOf(appId)).toHaveLength(1);
  });
});

describe('the answer to a rollback of a release', () => {
  beforeEach(() => open());
  afterEach(() => edas.close());

  test.each([
    ['Code as a number', { Code: 200, ChangeOrderId: newOrderId }, newOrderId],
    ['Code as text', { Code: '200', ChangeOrderId: newOrderId }, newOrderId],
    ['the documented words', { Code: 200, Message: 'success', ChangeOrderId: newOrderId }, newOrderId],
    ['an id in capitals', { Code: 200, ChangeOrderId: newOrderId.toUpperCase() }, newOrderId],
    ['an empty id', { Code: 200, Message: 'success', ChangeOrderId: '' }, undefined],
    ['null for an id', { Code: 200, ChangeOrderId: null }, undefined],
    ['no id', { Code: 200, Message: 'success' }, undefined],
    [
      'an id elsewhere, which is not documented',
      { Code: 200, Data: { ChangeOrderId: newOrderId } },
      undefined,
    ],
  ])('is a success with %s', async (_what, answer, rollbackChangeOrderId) => {
    answerWith(answer);
    expect(await client.rollBackApplication(order, unhurried)).toEqual({
      rollbackChangeOrderId,
      requestId: undefined,
      traceId: undefined,
    });
  });

  test.each([
    ['an id that is no UUID', { ChangeOrderId: 'null' }, 'no message'],
    ['an id that is a number', { ChangeOrderId: 42 }, 'no message'],
    ['an id that is false', { ChangeOrderId: false }, 'no message'],
    ['an id in an object', { ChangeOrderId: { Id: newOrderId } }, 'no message'],
    ['an endless id', { ChangeOrderId: 'x'.repeat(10_000) }, 'no message'],
    ['words that contradict it', { ChangeOrderId: newOrderId, Message: 'not allowed' }, 'not allowed'],
    ['words that contradict it, and no id', { Message: 'not allowed' }, 'not allowed'],
    [
      'words that contradict it, no id, and an ErrorCode',
      { Message: 'not allowed', ErrorCode: 'success' },
      'not allowed',
    ],
    [
      'words that say that the group is empty',
      { Message: 'ex.app.deploy.group.empty' },
      'ex.app.deploy.group.empty',
    ],
  ])('is in doubt with %s', async (_what, answer, message) => {
    answerWith({ Code: 200, ...answer });
    expect(await failureOf(client.rollBackApplication(order, unhurried))).toMatchObject({
      kind: 'doubt',
      message: `EDAS answered 200 without a sure sign that it rolls back: ${message}`,
    });
  });

  test('passes on no id that quotes a credential', async () => {
    const { securityToken: RequestId, accessKeySecret: TraceId } = credentials;
    answerWith({ Code: 200, ChangeOrderId: newOrderId, RequestId, TraceId });
    expect(await client.rollBackApplication(order, unhurried)).toEqual({
      rollbackChangeOrderId: newOrderId,
      requestId: undefined,
      traceId: undefined,
    });
    answerWith({ Code: 200, ChangeOrderId: credentials.securityToken });
    expect((await failureOf(client.rollBackApplication(order, unhurried))).kind).toBe('doubt');
  });
});

describe('whatever EDAS answers to a rollback of a release, the client sends it once, and', () => {
  beforeAll(() => open());
  afterAll(() => edas.close());

  const bodies = {
    ...bodiesWith((ChangeOrderId) => ({ ChangeOrderId })),
    'a success as documented': body('yes', (ChangeOrderId) => ({
      Code: 200,
      Message: 'success',
      RequestId: 'FAKE-REQUEST-ID',
      ChangeOrderId,
    })),
    'the order under Data, as of a change in flight, and null here': body('nothing clear', (id) => ({
      Code: 200,
      Message: 'operation not allowed',
      Data: { ChangeOrderId: id },
      ChangeOrderId: null,
    })),
    'a group without instances': body('no', () => ({ Code: 601, Message: 'ex.app.deploy.group.empty' })),
    'a session that has expired': body('no', () => ({ Code: 'InvalidSecurityToken.Expired' })),
  } as const satisfies Record<string, Body>;

  function body(says: Body['says'], answer: (id: string) => object): Body {
    return { says, text: (id) => JSON.stringify(answer(id)) };
  }

  /** What the client should say of an answer. */
  function saysOf(wrapping: Wrapping, { says, ...rest }: Body): Body['says'] {
    return isConsistent(wrapping, { says, ...rest }) ? says : 'nothing clear';
  }

  const noes = ['rejected', 'denied', 'not_found', 'unauthenticated'];

  async function send(wrapping: Wrapping, body: Body): Promise<{ says: unknown; calls: number }> {
    const before = edas.calls.length;
    edas.setFault(() => answerOf(wrapping, body, release, false));
    const says = await client.rollBackApplication(order, unhurried).then(
      ({ rollbackChangeOrderId }) => (rollbackChangeOrderId === undefined ? 'yes, and no order' : 'yes'),
      (error: unknown) => (error instanceof EdasFailure ? wordFor(error.kind) : error),
    );
    return { says, calls: edas.calls.length - before };
  }

  function wordFor(kind: EdasFailure['kind']): string {
    if (noes.includes(kind)) return 'no';
    return kind === 'doubt' ? 'nothing clear' : kind;
  }

  test.each(Object.entries<Body>(bodies))(
    'tells a yes from a no from what is neither: %s, in every wrapping',
    async (_what, each) => {
      const seen: unknown[] = [];
      for (const wrapping of wrappings) seen.push({ ...wrapping, ...(await send(wrapping, each)) });
      const due = wrappings.map((wrapping) => ({ ...wrapping, says: saysOf(wrapping, each), calls: 1 }));
      expect(seen).toEqual(due);
    },
  );

  test('each status meets each body', () => {
    expect(new Set(wrappings.map(({ status }) => status))).toEqual(new Set(statuses));
    expect(wrappings.length * Object.keys(bodies).length).toBeGreaterThan(600);
  });

  test.each([
    ['an empty id', { ChangeOrderId: '' }, 200, 'yes, and no order'],
    ['no id', {}, 200, 'yes, and no order'],
    ['an empty id under another status', { ChangeOrderId: '' }, 202, 'nothing clear'],
    ['an empty id under a status of failure', { ChangeOrderId: '' }, 500, 'nothing clear'],
  ])('takes %s for what it is', async (_what, fields, status, says) => {
    const answer = body('yes', () => ({ Code: 200, Message: 'success', ...fields }));
    const [wrapping] = wrappings.filter((each) => each.status === status);
    if (!wrapping) throw new Error('There is no such status');
    expect(await send(wrapping, answer)).toEqual({ says, calls: 1 });
  });
});
