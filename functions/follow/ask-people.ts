import { readTaskRecord, submitTask, taskIn } from '../claim/task-calls.ts';
import type { ChangeOrderProgress } from '../edas/change-order.ts';
import { changeOrderStatus, phaseOf } from '../edas/status.ts';
import { Problem } from '../errors.ts';
import { toIso } from '../lib/time.ts';
import { decisionIdFor, waitIdFor, type RollbackAsked } from '../task.ts';
import type { TaskDependencies } from './dependencies.ts';
import { lookForTasks } from './look-for-tasks.ts';
import { readChange } from './optional-reads.ts';
import { queueAccess } from './queue-access.ts';
import type { Question, RollbackEvent, Undecided } from './rollback-event.ts';
import type { QuietEnd } from './task-end.ts';

/** Between two looks for a decision: most people who decide do so within minutes. */
const [firstPauseMs, longestPauseMs] = [5_000, 30_000];
/** Between two reads of the change order. */
const readPauseMs = 30_000;
/** What was decided in the last second may show a little later. */
const displayLagMs = 5_000;
/** How long after the end it is tried to see whether a person decided, where Function Compute cannot be asked. */
const longestDoubtMs = 60_000;

/**
 * Asks people whether to roll back, and waits for what they say. They are told if no one decides in time, or if there is
 * nothing to decide any more. What follows a decision is told by the tasks of that decision.
 *
 * A retry cannot know whether the attempt before it has reached people, so it asks again: a question that comes twice is
 * better than one that no one hears.
 *
 * @throws Problem `notification_failed` where the question reached no channel, so that Function Compute tries again
 */
export async function askPeople(
  task: RollbackAsked,
  dependencies: TaskDependencies,
): Promise<RollbackEvent | QuietEnd> {
  const { clock, now, mayBeRetry } = dependencies;
  if ((await lookForDecision(task, dependencies)) === 'decided') return { event: 'decided' };
  const order = await readChange(task.changeOrderId, dependencies);
  if (isNothingLeft(order, task)) return endUndecided('change_over', task, order, dependencies);
  const leftMs = task.expiresAt - now();
  const expiresAt = clock.now() + leftMs;
  const mayHaveAsked = mayBeRetry || task.waited !== undefined;
  if (leftMs <= 0 && !mayHaveAsked) return endUndecided('never_asked', task, order, dependencies);
  if (leftMs > 0 && task.waited === undefined) await ask(task, { leftMs, order }, dependencies);

  const end = await waitForDecision(task, expiresAt, dependencies);
  if (end === 'decided') return { event: end };
  return end === 'still_open'
    ? goOnWaiting(task, dependencies)
    : endUndecided(end, task, order, dependencies);
}

/** People may have longer than a function may run: then another task waits for the rest of their time. */
async function goOnWaiting(task: RollbackAsked, dependencies: TaskDependencies): Promise<QuietEnd> {
  const waited = (task.waited ?? 0) + 1;
  const submission = await submitTask(
    waitIdFor(task, waited),
    { ...task, waited },
    queueAccess(dependencies),
  );
  if (submission !== 'failed' && submission !== 'in_doubt') return { event: 'handed_over' };
  dependencies.warn('no task waits for the decision any more, and people may still decide', {
    reason: `They have until ${toIso(task.expiresAt)}. If they do not decide, no message says so.`,
  });
  return { event: 'still_open' };
}

async function ask(
  { by, link, people, expiresAt, summary, problemStartedAt, choice, changeOrderId }: RollbackAsked,
  { leftMs, order }: { leftMs: number; order: ChangeOrderProgress | undefined },
  { notify }: TaskDependencies,
): Promise<void> {
  const question: Question = {
    by,
    link,
    people,
    expiresAt,
    leftMs,
    summary,
    problemStartedAt,
    choice,
  };
  const { reached, tried } = await notify({
    event: 'asked',
    question,
    ...seenOf(order),
    batches: choice ? undefined : order?.batches,
    failures: [],
  });
  if (reached > 0) return;
  throw new Problem(
    'notification_failed',
    `None of ${tried} channels could be told the question whether to roll back, so no one can answer it: the log says why of each. Nothing was rolled back.`,
    { changeOrderId },
  );
}

function seenOf(order: ChangeOrderProgress | undefined): Pick<RollbackEvent, 'description' | 'status'> {
  return { description: order?.description, status: order?.status };
}

/** @param expiresAt milliseconds, on the clock */
async function waitForDecision(
  task: RollbackAsked,
  expiresAt: number,
  dependencies: TaskDependencies,
): Promise<'decided' | 'still_open' | Undecided> {
  const { clock, deadlineAt } = dependencies;
  const endsAt = expiresAt + displayLagMs;
  let readAt = clock.now();
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 1.5, longestPauseMs)) {
    const isOver = clock.now() >= endsAt;
    if (!isOver && clock.now() >= deadlineAt) return 'still_open';
    const untilMs = (isOver ? endsAt + longestDoubtMs : Math.min(endsAt, deadlineAt)) - clock.now();
    await clock.sleep(Math.max(0, Math.min(pauseMs, untilMs)));
    const seen = await lookForDecision(task, dependencies);
    if (seen === 'decided') return seen;
    const sinceEndMs = clock.now() - endsAt;
    if (sinceEndMs >= 0 && seen === 'decided_before') return 'decided';
    if (sinceEndMs >= 0 && seen === 'undecided') return 'time_over';
    if (sinceEndMs >= longestDoubtMs) return 'unseen';
    if (clock.now() - readAt < readPauseMs) continue;
    readAt = clock.now();
    if (isNothingLeft(await readChange(task.changeOrderId, dependencies), task)) return 'change_over';
  }
}

/**
 * Tells people that they are not asked any more. Before that it looks once more, for what it says must be true: a decision
 * may just have come; and where Function Compute did not take it, the rollback went ahead all the same, and only its own
 * tasks or the change show that.
 */
async function endUndecided(
  undecided: Undecided,
  task: RollbackAsked,
  before: ChangeOrderProgress | undefined,
  dependencies: TaskDependencies,
): Promise<RollbackEvent | QuietEnd> {
  const { changeOrderId } = task;
  const [decision, tasks, order = before] = await Promise.all([
    lookForDecision(task, dependencies),
    lookForTasks(changeOrderId, dependencies),
    readChange(changeOrderId, dependencies),
  ]);
  if (decision === 'decided') return { event: 'decided' };
  if (tasks === 'begun') return { event: 'watched' };
  const unlessOver = tasks === 'unseen' ? 'unseen' : undecided;
  const event: RollbackEvent = {
    event: 'not_decided',
    undecided: isNothingLeft(order, task) ? 'change_over' : unlessOver,
    ...seenOf(order),
    failures: [],
  };
  await dependencies.notify(event);
  return event;
}

/**
 * What the register of decisions shows. `decided_before`: people decided about this change order when they were asked
 * before. That does not answer this question; but then it is not true either that no one has decided.
 */
async function lookForDecision(
  { changeOrderId, requestedAt }: RollbackAsked,
  dependencies: TaskDependencies,
): Promise<'decided' | 'decided_before' | 'undecided' | 'unseen'> {
  const record = await readTaskRecord(decisionIdFor(changeOrderId), queueAccess(dependencies));
  if (record === 'absent') return 'undecided';
  if (record === 'unreadable') return 'unseen';
  const task = taskIn(record);
  return task?.rollback === 'decided' && task.decidedAt < requestedAt ? 'decided_before' : 'decided';
}

/** Whether the change was rolled back or stopped elsewhere, or ended so that EDAS takes no rollback of it. */
function isNothingLeft(
  order: ChangeOrderProgress | undefined,
  { choice, rollsBackEnded = false }: RollbackAsked,
): boolean {
  if (phaseOf(order?.status) === 'terminated') return true;
  const { status, supportRollback } = order ?? {};
  if (choice !== undefined || rollsBackEnded) return false;
  return status === changeOrderStatus.succeeded && supportRollback === false;
}
