import { json, bodyInHex } from './common.ts';
import { longestPatienceMs, type Preset } from './preset.ts';

export const zendesk = {
  sender: 'Zendesk',
  docs: 'https://developer.zendesk.com/documentation/webhooks/verifying/',
  verify: {
    ...bodyInHex,
    header: 'x-zendesk-webhook-signature',
    encoding: 'base64',
    signed: ['{timestamp}', '{body}'],
    timestamp: { header: 'x-zendesk-webhook-signature-timestamp', unit: 'iso', toleranceSeconds: 300 },
  },
  contentTypes: json,
  handshake: 'zendesk',
  deliveryHeader: 'x-zendesk-webhook-invocation-id',
  deadlineMs: longestPatienceMs,
} as const satisfies Preset;
