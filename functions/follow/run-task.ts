import { readTaskRecord } from '../claim/task-calls.ts';
import type { ChangeFailure } from '../edas/change-order.ts';
import { changeOrderStatus } from '../edas/status.ts';
import { Problem, type ErrorCode } from '../errors.ts';
import { explain } from '../rollback/refusal.ts';
import {
  seenIdFor,
  type RollbackDue,
  type RollbackOverdue,
  type RollbackReport,
  type RollbackTask,
} from '../task.ts';
import { askPeople } from './ask-people.ts';
import type { TaskDependencies } from './dependencies.ts';
import { executeDueRollback } from './execute-due-rollback.ts';
import { lookAtInstances } from './look-at-instances.ts';
import { findRollback, readChange } from './optional-reads.ts';
import { pollToEnd, type Hearing, type Observation } from './poll.ts';
import type { RollbackEvent, RollbackEventName } from './rollback-event.ts';
import { followReleaseInDoubt, goesOnAsRelease, rollBackReleaseInTask } from './run-release-task.ts';
import { settleDoubt } from './settle-doubt.ts';
import { releaseIn, told, type QuietEnd, type StartedRollback } from './task-end.ts';
import { watchClaim } from './watch-claim.ts';
import { watchDecision } from './watch-decision.ts';

/**
 * Does what a task asks for: rolls back, watches a claim, settles a doubt, follows a rollback to its end. People are
 * notified of what happens on the way, and how it ended or why it did not.
 *
 * @returns the last event that people were notified of, or why there was none
 * @throws Problem, or whatever went wrong, after people were notified: the task has failed, and Function Compute retries it
 */
export async function runTask(
  task: RollbackTask,
  dependencies: TaskDependencies,
): Promise<RollbackEvent | QuietEnd> {
  const started = await startFollowing(task, dependencies);
  if ('event' in started) return started;
  return notifyingOfFailure('unreadable', dependencies, () => followToEnd(task, started, dependencies));
}

/** Makes sure that a rollback has started, or says why there is nothing to follow. */
async function startFollowing(
  task: RollbackTask,
  dependencies: TaskDependencies,
): Promise<StartedRollback | RollbackEvent | QuietEnd> {
  switch (task.rollback) {
    case 'due':
    case 'overdue': {
      const rollBack = () => rollBackInTask(task, dependencies);
      const doneBefore = whoMayHaveRolledBack(task, dependencies);
      const next = await notifyingOfFailure('not_rolled_back', dependencies, rollBack, doneBefore);
      return 'rollback' in next ? followReported(next, dependencies, 'sends_again') : next;
    }
    case 'ended': {
      const rollBack = () => rollBackReleaseInTask(task, dependencies);
      const next = await notifyingOfFailure('not_rolled_back', dependencies, rollBack);
      return 'rollback' in next ? followReported(next, dependencies, 'sends_nothing') : next;
    }
    case 'claimed': {
      const watch = () => watchClaim(task, dependencies);
      return { event: await notifyingOfFailure('not_rolled_back', dependencies, watch) };
    }
    case 'seen':
      return { event: 'noted' };
    case 'asked':
      return askPeople(task, dependencies);
    case 'approved':
      return tell('approved', dependencies);
    case 'decided':
      return task.decision === 'leave' ? tell('left_alone', dependencies) : watchDecision(task, dependencies);
    default:
      return followReported(task, dependencies, 'sends_nothing');
  }
}

async function tell(event: RollbackEventName, { notify }: TaskDependencies): Promise<RollbackEvent> {
  const news: RollbackEvent = { event, failures: [] };
  await notify(news);
  return news;
}

/** @param retry what a retry of this task does: it is told where the rollback is in doubt */
async function followReported(
  report: RollbackReport,
  dependencies: TaskDependencies,
  retry: 'sends_again' | 'sends_nothing',
): Promise<StartedRollback | RollbackEvent | QuietEnd> {
  switch (report.rollback) {
    case 'done': {
      const { rollbackChangeOrderId } = report;
      return notifyingOfFailure('unreadable', dependencies, () =>
        notifyOfStart(report, rollbackChangeOrderId, dependencies.isRetry, dependencies),
      );
    }
    case 'unknown': {
      const { app, release } = report;
      if (app !== undefined && release) {
        const settle = () => followReleaseInDoubt({ ...report, app, release }, dependencies);
        const begun = await notifyingOfFailure('unreadable', dependencies, settle);
        // The task fails: what it had to find out is not known.
        if (begun instanceof Problem) throw begun;
        return begun;
      }
      const settle = () => settleDoubt(report, dependencies, retry);
      const doubt = await notifyingOfFailure('unreadable', dependencies, settle);
      // The task fails, and so frees its claim.
      if (doubt) throw doubt;
      return notifyingOfFailure('unreadable', dependencies, () =>
        report.wasInFlight
          ? notifyOfStart(report, undefined, false, dependencies)
          : followIfFound(report, dependencies),
      );
    }
    case 'refused':
      return { event: 'nothing_to_do' };
  }
}

/** @returns the report, where no other task has it */
async function rollBackInTask(
  task: RollbackDue | RollbackOverdue,
  dependencies: TaskDependencies,
): Promise<RollbackReport | StartedRollback | RollbackEvent | QuietEnd> {
  const end = await executeDueRollback(task, dependencies);
  if (end === 'taken') return { event: 'handed_over' };
  const { report } = end;
  if (report && report.task.rollback !== 'refused') {
    const { task: following } = report;
    if (report.status === 'failed') return following;
    const isNamed = following.rollback === 'done';
    return {
      event: 'handed_over',
      rollbackChangeOrderId: isNamed ? following.rollbackChangeOrderId : undefined,
    };
  }
  if (end.result === 'problem') {
    if (await goesOnAsRelease(end.problem, task, dependencies)) return { event: 'handed_over' };
    throw end.problem;
  }
  const { outcome, message } = end.outcome;
  if (outcome === 'dry_run' || outcome === 'suspended') {
    const { changeOrderId } = task;
    throw new Problem('rollback_suspended', `${message} Ask for the rollback again afterwards.`, {
      changeOrderId,
    });
  }
  return task.rollback === 'due'
    ? findEarlierRollback(task, dependencies)
    : followIfFound(task, dependencies);
}

/**
 * Of a change that was terminated after its rollback may have been sent: the order that may be its rollback. If there
 * is none, a person may have stopped the change.
 */
async function followIfFound(
  task: RollbackTask,
  dependencies: TaskDependencies,
): Promise<StartedRollback | RollbackEvent> {
  if ((await findRollback(task, dependencies)) !== undefined) {
    return notifyOfStart(task, undefined, false, dependencies);
  }
  const event: RollbackEvent = { event: 'terminated', status: changeOrderStatus.terminated, failures: [] };
  await dependencies.notify(event);
  return event;
}

async function notifyOfStart(
  task: RollbackTask,
  named: string | undefined,
  wasNotified: boolean,
  dependencies: TaskDependencies,
): Promise<StartedRollback> {
  const { changeOrderId } = task;
  // EDAS may answer with the id that it was sent, and carry the rollback out under another one.
  const other = named === changeOrderId ? undefined : named;
  const rollbackChangeOrderId = other ?? (await findRollback(task, dependencies));
  const isPresumed = other === undefined && rollbackChangeOrderId !== undefined;
  const release = releaseIn(task);
  const started = { rollbackChangeOrderId, isPresumed, wasNotified, release };
  if (wasNotified) return started;
  const change = await readChange(changeOrderId, dependencies);
  await dependencies.notify({
    event: 'started',
    rollbackChangeOrderId,
    isPresumed,
    description: change?.description,
    release: told(release),
    failures: [],
  });
  return started;
}

/** Of a change that is terminated already, the order that may be its rollback. */
async function findEarlierRollback(
  task: RollbackTask,
  dependencies: TaskDependencies,
): Promise<StartedRollback | RollbackEvent> {
  const { mayBeRetry, notify } = dependencies;
  const { terminated: status } = changeOrderStatus;
  const rollbackChangeOrderId = await findRollback(task, dependencies);
  if (rollbackChangeOrderId !== undefined) {
    const event = 'already_terminated';
    // The attempt before a retry has notified people of the start.
    if (!mayBeRetry) await notify({ event, rollbackChangeOrderId, isPresumed: true, status, failures: [] });
    return { rollbackChangeOrderId, isPresumed: true, wasNotified: mayBeRetry };
  }
  const event: RollbackEvent = mayBeRetry
    ? { event: 'unreadable', status, problem: { message: rollbackOrderUnknown }, failures: [] }
    : { event: 'already_terminated', status, failures: [] };
  await notify(event);
  return event;
}

/** An attempt before this one knew the order, and this one cannot find it. */
const rollbackOrderUnknown =
  'The change order is terminated, by an earlier attempt of this task or otherwise. Which order carries the rollback out is not known any more, so it is not followed.';

async function followToEnd(
  { changeOrderId }: RollbackTask,
  { rollbackChangeOrderId, isPresumed, wasNotified, release }: StartedRollback,
  dependencies: TaskDependencies,
): Promise<RollbackEvent> {
  const { edas, clock, random, deadlineAt, warn, notify, hearsEnds } = dependencies;
  const toEvent = (
    event: RollbackEventName,
    { order, change, failure }: Observation,
    failures: readonly ChangeFailure[],
  ): RollbackEvent => ({
    event,
    rollbackChangeOrderId,
    isPresumed,
    description: change?.description ?? order?.description,
    status: order?.status,
    // A release has succeeded, and stays so: its rollback is a deployment of its own.
    changeStatus: release ? undefined : change?.status,
    batches: order?.batches,
    release: told(release),
    failures,
    problem: failure && { message: explain(failure, 'read') },
  });
  const end = await pollToEnd(
    { orderId: rollbackChangeOrderId ?? changeOrderId, changeOrderId, deadlineAt, wasNotified },
    {
      read: async (id, timeoutMs) => (await edas()).getChangeOrderInfo(id, timeoutMs),
      reportProgress: async (event, observation, failures) => {
        await notify(toEvent(event, observation, failures));
      },
      hear: hearsEnds ? (id, timeoutMs) => hearOfEnd(id, timeoutMs, dependencies) : undefined,
      clock,
      random,
      warn,
    },
  );
  const wasSeen = end.event !== 'out_of_time' && end.event !== 'unreadable';
  const instances = release && wasSeen ? await lookAtInstances(release, dependencies) : undefined;
  const last = { ...toEvent(end.event, end, end.order?.failures ?? []), instances };
  await notify(last);
  return last;
}

/** Whether the events function has left a note that EDAS told of the order's end. */
async function hearOfEnd(
  orderId: string,
  timeoutMs: number,
  { openQueue, clock, warn }: TaskDependencies,
): Promise<Hearing> {
  const access = { openQueue, deadlineAt: clock.now() + timeoutMs, clock, warn };
  const record = await readTaskRecord(seenIdFor(orderId), access);
  return typeof record === 'string' ? record : 'told';
}

/** As a sentence: who may have rolled back before this attempt; undefined where nobody did. */
function whoMayHaveRolledBack(
  { rollback }: RollbackDue | RollbackOverdue,
  { mayBeRetry }: TaskDependencies,
): string | undefined {
  if (rollback === 'overdue') return 'The function that was cut off may have rolled back.';
  return mayBeRetry ? 'An earlier attempt of this task may have rolled back.' : undefined;
}

/**
 * Does the work; where it fails, people are notified before the failure is thrown.
 *
 * @param doneBefore who may have rolled back before this attempt
 */
async function notifyingOfFailure<T>(
  event: 'not_rolled_back' | 'unreadable',
  { notify }: TaskDependencies,
  work: () => Promise<T>,
  doneBefore?: string,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const problem =
      error instanceof Problem
        ? { code: error.code, message: error.message }
        : { code: 'internal' as const, message: 'The function failed. Its log says why.' };
    if (event === 'unreadable' || isNotRolledBack(problem.code, doneBefore !== undefined)) {
      await notify({ event, problem, failures: [] });
    } else {
      const message = doneBefore === undefined ? problem.message : `${problem.message} ${doneBefore}`;
      await notify({ event: 'outcome_unknown', problem: { ...problem, message }, failures: [] });
    }
    throw error;
  }
}

/** Who was refused, or could not read the order, does not know whether another one has rolled back before. */
function isNotRolledBack(code: ErrorCode, mayBeDone: boolean): boolean {
  if (mayBeDone) return certainCodes.includes(code);
  return code !== 'edas_outcome_unknown' && code !== 'internal';
}

/** With these codes nobody has rolled back: each would have met the same, or there is no such order. */
const certainCodes: readonly ErrorCode[] = [
  'change_order_not_found',
  'change_start_unknown',
  'problem_predates_change',
];
