import { hmacSha256Hex, json } from './common.ts';
import type { Preset } from './preset.ts';

export const pagerduty = {
  sender: 'PagerDuty webhooks v3',
  docs: 'https://developer.pagerduty.com/docs/webhooks-overview',
  makesSecret: true,
  verify: { ...hmacSha256Hex, header: 'x-pagerduty-signature', prefix: 'v1=', separator: ',' },
  contentTypes: json,
  deliveryHeader: 'x-webhook-id',
  actor: 'event.data.html_url',
  when: "event.event_type == 'incident.triggered'",
  problemStartedAt: 'event.occurred_at',
  isByApplication: true,
  // Three 4xx in a row, and PagerDuty switches the webhook off for a day.
  refusalStatus: 200,
  deadlineMs: 4500,
} as const satisfies Preset;
