import type { ChangeFailure } from '../edas/change-order.ts';
import type { EdasClient } from '../edas/client.ts';
import { EdasFailure } from '../edas/failure.ts';
import { Problem, type ErrorCode } from '../errors.ts';
import { changeOrdersOf } from '../rollback/change-orders.ts';
import type { ChangeOrders, Clock, RollbackDependencies } from '../rollback/dependencies.ts';
import { rollbackRightAfter } from '../rollback/find-change-order.ts';
import { explain } from '../rollback/refusal.ts';
import { rollBack } from '../rollback/rollback.ts';
import { phaseOf } from '../rollback/states.ts';
import type { RollbackTask } from '../task.ts';
import type { News } from './news.ts';
import { followToEnd, type Sight } from './poll.ts';

/** What is new; what is the same in all news of a task is added to it. */
export type Happening = Omit<News, 'changeOrderId' | 'app' | 'source' | 'actor' | 'delivery' | 'consoleUrl'>;

/** What a task is carried out with. */
export interface Means {
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
  /** Tells people, and never throws. */
  tell: (happening: Happening) => Promise<void>;
}

/** Milliseconds for a rollback, with all that it takes to be sure. */
const rollbackMs = 20_000;
/** Milliseconds in which an order should show that its rollback began, after EDAS's answer got lost. */
const doubtMs = 120_000;
/** Milliseconds between two looks at it. */
const doubtPauseMs = 10_000;
/** Milliseconds for one read, beside the rollback itself. */
const readMs = 5_000;

/**
 * Does what a task asks for: rolls back, where that is due, then follows the rollback to its end. People are told what
 * happens on the way, and how it ended or why it did not.
 *
 * @returns what people were told last
 * @throws Problem, or whatever went wrong, after people were told: the task has failed, and Function Compute tries again
 */
export async function carryOut(task: RollbackTask, means: Means): Promise<Happening> {
  const isDue = task.rollback === 'due';
  const begun = await telling(means, isDue ? 'not_rolled_back' : 'unreadable', () => begin(task, means));
  if ('event' in begun) return begun;
  return telling(means, 'unreadable', () => follow(task, begun, means));
}

/** Whatever goes wrong, somebody is told. */
async function telling<T>(
  { tell, isRetry }: Means,
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

/** Codes with which it is certain that no attempt has rolled back: the order was read, or there is none. */
const certain: readonly ErrorCode[] = [
  'change_order_finished',
  'change_order_not_found',
  'change_start_unknown',
  'problem_predates_change',
  'rollback_suspended',
];

/** An earlier attempt may have rolled back, and a retry that cannot read the order does not know. */
function isNotRolledBack(code: ErrorCode, isRetry: boolean): boolean {
  if (isRetry) return certain.includes(code);
  return code !== 'edas_outcome_unknown' && code !== 'internal';
}

/** A rollback that has begun. */
interface Begun {
  rollbackChangeOrderId: string | undefined;
  /** Whether an earlier attempt told of it. */
  isKnown: boolean;
}

/** Sees to it that the rollback has begun, or tells why there is nothing to follow. */
async function begin(task: RollbackTask, means: Means): Promise<Begun | Happening> {
  if (task.rollback === 'done') return tellStart(task, task.rollbackChangeOrderId, means.isRetry, means);
  const outcome = await rollBackNow(task, means);
  switch (outcome.outcome) {
    case 'rolling_back': {
      const named = 'rollbackChangeOrderId' in outcome ? outcome.rollbackChangeOrderId : undefined;
      return tellStart(task, named, false, means);
    }
    case 'already_terminated': {
      const rollbackChangeOrderId = await findRollback(task, means);
      const news = { event: 'already_terminated', rollbackChangeOrderId, status: 6, failures: [] } as const;
      // On a retry that is the work of an earlier attempt, most probably, and people know that it began.
      const isKnown = means.isRetry && rollbackChangeOrderId !== undefined;
      if (!isKnown) await means.tell(news);
      return rollbackChangeOrderId === undefined ? news : { rollbackChangeOrderId, isKnown };
    }
    case 'dry_run':
    case 'suspended':
      throw new Problem('rollback_suspended', `${outcome.message} Send the webhook again afterwards.`, {
        changeOrderId: task.changeOrderId,
      });
  }
}

/** The same decision as that of a webhook that rolls back itself, and more patience after a doubt. */
async function rollBackNow(task: RollbackTask, means: Means) {
  const { changeOrderId, operation, problemStartedAt } = task;
  const { edas, clock, isRetry } = means;
  const { read, ...others } = changeOrdersOf(edas, operation);
  const seen = { inFlight: false };
  const watchedRead: ChangeOrders['read'] = async (id, timeoutMs) => {
    const order = await read(id, timeoutMs);
    seen.inFlight ||= phaseOf(order.status) === 'in_flight';
    return order;
  };
  const dependencies = { ...means, changeOrders: { ...others, read: watchedRead } };
  const deadlineAt = Math.min(clock.now() + rollbackMs, means.until);
  const hold = means.isSuspended ? ('suspended' as const) : undefined;
  const request = { changeOrderId, deadlineAt, hold, problemStartedAt, isRepeat: isRetry };
  try {
    return await rollBack(request, dependencies);
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== 'edas_outcome_unknown') throw error;
    const { code, message } = error;
    await means.tell({ event: 'outcome_unknown', problem: { code, message }, failures: [] });
    // An order that nobody saw in flight proves nothing: it may have been terminated before.
    const hasBegun = (await showsTerminated(changeOrderId, watchedRead, means)) && seen.inFlight;
    if (hasBegun) return { outcome: 'rolling_back', evidence: 'order' } as const;
    throw new KnownDoubt(error);
  }
}

/** EDAS may show late what it did. */
async function showsTerminated(
  changeOrderId: string,
  read: ChangeOrders['read'],
  means: Means,
): Promise<boolean> {
  const { clock } = means;
  const until = Math.min(clock.now() + doubtMs, means.until);
  while (clock.now() + doubtPauseMs < until) {
    await clock.sleep(doubtPauseMs);
    const order = await ifReadable(means, () => read(changeOrderId, readMs));
    if (phaseOf(order?.status) === 'terminated') return true;
  }
  return false;
}

/** The order that carries the rollback out, where EDAS did not name it and the application is known. */
function findRollback({ app, changeOrderId }: RollbackTask, means: Means): Promise<string | undefined> {
  return ifReadable(means, async () => {
    if (app === undefined) return undefined;
    const siblings = await (await means.edas()).listRecentChangeOrders(app, readMs);
    return rollbackRightAfter(changeOrderId, siblings)?.changeOrderId;
  });
}

/** For reads that may fail, also for want of credentials: what they would have shown is not shown. */
async function ifReadable<T>({ warn }: Means, read: () => Promise<T>): Promise<T | undefined> {
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
  means: Means,
): Promise<Begun> {
  const { changeOrderId } = task;
  // EDAS may answer with the id that it was sent, and carry the rollback out under another one.
  const rollbackChangeOrderId = otherThan(changeOrderId, named) ?? (await findRollback(task, means));
  if (isKnown) return { rollbackChangeOrderId, isKnown };
  const change = await ifReadable(means, async () =>
    (await means.edas()).getChangeOrderInfo(changeOrderId, readMs),
  );
  await means.tell({
    event: 'started',
    rollbackChangeOrderId,
    description: change?.description,
    failures: [],
  });
  return { rollbackChangeOrderId, isKnown };
}

async function follow(
  { changeOrderId }: RollbackTask,
  { rollbackChangeOrderId, isKnown }: Begun,
  means: Means,
): Promise<Happening> {
  const { edas, clock, random, until, warn, tell } = means;
  const describe = (event: News['event'], sight: Sight, failures: readonly ChangeFailure[]): Happening => {
    const { order, change, failure } = sight;
    return {
      event,
      rollbackChangeOrderId,
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
