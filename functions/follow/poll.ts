import { keyOf, type ChangeFailure, type ChangeOrderProgress } from '../edas/change-order.ts';
import { EdasFailure, type EdasFailureKind } from '../edas/failure.ts';
import { changeOrderStatus, endOf, type ChangeOrderEnd } from '../edas/status.ts';
import type { Clock } from '../lib/time.ts';
import { explain } from '../rollback/refusal.ts';
import type { RollbackEventName } from './rollback-event.ts';

/** Milliseconds until the first look, and between two. EDAS allows 100 reads a minute, for all of an account. */
const [firstPauseMs, pauseMs, longestPauseMs] = [5_000, 10_000, 300_000];
/** Milliseconds: pauses are longer by up to so much, so that tasks that began together do not go on together. */
const jitterMs = 2_000;
/** Milliseconds that one read may take. */
const readMs = 10_000;
/** So often in a row EDAS may refuse to show an order: a new one may show late, and one refusal may be a slip. */
const mostRefusals = 3;

/** What is followed, and until when. */
export interface FollowRequest {
  /** The order that carries the rollback out, as far as EDAS named it; else the change itself. */
  orderId: string;
  /** The change that is rolled back. */
  changeOrderId: string;
  /** Milliseconds, on the clock. */
  deadlineAt: number;
  /** Whether an earlier attempt has told what is the matter when this one begins. */
  isRetry: boolean;
}

export interface FollowDependencies {
  read: (changeOrderId: string, timeoutMs: number) => Promise<ChangeOrderProgress>;
  clock: Clock;
  random: () => number;
  /** Told once of what happens meanwhile. `failures`: those that were not told before. */
  tell: (
    event: 'waiting' | 'failing',
    observation: Observation,
    failures: readonly ChangeFailure[],
  ) => Promise<void>;
  warn: (message: string, facts: Record<string, unknown>) => void;
}

/** What was seen of a rollback last. */
export interface Observation {
  /** How often it was looked at. */
  polls: number;
  /** The order that is followed. */
  order?: ChangeOrderProgress | undefined;
  /** The change that is rolled back, where that is another order. */
  change?: ChangeOrderProgress | undefined;
  /** Why the order could not be read at the last look. */
  failure?: EdasFailure | undefined;
  /** Whether EDAS said at the last look that it is asked too often. */
  isThrottled: boolean;
  /** At how many looks in a row EDAS did not know the order, or did not let the function read it. */
  refusals: number;
}

/** How a rollback ended, or why that was not seen. */
export type End = Observation & {
  event: ChangeOrderEnd | Extract<RollbackEventName, 'outcome_unknown' | 'unreadable' | 'out_of_time'>;
};

/**
 * Looks at the orders of a rollback until it has ended, or until the time is up. What happens meanwhile is told once.
 *
 * @throws whatever is no failure of EDAS
 */
export async function pollToEnd(request: FollowRequest, dependencies: FollowDependencies): Promise<End> {
  const { clock, random } = dependencies;
  const memory = newMemory(request);
  let observation: Observation = { polls: 0, isThrottled: false, refusals: 0 };
  for (let pause = firstPauseMs; ; pause = nextPause(pause, observation)) {
    const leftMs = request.deadlineAt - clock.now();
    if (leftMs <= 0) return { ...observation, event: 'out_of_time' };
    await clock.sleep(Math.min(pause + random() * jitterMs, leftMs));
    observation = await poll(observation, request, dependencies);
    const event = endOfRollback(observation, request);
    if (event) return { ...(await pollChange(observation, request, dependencies)), event };
    await reportOnce(observation, memory, dependencies);
  }
}

function nextPause(pause: number, { isThrottled }: Observation): number {
  // Slowly back to normal: the reads that are left belong to those who have to roll back.
  return isThrottled ? Math.min(pause * 2, longestPauseMs) : Math.max(pause / 2, pauseMs);
}

const refusing: readonly EdasFailureKind[] = ['not_found', 'denied', 'unauthenticated'];

async function poll(
  before: Observation,
  { orderId, changeOrderId }: FollowRequest,
  dependencies: FollowDependencies,
): Promise<Observation> {
  const polls = before.polls + 1;
  const order = await readOrFail(orderId, dependencies);
  if (order instanceof EdasFailure) {
    const { kind } = order;
    const refusals = refusing.includes(kind) ? before.refusals + 1 : 0;
    return { ...before, polls, failure: order, isThrottled: kind === 'throttled', refusals };
  }
  const observation = { ...before, polls, order, failure: undefined, isThrottled: false, refusals: 0 };
  // The other reads of this minute belong to those who have to roll back.
  return before.polls % 3 === 0
    ? pollChange(observation, { orderId, changeOrderId }, dependencies)
    : observation;
}

/** The change is looked at for the sake of the messages: without it, the rollback is followed all the same. */
async function pollChange(
  observation: Observation,
  { orderId, changeOrderId }: Pick<FollowRequest, 'orderId' | 'changeOrderId'>,
  dependencies: FollowDependencies,
): Promise<Observation> {
  if (orderId === changeOrderId || endOf(observation.change?.status) !== undefined) return observation;
  const change = await readOrFail(changeOrderId, dependencies);
  if (!(change instanceof EdasFailure)) return { ...observation, change };
  return { ...observation, isThrottled: change.kind === 'throttled' };
}

async function readOrFail(
  orderId: string,
  { read, warn }: FollowDependencies,
): Promise<ChangeOrderProgress | EdasFailure> {
  try {
    return await read(orderId, readMs);
  } catch (failure) {
    if (!(failure instanceof EdasFailure)) throw failure;
    warn('a change order could not be looked at', { orderId, reason: explain(failure, 'read') });
    return failure;
  }
}

function endOfRollback(
  { order, failure, refusals }: Observation,
  { orderId, changeOrderId }: FollowRequest,
): End['event'] | undefined {
  if (failure) return refusals >= mostRefusals ? 'unreadable' : undefined;
  const event = endOf(order?.status);
  // A change that ended by itself, although its rollback was accepted, is not rolled back for all that anybody can see;
  // and one that failed had most probably failed before.
  const isOfChange = orderId === changeOrderId && event !== undefined && event !== 'terminated';
  return isOfChange ? 'outcome_unknown' : event;
}

/** What people were told by this attempt; nobody remembers what earlier ones told. */
interface Memory {
  /** Whether an earlier attempt has told what is seen at the first look, for all that can be known. */
  isSilentOfWait: boolean;
  isSilentOfFailures: boolean;
  /** How many batches were done when it was told that the order waits for a person, who lets one more begin. */
  toldOfWaitAfter?: number;
  toldFailures: Set<string>;
}

function newMemory({ isRetry, orderId, changeOrderId }: FollowRequest): Memory {
  // Where EDAS names no order of the rollback, what has failed in the change itself by the first look is the release's.
  const isSilentOfFailures = isRetry || orderId === changeOrderId;
  return { isSilentOfWait: isRetry, isSilentOfFailures, toldFailures: new Set() };
}

async function reportOnce(
  observation: Observation,
  memory: Memory,
  { tell }: FollowDependencies,
): Promise<void> {
  const { order, failure } = observation;
  if (!order || failure) return;
  const fresh = order.failures.filter((each) => !memory.toldFailures.has(keyOf(each)));
  for (const each of fresh) memory.toldFailures.add(keyOf(each));
  const { done } = order.batches;
  const isWaiting =
    order.status === changeOrderStatus.awaitingConfirmation && memory.toldOfWaitAfter !== done;
  if (isWaiting) memory.toldOfWaitAfter = done;
  const { isSilentOfWait, isSilentOfFailures } = memory;
  memory.isSilentOfWait = false;
  memory.isSilentOfFailures = false;
  if (fresh.length > 0 && !isSilentOfFailures) await tell('failing', observation, fresh);
  if (isWaiting && !isSilentOfWait) await tell('waiting', observation, []);
}
