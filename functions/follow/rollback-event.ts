import type { ChangeFailure } from '../edas/change-order.ts';
import type { RollbackOperation } from '../edas/client.ts';
import type { ErrorCode } from '../errors.ts';
import type { ReleaseVersions } from '../rollback/release.ts';
import type { Decider, RollbackAsked } from '../task.ts';

/**
 * What people are told of.
 *
 * - `started`: the rollback has begun.
 * - `waiting`: it waits for a person to confirm the next batch (status 8), and will not move by itself.
 * - `failing`: a stage or task of it has failed, and it runs on.
 * - `succeeded`, `partly_succeeded`, `failed`, `terminated`: how it ended. Terminated: a person stopped the rollback, or
 *   EDAS carries it out under the id of the change itself, which then looks like this.
 * - `already_terminated`: there was nothing to do, for the change had ended from outside before.
 * - `already_rolled_back`: there was nothing to do, for the version of a release that had ended runs nowhere any more.
 * - `not_rolled_back`: the rollback that this task should do was refused, or cannot be done.
 * - `outcome_unknown`: the rollback was sent, and it is not known yet whether it has begun.
 * - `unreadable`: the order cannot be read, or the function failed, so the rollback is not followed.
 * - `out_of_time`: the function's time is up, and the rollback has not ended.
 * - `asked`: a person has to decide whether it is rolled back.
 * - `approved`: the first of two people wants it.
 * - `left_alone`: a person decided against it.
 * - `not_decided`: people were asked, and there is nothing to decide any more, for the reason in {@link Undecided}.
 * - `task_refused`: a task came that cannot be read, so what it asks for was not done.
 */
export type RollbackEventName =
  | 'started'
  | 'waiting'
  | 'failing'
  | 'succeeded'
  | 'partly_succeeded'
  | 'failed'
  | 'terminated'
  | 'already_terminated'
  | 'already_rolled_back'
  | 'not_rolled_back'
  | 'outcome_unknown'
  | 'unreadable'
  | 'out_of_time'
  | 'asked'
  | 'approved'
  | 'left_alone'
  | 'not_decided'
  | 'task_refused';

/** Whether there is more to come after it. */
export function isInterim(event: RollbackEventName): boolean {
  return ['started', 'waiting', 'failing', 'asked', 'approved'].includes(event);
}

/**
 * Why a question ended without a decision.
 *
 * - `time_over`: no one decided in time.
 * - `change_over`: the change was rolled back or stopped elsewhere, or has ended by itself.
 * - `never_asked`: the task came so late that the time was over before people could be asked.
 * - `unseen`: the time is over, and it could not be seen whether a person decided.
 */
export type Undecided = 'time_over' | 'change_over' | 'never_asked' | 'unseen';

/** What people have to decide. Texts in it are as the alert has them. */
export interface Question extends Pick<
  RollbackAsked,
  'by' | 'link' | 'people' | 'expiresAt' | 'summary' | 'problemStartedAt' | 'choice'
> {
  /** Milliseconds until `expiresAt`, when people are asked. */
  leftMs: number;
}

/** What has happened. Texts from outside in it are bounded, and hold no secret. */
export interface RollbackEvent {
  event: RollbackEventName;
  /** The order that carries the rollback out, where it is another one than the change. */
  rollbackChangeOrderId?: string | undefined;
  /** Whether EDAS did not name that order, and it only looks like the rollback in the application's list. */
  isPresumed?: boolean | undefined;
  /** What EDAS calls the change that is rolled back, such as a version. */
  description?: string | undefined;
  /** The status of the order that was followed, as it was seen last. */
  status?: number | undefined;
  /** The status of the change that is rolled back, where that is another order. */
  changeStatus?: number | undefined;
  /** How many batches of the order that was followed are done, and how many it has. */
  batches?: { done: number; total: number } | undefined;
  /** Of a release that had ended: the versions and the groups of instances. */
  release?: ReleaseVersions | undefined;
  /** How the instances of these groups were, seen once after the end. Absent where they could not be read. */
  instances?: InstanceCounts | undefined;
  /** What people are asked. */
  question?: Question | undefined;
  /** Why they are not asked any more, although they have not decided. */
  undecided?: Undecided | undefined;
  /** What failed inside the order; of a running one, what has failed since the last news of it. */
  failures: readonly ChangeFailure[];
  /** Why, where something went wrong; the code is that of docs/errors.md. */
  problem?: { code?: ErrorCode | undefined; message: string } | undefined;
}

/** How many instances are as they should be after the rollback of a release. */
export interface InstanceCounts {
  total: number;
  healthy: number;
  /** How many run the version that was gone back to. Undefined where EDAS does not show which version they run. */
  onVersion: number | undefined;
}

/** What has happened, and to what: all that people are told. */
export interface Notification extends RollbackEvent {
  /** Of the invocation. Function Compute's retries of a task have the same. */
  requestId?: string | undefined;
  /** Absent only where the task cannot be read. */
  changeOrderId?: string | undefined;
  app?: { id: string; name?: string | undefined } | undefined;
  /** What rolls back. `RollbackApplication`: a release that had ended. */
  operation?: RollbackOperation | 'RollbackApplication' | undefined;
  source?: string | undefined;
  actor?: string | undefined;
  /** Who decided, where a person was asked. */
  decidedBy?: Decider | undefined;
  /** How often people were asked about this change order, this time included. */
  ask?: number | undefined;
  delivery?: string | undefined;
  /** Milliseconds from the webhook until now. */
  tookMs?: number | undefined;
  /** Where people look at it. */
  consoleUrl: string;
}
