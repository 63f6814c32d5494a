import type { ChangeOrderInfo } from '../edas/change-order.ts';
import type { ListedChangeOrder, RollbackReceipt } from '../edas/client.ts';
import type { Clock } from '../lib/time.ts';

/** EDAS, as far as a rollback needs it. All throw `EdasFailure`, or a `Problem` where there are no credentials. */
export interface ChangeOrders {
  read: (changeOrderId: string, timeoutMs: number) => Promise<ChangeOrderInfo>;
  list: (appId: string, timeoutMs: number) => Promise<ListedChangeOrder[]>;
  rollBack: (changeOrderId: string, timeoutMs: number) => Promise<RollbackReceipt>;
}

export interface RollbackDependencies {
  changeOrders: ChangeOrders;
  clock: Clock;
  /** From 0 to 1, as `Math.random`: pauses are not the same for all who wait. */
  random: () => number;
  /** Told what went wrong without stopping the rollback. */
  warn: (message: string, facts: Record<string, unknown>) => void;
}
