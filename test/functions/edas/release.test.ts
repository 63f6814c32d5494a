import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EdasFailure, type EdasAnswer } from '../../../functions/edas/failure.ts';
import {
  toApplicationState,
  toHistory,
  type ApplicationInstance,
  type HistoryVersion,
} from '../../../functions/edas/release.ts';
import { dangersIn, hostileText } from '../../support/hostile-text.ts';
import { runs } from '../../support/runs.ts';

const app = '3616cdca-4f92-4413-0000-000000000000';
const anotherApp = '3616cdca-4f92-4413-0000-000000000001';
const group = '8123db90-880f-486f-0000-000000000000';
const instance = '0cf49a6c-95a8-4aa8-0000-000000000000';
const v1 = 'e4aeb2972cde64d5ff0618966102f001';
const v2 = 'e4aeb2972cde64d5ff0618966102f002';
const credentials = {
  accessKeyId: 'fake-access-key-id',
  accessKeySecret: 'fake-access-key-secret',
  securityToken: 'fake-security-token',
};

function failureOf(read: () => unknown): EdasFailure {
  try {
    read();
  } catch (error) {
    if (error instanceof EdasFailure) return error;
    throw error;
  }
  throw new Error('It was read');
}

const ofAnother = { kind: 'doubt', message: `EDAS was asked about ${app} and answered about another.` };

describe('the history of an application', () => {
  /** As the SDK has it, with what nothing here needs. */
  const entry = {
    Id: v2,
    AppId: app,
    PackageVersion: '2019-11-13 14:22:22',
    Type: 'url',
    CreateTime: 1573626142000,
    UpdateTime: 1573626142001,
    WarUrl: 'https://edas-hz.oss-cn-hangzhou.aliyuncs.com/apps/demo.war',
    PublicUrl: 'https://edas-hz.oss-cn-hangzhou.aliyuncs.com/apps/demo.war',
    Description: '',
  };
  const version: HistoryVersion = { id: v2, version: '2019-11-13 14:22:22', createdAt: 1573626142000 };

  const inList = (...entries: unknown[]) => ({ Code: 200, PackageVersionList: { PackageVersion: entries } });
  const flat = (...entries: unknown[]) => ({ Code: 200, PackageVersionList: entries });
  const read = (answer: EdasAnswer) => toHistory(answer, app, credentials);

  test.each([
    ['is', inList],
    ['is, in an older page,', flat],
  ])('%s a list of versions, each with its id, its name and its time', (_what, listOf) => {
    const earlier = { ...entry, Id: v1, PackageVersion: '1.0', CreateTime: '1573626141000' };
    expect(read(listOf(entry, earlier))).toEqual([
      version,
      { id: v1, version: '1.0', createdAt: 1573626141000 },
    ]);
  });

  test('keeps the order that EDAS gives it, for none is documented', () => {
    const names = ['b', 'c', 'a'];
    const entries = names.map((PackageVersion) => ({ ...entry, PackageVersion }));
    expect(read(inList(...entries)).map((each) => each.version)).toEqual(names);
  });

  test.each([
    ['no list', { Code: 200 }],
    ['null for the list', { Code: 200, PackageVersionList: null }],
    ['an empty object for the list', { Code: 200, PackageVersionList: {} }],
    ['null for the versions', { Code: 200, PackageVersionList: { PackageVersion: null } }],
    ['a list of none', inList()],
    ['a flat list of none', flat()],
  ])('is empty with %s', (_what, answer) => {
    expect(read(answer)).toEqual([]);
  });

  test.each([
    ['text', 'none'],
    ['a number', 0],
    ['an object that holds one version', { PackageVersion: entry }],
    ['an object that holds text', { PackageVersion: v1 }],
  ])('that is %s is a failure, and not taken for an empty one', (_what, PackageVersionList) => {
    expect(failureOf(() => read({ Code: 200, PackageVersionList }))).toMatchObject({
      kind: 'doubt',
      message: 'EDAS answered without a list of versions.',
    });
  });

  test('that is missing beside other words than those of a success is a failure, too', () => {
    expect(failureOf(() => read({ Code: 200, Message: 'operation not allowed' })).kind).toBe('doubt');
    expect(read({ Code: 200, Message: 'success' })).toEqual([]);
  });

  // Left out, an entry would make another one the newest, or the one before it.
  test.each([
    ['no id', { Id: undefined }, { id: '' }],
    ['an empty id', { Id: '' }, { id: '' }],
    ['an id that is a number', { Id: 42 }, { id: '' }],
    ['an id that is no identifier', { Id: `${v1} and more` }, { id: '' }],
    ['an endless id', { Id: 'a'.repeat(10_000) }, { id: '' }],
    ['an id that quotes a credential', { Id: credentials.securityToken }, { id: '' }],
    ['no name', { PackageVersion: undefined }, { version: '' }],
    ['null for a name', { PackageVersion: null }, { version: '' }],
    ['a name that is a number', { PackageVersion: 1 }, { version: '' }],
    ['an endless name', { PackageVersion: '1'.repeat(257) }, { version: '' }],
    [
      'a name that quotes a credential',
      { PackageVersion: `v-${credentials.accessKeySecret}` },
      { version: '' },
    ],
    ['no time', { CreateTime: undefined }, { createdAt: undefined }],
    ['null for a time', { CreateTime: null }, { createdAt: undefined }],
    ['a time in seconds', { CreateTime: 1573626142 }, { createdAt: undefined }],
    ['a time of zero', { CreateTime: 0 }, { createdAt: undefined }],
    ['a time in words', { CreateTime: '2019-11-13 14:22:22' }, { createdAt: undefined }],
  ])('keeps the place of a version with %s', (_what, fields, differences) => {
    expect(read(inList({ ...entry, ...fields }, entry))).toEqual([{ ...version, ...differences }, version]);
  });

  test.each([[null], [v1], [7], [[entry]], [{}]])('keeps the place of a version that is %j', (item) => {
    const none = { id: '', version: '', createdAt: undefined };
    expect(read(inList(item, entry))).toEqual([none, version]);
    expect(read(flat(item, entry))).toEqual([none, version]);
  });

  test.each([
    ['2019-11-13 14:22:22'],
    ['20210417.154931'],
    ['1.0'],
    ['1573626142'],
    ['Wed Nov 04 21:30:55 CST 2020'],
    ['版本 1'],
    ['a+b&c=d?e#f/%2F'],
    ['1'.repeat(256)],
  ])('gives the name %j as it is, for it is sent back', (name) => {
    expect(read(inList({ ...entry, PackageVersion: name }))).toMatchObject([{ version: name }]);
  });

  test.each([
    ['a line break', '1.0\n'],
    ['a blank at its end', '1.0 '],
    ['a blank at its beginning', ' 1.0'],
    ['two blanks, where people see one', '1  0'],
    ['half a character, which cannot be sent', '1.0\ud83d'],
    ['a mark that turns the text', '\u202e0.1'],
    ['a blank without width', '1\u200b.0'],
    ['an escape sequence', '\u001b[31m1.0'],
  ])('gives no name with %s: people could not read which one is meant', (_what, name) => {
    expect(read(inList({ ...entry, PackageVersion: name }))).toMatchObject([{ version: '' }]);
  });

  test.each([
    ['of another application', { AppId: anotherApp }],
    ['whose application is a number', { AppId: 42 }],
  ])('with a version %s is in doubt', (_what, fields) => {
    expect(failureOf(() => read(inList(entry, { ...entry, ...fields })))).toMatchObject(ofAnother);
    expect(failureOf(() => read(flat(entry, { ...entry, ...fields })))).toMatchObject(ofAnother);
  });

  test.each([[undefined], [null], [''], [app.toUpperCase()]])(
    'is that of the application where a version says %j for it',
    (AppId) => {
      expect(read(inList({ ...entry, AppId }))).toEqual([version]);
    },
  );

  test('holds names that can be read and sent, whatever EDAS writes', () => {
    fc.assert(
      fc.property(fc.array(hostileText, { maxLength: 3 }), (names) => {
        const history = read(inList(...names.map((PackageVersion) => ({ ...entry, PackageVersion }))));
        expect(history).toHaveLength(names.length);
        for (const [place, { version: name }] of history.entries()) {
          expect(['', names[place]]).toContain(name);
          expect(name.length).toBeLessThanOrEqual(256);
          expect(dangersIn('webhook', name)).toEqual([]);
          expect(decodeURIComponent(encodeURIComponent(name))).toBe(name);
        }
      }),
      { numRuns: runs(300) },
    );
  });
});

describe('what runs of an application', () => {
  const groupEntry = { AppId: app, GroupId: group, GroupName: '_DEFAULT_GROUP', PackageVersionId: v2 };
  const instanceEntry = { AppId: app, EccId: instance, GroupId: group, AppState: 7 };
  const record = { EccId: instance, PackageVersionId: v2, CreateTime: 1573626226691 };
  const healthy: ApplicationInstance = { id: instance, groupId: group, state: 7, versionId: v2 };

  const info = {
    Application: { ApplicationId: app, Name: 'checkout' },
    GroupList: { Group: [groupEntry] },
    EccList: { Ecc: [instanceEntry] },
    EcuList: { Ecu: [{ EcuId: '07bd417a-b863-477d-0000-000000000000' }] },
    DeployRecordList: { DeployRecord: [record] },
  };
  const read = (fields: object, rest: object = {}) =>
    toApplicationState({ Code: 200, ...rest, AppInfo: { ...info, ...fields } }, app, credentials);
  const readGroups = (...Group: unknown[]) => read({ GroupList: { Group } }).groups;
  const readInstances = (...Ecc: unknown[]) => read({ EccList: { Ecc } }).instances;
  const versionAfter = (...DeployRecord: unknown[]) =>
    read({ DeployRecordList: { DeployRecord } }).instances.map(({ versionId }) => versionId);

  test('is its groups with their versions, and its instances with their states and what was deployed to them', () => {
    expect(read({})).toEqual({
      groups: [{ id: group, name: '_DEFAULT_GROUP', versionId: v2 }],
      instances: [healthy],
    });
  });

  test.each([
    ['nothing', undefined],
    ['null', null],
    ['a list', [info]],
    ['text', 'running'],
  ])('is a failure with %s for it', (_what, AppInfo) => {
    expect(failureOf(() => toApplicationState({ Code: 200, AppInfo }, app, credentials))).toMatchObject({
      kind: 'doubt',
      message: 'EDAS answered without the state of the application.',
    });
  });

  const lists = [
    ['GroupList', 'Group'],
    ['EccList', 'Ecc'],
    ['DeployRecordList', 'DeployRecord'],
  ] as const;

  test.each(lists)('has nothing in a %s that is missing, or empty', (place, name) => {
    const bare = { groups: [], instances: [] };
    for (const list of [undefined, null, {}, { [name]: null }, { [name]: [] }]) {
      const only = { GroupList: null, EccList: null, DeployRecordList: null, [place]: list };
      expect(read(only)).toEqual(bare);
    }
  });

  test.each(lists)('is a failure with a %s that is none, and not taken for an empty one', (place, name) => {
    for (const list of ['none', 0, [], { [name]: {} }, { [name]: 'none' }]) {
      expect(failureOf(() => read({ [place]: list }))).toMatchObject({
        kind: 'doubt',
        message: `EDAS answered without a list of ${place}.`,
      });
    }
  });

  test.each(lists)('is a failure without a %s, beside other words than those of a success', (place) => {
    const fields = { [place]: undefined };
    expect(failureOf(() => read(fields, { Message: 'operation not allowed' })).kind).toBe('doubt');
    expect(read(fields, { Message: 'success' })).toBeDefined();
  });

  test.each([
    ['no id', { GroupId: undefined }, { id: '' }],
    ['an id that is a number', { GroupId: 8 }, { id: '' }],
    ['an id that quotes a credential', { GroupId: credentials.accessKeyId }, { id: '' }],
    ['no name', { GroupName: undefined }, { name: undefined }],
    ['an empty name', { GroupName: '' }, { name: undefined }],
    ['an endless name', { GroupName: 'n'.repeat(10_000) }, { name: `${'n'.repeat(100)}…` }],
    [
      'a name that quotes a credential',
      { GroupName: `of ${credentials.securityToken}` },
      { name: undefined },
    ],
    ['no version', { PackageVersionId: undefined }, { versionId: undefined }],
    ['an empty version', { PackageVersionId: '' }, { versionId: undefined }],
    ['a version that is a number', { PackageVersionId: 2 }, { versionId: undefined }],
    [
      'a version that quotes a credential',
      { PackageVersionId: credentials.securityToken },
      { versionId: undefined },
    ],
  ])('keeps the place of a group with %s', (_what, fields, differences) => {
    const whole = { id: group, name: '_DEFAULT_GROUP', versionId: v2 };
    expect(readGroups({ ...groupEntry, ...fields }, groupEntry)).toEqual([
      { ...whole, ...differences },
      whole,
    ]);
  });

  test.each([
    ['no id', { EccId: undefined }, { id: '', versionId: undefined }],
    [
      'an id that quotes a credential',
      { EccId: credentials.securityToken },
      { id: '', versionId: undefined },
    ],
    ['no group', { GroupId: undefined }, { groupId: undefined }],
    ['no state', { AppState: undefined }, { state: undefined }],
    ['a state in words', { AppState: 'RUNNING' }, { state: undefined }],
    ['a state as text', { AppState: '3' }, { state: 3 }],
    ['a state that is not documented', { AppState: 9 }, { state: 9 }],
  ])('keeps the place of an instance with %s', (_what, fields, differences) => {
    expect(readInstances({ ...instanceEntry, ...fields }, instanceEntry)).toEqual([
      { ...healthy, ...differences },
      healthy,
    ]);
  });

  test.each([[null], [instance], [7], [[]]])(
    'keeps the place of an instance, or a group, that is %j',
    (item) => {
      expect(readInstances(item)).toEqual([
        { id: '', groupId: undefined, state: undefined, versionId: undefined },
      ]);
      expect(readGroups(item)).toEqual([{ id: '', name: undefined, versionId: undefined }]);
    },
  );

  describe('on an instance', () => {
    const earlier = { ...record, PackageVersionId: v1, CreateTime: 1573626226690 };
    const timeless = { ...record, CreateTime: undefined };

    test.each([
      ['the one of its only record', [record], v2],
      ['the one of its only record, though that has no time', [timeless], v2],
      ['the one of its newest record, in any order', [earlier, record], v2],
      ['the one of its newest record, in any order', [record, earlier], v2],
      [
        'the one of its newest record, the time as text',
        [earlier, { ...record, CreateTime: '1573626226691' }],
        v2,
      ],
      ['the one that two records of the same time agree on', [record, record, earlier], v2],
      [
        'unknown where two records of the same time do not agree',
        [record, { ...record, PackageVersionId: v1 }],
        undefined,
      ],
      [
        'unknown where a record without a time may be newer',
        [record, { ...timeless, PackageVersionId: v1 }],
        undefined,
      ],
      ['the one that a record without a time agrees on', [timeless, record, earlier], v2],
      ['unknown without a record', [], undefined],
      ['unknown with the records of other instances', [{ ...record, EccId: group }], undefined],
      ['unknown with a record of no instance', [{ ...record, EccId: undefined }, null], undefined],
      [
        'unknown where the newest record names none',
        [earlier, { ...record, PackageVersionId: '' }],
        undefined,
      ],
      [
        'unknown where its record quotes a credential',
        [{ ...record, PackageVersionId: credentials.securityToken }],
        undefined,
      ],
    ])('is %s', (_what, records, versionId) => {
      expect(versionAfter(...records)).toEqual([versionId]);
    });

    test('that EDAS does not name is unknown, though a record names none either', () => {
      const Ecc = [{ ...instanceEntry, EccId: undefined }];
      const DeployRecord = [{ ...record, EccId: undefined }];
      expect(read({ EccList: { Ecc }, DeployRecordList: { DeployRecord } }).instances).toMatchObject([
        { id: '', versionId: undefined },
      ]);
    });
  });

  test.each([
    ['the application itself', { Application: { ApplicationId: anotherApp } }],
    ['a group', { GroupList: { Group: [groupEntry, { ...groupEntry, AppId: anotherApp }] } }],
    ['an instance', { EccList: { Ecc: [{ ...instanceEntry, AppId: anotherApp }] } }],
    ['an instance, with a number', { EccList: { Ecc: [{ ...instanceEntry, AppId: 42 }] } }],
    ['a record', { DeployRecordList: { DeployRecord: [{ ...record, AppId: anotherApp }] } }],
  ])('is in doubt where %s is of another application', (_what, fields) => {
    expect(failureOf(() => read(fields))).toMatchObject(ofAnother);
  });

  test.each([
    ['the application is missing', { Application: undefined }],
    ['the application is not named', { Application: { Name: 'checkout' } }],
    ['the case of its id differs', { Application: { ApplicationId: app.toUpperCase() } }],
  ])('is read where %s', (_what, fields) => {
    expect(read(fields).instances).toEqual([healthy]);
  });

  test('is read or in doubt, whatever EDAS answers', () => {
    const value = fc.oneof(
      fc.jsonValue({ maxDepth: 1 }),
      hostileText,
      fc.constantFrom(app, v1, v2, group, instance),
    );
    const records = fc.array(
      fc.dictionary(fc.constantFrom(...Object.keys({ ...groupEntry, ...instanceEntry, ...record })), value),
    );
    const anyInfo = fc.record({
      GroupList: fc.record({ Group: records }),
      EccList: fc.record({ Ecc: records }),
      DeployRecordList: fc.record({ DeployRecord: records }),
    });
    fc.assert(
      fc.property(anyInfo, (fields) => {
        const isRead = isReadOrInDoubt(() => read(fields));
        const names = Object.values(fields).flatMap((list) => Object.values(list).flat());
        const isOfApp = names.every(({ AppId }) => [undefined, null, '', app].some((each) => each === AppId));
        expect(isRead).toBe(isOfApp);
      }),
      { numRuns: runs(300) },
    );
  });
});

function isReadOrInDoubt(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch (error) {
    expect(error).toMatchObject({ name: 'EdasFailure', kind: 'doubt' });
    return false;
  }
}
