import type { ListedChangeOrder } from '../edas/client.ts';
import type { RollbackOrder } from './request.ts';

/** Rolling a rollback back would bring the bad version back. */
export function isDeployment(order: ListedChangeOrder): boolean {
  return order.typeCode === 'CoDeploy' && !isRollback(order);
}

/**
 * No page documents the type of the order that carries a rollback out, and it may be a `CoDeploy`: so its words count
 * as well. See docs/decisions/0004.
 */
export function isRollback({ typeCode = '', words }: ListedChangeOrder): boolean {
  return /\u56de\u6eda|roll(ed|ing)?[\s-]?back/i.test(`${typeCode} ${words}`);
}

/**
 * Whether an order may have changed which version runs. EDAS documents no list of type codes; these begin the codes of
 * its sister product, and what is not among them counts.
 * https://www.alibabacloud.com/help/en/sae/api-sae-2019-05-06-listchangeorders
 */
export function changesVersion({ typeCode = '' }: ListedChangeOrder): boolean {
  return !/^Co(Restart|Start|Stop|Scale|Rescale|Bind|Unbind)/.test(typeCode);
}

/** EDAS documents no order of the list. An order without a time counts as the oldest. */
export function newestFirst(a: ListedChangeOrder, b: ListedChangeOrder): number {
  return (b.createdAt ?? 0) - (a.createdAt ?? 0);
}

/** The deployments before an order, the newest first. */
export function deploymentsBefore(
  changeOrderId: string,
  orders: readonly ListedChangeOrder[],
): ListedChangeOrder[] {
  const ofIt = orders.find((each) => each.changeOrderId === changeOrderId);
  const startedAt = ofIt?.createdAt;
  if (startedAt === undefined) return [];
  const isBefore = (each: ListedChangeOrder) => each !== ofIt && (each.createdAt ?? 0) <= startedAt;
  return orders.filter((each) => isDeployment(each) && isBefore(each)).toSorted(newestFirst);
}

/**
 * An order does not name the one that it rolls back. So only the very next order of the application can be its
 * rollback.
 */
export function rollbackRightAfter(
  changeOrderId: string,
  orders: readonly ListedChangeOrder[],
): RollbackOrder | undefined {
  const { createdAt = Infinity } = orders.find((each) => each.changeOrderId === changeOrderId) ?? {};
  const later = orders.filter((each) => (each.createdAt ?? 0) > createdAt);
  const next = later.toSorted(newestFirst).at(-1);
  // A deployment may have the word in its name.
  return next && next.typeCode !== 'CoDeploy' && isRollback(next) ? next : undefined;
}
