import { describe, expect, test } from 'vitest';
import type {
  ApplicationInstance,
  ApplicationState,
  HistoryVersion,
} from '../../../functions/edas/release.ts';
import { countInstances, lookAtInstances } from '../../../functions/follow/look-at-instances.ts';
import { openFollow } from '../../support/follow.ts';
import { failed, failureKinds } from '../../support/edas-failure.ts';

const instance = (differences: Partial<ApplicationInstance> = {}): ApplicationInstance => ({
  id: 'ecc-1',
  groupId: 'group-1',
  state: 7,
  versionId: 'version-1',
  ...differences,
});
const stateOf = (...instances: ApplicationInstance[]): ApplicationState => ({ groups: [], instances });

describe('of the instances', () => {
  const count = (...instances: ApplicationInstance[]) =>
    countInstances(stateOf(...instances), ['group-1', 'group-2'], ['version-1', 'version-1-again']);

  test.each([
    [7, 1],
    [0, 0],
    [1, 0],
    [3, 0],
    [2, 0],
    [99, 0],
    [undefined, 0],
  ])('one in state %s counts as healthy: %d', (state, healthy) => {
    expect(count(instance({ state }))).toEqual({ total: 1, healthy, onVersion: 1 });
  });

  test('those of other groups do not count', () => {
    const other = instance({ groupId: 'group-3', state: 3, versionId: 'version-2' });
    expect(count(instance(), instance({ groupId: 'group-2' }), other)).toEqual({
      total: 2,
      healthy: 2,
      onVersion: 2,
    });
  });

  test('one whose group is not given counts: what is wrong with it is told', () => {
    expect(count(instance(), instance({ groupId: undefined, state: 3 }))).toMatchObject({
      total: 2,
      healthy: 1,
    });
  });

  test('one is on the version under each id that the version has in the history', () => {
    expect(
      count(instance(), instance({ versionId: 'version-1-again' }), instance({ versionId: 'version-2' })),
    ).toMatchObject({ onVersion: 2 });
  });

  test('one that shows no version is not on it, where another one shows its own', () => {
    expect(count(instance(), instance({ versionId: undefined }))).toMatchObject({ total: 2, onVersion: 1 });
  });

  test('it is not known what they run, where none shows its version, or that of the target is not known', () => {
    expect(count(instance({ versionId: undefined })).onVersion).toBeUndefined();
    expect(countInstances(stateOf(instance()), ['group-1'], []).onVersion).toBeUndefined();
  });
});

describe('a look after the end', () => {
  const version = (id: string, name: string): HistoryVersion => ({ id, version: name, createdAt: 0 });
  const history = [
    version('version-2', '1.8.2'),
    version('version-1', '1.8.1'),
    version('version-3', '1.8.1'),
  ];

  function open(instances = [instance(), instance({ versionId: 'version-3' })]) {
    const { client, means } = openFollow();
    const reads: string[] = [];
    const warned: string[] = [];
    client.getApplicationState = (app) => {
      reads.push(`state of ${app}`);
      return Promise.resolve(stateOf(...instances));
    };
    client.listHistoryVersions = (app) => {
      reads.push(`history of ${app}`);
      return Promise.resolve(history);
    };
    const look = () =>
      lookAtInstances(
        { app: 'app-1', groups: ['group-1'], toVersion: '1.8.1' },
        means([], { warn: (message) => void warned.push(message) }),
      );
    return { client, look, reads, warned };
  }

  test('reads the state and the history once each, and finds the version under every entry of its name', async () => {
    const { look, reads } = open();
    expect(await look()).toEqual({ total: 2, healthy: 2, onVersion: 2 });
    expect(reads).toEqual(['state of app-1', 'history of app-1']);
  });

  test.each(failureKinds)(
    'where the state cannot be read (%s) shows nothing, and fails nothing',
    async (kind) => {
      const { client, look, warned } = open();
      client.getApplicationState = () => Promise.reject(failed(kind));
      expect(await look()).toBeUndefined();
      expect(warned).toEqual(['EDAS could not be asked']);
    },
  );

  test('where the history cannot be read shows how the instances are, and not what they run', async () => {
    const { client, look } = open();
    client.listHistoryVersions = () => Promise.reject(failed('doubt'));
    expect(await look()).toEqual({ total: 2, healthy: 2, onVersion: undefined });
  });

  test('where EDAS shows no instance of the groups shows nothing', async () => {
    expect(await open([]).look()).toBeUndefined();
    expect(await open([instance({ groupId: 'group-9' })]).look()).toBeUndefined();
  });

  test('a fault of ours is not hidden', async () => {
    const { client, look } = open();
    client.getApplicationState = () => Promise.reject(new TypeError('made up'));
    await expect(look()).rejects.toThrow(TypeError);
  });
});
