import type { Clock } from '../lib/time.ts';
import type { ChangeOrders } from './change-orders.ts';

export interface RollbackDependencies {
  changeOrders: ChangeOrders;
  clock: Clock;
  /** From 0 to 1, as `Math.random`: callers that wait for the same reason wait for different times. */
  random: () => number;
  /** Logs what went wrong without stopping the rollback. */
  warn: (message: string, facts: Record<string, unknown>) => void;
}
