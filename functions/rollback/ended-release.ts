import type { ListedChangeOrder } from '../edas/client.ts';
import type { InstanceGroup } from '../edas/release.ts';
import { changeOrderStatus, describeStatus, phaseOf } from '../edas/status.ts';
import { Problem } from '../errors.ts';
import { toIso } from '../lib/time.ts';
import { isDeployment, isRollback } from './listed-orders.ts';
import { findPreviousVersion } from './previous-version.ts';
import { decideInConsole, minutes, refused } from './release-refusal.ts';
import type {
  ReleaseChoice,
  ReleasePlan,
  ReleaseReadings,
  ReleaseRequest,
  RolledBackBefore,
} from './release.ts';
import { requireChangePredatesProblem } from './rollback.ts';
import { findRolledBack } from './rolled-back-before.ts';
import { requireOneVersion } from './running-version.ts';
import { choosableVersions } from './version-history.ts';

export type ReleaseRuleName =
  | 'nothing_in_flight'
  | 'newest'
  | 'recent'
  | 'one_version'
  | 'began_before_problem'
  | 'no_recent_rollback'
  | 'previous_version';

/** One condition without which no release is rolled back. */
export interface ReleaseRule {
  name: ReleaseRuleName;
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
  {
    name: 'nothing_in_flight',
    what: 'no change of the application is in flight',
    require: requireNothingInFlight,
  },
  {
    name: 'newest',
    what: 'the release is the newest of its application, and has succeeded',
    require: requireNewest,
  },
  { name: 'recent', what: 'the release ended a short time ago', require: requireRecent },
  {
    name: 'one_version',
    what: 'the groups run the version of the release, the newest of the history',
    require: requireOneVersion,
  },
  {
    name: 'began_before_problem',
    what: 'the release began before the problem did',
    require: requireBeganBeforeProblem,
  },
  {
    name: 'no_recent_rollback',
    what: 'the application was not rolled back a short time ago',
    require: requireNoRecentRollback,
  },
  {
    name: 'previous_version',
    what: 'it is certain which version ran before',
    require: findPreviousVersion,
  },
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
  for (const { name, require } of releaseRules) {
    if (name === 'one_version') {
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

/**
 * What a person can choose for a release that has ended. All rules hold for it as well, but that it is certain which version
 * ran before.
 *
 * @throws Problem with the code of the rule that fails
 */
export function planReleaseChoice(
  request: ReleaseRequest,
  readings: ReleaseReadings,
): ReleaseChoice | RolledBackBefore {
  const sure = sureVersionOf(request, readings);
  const candidates = choosableVersions(readings.history);
  const [first] = candidates;
  const version = sure ?? first;
  // Without any, the rule says what is wrong.
  const chosen = version === undefined ? request : { ...request, version, isChosen: true };
  const plan = planReleaseRollback(chosen, readings);
  if (plan.plan === 'already_rolled_back') return plan;
  const { fromVersion, groups } = plan;
  return { plan: 'choose', fromVersion, toVersion: sure, candidates, groups };
}

/** The version that would be gone back to without a person; undefined where that is not certain. */
function sureVersionOf(request: ReleaseRequest, readings: ReleaseReadings): string | undefined {
  try {
    const plan = planReleaseRollback(request, readings);
    return plan.plan === 'roll_back' ? plan.toVersion : undefined;
  } catch (error) {
    // Any other refusal is found again.
    if (error instanceof Problem) return undefined;
    throw error;
  }
}

function requireNothingInFlight(request: ReleaseRequest, { orders }: ReleaseReadings): void {
  const { changeOrderId } = request;
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
  throw refused('app_has_change_in_flight', `${seen}.`, advice, request);
}

function requireNewest(request: ReleaseRequest, { orders, order }: ReleaseReadings): void {
  const { changeOrderId } = request;
  const fail = (seen: string) => refused('release_not_newest', seen, decideInConsole, request);
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
  throw refused('change_order_finished', seen, decideInConsole, request);
}

/** Milliseconds by which the clocks of EDAS and of this function may differ. */
export const clockDifferenceMs = 300_000;

function requireRecent(request: ReleaseRequest, { orders, readAt }: ReleaseReadings): void {
  const { changeOrderId, policy } = request;
  const endedAt = orders.find((each) => each.changeOrderId === changeOrderId)?.finishedAt;
  if (endedAt === undefined || endedAt > readAt + clockDifferenceMs) {
    const seen =
      endedAt === undefined
        ? 'EDAS does not say when the release ended.'
        : `EDAS says that the release ended at ${toIso(endedAt)}, which is yet to come.`;
    throw refused('release_end_unknown', seen, decideInConsole, request);
  }
  if (readAt - endedAt <= policy.withinMs) return;
  const seen = `The newest release of the application ended at ${toIso(endedAt)}, ${minutes(readAt - endedAt)} ago; this source rolls back what ended at most ${minutes(policy.withinMs)} ago (ended.within).`;
  throw refused('release_too_old', seen, decideInConsole, request);
}

function requireBeganBeforeProblem(request: ReleaseRequest, { order }: ReleaseReadings): void {
  requireChangePredatesProblem(request, order);
}

function requireNoRecentRollback(
  request: ReleaseRequest,
  { orders, readAt, rolledBackAt }: ReleaseReadings,
): void {
  const { policy } = request;
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
  throw refused('app_rolled_back_recently', `${what}.`, advice, request);
}
