import { EdasFailure } from '../edas/failure.ts';
import { Problem } from '../errors.ts';
import { rollbackRightAfter } from '../rollback/find-change-order.ts';
import { explain } from '../rollback/refusal.ts';
import type { RollbackTask } from '../task.ts';
import type { TaskDependencies } from './task-dependencies.ts';

/** Milliseconds for one read, beside the rollback itself. */
export const readMs = 5_000;

/** The order that carries the rollback out, where EDAS did not name it and the application is known. */
export function findRollback(
  { app, changeOrderId }: RollbackTask,
  dependencies: TaskDependencies,
): Promise<string | undefined> {
  return ifReadable(dependencies, async () => {
    if (app === undefined) return undefined;
    const siblings = await (await dependencies.edas()).listRecentChangeOrders(app, readMs);
    return rollbackRightAfter(changeOrderId, siblings)?.changeOrderId;
  });
}

/** For reads that may fail, also for want of credentials: what they would have shown is not shown. */
export async function ifReadable<T>(
  { warn }: TaskDependencies,
  read: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof EdasFailure || error instanceof Problem)) throw error;
    const reason = error instanceof EdasFailure ? explain(error, 'read') : error.message;
    warn('EDAS could not be asked', { reason });
    return undefined;
  }
}
