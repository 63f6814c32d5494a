import type { EdasClient } from '../edas/client.ts';
import type { Clock } from '../lib/time.ts';
import type { RollbackDependencies } from '../rollback/dependencies.ts';
import type { RollbackEvent } from './rollback-event.ts';

/** What a task is carried out with. */
export interface TaskDependencies {
  edas: () => Promise<EdasClient>;
  clock: Clock;
  random: () => number;
  warn: RollbackDependencies['warn'];
  /** Whether rollbacks are held back. */
  isSuspended: boolean;
  /** Milliseconds, on the clock. */
  deadlineAt: number;
  /** Whether the task was tried before, by an attempt that cannot tell how far it came. */
  isRetry: boolean;
  /** Milliseconds from the webhook to this attempt. */
  waitedMs: number;
  /** Tells people, and never throws. */
  tell: (happening: RollbackEvent) => Promise<void>;
}
