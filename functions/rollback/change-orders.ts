import type { EdasClient, RollbackOperation } from '../edas/client.ts';
import type { ChangeOrders } from './dependencies.ts';

/** EDAS, opened when it is first asked: a rollback that somebody else does needs no SDK. */
export function changeOrdersOf(edas: () => Promise<EdasClient>, operation: RollbackOperation): ChangeOrders {
  const rollBackIn = {
    RollbackChangeOrder: 'rollbackChangeOrder',
    AbortAndRollbackChangeOrder: 'abortAndRollbackChangeOrder',
  } as const;
  return {
    read: async (id, timeoutMs) => (await edas()).getChangeOrderInfo(id, timeoutMs),
    list: async (app, timeoutMs) => (await edas()).listRecentChangeOrders(app, timeoutMs),
    rollBack: async (id, timeoutMs) => (await edas())[rollBackIn[operation]](id, timeoutMs),
  };
}
