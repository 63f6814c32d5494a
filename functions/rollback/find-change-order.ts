import type { ListedChangeOrder } from '../edas/client.ts';
import { EdasFailure } from '../edas/failure.ts';
import { Problem } from '../errors.ts';
import { leastCallMs, timeLeft, type RollbackDependencies } from './dependencies.ts';
import { refusal } from './refusal.ts';
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

/**
 * The id of the change order to roll back, once it is certain that the sender may touch it. Closed on authority: where
 * EDAS does not say to which application an order belongs, it is refused.
 *
 * @throws Problem `app_not_allowed`, `app_has_no_change_in_flight`, or why EDAS could not be asked
 */
export async function findChangeOrder(search: Search, dependencies: RollbackDependencies): Promise<string> {
  const { target, apps } = search;
  if ('app' in target) {
    return newestDeployment(target.app, await list(target.app, search, dependencies));
  }
  if (apps) await requireInApps(target.changeOrderId, apps, search, dependencies);
  return target.changeOrderId;
}

function newestDeployment(app: string, orders: readonly ListedChangeOrder[]): string {
  const [newest] = orders.filter(isDeploymentInFlight).toSorted(newestFirst);
  if (newest) return newest.changeOrderId;
  const [last] = orders.toSorted(newestFirst);
  const seen = last
    ? `Of ${orders.length} recent change orders the newest is ${last.changeOrderId}, with status ${describeStatus(last.status)}.`
    : 'EDAS knows no recent change order of it.';
  throw new Problem(
    'app_has_no_change_in_flight',
    `No deployment of the application ${app} is in flight (CoDeploy; a rollback, a restart or a scale-out is none). ${seen} Nothing was rolled back.`,
    { app },
  );
}

/**
 * A deployment is a `CoDeploy`. Whether EDAS calls its rollback one, too, is documented nowhere, so that one is known by
 * its words as well: rolling it back would bring the bad version back. See docs/decisions/0004.
 */
function isDeploymentInFlight({ typeCode, words, status }: ListedChangeOrder): boolean {
  return (
    typeCode === 'CoDeploy' &&
    phaseOf(status) === 'in_flight' &&
    !/\u56de\u6eda|roll(ed|ing)?[\s-]?back/i.test(words)
  );
}

/** EDAS documents no order of the list. An order without a time is taken for the oldest. */
function newestFirst(a: ListedChangeOrder, b: ListedChangeOrder): number {
  return (b.createdAt ?? 0) - (a.createdAt ?? 0);
}

/** A change order does not name its application, so it must be in the list of one that the sender may touch. */
async function requireInApps(
  changeOrderId: string,
  apps: readonly string[],
  search: Search,
  dependencies: RollbackDependencies,
): Promise<void> {
  const lists = await Promise.allSettled(apps.map((app) => list(app, search, dependencies)));
  const isInOne = lists.some(
    (each) =>
      each.status === 'fulfilled' && each.value.some((order) => order.changeOrderId === changeOrderId),
  );
  if (isInOne) return;
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
  { changeOrders, clock }: RollbackDependencies,
): Promise<ListedChangeOrder[]> {
  const subject = { ...search.target, app };
  const budgetMs = timeLeft(search, clock);
  if (budgetMs < leastCallMs) {
    throw new Problem('edas_unavailable', 'No time was left to ask EDAS. No rollback was sent.', subject);
  }
  try {
    // The larger part stays for reading the order and rolling it back.
    return await changeOrders.list(app, Math.max(leastCallMs, budgetMs * 0.3));
  } catch (error) {
    throw error instanceof EdasFailure ? refusal(error, subject) : error;
  }
}
