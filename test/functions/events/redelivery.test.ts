import { expect, test } from 'vitest';
import { errorCatalogue, Problem, type ErrorCode } from '../../../functions/errors.ts';
import { mustBeDeliveredAgain } from '../../../functions/events/redelivery.ts';
import { TaskQueueFailure } from '../../../functions/platform/task-queue.ts';

/**
 * Every code, and whether its event comes again: where nothing may have been sent, and where a rollback may have been. A new code
 * has to be thought about here.
 */
const table: Record<ErrorCode, 'never' | 'unless sent' | 'always'> = {
  signature_missing: 'never',
  signature_malformed: 'never',
  signature_mismatch: 'never',
  token_missing: 'never',
  token_mismatch: 'never',
  link_malformed: 'never',
  link_expired: 'never',
  timestamp_missing: 'never',
  timestamp_malformed: 'never',
  timestamp_out_of_window: 'never',
  payload_malformed: 'never',
  sender_not_allowed: 'never',
  app_not_allowed: 'never',
  source_unknown: 'never',
  change_order_not_found: 'never',
  method_not_allowed: 'never',
  change_order_finished: 'never',
  app_has_no_change_in_flight: 'never',
  release_not_newest: 'never',
  release_too_old: 'never',
  app_has_change_in_flight: 'never',
  groups_differ: 'never',
  no_previous_version: 'never',
  previous_version_uncertain: 'never',
  app_rolled_back_recently: 'never',
  release_already_tried: 'never',
  decision_not_open: 'never',
  problem_predates_change: 'never',
  body_too_large: 'never',
  content_type_unsupported: 'never',
  content_encoding_unsupported: 'never',
  payload_unexpected: 'never',
  change_order_id_missing: 'never',
  change_order_id_ambiguous: 'never',
  app_missing: 'never',
  app_ambiguous: 'never',
  credentials_missing: 'never',
  edas_endpoint_invalid: 'never',
  internal: 'unless sent',
  edas_denied: 'never',
  edas_rejected: 'never',
  change_start_unknown: 'never',
  release_end_unknown: 'never',
  // Said of a rollback only where it never left, or was certainly not taken.
  edas_unavailable: 'always',
  edas_throttled: 'always',
  secrets_unavailable: 'always',
  task_not_taken: 'always',
  source_not_configured: 'never',
  edas_outcome_unknown: 'never',
  rollback_suspended: 'never',
  task_malformed: 'never',
  // Only the follow function has it.
  notification_failed: 'always',
  event_malformed: 'never',
  event_account_mismatch: 'never',
  event_unexpected: 'never',
  event_out_of_window: 'never',
};

const again = (problem: Problem) => [
  mustBeDeliveredAgain(problem, false),
  mustBeDeliveredAgain(problem, true),
];

test.each(Object.entries(table) as [ErrorCode, string][])(
  'an event that ended as %s comes again: %s',
  (code, when) => {
    const expected = { never: [false, false], 'unless sent': [true, false], always: [true, true] }[when];
    expect(again(new Problem(code, 'fake'))).toEqual(expected);
  },
);

test('every code of the catalogue is in the table', () => {
  expect(Object.keys(table).sort()).toEqual(Object.keys(errorCatalogue).sort());
});

test('a doubt whether a task was taken is none about EDAS: it comes again, for there is one task of an id', () => {
  const cause = new TaskQueueFailure('fake', true);
  expect(again(new Problem('edas_outcome_unknown', 'fake', {}, { cause }))).toEqual([true, false]);
  const other = new Error('fake');
  expect(again(new Problem('edas_outcome_unknown', 'fake', {}, { cause: other }))).toEqual([false, false]);
});
