import {
  rollBackOnce,
  type ClaimDependencies,
  type ReportStatus,
  type SendingClaim,
  type SentRollback,
} from '../claim/roll-back-once.ts';
import type { QueueAccess } from '../claim/task-calls.ts';
import type { EdasClient, RollbackOperation } from '../edas/client.ts';
import { Problem } from '../errors.ts';
import { excerpt } from '../lib/text.ts';
import { isSuspended, type Environment } from '../platform/settings.ts';
import type { TaskQueue } from '../platform/task-queue.ts';
import { timeLeft } from '../rollback/budget.ts';
import type { RollbackDependencies } from '../rollback/dependencies.ts';
import type { FoundChangeOrder } from '../rollback/find-change-order.ts';
import type { RollbackOutcome } from '../rollback/outcome.ts';
import type { Hold, RollbackRequest } from '../rollback/request.ts';
import { readAndRequireChangePredatesProblem, rollBack } from '../rollback/rollback.ts';
import type { RollbackIntent } from '../select/intent.ts';
import type { EndedPolicy, RollbackPolicy } from '../select/policy.ts';
import type { Decider, ReleaseTerms, RollbackDue, TaskFacts, VersionChoice } from '../task.ts';
import { askPeople } from './ask-people.ts';
import type { DeliveryFacts } from './audit-record.ts';
import { type MakeLink } from './confirm-link.ts';
import {
  askAboutEnded,
  executeEnded,
  replyToReleaseRollback,
  type EndedReleaseInput,
} from './execute-ended.ts';
import { deferRollback, replyToTaken, type Deferred } from './hand-over.ts';
import type { Outcome, PeopleOutcome } from './outcome.ts';

/** A change order that a webhook or an event may roll back. */
export interface RollbackInput {
  source: RollbackPolicy;
  intent: RollbackIntent;
  /** The change order that the intent is for. */
  found: FoundChangeOrder;
  /** Milliseconds, on the clock. */
  deadlineAt: number;
  /** When the webhook or the event came, epoch milliseconds. */
  receivedAt: number;
  /** What is known of the delivery, for the task that follows the rollback. */
  facts: Readonly<DeliveryFacts>;
  /** What the alert says, for the people who are asked. */
  summary?: string | undefined;
  /** The chat's own id of who asks, where people decide in that chat. */
  actorId?: string | undefined;
  /** Who decided, where a person was asked. */
  decidedBy?: Decider | undefined;
}

/** What executing takes, beside EDAS: the queue of tasks. */
export interface ExecutionDependencies extends RollbackDependencies {
  edas: () => Promise<EdasClient>;
  openQueue: () => Promise<TaskQueue>;
  env: Environment;
  /** Epoch milliseconds. */
  now: () => number;
  /** Makes the address of the page on which people decide. Undefined where no source asks them there. */
  makeLink?: MakeLink | undefined;
}

/** The share of the time that is kept for the report, whose task follows the rollback. */
const shareOfReport = 0.15;
/**
 * The share of the time that claiming may take, and its limits in milliseconds: Function Compute takes a task in some tens
 * of them, and a cold instance needs some hundred more to call it. What is slower must not hold the emergency brake up.
 */
const [shareOfClaim, leastClaimMs, longestClaimMs] = [0.25, 1_000, 2_000];
/** The report comes after the rollback, and the sender waits for it. */
const reportTimeoutMs = 3_000;
/**
 * The share of the time that stays for a rollback by the function itself where a deferred one cannot be handed over, and
 * the milliseconds that it needs at least. Function Compute may be slow, so one try gets nearly all of the rest.
 */
const [shareOfOwnRollback, leastOwnRollbackMs, shareOfTry] = [0.2, 1_500, 0.85];

/**
 * Rolls a change order back, or hands that over to a task, as the source's mode says; or asks people first. One that has
 * ended is rolled back as a release, where the source allows it.
 *
 * @throws Problem
 */
export async function executeRollback(
  execution: RollbackInput,
  dependencies: ExecutionDependencies,
): Promise<Outcome> {
  const job = prepare(execution, dependencies);
  const { ask } = job;
  if (!ask) return inFlightOrEnded(execution, job, rollBackInFlight, executeEnded);
  const inFlight = execution.source.confirm?.of === 'all' ? insteadInFlight(ask) : rollBackInFlight;
  return inFlightOrEnded(execution, job, inFlight, insteadOfEnded(ask));
}

/**
 * Checks all that is checked before a rollback, and does something else in its place.
 *
 * @param instead given the versions, where it is a release that has ended
 * @returns what that gives; or the outcome, where nothing would be sent
 * @throws Problem
 */
export async function insteadOfRollback<T extends object>(
  execution: RollbackInput,
  instead: (choice?: VersionChoice) => Promise<T>,
  dependencies: ExecutionDependencies,
): Promise<Outcome | T> {
  const job = prepare(execution, dependencies);
  return inFlightOrEnded(execution, job, insteadInFlight(instead), insteadOfEnded(instead));
}

type Step<Subject, T> = (
  subject: Subject,
  dependencies: PreparedRollback['dependencies'],
) => Promise<Outcome | T>;

/** A change in flight goes one way; a release that has ended, or is found to have ended by now, goes the other. */
async function inFlightOrEnded<T>(
  { source, found }: RollbackInput,
  job: PreparedRollback,
  inFlight: Step<PreparedRollback, T>,
  ofEnded: Step<EndedReleaseInput, T>,
): Promise<Outcome | T> {
  const { dependencies } = job;
  const ended = endedReleaseOf(job);
  if (ended && found.hasEnded === true) return ofEnded(ended, dependencies);
  try {
    return (await replyIfReleaseRollback(source, found, dependencies)) ?? (await inFlight(job, dependencies));
  } catch (error) {
    const hasEndedNow = error instanceof Problem && error.code === 'change_order_finished';
    if (ended && hasEndedNow) return ofEnded(ended, dependencies);
    throw error;
  }
}

function insteadInFlight<T extends object>(instead: () => Promise<T>): Step<PreparedRollback, T> {
  return ({ request }, dependencies) => rollBack(request, dependencies, instead);
}

function insteadOfEnded<T extends object>(
  instead: (choice: VersionChoice) => Promise<T>,
): Step<EndedReleaseInput, T> {
  return (release, dependencies) =>
    release.hold ? executeEnded(release, dependencies) : askAboutEnded(release, instead, dependencies);
}

async function rollBackInFlight(job: PreparedRollback): Promise<Outcome> {
  const { source } = job;
  if (source.mode === 'deferred' && !job.request.hold) return deferOrRollBack(job);
  if (source.follow) return rollBackOnceAndReport(job, 1);
  return withoutClaim(await rollBack(job.request, job.dependencies), noFollowFunction);
}

/** EDAS's operation that rolls back in the source's kind of cluster. */
export function operationFor({ cluster }: Pick<RollbackPolicy, 'cluster'>): RollbackOperation {
  return cluster === 'k8s' ? 'AbortAndRollbackChangeOrder' : 'RollbackChangeOrder';
}

/** A rollback that is due, and what it takes to do it or to hand it over. */
interface PreparedRollback {
  source: RollbackPolicy;
  request: RollbackRequest;
  task: TaskFacts;
  /** How it is rolled back if it has ended. Undefined: not at all. */
  ended: ReleaseTerms | undefined;
  /** Asks people instead. Undefined where the source acts. */
  ask: ((choice?: VersionChoice) => Promise<PeopleOutcome>) | undefined;
  dependencies: ClaimDependencies & Pick<ExecutionDependencies, 'edas'>;
}

function prepare(execution: RollbackInput, dependencies: ExecutionDependencies): PreparedRollback {
  const { source, intent, found, deadlineAt } = execution;
  const { openQueue, env, clock, warn } = dependencies;
  const hold = holdOf(source, env);
  const queue = { openQueue, deadlineAt, clock, warn };
  const terms = source.ended && found.app !== undefined ? termsOf(source.ended, intent) : undefined;
  const { problemStartedAt } = intent;
  const task = taskFactsOf(execution);
  return {
    source,
    request: { ...found, deadlineAt, hold, problemStartedAt, refusesSucceeded: terms !== undefined },
    task,
    // A person who stops a change in flight has not seen what would be deployed once it has ended.
    ended: found.hasEnded === false ? undefined : terms,
    ask: askFor(execution, task, { ...dependencies, queue }),
    dependencies: { ...dependencies, queue },
  };
}

function askFor(
  { source, intent, summary }: RollbackInput,
  task: TaskFacts,
  { queue, now, makeLink }: Pick<ExecutionDependencies, 'now' | 'makeLink'> & { queue: QueueAccess },
): PreparedRollback['ask'] {
  const { confirm: policy } = source;
  if (!policy) return undefined;
  const { source: name, changeOrderId, app, requestId } = task;
  const { problemStartedAt } = intent;
  const linkFor = (ask: number, expiresAt: number) => {
    if (!makeLink) throw new Error('there is no page');
    return makeLink({ source: name, changeOrderId, app, ask, requestId, expiresAt, problemStartedAt });
  };
  const rollsBackEnded = source.ended !== undefined && app !== undefined;
  return (choice) =>
    askPeople({ task, policy, summary, problemStartedAt, rollsBackEnded, choice }, { queue, now, linkFor });
}

export function termsOf(
  ended: EndedPolicy,
  { version, isChosen }: Pick<RollbackIntent, 'version' | 'isChosen'>,
): ReleaseTerms {
  const { withinMs, everyMs, group, batches, batchWaitMinutes } = ended;
  return { policy: { withinMs, everyMs, group, batches, batchWaitMinutes }, version, isChosen };
}

function endedReleaseOf({ request, task, ended }: PreparedRollback): EndedReleaseInput | undefined {
  const { hold, problemStartedAt, deadlineAt } = request;
  const { app } = task;
  return ended && app !== undefined ? { app, task, ended, problemStartedAt, hold, deadlineAt } : undefined;
}

/** The answer where the deployment in flight is the rollback of the release before it. */
async function replyIfReleaseRollback(
  { mayMeetReleaseRollback = false }: RollbackPolicy,
  found: FoundChangeOrder,
  { queue, clock }: ClaimDependencies,
): Promise<Deferred | undefined> {
  if (!mayMeetReleaseRollback || !found.deploymentsBefore) return undefined;
  // A queue that does not answer must not use up the time for the rollback.
  const deadlineAt = clock.now() + Math.min(longestClaimMs, timeLeft(queue, clock) / 4);
  return replyToReleaseRollback(found, found.deploymentsBefore, { ...queue, deadlineAt });
}

/** Leaves the rollback to a task, or does it where no task will. */
async function deferOrRollBack(job: PreparedRollback): Promise<Outcome> {
  const { request, task, ended, dependencies } = job;
  const { clock, now, queue } = dependencies;
  // The webhook checks this too. Otherwise a task that is refused would keep the id of the change order, and block a
  // sender whose rollback is allowed.
  await readAndRequireChangePredatesProblem(request, dependencies);
  const leftMs = timeLeft(request, clock);
  const ownMs = Math.min(Math.max(leftMs * shareOfOwnRollback, leastOwnRollbackMs), leftMs / 2);
  const { problemStartedAt } = request;
  // Where people are asked about a release that has ended, no task goes on without them.
  const terms = job.ask ? undefined : ended;
  const due: RollbackDue = { ...task, rollback: 'due', problemStartedAt, ended: terms };
  const deferred = await deferRollback(due, now, {
    ...queue,
    shareOfTry,
    deadlineAt: request.deadlineAt - ownMs,
  });
  return deferred.outcome === 'own' ? rollBackOnceAndReport(job, deferred.firstClaim) : deferred;
}

/** @param firstClaim undefined where the queue cannot be used */
async function rollBackOnceAndReport(
  { request, task, dependencies }: PreparedRollback,
  firstClaim: number | undefined,
): Promise<Outcome> {
  const { clock, queue } = dependencies;
  const leftMs = timeLeft(request, clock);
  // Loaded while EDAS is read, so that a claim takes a cold instance no longer than a call. A failure shows at the claim.
  if (firstClaim !== undefined) queue.openQueue().catch(() => undefined);
  const end = await rollBackOnce(
    {
      request: { ...request, deadlineAt: request.deadlineAt - leftMs * shareOfReport },
      task,
      firstClaim,
      mayGoUnclaimed: true,
      claimTimeoutMs: Math.min(Math.max(leftMs * shareOfClaim, leastClaimMs), longestClaimMs),
      reportTimeoutMs,
      answersSender: true,
    },
    dependencies,
  );
  if (end.result === 'taken') return replyToTaken(request.changeOrderId, end);
  if (end.result === 'problem') throw withReport(end.problem, end);
  const outcome = withFollow(end.outcome, end.report?.status);
  return end.claim?.result === 'no_queue' ? withoutClaim(outcome, noClaim) : outcome;
}

export function holdOf(source: RollbackPolicy, env: Environment): Hold | undefined {
  if (source.dryRun) return 'dry_run';
  return isSuspended(env) ? 'suspended' : undefined;
}

/** What a task has to know, whatever it has to do. */
function taskFactsOf(execution: RollbackInput): TaskFacts {
  const { source, intent, receivedAt, facts, found, actorId, decidedBy } = execution;
  return {
    version: 1,
    source: source.name,
    delivery: cutForTask(facts.delivery),
    requestId: facts.requestId,
    requestedAt: receivedAt,
    changeOrderId: found.changeOrderId,
    operation: operationFor(source),
    app: found.app ?? facts.app,
    actor: cutForTask(facts.actor),
    actorId: cutForTask(actorId),
    decidedBy,
    answerAt: intent.answerAt,
  };
}

/** A task carries 128 KB at most, and senders choose how long these texts are. */
export function cutForTask(text: string | undefined): string | undefined {
  return text === undefined ? undefined : excerpt(text, 200);
}

const whatFollows: Record<ReportStatus, string> = {
  dispatched: 'A task follows it and tells how it ends.',
  exists: 'There was a task for this change order before, so no other one follows it.',
  // An answer may have got lost, and a task be there all the same.
  failed: 'No task is known to follow it, so there may be no message about how it ends: the log says why.',
};

/** Adds to the outcome whether a task follows the rollback. */
function withFollow(outcome: RollbackOutcome, follow: ReportStatus | undefined): Outcome {
  if (outcome.outcome !== 'rolling_back') return outcome;
  if (follow === undefined) return outcome;
  return { ...outcome, claimed: true, follow, message: `${outcome.message} ${whatFollows[follow]}` };
}

const noFollowFunction =
  'Once is not sure, for this source has no follow function: a delivery at the same moment may have sent the rollback too.';
const noClaim =
  'Once is not sure, for Function Compute took no claim in time: a delivery at the same moment may have sent the rollback too.';

/** Adds to the outcome that other deliveries may have sent the rollback too, and why. */
function withoutClaim(outcome: Outcome, reason: string): Outcome {
  if (outcome.outcome !== 'rolling_back') return outcome;
  return { ...outcome, claimed: false, message: `${outcome.message} ${reason}` };
}

/** Adds to the problem what the task of the claim will do. */
function withReport(problem: Problem, { claim, report }: Pick<SentRollback, 'claim' | 'report'>): Problem {
  const more = whatBecomesOf(problem, claim, report?.status);
  if (more === undefined) return problem;
  const { code, message, facts, cause } = problem;
  return new Problem(code, `${message} ${more}`, facts, { cause });
}

function whatBecomesOf(
  { code }: Problem,
  claim: SendingClaim | undefined,
  report: ReportStatus | undefined,
): string | undefined {
  if (claim?.result === 'no_queue' && code === 'edas_outcome_unknown') return noClaim;
  if (claim?.result !== 'held') return undefined;
  if (code === 'edas_outcome_unknown' && report === 'dispatched') {
    return 'A task looks at the order for two minutes and tells people; until then no other delivery sends the rollback.';
  }
  return report === 'failed'
    ? 'The task that watches this rollback could not be told of it: about a minute from now it may send the rollback, if the order is still in flight.'
    : undefined;
}
