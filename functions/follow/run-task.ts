import type { ChangeFailure } from '../edas/change-order.ts';
import { Problem, type ErrorCode } from '../errors.ts';
import { explain } from '../rollback/refusal.ts';
import type { RollbackTask } from '../task.ts';
import { ReportedDoubt, executeDueRollback } from './due-rollback.ts';
import { pollToEnd, type Observation } from './poll.ts';
import { findRollback, ifReadable, readMs } from './reads.ts';
import type { RollbackEvent, RollbackEventName } from './rollback-event.ts';
import type { TaskDependencies } from './task-dependencies.ts';

/**
 * Does what a task asks for: rolls back, where that is due, then follows the rollback to its end. People are told what
 * happens on the way, and how it ended or why it did not.
 *
 * @returns what people were told last
 * @throws Problem, or whatever went wrong, after people were told: the task has failed, and Function Compute tries again
 */
export async function runTask(task: RollbackTask, dependencies: TaskDependencies): Promise<RollbackEvent> {
  const isDue = task.rollback === 'due';
  const begun = await reportingFailure(dependencies, isDue ? 'not_rolled_back' : 'unreadable', () =>
    begin(task, dependencies),
  );
  if ('event' in begun) return begun;
  return reportingFailure(dependencies, 'unreadable', () => followToEnd(task, begun, dependencies));
}

/** Whatever goes wrong, somebody is told. */
async function reportingFailure<T>(
  { tell, isRetry }: TaskDependencies,
  event: 'not_rolled_back' | 'unreadable',
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ReportedDoubt) throw error.problem;
    const problem =
      error instanceof Problem
        ? { code: error.code, message: error.message }
        : { code: 'internal' as const, message: 'The function failed. Its log says why.' };
    if (event === 'unreadable' || isNotRolledBack(problem.code, isRetry)) {
      await tell({ event, problem, failures: [] });
    } else {
      const more = isRetry ? ' An earlier attempt of this task may have rolled back.' : '';
      const message = problem.message + more;
      await tell({ event: 'outcome_unknown', problem: { ...problem, message }, failures: [] });
    }
    throw error;
  }
}

/** Codes with which it is certain that no attempt has rolled back: each would have met the same, or there is no order. */
const certain: readonly ErrorCode[] = [
  'change_order_not_found',
  'change_start_unknown',
  'problem_predates_change',
];

/** An earlier attempt may have rolled back, and a retry that was refused or could not read the order does not know. */
function isNotRolledBack(code: ErrorCode, isRetry: boolean): boolean {
  if (isRetry) return certain.includes(code);
  return code !== 'edas_outcome_unknown' && code !== 'internal';
}

/** A rollback that has begun. */
interface Begun {
  rollbackChangeOrderId: string | undefined;
  /** Whether that order only looks like the rollback. */
  isPresumed: boolean;
  /** Whether an earlier attempt told of it. */
  isKnown: boolean;
}

/** Sees to it that the rollback has begun, or tells why there is nothing to follow. */
async function begin(task: RollbackTask, dependencies: TaskDependencies): Promise<Begun | RollbackEvent> {
  if (task.rollback === 'done') {
    return reportStart(task, task.rollbackChangeOrderId, dependencies.isRetry, dependencies);
  }
  const outcome = await executeDueRollback(task, dependencies);
  switch (outcome.outcome) {
    case 'rolling_back': {
      const named = outcome.evidence === 'reply' ? outcome.rollbackChangeOrderId : undefined;
      return reportStart(task, named, false, dependencies);
    }
    case 'already_terminated': {
      const { isRetry, tell } = dependencies;
      const [event, status] = ['already_terminated', 6] as const;
      const rollbackChangeOrderId = await findRollback(task, dependencies);
      if (rollbackChangeOrderId !== undefined) {
        // Of a retry, people know that the rollback began.
        if (!isRetry) await tell({ event, rollbackChangeOrderId, isPresumed: true, status, failures: [] });
        return { rollbackChangeOrderId, isPresumed: true, isKnown: isRetry };
      }
      const news: RollbackEvent = isRetry
        ? { event: 'unreadable', status, problem: { message: lostSight }, failures: [] }
        : { event, status, failures: [] };
      await tell(news);
      return news;
    }
    case 'dry_run':
    case 'suspended':
      throw new Problem('rollback_suspended', `${outcome.message} Send the webhook again afterwards.`, {
        changeOrderId: task.changeOrderId,
      });
  }
}

/** An attempt before this one knew the order, and cannot say so. */
const lostSight =
  'The change order is terminated, by an earlier attempt of this task or otherwise. Which order carries the rollback out is not known any more, so it is not followed.';

async function reportStart(
  task: RollbackTask,
  named: string | undefined,
  isKnown: boolean,
  dependencies: TaskDependencies,
): Promise<Begun> {
  const { changeOrderId } = task;
  // EDAS may answer with the id that it was sent, and carry the rollback out under another one.
  const other = otherThan(changeOrderId, named);
  const rollbackChangeOrderId = other ?? (await findRollback(task, dependencies));
  const isPresumed = other === undefined && rollbackChangeOrderId !== undefined;
  const begun = { rollbackChangeOrderId, isPresumed, isKnown };
  if (isKnown) return begun;
  const change = await ifReadable(dependencies, async () =>
    (await dependencies.edas()).getChangeOrderInfo(changeOrderId, readMs),
  );
  await dependencies.tell({
    event: 'started',
    rollbackChangeOrderId,
    isPresumed,
    description: change?.description,
    failures: [],
  });
  return begun;
}

async function followToEnd(
  { changeOrderId }: RollbackTask,
  { rollbackChangeOrderId, isPresumed, isKnown }: Begun,
  dependencies: TaskDependencies,
): Promise<RollbackEvent> {
  const { edas, clock, random, deadlineAt, warn, tell } = dependencies;
  const describe = (
    event: RollbackEventName,
    sight: Observation,
    failures: readonly ChangeFailure[],
  ): RollbackEvent => {
    const { order, change, failure } = sight;
    return {
      event,
      rollbackChangeOrderId,
      isPresumed,
      description: change?.description ?? order?.description,
      status: order?.status,
      changeStatus: change?.status,
      batches: order?.batches,
      failures,
      problem: failure && { message: explain(failure, 'read') },
    };
  };
  const end = await pollToEnd(
    { orderId: rollbackChangeOrderId ?? changeOrderId, changeOrderId, deadlineAt, isRetry: isKnown },
    {
      read: async (id, timeoutMs) => (await edas()).getChangeOrderInfo(id, timeoutMs),
      tell: (event, sight, failures) => tell(describe(event, sight, failures)),
      clock,
      random,
      warn,
    },
  );
  const news = describe(end.event, end, end.order?.failures ?? []);
  await tell(news);
  return news;
}

function otherThan(changeOrderId: string, id: string | undefined): string | undefined {
  return id === changeOrderId ? undefined : id;
}
