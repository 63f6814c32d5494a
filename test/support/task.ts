import { exchange } from '../../functions/alibaba/exchange.ts';
import type { CompiledChannel } from '../../functions/follow/configuration.ts';
import { createTaskHandler } from '../../functions/follow/handler.ts';
import type { Notification, RollbackEventName } from '../../functions/follow/rollback-event.ts';
import type { QuietEnd } from '../../functions/follow/task-end.ts';
import { toRecord, toText } from '../../functions/lib/json.ts';
import type { Clock } from '../../functions/lib/time.ts';
import { readContext } from '../../functions/platform/context.ts';
import { openTaskQueue } from '../../functions/platform/open-task-queue.ts';
import type { Environment } from '../../functions/platform/settings.ts';
import type { RollbackDue, RollbackTask } from '../../functions/task.ts';
import {
  startReceiver,
  type MessageReceiver,
  type ReceiverKind,
} from '../../local/stand-ins/channels/receiver.ts';
import type { ChangeOrderPlan } from '../../local/stand-ins/edas/change-orders.ts';
import type { Fault } from '../../local/stand-ins/edas/faults.ts';
import {
  startEdasStandIn,
  type EdasStandIn,
  type EdasStandInOptions,
  type Operation,
} from '../../local/stand-ins/edas/stand-in.ts';
import { startFcStandIn, type FcStandIn } from '../../local/stand-ins/fc/stand-in.ts';
import type { Invocation } from '../../local/stand-ins/fc/tasks.ts';
import { fakeAccountId, fakeContext, fakeCredentials, followFunction, startTime } from './webhook.ts';

export const taskApp = '3616cdca-4f92-4413-0000-000000000000';
export const taskOrder = '4f40e616-cdcd-4250-a018-efd459900000';

/** A clock that leaps: who sleeps wakes at once, after all that happens meanwhile has happened. */
export interface LeapingClock extends Clock {
  /** What happens so many seconds after the beginning, if somebody sleeps until then. */
  at: (seconds: number, work: () => unknown) => void;
  /** Seconds since the beginning. */
  seconds: () => number;
}

export function leapingClock(startsAt = Date.parse(startTime)): LeapingClock {
  let now = startsAt;
  let plans: { at: number; work: () => unknown }[] = [];
  return {
    now: () => now,
    sleep: async (ms) => {
      const end = now + ms;
      for (;;) {
        const [next] = plans.filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at);
        if (!next) break;
        plans = plans.filter((plan) => plan !== next);
        now = Math.max(now, next.at);
        await next.work();
      }
      now = Math.max(now, end);
    },
    at: (seconds, work) => void plans.push({ at: startsAt + seconds * 1000, work }),
    seconds: () => (now - startsAt) / 1000,
  };
}

/** A change of two batches, in flight, whose application has a name. */
export const change = {
  id: taskOrder,
  appId: taskApp,
  appName: 'checkout',
  description: 'checkout 2.4.0',
  readyMs: 0,
  batchMs: 60_000,
} as const;

export interface TaskFunctionOptions {
  edas?: Partial<EdasStandInOptions>;
  /**
   * Whether the function's own queue works. It then runs the tasks that are handed over, one after the other, and not
   * before those that the test runs have ended. Default false: nothing listens there.
   */
  queue?: boolean;
  /** Whether events tell how change orders end. Default false. */
  hearsEnds?: boolean;
  /** Who is told. Default: a receiver of one's own. */
  channels?: readonly ('dingtalk' | 'feishu' | 'wecom' | 'slack' | 'webhook')[];
  env?: Environment;
  /** Seconds. Default 3600. */
  timeout?: number;
  /** The time of day. Default: that of the clock. */
  now?: () => number;
  random?: () => number;
  /** What every invocation gets. Default: the context of a deployed function. */
  context?: object;
}

/** What became of one invocation. */
export interface TaskEnd {
  event?: RollbackEventName | QuietEnd['event'];
  /** What was thrown. */
  error?: unknown;
}

/** One instance of the follow function over stand-ins, and what they saw. */
export interface TaskFunction {
  edas: EdasStandIn;
  /** The queue, if it works. */
  fc: FcStandIn | undefined;
  receiver: MessageReceiver;
  clock: LeapingClock;
  /** Every line of the log so far. */
  lines: string[];
  log: () => Record<string, unknown>[];
  decisions: () => Record<string, unknown>[];
  /** How each attempt of each task ended, as `due handed_over`. */
  ends: () => string[];
  /** The events that people were told of, in order. */
  events: () => string[];
  /** The notifications as one's own receiver got them, each with its text for people. */
  notifications: () => (Notification & { text: string })[];
  /** EDAS's calls, as `12 PUT order`: the second and what was called. */
  calls: () => string[];
  run: (task?: Partial<RollbackTask>, retryCount?: RetryCount) => Promise<TaskEnd>;
  invoke: (payload: unknown, retryCount?: RetryCount) => Promise<TaskEnd>;
  /** Hands a task over to the queue, as another function would. */
  handOver: (taskId: string, task: Partial<RollbackTask>) => Promise<unknown>;
  /** Runs a task, and then all that were handed over, retries included. */
  runAll: (task?: Partial<RollbackTask>, retryCount?: RetryCount) => Promise<TaskEnd>;
}

/** How often Function Compute says that the task was tried before. */
type RetryCount = number | 'not given';

/** Called when a test is over. */
type CleanUp = (work: () => Promise<void>) => void;

const secrets = {
  dingtalk: 'SECfake-dingtalk-robot-secret',
  feishu: 'fake-feishu-robot-secret',
  webhook: `whsec_${Buffer.from('fake-secret-of-a-webhook').toString('base64')}`,
};
const secretOf = (kind: string) => toText(toRecord(secrets)[kind]);

/** Starts EDAS, a receiver of messages, and an instance of the follow function, on one clock. */
export async function openTaskFunction(
  options: TaskFunctionOptions,
  cleanUp: CleanUp,
): Promise<TaskFunction> {
  const { channels = ['webhook'], timeout = 3600, random = () => 0, hearsEnds = false } = options;
  const clock = leapingClock();
  const now = options.now ?? clock.now;
  const edas = await startEdasStandIn({
    credentials: fakeCredentials,
    now: clock.now,
    signatureNow: Date.now,
    ...options.edas,
  });
  const receiver = await startReceiver({ secrets, now });
  const queue = options.queue ? await openQueue((invocation) => runQueued(invocation)) : undefined;
  cleanUp(async () => {
    await Promise.all([edas.close(), receiver.close(), queue?.fc.close()]);
  });
  const lines: string[] = [];
  const env = {
    EDAS_ENDPOINT: edas.url,
    FC_FUNCTION_NAME: followFunction,
    FC_ACCOUNT_ID: fakeAccountId,
    FUNCTION_ENDPOINT: queue?.fc.url ?? 'http://127.0.0.1:1',
    ...Object.fromEntries(channels.map((kind) => [variableOf(kind), receiver.urlOf(kind)])),
    ...Object.fromEntries(channels.map((kind) => [`${variableOf(kind)}_SECRET`, secretOf(kind)])),
    ...options.env,
  };
  const handler = createTaskHandler(
    { version: '1.2.3', notify: channels.map(channelOf), hearsEnds },
    {
      env,
      now,
      clock,
      random,
      // The addresses of chats are those of the receiver here.
      exchange: (url, request, timeoutMs) => {
        const chat = chatOf(url);
        return exchange(chat ? receiver.urlOf(chat) : url, request, timeoutMs);
      },
      write: (line) => void lines.push(line),
    },
  );

  const handle = (payload: unknown, retryCount: RetryCount) => {
    const context = options.context ?? { ...fakeContext, function: { timeout } };
    return handler(payload, { ...context, retryCount: retryCount === 'not given' ? undefined : retryCount });
  };
  const runQueued = async ({ payload, retryCount }: Invocation) => {
    await handle(payload, retryCount);
  };
  const invoke = async (payload: unknown, retryCount: RetryCount = 0): Promise<TaskEnd> => {
    const work = handle(payload, retryCount);
    queue?.waitFor(work);
    try {
      return await work;
    } catch (error) {
      return { error };
    }
  };
  const run: TaskFunction['run'] = (task, retryCount) =>
    invoke(Buffer.from(JSON.stringify({ ...taskDue, ...task })), retryCount);
  const log = () => lines.map((line) => toRecord(JSON.parse(line)));
  const decisions = () => log().filter(({ msg }) => msg === 'decision');
  return {
    edas,
    fc: queue?.fc,
    receiver,
    clock,
    lines,
    log,
    decisions,
    ends: () =>
      decisions().map(({ rollback, outcome, code }) => `${String(rollback)} ${String(outcome ?? code)}`),
    events: () => log().flatMap(({ msg, event }) => (msg === 'news' ? [String(event)] : [])),
    notifications: () =>
      receiver.messages
        .filter(({ kind }) => kind === 'webhook')
        .map(({ body }) => toRecord(toRecord(body)['data']) as unknown as Notification & { text: string }),
    calls: () => callsOf(edas, Date.parse(startTime)),
    run,
    invoke,
    handOver: async (taskId, task) => {
      const tasks = await openTaskQueue(readContext(fakeContext), env, followFunction);
      return tasks.submit(taskId, JSON.stringify({ ...taskDue, ...task }), 5_000);
    },
    runAll: async (task, retryCount) => {
      const end = await run(task, retryCount);
      await queue?.fc.settled();
      return end;
    },
  };
}

/** A queue whose tasks run one after the other, for they share a clock that leaps. */
async function openQueue(
  run: (invocation: Invocation) => Promise<void>,
): Promise<{ fc: FcStandIn; waitFor: (work: Promise<unknown>) => void }> {
  let turn: Promise<unknown> = Promise.resolve();
  const waitFor = (work: Promise<unknown>) => {
    turn = Promise.allSettled([turn, work]);
  };
  const fc = await startFcStandIn({
    credentials: fakeCredentials,
    accountId: fakeAccountId,
    maxRetries: 2,
    functions: {
      [followFunction]: (invocation) => {
        const work = turn.then(() => run(invocation));
        waitFor(work);
        return work;
      },
    },
  });
  return { fc, waitFor };
}

/** EDAS answers with this JSON; unless it takes effect, what it is asked for is not done. */
export function answering(json: string, { takesEffect = false } = {}): Fault {
  return {
    name: 'made by this test',
    takesEffect,
    instead: (response) => response.writeHead(200, { 'content-type': 'application/json' }).end(json),
  };
}

/** EDAS accepts a rollback, and names this order; unless it takes effect, the change runs on as if nothing had been. */
export function accepting(rollbackChangeOrderId: string, options: { takesEffect?: boolean } = {}): Fault {
  return answering(JSON.stringify({ Code: 200, Data: { ChangeOrderId: rollbackChangeOrderId } }), options);
}

/** The follow function, and a change that has been in flight for half a minute, and can be rolled back for as long again. */
export async function openWithChange(
  options: TaskFunctionOptions,
  plan: Partial<ChangeOrderPlan>,
  cleanUp: CleanUp,
): Promise<TaskFunction> {
  const task = await openTaskFunction(options, cleanUp);
  task.edas.orders.add({ ...change, createdAt: task.clock.now() - 30_000, ...plan });
  return task;
}

/**
 * EDAS's answer about an order of five batches on 200 instances each, with eight tasks in each instance, of which
 * every one failed in its own words: 5.9 MiB.
 */
export function largeChangeOrder(status: number): string {
  const times = <T>(count: number, make: (index: number) => T) =>
    Array.from({ length: count }, (_, i) => make(i));
  const taskOf = (batch: number, instance: number) => (task: number) => ({
    TaskId: `fake-task-${batch}-${instance}-${task}`,
    TaskName: 'Start Application',
    TaskStatus: '3',
    TaskErrorCode: 'EDAS-10001',
    TaskErrorMessage: `STAR_AGENT_OFFLINE on instance ${instance} of batch ${batch}, task ${task}: ${'x'.repeat(290)}`,
    TaskErrorIgnorance: '',
    TaskErrorSolution: 'y'.repeat(220),
    TaskMessage: '',
  });
  const stageOf = (batch: number) => (instance: number) => ({
    StageId: `fake-stage-${batch}-${instance}`,
    StageName: `Deploy Application ${instance}`,
    StageStatus: 3,
    TaskList: { TaskInfoDTO: times(8, taskOf(batch, instance)) },
  });
  const pipelines = times(5, (batch) => ({
    PipelineName: `Batch: ${batch + 1}`,
    PipelineStatus: 3,
    StartTime: Date.parse(startTime),
    StageDetailList: { StageDetailDTO: times(200, stageOf(batch)) },
  }));
  const changeOrderInfo = {
    Status: status,
    SupportRollback: true,
    PipelineInfoList: { PipelineInfo: pipelines },
  };
  return JSON.stringify({ Code: 200, Message: 'success', changeOrderInfo });
}

/** A rollback that the task has to do. */
export const taskDue: RollbackDue = {
  version: 1,
  source: 'pipeline',
  delivery: 'delivery-1',
  requestId: 'fake-request-id-of-the-webhook',
  requestedAt: Date.parse(startTime) - 2_000,
  changeOrderId: taskOrder,
  operation: 'RollbackChangeOrder',
  rollback: 'due',
  app: taskApp,
  actor: 'alice',
};

export const slackAnswer = {
  chat: 'slack',
  url: 'https://hooks.slack.com/commands/T00000000/1/fakeResponseToken',
} as const;

function variableOf(kind: string): string {
  return `${kind.toUpperCase()}_URL`;
}

function channelOf(kind: CompiledChannel['kind']): CompiledChannel {
  const secret = secretOf(kind) === undefined ? undefined : `${variableOf(kind)}_SECRET`;
  return { kind, url: variableOf(kind), secret, language: 'en' };
}

function chatOf(url: string): ReceiverKind | undefined {
  if (url.startsWith('https://hooks.slack.com/')) return 'slack-answer';
  return url.startsWith('https://oapi.dingtalk.com/robot/sendBySession') ? 'dingtalk-answer' : undefined;
}

const words = {
  GetChangeOrderInfo: 'read',
  ListRecentChangeOrder: 'list',
  GetApplication: 'name',
  RollbackChangeOrder: 'PUT',
  AbortAndRollbackChangeOrder: 'PUT (k8s)',
  AbortChangeOrder: 'abort',
  ListHistoryDeployVersion: 'history',
  QueryApplicationStatus: 'state',
  RollbackApplication: 'POST (release)',
} satisfies Record<Operation, string>;

function callsOf({ calls }: EdasStandIn, startedAt: number): string[] {
  return calls.map(({ operation, changeOrderId, at }) => {
    const what = operation ? words[operation] : 'unexpected';
    const order = changeOrderId === taskOrder ? ' change' : ' rollback';
    return `${Math.round((at - startedAt) / 1000)} ${what}${changeOrderId === undefined ? '' : order}`;
  });
}
