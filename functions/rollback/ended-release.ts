import type { ChangeOrderInfo } from '../edas/change-order.ts';
import type { ListedChangeOrder } from '../edas/client.ts';
import type { ApplicationState, HistoryVersion, InstanceGroup } from '../edas/release.ts';
import { changeOrderStatus, describeStatus, phaseOf } from '../edas/status.ts';
import { Problem, type ErrorCode } from '../errors.ts';
import { excerpt } from '../lib/text.ts';
import { toIso } from '../lib/time.ts';
import {
  changesVersion,
  deploymentsBefore,
  isDeployment,
  isRollback,
  newestFirst,
  rollbackRightAfter,
} from './listed-orders.ts';
import type { ReleasePolicy, ReleaseVersions } from './release.ts';
import { requireChangePredatesProblem } from './rollback.ts';

/** A release that is to be rolled back although it has ended, and what may stand against it. */
export interface ReleaseRequest {
  app: string;
  /** The deployment. */
  changeOrderId: string;
  policy: ReleasePolicy;
  /** The version to go back to, where the sender named it. */
  version?: string | undefined;
  /** Epoch milliseconds. A release that began later is not to blame. */
  problemStartedAt?: number | undefined;
}

/** What EDAS shows of the application of a release, all read at the same time. */
export interface ReleaseReadings {
  /** The recent change orders of the application, in any order. */
  orders: readonly ListedChangeOrder[];
  /** The release's own change order. */
  order: ChangeOrderInfo;
  history: readonly HistoryVersion[];
  state: ApplicationState;
  /** Epoch milliseconds. */
  readAt: number;
  /** Epoch milliseconds: when this function last rolled a release of the application back, as far as its tasks show it. */
  rolledBackAt?: number | undefined;
  /** The releases of the application that this function rolled back, or may have, as far as its tasks show it. */
  rolledBack?: readonly RolledBackRelease[] | undefined;
}

/** A release that this function rolled back, or may have. */
export interface RolledBackRelease {
  changeOrderId: string;
  /** The order that did. Undefined: it is not known which one, or whether there is one. */
  rollbackChangeOrderId: string | undefined;
}

/** A rollback of a release that may be sent. */
export interface ReleasePlan extends ReleaseVersions {
  plan: 'roll_back';
  /** The id of the version that runs. */
  fromVersionId: string;
  /** The id of a group, or `all`. */
  group: string;
  batches: number;
  batchWaitMinutes: number;
  /** Epoch milliseconds, by EDAS's clock: when the newest change order was made. A later one may be the rollback. */
  seenUntil: number;
}

/** The release was rolled back before, and there is nothing to do. */
export interface RolledBackBefore {
  plan: 'already_rolled_back';
  /** The release. */
  changeOrderId: string;
  /** Its rollback, where that is known. */
  rollbackChangeOrderId: string | undefined;
}

/** One condition without which no release is rolled back. */
export interface ReleaseRule {
  /** What must be so, for people. */
  what: string;
  /** @throws Problem that says what was seen, and what to do */
  require: (request: ReleaseRequest, readings: ReleaseReadings) => void;
}

/**
 * What must be certain before a release is rolled back without a person, in the order in which it is looked at. See
 * docs/decisions/0016.
 */
export const releaseRules: readonly ReleaseRule[] = [
  { what: 'no change of the application is in flight', require: requireNothingInFlight },
  { what: 'the release is the newest of its application, and has succeeded', require: requireNewest },
  { what: 'the release ended a short time ago', require: requireRecent },
  {
    what: 'the groups run the version of the release, the newest of the history',
    require: requireOneVersion,
  },
  { what: 'the release began before the problem did', require: requireBeganBeforeProblem },
  { what: 'the application was not rolled back a short time ago', require: requireNoRecentRollback },
  { what: 'it is certain which version ran before', require: findPreviousVersion },
];

/**
 * Decides whether a release that has ended is rolled back, and to which version.
 *
 * @throws Problem with the code of the rule that fails
 */
export function planReleaseRollback(
  request: ReleaseRequest,
  readings: ReleaseReadings,
): ReleasePlan | RolledBackBefore {
  for (const { require } of releaseRules) {
    if (require === requireOneVersion) {
      const before = findRolledBack(request, readings);
      if (before) return before;
    }
    require(request, readings);
  }
  const { group, batches, batchWaitMinutes } = request.policy;
  const { newest, groups } = requireOneVersion(request, readings);
  const instancesOf = ({ id }: InstanceGroup) =>
    readings.state.instances.filter(({ groupId }) => groupId === id).length;
  return {
    plan: 'roll_back',
    fromVersion: newest.version,
    fromVersionId: newest.id,
    toVersion: findPreviousVersion(request, readings).version,
    groups: groups.map(({ id }) => id),
    group,
    // EDAS may not say of an instance which group it is in.
    batches: Math.max(1, Math.min(batches, ...groups.map(instancesOf))),
    batchWaitMinutes,
    seenUntil: Math.max(...readings.orders.map(({ createdAt = 0 }) => createdAt)),
  };
}

function requireNothingInFlight({ app, changeOrderId }: ReleaseRequest, { orders }: ReleaseReadings): void {
  const release = orders.find((each) => each.changeOrderId === changeOrderId);
  const since = release?.createdAt ?? 0;
  const mayMove = (order: ListedChangeOrder) => {
    const phase = phaseOf(order.status);
    // A status that EDAS does not document may mean anything.
    return phase === 'in_flight' || (phase === undefined && (order.createdAt ?? Infinity) >= since);
  };
  const moving = orders.find(mayMove);
  if (!moving) return;
  const what = isRollback(moving) ? 'a rollback' : (moving.typeCode ?? 'of a type that is not given');
  const seen = `The change order ${moving.changeOrderId} of the application (${what}) has status ${describeStatus(moving.status)}`;
  const advice =
    'The release that has ended is rolled back only while nothing else changes. Look at that change order in the EDAS console.';
  throw refused('app_has_change_in_flight', `${seen}.`, advice, app, changeOrderId);
}

function requireNewest({ app, changeOrderId }: ReleaseRequest, { orders, order }: ReleaseReadings): void {
  const fail = (seen: string) => refused('release_not_newest', seen, decideInConsole, app, changeOrderId);
  const release = orders.find((each) => each.changeOrderId === changeOrderId);
  if (!release) throw fail('The change order is not among the recent ones of the application.');
  if (!isDeployment(release)) throw fail('The change order is no deployment, or is a rollback itself.');
  const { createdAt } = release;
  if (createdAt === undefined) throw fail('EDAS does not say when the deployment was made.');
  const newer = orders.find(
    (each) => each !== release && isDeployment(each) && (each.createdAt ?? Infinity) >= createdAt,
  );
  if (newer) throw fail(`The deployment ${newer.changeOrderId} is newer, or of the same second.`);
  if (order.status === changeOrderStatus.succeeded) return;
  const seen = `The change order's status is ${describeStatus(order.status)}, and only a release that has succeeded is rolled back to the version before it.`;
  throw refused('change_order_finished', seen, decideInConsole, app, changeOrderId);
}

/** Milliseconds by which the clocks of EDAS and of this function may differ. */
export const clockDifferenceMs = 300_000;

function requireRecent(
  { app, changeOrderId, policy }: ReleaseRequest,
  { orders, readAt }: ReleaseReadings,
): void {
  const endedAt = orders.find((each) => each.changeOrderId === changeOrderId)?.finishedAt;
  if (endedAt === undefined || endedAt > readAt + clockDifferenceMs) {
    const seen =
      endedAt === undefined
        ? 'EDAS does not say when the release ended.'
        : `EDAS says that the release ended at ${toIso(endedAt)}, which is yet to come.`;
    throw refused('release_end_unknown', seen, decideInConsole, app, changeOrderId);
  }
  if (readAt - endedAt <= policy.withinMs) return;
  const seen = `The newest release of the application ended at ${toIso(endedAt)}, ${minutes(readAt - endedAt)} ago; this source rolls back what ended at most ${minutes(policy.withinMs)} ago (ended.within).`;
  throw refused('release_too_old', seen, decideInConsole, app, changeOrderId);
}

interface CurrentVersion {
  newest: HistoryVersion;
  groups: readonly InstanceGroup[];
}

/** All groups that the rollback is for run the newest version of the history. */
function requireOneVersion(request: ReleaseRequest, readings: ReleaseReadings): CurrentVersion {
  const newest = newestOf(request, readings);
  const groups = groupsFor(request, readings);
  const others = groups.filter(({ versionId }) => versionId !== newest.id);
  if (others.length === 0) return { newest, groups };
  const { app, changeOrderId } = request;
  const seen = groups.map((group) => describeGroup(group, readings.history)).join('; ');
  throw refused(
    'groups_differ',
    `The newest version is ${name(newest.version)}, and the groups run: ${excerpt(seen, 500)}.`,
    'Decide for each group in the EDAS console. To roll back one group only, set ended.group to its id.',
    app,
    changeOrderId,
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
      `The newest version, ${name(newest.version)}, stands in the history several times: it may be one that was gone back to.`,
    );
  }
  const release = orders.find((each) => each.changeOrderId === request.changeOrderId);
  const named = release && versionField(release.description);
  if (named !== undefined && !beginsWith(named, newest.version)) {
    throw uncertain(
      request,
      history,
      `The description of the release, ${name(release?.description ?? '')}, names another version than the newest, ${name(newest.version)}.`,
    );
  }
  const earlier = deploymentsBefore(request.changeOrderId, orders).find((each) =>
    versionsBy(each, [newest])?.includes(newest),
  );
  if (earlier) {
    throw uncertain(
      request,
      history,
      `An earlier deployment, ${earlier.changeOrderId}, names the newest version, ${name(newest.version)}, too: it may be one that was gone back to.`,
    );
  }
  return newest;
}

/**
 * The release, where the version that it names runs nowhere, and an older one instead: then it was rolled back. Or the deployment
 * before it, where that brought the newest version: then the "release" is its rollback, which EDAS lists like any other
 * deployment. That the newest version of the history runs nowhere is not enough: it may be one that is being deployed.
 */
function findRolledBack(
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

/** The versions of the history that have the name in an order's description; undefined where there is none in it. */
function versionsBy(
  { description }: ListedChangeOrder,
  history: readonly HistoryVersion[],
): HistoryVersion[] | undefined {
  const named = versionField(description);
  return named === undefined ? undefined : history.filter(({ version }) => beginsWith(named, version));
}

/** The groups that the rollback is for. One without instances runs nothing. */
function groupsFor(
  { app, changeOrderId, policy }: ReleaseRequest,
  { state }: ReleaseReadings,
): InstanceGroup[] {
  const { groups, instances } = state;
  const isOccupied = ({ id }: InstanceGroup) =>
    instances.some(({ groupId }) => groupId === id || groupId === undefined);
  const chosen = groups.filter(({ id }) => policy.group === 'all' || policy.group === id).filter(isOccupied);
  if (chosen.length > 0) return chosen;
  const seen =
    policy.group === 'all'
      ? 'EDAS shows no instance of the application.'
      : `EDAS shows no instance in the group ${name(policy.group)} (ended.group) of the application.`;
  throw refused('groups_differ', seen, decideInConsole, app, changeOrderId);
}

function requireBeganBeforeProblem(request: ReleaseRequest, { order }: ReleaseReadings): void {
  requireChangePredatesProblem(request, order);
}

function requireNoRecentRollback(
  { app, changeOrderId, policy }: ReleaseRequest,
  { orders, readAt, rolledBackAt }: ReleaseReadings,
): void {
  const since = readAt - policy.everyMs;
  const wasStopped = (order: ListedChangeOrder) =>
    isRollback(order) || (isDeployment(order) && phaseOf(order.status) === 'terminated');
  const recent = orders.find(
    (order) => wasStopped(order) && (order.finishedAt ?? order.createdAt ?? Infinity) > since,
  );
  if (!recent && (rolledBackAt ?? 0) <= since) return;
  const what = recent
    ? `The change order ${recent.changeOrderId} is a rollback, or a deployment that was rolled back or stopped, of ${recent.createdAt === undefined ? 'a time that is not given' : toIso(recent.createdAt)}`
    : `This function rolled the application back at ${toIso(rolledBackAt ?? 0)}`;
  const advice = `An application is rolled back once in ${minutes(policy.everyMs)} without a person (ended.every). Decide in the EDAS console.`;
  throw refused('app_rolled_back_recently', `${what}.`, advice, app, changeOrderId);
}

/** The version that ran before the release: the sender named it, or the history and the change orders agree on it. */
function findPreviousVersion(request: ReleaseRequest, readings: ReleaseReadings): HistoryVersion {
  const { app, changeOrderId, version } = request;
  const { history } = readings;
  const [newest, candidate, other] = history.toSorted(newestVersionFirst);
  if (!newest || !candidate) {
    const seen = 'The history of the application holds no version but the one that runs.';
    throw refused('no_previous_version', seen, decideInConsole, app, changeOrderId);
  }
  if (version !== undefined) {
    requireNoRollback(request, readings);
    requireAlone(request, readings);
    return requireNamed(version, newest, request, history);
  }
  const fault =
    faultOfOrders(candidate, request, readings) ??
    (other?.createdAt === candidate.createdAt ? 'Two versions are the second newest.' : undefined) ??
    (standsOnce(candidate, history)
      ? undefined
      : `The second newest version, ${name(candidate.version)}, stands in the history several times.`);
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
  const asked = `The webhook asks for the version ${name(version)}`;
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
  if (named === undefined) return `${seen} does not name its version: ${name(before.description)}.`;
  if (!beginsWith(named, candidate.version)) {
    return `${seen} names another version (${name(before.description)}) than the second newest, ${name(candidate.version)}.`;
  }
  return hasSameTarget(before, newest) ? undefined : `${seen} was for other groups than the release.`;
}

/** Whether all of these had ended when an order began: what ends last stays, whichever began last. */
function endedBefore({ createdAt = 0 }: ListedChangeOrder, earlier: readonly ListedChangeOrder[]): boolean {
  return earlier.every(({ finishedAt = 0 }) => finishedAt < createdAt);
}

// Of a deployment EDAS writes `版本:2020-05-14 20:02:33 | 包名:demo-1.0.jar | 部署目标:所有分组`, or in English
// `Version: … | Package Name: … | Deployment Target: …`.
// https://help.aliyun.com/document_detail/423164.html
// https://www.alibabacloud.com/help/en/eventbridge/user-guide/edas-events

/** What stands in a description from the version on; undefined where it does not begin with a version. */
function versionField(description: string): string | undefined {
  return /^\s*(?:\u7248\u672c|Version)\s*[:\uff1a]\s*(.*)$/is.exec(description)?.[1];
}

/** Whether a field of a description is this version. The version is compared as a whole: it may hold any character. */
function beginsWith(field: string, version: string): boolean {
  return version !== '' && field.startsWith(version) && /^\s*(\||$)/.test(field.slice(version.length));
}

/** Which groups a deployment was for, as far as its description says it. */
function targetIn({ description }: ListedChangeOrder): string | undefined {
  return /\|\s*(?:\u90e8\u7f72\u76ee\u6807|Deployment Target|Deploy to)\s*[:\uff1a]\s*([^|]*)/i
    .exec(description)?.[1]
    ?.trim();
}

function hasSameTarget(a: ListedChangeOrder, b: ListedChangeOrder): boolean {
  return a.groupId === b.groupId && targetIn(a) === targetIn(b);
}

/** A version without a time counts as the oldest. */
function newestVersionFirst(a: HistoryVersion, b: HistoryVersion): number {
  return (b.createdAt ?? 0) - (a.createdAt ?? 0);
}

/** `RollbackApplication` takes the name of a version, so one that stands there twice is not certain. */
function standsOnce({ version }: HistoryVersion, history: readonly HistoryVersion[]): boolean {
  return version !== '' && history.filter((each) => each.version === version).length === 1;
}

const decideInConsole = 'Decide in the EDAS console, and roll back there.';

function uncertain(
  { app, changeOrderId }: ReleaseRequest,
  history: readonly HistoryVersion[],
  fault: string,
): Problem {
  const names = history.toSorted(newestVersionFirst).map(({ version }) => name(version));
  const seen = `${fault} Versions, the newest first: ${excerpt(names.join(', '), 300) || 'none'}.`;
  return refused('previous_version_uncertain', seen, 'Choose one in the EDAS console.', app, changeOrderId);
}

function refused(code: ErrorCode, seen: string, advice: string, app: string, changeOrderId: string): Problem {
  return new Problem(code, `${seen} This request rolled nothing back. ${advice}`, { app, changeOrderId });
}

function describeGroup(
  { id, name: own, versionId }: InstanceGroup,
  history: readonly HistoryVersion[],
): string {
  const version = history.find((each) => each.id === versionId)?.version;
  const what = version === undefined ? 'a version that is not in the history' : name(version);
  return `${own === undefined ? id : `${excerpt(own, 60)} (${id})`} ${what}`;
}

/** A text of EDAS inside a sentence. */
function name(text: string): string {
  return `“${excerpt(text, 80)}”`;
}

function minutes(ms: number): string {
  const whole = Math.round(ms / 60_000);
  return whole < 120 ? `${whole} min` : `${Math.round(whole / 60)} h`;
}
