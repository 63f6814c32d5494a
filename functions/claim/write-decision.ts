import { decisionIdFor, type RollbackDecided } from '../task.ts';
import { readTaskRecord, submitTask, taskIn, type QueueAccess } from './task-calls.ts';

/**
 * What became of writing a decision down.
 *
 * - `written`: it stands there now, and a task tells people.
 * - `same`: the same was decided before, or at the same moment.
 * - `otherwise`: another decision stands there.
 * - `unseen`: a decision stands there, and cannot be read.
 * - `not`: Function Compute took none, or did not say so.
 */
export type WrittenDecision = 'written' | 'same' | 'otherwise' | 'unseen' | 'not';

/** Milliseconds. What is slower must not hold the emergency brake up. */
const longestWriteMs = 2_000;

/**
 * Writes down what was decided about a change order. Of all people who decide at the same moment, one writes: Function
 * Compute takes a task of each id once. What was left alone may be rolled back after all, once; a rollback stands.
 *
 * @param decisions that stood there when the person decided, the oldest first
 */
export async function writeDecision(
  task: RollbackDecided,
  decisions: readonly RollbackDecided[],
  access: QueueAccess,
): Promise<WrittenDecision> {
  const last = decisions.at(-1);
  if (last && (last.decision === 'roll_back' || task.decision === 'leave')) return compare(last, task);
  const taskId = decisionIdFor(task.changeOrderId, last ? 2 : 1);
  const deadlineAt = Math.min(access.deadlineAt, access.clock.now() + longestWriteMs);
  const bounded = { ...access, deadlineAt };
  const submission = await submitTask(taskId, task, bounded);
  if (submission === 'accepted') return 'written';
  if (submission === 'failed') return 'not';
  const stands = taskIn(await readTaskRecord(taskId, bounded));
  if (stands?.rollback !== 'decided') return submission === 'in_doubt' ? 'not' : 'unseen';
  return compare(stands, task);
}

function compare(stands: RollbackDecided, { decision }: RollbackDecided): 'same' | 'otherwise' {
  return stands.decision === decision ? 'same' : 'otherwise';
}

/** What was decided about a change order, the oldest first; as far as it can be read. */
export async function readDecisions(changeOrderId: string, access: QueueAccess): Promise<RollbackDecided[]> {
  const records = await Promise.all(
    ([1, 2] as const).map((decision) => readTaskRecord(decisionIdFor(changeOrderId, decision), access)),
  );
  return records.map(taskIn).filter((task) => task?.rollback === 'decided');
}
