import type { Exchange } from '../alibaba/exchange.ts';
import { openEdas } from '../edas/open-edas.ts';
import { endOf } from '../edas/status.ts';
import { Problem } from '../errors.ts';
import { lazily } from '../lib/async.ts';
import { accessTo } from '../platform/access.ts';
import { consoleUrlOf } from '../platform/console-url.ts';
import { readContext, type FunctionContext } from '../platform/context.ts';
import { createAuditLog, createLog, type Log, type LogLevel } from '../platform/log.ts';
import { openTaskQueue } from '../platform/open-task-queue.ts';
import type { Runtime } from '../platform/runtime.ts';
import { isSuspended, setting } from '../platform/settings.ts';
import { levelOf, toProblem } from '../platform/to-problem.ts';
import type { ReleaseVersions } from '../rollback/release.ts';
import { readTask, type RollbackTask } from '../task.ts';
import { createNotificationBuilder } from './build-notification.ts';
import type { FollowConfiguration } from './configuration.ts';
import { createNotifier, type Notifier, type Reach } from './notify/notifier.ts';
import type { RollbackEvent, RollbackEventName } from './rollback-event.ts';
import { runTask } from './run-task.ts';
import type { QuietEnd } from './task-end.ts';

/** The runtime of the follow function, which also calls channels. */
export interface FollowRuntime extends Runtime {
  exchange: Exchange;
}

/** @throws whatever makes Function Compute try the task again, and in the end call it failed */
export type TaskHandler = (
  payload: unknown,
  context?: unknown,
) => Promise<{ event: RollbackEventName | QuietEnd['event'] }>;

/** What an instance of the function has for every task. */
interface TaskHandlerDependencies extends FollowRuntime {
  notifier: Notifier;
  hearsEnds: boolean;
  log: Log;
}

/** Seconds, where Function Compute does not say when it kills the invocation. */
const defaultTimeoutSeconds = 300;
/** In the log, where Function Compute does not say: the rules in observability/ know a task by its having one. */
const unknownRetryCount = -1;
/** Milliseconds kept free before the timeout: a last poll takes up to 20 s, three notifications up to 15 s each. */
const notifyMarginMs = 75_000;
/** The same for the report of a rollback. What is kept for notifications must not cost the rollback. */
const reportMarginMs = 10_000;

/**
 * Makes the handler of the follow function. Unlike the webhook's it throws: that is how a task tells Function Compute
 * that it has failed. Before that, people are notified. Each invocation leaves exactly one `decision` line in the log.
 */
export function createTaskHandler(
  { notify, hearsEnds = false }: FollowConfiguration,
  runtime: FollowRuntime,
): TaskHandler {
  const { env, now, clock, write } = runtime;
  const log = createLog(env['LOG_LEVEL'], write, now);
  const audit = createAuditLog(write, now);
  const dependencies = { ...runtime, log, hearsEnds, notifier: createNotifier(notify, env, log, runtime) };

  return async (payload, given) => {
    const startedAt = clock.now();
    const context = readContext(given);
    const { requestId, retryCount } = context;
    const logDecision = (level: LogLevel, decision: object) => {
      const durationMs = Math.round(clock.now() - startedAt);
      audit(level, { requestId, retryCount: retryCount ?? unknownRetryCount, ...decision, durationMs });
    };
    let facts: object = {};
    try {
      const task = await readOrNotify(payload, context, dependencies);
      facts = factsOf(task);
      const last = await followTask(task, context, dependencies);
      const { event: outcome, rollbackChangeOrderId, status } = last;
      logDecision('info', {
        ...facts,
        outcome,
        rollbackChangeOrderId,
        status,
        ...('failures' in last ? factsOfEnd(last) : {}),
      });
      return { event: outcome };
    } catch (error) {
      const problem = toProblem(error, { requestId }, log);
      logDecision(levelOf(problem), {
        ...facts,
        code: problem.code,
        detail: problem.message,
        ...problem.facts,
      });
      throw problem;
    }
  };
}

/** What the audit trail says of a task. */
function factsOf(task: RollbackTask): object {
  const { requestId, source, delivery, app, changeOrderId, actor, decidedBy, rollback, release } = task;
  const facts = { webhookRequestId: requestId, source, delivery, app, changeOrderId, actor, rollback };
  const decider = decidedBy && { decidedBy: decidedBy.name, decidedByProved: decidedBy.isProved };
  return { ...facts, ...decider, ...factsOfRelease(release) };
}

/** What it says of a release that had ended. The index takes no list. */
function factsOfRelease(release: ReleaseVersions | undefined): object {
  if (!release) return {};
  const { fromVersion, toVersion, groups } = release;
  return { fromVersion, toVersion, groups: groups.join(', ') };
}

/** What it says of the end of a rollback: of a release, also how its instances were. */
function factsOfEnd({ release, instances }: RollbackEvent): object {
  const { total: totalInstances, healthy: healthyInstances, onVersion: instancesOnVersion } = instances ?? {};
  return { ...factsOfRelease(release), totalInstances, healthyInstances, instancesOnVersion };
}

async function readOrNotify(
  payload: unknown,
  context: FunctionContext,
  { env, notifier, log }: TaskHandlerDependencies,
): Promise<RollbackTask> {
  try {
    return readTask(payload);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const problem = { code: error.code, message: error.message };
    const { requestId } = context;
    const notify = notifier.forTask(undefined, log);
    await notify({
      event: 'task_refused',
      problem,
      failures: [],
      requestId,
      consoleUrl: consoleUrlOf(context, env),
    });
    throw error;
  }
}

/**
 * Runs a task, and notifies people of what happens.
 *
 * @returns the last event that people were notified of, or why there was none
 * @throws Problem `notification_failed` where no channel accepted the last notification
 */
async function followTask(
  task: RollbackTask,
  context: FunctionContext,
  { env, now, clock, random, notifier, hearsEnds, log }: TaskHandlerDependencies,
): Promise<RollbackEvent | QuietEnd> {
  const { requestId, retryCount, function: own } = context;
  const { source, changeOrderId, answerAt } = task;
  const timeoutMs = (own?.timeout ?? defaultTimeoutSeconds) * 1000;
  const edas = lazily(() => openEdas(accessTo('EDAS_ENDPOINT', context, env)));
  const warn = (message: string, facts: Record<string, unknown>) => {
    log('warn', message, { requestId, source, changeOrderId, ...facts });
  };
  // The time of day says only how long the task waited: it may be set while the task runs.
  const waitedMs = Math.max(0, now() - task.requestedAt);
  const build = createNotificationBuilder(task, { context, env, clock, edas, warn, waitedMs });
  const notifyAll = notifier.forTask(answerAt, log);
  const notifyChannels = notifier.forTask(undefined, log);
  let reach: Reach = { reached: 0, tried: 0 };

  const last = await runTask(task, {
    edas,
    clock,
    random,
    warn,
    openQueue: lazily(() => openTaskQueue(context, env, own?.name ?? setting(env, 'FC_FUNCTION_NAME'))),
    now,
    hearsEnds,
    isSuspended: isSuspended(env),
    rollbackDeadlineAt: clock.now() + timeoutMs - Math.min(reportMarginMs, timeoutMs / 4),
    deadlineAt: clock.now() + timeoutMs - Math.min(notifyMarginMs, timeoutMs / 2),
    // No page documents that Function Compute passes it. Without it, each attempt sends as little as a retry, and tells as
    // much as a first one.
    isRetry: retryCount !== undefined && retryCount > 0,
    mayBeRetry: retryCount !== 0,
    waitedMs,
    notify: async (event) => {
      // The chat knows from the webhook's own answer that the rollback has started.
      const isKnownInChat = event.event === 'started' && task.rollback === 'done' && task.isKnownToSender;
      // Its address can be used by anyone who saw the message, and the link of a question lets anyone decide.
      const isForChannels = isKnownInChat || event.event === 'asked';
      reach = await (isForChannels ? notifyChannels : notifyAll)(await build(event));
      log('info', 'news', { requestId, source, changeOrderId, event: event.event, ...reach });
      return reach;
    },
  });

  if (!('failures' in last) || reach.tried === 0 || reach.reached > 0) return last;
  const reason = `None of ${reach.tried} channels could be told the last news (${last.event}): the log says why of each.`;
  // If this attempt fails, Function Compute retries the task. Telling and rolling back are two things, and a retry for
  // telling must not roll back: so a task that may do so fails only where the change is seen to be over.
  if (rollsBack(task) && !isChangeOver(last)) {
    log('error', 'nobody was told', { requestId, source, changeOrderId, reason });
    return last;
  }
  throw new Problem('notification_failed', reason, { changeOrderId });
}

function rollsBack({ rollback }: RollbackTask): boolean {
  return rollback === 'due' || rollback === 'overdue';
}

/** Whether the change itself was seen at its end. Another order that carried the rollback out does not tell. */
function isChangeOver({ rollbackChangeOrderId, status, changeStatus }: RollbackEvent): boolean {
  return endOf(rollbackChangeOrderId === undefined ? status : changeStatus) !== undefined;
}
