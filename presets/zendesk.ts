import { hmacSha256Hex, inOneLine, json } from './common.ts';
import { longestDeadlineMs, type Preset } from './preset.ts';

export const zendesk = {
  sender: 'Zendesk',
  docs: 'https://developer.zendesk.com/documentation/webhooks/verifying/',
  makesSecret: true,
  verify: {
    ...hmacSha256Hex,
    header: 'x-zendesk-webhook-signature',
    encoding: 'base64',
    signed: ['{timestamp}', '{body}'],
    timestamp: { header: 'x-zendesk-webhook-signature-timestamp', unit: 'iso', toleranceSeconds: 300 },
  },
  contentTypes: json,
  handshake: {
    kind: 'zendesk',
    description: "a test that is signed with Zendesk's public test secret is answered, and does nothing",
  },
  deliveryHeader: 'x-zendesk-webhook-invocation-id',
  // It repeats a 409, and a webhook with many errors is paused.
  // https://developer.zendesk.com/api-reference/webhooks/introduction
  refusalStatus: 200,
  // A person fills the field of a ticket in: so it must hold an id, and nothing else.
  command: "join(' ', ['rollback', changeOrderId || ''])",
  summary: inOneLine('title', "ticket && join(' ', ['Ticket', ticket])", 'priority'),
  deadlineMs: longestDeadlineMs,
} as const satisfies Preset;
