import type { EdasClient } from '../edas/client.ts';
import { errorCatalogue, Problem } from '../errors.ts';
import { lazily } from '../lazily.ts';
import { readContext, type Environment, type FunctionContext } from '../platform/function-compute.ts';
import { createLog, type Log, type LogLevel } from '../platform/log.ts';
import { openEdas } from '../platform/open-edas.ts';
import { isSuspended, setting } from '../platform/settings.ts';
import type { Clock, RollbackDependencies } from '../rollback/dependencies.ts';
import { readTask, type RollbackTask } from '../task.ts';
import { reasonOf } from '../text.ts';
import { carryOut, type Happening } from './carry-out.ts';
import type { FollowConfiguration } from './configuration.ts';
import type { News } from './news.ts';
import { openNotifier, type Notifier, type Reach } from './notify/notify.ts';
import { post as postForReal, type Post } from './notify/post.ts';

/** What the outside world is to the handler. */
export interface World {
  env: Environment;
  /** The time of day, epoch milliseconds. */
  now: () => number;
  /** For how long things take. */
  clock: Clock;
  /** From 0 to 1, as `Math.random`. */
  random: () => number;
  /** How people are told. Default: over the network. */
  post?: Post | undefined;
  /** Takes a log line without its newline. */
  write: (line: string) => void;
}

/** @throws whatever makes Function Compute try the task again, and in the end call it failed */
export type TaskHandler = (payload: unknown, context?: unknown) => Promise<{ event: News['event'] }>;

/** Seconds, where Function Compute does not say when it kills the invocation. */
const defaultTimeoutSeconds = 300;
/** Milliseconds before that: for a last look, which may take 20 s, and for telling three things, which may take 15 s each. */
const marginMs = 75_000;

/**
 * Makes the handler of the follow function. Unlike the webhook's it throws: that is how a task tells Function Compute that
 * it has failed. Before that, people are told. Each invocation leaves exactly one `decision` line in the log.
 */
export function createTaskHandler({ notify }: FollowConfiguration, world: World): TaskHandler {
  const { env, now, clock, random, post = postForReal, write } = world;
  const log = createLog(env['LOG_LEVEL'], write, now);
  const audit = createLog('debug', write, now);
  const notifier = openNotifier(notify, env, log, { now, clock, random, post });

  return async (payload, context) => {
    const startedAt = clock.now();
    const invocation = readContext(context);
    const { requestId, retryCount = 0 } = invocation;
    const conclude = (level: LogLevel, facts: object) => {
      const durationMs = Math.round(clock.now() - startedAt);
      audit(level, 'decision', { requestId, retryCount, ...facts, durationMs });
    };
    let known: object = {};
    try {
      const task = await readOrTell(payload, invocation, notifier, { env, log });
      const { source, delivery, app, changeOrderId, actor, rollback } = task;
      known = { webhookRequestId: task.requestId, source, delivery, app, changeOrderId, actor, rollback };
      const news = await carryOutTask(task, invocation, notifier, { ...world, log });
      const { event: outcome, rollbackChangeOrderId, status } = news;
      conclude('info', { ...known, outcome, rollbackChangeOrderId, status });
      return { event: outcome };
    } catch (error) {
      const problem = error instanceof Problem ? error : unexpected(error, requestId, log);
      const level = errorCatalogue[problem.code].status >= 500 ? 'error' : 'warn';
      conclude(level, { ...known, code: problem.code, detail: problem.message, ...problem.facts });
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
    const news = { event: 'task_refused', problem, failures: [] } as const;
    await notifier.forTask(undefined, log)({ ...news, consoleUrl: consoleUrlOf(context, env) });
    throw error;
  }
}

/** @throws Problem `notification_failed` where nobody could be told how it ended */
async function carryOutTask(
  task: RollbackTask,
  context: FunctionContext,
  notifier: Notifier,
  world: World & { log: Log },
): Promise<Happening> {
  const { env, clock, random, log } = world;
  const { requestId, retryCount = 0, function: own } = context;
  const { source, changeOrderId } = task;
  const timeoutMs = (own?.timeout ?? defaultTimeoutSeconds) * 1000;
  const until = clock.now() + timeoutMs - marginMs;
  const edas = lazily(() => openEdas(context, env));
  const warn = (message: string, facts: Record<string, unknown>) => {
    log('warn', message, { requestId, source, changeOrderId, ...facts });
  };
  // When it is first told: a rollback does not wait for a name.
  const app = lazily(() => describeApp(task, edas, warn));
  const complete = completeNews(task, app, consoleUrlOf(context, env), world);
  const tellAll = notifier.forTask(task.answerAt, log);
  const tellChannels = notifier.forTask(undefined, log);
  let reach: Reach = { reached: 0, tried: 0 };
  const tell = async (happening: Happening) => {
    const { event } = happening;
    // That a rollback has begun was the webhook's own answer in the chat.
    const isKnown = event === 'started' && task.rollback === 'done';
    reach = await (isKnown ? tellChannels : tellAll)(await complete(happening));
    log('info', 'told', { requestId, source, changeOrderId, event, ...reach });
  };
  const means = {
    edas,
    clock,
    random,
    warn,
    isSuspended: isSuspended(env),
    until,
    isRetry: retryCount > 0,
    tell,
  };
  const last = await carryOut(task, means);
  if (reach.tried === 0 || reach.reached > 0) return last;
  const detail = `The rollback ended (${last.event}), and none of ${reach.tried} channels could be told: the log says why of each.`;
  throw new Problem('notification_failed', detail, { changeOrderId });
}

/** Adds to what is new what is the same in all news of a task. */
function completeNews(
  { source, actor, delivery, changeOrderId, requestedAt }: RollbackTask,
  app: () => Promise<News['app']>,
  consoleUrl: string,
  { now, clock }: World,
): (happening: Happening) => Promise<News> {
  const startedAt = clock.now();
  // The clock on the wall says how long the task waited, and no more: it may be set while the task runs.
  const waitedMs = Math.max(0, now() - requestedAt);
  return async (happening) => {
    const tookMs = Math.round(waitedMs + clock.now() - startedAt);
    const known = { changeOrderId, app: await app(), source, actor, delivery };
    return { ...happening, ...known, tookMs, consoleUrl };
  };
}

/** Milliseconds. People know the application by its name, and are told without it, too. */
const nameMs = 3_000;

async function describeApp(
  { app: id }: RollbackTask,
  edas: () => Promise<EdasClient>,
  warn: RollbackDependencies['warn'],
): Promise<News['app']> {
  if (id === undefined) return undefined;
  try {
    return { id, name: await (await edas()).getApplicationName(id, nameMs) };
  } catch (error) {
    warn('the name of the application could not be read', { app: id, reason: reasonOf(error) });
    return { id };
  }
}

/**
 * The console's overview in the region: no page documents the address of a change order. The parameter is that of
 * https://spring-cloud-alibaba-group.github.io/github-pages/greenwich/spring-cloud-alibaba.html
 */
function consoleUrlOf({ region }: FunctionContext, env: Environment): string {
  const chosen = setting(env, 'REGION') ?? region;
  const suffix = chosen === undefined ? '' : `?regionNo=${encodeURIComponent(chosen)}`;
  return `https://edas.console.aliyun.com/#/home${suffix}`;
}

/** Whoever reads the state of the task learns nothing of a fault of ours but where to look for it. */
function unexpected(error: unknown, requestId: string | undefined, log: Log): Problem {
  log('error', 'the function failed', {
    requestId,
    stack: error instanceof Error ? error.stack : reasonOf(error),
  });
  return new Problem('internal', 'The function failed. Its log says why, under this requestId.');
}
