import type { Exchange } from '../alibaba/exchange.ts';
import { openEdas } from '../edas/open-edas.ts';
import { endOf } from '../edas/status.ts';
import { Problem } from '../errors.ts';
import { lazily } from '../lib/async.ts';
import { accessTo } from '../platform/access.ts';
import { readContext, type FunctionContext } from '../platform/context.ts';
import { createAuditLog, createLog, type Log, type LogLevel } from '../platform/log.ts';
import { levelOf, toProblem } from '../platform/problem.ts';
import type { Runtime } from '../platform/runtime.ts';
import { isSuspended, type Environment } from '../platform/settings.ts';
import { readTask, type RollbackTask } from '../task.ts';
import type { FollowConfiguration } from './configuration.ts';
import { createNotificationBuilder, consoleUrlOf } from './notification-builder.ts';
import { openNotifier, type Notifier, type Reach } from './notify/notify.ts';
import type { RollbackEvent, Notification } from './rollback-event.ts';
import { runTask } from './run-task.ts';

/** What the outside world is to the task: it also calls the channels. */
export interface FollowRuntime extends Runtime {
  exchange: Exchange;
}

/** @throws whatever makes Function Compute try the task again, and in the end call it failed */
export type TaskHandler = (payload: unknown, context?: unknown) => Promise<{ event: Notification['event'] }>;

/** Seconds, where Function Compute does not say when it kills the invocation. */
const defaultTimeoutSeconds = 300;
/** Milliseconds before that: for a last look, which may take 20 s, and for telling three things, which may take 15 s each. */
const marginMs = 75_000;

/**
 * Makes the handler of the follow function. Unlike the webhook's it throws: that is how a task tells Function Compute that
 * it has failed. Before that, people are told. Each invocation leaves exactly one `decision` line in the log.
 */
export function createTaskHandler({ notify }: FollowConfiguration, world: FollowRuntime): TaskHandler {
  const { env, now, clock, random, exchange, write } = world;
  const log = createLog(env['LOG_LEVEL'], write, now);
  const audit = createAuditLog(write, now);
  const notifier = openNotifier(notify, env, log, { now, clock, random, exchange });

  return async (payload, context) => {
    const startedAt = clock.now();
    const invocation = readContext(context);
    const { requestId, retryCount = 0 } = invocation;
    const conclude = (level: LogLevel, facts: object) => {
      const durationMs = Math.round(clock.now() - startedAt);
      audit(level, { requestId, retryCount, ...facts, durationMs });
    };
    let known: object = {};
    try {
      const task = await readOrTell(payload, invocation, notifier, { env, log });
      const { source, delivery, app, changeOrderId, actor, rollback } = task;
      known = { webhookRequestId: task.requestId, source, delivery, app, changeOrderId, actor, rollback };
      const event = await carryOutTask(task, invocation, notifier, { ...world, log });
      const { event: outcome, rollbackChangeOrderId, status } = event;
      conclude('info', { ...known, outcome, rollbackChangeOrderId, status });
      return { event: outcome };
    } catch (error) {
      const problem = toProblem(error, { requestId }, log);
      conclude(levelOf(problem), { ...known, code: problem.code, detail: problem.message, ...problem.facts });
      throw problem;
    }
  };
}

async function readOrTell(
  payload: unknown,
  context: FunctionContext,
  notifier: Notifier,
  { env, log }: { env: Environment; log: Log },
): Promise<RollbackTask> {
  try {
    return readTask(payload);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const problem = { code: error.code, message: error.message };
    const event = { event: 'task_refused', problem, failures: [] } as const;
    const { requestId } = context;
    await notifier.forTask(undefined, log)({ ...event, requestId, consoleUrl: consoleUrlOf(context, env) });
    throw error;
  }
}

/** @throws Problem `notification_failed` where nobody could be told how it ended */
async function carryOutTask(
  task: RollbackTask,
  context: FunctionContext,
  notifier: Notifier,
  world: FollowRuntime & { log: Log },
): Promise<RollbackEvent> {
  const { env, clock, random, log } = world;
  const { requestId, retryCount = 0, function: own } = context;
  const { source, changeOrderId } = task;
  const timeoutMs = (own?.timeout ?? defaultTimeoutSeconds) * 1000;
  const deadlineAt = clock.now() + timeoutMs - marginMs;
  const edas = lazily(() => openEdas(accessTo('EDAS_ENDPOINT', context, env)));
  const warn = (message: string, facts: Record<string, unknown>) => {
    log('warn', message, { requestId, source, changeOrderId, ...facts });
  };
  // The clock on the wall says how long the task waited, and no more: it may be set while the task runs.
  const waitedMs = Math.max(0, world.now() - task.requestedAt);
  const complete = createNotificationBuilder(task, { context, env, clock, edas, warn, waitedMs });
  const { tell, lastReach } = openTeller(task, context, notifier, complete, log);
  const isRetry = retryCount > 0;
  const dependencies = {
    edas,
    clock,
    random,
    warn,
    isSuspended: isSuspended(env),
    deadlineAt,
    isRetry,
    waitedMs,
    tell,
  };
  const last = await runTask(task, dependencies);
  const { tried, reached } = lastReach();
  if (tried === 0 || reached > 0) return last;
  const detail = `None of ${tried} channels could be told the last news (${last.event}): the log says why of each.`;
  // An attempt that failed would be followed by one that takes an order which runs on for one that was never rolled back.
  const wasSeenToEnd = endOf(last.status) !== undefined;
  if (task.rollback === 'due' && !wasSeenToEnd) {
    log('error', 'nobody was told', { requestId, source, changeOrderId, reason: detail });
    return last;
  }
  throw new Problem('notification_failed', detail, { changeOrderId });
}

interface Teller {
  tell: (happening: RollbackEvent) => Promise<void>;
  /** Whom the last news reached. */
  lastReach: () => Reach;
}

function openTeller(
  { source, changeOrderId, rollback, answerAt }: RollbackTask,
  { requestId }: FunctionContext,
  notifier: Notifier,
  complete: (happening: RollbackEvent) => Promise<Notification>,
  log: Log,
): Teller {
  const tellAll = notifier.forTask(answerAt, log);
  const tellChannels = notifier.forTask(undefined, log);
  let reach: Reach = { reached: 0, tried: 0 };
  return {
    tell: async (happening) => {
      const { event } = happening;
      // That a rollback has begun was the webhook's own answer in the chat.
      const isKnown = event === 'started' && rollback === 'done';
      reach = await (isKnown ? tellChannels : tellAll)(await complete(happening));
      log('info', 'news', { requestId, source, changeOrderId, event, ...reach });
    },
    lastReach: () => reach,
  };
}
