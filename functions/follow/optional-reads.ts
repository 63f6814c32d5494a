import type { ChangeOrderProgress } from '../edas/change-order.ts';
import { EdasFailure } from '../edas/failure.ts';
import { Problem } from '../errors.ts';
import { rollbackRightAfter } from '../rollback/listed-orders.ts';
import { explain } from '../rollback/refusal.ts';
import type { RollbackTask } from '../task.ts';
import type { TaskDependencies } from './dependencies.ts';

/** For one read beside the rollback itself. */
export const readTimeoutMs = 5_000;

/** The order that carries the rollback out, where EDAS did not name it and the application is known. */
export function findRollback(
  { app, changeOrderId }: RollbackTask,
  dependencies: TaskDependencies,
): Promise<string | undefined> {
  return ifReadable(dependencies, async () => {
    if (app === undefined) return undefined;
    const siblings = await (await dependencies.edas()).listRecentChangeOrders(app, readTimeoutMs);
    return rollbackRightAfter(changeOrderId, siblings)?.changeOrderId;
  });
}

/** The change that is to be rolled back, where it can be read. */
export function readChange(
  changeOrderId: string,
  dependencies: TaskDependencies,
): Promise<ChangeOrderProgress | undefined> {
  return ifReadable(dependencies, async () =>
    (await dependencies.edas()).getChangeOrderInfo(changeOrderId, readTimeoutMs),
  );
}

/** For reads that a task can do without: undefined where EDAS cannot be asked, or there are no credentials. */
export async function ifReadable<T>(
  { warn }: Pick<TaskDependencies, 'warn'>,
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
