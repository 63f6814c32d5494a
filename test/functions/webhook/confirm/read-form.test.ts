import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Problem } from '../../../../functions/errors.ts';
import { readForm, type DecisionForm } from '../../../../functions/webhook/confirm/read-form.ts';
import type { WebhookRequest } from '../../../../functions/webhook/receive.ts';
import { runs } from '../../../support/runs.ts';

const type = { 'content-type': 'application/x-www-form-urlencoded' };

function read(body: string | Buffer, headers: Record<string, string> = type): DecisionForm | string {
  const request: WebhookRequest = {
    method: 'POST',
    path: '/confirm/fake',
    query: new Map(),
    requestId: undefined,
    headers: new Map(Object.entries(headers)),
    body: Buffer.from(body).toString('base64'),
    isBase64Encoded: true,
  };
  try {
    return readForm(request);
  } catch (error) {
    if (error instanceof Problem) return error.code;
    throw error;
  }
}

describe('the form of the page', () => {
  test.each([
    ['decision=roll_back&shown=s', { decision: 'roll_back', shown: 's' }],
    ['decision=leave&shown=&name=&version=', { decision: 'leave', shown: '' }],
    [
      'shown=s&version=1.8%7C1&name=%20Fake%0A+Person&decision=leave',
      { decision: 'leave', shown: 's', name: 'Fake Person', version: '1.8|1' },
    ],
  ])('%s is read', (body, form) => {
    expect(read(body)).toEqual({ name: undefined, version: undefined, ...form });
  });

  test.each([
    ['no decision', 'shown=s', type, 'payload_malformed'],
    ['another decision', 'decision=delete&shown=s', type, 'payload_malformed'],
    ['nothing of what was shown', 'decision=leave', type, 'payload_malformed'],
    [
      'JSON',
      '{"decision":"leave","shown":""}',
      { 'content-type': 'application/json' },
      'content_type_unsupported',
    ],
    ['no type', 'decision=leave&shown=s', {}, 'content_type_unsupported'],
    [
      'another site behind it',
      'decision=leave&shown=s',
      { ...type, 'sec-fetch-site': 'same-site' },
      'sender_not_allowed',
    ],
    ['more than 16 KiB', `decision=leave&shown=s&name=${'x'.repeat(16_384)}`, type, 'body_too_large'],
  ])('with %s is refused', (_what, body, headers, code) => {
    expect(read(body, headers as Record<string, string>)).toBe(code);
  });

  test('is read as it was written, whatever is in it, and the name is one short line', () => {
    const text = fc.string({ unit: 'binary' }).filter((each) => each.isWellFormed());
    const property = fc.property(text, text, text, (shown, name, version) => {
      const form = read(new URLSearchParams({ decision: 'leave', shown, name, version }).toString());
      if (typeof form === 'string') return false;
      const { name: typed = '' } = form;
      const isOneLine = typed.length <= 81 && !/[\n\r\u2028\u2029]/.test(typed);
      return isOneLine && form.shown === shown && (form.version ?? '') === version;
    });
    fc.assert(property, { numRuns: runs(200), seed: 1 });
  });

  test('is read or refused, whatever bytes come', () => {
    const property = fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const form = read(Buffer.from(bytes));
      return typeof form === 'string' || ['leave', 'roll_back'].includes(form.decision);
    });
    fc.assert(property, { numRuns: runs(200), seed: 1 });
  });
});
