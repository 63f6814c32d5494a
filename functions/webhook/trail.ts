import type { Source } from './source/load-sources.ts';

/** What is known of a request so far. With the result, it becomes the line of the audit trail. */
export interface Trail {
  startedAt: number;
  requestId?: string | undefined;
  source?: Source;
  delivery?: string | undefined;
  /** Whether the sender has proved who it is. */
  isVerified: boolean;
  app?: string | undefined;
  changeOrderId?: string;
  actor?: string | undefined;
}
