import type { ListedChangeOrder } from '../edas/client.ts';
import { EdasFailure } from '../edas/failure.ts';
import { Problem } from '../errors.ts';
import { ask } from './ask.ts';
import { endOfShare, leastCallMs, timeLeft, type RollbackDependencies } from './dependencies.ts';
import { outOfTime, refusal } from './refusal.ts';
import type { RollbackOrder } from './request.ts';
import { describeStatus, phaseOf } from './states.ts';

/** What a sender asked to roll back: a change order, or whatever is being deployed to an application. */
export type Target = { changeOrderId: string } | { app: string };

/** What a sender may touch, and until when EDAS can be asked about it. */
export interface Search {
  /** An application is one that the sender may touch. */
  target: Target;
  /** Of these applications must the change order be; ids in lower case. Undefined: any that the function's role reaches. */
  apps?: readonly string[] | undefined;
  /** Epoch milliseconds. */
  deadlineAt: number;
}

/** The change order to roll back. */
export interface Found {
  changeOrderId: string;
  /** The order that rolled it back, where the application's list shows one. */
  rolledBackBy?: RollbackOrder | undefined;
}

/**
 * The change order to roll back, once it is certain that the sender may touch it. Closed on authority: where
 * EDAS does not say to which application an order belongs, it is refused.
 *
 * @throws Problem `app_not_allowed`, `app_has_no_change_in_flight`, or why EDAS could not be asked
 */
export async function findChangeOrder(search: Search, dependencies: RollbackDependencies): Promise<Found> {
  const { target, apps } = search;
  if ('app' in target) {
    return { changeOrderId: newestDeployment(target.app, await list(target.app, search, dependencies)) };
  }
  const { changeOrderId } = target;
  if (!apps) return { changeOrderId };
  const siblings = await requireInApps(changeOrderId, apps, search, dependencies);
  return { changeOrderId, rolledBackBy: rollbackOf(changeOrderId, siblings) };
}

function newestDeployment(app: string, orders: readonly ListedChangeOrder[]): string {
  const [newest] = orders.filter(isDeploymentInFlight).toSorted(newestFirst);
  if (newest) return newest.changeOrderId;
  const [last] = orders.toSorted(newestFirst);
  const seen = last
    ? `Of ${orders.length} recent change orders the newest is ${last.changeOrderId}${isRollback(last) ? ', a rollback' : ''}, with status ${describeStatus(last.status)}.`
    : 'EDAS knows no recent change order of it: check the id.';
  throw new Problem(
    'app_has_no_change_in_flight',
    `No deployment of the application ${app} is in flight (CoDeploy; a rollback, a restart or a scale-out is none). ${seen} Nothing was rolled back.`,
    { app },
  );
}

/** Rolling a rollback back would bring the bad version back. */
function isDeploymentInFlight(order: ListedChangeOrder): boolean {
  return order.typeCode === 'CoDeploy' && phaseOf(order.status) === 'in_flight' && !isRollback(order);
}

/**
 * What EDAS calls the order that carries a rollback out is documented nowhere, and it may be a `CoDeploy`: so it is known
 * by its words as well. See docs/decisions/0004.
 */
function isRollback({ typeCode = '', words }: ListedChangeOrder): boolean {
  return /\u56de\u6eda|roll(ed|ing)?[\s-]?back/i.test(`${typeCode} ${words}`);
}

/** No order names the one that it rolls back, so only the very next one of the application is taken for its rollback. */
function rollbackOf(changeOrderId: string, siblings: ListedChangeOrder[]): RollbackOrder | undefined {
  const order = siblings.find((each) => each.changeOrderId === changeOrderId);
  const createdAt = order?.createdAt;
  if (createdAt === undefined) return undefined;
  const later = siblings.filter((each) => each !== order && (each.createdAt ?? 0) >= createdAt);
  const next = later.toSorted(newestFirst).at(-1);
  return next && isRollback(next) ? next : undefined;
}

/** EDAS documents no order of the list. An order without a time is taken for the oldest. */
function newestFirst(a: ListedChangeOrder, b: ListedChangeOrder): number {
  return (b.createdAt ?? 0) - (a.createdAt ?? 0);
}

/** A change order does not name its application, so it must be in the list of one that the sender may touch: this one. */
async function requireInApps(
  changeOrderId: string,
  apps: readonly string[],
  search: Search,
  dependencies: RollbackDependencies,
): Promise<ListedChangeOrder[]> {
  const lists = await Promise.allSettled(apps.map((app) => list(app, search, dependencies)));
  for (const each of lists) {
    const isIn =
      each.status === 'fulfilled' && each.value.some((order) => order.changeOrderId === changeOrderId);
    if (isIn) return each.value;
  }
  for (const each of lists) if (each.status === 'rejected') throw each.reason;
  throw new Problem(
    'app_not_allowed',
    `The change order is not among the recent ones of the applications that this source may touch: ${apps.join(', ')}. Nothing was rolled back.`,
    { changeOrderId },
  );
}

async function list(
  app: string,
  search: Search,
  dependencies: RollbackDependencies,
): Promise<ListedChangeOrder[]> {
  const { changeOrders, clock } = dependencies;
  const subject = { ...search.target, app };
  if (timeLeft(search, clock) < leastCallMs) throw outOfTime(subject);
  try {
    // The larger part stays for reading the order and rolling it back.
    const until = endOfShare(0.3, search, clock);
    return await ask((timeoutMs) => changeOrders.list(app, timeoutMs), until, dependencies);
  } catch (error) {
    throw error instanceof EdasFailure ? refusal(error, 'read', subject) : error;
  }
}
