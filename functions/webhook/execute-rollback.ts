import type { RollbackOperation } from '../edas/client.ts';
import { lazily } from '../lib/async.ts';
import { excerpt } from '../lib/text.ts';
import type { FunctionContext } from '../platform/context.ts';
import { openTaskQueue } from '../platform/open-task-queue.ts';
import { isSuspended, type Environment } from '../platform/settings.ts';
import { timeLeft } from '../rollback/budget.ts';
import type { RollbackDependencies } from '../rollback/dependencies.ts';
import type { FoundChangeOrder } from '../rollback/find-change-order.ts';
import type { RollbackOutcome } from '../rollback/outcome.ts';
import type { Hold, RollbackRequest } from '../rollback/request.ts';
import { readAndRequireChangePredatesProblem, rollBack } from '../rollback/rollback.ts';
import { secondTaskIdFor, taskIdFor, type RollbackDone, type TaskFacts } from '../task.ts';
import type { DeliveryFacts } from './audit-record.ts';
import { deferRollback, followRollback, type FollowStatus, type HandOverDependencies } from './hand-over.ts';
import type { Outcome } from './outcome.ts';
import type { RollbackIntent } from './payload/intent.ts';
import type { CompiledSource } from './source/compiled-source.ts';

/** A change order that a webhook may roll back. */
export interface RollbackInput {
  source: CompiledSource;
  intent: RollbackIntent;
  /** The change order that the intent is for. */
  found: FoundChangeOrder;
  /** Milliseconds, on the clock. */
  deadlineAt: number;
  /** When the webhook came, epoch milliseconds. */
  receivedAt: number;
  /** What is known of the delivery, for the task that follows the rollback. */
  facts: Readonly<DeliveryFacts>;
}

/** What executing takes, beside EDAS: the queue of tasks. */
export interface ExecutionDependencies extends RollbackDependencies {
  context: FunctionContext;
  env: Environment;
}

/** The share of the rollback's time that is kept for handing over the task that follows it. */
const shareOfFollow = 0.15;

/**
 * Rolls a change order back, or hands that over to a task, as the source's mode says.
 *
 * @throws Problem
 */
export async function executeRollback(
  execution: RollbackInput,
  dependencies: ExecutionDependencies,
): Promise<Outcome> {
  const { source } = execution;
  const job = prepare(execution, dependencies);
  if (source.mode === 'deferred' && !job.request.hold) return deferOrRollBack(job);
  if (source.follow) return rollBackAndFollow(job, taskIdFor(job.request.changeOrderId));
  return rollBack(job.request, dependencies);
}

/** EDAS's operation that rolls back in the source's kind of cluster. */
export function operationFor({ cluster }: Pick<CompiledSource, 'cluster'>): RollbackOperation {
  return cluster === 'k8s' ? 'AbortAndRollbackChangeOrder' : 'RollbackChangeOrder';
}

/** A rollback that is due, and what it takes to do it or to hand it over. */
interface PreparedRollback {
  request: RollbackRequest;
  task: TaskFacts;
  dependencies: RollbackDependencies;
  handOver: HandOverDependencies;
}

function prepare(execution: RollbackInput, dependencies: ExecutionDependencies): PreparedRollback {
  const { source, intent, found, deadlineAt } = execution;
  const { context, env, clock, warn } = dependencies;
  const hold = holdOf(source, env);
  return {
    request: { ...found, deadlineAt, hold, problemStartedAt: intent.problemStartedAt },
    task: taskFactsOf(execution),
    dependencies,
    handOver: { openQueue: lazily(() => openTaskQueue(context, env)), deadlineAt, clock, warn },
  };
}

/** Leaves the rollback to a task, or does it where no task will. */
async function deferOrRollBack(job: PreparedRollback): Promise<Outcome> {
  const { request, task, dependencies, handOver } = job;
  const { changeOrderId, problemStartedAt } = request;
  // The webhook checks this too. Otherwise a task that is refused would keep the id of the change order, and block a
  // sender whose rollback is allowed.
  await readAndRequireChangePredatesProblem(request, dependencies);
  const deferred = await deferRollback({ ...task, rollback: 'due', problemStartedAt }, handOver);
  switch (deferred) {
    case 'no_queue':
      return withFollow(await rollBack(request, dependencies), 'failed');
    case 'dead_task':
      return rollBackAndFollow(job, secondTaskIdFor(changeOrderId));
    default:
      return deferred;
  }
}

/** @param taskId of the task that follows the rollback */
async function rollBackAndFollow(job: PreparedRollback, taskId: string): Promise<Outcome> {
  const { request, task, dependencies, handOver } = job;
  const reserveMs = timeLeft(request, handOver.clock) * shareOfFollow;
  const outcome = await rollBack({ ...request, deadlineAt: request.deadlineAt - reserveMs }, dependencies);
  if (outcome.outcome !== 'rolling_back') return outcome;
  const rollbackChangeOrderId = outcome.evidence === 'reply' ? outcome.rollbackChangeOrderId : undefined;
  const due: RollbackDone = { ...task, rollback: 'done', rollbackChangeOrderId };
  return withFollow(outcome, await followRollback(taskId, due, handOver));
}

function holdOf(source: CompiledSource, env: Environment): Hold | undefined {
  if (source.dryRun) return 'dry_run';
  return isSuspended(env) ? 'suspended' : undefined;
}

/** What a task has to know, whatever it has to do. */
function taskFactsOf({ source, intent, receivedAt, facts, found }: RollbackInput): TaskFacts {
  return {
    version: 1,
    source: source.name,
    delivery: cutForTask(facts.delivery),
    requestId: facts.requestId,
    requestedAt: receivedAt,
    changeOrderId: found.changeOrderId,
    operation: operationFor(source),
    app: facts.app,
    actor: cutForTask(facts.actor),
    answerAt: intent.answerAt,
  };
}

/** A task carries 128 KB at most, and senders choose how long these texts are. */
function cutForTask(text: string | undefined): string | undefined {
  return text === undefined ? undefined : excerpt(text, 200);
}

const whatFollows: Record<FollowStatus, string> = {
  dispatched: 'A task follows it and tells how it ends.',
  exists: 'There was a task for this change order before, so no other one follows it.',
  // An answer may have got lost, and a task be there all the same.
  failed: 'No task is known to follow it, so there may be no message about how it ends: the log says why.',
};

/** Adds to the outcome whether a task follows the rollback. */
function withFollow(outcome: RollbackOutcome, follow: FollowStatus): Outcome {
  if (outcome.outcome !== 'rolling_back') return outcome;
  return { ...outcome, follow, message: `${outcome.message} ${whatFollows[follow]}` };
}
