import { describe, expect, test } from 'vitest';
import type { JSONValue } from '../../../../functions/select/expression.ts';
import { requireFreshPayload } from '../../../../functions/webhook/payload/fresh-payload.ts';
import { sourceWith } from '../../../support/expression-source.ts';
import { codeOf } from '../../../support/problem.ts';

describe('the time in a signed payload', () => {
  const now = 1_767_225_600_000;
  const limited = {
    ...sourceWith({}),
    payloadTimestamp: { field: 'webhookTimestamp', unit: 'ms', toleranceSeconds: 60 },
  } as const;
  const check = (payload: JSONValue) =>
    codeOf(() => {
      requireFreshPayload(limited, payload, now);
    });

  test.each<[string, JSONValue, string | undefined]>([
    ['now', { webhookTimestamp: now }, undefined],
    ['as text', { webhookTimestamp: String(now) }, undefined],
    ['at the edge of the past', { webhookTimestamp: now - 60_000 }, undefined],
    ['at the edge of the future', { webhookTimestamp: now + 60_000 }, undefined],
    ['too old', { webhookTimestamp: now - 60_001 }, 'timestamp_out_of_window'],
    ['in the future', { webhookTimestamp: now + 60_001 }, 'timestamp_out_of_window'],
    ['in seconds', { webhookTimestamp: now / 1000 }, 'timestamp_out_of_window'],
    ['no whole number', { webhookTimestamp: now + 0.5 }, 'timestamp_malformed'],
    ['words', { webhookTimestamp: 'now' }, 'timestamp_malformed'],
    ['missing', {}, 'timestamp_missing'],
    ['null', { webhookTimestamp: null }, 'timestamp_missing'],
    ['somewhere else', { data: { webhookTimestamp: now } }, 'timestamp_missing'],
    ['in no object', [now], 'timestamp_missing'],
    ['inherited', JSON.parse(`{"__proto__":{"webhookTimestamp":${now}}}`) as JSONValue, 'timestamp_missing'],
  ])('%s', (_, payload, code) => {
    expect(check(payload)).toBe(code);
  });

  test('does not count where the source does not ask for it', () => {
    expect(
      codeOf(() => {
        requireFreshPayload(sourceWith({}), {}, now);
      }),
    ).toBeUndefined();
  });
});
