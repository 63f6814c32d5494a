import { json } from './common.ts';
import { longestDeadlineMs, type Preset } from './preset.ts';

export const stripeStyle = {
  sender: 'senders that sign as Stripe does',
  docs: 'https://docs.stripe.com/webhooks#verify-manually',
  makesSecret: true,
  verify: { scheme: 'stripe', header: 'stripe-signature', toleranceSeconds: 300 },
  contentTypes: json,
  // https://docs.stripe.com/webhooks#retries: what is not answered 2xx is repeated for three days.
  refusalStatus: 200,
  deadlineMs: longestDeadlineMs,
} as const satisfies Preset;
