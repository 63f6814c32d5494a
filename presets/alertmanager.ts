import { alerts, bearer } from './common.ts';
import { longestPatienceMs, type Preset } from './preset.ts';

export const alertmanager = {
  sender: 'Prometheus Alertmanager',
  docs: 'https://prometheus.io/docs/alerting/latest/configuration/#webhook_config',
  verify: bearer,
  ...alerts,
  actor: 'externalURL',
  deadlineMs: longestPatienceMs,
} as const satisfies Preset;
