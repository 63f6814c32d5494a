import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { errorCatalogue, Problem, type ErrorCode } from '../../functions/errors.ts';

const root = new URL('../../', import.meta.url);
const codes = Object.keys(errorCatalogue) as ErrorCode[];

describe('the catalogue of errors', () => {
  test('has the codes and statuses that were promised, and senders match on', () => {
    expect(Object.fromEntries(codes.map((code) => [code, errorCatalogue[code].status]))).toEqual({
      payload_malformed: 400,
      signature_missing: 401,
      signature_malformed: 401,
      signature_mismatch: 401,
      token_missing: 401,
      token_mismatch: 401,
      link_malformed: 401,
      link_expired: 401,
      timestamp_missing: 401,
      timestamp_malformed: 401,
      timestamp_out_of_window: 401,
      sender_not_allowed: 403,
      app_not_allowed: 403,
      source_unknown: 404,
      change_order_not_found: 404,
      method_not_allowed: 405,
      decision_not_open: 409,
      change_order_finished: 409,
      app_has_no_change_in_flight: 409,
      release_not_newest: 409,
      release_too_old: 409,
      app_has_change_in_flight: 409,
      groups_differ: 409,
      no_previous_version: 409,
      previous_version_uncertain: 409,
      app_rolled_back_recently: 409,
      release_already_tried: 409,
      problem_predates_change: 409,
      body_too_large: 413,
      content_type_unsupported: 415,
      content_encoding_unsupported: 415,
      payload_unexpected: 422,
      change_order_id_missing: 422,
      change_order_id_ambiguous: 422,
      app_missing: 422,
      app_ambiguous: 422,
      credentials_missing: 500,
      edas_endpoint_invalid: 500,
      internal: 500,
      edas_denied: 502,
      edas_rejected: 502,
      change_start_unknown: 502,
      release_end_unknown: 502,
      edas_unavailable: 502,
      edas_throttled: 503,
      secrets_unavailable: 503,
      task_not_taken: 503,
      source_not_configured: 503,
      edas_outcome_unknown: 504,
      rollback_suspended: 503,
      task_malformed: 400,
      notification_failed: 502,
      event_malformed: 400,
      event_account_mismatch: 403,
      event_unexpected: 422,
      event_out_of_window: 403,
    });
  });

  test('has a title of its own for each', () => {
    const titles = codes.map((code) => errorCatalogue[code].title);
    expect(new Set(titles).size).toBe(codes.length);
  });

  test('has no code that nothing raises', () => {
    const files = readdirSync(new URL('functions/', root), { recursive: true, encoding: 'utf8' });
    const sources = files
      .filter((file) => file.endsWith('.ts') && file !== 'errors.ts')
      .map((file) => readFileSync(new URL(`functions/${file}`, root), 'utf8'));
    const raised = codes.filter((code) => sources.some((source) => source.includes(`'${code}'`)));
    expect(raised).toEqual(codes);
  });

  test('has exactly one section in docs/errors.md for each code', () => {
    const page = readFileSync(new URL('docs/errors.md', root), 'utf8');
    const headings = Array.from(page.matchAll(/^## (.+)$/gm), ([, heading]) => heading);
    expect(headings.toSorted()).toEqual(codes.toSorted());
  });

  test.each(codes)('says in docs/errors.md why there is %s, and how to fix it', (code) => {
    const page = readFileSync(new URL('docs/errors.md', root), 'utf8');
    const [, section = ''] = new RegExp(`^## ${code}$(.*?)(?=^## |$(?![^]))`, 'ms').exec(page) ?? [];
    const parts = section.trim().split(/^- \*\*(\w+):\*\* /m);
    const [nothing, why, reason = '', fix, advice = '', retry] = parts;
    expect([nothing, why, fix, retry, parts.length]).toEqual(['', 'Why', 'Fix', 'Retry', 7]);
    expect(Math.min(reason.length, advice.length)).toBeGreaterThan(20);
  });

  test('says in docs/errors.md of each code under which status it comes and whether to retry, as the code does', () => {
    const page = readFileSync(new URL('docs/errors.md', root), 'utf8');
    for (const code of codes) {
      const { status, retry } = errorCatalogue[code];
      const [, section = ''] = new RegExp(`^## ${code}$(.*?)(?=^## |$(?![^]))`, 'ms').exec(page) ?? [];
      expect(section).toContain(`**Retry:** ${retry ? 'yes' : 'no'}`);
      expect(page).toMatch(new RegExp(`^\\| ${status} +\\|.*\`${code}\``, 'm'));
    }
  });
});

test('a Problem is an Error with its code, its sentence, its facts and its cause', () => {
  const cause = new Error('inner');
  const problem = new Problem('edas_denied', 'why', { changeOrderId: 'x' }, { cause });
  expect(problem).toBeInstanceOf(Error);
  expect(problem).toMatchObject({
    name: 'Problem',
    code: 'edas_denied',
    message: 'why',
    facts: { changeOrderId: 'x' },
    cause,
  });
});

test('a Problem without facts has none', () => {
  expect(new Problem('internal', 'why').facts).toEqual({});
});
