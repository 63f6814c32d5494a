import type { ChangeFailure } from '../edas/change-order.ts';
import { changeOrderStatus } from '../edas/status.ts';
import { Problem, type ErrorCode } from '../errors.ts';
import { explain } from '../rollback/refusal.ts';
import type { RollbackTask } from '../task.ts';
import type { TaskDependencies } from './dependencies.ts';
import { executeDueRollback, type UnknownRollback } from './execute-due-rollback.ts';
import { findRollback, ifReadable, readTimeoutMs } from './optional-reads.ts';
import { pollToEnd, type Observation } from './poll.ts';
import type { RollbackEvent, RollbackEventName } from './rollback-event.ts';

/**
 * Does what a task asks for: rolls back, where that is due, then follows the rollback to its end. People are notified
 * of what happens on the way, and how it ended or why it did not.
 *
 * @returns the last event that people were notified of
 * @throws Problem, or whatever went wrong, after people were notified: the task has failed, and Function Compute retries it
 */
export async function runTask(task: RollbackTask, dependencies: TaskDependencies): Promise<RollbackEvent> {
  const failure = task.rollback === 'due' ? 'not_rolled_back' : 'unreadable';
  const started = await notifyingOfFailure(failure, dependencies, () => startRollback(task, dependencies));
  if ('outcome' in started) throw started.problem;
  if ('event' in started) return started;
  return notifyingOfFailure('unreadable', dependencies, () => followToEnd(task, started, dependencies));
}

/** A rollback that has started. */
interface StartedRollback {
  /** The order that carries the rollback out, where it is known. */
  rollbackChangeOrderId: string | undefined;
  /** Whether that order only looks like the rollback. */
  isPresumed: boolean;
  /** Whether an earlier attempt of the task has notified people of the start. */
  wasNotified: boolean;
}

/** Makes sure that the rollback has started, or says why there is nothing to follow. */
async function startRollback(
  task: RollbackTask,
  dependencies: TaskDependencies,
): Promise<StartedRollback | RollbackEvent | UnknownRollback> {
  if (task.rollback === 'done') {
    return notifyOfStart(task, task.rollbackChangeOrderId, dependencies.isRetry, dependencies);
  }
  const outcome = await executeDueRollback(task, dependencies);
  switch (outcome.outcome) {
    case 'rolling_back': {
      const named = outcome.evidence === 'reply' ? outcome.rollbackChangeOrderId : undefined;
      return notifyOfStart(task, named, false, dependencies);
    }
    case 'unknown':
      return outcome;
    case 'already_terminated':
      return findEarlierRollback(task, dependencies);
    case 'dry_run':
    case 'suspended':
      throw new Problem('rollback_suspended', `${outcome.message} Send the webhook again afterwards.`, {
        changeOrderId: task.changeOrderId,
      });
  }
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
  const started = { rollbackChangeOrderId, isPresumed, wasNotified };
  if (wasNotified) return started;
  const change = await ifReadable(dependencies, async () =>
    (await dependencies.edas()).getChangeOrderInfo(changeOrderId, readTimeoutMs),
  );
  await dependencies.notify({
    event: 'started',
    rollbackChangeOrderId,
    isPresumed,
    description: change?.description,
    failures: [],
  });
  return started;
}

/** Of a change that is terminated already, the order that may be its rollback. */
async function findEarlierRollback(
  task: RollbackTask,
  dependencies: TaskDependencies,
): Promise<StartedRollback | RollbackEvent> {
  const { isRetry, notify } = dependencies;
  const { terminated: status } = changeOrderStatus;
  const rollbackChangeOrderId = await findRollback(task, dependencies);
  if (rollbackChangeOrderId !== undefined) {
    const event = 'already_terminated';
    // The attempt before a retry has notified people of the start.
    if (!isRetry) await notify({ event, rollbackChangeOrderId, isPresumed: true, status, failures: [] });
    return { rollbackChangeOrderId, isPresumed: true, wasNotified: isRetry };
  }
  const event: RollbackEvent = isRetry
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
  { rollbackChangeOrderId, isPresumed, wasNotified }: StartedRollback,
  { edas, clock, random, deadlineAt, warn, notify }: TaskDependencies,
): Promise<RollbackEvent> {
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
    changeStatus: change?.status,
    batches: order?.batches,
    failures,
    problem: failure && { message: explain(failure, 'read') },
  });
  const end = await pollToEnd(
    { orderId: rollbackChangeOrderId ?? changeOrderId, changeOrderId, deadlineAt, wasNotified },
    {
      read: async (id, timeoutMs) => (await edas()).getChangeOrderInfo(id, timeoutMs),
      reportProgress: (event, observation, failures) => notify(toEvent(event, observation, failures)),
      clock,
      random,
      warn,
    },
  );
  const last = toEvent(end.event, end, end.order?.failures ?? []);
  await notify(last);
  return last;
}

/** Does the work; where it fails, people are notified before the failure is thrown. */
async function notifyingOfFailure<T>(
  event: 'not_rolled_back' | 'unreadable',
  { notify, isRetry }: TaskDependencies,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const problem =
      error instanceof Problem
        ? { code: error.code, message: error.message }
        : { code: 'internal' as const, message: 'The function failed. Its log says why.' };
    if (event === 'unreadable' || isNotRolledBack(problem.code, isRetry)) {
      await notify({ event, problem, failures: [] });
    } else {
      const more = isRetry ? ' An earlier attempt of this task may have rolled back.' : '';
      const message = problem.message + more;
      await notify({ event: 'outcome_unknown', problem: { ...problem, message }, failures: [] });
    }
    throw error;
  }
}

/** A retry that was refused, or could not read the order, does not know whether an earlier attempt has rolled back. */
function isNotRolledBack(code: ErrorCode, isRetry: boolean): boolean {
  if (isRetry) return certainCodes.includes(code);
  return code !== 'edas_outcome_unknown' && code !== 'internal';
}

/** With these codes no attempt has rolled back: each would have met the same, or there is no such order. */
const certainCodes: readonly ErrorCode[] = [
  'change_order_not_found',
  'change_start_unknown',
  'problem_predates_change',
];
