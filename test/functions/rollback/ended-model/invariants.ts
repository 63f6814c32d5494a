import { statuses } from '../../../../local/stand-ins/edas/change-orders.ts';
import { type KnownOrder, type Running } from './account.ts';
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

  'it rolls back a release, and no rollback': ({ release }, { account }) => {
    const { origin, name } = account.known.get(release) ?? {};
    return origin === 'a release' ? undefined : `${name} is ${origin}`;
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
    return others.length > 0 && !hasMoved(call, account.known.values())
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
    const release = history.account.known.get(call.release);
    const isOlder = history.account.releases.some(
      (each) => each.package === call.package && each.createdAt < (release?.createdAt ?? 0),
    );
    return isOlder ? undefined : `${call.version} (${call.package}) is not older than ${release?.name}`;
  },
};

const ofDeliveries: Invariants<Delivery> = {
  'already_rolled_back is said only where the release runs nowhere': ({ outcome, nowhere }, { account }) => {
    if (outcome?.outcome !== 'already_rolled_back') return undefined;
    const { changeOrderId } = outcome;
    return nowhere.has(changeOrderId) ? undefined : `${account.nameOf(changeOrderId)} runs`;
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
    return account.known.get(id)?.origin === 'a rollback by us' ? undefined : `${id} is no rollback by us`;
  },

  'what was accepted is not lost': ({ outcome }, { platform: { news, kills }, account }) => {
    if (outcome?.outcome !== 'deferred' || outcome.duplicate === true || kills > 2) return undefined;
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
    const call = calls.find(
      (each) => each.release === news.subject && tookEffect(each) && each.at <= news.at,
    );
    return call && `the call took effect: ${news.problem?.message}`;
  },

  'already_rolled_back is told only where the release runs nowhere': (
    { event, subject, nowhere },
    { account },
  ) => {
    const isOwn = account.known.get(subject)?.origin === 'a rollback by us';
    const isTrue = event !== 'already_rolled_back' || isOwn || nowhere.includes(subject);
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

/** @throws Error with the invariant that does not hold, why, and what happened */
export function requireInvariants(history: History): void {
  const { platform, deliveries } = history;
  const faults = [
    ...faultsIn(platform.calls, ofCalls, history),
    ...faultsIn(deliveries, ofDeliveries, history),
    ...faultsIn(platform.news, ofNews, history),
    ...faultsIn([history], ofHistories, history),
  ];
  if (faults.length === 0) return;
  const { plan } = history;
  const setting = JSON.stringify({ ...plan, steps: undefined });
  throw new Error([faults.join('\n'), setting, ...tell(history)].join('\n'));
}

function faultsIn<Subject>(
  subjects: readonly Subject[],
  invariants: Invariants<Subject>,
  history: History,
): string[] {
  return subjects.flatMap((subject) =>
    Object.entries(invariants).flatMap(([what, faultOf]) => {
      const fault = faultOf(subject, history);
      return fault === undefined ? [] : `Not held: ${what}. ${fault}`;
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
  const isBetween = ({ createdAt }: KnownOrder) => createdAt > since && createdAt < until;
  return hidden.some((id) => [account.known.get(id)].some((each) => each && isBetween(each)));
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
