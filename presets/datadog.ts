import { bearer, json } from './common.ts';
import { longestDeadlineMs, type Preset } from './preset.ts';

export const datadog = {
  sender: 'Datadog',
  docs: 'https://docs.datadoghq.com/integrations/webhooks/',
  verify: bearer,
  contentTypes: json,
  when: "transition == 'Triggered'",
  app: 'edasAppId',
  actor: 'monitor',
  problemStartedAt: 'startedAt',
  deadlineMs: longestDeadlineMs,
} as const satisfies Preset;
