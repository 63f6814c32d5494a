import { openEdas } from '../edas/open-edas.ts';
import { lazily } from '../lib/async.ts';
import { excerpt } from '../lib/text.ts';
import type { Clock } from '../lib/time.ts';
import { accessTo } from '../platform/access.ts';
import type { FunctionContext } from '../platform/context.ts';
import { openTaskQueue } from '../platform/open-task-queue.ts';
import { isSuspended, type Environment } from '../platform/settings.ts';
import { timeLeft } from '../rollback/budget.ts';
import { changeOrdersOf } from '../rollback/change-orders.ts';
import type { RollbackDependencies } from '../rollback/dependencies.ts';
import { findChangeOrder, type Target } from '../rollback/find-change-order.ts';
import type { RollbackOutcome } from '../rollback/outcome.ts';
import type { Hold, RollbackRequest } from '../rollback/request.ts';
import { requireToBlameNow, rollBack } from '../rollback/rollback.ts';
import {
  secondTaskIdFor,
  taskIdFor,
  type AnswerAddress,
  type RollbackDone,
  type TaskFacts,
} from '../task.ts';
import { deferRollback, followRollback, type Follow, type HandOver } from './hand-over.ts';
import type { Outcome } from './outcome.ts';
import type { Source } from './source/load-sources.ts';
import type { Trail } from './trail.ts';

/** What a payload asks for. */
export interface RollbackIntent {
  target: Target;
  apps: readonly string[] | undefined;
  problemStartedAt: number | undefined;
  answerAt: AnswerAddress | undefined;
}

/** What it takes to fulfil a wish. */
export interface ExecutionDependencies {
  context: FunctionContext;
  env: Environment;
  /** The time of day, epoch milliseconds. */
  now: () => number;
  clock: Clock;
  random: () => number;
  warn: RollbackDependencies['warn'];
}

/** Kept back from the sender's patience for the way of the answer. */
const answerMarginMs = 500;
/** Of the time that a rollback has, for handing the task over that follows it. */
const shareOfFollow = 0.15;

/**
 * Finds the change order and rolls it back, or hands that over to a task. Notes in the trail what it finds out.
 *
 * @throws Problem
 */
export async function executeRollback(
  wish: RollbackIntent,
  source: Source,
  dependencies: ExecutionDependencies,
  trail: Trail,
): Promise<Outcome> {
  const job = await prepare(wish, source, dependencies, trail);
  const { request, forRollback } = job;
  if (source.mode === 'deferred' && !request.hold) return deferOrRollBack(job);
  if (source.follow) return rollBackAndFollow(job, taskIdFor(request.changeOrderId));
  return rollBack(request, forRollback);
}

/** A rollback that is due, and what it takes to do it or to hand it over. */
interface Job {
  request: RollbackRequest;
  facts: TaskFacts;
  forRollback: RollbackDependencies;
  handOver: HandOver;
}

async function prepare(
  wish: RollbackIntent,
  source: Source,
  { context, env, now, clock, random, warn }: ExecutionDependencies,
  trail: Trail,
): Promise<Job> {
  const { target, apps, problemStartedAt } = wish;
  const deadlineAt = trail.startedAt + source.deadlineMs - answerMarginMs;
  const edas = lazily(() => openEdas(accessTo('EDAS_ENDPOINT', context, env)));
  const changeOrders = changeOrdersOf(edas, operationOn[source.cluster]);
  const forRollback = { changeOrders, clock, random, warn };

  const found = await findChangeOrder({ target, apps, deadlineAt }, forRollback);
  trail.changeOrderId = found.changeOrderId;
  trail.app ??= found.app;

  const openQueue = lazily(() => openTaskQueue(context, env));
  return {
    request: { ...found, deadlineAt, hold: holdOf(source, env), problemStartedAt },
    facts: factsFor(found.changeOrderId, wish, source, trail, now()),
    forRollback,
    handOver: { openQueue, deadlineAt, clock, warn },
  };
}

/** Leaves the rollback to a task, or does it where no task will. */
async function deferOrRollBack(job: Job): Promise<Outcome> {
  const { request, facts, forRollback, handOver } = job;
  const { changeOrderId, problemStartedAt } = request;
  // Not left to the task alone: while it is refused there, it would stand in the way of who may roll back.
  await requireToBlameNow(request, forRollback);
  const deferred = await deferRollback({ ...facts, rollback: 'due', problemStartedAt }, handOver);
  switch (deferred) {
    case 'no_queue':
      return withFollow(await rollBack(request, forRollback), 'failed');
    case 'dead_task':
      return rollBackAndFollow(job, secondTaskIdFor(changeOrderId));
    default:
      return deferred;
  }
}

/** @param taskId of the task that follows the rollback */
async function rollBackAndFollow(job: Job, taskId: string): Promise<Outcome> {
  const { request, facts, forRollback, handOver } = job;
  const reserveMs = timeLeft(request, handOver.clock) * shareOfFollow;
  const outcome = await rollBack({ ...request, deadlineAt: request.deadlineAt - reserveMs }, forRollback);
  if (outcome.outcome !== 'rolling_back') return outcome;
  const rollbackChangeOrderId = outcome.evidence === 'reply' ? outcome.rollbackChangeOrderId : undefined;
  const task: RollbackDone = { ...facts, rollback: 'done', rollbackChangeOrderId };
  return withFollow(outcome, await followRollback(taskId, task, handOver));
}

function holdOf(source: Source, env: Environment): Hold | undefined {
  if (source.dryRun) return 'dry_run';
  return isSuspended(env) ? 'suspended' : undefined;
}

const operationOn = { ecs: 'RollbackChangeOrder', k8s: 'AbortAndRollbackChangeOrder' } as const;

/** What a task has to know, whatever it has to do. */
function factsFor(
  changeOrderId: string,
  { answerAt }: RollbackIntent,
  { name, cluster }: Source,
  { requestId, delivery, actor, app }: Trail,
  requestedAt: number,
): TaskFacts {
  return {
    version: 1,
    source: name,
    delivery: briefly(delivery),
    requestId,
    requestedAt,
    changeOrderId,
    operation: operationOn[cluster],
    app,
    actor: briefly(actor),
    answerAt,
  };
}

/** A task carries 128 KB at most, and a sender may say of itself as much as it likes. */
function briefly(words: string | undefined): string | undefined {
  return words === undefined ? undefined : excerpt(words, 200);
}

const whatFollows: Record<Follow, string> = {
  dispatched: 'A task follows it and tells how it ends.',
  exists: 'There was a task for this change order before, so no other one follows it.',
  // An answer may have got lost, and a task be there all the same.
  failed: 'No task is known to follow it, so perhaps nobody will tell how it ends: the log says why.',
};

/** What became of the rollback, and whether somebody will tell how it ends. */
function withFollow(outcome: RollbackOutcome, follow: Follow): Outcome {
  if (outcome.outcome !== 'rolling_back') return outcome;
  return { ...outcome, follow, message: `${outcome.message} ${whatFollows[follow]}` };
}
