import { hmacSha256Hex, inOneLine, json } from './common.ts';
import type { Preset } from './preset.ts';

export const pagerduty = {
  sender: 'PagerDuty webhooks v3',
  docs: 'https://developer.pagerduty.com/docs/webhooks-overview',
  makesSecret: true,
  verify: { ...hmacSha256Hex, header: 'x-pagerduty-signature', prefix: 'v1=', separator: ',' },
  contentTypes: json,
  expects: {
    is: "type(event.event_type) == 'string'",
    what: 'an event of a webhook v3: an object with event, and event_type in it',
    // https://developer.pagerduty.com/docs/webhooks-v2-overview
    others: [{ is: "type(messages) == 'array'", what: 'a message of a PagerDuty webhook v2' }],
    advice: 'Make a webhook under Integrations → Generic Webhooks (v3).',
  },
  event: { of: 'PagerDuty', name: 'event.event_type', acts: ['incident.triggered'] },
  monitorAlarms: {
    each: 'payload',
    // No field says where an incident comes from. These are what Grafana and Datadog write into the titles of theirs.
    parts: { 'event.data.title': ['datasourcenodata', 'datasourceerror', '[no data'] },
    meaning: 'The monitor behind PagerDuty could not ask its data source, or had no data.',
  },
  deliveryHeader: 'x-webhook-id',
  actor: 'event.data.html_url',
  when: "event.event_type == 'incident.triggered'",
  problemStartedAt: 'event.occurred_at',
  isByApplication: true,
  summary: inOneLine('event.data.service.summary', 'event.data.title'),
  // Three 4xx in a row, and PagerDuty switches the webhook off for a day.
  refusalStatus: 200,
  deadlineMs: 4500,
} as const satisfies Preset;
