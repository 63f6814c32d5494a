import { Problem } from '../errors.ts';
import { AuditRecord } from '../execute/audit-record.ts';
import { faultOfAsking } from '../execute/confirm-settings.ts';
import { executeIntent } from '../execute/execute-intent.ts';
import type { ExecutionDependencies } from '../execute/execute-rollback.ts';
import { openExecution } from '../execute/open-execution.ts';
import type { Outcome } from '../execute/outcome.ts';
import { allAfterSettled, lazily } from '../lib/async.ts';
import { excerpt } from '../lib/text.ts';
import { readContext, type FunctionContext } from '../platform/context.ts';
import { createAuditLog, createLog, type Log, type LogFields, type LogLevel } from '../platform/log.ts';
import { openTaskQueue } from '../platform/open-task-queue.ts';
import type { Runtime } from '../platform/runtime.ts';
import { setting, type Environment } from '../platform/settings.ts';
import { levelOf, toProblem } from '../platform/to-problem.ts';
import type { ChangeOrders } from '../rollback/change-orders.ts';
import type { FoundChangeOrder } from '../rollback/find-change-order.ts';
import { createAddKmsKeys, type AddKmsKeys } from '../secrets/kms-keys.ts';
import { createKmsSecrets } from '../secrets/kms-secrets.ts';
import { selectActor } from '../select/conditions.ts';
import { selectIntent } from '../select/intent.ts';
import { selectSummary } from '../select/summary.ts';
import { requireOwnAccount, sourcesFor } from './check-event.ts';
import { chooseSource } from './choose-source.ts';
import { readCloudEvent, type CloudEvent } from './cloud-event.ts';
import { describeEvent } from './describe-event.ts';
import type { CompiledEventSource, EventsConfiguration } from './event-source.ts';
import { noteEnd } from './note-end.ts';
import { reasonNotToRollBack } from './own-rollbacks.ts';
import { mustBeDeliveredAgain } from './redelivery.ts';

/** What came of an event, for a person who invokes the function by hand: EventBridge looks only whether it failed. */
export type EventResult = Outcome | { code: Problem['code']; detail: string };

/** @throws Problem where EventBridge has to deliver the event again */
export type EventHandler = (event: unknown, context?: unknown) => Promise<EventResult>;

/** What an instance of the function has for every event. */
interface EventHandlerDependencies extends Runtime {
  sources: readonly CompiledEventSource[];
  addKmsKeys: AddKmsKeys;
  log: Log;
}

/** One event on its way through the handler. */
interface EventInProgress {
  context: FunctionContext;
  startedOnClock: number;
  /** Milliseconds, on the clock. */
  deadlineAt: number;
  /** Epoch milliseconds. */
  receivedAt: number;
  record: AuditRecord;
  /** Whether a rollback may have been sent. */
  mayBeSent: boolean;
}

/**
 * Makes the handler of the events function. Who may invoke it is RAM's decision, so an event carries no signature. What was decided
 * about an event is a success for EventBridge, whatever it was; where nothing was decided and a later attempt may help, the handler
 * throws, and EventBridge delivers the event again. Each event leaves exactly one `decision` line in the log.
 */
export function createEventHandler({ sources }: EventsConfiguration, runtime: Runtime): EventHandler {
  const { env, now, clock, write } = runtime;
  const log = createLog(env['LOG_LEVEL'], write, now);
  // Asked for by a variable of its own, so no LOG_LEVEL silences it.
  const logEvent = createLog('info', write, now);
  const audit = createAuditLog(write, now);
  const addKmsKeys = createAddKmsKeys(createKmsSecrets({ now, clock, log }), log);
  const dependencies: EventHandlerDependencies = { ...runtime, sources, addKmsKeys, log };

  return async (payload, given) => {
    const context = readContext(given);
    const { requestId } = context;
    const startedOnClock = clock.now();
    const inProgress: EventInProgress = {
      context,
      startedOnClock,
      deadlineAt: startedOnClock + patienceMs(context) - logMarginMs,
      receivedAt: now(),
      record: new AuditRecord(),
      mayBeSent: false,
    };
    const { record } = inProgress;
    record.add({ requestId });
    let eventFacts: object = {};
    const logDecision = (level: LogLevel, decision: object) => {
      const durationMs = Math.round(clock.now() - inProgress.startedOnClock);
      audit(level, { ...record.facts, ...eventFacts, ...decision, durationMs });
    };
    try {
      const event = readCloudEvent(payload);
      record.add({ delivery: cutForLog(event.id) });
      const { source, type, time } = event;
      eventFacts = {
        eventSource: cutForLog(source),
        eventType: cutForLog(type),
        eventTime: time && cutForLog(time),
      };
      if (setting(env, 'LOG_EVENTS') === 'true')
        logEvent('info', 'event', { requestId, event: describeEvent(event) });
      const outcome = await processEvent(event, inProgress, dependencies);
      // The log's index takes no list.
      const groups = 'groups' in outcome ? outcome.groups.join(', ') : undefined;
      logDecision('info', { ...outcome, groups });
      return outcome;
    } catch (error) {
      const { source } = record.facts;
      const problem = toProblem(error, { requestId, source }, log);
      const { code, message: detail, facts } = problem;
      const deliverAgain = mustBeDeliveredAgain(problem, inProgress.mayBeSent);
      const whatFollows = deliverAgain ? ` ${failsOnPurpose}` : '';
      logDecision(levelOf(problem), { code, detail: `${detail}${whatFollows}`, ...facts, deliverAgain });
      if (deliverAgain) throw problem;
      return { code, detail };
    }
  };
}

const failsOnPurpose = 'The function fails on purpose, so that the event is delivered again.';

/** EventBridge has ids of up to 128 characters. Function Compute cuts a line of the log at 32 KB. */
function cutForLog(text: string): string {
  return excerpt(text, 200);
}

/** Kept free before the end, so that the decision is logged in time. */
const logMarginMs = 500;
/** Milliseconds for one delivery, as long as for a webhook: EDAS may be slow, and EventBridge delivers an event again. */
const longestMs = 9_000;

function patienceMs({ function: own }: FunctionContext): number {
  return Math.min(longestMs, (own?.timeout ?? Infinity) * 1000);
}

/** From an event to what became of its change order. */
async function processEvent(
  event: CloudEvent,
  inProgress: EventInProgress,
  dependencies: EventHandlerDependencies,
): Promise<Outcome> {
  const { env, sources } = dependencies;
  const { context } = inProgress;
  requireOwnAccount(event, context.accountId ?? setting(env, 'FC_ACCOUNT_ID'));
  const candidates = sourcesFor(event, sources);
  const [note, outcome] = await allAfterSettled([
    noteEndIfTold(candidates, event, inProgress, dependencies),
    actOn(candidates, event, inProgress, dependencies),
  ]);
  if (note === undefined || outcome.outcome !== 'ignored') return outcome;
  return { ...outcome, message: `${note} ${outcome.message}` };
}

/** Lets the task that follows a change order know where the event tells that it has ended. @returns what was done */
function noteEndIfTold(
  candidates: readonly CompiledEventSource[],
  event: CloudEvent,
  { context, deadlineAt, receivedAt, record }: EventInProgress,
  { env, clock, log }: EventHandlerDependencies,
): Promise<string | undefined> {
  const { requestId } = record.facts;
  const warn = warnOf(log, { requestId });
  return noteEnd(candidates, event, receivedAt, {
    requestId,
    hasFollowFunction: setting(env, 'FOLLOW_FUNCTION') !== undefined,
    queue: { openQueue: lazily(() => openTaskQueue(context, env)), deadlineAt, clock, warn },
  });
}

/** Does what the first source says for which the event counts. */
async function actOn(
  candidates: readonly CompiledEventSource[],
  event: CloudEvent,
  inProgress: EventInProgress,
  dependencies: EventHandlerDependencies,
): Promise<Outcome> {
  const { env, clock, log } = dependencies;
  const { context, deadlineAt, receivedAt, record } = inProgress;
  const chosen = await chooseSource(candidates, event, receivedAt, record);
  if ('outcome' in chosen) return chosen;
  const { source, payload, target } = chosen;
  requireAbleToAsk(source, env, log);
  record.add({ actor: await selectActor(source, payload) });
  const intent = {
    ...(await selectIntent(source, payload, undefined, receivedAt, target)),
    answerAt: undefined,
  };
  record.add({ app: intent.app });
  const summary = source.confirm && (await selectSummary(source, payload));
  const warn = warnOf(log, { requestId: record.facts.requestId, source: source.name });
  const execution = openExecution(source, context, dependencies, warn);
  const queue = { openQueue: execution.openQueue, deadlineAt, clock, warn };
  // Events of EDAS tell of our own rollbacks, too. What rolls those back would never end.
  const whyNot = source.tellsEnds && ((found: FoundChangeOrder) => reasonNotToRollBack(found, queue));
  return executeIntent(
    { source, intent, reasonNotToRollBack: whyNot, deadlineAt, receivedAt, record, summary },
    { ...execution, changeOrders: watchSending(execution.changeOrders, inProgress) },
  );
}

function warnOf(log: Log, subject: LogFields): ExecutionDependencies['warn'] {
  return (message, facts) => {
    log('warn', message, { ...subject, ...facts });
  };
}

/** @throws Problem `source_not_configured`: a person who is never asked would be waited for */
function requireAbleToAsk(source: CompiledEventSource, env: Environment, log: Log): void {
  const fault = faultOfAsking(source, env);
  if (!fault) return;
  const { variable, reason } = fault;
  log('error', 'a source is closed', { source: source.name, variable, reason: `${variable} ${reason}` });
  throw new Problem(
    'source_not_configured',
    `People cannot be asked: ${variable} is missing or cannot be used. Nothing was rolled back. The log says why.`,
  );
}

/** Notes when a rollback is sent: from then on, a failure of the function leaves it in doubt. */
function watchSending(changeOrders: ChangeOrders, inProgress: EventInProgress): ChangeOrders {
  return {
    ...changeOrders,
    rollBack: (changeOrderId, timeoutMs) => {
      inProgress.mayBeSent = true;
      return changeOrders.rollBack(changeOrderId, timeoutMs);
    },
  };
}
