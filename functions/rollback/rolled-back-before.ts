import type { HistoryVersion } from '../edas/release.ts';
import { deploymentsBefore, rollbackRightAfter } from './listed-orders.ts';
import type { ReleaseReadings, ReleaseRequest, RolledBackBefore } from './release.ts';
import { newestVersionFirst, standsOnce, versionsBy } from './version-history.ts';

/**
 * The release, where the version that it names runs nowhere, and an older one instead: then it was rolled back. Or the
 * deployment before it, where that brought the newest version: then the "release" is its rollback, which EDAS lists like any other
 * deployment. That the newest version of the history runs nowhere is not enough: it may be one that is being deployed.
 */
export function findRolledBack(
  { changeOrderId }: ReleaseRequest,
  { orders, history, state }: ReleaseReadings,
): RolledBackBefore | undefined {
  const ids = [...state.groups, ...state.instances].flatMap(({ versionId }) => versionId ?? []);
  const running = history.filter(({ id }) => ids.includes(id));
  const areKnown = ids.length > 0 && ids.every((id) => running.some((version) => version.id === id));
  if (!areKnown) return undefined;
  const isGone = (versions: readonly HistoryVersion[]) =>
    versions.length > 0 &&
    running.every((each) => !versions.includes(each) && isOlder(each, versions, history));
  const plan = 'already_rolled_back';
  const release = orders.find((each) => each.changeOrderId === changeOrderId);
  const own = release && versionsBy(release, history);
  if (own && isGone(own)) {
    const rollback = rollbackRightAfter(changeOrderId, orders);
    return { plan, changeOrderId, rollbackChangeOrderId: rollback?.changeOrderId };
  }
  const [before, ...older] = deploymentsBefore(changeOrderId, orders);
  const [newest] = history.toSorted(newestVersionFirst);
  const named = before && versionsBy(before, history);
  const wasDeployedBefore = (each: HistoryVersion) =>
    older.some((order) => versionsBy(order, history)?.includes(each));
  const hasReplaced = own?.some((each) => running.includes(each) && wasDeployedBefore(each)) === true;
  const broughtNewest = newest && standsOnce(newest, history) && named?.includes(newest) ? [newest] : [];
  return before && hasReplaced && isGone(broughtNewest)
    ? { plan, changeOrderId: before.changeOrderId, rollbackChangeOrderId: changeOrderId }
    : undefined;
}

/** Whether a version was first deployed before all of these. A rollback may have made another entry of its name. */
function isOlder(
  { version: name }: HistoryVersion,
  others: readonly HistoryVersion[],
  history: readonly HistoryVersion[],
): boolean {
  const firstOf = (versions: readonly HistoryVersion[]) =>
    Math.min(...versions.map(({ createdAt = Infinity }) => createdAt));
  return firstOf(history.filter(({ version }) => version === name)) < firstOf(others);
}
