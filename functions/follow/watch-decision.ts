import { phaseOf } from '../edas/status.ts';
import type { RollbackDecided } from '../task.ts';
import type { TaskDependencies } from './dependencies.ts';
import { lookForTasks, type Sight } from './look-for-tasks.ts';
import { readChange } from './optional-reads.ts';
import type { RollbackEvent } from './rollback-event.ts';
import type { QuietEnd } from './task-end.ts';

/** Until the first look, and between two: the request that decided has a minute at most to roll back. */
const [patienceMs, pauseMs] = [60_000, 15_000];
const looks = 3;

/**
 * Sees to it that a rollback which a person decided has begun: the request that decided may have been cut off between the
 * decision and the rollback. Whatever has begun is told by its own tasks.
 */
export async function watchDecision(
  task: RollbackDecided,
  dependencies: TaskDependencies,
): Promise<RollbackEvent | QuietEnd> {
  const { clock, notify } = dependencies;
  let sight: Sight = 'unseen';
  for (let look = 0; look < looks; look += 1) {
    await clock.sleep(look === 0 ? patienceMs : pauseMs);
    sight = await lookForRollback(task, dependencies);
    if (sight === 'begun') return { event: 'watched' };
  }
  const event: RollbackEvent = {
    failures: [],
    ...(sight === 'unseen'
      ? { event: 'outcome_unknown', problem: { message: unseen } }
      : { event: 'not_rolled_back', problem: { code: 'task_not_taken', message: notBegun } }),
  };
  await notify(event);
  return event;
}

const notBegun = 'A person decided to roll back, and nothing shows that the rollback has begun.';
const unseen =
  'A person decided to roll back, and Function Compute cannot be asked whether the rollback has begun.';

/** Without the queue, the emergency brake goes first: then only the order shows it. */
async function lookForRollback(
  { changeOrderId }: RollbackDecided,
  dependencies: TaskDependencies,
): Promise<Sight> {
  const [order, sight] = await Promise.all([
    readChange(changeOrderId, dependencies),
    lookForTasks(changeOrderId, dependencies),
  ]);
  return phaseOf(order?.status) === 'terminated' ? 'begun' : sight;
}
