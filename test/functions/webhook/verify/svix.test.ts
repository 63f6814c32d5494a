import { createHmac } from 'node:crypto';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openWithRelease, startTime } from '../../../support/webhook.ts';

const base64 = Buffer.from('fake-key-of-24-bytes-or-more').toString('base64');
const seconds = Date.parse(startTime) / 1000;

async function open(preset: string, secret: string) {
  const sources = `sources: { hook: { preset: ${preset}, secrets: [SECRET], dryRun: true } }`;
  const { webhook, orderId } = await openWithRelease(
    { sources, env: { SECRET: secret } },
    {},
    onTestFinished,
  );
  const body = JSON.stringify({ type: 'deployment.failed', data: { changeOrderId: orderId } });
  const sign = (id: string, time: number) => {
    const key = Buffer.from(base64, 'base64');
    return `v1,${createHmac('sha256', key).update(`${id}.${time}.${body}`).digest('base64')}`;
  };
  const headersOf = (prefix: string, { id = 'msg_1', time = seconds } = {}) => ({
    [`${prefix}-id`]: id,
    [`${prefix}-timestamp`]: String(time),
    [`${prefix}-signature`]: sign(id, time),
  });
  const send = async (headers: Record<string, string>) => {
    const answer = await webhook.send({ path: '/hook', body, headers });
    return answer.body['outcome'] ?? answer.body['code'];
  };
  return { send, headersOf, sign, webhook };
}

describe.each(['standard-webhooks', 'gitlab', 'svix'])('%s', (preset) => {
  test.each([
    ['with whsec_', `whsec_${base64}`],
    ['without whsec_', base64],
  ])('takes a secret %s', async (_, secret) => {
    const { send, headersOf } = await open(preset, secret);
    const outcome = await send(headersOf(preset === 'svix' ? 'svix' : 'webhook'));
    expect(['dry_run', 'ignored', 'payload_unexpected']).toContain(outcome);
  });
});

describe('the headers of svix', () => {
  test('may be called webhook-…, as for its own library, and the delivery is logged', async () => {
    const { send, headersOf, webhook } = await open('svix', base64);
    expect(await send(headersOf('webhook', { id: 'msg_2' }))).toBe('dry_run');
    expect(webhook.decisions()).toMatchObject([{ delivery: 'msg_2' }]);
  });

  test('called svix-… come first where both families are complete', async () => {
    const { send, headersOf } = await open('svix', base64);
    expect(await send({ ...headersOf('webhook', { time: 1 }), ...headersOf('svix') })).toBe('dry_run');
    expect(await send({ ...headersOf('webhook'), ...headersOf('svix', { time: 1 }) })).toBe(
      'timestamp_out_of_window',
    );
  });

  test('are one family: a name of the other does not complete it', async () => {
    const { send, headersOf } = await open('svix', base64);
    const svix = headersOf('svix');
    const other = headersOf('webhook');
    const without = (headers: Record<string, string>, name: string) =>
      Object.fromEntries(Object.entries(headers).filter(([each]) => each !== name));
    for (const name of ['id', 'timestamp', 'signature']) {
      const mixed = { ...without(svix, `svix-${name}`), [`webhook-${name}`]: other[`webhook-${name}`] ?? '' };
      expect(await send(mixed)).toMatch(/^(signature|timestamp)_missing$/);
    }
  });

  test('called webhook-… count where svix-… is not complete', async () => {
    const { send, headersOf } = await open('svix', base64);
    expect(await send({ ...headersOf('webhook'), 'svix-id': 'msg_3' })).toBe('dry_run');
  });

  test('are not taken under another preset', async () => {
    const { send, headersOf } = await open('standard-webhooks', base64);
    expect(await send(headersOf('svix'))).toBe('signature_missing');
  });
});
