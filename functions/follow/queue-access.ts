import type { QueueAccess } from '../claim/task-calls.ts';
import type { TaskDependencies } from './dependencies.ts';

const queueTimeoutMs = 10_000;

/** The queue, for one call from now on. */
export function queueAccess({ openQueue, clock, warn }: TaskDependencies): QueueAccess {
  return { openQueue, deadlineAt: clock.now() + queueTimeoutMs, clock, warn };
}
