import type { ListedChangeOrder } from '../edas/client.ts';
import { EdasFailure } from '../edas/failure.ts';
import { describeStatus, phaseOf } from '../edas/status.ts';
import { Problem } from '../errors.ts';
import { excerpt, reasonOf } from '../lib/text.ts';
import { leastCallMs, shareOf, timeLeft } from './budget.ts';
import type { RollbackDependencies } from './dependencies.ts';
import { readWithRetries } from './read-with-retries.ts';
import { outOfTime, refusal } from './refusal.ts';
import type { RollbackOrder, RollbackRequest } from './request.ts';

/** Characters. A source may touch hundreds of applications: their ids would make the answer unreadable. */
const longestList = 300;

/** What a sender asks to roll back: a change order, or the deployment that is in flight for an application. */
export type Target = { changeOrderId: string } | { app: string };

/** What a sender may touch, and until when EDAS can be asked about it. */
export interface ChangeOrderSearch {
  /** An application is one that the sender may touch. */
  target: Target;
  /**
   * The change order must belong to one of these applications; ids in lower case. Undefined: any that the function's
   * role reaches.
   */
  apps?: readonly string[] | undefined;
  /** Milliseconds, on the clock. */
  deadlineAt: number;
}

/** The change order to roll back, and what the list that it was found in says about it. */
export type FoundChangeOrder = Pick<RollbackRequest, 'changeOrderId' | 'nextRollback'> & {
  /** Its application, where that is known. */
  app?: string | undefined;
};

/**
 * The change order to roll back, once it is certain that the sender may touch it. If EDAS does not say which
 * application an order belongs to, it is refused.
 *
 * @throws Problem `app_not_allowed`, `app_has_no_change_in_flight`, or why EDAS could not be asked
 */
export async function findChangeOrder(
  search: ChangeOrderSearch,
  dependencies: RollbackDependencies,
): Promise<FoundChangeOrder> {
  const { target, apps } = search;
  if ('app' in target) {
    const { app } = target;
    return { app, changeOrderId: selectDeployment(app, await listChangeOrders(app, search, dependencies)) };
  }
  const { changeOrderId } = target;
  if (!apps) return { changeOrderId };
  const { app, siblings } = await findApplicationOf(changeOrderId, apps, search, dependencies);
  return { app, changeOrderId, nextRollback: rollbackRightAfter(changeOrderId, siblings) };
}

function selectDeployment(app: string, orders: readonly ListedChangeOrder[]): string {
  const deployments = orders.filter(isDeployment).toSorted(newestFirst);
  const [newest] = deployments;
  const inFlight = deployments.find(({ status }) => phaseOf(status) === 'in_flight');
  const isRepeat = phaseOf(newest?.status) === 'terminated';
  if (inFlight && !isRepeat) return inFlight.changeOrderId;
  const seen = inFlight
    ? `The newest deployment of the application ${app}, ${newest?.changeOrderId}, is terminated: it was rolled back or stopped before. An older one, ${inFlight.changeOrderId}, is in flight and is left alone, for a repeat must not go on to the next. To roll that back, send its change order id.`
    : `No deployment of the application ${app} is in flight (CoDeploy; a rollback, a restart or a scale-out is none). ${describeList(orders)}`;
  throw new Problem('app_has_no_change_in_flight', `${seen} No rollback was sent.`, { app });
}

function describeList(orders: readonly ListedChangeOrder[]): string {
  const [newest] = orders.toSorted(newestFirst);
  if (!newest) return 'EDAS knows no recent change order of it: check the id.';
  const { changeOrderId, status } = newest;
  const seen = `Of ${orders.length} recent change orders the newest is ${changeOrderId}, with status ${describeStatus(status)}`;
  if (isRollback(newest)) return `${seen}, a rollback.`;
  if (phaseOf(status) === 'terminated') {
    return `${seen}: it was rolled back or stopped before, so check the versions in the EDAS console.`;
  }
  return `${seen}. To roll back one that has ended, send its change order id or use the EDAS console.`;
}

/** Rolling a rollback back would bring the bad version back. */
function isDeployment(order: ListedChangeOrder): boolean {
  return order.typeCode === 'CoDeploy' && !isRollback(order);
}

/**
 * No page documents the type of the order that carries a rollback out, and it may be a `CoDeploy`: so its words count
 * as well. See docs/decisions/0004.
 */
function isRollback({ typeCode = '', words }: ListedChangeOrder): boolean {
  return /\u56de\u6eda|roll(ed|ing)?[\s-]?back/i.test(`${typeCode} ${words}`);
}

/**
 * An order does not name the one that it rolls back. So only the very next order of the application can be its
 * rollback.
 */
export function rollbackRightAfter(
  changeOrderId: string,
  siblings: ListedChangeOrder[],
): RollbackOrder | undefined {
  const { createdAt = Infinity } = siblings.find((each) => each.changeOrderId === changeOrderId) ?? {};
  const later = siblings.filter((each) => (each.createdAt ?? 0) > createdAt);
  const next = later.toSorted(newestFirst).at(-1);
  // A deployment may have the word in its name.
  return next && next.typeCode !== 'CoDeploy' && isRollback(next) ? next : undefined;
}

/** EDAS documents no order of the list. An order without a time counts as the oldest. */
function newestFirst(a: ListedChangeOrder, b: ListedChangeOrder): number {
  return (b.createdAt ?? 0) - (a.createdAt ?? 0);
}

/** An application, and its change orders. */
interface AppChangeOrders {
  app: string;
  siblings: ListedChangeOrder[];
}

/**
 * The application that the change order belongs to: an order does not name its own.
 *
 * @throws Problem `app_not_allowed`, or why not all lists could be read
 */
async function findApplicationOf(
  changeOrderId: string,
  apps: readonly string[],
  search: ChangeOrderSearch,
  dependencies: RollbackDependencies,
): Promise<AppChangeOrders> {
  const familyOf = async (app: string) => ({
    app,
    siblings: await listChangeOrders(app, search, dependencies),
  });
  const lists = await Promise.allSettled(apps.map(familyOf));
  const failures = lists.flatMap((each): unknown[] => (each.status === 'rejected' ? [each.reason] : []));
  const found = lists.find(
    (each) => each.status === 'fulfilled' && holds(each.value.siblings, changeOrderId),
  );
  if (found?.status === 'fulfilled') {
    for (const failure of failures) {
      dependencies.warn('the list of another application could not be read', { reason: reasonOf(failure) });
    }
    return found.value;
  }
  for (const failure of failures) throw failure;
  throw new Problem(
    'app_not_allowed',
    `The change order is not among the recent ones of the applications that this source may touch: ${excerpt(apps.join(', '), longestList)}. No rollback was sent. If it should have been: is the id right, and is its application among them? An order that is too old for the list is rolled back in the EDAS console.`,
    { changeOrderId },
  );
}

function holds(orders: readonly ListedChangeOrder[], changeOrderId: string): boolean {
  return orders.some((order) => order.changeOrderId === changeOrderId);
}

async function listChangeOrders(
  app: string,
  search: ChangeOrderSearch,
  dependencies: RollbackDependencies,
): Promise<ListedChangeOrder[]> {
  const { changeOrders, clock } = dependencies;
  const subject = { ...search.target, app };
  if (timeLeft(search, clock) < leastCallMs) throw outOfTime(subject);
  try {
    const deadlineAt = clock.now() + shareOf('list', search, clock);
    return await readWithRetries((timeoutMs) => changeOrders.list(app, timeoutMs), deadlineAt, dependencies);
  } catch (error) {
    throw error instanceof EdasFailure ? refusal(error, 'read', subject) : error;
  }
}
