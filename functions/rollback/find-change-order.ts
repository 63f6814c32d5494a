import type { ListedChangeOrder } from '../edas/client.ts';
import { EdasFailure } from '../edas/failure.ts';
import { changeOrderStatus, describeStatus, phaseOf } from '../edas/status.ts';
import { Problem } from '../errors.ts';
import { excerpt, reasonOf } from '../lib/text.ts';
import { leastCallMs, shareOf, timeLeft } from './budget.ts';
import type { RollbackDependencies } from './dependencies.ts';
import {
  deploymentsBefore,
  isDeployment,
  isRollback,
  newestFirst,
  reasonNotToRollBack,
  rollbackRightAfter,
} from './listed-orders.ts';
import { readWithRetries } from './read-with-retries.ts';
import { outOfTime, refusal } from './refusal.ts';
import type { RollbackRequest } from './request.ts';

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
  /**
   * Whether what names a change order may not know that it is a rollback. Default false: who names one means it.
   */
  looksForRollback?: boolean | undefined;
  /** Whether a deployment that has succeeded is looked for as well, where none is in flight. Default false. */
  mayHaveEnded?: boolean | undefined;
  /** Milliseconds, on the clock. */
  deadlineAt: number;
}

/** The change order to roll back, and what the list that it was found in says about it. */
export type FoundChangeOrder = Pick<RollbackRequest, 'changeOrderId' | 'nextRollback'> & {
  /** Its application, where that is known. */
  app?: string | undefined;
  /** When it was made, epoch milliseconds, where it was found by its application. */
  createdAt?: number | undefined;
  /** Whether it has succeeded, so that it is a release that has ended. `false`: it is rolled back as one in flight, or not. */
  hasEnded?: boolean | undefined;
  /** Why it is, or may be, a rollback or no deployment: a sentence, where that was asked for. */
  reasonNotToRollBack?: string | undefined;
  /** The deployments before it, the newest first, where it may be the rollback of one: it was found by its application, or that was asked for. */
  deploymentsBefore?: readonly string[] | undefined;
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
    const orders = await listChangeOrders(app, search, dependencies);
    const order = selectDeployment(app, orders, search.mayHaveEnded === true);
    const hasEnded = hasSucceeded(order) ? true : undefined;
    return { app, changeOrderId: order.changeOrderId, hasEnded, ...placeOf(order, orders, search) };
  }
  const { changeOrderId } = target;
  if (!apps) return { changeOrderId };
  const { app, siblings } = await findApplicationOf(changeOrderId, apps, search, dependencies);
  const ofIt = siblings.find((each) => each.changeOrderId === changeOrderId);
  const hasEnded = ofIt && hasSucceeded(ofIt) ? true : undefined;
  const found = { app, changeOrderId, hasEnded, nextRollback: rollbackRightAfter(changeOrderId, siblings) };
  return ofIt && search.looksForRollback ? { ...found, ...placeOf(ofIt, siblings, search) } : found;
}

/** What the list says of an order that may be the rollback of one before it. */
function placeOf(
  order: ListedChangeOrder,
  orders: readonly ListedChangeOrder[],
  { looksForRollback }: ChangeOrderSearch,
): Pick<FoundChangeOrder, 'createdAt' | 'deploymentsBefore' | 'reasonNotToRollBack'> {
  const before = deploymentsBefore(order.changeOrderId, orders).map((each) => each.changeOrderId);
  const place = { createdAt: order.createdAt, deploymentsBefore: before };
  return looksForRollback ? { ...place, reasonNotToRollBack: reasonNotToRollBack(order, orders) } : place;
}

function hasSucceeded({ status }: Pick<ListedChangeOrder, 'status'>): boolean {
  return status === changeOrderStatus.succeeded;
}

function selectDeployment(
  app: string,
  orders: readonly ListedChangeOrder[],
  mayHaveEnded: boolean,
): ListedChangeOrder {
  const deployments = orders.filter(isDeployment).toSorted(newestFirst);
  const [newest] = deployments;
  const inFlight = deployments.find(({ status }) => phaseOf(status) === 'in_flight');
  const isRepeat = phaseOf(newest?.status) === 'terminated';
  if (inFlight && !isRepeat) return inFlight;
  if (mayHaveEnded && newest && hasSucceeded(newest)) return newest;
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
