import type { ListedChangeOrder } from '../edas/client.ts';
import { phaseOf } from '../edas/status.ts';
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

/** Milliseconds. EDAS begins a rollback at once; what is made later is an order of its own. */
export const rollbackComesWithinMs = 300_000;

/**
 * Why an order is no deployment, or may be a rollback, as a sentence; undefined where it is a deployment like any other. No page
 * documents how EDAS lists the order that carries a rollback out, so what was made right after a terminated deployment may be one.
 */
export function reasonNotToRollBack(
  order: ListedChangeOrder,
  orders: readonly ListedChangeOrder[],
): string | undefined {
  const { changeOrderId, createdAt } = order;
  const which = `The change order ${changeOrderId}`;
  if (!isDeployment(order)) return `${which} is no deployment, or is a rollback itself.`;
  if (createdAt === undefined)
    return `EDAS does not say when it made ${changeOrderId}, so that may be a rollback.`;
  const [before] = orders
    .filter((each) => each !== order && (each.createdAt ?? 0) <= createdAt)
    .toSorted(newestFirst);
  if (!before || phaseOf(before.status) !== 'terminated') return undefined;
  if (createdAt > (before.finishedAt ?? Infinity) + rollbackComesWithinMs) return undefined;
  return `${which} was made right after ${before.changeOrderId} was terminated, so it may be the rollback of that.`;
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
