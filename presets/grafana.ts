import { alertmanagerAlerts, hmacSha256Hex } from './common.ts';
import { longestDeadlineMs, type Preset } from './preset.ts';

export const grafana = {
  sender: 'Grafana Alerting',
  docs: 'https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/',
  verify: { ...hmacSha256Hex, header: 'x-grafana-alerting-signature' },
  ...alertmanagerAlerts,
  // https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/
  jsonAdvice: 'Make a custom payload with coll.Dict and data.ToJSON, or leave it out.',
  actor: 'title',
  // A pair for high availability works as Alertmanager's, whose code it has.
  // https://grafana.com/docs/grafana/latest/alerting/set-up/configure-high-availability/
  comesSeveralTimes: true,
  // Its Alertmanager sends what was not answered 2xx again with every group interval, and shows the contact point as failing.
  refusalStatus: 200,
  deadlineMs: longestDeadlineMs,
} as const satisfies Preset;
