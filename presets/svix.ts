import { json, signedAsStandardWebhooks } from './common.ts';
import { longestDeadlineMs, type Preset } from './preset.ts';

export const svix = {
  sender: 'Svix',
  docs: 'https://docs.svix.com/receiving/verifying-payloads/how-manual',
  makesSecret: true,
  verify: {
    ...signedAsStandardWebhooks('svix'),
    // As Svix's own library. https://github.com/svix/svix-webhooks/blob/main/javascript/src/webhook.ts
    unbranded: { header: 'webhook-signature', timestamp: 'webhook-timestamp', idHeader: 'webhook-id' },
  },
  contentTypes: json,
  deliveryHeader: 'svix-id',
  changeOrderId: 'data.changeOrderId || changeOrderId',
  summary: 'data.summary || summary',
  // https://docs.svix.com/retries.md: eight tries, and an endpoint that fails for five days is switched off.
  refusalStatus: 200,
  deadlineMs: longestDeadlineMs,
} as const satisfies Preset;
