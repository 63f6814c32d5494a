import type { ListedChangeOrder } from '../edas/client.ts';
import type { HistoryVersion } from '../edas/release.ts';
import { changeOrderStatus, describeStatus } from '../edas/status.ts';
import { changesVersion, deploymentsBefore, isDeployment, newestFirst } from './listed-orders.ts';
import { decideInConsole, quoted, refused, uncertain } from './release-refusal.ts';
import type { ReleaseReadings, ReleaseRequest } from './release.ts';
import { beginsWith, newestVersionFirst, standsOnce, targetIn, versionField } from './version-history.ts';

/** The version that ran before the release: the sender named it, or the history and the change orders agree on it. */
export function findPreviousVersion(request: ReleaseRequest, readings: ReleaseReadings): HistoryVersion {
  const { version, isChosen = false } = request;
  const { history } = readings;
  const [newest, candidate, other] = history.toSorted(newestVersionFirst);
  if (!newest || !candidate) {
    const seen = 'The history of the application holds no version but the one that runs.';
    throw refused('no_previous_version', seen, decideInConsole, request);
  }
  if (version !== undefined) {
    requireNoRollback(request, readings);
    if (!isChosen) requireAlone(request, readings);
    return requireNamed(version, newest, request, history);
  }
  const fault =
    faultOfOrders(candidate, request, readings) ??
    (other?.createdAt === candidate.createdAt ? 'Two versions are the second newest.' : undefined) ??
    (standsOnce(candidate, history)
      ? undefined
      : `The second newest version, ${quoted(candidate.version)}, stands in the history several times.`);
  if (fault !== undefined) throw uncertain(request, history, fault);
  return candidate;
}

/** The newest release is what runs only where nothing that began before it ended after it began. */
function requireAlone(request: ReleaseRequest, { orders, history }: ReleaseReadings): void {
  const release = orders.find((each) => each.changeOrderId === request.changeOrderId);
  const { createdAt: beganAt = 0 } = release ?? {};
  const earlier = orders.filter((each) => changesVersion(each) && (each.createdAt ?? 0) < beganAt);
  if (release && !endedBefore(release, earlier)) {
    throw uncertain(request, history, 'A change order before the release ran beside it.');
  }
}

/** EDAS may list a rollback like any other deployment, and name no order when it accepts one. */
function requireNoRollback(
  request: ReleaseRequest,
  { orders, history, rolledBack = [] }: ReleaseReadings,
): void {
  const [before] = deploymentsBefore(request.changeOrderId, orders);
  const own = rolledBack.find(({ changeOrderId }) => changeOrderId === before?.changeOrderId);
  if (!own || own.rollbackChangeOrderId !== undefined) return;
  const fault = `This deployment may be the rollback of the release before it, ${own.changeOrderId}, by this function.`;
  throw uncertain(request, history, fault);
}

function requireNamed(
  version: string,
  newest: HistoryVersion,
  request: ReleaseRequest,
  history: readonly HistoryVersion[],
): HistoryVersion {
  const [named, second] = history.filter((each) => each.version === version);
  const who = request.isChosen === true ? 'A person chose' : 'The request asks for';
  const asked = `${who} the version ${quoted(version)}`;
  if (!named) throw uncertain(request, history, `${asked}, which is not in the history.`);
  if (second) throw uncertain(request, history, `${asked}, which stands in the history several times.`);
  if (named === newest) throw uncertain(request, history, `${asked}, which is the one that runs.`);
  return named;
}

/**
 * Why the change orders do not show that a version ran well before the release; undefined where they do. A history alone
 * does not tell: a version that failed, or was rolled back, stands in it as well.
 */
function faultOfOrders(
  candidate: HistoryVersion,
  { changeOrderId }: ReleaseRequest,
  { orders, rolledBack = [] }: ReleaseReadings,
): string | undefined {
  const [newest, before, ...earlier] = orders.filter(changesVersion).toSorted(newestFirst);
  if (newest?.changeOrderId !== changeOrderId) {
    return `The newest change order that can have changed the version is not the release: it is ${newest?.changeOrderId} (${newest?.typeCode}).`;
  }
  if (!before) return 'The list of change orders does not show the deployment before the release.';
  const seen = `The change order before the release, ${before.changeOrderId},`;
  const isAlone = [newest, ...earlier].every((each) => each.createdAt !== before.createdAt);
  if (before.createdAt === undefined || !isAlone) return `${seen} has no time of its own.`;
  if (orders.some((each) => changesVersion(each) && each.createdAt === undefined)) {
    return 'EDAS does not say of each change order when it was made.';
  }
  if (!isDeployment(before)) return `${seen} is no deployment (${before.typeCode}).`;
  if (before.status !== changeOrderStatus.succeeded) {
    return `${seen} has status ${describeStatus(before.status)}.`;
  }
  if (rolledBack.some(({ changeOrderId: id }) => id === before.changeOrderId)) {
    return `${seen} was rolled back by this function, or may have been.`;
  }
  if (before.finishedAt === undefined) return `${seen} has no time of its end.`;
  if (!endedBefore(newest, [before, ...earlier]) || !endedBefore(before, earlier)) {
    return 'The change orders before the release ran beside each other, or beside the release.';
  }
  const named = versionField(before.description);
  if (named === undefined) return `${seen} does not name its version: ${quoted(before.description)}.`;
  if (!beginsWith(named, candidate.version)) {
    return `${seen} names another version (${quoted(before.description)}) than the second newest, ${quoted(candidate.version)}.`;
  }
  return hasSameTarget(before, newest) ? undefined : `${seen} was for other groups than the release.`;
}

/** Whether all of these had ended when an order began: what ends last stays, whichever began last. */
function endedBefore({ createdAt = 0 }: ListedChangeOrder, earlier: readonly ListedChangeOrder[]): boolean {
  return earlier.every(({ finishedAt = 0 }) => finishedAt < createdAt);
}

function hasSameTarget(a: ListedChangeOrder, b: ListedChangeOrder): boolean {
  return a.groupId === b.groupId && targetIn(a) === targetIn(b);
}
