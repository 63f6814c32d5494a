import type { RollbackEventName } from './rollback-event.ts';

/**
 * What a message can be about: an event, or
 *
 * - `…_itself`: the order that was followed is the change itself, and what in it is the rollback is not known.
 * - `succeeded_presumably`: the order that was followed only looks like the rollback, or the change does not show it.
 * - `out_of_sight`: the time is up, and the order was not seen at the end.
 */
export type Topic =
  | RollbackEventName
  | 'waiting_itself'
  | 'failing_itself'
  | 'terminated_itself'
  | 'succeeded_presumably'
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
  labels: Record<
    'app' | 'change' | 'rollback' | 'status' | 'batches' | 'failed' | 'took' | 'by' | 'why' | 'next',
    string
  >;
  /** Between a label and what it is for. */
  colon: string;
  comma: string;
  changeOrder: (id: string) => string;
  inBrackets: (text: string) => string;
  status: (status: number) => string;
  batches: (done: number, total: number) => string;
  duration: (hours: number, minutes: number, seconds: number) => string;
  source: (name: string) => string;
  delivery: (id: string) => string;
  moreFailures: (count: number) => string;
}
