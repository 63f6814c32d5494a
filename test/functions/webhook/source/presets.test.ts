import { describe, expect, test } from 'vitest';
import { presets } from '../../../../functions/webhook/source/presets.ts';

describe.each(Object.entries(presets))('the preset %s', (_, preset) => {
  test('signs the whole body with nothing weaker than SHA-256', () => {
    expect(preset.verify.signed).toContain('{body}');
    expect(['sha256', 'sha512']).toContain(preset.verify.algorithm);
  });

  test('names its headers in lower case, as a request does', () => {
    const names = [preset.verify.header, preset.deliveryHeader, 'ping' in preset ? preset.ping.header : ''];
    expect(names).toEqual(names.map((name) => name.toLowerCase()));
  });

  test('leaves time for an answer', () => {
    expect(preset.deadlineMs).toBeGreaterThanOrEqual(2000);
  });
});

// https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
test("the preset github checks GitHub's SHA-256 header, not the old SHA-1 one", () => {
  expect(presets.github.verify).toMatchObject({ header: 'x-hub-signature-256', prefix: 'sha256=' });
});

// https://docs.github.com/en/webhooks/using-webhooks/handling-webhook-deliveries
test('the preset github is done before GitHub hangs up after ten seconds', () => {
  expect(presets.github.deadlineMs).toBeLessThan(10_000);
});
