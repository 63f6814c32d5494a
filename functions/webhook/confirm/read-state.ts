import { lookAtClaim, mostClaims, type TakenClaim } from '../../claim/claim.ts';
import { planRelease } from '../../claim/plan-release.ts';
import { lookAtRelease, rollbackOrderIn, type ReleaseRecord } from '../../claim/release-tasks.ts';
import { readTaskRecord, taskIn, type QueueAccess } from '../../claim/task-calls.ts';
import { readDecisions } from '../../claim/write-decision.ts';
import type { ChangeOrderProgress } from '../../edas/change-order.ts';
import type { EdasClient } from '../../edas/client.ts';
import { instanceStates, type ApplicationState, type HistoryVersion } from '../../edas/release.ts';
import { endOf, phaseOf } from '../../edas/status.ts';
import { Problem } from '../../errors.ts';
import { type LinkFields } from '../../execute/confirm-link.ts';
import { operationFor, termsOf } from '../../execute/execute-rollback.ts';
import { reasonOf } from '../../lib/text.ts';
import { isDead } from '../../platform/task-queue.ts';
import { leastCallMs, timeLeft } from '../../rollback/budget.ts';
import { changeOrdersOf } from '../../rollback/change-orders.ts';
import { planReleaseChoice } from '../../rollback/ended-release.ts';
import { rollbackRightAfter } from '../../rollback/listed-orders.ts';
import type { ReleaseDependencies } from '../../rollback/read-release.ts';
import type { ReleaseChoice, RolledBackBefore } from '../../rollback/release.ts';
import { requireChangePredatesProblem, rollBack } from '../../rollback/rollback.ts';
import type { RollbackPolicy } from '../../select/policy.ts';
import {
  askIdFor,
  releaseTaskIdFor,
  type ReleaseTerms,
  type RollbackAsked,
  type RollbackDecided,
  type RollbackTask,
} from '../../task.ts';
import type { InstancesView } from './page/view.ts';

/** All that EDAS and Function Compute show of what a link is for. What could not be read is undefined. */
export interface Reading {
  order: ChangeOrderProgress | undefined;
  appName: string | undefined;
  /** What people were asked, with the alert's own words. */
  asked: RollbackAsked | undefined;
  /** What they decided: the first decision, and the one after a change was left alone. */
  decisions: readonly RollbackDecided[];
  /** Of a change in flight: the claim that counts, and what came of it. */
  claim: TakenClaim | undefined;
  /** Of a release that has ended: its one call, and whether a task has to make it. */
  release: ReleaseRecord;
  hasReleaseTask: boolean;
  /** The order that carries the rollback out, as far as it is known and can be read. */
  rollback: { changeOrderId: string; progress: ChangeOrderProgress | undefined } | undefined;
  /** What the rules say of a rollback now. */
  due: Due;
  /** What the instances run; read before a rollback, and once it has ended. */
  instances: InstancesView | undefined;
}

/** What a rollback would be now, or why there is none. */
export type Due =
  | { due: 'stop_change' }
  /** EDAS cannot be read: the emergency brake. */
  | { due: 'brake' }
  | { due: 'roll_back_release'; choice: ReleaseChoice }
  | { due: 'nothing'; rolledBack: RolledBackBefore | undefined }
  | { due: 'refused'; problem: Problem };

export interface StateDependencies extends ReleaseDependencies {
  queue: QueueAccess;
}

/** What a page is about. */
export interface Subject {
  link: LinkFields;
  source: RollbackPolicy;
  /** Milliseconds, on the clock: for all reads together. */
  deadlineAt: number;
}

/** Reads all that the page shows. Never throws because of EDAS or Function Compute: the page says what could not be read. */
export async function readState(subject: Subject, dependencies: StateDependencies): Promise<Reading> {
  const { changeOrderId, ask } = subject.link;
  const { queue } = dependencies;
  const recordOf = async (taskId: string) => taskIn(await readTaskRecord(taskId, queue));
  const [{ order, due: own }, appName, asked, decisions, claim, release, isHandedOver] = await Promise.all([
    readOrder(subject, dependencies),
    readAppName(subject, dependencies),
    recordOf(askIdFor(changeOrderId, ask)),
    readDecisions(changeOrderId, queue),
    lastClaim(changeOrderId, dependencies),
    lookAtRelease(changeOrderId, queue),
    hasReleaseTask(changeOrderId, queue),
  ]);
  const rollback = await readRollback(subject, order, claim, release, dependencies);
  const isRelease = isEndedRelease(own, asked, subject);
  const isOpen = rollback === undefined && release.call !== 'claimed';
  const hasEnded = rollback && endOf(rollback.progress?.status) !== undefined;
  const question = asked?.rollback === 'asked' ? asked : undefined;
  const [due, instances] = await Promise.all([
    isRelease && isOpen ? dueOfRelease(subject, question?.choice?.toVersion, dependencies) : own,
    (isOpen && order) || hasEnded ? readInstances(subject, dependencies) : undefined,
  ]);
  return {
    order,
    appName,
    asked: question,
    decisions,
    claim,
    release,
    hasReleaseTask: isHandedOver,
    rollback,
    due,
    instances,
  };
}

/** Whether a task has to roll the release back, and is at work. Only one that died is followed by another. */
async function hasReleaseTask(changeOrderId: string, queue: QueueAccess): Promise<boolean> {
  for (let attempt = 1; attempt <= mostClaims; attempt += 1) {
    const record = await readTaskRecord(releaseTaskIdFor(changeOrderId, attempt), queue);
    if (typeof record === 'string') return false;
    if (!isDead(record.state)) return record.state !== 'Succeeded';
  }
  return false;
}

/** The order, and what the rules of a change in flight say: as they are checked before a rollback, but nothing is sent. */
async function readOrder(
  { link, source, deadlineAt }: Subject,
  dependencies: StateDependencies,
): Promise<{ order: ChangeOrderProgress | undefined; due: Due }> {
  const { changeOrderId, problemStartedAt } = link;
  let order: ChangeOrderProgress | undefined;
  const changeOrders = {
    ...changeOrdersOf(dependencies.edas, operationFor(source)),
    read: async (id: string, timeoutMs: number) =>
      (order = await (await dependencies.edas()).getChangeOrderInfo(id, timeoutMs)),
  };
  try {
    const refusesSucceeded = termsFor(source, link) !== undefined;
    const request = { changeOrderId, deadlineAt, refusesSucceeded };
    const outcome = await rollBack(request, { ...dependencies, changeOrders }, () => Promise.resolve('due'));
    if (outcome !== 'due') return { order, due: { due: 'nothing', rolledBack: undefined } };
    // Without the order, the rule was checked when people were asked: a change does not begin anew.
    if (order) requireChangePredatesProblem({ changeOrderId, problemStartedAt }, order);
    return { order, due: { due: order ? 'stop_change' : 'brake' } };
  } catch (error) {
    if (error instanceof Problem) return { order, due: { due: 'refused', problem: error } };
    throw error;
  }
}

/** Where EDAS cannot be read, what people were asked tells: the brake is no help against a change that has ended. */
function isEndedRelease(due: Due, asked: RollbackTask | undefined, { link, source }: Subject): boolean {
  if (termsFor(source, link) === undefined) return false;
  if (due.due !== 'brake') return due.due === 'refused' && due.problem.code === 'change_order_finished';
  return source.confirm?.of === 'ended' || (asked?.rollback === 'asked' && asked.choice !== undefined);
}

/** How a release that has ended is rolled back; undefined where the source does not do that. */
function termsFor({ ended }: RollbackPolicy, { app }: LinkFields): ReleaseTerms | undefined {
  return ended && app !== undefined ? termsOf(ended, {}) : undefined;
}

/** @param version that people were asked about, where one was sure: the sender may have named it */
async function dueOfRelease(
  subject: Subject,
  version: string | undefined,
  dependencies: StateDependencies,
): Promise<Due> {
  const { link, source, deadlineAt } = subject;
  const { app, changeOrderId, problemStartedAt } = link;
  const terms = termsFor(source, link);
  if (!terms || app === undefined) throw new Error('the source rolls no release back');
  try {
    const request = { ...terms, version, app, changeOrderId, problemStartedAt };
    const plan = await planRelease(request, planReleaseChoice, deadlineAt, dependencies);
    return plan.plan === 'choose'
      ? { due: 'roll_back_release', choice: plan }
      : { due: 'nothing', rolledBack: plan };
  } catch (error) {
    if (error instanceof Problem) return { due: 'refused', problem: error };
    throw error;
  }
}

/** The claim that counts: those before it have ended without a rollback. Undefined where there is none. */
async function lastClaim(
  changeOrderId: string,
  { now, queue }: StateDependencies,
): Promise<TakenClaim | undefined> {
  let last: TakenClaim | undefined;
  for (let claim = 1; claim <= mostClaims; claim += 1) {
    const found = await lookAtClaim(changeOrderId, claim, now, queue);
    if (!found.task) return last;
    last = found;
    if (found.reasonOfEnd === undefined) return last;
  }
  return last;
}

/** The order that carries the rollback out: as EDAS named it, or the next one of the application where that is a rollback. */
async function readRollback(
  { link: { app, changeOrderId }, deadlineAt }: Subject,
  order: ChangeOrderProgress | undefined,
  claim: TakenClaim | undefined,
  release: ReleaseRecord,
  dependencies: StateDependencies,
): Promise<Reading['rollback']> {
  const read = ifReadable(deadlineAt, dependencies);
  const named = rollbackOrderIn(release) ?? rollbackNamedBy(claim);
  const isOver = phaseOf(order?.status) === 'terminated';
  const presumed = async () => {
    if (!isOver || app === undefined) return undefined;
    const orders = await read((edas, timeoutMs) => edas.listRecentChangeOrders(app, timeoutMs));
    return orders && rollbackRightAfter(changeOrderId, orders)?.changeOrderId;
  };
  // EDAS may answer with the id that it was sent.
  const id = named === undefined || named === changeOrderId ? await presumed() : named;
  if (id === undefined) return undefined;
  const progress = await read((edas, timeoutMs) => edas.getChangeOrderInfo(id, timeoutMs));
  return { changeOrderId: id, progress };
}

function rollbackNamedBy(claim: TakenClaim | undefined): string | undefined {
  return claim?.task?.rollback === 'done' ? claim.task.rollbackChangeOrderId : undefined;
}

async function readAppName(
  { link: { app }, deadlineAt }: Subject,
  dependencies: StateDependencies,
): Promise<string | undefined> {
  if (app === undefined) return undefined;
  return ifReadable(deadlineAt, dependencies)((edas, timeoutMs) => edas.getApplicationName(app, timeoutMs));
}

async function readInstances(
  { link: { app }, deadlineAt }: Subject,
  dependencies: StateDependencies,
): Promise<InstancesView | undefined> {
  if (app === undefined) return undefined;
  const read = ifReadable(deadlineAt, dependencies);
  const [state, history] = await Promise.all([
    read((edas, timeoutMs) => edas.getApplicationState(app, timeoutMs)),
    read((edas, timeoutMs) => edas.listHistoryVersions(app, timeoutMs)),
  ]);
  return state && state.instances.length > 0 ? countVersions(state, history) : undefined;
}

/** How many instances run each version. */
function countVersions(
  { instances }: ApplicationState,
  history: readonly HistoryVersion[] | undefined,
): InstancesView {
  const counts = new Map<string | undefined, number>();
  // Without the history no version has a name, and different ones would be taken for one.
  for (const { versionId } of history ? instances : []) {
    const version = history?.find(({ id }) => id === versionId)?.version;
    counts.set(version, (counts.get(version) ?? 0) + 1);
  }
  return {
    total: instances.length,
    healthy: instances.filter(({ state }) => state === instanceStates.running).length,
    versions: [...counts].map(([version, count]) => ({ version, count })),
  };
}

/** Milliseconds. A person waits for the page. */
const longestReadMs = 2_500;

type Question<T> = (edas: EdasClient, timeoutMs: number) => Promise<T>;

/** Reads what the page can do without; undefined where it cannot be read. The log has the reason. */
function ifReadable(
  deadlineAt: number,
  { edas, clock, warn }: StateDependencies,
): <T>(question: Question<T>) => Promise<T | undefined> {
  return async (question) => {
    const timeoutMs = Math.min(timeLeft({ deadlineAt }, clock), longestReadMs);
    if (timeoutMs < leastCallMs) return undefined;
    try {
      return await question(await edas(), timeoutMs);
    } catch (error) {
      warn('something could not be read for the page', { reason: reasonOf(error) });
      return undefined;
    }
  };
}
