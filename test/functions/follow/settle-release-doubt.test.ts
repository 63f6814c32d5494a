import { expect, test } from 'vitest';
import type { EdasClient, ListedChangeOrder } from '../../../functions/edas/client.ts';
import { settleReleaseDoubt } from '../../../functions/follow/settle-release-doubt.ts';
import type { RollbackEvent } from '../../../functions/follow/rollback-event.ts';
import { failed } from '../../support/edas-failure.ts';
import { openFollow, type AttemptOptions } from '../../support/follow.ts';
import { taskApp, taskDue, taskOrder } from '../../support/task.ts';

const startedAt = 1_000_000;
const seenUntil = startedAt - 600_000;
const task = {
  ...taskDue,
  app: taskApp,
  rollback: 'unknown',
  reason: 'EDAS gave no answer.',
  sentBefore: startedAt,
  wasInFlight: false,
  release: {
    fromVersion: '1.2',
    fromVersionId: 'id-2',
    toVersion: '1.1',
    groups: ['group-a'],
    seenUntil,
  },
} as const;

const order = (changeOrderId: string, createdAt: number, typeCode = 'CoDeploy'): ListedChangeOrder => ({
  changeOrderId,
  status: 1,
  typeCode,
  words: '',
  description: '',
  groupId: 'all',
  createdAt,
  finishedAt: undefined,
});
const release = order(taskOrder, seenUntil);

/** What EDAS shows. An Error is thrown. */
interface Seen {
  orders: ListedChangeOrder[] | Error;
  /** Which version the groups run, by the id of the group. */
  versions: Record<string, string | undefined> | Error;
}

function settle(seen: Partial<Seen>, { at = 0, ...options }: AttemptOptions & { at?: number } = {}) {
  const before: Seen = { orders: [release], versions: { 'group-a': 'id-2' } };
  let now: Seen = at === 0 ? { ...before, ...seen } : before;
  const follow = openFollow();
  follow.clock.at(at, () => {
    now = { ...before, ...seen };
  });
  const give = <T>(value: T | Error) =>
    value instanceof Error ? Promise.reject(value) : Promise.resolve(value);
  const client: Pick<EdasClient, 'listRecentChangeOrders' | 'getApplicationState'> = {
    listRecentChangeOrders: () => give(now.orders),
    getApplicationState: async () => {
      const versions = await give(now.versions);
      const groups = Object.entries(versions).map(([id, versionId]) => ({ id, name: undefined, versionId }));
      return { groups, instances: [] };
    },
  };
  const told: RollbackEvent[] = [];
  const means = follow.means(told, { edas: () => Promise.resolve(client as EdasClient), ...options });
  return settleReleaseDoubt(task, means).then((end) => ({
    end,
    told: told.map(({ event, problem }) => `${event}: ${problem?.message ?? ''}`),
    seconds: follow.clock.seconds(),
  }));
}

const looking =
  'outcome_unknown: The rollback was sent, and it is not known whether it began. EDAS gave no answer. This task looks at the application for two minutes. Nothing sends the rollback again.';
const notSeen =
  'outcome_unknown: The rollback was sent, and EDAS shows neither a change order of it nor another version, so most probably it had no effect. It is not sent again: look at the application in the EDAS console, and roll back there.';
const begunBy = (rollbackChangeOrderId: string | undefined) => ({
  end: { rollbackChangeOrderId },
  told: [looking],
});

test.each([0, 30, 119])('a new order that changes the version, after %d s, is the rollback', async (at) => {
  const orders = [order('later', startedAt + 2_000), order('first', startedAt + 1_000), release];
  expect(await settle({ orders }, { at })).toMatchObject(begunBy('first'));
});

test.each<[string, Partial<Seen>]>([
  ['another version in a group', { versions: { 'group-a': 'id-1' } }],
  [
    'another version, where the list cannot be read',
    { orders: failed('denied'), versions: { 'group-a': 'id-1' } },
  ],
])('%s shows that it has begun, without its order', async (_what, seen) => {
  expect(await settle(seen)).toMatchObject(begunBy(undefined));
});

test.each<[string, Partial<Seen>]>([
  ['nothing new', {}],
  ['a restart', { orders: [release, order('restart', startedAt + 1_000, 'CoRestart')] }],
  ['an order that was seen before the call', { orders: [release, order('other', seenUntil)] }],
  [
    'another version in a group that is not concerned',
    { versions: { 'group-a': 'id-2', 'group-b': 'id-1' } },
  ],
  ['a group whose version is not given', { versions: { 'group-a': undefined } }],
  ['nothing at all', { orders: failed('doubt'), versions: failed('doubt') }],
])('%s leaves the doubt, after two minutes', async (_what, seen) => {
  const { end, told, seconds } = await settle(seen);
  expect(end).toMatchObject({
    code: 'edas_outcome_unknown',
    facts: { app: taskApp, changeOrderId: taskOrder },
  });
  expect(told).toEqual([looking, notSeen]);
  expect(seconds).toBe(120);
});

test('people are told again by a retry only what no attempt before it can have told', async () => {
  expect((await settle({}, { retryCount: 1 })).told).toEqual([notSeen]);
  expect((await settle({}, { retryCount: 1, now: () => startedAt + 120_000 })).told).toEqual([]);
});
