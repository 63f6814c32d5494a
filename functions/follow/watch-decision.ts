import { lookAtClaim, mostClaims } from '../claim/claim.ts';
import { lookAtRelease } from '../claim/release-tasks.ts';
import { readTaskRecord } from '../claim/task-calls.ts';
import { phaseOf } from '../edas/status.ts';
import { isDead } from '../platform/task-queue.ts';
import { claimIdFor, releaseTaskIdFor, type RollbackDecided } from '../task.ts';
import type { TaskDependencies } from './dependencies.ts';
import { ifReadable, readTimeoutMs } from './optional-reads.ts';
import { queueAccess } from './queue-access.ts';
import type { RollbackEvent } from './rollback-event.ts';
import type { QuietEnd } from './task-end.ts';

/** Until the first look, and between two: the request that decided has a minute at most to roll back. */
const [patienceMs, pauseMs] = [60_000, 15_000];
const looks = 3;

/** What shows that a rollback has begun. `unseen`: neither Function Compute nor EDAS can be asked. */
type Sight = 'begun' | 'not_begun' | 'unseen';

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

async function lookForRollback(task: RollbackDecided, dependencies: TaskDependencies): Promise<Sight> {
  const { changeOrderId } = task;
  const order = ifReadable(dependencies, async () =>
    (await dependencies.edas()).getChangeOrderInfo(changeOrderId, readTimeoutMs),
  );
  const sights = await Promise.all([
    lookForClaim(changeOrderId, dependencies),
    lookForReleaseTask(changeOrderId, dependencies),
    lookForReleaseCall(changeOrderId, dependencies),
    // Without the queue, the emergency brake goes first: then only the order shows it.
    order.then((read) => (phaseOf(read?.status) === 'terminated' ? 'begun' : 'not_begun')),
  ]);
  return (
    sights.find((sight) => sight === 'begun') ?? sights.find((sight) => sight === 'unseen') ?? 'not_begun'
  );
}

/** A claim that has ended without a rollback shows nothing, but there may be one after it. */
async function lookForClaim(changeOrderId: string, dependencies: TaskDependencies): Promise<Sight> {
  const { now } = dependencies;
  for (let claim = 1; claim <= mostClaims;) {
    const access = queueAccess(dependencies);
    const record = await readTaskRecord(claimIdFor(changeOrderId, claim), access);
    if (typeof record === 'string') return sightOf(record);
    const found = await lookAtClaim(changeOrderId, claim, now, access);
    if (found.reasonOfEnd === undefined) return 'begun';
    claim = found.claim + 1;
  }
  return 'not_begun';
}

async function lookForReleaseTask(changeOrderId: string, dependencies: TaskDependencies): Promise<Sight> {
  for (let attempt = 1; attempt <= mostClaims; attempt += 1) {
    const taskId = releaseTaskIdFor(changeOrderId, attempt);
    const record = await readTaskRecord(taskId, queueAccess(dependencies));
    if (typeof record === 'string') return sightOf(record);
    if (!isDead(record.state)) return 'begun';
  }
  return 'not_begun';
}

async function lookForReleaseCall(changeOrderId: string, dependencies: TaskDependencies): Promise<Sight> {
  const { call } = await lookAtRelease(changeOrderId, queueAccess(dependencies));
  if (call === 'claimed') return 'begun';
  return call === 'none' ? 'not_begun' : 'unseen';
}

function sightOf(record: 'absent' | 'unreadable'): Sight {
  return record === 'absent' ? 'not_begun' : 'unseen';
}
