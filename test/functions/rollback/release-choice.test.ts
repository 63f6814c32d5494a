import { describe, expect, test } from 'vitest';
import type { ListedChangeOrder } from '../../../functions/edas/client.ts';
import { planReleaseChoice } from '../../../functions/rollback/ended-release.ts';
import type { ReleaseReadings, ReleaseRequest } from '../../../functions/rollback/release.ts';
import { problemOf } from '../../support/problem.ts';

const now = Date.parse('2026-01-02T03:04:05Z');
const minute = 60_000;
const [release, before] = ['dc5133d7-773f-4c81-9c5a-e2103dce0f6a', 'dc5133d7-773f-4c81-9c5a-e2103dce0001'];

const request: ReleaseRequest = {
  app: '3616cdca-4f92-4413-0000-000000000000',
  changeOrderId: release,
  policy: { withinMs: 30 * minute, everyMs: 60 * minute, group: 'all', batches: 2, batchWaitMinutes: 1 },
};

/** A deployment that succeeded: it began so many minutes ago, and took one minute. */
const order = (
  changeOrderId: string,
  minutesAgo: number,
  description: string,
  changes: Partial<ListedChangeOrder> = {},
): ListedChangeOrder => ({
  changeOrderId,
  status: 2,
  typeCode: 'CoDeploy',
  words: description,
  description,
  groupId: 'all',
  createdAt: now - minutesAgo * minute,
  finishedAt: now - (minutesAgo - 1) * minute,
  ...changes,
});
const named = (version: string) => `Version: ${version} | Package Name: demo | Deployment Target: All Groups`;
const entry = (id: string, version: string, minutesAgo: number) => ({
  id,
  version,
  createdAt: now - minutesAgo * minute,
});
const running = (versionId: string): ReleaseReadings['state'] => ({
  groups: [{ id: 'a', name: 'a', versionId }],
  instances: [{ id: 'i', groupId: 'a', state: 7, versionId }],
});

const [own, earlier] = [order(release, 10, named('1.2')), order(before, 1_440, named('1.1'))];
const orders = [own, earlier];
const history = [entry('id-2', '1.2', 10), entry('id-1', '1.1', 1_440), entry('id-0', '1.0', 2_880)];
const readings: ReleaseReadings = {
  orders,
  order: { status: 2, supportRollback: true, startedAt: now - 10 * minute },
  history,
  state: running('id-2'),
  readAt: now,
};

const choice = (changes: Partial<ReleaseReadings> = {}, asked: Partial<ReleaseRequest> = {}) =>
  planReleaseChoice({ ...request, ...asked }, { ...readings, ...changes });
const codeOf = (changes: Partial<ReleaseReadings>, asked: Partial<ReleaseRequest> = {}) =>
  problemOf(() => choice(changes, asked))?.code;

describe('a person chooses among', () => {
  const all = { plan: 'choose', fromVersion: '1.2', groups: ['a'] };

  test('all versions but the newest, and the one is marked that ran before for certain', () => {
    expect(choice()).toEqual({ ...all, toVersion: '1.1', candidates: ['1.1', '1.0'] });
  });

  const unsure: [what: string, changes: Partial<ReleaseReadings>][] = [
    ['the deployment before failed', { orders: [own, order(before, 1_440, named('1.1'), { status: 3 })] }],
    ['the deployment before names no version', { orders: [own, order(before, 1_440, 'by hand')] }],
    ['the release names no version', { orders: [order(release, 10, 'by hand'), earlier] }],
    ['the list shows no deployment before', { orders: [own] }],
    [
      'a deployment ran beside the release',
      { orders: [own, order(before, 30, named('1.1'), { finishedAt: now - 9.5 * minute })] },
    ],
  ];
  test.each(unsure)('all of them, and none is marked, where %s', (_what, changes) => {
    expect(choice(changes)).toEqual({ ...all, toVersion: undefined, candidates: ['1.1', '1.0'] });
  });

  test('only those whose names stand in the history once', () => {
    const twice = [...history, entry('id-3', '1.0', 4_000)];
    expect(choice({ history: twice })).toMatchObject({ candidates: ['1.1'] });
  });
});

describe('no choice relaxes that', () => {
  const restart = (status: number) => order('restart', 5, 'Restart', { typeCode: 'CoRestart', status });
  const cases: [
    what: string,
    code: string,
    changes: Partial<ReleaseReadings>,
    asked?: Partial<ReleaseRequest>,
  ][] = [
    ['nothing is in flight', 'app_has_change_in_flight', { orders: [...orders, restart(1)] }],
    ['nothing may be in flight', 'app_has_change_in_flight', { orders: [...orders, restart(42)] }],
    ['the release is the newest', 'release_not_newest', { orders: [...orders, order('x', 3, 'by hand')] }],
    ['the release has succeeded', 'change_order_finished', { order: { ...readings.order, status: 3 } }],
    ['it ended a short time ago', 'release_too_old', { readAt: now + 30 * minute }],
    [
      'it is known when it ended',
      'release_end_unknown',
      { orders: [order(release, 10, 'by hand', { finishedAt: undefined }), earlier] },
    ],
    ['all groups run it', 'groups_differ', { state: running('id-unknown') }],
    [
      'its newest version stands in the history once',
      'previous_version_uncertain',
      { history: [entry('id-3', '1.1', 9), ...history.slice(1)], state: running('id-3') },
    ],
    [
      'it names no other version than the one that runs',
      'previous_version_uncertain',
      { orders: [order(release, 10, named('1.3')), earlier] },
    ],
    ['it began before the problem', 'problem_predates_change', {}, { problemStartedAt: now - 11 * minute }],
    ['no rollback was a short time ago', 'app_rolled_back_recently', { rolledBackAt: now - minute }],
    [
      'no change was stopped a short time ago',
      'app_rolled_back_recently',
      { orders: [...orders, order('x', 50, 'by hand', { status: 6 })] },
    ],
    [
      'it is not itself the rollback of the release before it',
      'previous_version_uncertain',
      { rolledBack: [{ changeOrderId: before, rollbackChangeOrderId: undefined }] },
    ],
    ['there is a version to go back to', 'no_previous_version', { history: history.slice(0, 1) }],
  ];
  test.each(cases)('%s: %s', (_what, code, changes, asked) => {
    expect(codeOf(changes, asked)).toBe(code);
    // A name of one's own for the release does not help either, where the rule is not about that name.
    if (changes.orders || changes.history) return;
    const unnamed = { orders: [order(release, 10, 'by hand'), earlier], ...changes };
    expect(codeOf(unnamed, asked)).toBe(code);
  });
});
