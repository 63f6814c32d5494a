import { hmacSha256Hex, json } from './common.ts';
import type { Preset } from './preset.ts';

export const sentry = {
  sender: 'Sentry, internal integrations',
  docs: 'https://docs.sentry.io/organization/integrations/integration-platform/webhooks/',
  makesSecret: true,
  verify: { ...hmacSha256Hex, header: 'sentry-hook-signature' },
  contentTypes: json,
  deliveryHeader: 'request-id',
  actor: 'actor.name',
  when: "action == 'critical' || action == 'triggered'",
  problemStartedAt: 'data.metric_alert.date_started || data.event.datetime',
  isByApplication: true,
  // Sentry hangs up after 1 s, before a rollback is done, and never repeats: the function goes on after that.
  deadlineMs: 2500,
} as const satisfies Preset;
