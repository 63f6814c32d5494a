import { isDead, type TaskRecord, type TaskState } from '../platform/task-queue.ts';
import { claimIdFor, reportIdFor, type RollbackClaimed, type RollbackTask } from '../task.ts';
import { readTaskRecord, submitTask, taskIn, type QueueAccess } from './task-calls.ts';

/**
 * Milliseconds after the holder of a claim could last send the rollback. If the order is still in flight then, the
 * rollback had no effect: EDAS is assumed to show one sooner. See docs/decisions/0013.
 */
export const displayLagMs = 45_000;

/** How often a change order can be claimed: more often than it can sensibly be refused. */
export const mostClaims = 5;

/** What a claim says. */
export type ClaimFacts = Omit<RollbackClaimed, 'rollback' | 'claim'>;

export type ClaimResult =
  | { result: 'held'; claim: number }
  | TakenClaim
  /** The queue is down, or slower than its budget. `mayExist`: the claim may have been taken all the same. */
  | { result: 'no_queue'; mayExist: boolean };

/** Another invocation has the claim, or had it and has rolled back. */
export interface TakenClaim {
  result: 'taken';
  claim: number;
  /** What is known of the rollback: the report, or where there is none the claim itself. */
  task: RollbackTask | undefined;
  /** Of the task with this payload; `unknown` where that cannot be read. */
  state: TaskState | 'unknown';
  /** Why it is certain that it has ended without a rollback; undefined where it is not. */
  reasonOfEnd?: string | undefined;
}

/**
 * Claims the rollback of a change order. Of all invocations that try, at any time and on any instance, one gets the
 * claim: Function Compute takes a task of each id once. A claim is given anew only after the one before it has ended
 * without a rollback.
 *
 * @param first the number of the first claim that is tried
 * @param now epoch milliseconds
 */
export async function takeClaim(
  facts: ClaimFacts,
  first: number,
  now: () => number,
  access: QueueAccess,
): Promise<ClaimResult> {
  for (let claim = first; claim <= mostClaims;) {
    const taskId = claimIdFor(facts.changeOrderId, claim);
    const submission = await submitTask(taskId, { ...facts, rollback: 'claimed', claim }, access);
    if (submission === 'accepted') return { result: 'held', claim };
    if (submission === 'failed') return { result: 'no_queue', mayExist: false };
    if (submission === 'in_doubt') return { result: 'no_queue', mayExist: true };
    const found = await lookAtClaim(facts.changeOrderId, claim, now, access);
    if (submission === 'settled' && isHeldBy(facts.holder, found)) return { result: 'held', claim };
    if (found.reasonOfEnd === undefined) return found;
    access.warn('the claim before has ended without a rollback', { taskId, reason: found.reasonOfEnd });
    claim = found.claim + 1;
  }
  access.warn('this change order was claimed too often, so it is rolled back without a claim', {
    changeOrderId: facts.changeOrderId,
  });
  return { result: 'no_queue', mayExist: false };
}

/** Reads what has become of a claim that was taken; where its task has handed the rollback on, of the claim after it. */
export async function lookAtClaim(
  changeOrderId: string,
  claim: number,
  now: () => number,
  access: QueueAccess,
): Promise<TakenClaim> {
  const [record, reportRecord] = await Promise.all([
    readTaskRecord(claimIdFor(changeOrderId, claim), access),
    readTaskRecord(reportIdFor(changeOrderId, claim), access),
  ]);
  const report = taskIn(reportRecord);
  const task = report ?? taskIn(record);
  const state = stateOf(report ? reportRecord : record);
  const taken: TakenClaim = { result: 'taken', claim, state, task };
  // A report that cannot be read, or is of another version, may say anything.
  if (reportRecord !== 'absent' && !report) return taken;
  const actsItself = task?.rollback === 'due' || task?.rollback === 'overdue';
  if (actsItself && state === 'Succeeded' && claim < mostClaims) {
    const next = await lookAtClaim(changeOrderId, claim + 1, now, access);
    return next.task ? next : taken;
  }
  return { ...taken, reasonOfEnd: reasonOfEnd(task, state, now) };
}

/**
 * Why a claim has ended without a rollback; undefined where it has not, or where that is not certain.
 *
 * @param task the report, or where there is none the claim
 * @param state of this task
 */
function reasonOfEnd(
  task: RollbackTask | undefined,
  state: TaskState | 'unknown',
  now: () => number,
): string | undefined {
  const reasonOfDeath =
    state !== 'unknown' && isDead(state) ? `The task that had to finish it is ${state}.` : undefined;
  switch (task?.rollback) {
    case 'refused':
      return 'Its rollback was refused.';
    case 'done':
      return undefined;
    // Its holder may have sent the rollback, and EDAS not show it yet.
    case 'claimed':
      return now() > task.sendsUntil + displayLagMs ? reasonOfDeath : undefined;
    case 'unknown':
      return now() > task.sentBefore + displayLagMs ? reasonOfDeath : undefined;
    default:
      return reasonOfDeath;
  }
}

function stateOf(record: TaskRecord | 'absent' | 'unreadable'): TaskState | 'unknown' {
  return typeof record === 'string' ? 'unknown' : record.state;
}

function isHeldBy(holder: string, { task }: TakenClaim): boolean {
  return task?.rollback === 'claimed' && task.holder === holder;
}
