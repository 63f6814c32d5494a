import { alerts, bodyInHex } from './common.ts';
import { longestPatienceMs, type Preset } from './preset.ts';

export const grafana = {
  sender: 'Grafana Alerting',
  docs: 'https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/',
  verify: { ...bodyInHex, header: 'x-grafana-alerting-signature' },
  ...alerts,
  actor: 'title',
  deadlineMs: longestPatienceMs,
} as const satisfies Preset;
