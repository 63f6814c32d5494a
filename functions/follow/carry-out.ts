import type { ChangeFailure } from '../edas/change-order.ts';
import type { EdasClient } from '../edas/client.ts';
import { EdasFailure } from '../edas/failure.ts';
import { Problem, type ErrorCode } from '../errors.ts';
import { changeOrdersOf } from '../rollback/change-orders.ts';
import type { Clock } from '../clock.ts';
import type { ChangeOrders, RollbackDependencies } from '../rollback/dependencies.ts';
import { rollbackRightAfter } from '../rollback/find-change-order.ts';
import { explain, sentence } from '../rollback/refusal.ts';
import { rollBack } from '../rollback/rollback.ts';
import { phaseOf } from '../rollback/states.ts';
import type { RollbackDue, RollbackTask } from '../task.ts';
import type { Happening, NewsEvent } from './news.ts';
import { followToEnd, type Sight } from './poll.ts';

/** What a task is carried out with. */
export interface TaskDependencies {
  edas: () => Promise<EdasClient>;
  clock: Clock;
  random: () => number;
  warn: RollbackDependencies['warn'];
  /** Whether rollbacks are held back. */
  isSuspended: boolean;
  /** Milliseconds, on the clock. */
  until: number;
  /** Whether the task was tried before, by an attempt that cannot tell how far it came. */
  isRetry: boolean;
  /** Milliseconds from the webhook to this attempt. */
  waitedMs: number;
  /** Tells people, and never throws. */
  tell: (happening: Happening) => Promise<void>;
}

/** Milliseconds for a rollback, with all that it takes to be sure. */
const rollbackMs = 20_000;
/** Milliseconds in which an order should show that its rollback began, after EDAS's answer got lost. */
const doubtMs = 120_000;
/** Milliseconds between two looks at it. */
const doubtPauseMs = 10_000;
/** Milliseconds after which a task comes late. */
const lateMs = 300_000;
/** Milliseconds for one read, beside the rollback itself. */
const readMs = 5_000;

/**
 * Does what a task asks for: rolls back, where that is due, then follows the rollback to its end. People are told what
 * happens on the way, and how it ended or why it did not.
 *
 * @returns what people were told last
 * @throws Problem, or whatever went wrong, after people were told: the task has failed, and Function Compute tries again
 */
export async function carryOut(task: RollbackTask, dependencies: TaskDependencies): Promise<Happening> {
  const isDue = task.rollback === 'due';
  const begun = await telling(dependencies, isDue ? 'not_rolled_back' : 'unreadable', () =>
    begin(task, dependencies),
  );
  if ('event' in begun) return begun;
  return telling(dependencies, 'unreadable', () => follow(task, begun, dependencies));
}

/** Whatever goes wrong, somebody is told. */
async function telling<T>(
  { tell, isRetry }: TaskDependencies,
  event: 'not_rolled_back' | 'unreadable',
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof KnownDoubt) throw error.problem;
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

/** Nobody knows whether the rollback has begun, and people know that. */
class KnownDoubt extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.message);
    this.problem = problem;
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
async function begin(task: RollbackTask, dependencies: TaskDependencies): Promise<Begun | Happening> {
  if (task.rollback === 'done')
    return tellStart(task, task.rollbackChangeOrderId, dependencies.isRetry, dependencies);
  const outcome = await rollBackNow(task, dependencies);
  switch (outcome.outcome) {
    case 'rolling_back': {
      const named = 'rollbackChangeOrderId' in outcome ? outcome.rollbackChangeOrderId : undefined;
      return tellStart(task, named, false, dependencies);
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
      const news: Happening = isRetry
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

/** The same decision as that of a webhook that rolls back itself, and more patience after a doubt. */
async function rollBackNow(task: RollbackDue, dependencies: TaskDependencies) {
  const { changeOrderId, operation, problemStartedAt } = task;
  const { edas, clock, isRetry, waitedMs } = dependencies;
  // What comes late finds that people have acted: only what still runs is rolled back.
  const isRepeat = isRetry || waitedMs > lateMs;
  const { read, ...others } = changeOrdersOf(edas, operation);
  const seen = { inFlight: false };
  const watchedRead: ChangeOrders['read'] = async (id, timeoutMs) => {
    const order = await read(id, timeoutMs);
    seen.inFlight ||= phaseOf(order.status) === 'in_flight';
    return order;
  };
  const watched = { ...dependencies, changeOrders: { ...others, read: watchedRead } };
  const deadlineAt = Math.min(clock.now() + rollbackMs, dependencies.until);
  const hold = dependencies.isSuspended ? ('suspended' as const) : undefined;
  const request = { changeOrderId, deadlineAt, hold, problemStartedAt, isRepeat };
  try {
    return await rollBack(request, watched);
  } catch (error) {
    // Of a retry that sent nothing, nothing got lost either.
    if (
      !(error instanceof Problem) ||
      error.code !== 'edas_outcome_unknown' ||
      !(error.cause instanceof EdasFailure)
    ) {
      throw error;
    }
    const problem = { code: error.code, message: describeDoubt(error.cause) };
    await dependencies.tell({ event: 'outcome_unknown', problem, failures: [] });
    // An order that nobody saw in flight proves nothing: it may have been terminated before.
    const hasBegun = (await showsTerminated(changeOrderId, watchedRead, dependencies)) && seen.inFlight;
    if (hasBegun) return { outcome: 'rolling_back', evidence: 'order' } as const;
    throw new KnownDoubt(error);
  }
}

/** Not what a webhook would say: nobody has to send anything again. */
function describeDoubt(lost: EdasFailure): string {
  return `The rollback was sent, and its answer got lost. ${sentence(lost)} The change order is looked at for two more minutes. If it runs on until then, Function Compute may try the task again, and then the rollback is sent once more.`;
}

/** EDAS may show late what it did. */
async function showsTerminated(
  changeOrderId: string,
  read: ChangeOrders['read'],
  dependencies: TaskDependencies,
): Promise<boolean> {
  const { clock } = dependencies;
  const until = Math.min(clock.now() + doubtMs, dependencies.until);
  while (clock.now() + doubtPauseMs < until) {
    await clock.sleep(doubtPauseMs);
    const order = await ifReadable(dependencies, () => read(changeOrderId, readMs));
    if (phaseOf(order?.status) === 'terminated') return true;
  }
  return false;
}

/** The order that carries the rollback out, where EDAS did not name it and the application is known. */
function findRollback(
  { app, changeOrderId }: RollbackTask,
  dependencies: TaskDependencies,
): Promise<string | undefined> {
  return ifReadable(dependencies, async () => {
    if (app === undefined) return undefined;
    const siblings = await (await dependencies.edas()).listRecentChangeOrders(app, readMs);
    return rollbackRightAfter(changeOrderId, siblings)?.changeOrderId;
  });
}

/** For reads that may fail, also for want of credentials: what they would have shown is not shown. */
async function ifReadable<T>({ warn }: TaskDependencies, read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof EdasFailure || error instanceof Problem)) throw error;
    const reason = error instanceof EdasFailure ? explain(error, 'read') : error.message;
    warn('EDAS could not be asked', { reason });
    return undefined;
  }
}

async function tellStart(
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

async function follow(
  { changeOrderId }: RollbackTask,
  { rollbackChangeOrderId, isPresumed, isKnown }: Begun,
  dependencies: TaskDependencies,
): Promise<Happening> {
  const { edas, clock, random, until, warn, tell } = dependencies;
  const describe = (event: NewsEvent, sight: Sight, failures: readonly ChangeFailure[]): Happening => {
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
  const end = await followToEnd(
    { orderId: rollbackChangeOrderId ?? changeOrderId, changeOrderId, until, isRetry: isKnown },
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
