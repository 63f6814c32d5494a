import type { EdasClient } from '../edas/client.ts';
import type { Clock } from '../lib/time.ts';
import type { TaskQueue } from '../platform/task-queue.ts';
import type { RollbackDependencies } from '../rollback/dependencies.ts';
import type { Reach } from './notify/notifier.ts';
import type { RollbackEvent } from './rollback-event.ts';

/** What running a task takes. */
export interface TaskDependencies {
  edas: () => Promise<EdasClient>;
  /** The queue of this same function. */
  openQueue: () => Promise<TaskQueue>;
  /** Epoch milliseconds. */
  now: () => number;
  clock: Clock;
  random: () => number;
  warn: RollbackDependencies['warn'];
  /** Whether the events function hears from EDAS how change orders end, and leaves a note. */
  hearsEnds: boolean;
  /** Whether rollbacks are held back. */
  isSuspended: boolean;
  /** Milliseconds, on the clock: for rolling back and its report. */
  rollbackDeadlineAt: number;
  /** Milliseconds, on the clock: for following. What comes after it is for notifications. */
  deadlineAt: number;
  /** Whether there was an attempt before this one; how far it came is not known. Decides what people are told again. */
  isRetry: boolean;
  /** Whether there may have been one. Decides what may be sent, and what may be called certain. */
  mayBeRetry: boolean;
  /** Milliseconds from the webhook to this attempt. */
  waitedMs: number;
  /** Notifies people; never throws. */
  notify: (event: RollbackEvent) => Promise<Reach>;
}
