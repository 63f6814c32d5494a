import type { ExpectedPayloads } from '../preset.ts';

/**
 * What is known of the events that one service puts on EventBridge, so that its source takes a line of sources.yaml. The
 * expressions (JMESPath) are over the whole CloudEvent, with the service's own part under `data`. A source can override them.
 */
export interface EventPreset {
  /** Who makes the events, and the page where that is documented. */
  sender: string;
  docs?: string;
  /**
   * Whether a page of the sender shows a whole event. If not, the expressions are read out of less: the preset is not confirmed,
   * and says so.
   */
  isConfirmed: boolean;
  /** The `source` of its CloudEvents; with a * at the end, whatever begins so. Undefined: the operator says. */
  source?: readonly string[];
  /** Their `type`, in the same way. */
  type?: readonly string[];
  expects?: ExpectedPayloads;
  when?: string;
  changeOrderId?: string;
  app?: string;
  actor?: string;
  problemStartedAt?: string;
  /** What an alert says in its own words, for the people who are asked before a rollback. */
  summary?: string;
  /** An event as it arrives, as far as that is known. Ids and account are made up. */
  sample: Readonly<Record<string, unknown>>;
}
