import type { HistoryVersion, InstanceGroup } from '../edas/release.ts';
import { excerpt } from '../lib/text.ts';
import { deploymentsBefore } from './listed-orders.ts';
import { decideInConsole, quoted, refused, uncertain } from './release-refusal.ts';
import type { ReleaseReadings, ReleaseRequest } from './release.ts';
import { beginsWith, newestVersionFirst, standsOnce, versionField, versionsBy } from './version-history.ts';

interface CurrentVersion {
  newest: HistoryVersion;
  groups: readonly InstanceGroup[];
}

/** All groups that the rollback is for run the newest version of the history. */
export function requireOneVersion(request: ReleaseRequest, readings: ReleaseReadings): CurrentVersion {
  const newest = newestOf(request, readings);
  const groups = groupsFor(request, readings);
  const others = groups.filter(({ versionId }) => versionId !== newest.id);
  if (others.length === 0) return { newest, groups };
  const seen = groups.map((group) => describeGroup(group, readings.history)).join('; ');
  throw refused(
    'groups_differ',
    `The newest version is ${quoted(newest.version)}, and the groups run: ${excerpt(seen, 500)}.`,
    'Decide for each group in the EDAS console. To roll back one group only, set ended.group to its id.',
    request,
  );
}

/** The newest version of the history, and that it is the one of the release. */
function newestOf(request: ReleaseRequest, { history, orders }: ReleaseReadings): HistoryVersion {
  const [newest, next] = history.toSorted(newestVersionFirst);
  if (!newest) throw uncertain(request, history, 'EDAS lists no version of the application.');
  if (history.some(({ createdAt }) => createdAt === undefined)) {
    throw uncertain(request, history, 'EDAS does not say of each version when it was deployed.');
  }
  if (next?.createdAt === newest.createdAt) {
    throw uncertain(request, history, 'Two versions are the newest.');
  }
  if (!standsOnce(newest, history)) {
    throw uncertain(
      request,
      history,
      `The newest version, ${quoted(newest.version)}, stands in the history several times: it may be one that was gone back to.`,
    );
  }
  requireNewestOfRelease(newest, request, { history, orders });
  return newest;
}

/** The words of the deployments show that this release brought the newest version, and no earlier one did. */
function requireNewestOfRelease(
  newest: HistoryVersion,
  request: ReleaseRequest,
  { history, orders }: Pick<ReleaseReadings, 'history' | 'orders'>,
): void {
  const release = orders.find((each) => each.changeOrderId === request.changeOrderId);
  const named = release && versionField(release.description);
  const isUnnamed = named === undefined;
  // Words of one's own name no version. A person who chooses sees what runs.
  const mayBeUnnamed = isUnnamed && request.isChosen === true;
  if (!mayBeUnnamed && (isUnnamed || !beginsWith(named, newest.version))) {
    const what = named === undefined ? 'does not name' : 'names another version than';
    throw uncertain(
      request,
      history,
      `The description of the release, ${quoted(release?.description ?? '')}, ${what} the newest version, ${quoted(newest.version)}.`,
    );
  }
  const earlier = deploymentsBefore(request.changeOrderId, orders).find((each) =>
    versionsBy(each, [newest])?.includes(newest),
  );
  if (earlier) {
    throw uncertain(
      request,
      history,
      `An earlier deployment, ${earlier.changeOrderId}, names the newest version, ${quoted(newest.version)}, too: it may be one that was gone back to.`,
    );
  }
}

/** The groups that the rollback is for. One without instances runs nothing. */
function groupsFor(request: ReleaseRequest, { state }: ReleaseReadings): InstanceGroup[] {
  const { policy } = request;
  const { groups, instances } = state;
  const isOccupied = ({ id }: InstanceGroup) =>
    instances.some(({ groupId }) => groupId === id || groupId === undefined);
  const chosen = groups.filter(({ id }) => policy.group === 'all' || policy.group === id).filter(isOccupied);
  if (chosen.length > 0) return chosen;
  const seen =
    policy.group === 'all'
      ? 'EDAS shows no instance of the application.'
      : `EDAS shows no instance in the group ${quoted(policy.group)} (ended.group) of the application.`;
  throw refused('groups_differ', seen, decideInConsole, request);
}

function describeGroup(
  { id, name: own, versionId }: InstanceGroup,
  history: readonly HistoryVersion[],
): string {
  const version = history.find((each) => each.id === versionId)?.version;
  const what = version === undefined ? 'a version that is not in the history' : quoted(version);
  return `${own === undefined ? id : `${excerpt(own, 60)} (${id})`} ${what}`;
}
