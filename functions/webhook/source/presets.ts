import type { HmacParameters } from '../verify/hmac.ts';

/** What a sender needs, so that a source of its kind takes three lines of sources.yaml. Expressions are JMESPath. */
export interface Preset {
  verify: HmacParameters;
  deliveryHeader?: string;
  ping?: { header: string; value: string };
  actor?: string;
  /** The sender's patience in milliseconds, less a little. */
  deadlineMs: number;
}

const bodyInHex = {
  algorithm: 'sha256',
  encoding: 'hex',
  prefix: 'sha256=',
  signed: ['{body}'],
  secretEncoding: 'plain',
} as const;

/** The senders that `preset:` knows. */
export const presets = {
  /** Any sender of one's own, such as `openssl dgst` in a pipeline's shell. */
  generic: {
    verify: { ...bodyInHex, header: 'x-signature-256' },
    deliveryHeader: 'x-delivery-id',
    deadlineMs: 9000,
  },
  /** https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries; it waits 10 seconds. */
  github: {
    verify: { ...bodyInHex, header: 'x-hub-signature-256' },
    deliveryHeader: 'x-github-delivery',
    ping: { header: 'x-github-event', value: 'ping' },
    actor: 'sender.login',
    deadlineMs: 9000,
  },
} as const satisfies Record<string, Preset>;

export type PresetName = keyof typeof presets;
