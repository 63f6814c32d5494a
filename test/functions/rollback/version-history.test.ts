import { describe, expect, test } from 'vitest';
import type { ListedChangeOrder } from '../../../functions/edas/client.ts';
import {
  beginsWith,
  newestVersionFirst,
  standsOnce,
  targetIn,
  versionField,
  versionsBy,
} from '../../../functions/rollback/version-history.ts';

const version = (id: string, name: string, createdAt?: number) => ({ id, version: name, createdAt });
const described = (description: string) => ({ description }) as ListedChangeOrder;

describe('the version in a description', () => {
  test.each([
    // https://help.aliyun.com/document_detail/423164.html
    [
      '版本:2020-05-14 20:02:33 | 包名:hsf-pandora-boot-provider-1.0.jar | 部署目标:所有分组',
      '2020-05-14 20:02:33',
      '所有分组',
    ],
    // https://www.alibabacloud.com/help/en/eventbridge/user-guide/edas-events
    [
      'Version: Wed Nov 04 21:30:55 CST 2020 | Package Name: download | Deployment Target: Default Group',
      'Wed Nov 04 21:30:55 CST 2020',
      'Default Group',
    ],
    ['  版本 ：1.0|包名:a|部署目标：灰度', '1.0', '灰度'],
    ['version:1.0', '1.0', undefined],
    ['Version: 1.0\n| Deployment Target:a', '1.0', 'a'],
  ])('is the whole of it: %j', (description, name, target) => {
    const field = versionField(description) ?? '';
    expect(beginsWith(field, name)).toBe(true);
    expect(beginsWith(field, name.slice(0, -1))).toBe(false);
    expect(beginsWith(field, `${name}.1`)).toBe(false);
    expect(targetIn(described(description))).toBe(target);
  });

  test.each(['', 'Deploy Version: 1.0', 'xVersion: 1.0', 'Versions: 1.0', '应用版本:1.0', 'Version 1.0'])(
    'is none where the description does not begin with it: %j',
    (description) => {
      expect(versionField(description)).toBeUndefined();
      expect(versionsBy(described(description), [version('a', '1.0')])).toBeUndefined();
    },
  );

  test('may hold the sign between the fields, and is compared with the names that the history has', () => {
    const history = [version('a', '1.0 | rc'), version('b', '1.0'), version('c', '2.0'), version('d', '')];
    const ids = (description: string) => versionsBy(described(description), history)?.map(({ id }) => id);
    expect(ids('Version: 1.0 | rc | Package Name: x')).toEqual(['a', 'b']);
    expect(ids('Version: 2.0 | Package Name: x')).toEqual(['c']);
    expect(ids('Version: 3.0')).toEqual([]);
    expect(ids('Version:  | Package Name: x')).toEqual([]);
  });
});

test('a name stands in the history once, twice, or is none', () => {
  const [one, two, again, none] = [version('a', '1'), version('b', '2'), version('c', '2'), version('d', '')];
  const history = [one, two, again, none];
  expect(history.map((each) => standsOnce(each, history))).toEqual([true, false, false, false]);
});

test('the newest version comes first, and one without a time last', () => {
  const history = [version('none', '0'), version('old', '1', 1), version('new', '2', 2)];
  expect(history.toSorted(newestVersionFirst).map(({ id }) => id)).toEqual(['new', 'old', 'none']);
});
