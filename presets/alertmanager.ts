import { alertmanagerAlerts, bearer } from './common.ts';
import { longestDeadlineMs, type Preset } from './preset.ts';

export const alertmanager = {
  sender: 'Prometheus Alertmanager',
  docs: 'https://prometheus.io/docs/alerting/latest/configuration/#webhook_config',
  verify: bearer,
  ...alertmanagerAlerts,
  actor: 'externalURL',
  deadlineMs: longestDeadlineMs,
} as const satisfies Preset;
