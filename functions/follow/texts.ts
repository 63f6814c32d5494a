import type { RollbackEventName } from './rollback-event.ts';

/**
 * What a message can be about: an event, or
 *
 * - `…_itself`: the order that was followed is the change itself, and what in it is the rollback is not known.
 * - `succeeded_presumably`: the order that was followed only looks like the rollback, or the change does not show it.
 * - `…_release`: what is rolled back is a release that had ended.
 * - `succeeded_unhealthy`, `succeeded_elsewhere`, `succeeded_unseen`: the rollback of a release succeeded, but not all
 *   instances are healthy, or run the version that was gone back to; or that could not be seen.
 * - `out_of_sight`: the time is up, and the order was not seen at the end.
 * - `asked_release`: people are asked about a release that had ended. `not_decided_…`: why they are not asked any more.
 * - `not_rolled_back_decided`: a person decided to roll back, and it was not done.
 */
export type Topic =
  | RollbackEventName
  | 'waiting_itself'
  | 'failing_itself'
  | 'terminated_itself'
  | 'succeeded_presumably'
  | 'started_release'
  | 'succeeded_release'
  | 'succeeded_unhealthy'
  | 'succeeded_elsewhere'
  | 'succeeded_unseen'
  | 'not_rolled_back_release'
  | 'outcome_unknown_release'
  | 'out_of_sight'
  | 'asked_release'
  | 'not_rolled_back_decided'
  | 'not_decided_over'
  | 'not_decided_unasked'
  | 'not_decided_unseen';

/** All words of a message in one language. */
export interface Texts {
  /**
   * The first word tells whether all is well. Each contains the word for rollback, because a DingTalk robot can require
   * a keyword.
   */
  headlines: Record<Topic, string>;
  /** What a person should do; undefined where there is nothing to do. */
  next: Record<Topic, string | undefined>;
  /** What is added to it where an earlier version was deployed. */
  notUndone: string;
  labels: Record<
    | 'app'
    | 'change'
    | 'version'
    | 'groups'
    | 'rollback'
    | 'status'
    | 'batches'
    | 'instances'
    | 'failed'
    | 'alert'
    | 'since'
    | 'until'
    | 'people'
    | 'took'
    | 'by'
    | 'decidedBy'
    | 'page'
    | 'why'
    | 'next',
    string
  >;
  /** Between a label and what it is for. */
  colon: string;
  comma: string;
  /** Between two sentences. */
  space: string;
  changeOrder: (id: string) => string;
  inBrackets: (text: string) => string;
  status: (status: number) => string;
  versions: (from: string, to: string) => string;
  healthy: (count: number, total: number) => string;
  onVersion: (count: number, total: number, version: string) => string;
  versionUnseen: string;
  batches: (done: number, total: number) => string;
  duration: (hours: number, minutes: number, seconds: number) => string;
  source: (name: string) => string;
  delivery: (id: string) => string;
  more: (count: number) => string;
  /** Where a person has to choose the version. */
  versionsToChoose: (from: string, candidates: string) => string;
  /** @param epochMs milliseconds since 1970 */
  time: (epochMs: number) => string;
  until: (time: string, minutes: number) => string;
  twoPeople: string;
  /** What people do who decide by a command. */
  typeInChat: (changeOrderId: string) => string;
  oneMoreTypes: (changeOrderId: string) => string;
  /** A name that a person typed into the page. */
  claimedName: (name: string) => string;
  noName: string;
  /** What a button says. */
  openPage: string;
}
