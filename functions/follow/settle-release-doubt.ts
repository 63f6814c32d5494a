import type { ListedChangeOrder } from '../edas/client.ts';
import type { Problem } from '../errors.ts';
import { changesVersion, newestFirst } from '../rollback/listed-orders.ts';
import type { ReleaseFacts, RollbackUnknown } from '../task.ts';
import type { TaskDependencies } from './dependencies.ts';
import { lookForTwoMinutes } from './look-for-two-minutes.ts';
import { ifReadable, readTimeoutMs } from './optional-reads.ts';

/** The rollback of a release has begun, as far as EDAS shows it. */
export interface BegunRollback {
  /** The change order that looks like it. Undefined: only the version shows it. */
  rollbackChangeOrderId: string | undefined;
}

/**
 * Finds out by reading what became of the one call for a release: a new change order of the application, or another
 * version in its groups, means that the rollback has begun. It is never sent again, by this task or another.
 *
 * @returns Problem `edas_outcome_unknown` if neither shows in time; people know of it
 */
export async function settleReleaseDoubt(
  task: RollbackUnknown & { app: string; release: ReleaseFacts },
  dependencies: TaskDependencies,
): Promise<BegunRollback | Problem> {
  const { app, release } = task;
  return lookForTwoMinutes(
    task,
    {
      whatFollows: 'This task looks at the application for two minutes. Nothing sends the rollback again.',
      look: () => lookFor(release, app, dependencies),
      describeEnd: () => notSeen,
    },
    dependencies,
  );
}

const notSeen =
  'The rollback was sent, and EDAS shows neither a change order of it nor another version, so most probably it had no effect. It is not sent again: look at the application in the EDAS console, and roll back there.';

async function lookFor(
  { seenUntil, fromVersionId, groups }: ReleaseFacts,
  app: string,
  dependencies: TaskDependencies,
): Promise<BegunRollback | undefined> {
  const { edas } = dependencies;
  const orders = await ifReadable(dependencies, async () =>
    (await edas()).listRecentChangeOrders(app, readTimeoutMs),
  );
  const isNew = (each: ListedChangeOrder) => changesVersion(each) && (each.createdAt ?? 0) > seenUntil;
  const first = (orders ?? []).filter(isNew).toSorted(newestFirst).at(-1);
  if (first) return { rollbackChangeOrderId: first.changeOrderId };
  const state = await ifReadable(dependencies, async () =>
    (await edas()).getApplicationState(app, readTimeoutMs),
  );
  const hasMoved = state?.groups.some(
    ({ id, versionId }) => groups.includes(id) && versionId !== undefined && versionId !== fromVersionId,
  );
  return hasMoved === true ? { rollbackChangeOrderId: undefined } : undefined;
}
