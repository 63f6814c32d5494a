import type { ExpectedPayloads, KnownPayload } from '../preset.ts';

/** How an event tells that a change order has ended. */
export interface EndPaths {
  /** True for an event that tells it. */
  is: string;
  app: string;
  changeOrderId: string;
}

/**
 * What is known of the events that one service puts on EventBridge, so that its source takes a line of sources.yaml. The
 * expressions (JMESPath) are over the whole CloudEvent, with the service's own part under `data`. A source can override them.
 */
export interface EventPreset {
  /** Who makes the events, and the page where that is documented. */
  sender: string;
  docs?: string;
  /**
   * Whether it is documented where the expressions find what they read: by a page that shows a whole event, or because our recipe
   * writes that part itself. If not, they are read out of less: the preset is not confirmed, and says so.
   */
  isConfirmed: boolean;
  /** The `source` of its CloudEvents; with a * at the end, whatever begins so. Undefined: the operator says. */
  source?: readonly string[];
  /** Their `type`, in the same way. Those that say that all is well are among them: `when` ignores them. */
  type?: readonly string[];
  expects?: ExpectedPayloads;
  /**
   * Its events tell that change orders have ended, and the tasks that follow these orders look at once. A source then rolls back only where it
   * says when.
   */
  tellsEnds?: EndPaths;
  /** The events that can be a reason to roll back, whatever a source says. */
  actsOnlyOn?: KnownPayload;
  when?: string;
  changeOrderId?: string;
  app?: string;
  actor?: string;
  /**
   * When the problem began. Not the `time` of an alert's event where the alert repeats itself: each repetition has a new one, and
   * the repair that was deployed in between would be rolled back.
   */
  problemStartedAt?: string;
  /** What an alert says in its own words, for the people who are asked before a rollback. */
  summary?: string;
  /** An event as it arrives, as far as that is known. Ids and account are made up. */
  sample: Readonly<Record<string, unknown>>;
}

/** What to do where it is not documented how an event looks: sentences. */
export const lookAtFirstEvent =
  'Set LOG_EVENTS=true for the events function, look at the first event in its log, and write when, app and problemStartedAt into sources.yaml as the event has them.';
