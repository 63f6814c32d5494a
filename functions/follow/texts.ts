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
  | 'out_of_sight';

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
    | 'took'
    | 'by'
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
}
