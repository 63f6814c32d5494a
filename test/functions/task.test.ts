import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isRecord } from '../../functions/lib/json.ts';
import {
  isChatAddress,
  readTask,
  claimIdFor,
  reportIdFor,
  releaseClaimIdFor,
  releaseReportIdFor,
  releaseTaskIdFor,
  reportIdOf,
  seenIdFor,
  type ReleaseRollbackDue,
  type RollbackClaimed,
  type RollbackDone,
  type RollbackOverdue,
  type RollbackTask,
  type RollbackUnknown,
  type TaskFacts,
} from '../../functions/task.ts';
import { problemOf } from '../support/problem.ts';
import { runs } from '../support/runs.ts';

const changeOrderId = 'dc5133d7-773f-4c81-9c5a-e2103dce0f6a';
const slackUrl = 'https://hooks.slack.com/commands/T1DC2JH3J/397700885554/fake';

const least = {
  version: 1,
  source: 'pipeline',
  requestedAt: 1_767_323_045_000,
  changeOrderId,
  operation: 'RollbackChangeOrder',
  rollback: 'due',
};
const facts: TaskFacts = {
  version: 1,
  source: 'chat',
  delivery: 'fake-delivery',
  requestId: 'fake-request-id',
  requestedAt: 1_767_323_045_000,
  changeOrderId,
  operation: 'AbortAndRollbackChangeOrder',
  app: '3616cdca-4f92-4413-0000-000000000000',
  actor: 'roadrunner',
  answerAt: { chat: 'slack', url: slackUrl, language: 'zh' },
};

const full: RollbackDone = {
  ...facts,
  rollback: 'done',
  rollbackChangeOrderId: '5ba3b2f4-1c7e-4a6d-8f00-000000000001',
  isKnownToSender: true,
};
const claimed: RollbackClaimed = {
  ...facts,
  rollback: 'claimed',
  claim: 1,
  holder: 'fake-request-id/0.5',
  sendsUntil: 1_767_323_054_000,
  problemStartedAt: 1_767_323_040_000,
};
const overdue: RollbackOverdue = { ...facts, rollback: 'overdue', claim: 2 };
const unknown: RollbackUnknown = {
  ...facts,
  rollback: 'unknown',
  reason: 'EDAS gave no answer.',
  sentBefore: 1_767_323_050_000,
  wasInFlight: true,
};
const release = {
  fromVersion: '1.2',
  fromVersionId: 'id-2',
  toVersion: '1.1',
  groups: ['group-a'],
  seenUntil: 1_767_323_040_000,
};
const policy = { withinMs: 1_800_000, everyMs: 0, group: 'all', batches: 2, batchWaitMinutes: 0 };
const ended: ReleaseRollbackDue = {
  ...facts,
  rollback: 'ended',
  app: '3616cdca-4f92-4413-0000-000000000000',
  ended: { policy, version: '1.1' },
};
const due: RollbackTask = { ...facts, rollback: 'due', problemStartedAt: 1_767_323_040_000 };

const toPayload = (task: unknown) => Buffer.from(JSON.stringify(task));

test.each([
  [claimIdFor(changeOrderId), 'rollback-dc5133d7-773f-4c81-9c5a-e2103dce0f6a'],
  [claimIdFor(changeOrderId, 1), 'rollback-dc5133d7-773f-4c81-9c5a-e2103dce0f6a'],
  [claimIdFor(changeOrderId, 2), 'rollback-dc5133d7-773f-4c81-9c5a-e2103dce0f6a-2'],
  [reportIdFor(changeOrderId), 'follow-dc5133d7-773f-4c81-9c5a-e2103dce0f6a'],
  [reportIdFor(changeOrderId, 5), 'follow-dc5133d7-773f-4c81-9c5a-e2103dce0f6a-5'],
  [releaseTaskIdFor(changeOrderId), 'ended-dc5133d7-773f-4c81-9c5a-e2103dce0f6a'],
  [releaseTaskIdFor(changeOrderId, 2), 'ended-dc5133d7-773f-4c81-9c5a-e2103dce0f6a-2'],
  [releaseClaimIdFor(changeOrderId), 'ended-call-dc5133d7-773f-4c81-9c5a-e2103dce0f6a'],
  [releaseReportIdFor(changeOrderId), 'ended-follow-dc5133d7-773f-4c81-9c5a-e2103dce0f6a'],
  [seenIdFor(changeOrderId), 'seen-dc5133d7-773f-4c81-9c5a-e2103dce0f6a'],
  [reportIdOf({ ...claimed, claim: 2 }), 'follow-dc5133d7-773f-4c81-9c5a-e2103dce0f6a-2'],
  [reportIdOf({ ...claimed, release }), 'ended-follow-dc5133d7-773f-4c81-9c5a-e2103dce0f6a'],
])('the id %s is that of its change order and claim, and one that Function Compute takes', (id, expected) => {
  expect(id).toBe(expected);
  expect(id).toMatch(/^[A-Za-z_][\w-]{0,127}$/);
});

describe('a task', () => {
  test('is read as it was written, from bytes or from text', () => {
    expect(readTask(toPayload(full))).toEqual(full);
    expect(readTask(JSON.stringify(full))).toEqual(full);
    expect(readTask(toPayload(least))).toEqual(least);
    for (const task of [
      due,
      claimed,
      overdue,
      unknown,
      { ...facts, rollback: 'refused' },
      { ...facts, rollback: 'seen' },
    ]) {
      expect(readTask(toPayload(task))).toEqual(task);
    }
  });

  const id = fc.uuid();
  const words = fc.option(fc.string({ unit: 'grapheme' }), { nil: undefined });
  const time = fc.integer({ min: -8.64e15, max: 8.64e15 });
  const path = fc.webPath();
  const address = fc.oneof(
    path.map((text) => ({ chat: 'slack' as const, url: `https://hooks.slack.com/actions/${text}` })),
    path.map((text) => ({
      chat: 'dingtalk' as const,
      url: `https://oapi.dingtalk.com/robot/sendBySession?session=${text}`,
    })),
  );
  const anyFacts = {
    version: fc.constant(1 as const),
    source: fc.string(),
    delivery: words,
    requestId: words,
    requestedAt: time,
    changeOrderId: id,
    operation: fc.constantFrom('RollbackChangeOrder' as const, 'AbortAndRollbackChangeOrder' as const),
    app: fc.option(id, { nil: undefined }),
    actor: words,
    answerAt: fc.option(address, { nil: undefined }),
  };
  const problemStartedAt = fc.option(time, { nil: undefined });
  const claim = fc.integer({ min: 1 });
  const tasks: fc.Arbitrary<RollbackTask> = fc.oneof(
    fc.record({ ...anyFacts, rollback: fc.constant('due' as const), problemStartedAt }),
    fc.record({
      ...anyFacts,
      rollback: fc.constant('claimed' as const),
      claim,
      holder: fc.string(),
      sendsUntil: time,
      problemStartedAt,
    }),
    fc.record({ ...anyFacts, rollback: fc.constant('overdue' as const), claim, problemStartedAt }),
    fc.record({
      ...anyFacts,
      rollback: fc.constant('done' as const),
      rollbackChangeOrderId: fc.option(id, { nil: undefined }),
      isKnownToSender: fc.boolean(),
    }),
    fc.record({
      ...anyFacts,
      rollback: fc.constant('unknown' as const),
      reason: fc.string({ minLength: 1 }),
      sentBefore: time,
      wasInFlight: fc.boolean(),
    }),
    fc.record({ ...anyFacts, rollback: fc.constant('refused' as const) }),
  );

  test('is read as it was written, whatever stands in it', () => {
    fc.assert(
      fc.property(tasks, (task) => {
        expect(readTask(toPayload(task))).toEqual(task);
      }),
    );
  });

  test('says nothing but what was sent, or is refused, whatever was damaged in it', () => {
    const keys = Object.keys({ ...full, ...claimed, ...unknown });
    fc.assert(
      fc.property(tasks, fc.constantFrom(...keys), fc.jsonValue(), (task, key, value) => {
        expectTruth(toPayload({ ...task, [key]: value }));
      }),
    );
  });

  test.each(['version', 'source', 'requestedAt', 'changeOrderId', 'operation', 'rollback'])(
    'without %s is refused',
    (key) => {
      const problem = problemOf(() => readTask(toPayload({ ...full, [key]: undefined })));
      expect(problem?.code).toBe('task_malformed');
      expect(problem?.message).toContain('Nothing was done.');
    },
  );

  test.each([
    ['version', 2, 'its version is 2, and this function reads version 1: deploy both functions'],
    ['version', '1', 'its version is missing, and this function reads version 1: deploy both functions'],
    ['source', 7, 'it names no source'],
    ['changeOrderId', changeOrderId.toUpperCase(), 'it names no change order'],
    ['changeOrderId', `${changeOrderId}/../x`, 'it names no change order'],
    ['operation', 'DeleteApplication', 'it names no operation'],
    ['operation', 'toString', 'it names no operation'],
    ['rollback', true, 'it does not say what is to be done'],
    ['requestedAt', '2026-01-02', 'it does not say when it was asked for'],
    ['requestedAt', 9e15, 'it does not say when it was asked for'],
    ['problemStartedAt', '2026-01-02', 'its problemStartedAt is no time'],
    ['problemStartedAt', null, 'its problemStartedAt is no time'],
    ['problemStartedAt', 9e15, 'its problemStartedAt is no time'],
  ])('whose %s is %j is refused', (key, value, fault) => {
    const problem = problemOf(() => readTask(toPayload({ ...due, [key]: value })));
    expect(problem).toMatchObject({
      code: 'task_malformed',
      message: `The task cannot be read: ${fault}. Nothing was done. Only the other functions of this project may invoke this one.`,
    });
  });

  test.each([
    [claimed, 'claim', 0, 'it does not say which claim it is'],
    [claimed, 'claim', 1.5, 'it does not say which claim it is'],
    [claimed, 'claim', '1', 'it does not say which claim it is'],
    [claimed, 'holder', undefined, 'it does not say who has the claim'],
    [claimed, 'sendsUntil', undefined, 'it does not say who has the claim'],
    [claimed, 'sendsUntil', 9e15, 'it does not say who has the claim'],
    [claimed, 'problemStartedAt', null, 'its problemStartedAt is no time'],
    [overdue, 'claim', undefined, 'it does not say which claim it is'],
    [overdue, 'problemStartedAt', 'x', 'its problemStartedAt is no time'],
    [unknown, 'sentBefore', undefined, 'it does not say when the rollback was sent'],
    [unknown, 'sentBefore', '2026-01-02', 'it does not say when the rollback was sent'],
  ])('%j with another %s (%j) is refused', (task, key, value, fault) => {
    const problem = problemOf(() => readTask(toPayload({ ...task, [key]: value })));
    expect(problem?.code).toBe('task_malformed');
    expect(problem?.message).toContain(`: ${fault}.`);
  });

  test.each<RollbackTask>([
    ended,
    { ...ended, ended: { policy, version: undefined } },
    { ...due, ended: { policy, version: '1.1' } },
    ...[full, claimed, unknown].map((task): RollbackTask => ({ ...task, release })),
    { ...facts, rollback: 'refused', release, reason: 'fake-reason' },
  ])('of a release that has ended is read as it was written: %j', (task) => {
    expect(readTask(toPayload(task))).toEqual(task);
  });

  const text = 'its version to go back to is no text';
  const limits = 'its limits cannot be read';
  test.each<[object, string]>([
    [{ app: undefined }, 'it names no application'],
    [{ app: 'fake-app' }, 'it names no application'],
    [{ ended: undefined }, 'it names no group'],
    [{ ended: { policy: { ...policy, group: 7 } } }, 'it names no group'],
    [{ ended: { policy: { ...policy, withinMs: undefined } } }, limits],
    [{ ended: { policy: { ...policy, withinMs: '30m' } } }, limits],
    [{ ended: { policy: { ...policy, everyMs: -1 } } }, limits],
    [{ ended: { policy: { ...policy, everyMs: null } } }, limits],
    [{ ended: { policy: { ...policy, batches: 1.5 } } }, limits],
    [{ ended: { policy: { ...policy, batchWaitMinutes: '0' } } }, limits],
    [{ ended: { policy, version: 1.1 } }, text],
    [{ ended: { policy, version: null } }, text],
    [{ problemStartedAt: 'x' }, 'its problemStartedAt is no time'],
  ])('of a release with other terms is refused: %j', (changes, fault) => {
    const problem = problemOf(() => readTask(toPayload({ ...ended, ...changes })));
    expect(problem?.code).toBe('task_malformed');
    expect(problem?.message).toContain(`: ${fault}.`);
  });

  test('whose terms for a release cannot be read is refused, also where the change is in flight', () => {
    const task = { ...due, ended: { policy: { ...policy, withinMs: null } } };
    expect(problemOf(() => readTask(toPayload(task)))?.message).toContain(limits);
  });

  test.each([
    'x',
    null,
    {},
    { ...release, groups: 'all' },
    { ...release, groups: [7] },
    { ...release, toVersion: 7 },
  ])(
    'of a release that cannot be read is refused, for it would be taken for one of a change in flight: %j',
    (value) => {
      const problem = problemOf(() => readTask(toPayload({ ...full, release: value })));
      expect(problem?.message).toContain('it does not say which release is rolled back');
    },
  );

  test.each([
    [full, 'isKnownToSender'],
    [unknown, 'wasInFlight'],
  ])('that says no clear yes (%j, %s) is read as a no', (task, key) => {
    for (const value of [undefined, 'true', 1]) {
      expect(readTask(toPayload({ ...task, [key]: value }))).toEqual({ ...task, [key]: false });
    }
  });

  test('whose rule against innocent changes would let every change through is refused', () => {
    const text = JSON.stringify({ ...due, problemStartedAt: 0 }).replace(
      '"problemStartedAt":0',
      '"problemStartedAt":1e999',
    );
    expect(problemOf(() => readTask(text))?.message).toContain('its problemStartedAt is no time');
  });

  test.each([
    ['delivery', 7],
    ['requestId', {}],
    ['actor', ['eve']],
    ['app', 'fake-app'],
    ['rollbackChangeOrderId', '../x'],
    ['answerAt', slackUrl],
    ['answerAt', { chat: 'slack' }],
    ['answerAt', { chat: 'feishu', url: slackUrl }],
    ['answerAt', { chat: 'toString', url: slackUrl }],
  ])('whose %s is %j is read without it', (key, value) => {
    expect(readTask(toPayload({ ...full, [key]: value }))).toEqual({ ...full, [key]: undefined });
  });

  test('whose answer has a language that is none is read without the language', () => {
    const answerAt = { chat: 'slack', url: slackUrl };
    expect(readTask(toPayload({ ...full, answerAt: { ...answerAt, language: 'fr' } })).answerAt).toEqual(
      answerAt,
    );
  });

  test.each([undefined, null, 7, {}, [], Symbol('fake'), Object.create(null), Buffer.from([0xff])])(
    'that is %o is refused',
    (payload) => {
      expect(problemOf(() => readTask(payload))?.code).toBe('task_malformed');
    },
  );

  test('is refused, or says nothing but what was sent, whatever JSON it is', () => {
    fc.assert(fc.property(fc.json(), expectTruth));
  });

  test('is refused, whatever bytes it is', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expectTruth(Buffer.from(bytes));
      }),
    );
  });
});

/** A task is refused as malformed, or each of its facts stands in the payload. */
function expectTruth(payload: Buffer | string): void {
  let task: RollbackTask | undefined;
  const problem = problemOf(() => (task = readTask(payload)));
  if (!task) {
    expect(problem?.code).toBe('task_malformed');
    return;
  }
  const sent: unknown = JSON.parse(payload.toString());
  // What cannot be read is left out, a no, or an empty reason.
  const known = Object.entries(task).filter(
    ([, value]) => value !== undefined && value !== false && value !== '',
  );
  expect(isRecord(sent)).toBe(true);
  expect(sent).toMatchObject(Object.fromEntries(known));
}

describe('the address of a chat', () => {
  test.each([
    { chat: 'slack', url: slackUrl },
    { chat: 'slack', url: 'https://hooks.slack.com/commands/T00000000/1/fakeResponseToken' },
    { chat: 'slack', url: 'https://hooks.slack.com/actions/T00000000/1/fakeResponseToken' },
    { chat: 'slack', url: 'https://hooks.slack.com/app/T00000000/1/fakeResponseToken' },
    { chat: 'dingtalk', url: 'https://oapi.dingtalk.com/robot/sendBySession?session=fake' },
  ] as const)('is $url', (address) => {
    expect(isChatAddress(address)).toBe(true);
    expect(readTask(toPayload({ ...full, answerAt: address })).answerAt).toEqual(address);
  });

  test.each([
    ['slack', 'https://hooks.slack.com/services/T00000000/B00000000/fakeHookToken'],
    ['slack', 'https://hooks.slack.com/workflows/fake'],
    ['slack', 'https://hooks.slack.com/'],
    ['slack', 'https://hooks.slack.com/commands'],
    ['slack', 'https://hooks.slack.com/commandsx/fake'],
    ['slack', 'https://hooks.slack.com//commands/fake'],
    ['slack', 'https://hooks.slack.com/Commands/fake'],
    ['slack', 'https://hooks.slack.com/commands/../services/fake'],
    ['slack', 'https://hooks.slack.com/commands/%2e%2e/services/fake'],
    ['slack', 'https://hooks.slack.com/commands/.%2E/services/fake'],
    ['slack', 'https://hooks.slack.com/commands/..\\services\\fake'],
    ['slack', 'https://hooks.slack.com/commands/.\t./services/fake'],
    ['slack', 'https://hooks.slack.com/commands/.\n./services/fake'],
    ['slack', 'https://hooks.slack.com/commands/fake\\'],
    ['slack', 'http://hooks.slack.com/commands/x'],
    ['slack', 'https://hooks.slack.com'],
    ['slack', 'https://hooks.slack.com:8443/commands/x'],
    ['slack', 'https://hooks.slack.com:443/commands/x'],
    ['slack', 'https://fake-user:fake-password@hooks.slack.com/commands/x'],
    ['slack', 'https://hooks.slack.com@example.com/commands/x'],
    ['slack', 'https://hooks.slack.com:x@example.com/commands/x'],
    ['slack', 'https://hooks.slack.com\\@example.com/commands/x'],
    ['slack', 'https://a.hooks.slack.com/commands/x'],
    ['slack', 'https://hooks.slack.com.example.com/commands/x'],
    ['slack', 'https://hooks.slack.com./commands/x'],
    ['slack', 'https://hooks-slack.com/commands/x'],
    ['slack', 'https://hooks.sl\u0430ck.com/commands/x'],
    ['slack', 'https://hooks.slack.com%2eexample.com/commands/x'],
    ['slack', 'blob:https://hooks.slack.com/commands/x'],
    ['slack', 'file://hooks.slack.com/commands/x'],
    ['slack', '//hooks.slack.com/commands/x'],
    ['slack', ' https://hooks.slack.com/commands/x'],
    ['slack', 'https:hooks.slack.com/commands/x'],
    ['slack', 'https://oapi.dingtalk.com/commands/x'],
    ['slack', 'https://oapi.dingtalk.com/robot/sendBySession?session=fake'],
    ['slack', ''],
    ['dingtalk', slackUrl],
    ['dingtalk', 'https://oapi.dingtalk.com/robot/send?access_token=fake-robot'],
    ['dingtalk', 'https://oapi.dingtalk.com/robot/send?x=/robot/sendBySession?'],
    ['dingtalk', 'https://oapi.dingtalk.com/robot/sendBySession'],
    ['dingtalk', 'https://oapi.dingtalk.com/robot/sendBySession/../send?access_token=fake-robot'],
    ['dingtalk', 'https://oapi.dingtalk.com/robot/sendBySession#?session=fake'],
    ['dingtalk', 'https://oapi.dingtalk.com/gettoken?appkey=fake'],
    ['dingtalk', 'https://oapi.dingtalk.com.example.com/robot/sendBySession?session=fake'],
    ['dingtalk', 'https://oapi.dingtalk.com:8443/robot/sendBySession?session=fake'],
    ['dingtalk', 'http://oapi.dingtalk.com/robot/sendBySession?session=fake'],
  ] as const)('of %s is not %j', (chat, url) => {
    expect(isChatAddress({ chat, url })).toBe(false);
    expect(readTask(toPayload({ ...full, answerAt: { chat, url } })).answerAt).toBeUndefined();
  });

  const trouble = fc.constantFrom(
    '.',
    '/',
    '\\',
    '%2e',
    '%2E',
    '%2f',
    '%5c',
    '\t',
    '\n',
    '\r',
    '?',
    '#',
    '@',
    ':',
    ' ',
  );
  const rest = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc
      .array(fc.oneof(trouble, fc.constantFrom('services', 'send', 'a', '/.\t./')), { maxLength: 12 })
      .map((all) => all.join('')),
  );

  test('leads to no other folder and no other host, whatever stands behind it', () => {
    const places = fc.constantFrom(
      { chat: 'slack' as const, beginning: 'https://hooks.slack.com', folder: /^\/(commands|actions|app)\// },
      { chat: 'slack' as const, beginning: 'https://hooks.slack.com/commands/', folder: /^\/commands\// },
      {
        chat: 'dingtalk' as const,
        beginning: 'https://oapi.dingtalk.com/robot/sendBySession?',
        folder: /^\/robot\/sendBySession$/,
      },
    );
    fc.assert(
      fc.property(places, rest, ({ chat, beginning, folder }, behind) => {
        const url = beginning + behind;
        if (!isChatAddress({ chat, url })) return;
        const { origin, username, password, pathname } = new URL(url);
        expect(origin).toBe(new URL(beginning).origin);
        expect([username, password]).toEqual(['', '']);
        expect(pathname).toMatch(folder);
      }),
      { numRuns: runs(200) },
    );
  });
});
