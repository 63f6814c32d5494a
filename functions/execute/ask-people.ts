import { readTaskRecord, submitTask, taskIn, type QueueAccess } from '../claim/task-calls.ts';
import { Problem } from '../errors.ts';
import { toIso } from '../lib/time.ts';
import { isDead, type TaskRecord } from '../platform/task-queue.ts';
import type { ConfirmPolicy } from '../select/policy.ts';
import { askIdFor, decisionIdFor, type RollbackAsked, type TaskFacts, type VersionChoice } from '../task.ts';
import type { Asked, PeopleOutcome } from './outcome.ts';

/** How often people are asked about one change order: after each time that they did not decide. */
export const mostAsks = 5;

/** What people are asked about. */
export interface Question {
  task: TaskFacts;
  policy: ConfirmPolicy;
  summary: string | undefined;
  problemStartedAt: number | undefined;
  /** Whether the source rolls a release back that has ended. */
  rollsBackEnded: boolean;
  /** Of a release that has ended: the versions. */
  choice: VersionChoice | undefined;
}

export interface AskDependencies {
  queue: QueueAccess;
  /** Epoch milliseconds. */
  now: () => number;
  /** The address of the page, where people decide there. */
  linkFor: (ask: number, expiresAt: number) => Promise<string>;
}

/**
 * Has a task ask people whether the change order is rolled back. A repeat finds that task, and asks no second time; once
 * the time to decide is over, another one asks again.
 *
 * @throws Problem `task_not_taken` where people could not be asked, and why the link could not be made
 */
export async function askPeople(question: Question, dependencies: AskDependencies): Promise<PeopleOutcome> {
  const { task, policy } = question;
  const { changeOrderId } = task;
  const { queue, now } = dependencies;
  const [first, second] = await Promise.all([
    readTaskRecord(decisionIdFor(changeOrderId, 1), queue),
    readTaskRecord(decisionIdFor(changeOrderId, 2), queue),
  ]);
  // What was left alone, and then was to be rolled back after all, is not left alone.
  const decision = taskIn(second) ?? taskIn(first);
  if (decision?.rollback === 'decided' && decision.decision === 'leave') return leftAlone(changeOrderId);
  for (let ask = 1; ask <= mostAsks; ask += 1) {
    const expiresAt = now() + policy.withinMs;
    const asked = await askedTask(question, ask, expiresAt, dependencies);
    const taskId = askIdFor(changeOrderId, ask);
    const submission = await submitTask(taskId, asked, queue);
    if (submission === 'accepted') return newlyAsked(changeOrderId, expiresAt, policy);
    if (submission === 'failed' || submission === 'in_doubt') throw notAsked(task, submission);
    const record = await readTaskRecord(taskId, queue);
    if (submission === 'settled' && isOwn(record, asked)) return newlyAsked(changeOrderId, expiresAt, policy);
    if (!isOver(record, now())) return askedBefore(changeOrderId, record);
    // They may have decided to leave it alone.
    if (first === 'unreadable') throw notAsked(task, 'in_doubt');
    queue.warn('people did not decide in time, so they are asked again', { taskId });
  }
  throw new Problem(
    'decision_not_open',
    `It was tried ${mostAsks} times to ask people about this change order, and they did not decide. They are not asked again. This request rolled nothing back: decide in the EDAS console.`,
    { changeOrderId },
  );
}

async function askedTask(
  { task, policy, summary, problemStartedAt, rollsBackEnded, choice }: Question,
  ask: number,
  expiresAt: number,
  { linkFor }: AskDependencies,
): Promise<RollbackAsked> {
  const { by, people } = policy;
  const link = by === 'page' ? await linkFor(ask, expiresAt) : undefined;
  return {
    ...task,
    rollback: 'asked',
    ask,
    expiresAt,
    by,
    people,
    link,
    summary,
    problemStartedAt,
    rollsBackEnded,
    choice,
  };
}

/** Of two deliveries at the same moment, the record shows whose task was taken. */
function isOwn(
  record: TaskRecord | 'absent' | 'unreadable',
  { requestId, expiresAt }: RollbackAsked,
): boolean {
  const task = taskIn(record);
  return task?.rollback === 'asked' && task.requestId === requestId && task.expiresAt === expiresAt;
}

/** Whether an ask has ended without a decision. What cannot be read has not. */
function isOver(record: TaskRecord | 'absent' | 'unreadable', now: number): boolean {
  if (typeof record === 'string') return false;
  const task = taskIn(record);
  const isExpired = task?.rollback === 'asked' && now > task.expiresAt;
  return isExpired || isDead(record.state);
}

function newlyAsked(changeOrderId: string, expiresAt: number, { by, people }: ConfirmPolicy): Asked {
  const who = people === 2 ? 'Two people' : 'A person';
  const where = by === 'page' ? 'with the link in the message' : 'with a command in the chat';
  const message = `Nothing was sent. ${who} must decide ${where}, until ${toIso(expiresAt)}.`;
  return { outcome: 'asked', changeOrderId, expiresAt: toIso(expiresAt), message };
}

function askedBefore(changeOrderId: string, record: TaskRecord | 'absent' | 'unreadable'): Asked {
  const task = taskIn(record);
  const expiresAt = task?.rollback === 'asked' ? toIso(task.expiresAt) : undefined;
  const until = expiresAt === undefined ? '' : `, until ${expiresAt}`;
  const message = `People were asked about this change order before, and decide${until}. This delivery did nothing.`;
  return {
    outcome: 'asked',
    changeOrderId,
    ...(expiresAt !== undefined && { expiresAt }),
    duplicate: true,
    message,
  };
}

function leftAlone(changeOrderId: string): PeopleOutcome {
  const message =
    'A person decided to leave this change order alone, so people are not asked about it again. Nothing was sent.';
  return { outcome: 'left_alone', changeOrderId, message };
}

function notAsked({ app, changeOrderId }: TaskFacts, submission: 'failed' | 'in_doubt'): Problem {
  const what =
    submission === 'failed'
      ? 'People are asked by a task, and Function Compute took none'
      : 'People are asked by a task, and it is not known whether Function Compute took one';
  return new Problem(
    'task_not_taken',
    `${what}: the log says why. This request rolled nothing back. Ask for the rollback again: people are asked once. Or decide in the EDAS console.`,
    { ...(app !== undefined && { app }), changeOrderId },
  );
}
