import { alertmanagerAlerts, bearer } from './common.ts';
import { longestDeadlineMs, type Preset } from './preset.ts';

export const alertmanager = {
  sender: 'Prometheus Alertmanager',
  docs: 'https://prometheus.io/docs/alerting/latest/configuration/#webhook_config',
  verify: bearer,
  ...alertmanagerAlerts,
  actor: 'externalURL',
  // Each member of a pair for high availability sends when it cannot see the other one.
  // https://prometheus.io/docs/alerting/latest/alertmanager/#high-availability
  comesSeveralTimes: true,
  // A 4xx is logged as an error and comes again with every group interval, and no resolved follows.
  // https://github.com/prometheus/alertmanager/blob/main/notify/webhook/webhook.go
  refusalStatus: 200,
  deadlineMs: longestDeadlineMs,
} as const satisfies Preset;
