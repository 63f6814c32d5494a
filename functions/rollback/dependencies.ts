import type { ChangeOrderInfo, ListedChangeOrder, RollbackReceipt } from '../edas/client.ts';

/** EDAS, as far as a rollback needs it. All throw `EdasFailure`, or a `Problem` where there are no credentials. */
export interface ChangeOrders {
  read: (changeOrderId: string, timeoutMs: number) => Promise<ChangeOrderInfo>;
  list: (appId: string, timeoutMs: number) => Promise<ListedChangeOrder[]>;
  rollBack: (changeOrderId: string, timeoutMs: number) => Promise<RollbackReceipt>;
}

export interface Clock {
  /** Epoch milliseconds. */
  now: () => number;
  sleep: (ms: number) => Promise<void>;
}

export interface RollbackDependencies {
  changeOrders: ChangeOrders;
  clock: Clock;
  /** From 0 to 1, as `Math.random`: pauses are not the same for all who wait. */
  random: () => number;
  /** Told what went wrong without stopping the rollback. */
  warn: (message: string, facts: Record<string, unknown>) => void;
}

/** Milliseconds. Less is no time to ask EDAS anything. */
export const leastCallMs = 100;

/** Until when a call may last that leaves the rest of the time to those after it. Epoch milliseconds. */
export function endOfShare(share: number, request: { deadlineAt: number }, clock: Clock): number {
  return clock.now() + Math.max(leastCallMs, timeLeft(request, clock) * share);
}

/** Milliseconds until the deadline. */
export function timeLeft({ deadlineAt }: { deadlineAt: number }, clock: Clock): number {
  return deadlineAt - clock.now();
}
