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
  summary: 'data.summary || summary',
  // What is not answered 2xx is repeated for a day or more, and may switch the endpoint off.
  // https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
  refusalStatus: 200,
  deadlineMs: longestDeadlineMs,
} as const satisfies Preset;
