import { statuses, type ChangeOrder } from '../../../../local/stand-ins/edas/change-orders.ts';
import type { Account, KnownOrder, Origin, Running } from './account.ts';
import { answerOf, type Delivery, type History } from './history.ts';
import type { News, ReleaseCall } from './platform.ts';

/** What is wrong; undefined where nothing is. */
type Fault = string | undefined;

type Invariants<Subject> = Record<string, (subject: Subject, history: History) => Fault>;

const ofCalls: Invariants<ReleaseCall> = {
  'one call for one release': ({ release }, { platform: { calls }, account }) => {
    const count = calls.filter((call) => call.release === release).length;
    return count > 1 ? `${count} calls left for ${account.nameOf(release)}` : undefined;
  },

  'it rolls back a release, and no rollback': (call, { account }) => {
    const { id, origin, name } = account.known.get(call.release) ?? {};
    if (
      origin === 'a release' ||
      (origin === 'a rollback by a person' && looksLikeRelease(id, call, account))
    ) {
      return undefined;
    }
    return `${name} is ${origin}`;
  },

  'nothing was in flight when it looked': ({ inFlight }, { account }) =>
    inFlight.length === 0 ? undefined : `${inFlight.map((id) => account.nameOf(id)).join(', ')} was`,

  'the release ended within the window': ({ release, lookedAt, due }, { account }) => {
    const { finishedAt = Infinity } = account.orders.get(release) ?? {};
    const limitMs = (due?.ended.policy.withinMs ?? 0) + clockDifferenceMs;
    return lookedAt - finishedAt <= limitMs ? undefined : `it ended ${lookedAt - finishedAt} ms before`;
  },

  'the release began before the problem': ({ release, due }, { account }) => {
    const { problemStartedAt = Infinity } = due ?? {};
    const startedAt = account.order(release)?.startedAt ?? Infinity;
    return startedAt <= problemStartedAt ? undefined : `it began ${startedAt - problemStartedAt} ms after`;
  },

  'the application was not rolled back a short time ago, as far as EDAS showed it': (
    { lookedAt, hidden, due },
    { account },
  ) => {
    const since = lookedAt - (due?.ended.policy.everyMs ?? 0) + clockDifferenceMs;
    const isSeen = ({ id, origin }: KnownOrder) =>
      isRollback(origin) && !hidden.includes(id) && saysRollback(account.orders.get(id));
    const recent = [...account.known.values()].find(
      (each) => each.createdAt > since && each.createdAt < lookedAt && isSeen(each),
    );
    return recent && `${recent.name} is ${recent.origin}`;
  },

  'it rolls back only the newest release': (call, { account }) => {
    const release = account.known.get(call.release);
    const newer = account.releases.find(
      (each) =>
        each.createdAt > (release?.createdAt ?? Infinity) &&
        each.createdAt < call.lookedAt &&
        !call.hidden.includes(each.id),
    );
    return newer && `${newer.name} is newer than ${release?.name}`;
  },

  'all groups that it is for run the release': (call, { account }) => {
    const release = account.known.get(call.release);
    const others = concerned(call).filter(([, { group }]) => group !== release?.package);
    return others.length > 0 && !hasMoved(call, account.known.values()) && !wasMoving(call, account)
      ? `${release?.package} does not run in ${others.map(([id, { group }]) => `${id} (${String(group)})`).join(', ')}`
      : undefined;
  },

  'it goes back to what ran well right before the release': (call, history) => {
    const release = history.account.known.get(call.release);
    if (isNamedBySender(call, history) || couldNotBeKnown(call, history)) return undefined;
    if (hasMoved(call, history.account.known.values())) return undefined;
    const before = concerned(call).map(([id]) => release?.before.get(id));
    const differs = before.find((each) => !ranWell(each, call.package, history));
    return before.length > 0 && !differs && before.every((each) => each !== undefined)
      ? undefined
      : `it goes back to ${call.version} (${call.package}), and before the release ran ${JSON.stringify(differs)}`;
  },

  'a version that the sender names is older': (call, history) => {
    if (!isNamedBySender(call, history)) return undefined;
    if (hasMoved(call, history.account.known.values())) return undefined;
    const release = history.account.known.get(call.release);
    const isOlder = history.account.releases.some(
      (each) => each.package === call.package && each.createdAt < (release?.createdAt ?? 0),
    );
    return isOlder ? undefined : `${call.version} (${call.package}) is not older than ${release?.name}`;
  },
};

/** Milliseconds by which the clocks may differ here. */
const clockDifferenceMs = 300_000;

/** EDAS may list a rollback like any other deployment: then it cannot be known. */
function saysRollback(order: ChangeOrder | undefined): boolean {
  return /rollback|\u56de\u6eda/i.test(`${order?.coType} ${order?.description}`);
}

function isRollback(origin: Origin): boolean {
  return origin.startsWith('a rollback');
}

const ofDeliveries: Invariants<Delivery> = {
  'already_rolled_back is said only where the release runs in none of its groups': (
    { outcome, nowhere },
    { account, platform: { calls } },
  ) => {
    if (outcome?.outcome !== 'already_rolled_back') return undefined;
    const { changeOrderId: id } = outcome;
    // A rollback by a person, which looks like a release, puts a package back that others have brought before.
    if (account.known.get(id)?.origin === 'a rollback by a person') return undefined;
    const wasForGroup = calls.some(
      (call) => call.release === id && tookEffect(call) && nowhere.has(`${id} ${call.group}`),
    );
    return nowhere.has(id) || wasForGroup ? undefined : `${account.nameOf(id)} runs`;
  },

  'the order that is named as the rollback is one': ({ outcome }, { account }) => {
    if (outcome?.outcome !== 'already_rolled_back' || outcome.rollbackChangeOrderId === undefined)
      return undefined;
    const { origin } = account.known.get(outcome.rollbackChangeOrderId) ?? {};
    return origin?.startsWith('a rollback') ? undefined : `${outcome.rollbackChangeOrderId} is ${origin}`;
  },

  'deferred is said only where a task was taken': ({ outcome }, { platform: { tasks } }) => {
    if (outcome?.outcome !== 'deferred') return undefined;
    const isTaken = [...tasks.keys()].some((id) => id.includes(outcome.changeOrderId));
    return isTaken ? undefined : 'there is no task';
  },

  'it says that EDAS accepted only where the rollback took effect': (delivery, { account }) => {
    const { outcome } = delivery;
    if (
      outcome?.outcome !== 'deferred' ||
      !answerOf(delivery).includes('EDAS accepted the rollback of this release')
    )
      return undefined;
    const [, id = ''] = /rollback order ([0-9a-f-]+)/.exec(outcome.message) ?? [];
    const { origin } = account.known.get(id) ?? {};
    // EDAS may let a call join a rollback that is under way.
    return origin && isRollback(origin) ? undefined : `${id} is no rollback`;
  },

  'what was accepted is not lost': ({ outcome }, { platform: { news, kills }, account }) => {
    if (outcome?.outcome !== 'deferred' || outcome.fromVersion === undefined || kills > 2) return undefined;
    const isTold = news.some(({ subject }) => subject === outcome.changeOrderId);
    return isTold ? undefined : `nothing was told of ${account.nameOf(outcome.changeOrderId)}`;
  },

  'release_already_tried is said only where the call was claimed': ({ problem }, { platform: { tasks } }) => {
    if (problem?.code !== 'release_already_tried') return undefined;
    const { changeOrderId = '' } = problem.facts;
    return tasks.has(`ended-call-${changeOrderId}`) ? undefined : `no call for ${changeOrderId} was claimed`;
  },
};

const ofNews: Invariants<News> = {
  'not_rolled_back is told only where no call took effect': (news, { platform: { calls } }) => {
    if (news.event !== 'not_rolled_back' || news.kind === 'due' || news.kind === 'overdue') return undefined;
    const call = calls.find((each) => each.release === news.subject && tookEffect(each) && each.at < news.at);
    return call && `the call took effect: ${news.problem?.message}`;
  },

  'already_rolled_back is told only where the release runs nowhere': (
    { event, subject, nowhere },
    { account },
  ) => {
    const isItself = isRollback(account.known.get(subject)?.origin ?? 'a release');
    const isTrue = event !== 'already_rolled_back' || isItself || nowhere.includes(subject);
    return isTrue ? undefined : `${account.nameOf(subject)} runs`;
  },

  'started and succeeded are told only where the rollback took effect, or are said to be presumed': (
    { event, subject, release, isPresumed, at },
    { platform: { calls } },
  ) => {
    if ((event !== 'started' && event !== 'succeeded') || !release || isPresumed === true) return undefined;
    const call = calls.find((each) => each.release === subject && tookEffect(each) && each.at <= at);
    return call ? undefined : 'no call took effect';
  },
};

const ofHistories: Invariants<History> = {
  'nothing is thrown but a Problem': ({ platform: { crashes } }) =>
    crashes.length > 0 ? String(crashes[0] instanceof Error ? crashes[0].stack : crashes[0]) : undefined,

  'a call that took effect is told': ({ platform: { calls, news, kills }, account }) => {
    if (kills > 2) return undefined;
    const untold = calls.find(
      (call) =>
        tookEffect(call) &&
        !news.some(({ subject, event }) => subject === call.release && event !== 'not_rolled_back'),
    );
    return untold && `nothing was told of the rollback of ${account.nameOf(untold.release)}`;
  },

  'by application, none of our rollbacks is rolled back': ({ platform: { puts }, account }) => {
    const put = puts.find(
      ({ changeOrderId, byApplication }) =>
        byApplication && account.known.get(changeOrderId)?.origin === 'a rollback by us',
    );
    return put && `${put.caller} rolls ${account.nameOf(put.changeOrderId)} back`;
  },
};

/** An invariant that does not hold, and why. */
interface Breach {
  what: string;
  why: string;
}

/** @throws Error with the invariants that do not hold, and what happened */
export function requireInvariants(history: History): void {
  const breaches = breachesIn(history);
  if (breaches.length === 0) return;
  const setting = JSON.stringify({ ...history.plan, steps: undefined });
  const faults = breaches.map(({ what, why }) => `Not held: ${what}. ${why}`);
  throw new Error([...faults, setting, ...tell(history)].join('\n'));
}

export function breachesIn(history: History): Breach[] {
  const { platform, deliveries } = history;
  return [
    ...breachesBy(platform.calls, ofCalls, history),
    ...breachesBy(deliveries, ofDeliveries, history),
    ...breachesBy(platform.news, ofNews, history),
    ...breachesBy([history], ofHistories, history),
  ];
}

function breachesBy<Subject>(
  subjects: readonly Subject[],
  invariants: Invariants<Subject>,
  history: History,
): Breach[] {
  return subjects.flatMap((subject) =>
    Object.entries(invariants).flatMap(([what, faultOf]) => {
      const why = faultOf(subject, history);
      return why === undefined ? [] : { what, why };
    }),
  );
}

function tell({ platform, account }: History): string[] {
  const names = [...account.known.values()];
  return platform.trace.map((line) => names.reduce((text, { id, name }) => text.replaceAll(id, name), line));
}

function tookEffect({ ruling }: ReleaseCall): boolean {
  return ruling?.accepted === true;
}

function concerned({ group, running }: ReleaseCall): (readonly [string, Running])[] {
  return [...running].filter(([id]) => group === 'all' || group === id);
}

/** Whether EDAS did not show what changed the version between what is gone back to and the release. */
function couldNotBeKnown({ release, hidden, package: to }: ReleaseCall, { account }: History): boolean {
  const until = account.known.get(release)?.createdAt ?? 0;
  const since = account.releases.find((each) => each.package === to)?.createdAt ?? Infinity;
  return hidden.some((id) => {
    const { createdAt = Infinity, finishedAt = 0 } = account.orders.get(id) ?? {};
    return createdAt < until && finishedAt > since;
  });
}

/** Whether EDAS listed a rollback like any other deployment, and no order of its version before it. */
function looksLikeRelease(id = '', { hidden }: ReleaseCall, { known, orders }: Account): boolean {
  const { version = '', createdAt = 0 } = known.get(id) ?? {};
  const shownBefore = [...known.values()].filter(
    (each) => each.createdAt < createdAt && !hidden.includes(each.id),
  );
  const namesIt = (each: KnownOrder) => orders.get(each.id)?.description.includes(version) === true;
  return !saysRollback(orders.get(id)) && !shownBefore.some(namesIt);
}

/** Whether an order was in flight at the last look that EDAS did not show. */
function wasMoving({ hidden, lookedAt }: ReleaseCall, { orders }: Account): boolean {
  return hidden.some((id) => (orders.get(id)?.finishedAt ?? Infinity) >= lookedAt);
}

/** Whether an order was made between the last look of the caller and its call. */
function hasMoved({ lookedAt, at }: ReleaseCall, orders: Iterable<KnownOrder>): boolean {
  return [...orders].some(
    ({ createdAt, origin }) => createdAt >= lookedAt && createdAt <= at && origin !== 'a rollback by us',
  );
}

function isNamedBySender(call: ReleaseCall, { deliveries }: History): boolean {
  return deliveries.some(({ version }) => version !== undefined && version === call.version);
}

/** Whether this package ran on all instances of a group, brought by orders that succeeded. */
function ranWell(
  running: Running | undefined,
  packageName: string | undefined,
  { account }: History,
): boolean {
  if (!running || packageName === undefined) return false;
  const { packages, orders } = running;
  const hasSucceeded = (id: string | undefined) =>
    id !== undefined && account.orders.get(id)?.status === statuses.succeeded;
  return packages.length === 1 && packages[0] === packageName && orders.every(hasSucceeded);
}
