import type { ChangeOrderInfo } from '../edas/change-order.ts';
import type { EdasClient, ListedChangeOrder, RollbackOperation, RollbackReceipt } from '../edas/client.ts';

/** EDAS, as far as a rollback needs it. All throw `EdasFailure`, or a `Problem` where there are no credentials. */
export interface ChangeOrders {
  read: (changeOrderId: string, timeoutMs: number) => Promise<ChangeOrderInfo>;
  list: (appId: string, timeoutMs: number) => Promise<ListedChangeOrder[]>;
  rollBack: (changeOrderId: string, timeoutMs: number) => Promise<RollbackReceipt>;
}

/** Opens EDAS with the first call: a rollback that a task does needs no SDK in the webhook. */
export function changeOrdersOf(edas: () => Promise<EdasClient>, operation: RollbackOperation): ChangeOrders {
  return {
    read: async (id, timeoutMs) => (await edas()).getChangeOrderInfo(id, timeoutMs),
    list: async (app, timeoutMs) => (await edas()).listRecentChangeOrders(app, timeoutMs),
    rollBack: async (id, timeoutMs) => (await edas()).rollBack(operation, id, timeoutMs),
  };
}
