/**
 * The catalogue of failures: what a caller can be told, under which HTTP status, and whether trying the same
 * request again can help. `docs/errors.md` has a section for each code; a test keeps the two equal.
 */
export const errorCatalogue = {
  signature_missing: { status: 401, title: 'The request carries no signature', retry: false },
  signature_malformed: { status: 401, title: 'The signature cannot be read', retry: false },
  signature_mismatch: { status: 401, title: 'The signature does not match', retry: false },
  token_missing: { status: 401, title: 'The request carries no token', retry: false },
  token_mismatch: { status: 401, title: 'The token is not the right one', retry: false },
  link_malformed: { status: 401, title: 'The link cannot be used', retry: false },
  link_expired: { status: 401, title: 'The link has expired', retry: false },
  timestamp_missing: { status: 401, title: 'The request carries no timestamp', retry: false },
  timestamp_malformed: { status: 401, title: 'The timestamp cannot be read', retry: false },
  timestamp_out_of_window: { status: 401, title: 'The request is too old or from the future', retry: false },

  payload_malformed: { status: 400, title: 'The payload cannot be used', retry: false },
  sender_not_allowed: { status: 403, title: 'This sender may not roll back', retry: false },
  app_not_allowed: { status: 403, title: 'This sender may not touch this application', retry: false },
  source_unknown: { status: 404, title: 'No source has this path', retry: false },
  change_order_not_found: { status: 404, title: 'EDAS does not know this change order', retry: false },
  method_not_allowed: { status: 405, title: 'This path does not take this method', retry: false },
  change_order_finished: {
    status: 409,
    title: 'The change order can no longer be rolled back',
    retry: false,
  },
  app_has_no_change_in_flight: {
    status: 409,
    title: 'No deployment of the application is in flight',
    retry: false,
  },
  release_not_newest: {
    status: 409,
    title: 'The release is not the newest of its application',
    retry: false,
  },
  release_too_old: { status: 409, title: 'The release ended too long ago', retry: false },
  app_has_change_in_flight: { status: 409, title: 'A change of the application is in flight', retry: false },
  groups_differ: { status: 409, title: 'The groups of the application run different versions', retry: false },
  no_previous_version: { status: 409, title: 'There is no version to go back to', retry: false },
  previous_version_uncertain: {
    status: 409,
    title: 'It is not certain which version ran before',
    retry: false,
  },
  app_rolled_back_recently: {
    status: 409,
    title: 'The application was rolled back a short time ago',
    retry: false,
  },
  release_already_tried: { status: 409, title: 'The release was to be rolled back before', retry: false },
  decision_not_open: {
    status: 409,
    title: 'There is nothing to decide about this change order',
    retry: false,
  },
  problem_predates_change: { status: 409, title: 'The problem is older than the change', retry: false },
  body_too_large: { status: 413, title: 'The body is too large', retry: false },
  content_type_unsupported: { status: 415, title: 'The content type is not supported', retry: false },
  content_encoding_unsupported: { status: 415, title: 'The body is compressed', retry: false },
  payload_unexpected: { status: 422, title: 'The payload is not one of this sender', retry: false },
  change_order_id_missing: { status: 422, title: 'The payload names no change order', retry: false },
  change_order_id_ambiguous: { status: 422, title: 'The payload names several change orders', retry: false },
  app_missing: { status: 422, title: 'The payload names no application', retry: false },
  app_ambiguous: { status: 422, title: 'The payload names several applications', retry: false },

  credentials_missing: { status: 500, title: 'The function has no credentials', retry: false },
  edas_endpoint_invalid: { status: 500, title: 'The address of EDAS cannot be used', retry: false },
  internal: { status: 500, title: 'The function failed', retry: true },
  edas_denied: { status: 502, title: 'EDAS denied access', retry: false },
  edas_rejected: { status: 502, title: 'EDAS refused the request', retry: false },
  change_start_unknown: { status: 502, title: 'EDAS does not say when the change began', retry: false },
  release_end_unknown: { status: 502, title: 'EDAS does not say when the release ended', retry: false },
  edas_unavailable: { status: 502, title: 'EDAS could not be asked', retry: true },
  edas_throttled: { status: 503, title: 'EDAS is throttling', retry: true },
  secrets_unavailable: { status: 503, title: 'The secrets of this source cannot be read', retry: true },
  task_not_taken: { status: 503, title: 'Function Compute took no task', retry: true },
  source_not_configured: { status: 503, title: 'This source is closed', retry: false },
  edas_outcome_unknown: { status: 504, title: 'It is not known yet whether the rollback began', retry: true },

  // Of the follow function, which is not called over HTTP: they stand in its log and in notifications.
  rollback_suspended: { status: 503, title: 'Rollbacks are suspended', retry: false },
  task_malformed: { status: 400, title: 'The task cannot be read', retry: false },
  notification_failed: { status: 502, title: 'No channel accepted the notification', retry: true },

  // Of the events function, which is not called over HTTP either: they stand in its log, and in what it returns.
  event_malformed: { status: 400, title: 'The event cannot be read', retry: false },
  event_account_mismatch: { status: 403, title: 'The event is of another account', retry: false },
  event_unexpected: { status: 422, title: 'No source takes events of this kind', retry: false },
  event_out_of_window: { status: 403, title: 'The event is too old or from the future', retry: false },
} as const satisfies Record<string, { status: number; title: string; retry: boolean }>;

/** A stable name for one kind of failure, safe to match on. */
export type ErrorCode = keyof typeof errorCatalogue;

/** What an answer or a log line may say about a failure beyond its code and sentence. Never anything secret. */
export interface ProblemFacts {
  app?: string;
  changeOrderId?: string;
  /** EDAS's own identifiers of the call that failed, for a ticket with Alibaba Cloud. */
  edas?: { requestId?: string | undefined; traceId?: string | undefined };
  /** Methods that the path does take (405). */
  allow?: string;
  /** Seconds after which another attempt makes sense (503). */
  retryAfterSeconds?: number;
}

/**
 * A failure that the caller is told about. `message` becomes the answer's `detail`: never put a secret into it.
 *
 * It has no stack, because its code says what happened and V8 takes longer to make a stack than the signature to
 * verify.
 */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly code: ErrorCode;
  readonly facts: ProblemFacts;

  constructor(code: ErrorCode, detail: string, facts: ProblemFacts = {}, options?: { cause?: unknown }) {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(detail, options);
    Error.stackTraceLimit = stackTraceLimit;
    this.code = code;
    this.facts = facts;
  }
}
