import { submitTask, type QueueAccess } from '../claim/task-calls.ts';
import { cutForTask, operationFor } from '../execute/execute-rollback.ts';
import { seenIdFor, type TaskFacts } from '../task.ts';
import { selectEnd, type End } from './change-order-end.ts';
import type { CloudEvent } from './cloud-event.ts';
import type { CompiledEventSource } from './event-source.ts';

/** Milliseconds. The task that follows the order looks by itself, too, so nothing waits for long here. */
const longestNoteMs = 2_000;

/** What leaving a note takes. */
export interface NoteDependencies {
  requestId: string | undefined;
  /** Whether there are tasks that follow change orders. */
  hasFollowFunction: boolean;
  queue: QueueAccess;
}

/**
 * Leaves a note where an event tells that a change order has ended: a task with an id that says so, which does nothing. The task that follows
 * the order finds it, and looks at once. Function Compute takes one of an id, so a repeat changes nothing. Never throws.
 *
 * @param now epoch milliseconds
 * @returns what was done, as a sentence for the log; undefined where no source hears of ends
 */
export async function noteEnd(
  candidates: readonly CompiledEventSource[],
  event: CloudEvent,
  now: number,
  dependencies: NoteDependencies,
): Promise<string | undefined> {
  const sources = candidates.filter(({ tellsEnds }) => tellsEnds !== undefined);
  if (sources.length === 0) return undefined;
  for (const source of sources) {
    const end = await selectEnd(event, source, now);
    if (end) return submitNote(end, source, event, now, dependencies);
  }
  return 'The event does not tell that a change order of these applications has ended.';
}

async function submitNote(
  { app, changeOrderId }: End,
  source: CompiledEventSource,
  { id }: CloudEvent,
  now: number,
  { requestId, hasFollowFunction, queue }: NoteDependencies,
): Promise<string> {
  const told = `The change order ${changeOrderId} has ended, as EDAS says`;
  if (!hasFollowFunction) return `${told}. No task follows it: FOLLOW_FUNCTION is not set.`;
  const facts: TaskFacts = {
    version: 1,
    source: source.name,
    delivery: cutForTask(id),
    requestId,
    requestedAt: now,
    changeOrderId,
    operation: operationFor(source),
    app,
  };
  const deadlineAt = Math.min(queue.deadlineAt, queue.clock.now() + longestNoteMs);
  const submission = await submitTask(
    seenIdFor(changeOrderId),
    { ...facts, rollback: 'seen' },
    { ...queue, deadlineAt },
  );
  switch (submission) {
    case 'accepted':
    case 'settled':
      return `${told}: a task that follows it looks at once.`;
    case 'exists':
      return `${told}, and an event before this one told it.`;
    default:
      return `${told}. No note could be left for a task that follows it, which looks as often as without one: the log says why.`;
  }
}
