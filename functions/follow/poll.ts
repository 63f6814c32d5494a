import { keyOf, type ChangeFailure, type ChangeOrderProgress } from '../edas/change-order.ts';
import { EdasFailure, type EdasFailureKind } from '../edas/failure.ts';
import { changeOrderStatus, endOf, type ChangeOrderEnd } from '../edas/status.ts';
import type { Clock } from '../lib/time.ts';
import { explain } from '../rollback/refusal.ts';
import type { RollbackEventName } from './rollback-event.ts';

/** Before the first poll, and between two. EDAS allows 100 reads a minute, for all of an account. */
const [firstPauseMs, usualPauseMs, longestPauseMs] = [5_000, 10_000, 300_000];
/** Pauses are longer by up to this time, so that tasks that started together do not poll together. */
const jitterMs = 2_000;
const pollTimeoutMs = 10_000;
/** Between two questions whether EDAS has told of the end, and for one. A question costs a call to Function Compute, and none to EDAS. */
const [hearingPauseMs, hearingTimeoutMs] = [3_000, 1_000];
/** How often in a row Function Compute may give no answer to that, before it is asked no more. */
const mostUnheard = 3;
/** How often in a row EDAS may refuse to show an order: a new one may show late, and one refusal may be a mistake. */
const mostRefusals = 3;

/** What is polled, and until when. */
export interface PollRequest {
  /** The order that carries the rollback out, as far as EDAS named it; else the change itself. */
  orderId: string;
  /** The change that is rolled back. */
  changeOrderId: string;
  /** Milliseconds, on the clock. */
  deadlineAt: number;
  /** Whether an earlier attempt has notified people of the state at the beginning of this one. */
  wasNotified: boolean;
}

export interface PollDependencies {
  read: (changeOrderId: string, timeoutMs: number) => Promise<ChangeOrderProgress>;
  /** Asks whether EDAS has told that the order has ended; never throws. Undefined where that would not be known. */
  hear?: ((orderId: string, timeoutMs: number) => Promise<Hearing>) | undefined;
  clock: Clock;
  random: () => number;
  /** Called once for what happens meanwhile. `failures`: those that it was not called for before. */
  reportProgress: (
    event: 'waiting' | 'failing',
    observation: Observation,
    failures: readonly ChangeFailure[],
  ) => Promise<void>;
  warn: (message: string, facts: Record<string, unknown>) => void;
}

/** Whether EDAS has told of an end: `absent` means that it has not yet. */
export type Hearing = 'told' | 'absent' | 'unreadable';

/** What the polls so far have shown. */
export interface Observation {
  polls: number;
  /** The order that is polled, as it was read last. */
  order?: ChangeOrderProgress | undefined;
  /** The change that is rolled back, where that is another order. */
  change?: ChangeOrderProgress | undefined;
  /** Why the order could not be read at the last poll. */
  failure?: EdasFailure | undefined;
  /** Whether EDAS throttled the last poll. */
  isThrottled: boolean;
  /** At how many polls in a row EDAS did not know the order, or did not let the function read it. */
  refusals: number;
}

/** How a rollback ended, or why that was not seen. */
export type PollResult = Observation & {
  event: ChangeOrderEnd | Extract<RollbackEventName, 'outcome_unknown' | 'unreadable' | 'out_of_time'>;
};

/**
 * Polls the orders of a rollback until it has ended or the deadline has passed. Notifies once of what happens
 * meanwhile.
 *
 * @throws whatever is no failure of EDAS
 */
export async function pollToEnd(request: PollRequest, dependencies: PollDependencies): Promise<PollResult> {
  const { clock, random } = dependencies;
  const notified = createNotified(request);
  const listener: Listener = { unheard: 0, wasTold: false };
  let observation: Observation = { polls: 0, isThrottled: false, refusals: 0 };
  for (let pauseMs = firstPauseMs; ; pauseMs = nextPause(pauseMs, observation)) {
    const leftMs = request.deadlineAt - clock.now();
    if (leftMs <= 0) return { ...observation, event: 'out_of_time' };
    const restMs = Math.min(pauseMs + random() * jitterMs, leftMs);
    const heard = await pause(restMs, listener, request, dependencies);
    // If EDAS throttles the look that this is the reason for, the next one does not come after minutes.
    if (heard === 'told') pauseMs = Math.min(pauseMs, usualPauseMs);
    observation = await poll(observation, request, dependencies);
    const event = resultOf(observation, request);
    if (event) return { ...(await pollChange(observation, request, dependencies)), event };
    await reportOnce(observation, notified, dependencies);
  }
}

/** What was heard of the end so far. */
interface Listener {
  /** How often in a row there was no answer. */
  unheard: number;
  /** One event cuts one pause short. What comes after it, and any that is not true, changes nothing. */
  wasTold: boolean;
}

/** Waits for the next poll, or until EDAS tells that the order has ended. */
async function pause(
  pauseMs: number,
  listener: Listener,
  { orderId }: PollRequest,
  { hear, clock }: PollDependencies,
): Promise<'told' | 'over'> {
  const endsAt = clock.now() + pauseMs;
  const isWorthAsking = () =>
    !listener.wasTold &&
    listener.unheard < mostUnheard &&
    endsAt - clock.now() >= hearingPauseMs + hearingTimeoutMs;
  while (hear && isWorthAsking()) {
    await clock.sleep(hearingPauseMs);
    const heard = await hear(orderId, hearingTimeoutMs);
    listener.unheard = heard === 'unreadable' ? listener.unheard + 1 : 0;
    listener.wasTold = heard === 'told';
    if (listener.wasTold) return 'told';
  }
  await clock.sleep(Math.max(0, endsAt - clock.now()));
  return 'over';
}

/** After throttling, back to the usual pause step by step: webhooks need the reads of this minute. */
function nextPause(pauseMs: number, { isThrottled }: Observation): number {
  return isThrottled ? Math.min(pauseMs * 2, longestPauseMs) : Math.max(pauseMs / 2, usualPauseMs);
}

async function poll(
  before: Observation,
  request: PollRequest,
  dependencies: PollDependencies,
): Promise<Observation> {
  const polls = before.polls + 1;
  const order = await readOrFail(request.orderId, dependencies);
  if (order instanceof EdasFailure) {
    const refusals = refusingKinds.includes(order.kind) ? before.refusals + 1 : 0;
    return { ...before, polls, failure: order, isThrottled: order.kind === 'throttled', refusals };
  }
  const observation = { ...before, polls, order, failure: undefined, isThrottled: false, refusals: 0 };
  // Only every third time: webhooks need the other reads of this minute.
  return before.polls % 3 === 0 ? pollChange(observation, request, dependencies) : observation;
}

const refusingKinds: readonly EdasFailureKind[] = ['not_found', 'denied', 'unauthenticated'];

/** The change is read only for the notifications: without it, the rollback is followed all the same. */
async function pollChange(
  observation: Observation,
  { orderId, changeOrderId }: PollRequest,
  dependencies: PollDependencies,
): Promise<Observation> {
  if (orderId === changeOrderId || endOf(observation.change?.status) !== undefined) return observation;
  const change = await readOrFail(changeOrderId, dependencies);
  if (!(change instanceof EdasFailure)) return { ...observation, change };
  return { ...observation, isThrottled: change.kind === 'throttled' };
}

async function readOrFail(
  orderId: string,
  { read, warn }: PollDependencies,
): Promise<ChangeOrderProgress | EdasFailure> {
  try {
    return await read(orderId, pollTimeoutMs);
  } catch (failure) {
    if (!(failure instanceof EdasFailure)) throw failure;
    warn('a change order could not be looked at', { orderId, reason: explain(failure, 'read') });
    return failure;
  }
}

/** How the rollback has ended; undefined while it has not. */
function resultOf(
  { order, failure, refusals }: Observation,
  { orderId, changeOrderId }: PollRequest,
): PollResult['event'] | undefined {
  if (failure) return refusals >= mostRefusals ? 'unreadable' : undefined;
  const event = endOf(order?.status);
  // A change that ended by itself, although its rollback was accepted, was not seen to be rolled back; and one that
  // failed had most probably failed before.
  const endedWithoutRollback = orderId === changeOrderId && event !== undefined && event !== 'terminated';
  return endedWithoutRollback ? 'outcome_unknown' : event;
}

/** What this attempt has notified people of. What earlier attempts said is not known. */
interface Notified {
  /** Whether to leave out a wait that the first poll sees: an earlier attempt may have notified people of it. */
  skipsFirstWait: boolean;
  skipsFirstFailures: boolean;
  /** How many batches were done when people were told that the order waits; a person lets one more start. */
  waitNotifiedAtBatch?: number;
  failures: Set<string>;
}

function createNotified({ wasNotified, orderId, changeOrderId }: PollRequest): Notified {
  // If EDAS did not name the order of the rollback, the change itself is polled. What failed in it before the first
  // poll is the failure of the release.
  const skipsFirstFailures = wasNotified || orderId === changeOrderId;
  return { skipsFirstWait: wasNotified, skipsFirstFailures, failures: new Set() };
}

async function reportOnce(
  observation: Observation,
  notified: Notified,
  { reportProgress }: PollDependencies,
): Promise<void> {
  const { order, failure } = observation;
  if (!order || failure) return;
  const fresh = order.failures.filter((each) => !notified.failures.has(keyOf(each)));
  for (const each of fresh) notified.failures.add(keyOf(each));
  const { done } = order.batches;
  const isWaiting =
    order.status === changeOrderStatus.awaitingConfirmation && notified.waitNotifiedAtBatch !== done;
  if (isWaiting) notified.waitNotifiedAtBatch = done;
  const { skipsFirstWait, skipsFirstFailures } = notified;
  notified.skipsFirstWait = false;
  notified.skipsFirstFailures = false;
  if (fresh.length > 0 && !skipsFirstFailures) await reportProgress('failing', observation, fresh);
  if (isWaiting && !skipsFirstWait) await reportProgress('waiting', observation, []);
}
