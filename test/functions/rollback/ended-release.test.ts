import { describe, expect, test } from 'vitest';
import type { ListedChangeOrder } from '../../../functions/edas/client.ts';
import type { HistoryVersion } from '../../../functions/edas/release.ts';
import type { ErrorCode } from '../../../functions/errors.ts';
import { planReleaseRollback, releaseRules } from '../../../functions/rollback/ended-release.ts';
import type { ReleaseReadings, ReleaseRequest } from '../../../functions/rollback/release.ts';
import { problemOf } from '../../support/problem.ts';

const app = '3616cdca-4f92-4413-0000-000000000000';
const [release, before, other] = [
  'dc5133d7-773f-4c81-9c5a-e2103dce0f6a',
  'dc5133d7-773f-4c81-9c5a-e2103dce0001',
  'dc5133d7-773f-4c81-9c5a-e2103dce0002',
];
const now = Date.parse('2026-01-02T03:04:05Z');
const minute = 60_000;
const ago = (minutes: number) => now - minutes * minute;

const chinese = (version: string, target = '所有分组') =>
  `版本:${version} | 包名:demo-1.0.jar | 部署目标:${target}`;
const english = (version: string, target = 'All Groups') =>
  `Version: ${version} | Package Name: demo | Deployment Target: ${target}`;

/** A deployment that succeeded: it began so many minutes ago, and took one minute. */
function order(
  changeOrderId: string,
  minutesAgo: number,
  description: string,
  changes: Partial<ListedChangeOrder> = {},
): ListedChangeOrder {
  return {
    changeOrderId,
    status: 2,
    typeCode: 'CoDeploy',
    words: description,
    description,
    groupId: 'all',
    createdAt: ago(minutesAgo),
    finishedAt: ago(minutesAgo - 1),
    ...changes,
  };
}

const version = (id: string, name: string, minutesAgo: number): HistoryVersion => ({
  id,
  version: name,
  createdAt: ago(minutesAgo),
});

const request: ReleaseRequest = {
  app,
  changeOrderId: release,
  policy: { withinMs: 30 * minute, everyMs: 60 * minute, group: 'all', batches: 2, batchWaitMinutes: 1 },
};

/** Two releases, both of which succeeded: 1.1 a day ago, and 1.2 ten minutes ago. */
const orders = [order(release, 10, chinese('1.2')), order(before, 1_440, chinese('1.1'))];
const readings: ReleaseReadings = {
  orders,
  order: { status: 2, supportRollback: true, startedAt: ago(10) },
  history: [version('id-2', '1.2', 10), version('id-1', '1.1', 1_440), version('id-0', '1.0', 2_880)],
  state: {
    groups: [{ id: 'group-a', name: '_DEFAULT_GROUP', versionId: 'id-2' }],
    instances: [
      { id: 'a', groupId: 'group-a', state: 7, versionId: 'id-2' },
      { id: 'b', groupId: 'group-a', state: 7, versionId: 'id-2' },
    ],
  },
  readAt: now,
};

const plan = (changes: Partial<ReleaseReadings> = {}, asked: Partial<ReleaseRequest> = {}) =>
  planReleaseRollback({ ...request, ...asked }, { ...readings, ...changes });

/** What is refused, and why. */
function refusal(changes: Partial<ReleaseReadings> = {}, asked: Partial<ReleaseRequest> = {}) {
  const problem = problemOf(() => plan(changes, asked));
  expect(problem?.message).toMatch(/This request rolled nothing back\. .+ in the EDAS console/);
  expect(problem?.facts).toMatchObject({ changeOrderId: release });
  return { code: problem?.code, message: problem?.message ?? '' };
}

const also = (...more: ListedChangeOrder[]) => ({ orders: [...orders, ...more] });
const restart = { typeCode: 'CoRestart', words: 'Restart' };
const rollback = { typeCode: 'CoRollback', words: 'Rollback' };

test('a release that succeeded ten minutes ago is rolled back to the version before it', () => {
  expect(plan()).toEqual({
    plan: 'roll_back',
    fromVersion: '1.2',
    fromVersionId: 'id-2',
    toVersion: '1.1',
    groups: ['group-a'],
    group: 'all',
    batches: 2,
    batchWaitMinutes: 1,
    seenUntil: ago(10),
  });
});

test('the lists may come in any order', () => {
  const shuffled = plan({ orders: orders.toReversed(), history: readings.history.toReversed() });
  expect(shuffled).toEqual(plan());
});

test('a group whose instances EDAS does not name gets one batch', () => {
  const { groups, instances } = readings.state;
  const unclear = instances.map((each) => ({ ...each, groupId: undefined }));
  expect(plan({ state: { groups, instances: unclear } })).toMatchObject({ batches: 1 });
});

test('a group of fewer instances than batches gets as many batches as it has instances', () => {
  const groups = ['group-a', 'group-b'].map((id) => ({ id, name: id, versionId: 'id-2' }));
  const instances = [
    ...readings.state.instances,
    { id: 'c', groupId: 'group-b', state: 7, versionId: 'id-2' },
  ];
  expect(plan({ state: { groups, instances } })).toMatchObject({
    batches: 1,
    groups: ['group-a', 'group-b'],
  });
});

test('descriptions in English are read as well', () => {
  const name = 'Wed Nov 04 21:30:55 CST 2020';
  const history = [version('id-2', '1.2', 10), version('id-1', name, 1_440)];
  const english2 = [order(release, 10, english('1.2')), order(before, 1_440, english(name))];
  expect(plan({ orders: english2, history })).toMatchObject({ toVersion: name });
});

test('a restart between the two releases, or after them, does not matter', () => {
  expect(plan(also(order(other, 700, 'Restart', restart)))).toMatchObject({ toVersion: '1.1' });
  expect(plan(also(order(other, 5, 'Restart', restart)))).toMatchObject({
    toVersion: '1.1',
    seenUntil: ago(5),
  });
});

describe('nothing is rolled back while something else changes', () => {
  test.each([0, 1, 8, 9])('a restart has status %i', (status) => {
    const { code, message } = refusal(also(order(other, 2, 'Restart', { ...restart, status })));
    expect(code).toBe('app_has_change_in_flight');
    expect(message).toContain(other);
  });

  test('a status that EDAS does not document may mean that it moves, but not of an order from before the release', () => {
    expect(refusal(also(order(other, 5, 'x', { status: 4 }))).code).toBe('app_has_change_in_flight');
    expect(refusal(also(order(other, 5, 'x', { status: undefined }))).code).toBe('app_has_change_in_flight');
    expect(plan(also(order(other, 2_000, 'x', { status: 4 })))).toMatchObject({ toVersion: '1.1' });
  });

  test('its own rollback is under way', () => {
    const { code, message } = refusal(also(order(other, 1, 'Rollback', { ...rollback, status: 1 })));
    expect(code).toBe('app_has_change_in_flight');
    expect(message).toContain('a rollback');
  });
});

describe('only the newest deployment, which has succeeded', () => {
  const cases: [string, Partial<ReleaseReadings>, ErrorCode][] = [
    ['it is not in the list', { orders: [order(before, 1_440, chinese('1.1'))] }, 'release_not_newest'],
    ['there is a newer one', also(order(other, 5, chinese('1.3'))), 'release_not_newest'],
    ['there is another one of the same second', also(order(other, 10, chinese('1.3'))), 'release_not_newest'],
    [
      'there is another one without a time',
      also(order(other, 5, chinese('1.3'), { createdAt: undefined })),
      'release_not_newest',
    ],
    [
      'it has no time itself',
      { orders: [order(release, 10, chinese('1.2'), { createdAt: undefined })] },
      'release_not_newest',
    ],
    ['it is no deployment', { orders: [order(release, 10, 'x', restart)] }, 'release_not_newest'],
    ['it is a rollback', { orders: [order(release, 10, '回滚')] }, 'release_not_newest'],
    ['it failed', { order: { ...readings.order, status: 3 } }, 'change_order_finished'],
    ['it succeeded in part', { order: { ...readings.order, status: 7 } }, 'change_order_finished'],
    ['it has no status', { order: { ...readings.order, status: undefined } }, 'change_order_finished'],
  ];

  test.each(cases)('%s: %o', (_what, changes, code) => {
    expect(refusal(changes).code).toBe(code);
  });
});

describe('only what ended a short time ago', () => {
  const ended = (finishedAt: number | undefined) => ({
    orders: [order(release, 100, chinese('1.2'), { finishedAt }), order(before, 1_440, chinese('1.1'))],
  });

  test('the window is counted from the end, and its last moment is in it', () => {
    expect(plan(ended(ago(30)))).toMatchObject({ plan: 'roll_back' });
    const { code, message } = refusal(ended(ago(30) - 1));
    expect(code).toBe('release_too_old');
    expect(message).toContain('2026-01-02T02:34:04.999Z');
    expect(message).toContain('at most 30 min ago (ended.within)');
  });

  test('an end that is not given, or yet to come, is none', () => {
    expect(refusal(ended(undefined)).code).toBe('release_end_unknown');
    expect(refusal(ended(now + 5 * minute + 1)).code).toBe('release_end_unknown');
  });

  test('the clock of EDAS may be five minutes ahead', () => {
    expect(plan(ended(now + 5 * minute))).toMatchObject({ plan: 'roll_back' });
  });
});

describe('only the version that runs everywhere, and is the newest', () => {
  const [instance] = readings.state.instances;
  const running = (...versionIds: (string | undefined)[]) => ({
    state: {
      groups: versionIds.map((versionId, index) => ({ id: `group-${index}`, name: undefined, versionId })),
      instances: versionIds.map((versionId, index) => ({
        ...instance,
        id: `instance-${index}`,
        state: 7,
        groupId: `group-${index}`,
        versionId,
      })),
    },
  });

  test('where the newest version runs nowhere, the release was rolled back before', () => {
    expect(plan(running('id-1', 'id-1'))).toEqual({
      plan: 'already_rolled_back',
      changeOrderId: release,
      rollbackChangeOrderId: undefined,
    });
    const after = also(order(other, 5, 'Rollback', rollback));
    expect(plan({ ...running('id-1'), ...after })).toMatchObject({ rollbackChangeOrderId: other });
  });

  test('that is not said while the version runs that the release names: what is newer may be on its way', () => {
    const onItsWay = { history: [...readings.history, version('id-9', '1.1', 1)] };
    expect(refusal({ ...running('id-2', 'id-2'), ...onItsWay }).code).toBe('previous_version_uncertain');
    const fixed = { history: [...readings.history, version('id-9', '1.3', 1)] };
    expect(refusal({ ...running('id-2', 'id-2'), ...fixed }).code).toBe('previous_version_uncertain');
    expect(plan({ ...running('id-1'), ...fixed })).toMatchObject({ plan: 'already_rolled_back' });
  });

  test('that is not said of a release that is over for long, of what is in flight, or of what cannot be told', () => {
    const old = { orders: orders.map((each) => ({ ...each, finishedAt: ago(40) })) };
    expect(refusal({ ...running('id-1'), ...old }).code).toBe('release_too_old');
    const moving = also(order(other, 1, 'x', { status: 1 }));
    expect(refusal({ ...running('id-1'), ...moving }).code).toBe('app_has_change_in_flight');
    expect(refusal(running('unknown')).code).toBe('groups_differ');
    expect(refusal(running(undefined)).code).toBe('groups_differ');
    expect(refusal(running()).code).toBe('groups_differ');
    const { state } = running('id-1');
    const stuck = state.instances.map((each) => ({ ...each, versionId: 'id-2' }));
    expect(refusal({ state: { ...state, instances: stuck } }).code).toBe('groups_differ');
  });

  test('it is its own version that runs nowhere: a newer one may be about to be deployed', () => {
    const history = [version('id-3', '1.3', 1), ...readings.history];
    expect(refusal({ history }).code).toBe('previous_version_uncertain');
    const unnamed = { orders: [order(release, 10, 'no version'), ...orders.slice(1)] };
    expect(refusal({ history, ...unnamed }).code).toBe('previous_version_uncertain');
    expect(refusal({ ...running('id-1'), ...unnamed }).code).toBe('previous_version_uncertain');
    const another = [version('id-1b', '1.1', 9.5), ...readings.history];
    expect(refusal({ ...running('id-2'), ...unnamed, history: another }).code).toBe(
      'previous_version_uncertain',
    );
  });

  test('a rollback that makes an entry of its own in the history is seen as well', () => {
    const history = [version('id-1b', '1.1', 2), ...readings.history];
    expect(plan({ ...running('id-1b'), history })).toMatchObject({ plan: 'already_rolled_back' });
    expect(refusal({ ...running('id-2'), history }).code).toBe('previous_version_uncertain');
  });

  test('a release that a newer one has replaced was not rolled back', () => {
    const history = [version('id-3', '1.3', 5), ...readings.history];
    expect(refusal({ ...running('id-3'), history }).code).toBe('previous_version_uncertain');
  });

  test('a version that an earlier deployment names was perhaps gone back to, although the history shows it once', () => {
    const history = [version('id-2', '1.2', 10), version('id-1', '1.1', 1_440)];
    const { code, message } = refusal({ history, ...also(order(other, 5_000, chinese('1.2'))) });
    expect(code).toBe('previous_version_uncertain');
    expect(message).toContain(`An earlier deployment, ${other}, names the newest version, “1.2”, too`);
  });

  test('two releases of one name cannot be told apart', () => {
    const history = [version('id-2', '1.1', 10), version('id-1', '1.1', 1_440)];
    const same = [order(release, 10, 'x'), order(before, 1_440, chinese('1.1'))];
    expect(refusal({ history, orders: same }).code).toBe('previous_version_uncertain');
  });

  test('a rollback that is listed like a deployment is the rollback of the one before it', () => {
    const listed = (description: string) => [
      order(release, 5, description),
      order(other, 10, chinese('1.2')),
      order(before, 1_440, chinese('1.1')),
    ];
    expect(plan({ ...running('id-1'), orders: listed(chinese('1.1')) })).toEqual({
      plan: 'already_rolled_back',
      changeOrderId: other,
      rollbackChangeOrderId: release,
    });
    const inPart = refusal({ ...running('id-1', 'id-2'), orders: listed(chinese('1.1')) });
    expect(inPart.code).toBe('previous_version_uncertain');
    const ofAnotherVersion = refusal({ ...running('id-1'), orders: listed(chinese('1.4')) });
    expect(ofAnotherVersion.code).toBe('previous_version_uncertain');
  });

  test('groups that run different versions are named with them', () => {
    const { code, message } = refusal(running('id-2', 'id-1'));
    expect(code).toBe('groups_differ');
    expect(message).toContain('group-0 “1.2”; group-1 “1.1”');
  });

  test('a group without instances does not count', () => {
    const { groups, instances } = running('id-2', 'id-1').state;
    const occupied = instances.filter(({ groupId }) => groupId === 'group-0');
    expect(plan({ state: { groups, instances: occupied } })).toMatchObject({ groups: ['group-0'] });
    const unclear = [...occupied, { id: 'x', groupId: undefined, state: 7, versionId: undefined }];
    expect(refusal({ state: { groups, instances: unclear } }).code).toBe('groups_differ');
  });

  test('a group that is named is looked at alone', () => {
    const policy = { ...request.policy, group: 'group-0' };
    expect(plan(running('id-2', 'id-1'), { policy })).toMatchObject({
      group: 'group-0',
      groups: ['group-0'],
    });
    expect(refusal(running('id-1', 'id-2'), { policy }).code).toBe('groups_differ');
    const { code, message } = refusal(running('id-2'), { policy: { ...policy, group: 'group-9' } });
    expect(code).toBe('groups_differ');
    expect(message).toContain('“group-9” (ended.group)');
  });

  const histories: [string, HistoryVersion[]][] = [
    ['it is empty', []],
    ['two versions are the newest', [version('id-2', '1.2', 10), version('id-3', '1.3', 10)]],
    ['a version has no time', [...readings.history, { id: 'x', version: '0.9', createdAt: undefined }]],
    ['the newest name stands there twice', [...readings.history, version('id-9', '1.2', 5_000)]],
    ['the newest version has no name', [version('id-2', '', 10), version('id-1', '1.1', 1_440)]],
  ];
  test.each(histories)('a history is not certain where %s', (_what, history) => {
    const { code, message } = refusal({ history });
    expect(code).toBe('previous_version_uncertain');
    expect(message).toContain('Versions, the newest first: ');
  });

  test('the release must not name another version than the one that runs', () => {
    const named = (description: string) => ({
      orders: [order(release, 10, description), order(before, 1_440, chinese('1.1'))],
    });
    expect(refusal(named(chinese('1.1'))).code).toBe('previous_version_uncertain');
    expect(refusal(named(chinese('1.2.1'))).code).toBe('previous_version_uncertain');
    expect(refusal(named(english('1.1'))).code).toBe('previous_version_uncertain');
  });
});

describe('only what can be to blame', () => {
  test('a release that began after the problem is not', () => {
    expect(plan({}, { problemStartedAt: ago(10) })).toMatchObject({ plan: 'roll_back' });
    expect(refusal({}, { problemStartedAt: ago(10) - 1 }).code).toBe('problem_predates_change');
  });

  test('a release whose beginning is not known may not be', () => {
    const unknown = { order: { ...readings.order, startedAt: undefined } };
    expect(refusal(unknown, { problemStartedAt: ago(5) }).code).toBe('change_start_unknown');
    expect(plan(unknown)).toMatchObject({ plan: 'roll_back' });
  });
});

describe('an application is not rolled back twice in a short time', () => {
  const asked = { version: '1.1' };
  const cases: [string, Partial<ReleaseReadings>][] = [
    ['a rollback of a person', also(order(other, 59, 'Rollback', rollback))],
    ['a deployment whose words say rollback', also(order(other, 59, '应用回滚'))],
    [
      'a rollback without a time',
      also(order(other, 59, 'x', { ...rollback, createdAt: undefined, finishedAt: undefined })),
    ],
    ['a deployment that was rolled back in flight', also(order(other, 59, chinese('1.1b'), { status: 6 }))],
    ['a rollback by this function, which its tasks show', { rolledBackAt: ago(59) }],
  ];

  test.each(cases)('%s is known', (_what, changes) => {
    const { code, message } = refusal(changes, asked);
    expect(code).toBe('app_rolled_back_recently');
    expect(message).toContain('once in 60 min without a person (ended.every)');
  });

  test('after that time it may be again', () => {
    expect(plan(also(order(other, 62, 'Rollback', rollback)), asked)).toMatchObject({ toVersion: '1.1' });
    expect(plan({ rolledBackAt: ago(61) }, asked)).toMatchObject({ toVersion: '1.1' });
  });
});

describe('only to a version that certainly ran before', () => {
  test('there must be one', () => {
    expect(refusal({ history: [version('id-2', '1.2', 10)] }).code).toBe('no_previous_version');
  });

  const cases: [string, Partial<ReleaseReadings>, RegExp][] = [
    [
      'the list does not go back so far',
      { orders: orders.slice(0, 1) },
      /does not show the deployment before/,
    ],
    ['it failed', { orders: [orders[0], { ...orders[1], status: 3 }] as ListedChangeOrder[] }, /status 3/],
    [
      'it succeeded in part',
      { orders: [orders[0], { ...orders[1], status: 7 }] as ListedChangeOrder[] },
      /status 7/,
    ],
    [
      'it was terminated',
      { orders: [orders[0], { ...orders[1], status: 6 }] as ListedChangeOrder[] },
      /status 6/,
    ],
    ['a failed one stands between', also(order(other, 700, chinese('1.15'), { status: 3 })), /status 3/],
    [
      'a rollback stands between',
      also(order(other, 700, 'Rollback', rollback)),
      /is no deployment \(CoRollback\)/,
    ],
    ['something unknown stands between', also(order(other, 700, 'x', { typeCode: 'CoNew' })), /\(CoNew\)/],
    [
      'something unknown came after the release',
      also(order(other, 5, 'x', { typeCode: 'CoNew' })),
      /is not the release/,
    ],
    [
      'the two are of the same second',
      also(order(other, 1_440, chinese('1.1'), { typeCode: 'CoNew' })),
      /has no time of its own/,
    ],
    [
      'one of the change orders has no time',
      also(order(other, 700, 'x', { typeCode: 'CoNew', createdAt: undefined })),
      /not say of each change order when it was made/,
    ],
    [
      'it had not ended when the release began',
      { orders: [orders[0], { ...orders[1], finishedAt: ago(10) }] as ListedChangeOrder[] },
      /ran beside each other/,
    ],
    [
      'an older one had not ended when it began',
      also(order(other, 2_000, chinese('1.0'), { finishedAt: ago(1_440) })),
      /ran beside each other/,
    ],
    [
      'its end is not given',
      { orders: [orders[0], { ...orders[1], finishedAt: undefined }] as ListedChangeOrder[] },
      /has no time of its end/,
    ],
    [
      'this function rolled it back',
      { rolledBack: [{ changeOrderId: before, rollbackChangeOrderId: other }] },
      /was rolled back by this function/,
    ],
    [
      'it names another version than the second newest',
      { orders: [orders[0], { ...orders[1], description: chinese('1.0') }] as ListedChangeOrder[] },
      /names another version/,
    ],
    [
      'it only begins with its name',
      { orders: [orders[0], { ...orders[1], description: chinese('1.1.7') }] as ListedChangeOrder[] },
      /names another version/,
    ],
    [
      'it does not name its version',
      { orders: [orders[0], { ...orders[1], description: 'Deploy 1.1' }] as ListedChangeOrder[] },
      /does not name its version/,
    ],
    [
      'it was for another group',
      { orders: [orders[0], { ...orders[1], groupId: 'group-b' }] as ListedChangeOrder[] },
      /other groups/,
    ],
    [
      'its description names another target',
      {
        orders: [orders[0], { ...orders[1], description: chinese('1.1', '灰度分组') }] as ListedChangeOrder[],
      },
      /other groups/,
    ],
    [
      'its name stands in the history twice',
      { history: [...readings.history, version('id-9', '1.1', 5_000)] },
      /second newest version, “1\.1”, stands in the history several times/,
    ],
    [
      'two versions are the second newest',
      { history: [...readings.history, version('id-9', '1.1b', 1_440)] },
      /Two versions are the second newest/,
    ],
  ];

  test.each(cases)('%s', (_what, changes, seen) => {
    const { code, message } = refusal(changes);
    expect(code).toBe('previous_version_uncertain');
    expect(message).toMatch(seen);
    expect(message).toMatch(/Versions, the newest first: “1\.2”, “1\.1/);
  });

  test('the sender may name it, and then nothing else needs to be certain', () => {
    for (const [what, changes] of cases) {
      if ('history' in changes || what === 'it had not ended when the release began') continue;
      expect(plan(changes, { version: '1.0' })).toMatchObject({ toVersion: '1.0' });
    }
  });

  test('what ran beside the release may be what runs, so a named version does not help', () => {
    const beside = { orders: [orders[0], { ...orders[1], finishedAt: ago(10) }] as ListedChangeOrder[] };
    expect(refusal(beside, { version: '1.0' }).code).toBe('previous_version_uncertain');
  });

  test('what may be the rollback of the release before it is not rolled back to a named version either', () => {
    const unnamed = { rolledBack: [{ changeOrderId: before, rollbackChangeOrderId: undefined }] };
    const { code, message } = refusal(unnamed, { version: '1.0' });
    expect(code).toBe('previous_version_uncertain');
    expect(message).toContain(`may be the rollback of the release before it, ${before}`);
    const older = { rolledBack: [{ changeOrderId: other, rollbackChangeOrderId: undefined }] };
    expect(plan(older, { version: '1.0' })).toMatchObject({ toVersion: '1.0' });
  });

  test.each([
    ['is not in the history', '9.9'],
    ['is the one that runs', '1.2'],
    ['stands there twice', '1.0'],
    ['is empty', ''],
  ])('a version that %s is none', (_what, asked) => {
    const history = [...readings.history, version('id-9', '1.0', 5_000)];
    expect(refusal({ history }, { version: asked }).code).toBe('previous_version_uncertain');
  });
});

test('every rule has words for people, and refuses with a code of its own', () => {
  const words = releaseRules.map(({ what }) => what);
  expect(new Set(words).size).toBe(words.length);
});

describe('what is refused is said in whole sentences:', () => {
  const said = (changes: Partial<ReleaseReadings>, asked: Partial<ReleaseRequest> = {}) =>
    refusal(changes, asked).message;
  const decide = 'This request rolled nothing back. Decide in the EDAS console, and roll back there.';

  test.each<[string, Partial<ReleaseReadings>]>([
    [
      `The change order is not among the recent ones of the application. ${decide}`,
      { orders: orders.slice(1) },
    ],
    [
      `The change order is no deployment, or is a rollback itself. ${decide}`,
      { orders: [order(release, 10, 'x', restart)] },
    ],
    [
      `EDAS does not say when the deployment was made. ${decide}`,
      { orders: [order(release, 10, chinese('1.2'), { createdAt: undefined })] },
    ],
    [
      `The deployment ${other} is newer, or of the same second. ${decide}`,
      also(order(other, 5, chinese('1.3'))),
    ],
    [
      `The change order's status is 3 (failed), and only a release that has succeeded is rolled back to the version before it. ${decide}`,
      { order: { ...readings.order, status: 3 } },
    ],
    [
      `EDAS does not say when the release ended. ${decide}`,
      { orders: [order(release, 10, chinese('1.2'), { finishedAt: undefined })] },
    ],
    [
      `The history of the application holds no version but the one that runs. ${decide}`,
      { history: [version('id-2', '1.2', 10)] },
    ],
    [`EDAS shows no instance of the application. ${decide}`, { state: { ...readings.state, instances: [] } }],
    [
      `The change order ${other} of the application (CoRestart) has status 1 (running). This request rolled nothing back. The release that has ended is rolled back only while nothing else changes. Look at that change order in the EDAS console.`,
      also(order(other, 2, 'Restart', { ...restart, status: 1 })),
    ],
    [
      'This function rolled the application back at 2026-01-02T02:05:05.000Z. This request rolled nothing back. An application is rolled back once in 60 min without a person (ended.every). Decide in the EDAS console.',
      { rolledBackAt: ago(59) },
    ],
    [
      'EDAS lists no version of the application. Versions, the newest first: none. This request rolled nothing back. Choose one in the EDAS console.',
      { history: [] },
    ],
    [
      'The description of the release, “no version”, does not name the newest version, “1.2”. Versions, the newest first: “1.2”, “1.1”, “1.0”. This request rolled nothing back. Choose one in the EDAS console.',
      { orders: [order(release, 10, 'no version'), ...orders.slice(1)] },
    ],
  ])('%s', (message, changes) => {
    expect(said(changes)).toBe(message);
  });
});
