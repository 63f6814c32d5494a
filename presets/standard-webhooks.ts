import { json, signedAsStandardWebhooks } from './common.ts';
import { longestDeadlineMs, type Preset } from './preset.ts';

export const standardWebhooks = {
  sender: 'Standard Webhooks',
  docs: 'https://www.standardwebhooks.com',
  makesSecret: true,
  verify: signedAsStandardWebhooks('webhook'),
  contentTypes: json,
  deliveryHeader: 'webhook-id',
  changeOrderId: 'data.changeOrderId || changeOrderId',
  deadlineMs: longestDeadlineMs,
} as const satisfies Preset;
