import { lazily } from '../lazily.ts';
import type { Environment, FunctionContext } from '../platform/function-compute.ts';
import { openEdas } from '../platform/open-edas.ts';
import { openTaskQueue } from '../platform/open-task-queue.ts';
import { isSuspended } from '../platform/settings.ts';
import { timeLeft } from '../rollback/budget.ts';
import { changeOrdersOf } from '../rollback/change-orders.ts';
import type { Clock, RollbackDependencies } from '../rollback/dependencies.ts';
import { findChangeOrder, type Target } from '../rollback/find-change-order.ts';
import type { RollbackOutcome } from '../rollback/outcome.ts';
import type { Hold, RollbackRequest } from '../rollback/request.ts';
import { requireToBlameIfReadable, rollBack } from '../rollback/rollback.ts';
import type { AnswerAddress, RollbackTask } from '../task.ts';
import { excerpt } from '../text.ts';
import { deferRollback, followRollback, type Follow, type HandOver } from './hand-over.ts';
import type { Outcome } from './reply/reply.ts';
import type { Source } from './source/open-sources.ts';
import type { Trail } from './trail.ts';

/** What a payload asks for. */
export interface Wish {
  target: Target;
  apps: readonly string[] | undefined;
  problemStartedAt: number | undefined;
  answerAt: AnswerAddress | undefined;
}

/** What it takes to fulfil a wish. */
export interface Means {
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
export async function fulfil(wish: Wish, source: Source, means: Means, trail: Trail): Promise<Outcome> {
  const { context, env, clock, random, warn } = means;
  const { target, apps, problemStartedAt } = wish;
  const deadlineAt = trail.startedAt + source.deadlineMs - answerMarginMs;
  const edas = lazily(() => openEdas(context, env));
  const changeOrders = changeOrdersOf(edas, operationOn[source.cluster]);
  const dependencies = { changeOrders, clock, random, warn };

  const found = await findChangeOrder({ target, apps, deadlineAt }, dependencies);
  trail.changeOrderId = found.changeOrderId;
  trail.app ??= found.app;

  const hold = holdOf(source, env);
  const request: RollbackRequest = { ...found, deadlineAt, hold, problemStartedAt };
  const openQueue = lazily(() => openTaskQueue(context, env));
  const handOver: HandOver = { openQueue, deadlineAt, clock, warn };
  const task = describeTask(request, wish, source, trail, means.now());
  if (source.mode === 'deferred' && !hold) {
    // Not left to the task alone: while it is refused there, it would stand in the way of who may roll back.
    await requireToBlameIfReadable(request, dependencies);
    const deferred = await deferRollback(task, handOver);
    return deferred ?? withFollow(await rollBack(request, dependencies), 'failed');
  }
  if (!source.follow) return rollBack(request, dependencies);
  const reserveMs = timeLeft(request, clock) * shareOfFollow;
  const outcome = await rollBack({ ...request, deadlineAt: deadlineAt - reserveMs }, dependencies);
  if (outcome.outcome !== 'rolling_back') return outcome;
  return withFollow(outcome, await followRollback(taskAfter(outcome, task), handOver));
}

function holdOf(source: Source, env: Environment): Hold | undefined {
  if (source.dryRun) return 'dry_run';
  return isSuspended(env) ? 'suspended' : undefined;
}

const operationOn = { ecs: 'RollbackChangeOrder', k8s: 'AbortAndRollbackChangeOrder' } as const;

function describeTask(
  { changeOrderId, problemStartedAt }: RollbackRequest,
  { answerAt }: Wish,
  { name, cluster }: Source,
  { requestId, delivery, actor, app }: Trail,
  requestedAt: number,
): RollbackTask {
  return {
    version: 1,
    source: name,
    delivery: briefly(delivery),
    requestId,
    requestedAt,
    changeOrderId,
    operation: operationOn[cluster],
    rollback: 'due',
    app,
    problemStartedAt,
    actor: briefly(actor),
    answerAt,
  };
}

/** A task carries 128 KB at most, and a sender may say of itself as much as it likes. */
function briefly(words: string | undefined): string | undefined {
  return words === undefined ? undefined : excerpt(words, 200);
}

type RollingBack = Extract<RollbackOutcome, { outcome: 'rolling_back' }>;

/** What is left to do once the rollback has begun. */
function taskAfter(outcome: RollingBack, task: RollbackTask): RollbackTask {
  const named = outcome.evidence === 'reply' ? outcome.rollbackChangeOrderId : undefined;
  return { ...task, rollback: 'done', rollbackChangeOrderId: named?.toLowerCase() };
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
