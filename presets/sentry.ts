import { hmacSha256Hex, inOneLine, json } from './common.ts';
import type { Preset } from './preset.ts';

export const sentry = {
  sender: 'Sentry, internal integrations',
  docs: 'https://docs.sentry.io/organization/integrations/integration-platform/webhooks/',
  makesSecret: true,
  verify: { ...hmacSha256Hex, header: 'sentry-hook-signature' },
  contentTypes: json,
  expects: {
    is: "type(action) == 'string' && type(data) == 'object'",
    what: 'a webhook of a Sentry integration: an object with action and data',
    advice:
      'Use an internal integration as the action of the alert rule, and not the legacy plugin WebHooks.',
  },
  // By the shape, since the header Sentry-Hook-Resource is not signed.
  // https://docs.sentry.io/organization/integrations/integration-platform/webhooks/
  event: {
    of: 'Sentry',
    name: "data.metric_alert && 'metric_alert' || data.event && 'event_alert' || data.activity && 'activity_alert' || data.installation && 'installation' || data.issue && 'issue' || `null`",
    acts: ['metric_alert', 'event_alert'],
  },
  deliveryHeader: 'request-id',
  actor: 'actor.name',
  monitorAlarms: {
    each: 'payload',
    // https://github.com/getsentry/sentry/blob/master/src/sentry/monitors/logic/incident_occurrence.py
    parts: {
      "data.event.occurrence.evidenceDisplay[?name == 'Failure reason'].value | [0]": ['missed'],
    },
    meaning: 'A cron monitor heard nothing of its job.',
  },
  when: "action == 'critical' && type(data.metric_alert) == 'object' || action == 'triggered' && type(data.event) == 'object'",
  problemStartedAt: 'data.metric_alert.date_started || data.event.datetime',
  isByApplication: true,
  // https://docs.sentry.io/integrations/integration-platform/webhooks/metric-alerts/
  summary: inOneLine(
    'data.description_title || data.metric_alert.title',
    'data.description_text',
    'data.triggered_rule',
    'data.event.title',
  ),
  // Sentry hangs up after 1 s, before a rollback is done, and never repeats: the function goes on after that.
  deadlineMs: 2500,
} as const satisfies Preset;
