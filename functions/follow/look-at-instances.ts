import { instanceStates, type ApplicationInstance, type ApplicationState } from '../edas/release.ts';
import type { TaskDependencies } from './dependencies.ts';
import { ifReadable, readTimeoutMs } from './optional-reads.ts';
import type { InstanceCounts } from './rollback-event.ts';

/** Where an earlier version was deployed. */
interface RolledBackRelease {
  app: string;
  /** The ids of the groups of instances. */
  groups: readonly string[];
  /** The name of the version that was gone back to. */
  toVersion: string;
}

/**
 * Whether a rollback has helped, as far as EDAS shows it: reads once how the instances are, and what they run.
 *
 * @returns undefined where EDAS cannot be asked, or shows no instance of these groups
 */
export async function lookAtInstances(
  { app, groups, toVersion }: RolledBackRelease,
  { edas, warn }: Pick<TaskDependencies, 'edas' | 'warn'>,
): Promise<InstanceCounts | undefined> {
  const read = <T>(question: () => Promise<T>) => ifReadable({ warn }, question);
  const [state, history] = await Promise.all([
    read(async () => (await edas()).getApplicationState(app, readTimeoutMs)),
    read(async () => (await edas()).listHistoryVersions(app, readTimeoutMs)),
  ]);
  if (!state) return undefined;
  // The rollback may have made an entry of its own in the history, of the same name.
  const versionIds = history?.flatMap(({ id, version }) => (version === toVersion ? id : [])) ?? [];
  const counts = countInstances(state, groups, versionIds);
  return counts.total === 0 ? undefined : counts;
}

/** @param versionIds under which the version that was gone back to stands in the history; none where that is not known */
export function countInstances(
  { instances }: ApplicationState,
  groups: readonly string[],
  versionIds: readonly string[],
): InstanceCounts {
  // One whose group EDAS does not give may be of these groups, and what is wrong with it must not be missed.
  const concerned = instances.filter(({ groupId }) => groupId === undefined || groups.includes(groupId));
  const count = (is: (instance: ApplicationInstance) => boolean) =>
    concerned.filter((each) => is(each)).length;
  const showsVersions = versionIds.length > 0 && concerned.some(({ versionId }) => versionId !== undefined);
  return {
    total: concerned.length,
    healthy: count(({ state }) => state === instanceStates.running),
    onVersion: showsVersions
      ? count(({ versionId }) => versionId !== undefined && versionIds.includes(versionId))
      : undefined,
  };
}
