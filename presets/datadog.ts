import { bearer, json } from './common.ts';
import { longestDeadlineMs, type Preset } from './preset.ts';

export const datadog = {
  sender: 'Datadog',
  docs: 'https://docs.datadoghq.com/integrations/webhooks/',
  verify: bearer,
  contentTypes: json,
  jsonAdvice: 'Leave variables with free text, such as $EVENT_MSG, out of the payload.',
  expects: {
    is: "type(transition) == 'string'",
    what: 'the payload of the recipe: an object with transition, monitor, edasAppId and startedAt',
    // https://docs.datadoghq.com/integrations/webhooks/#usage
    others: [
      { is: "type(event_type) == 'string' && type(body) == 'string'", what: "Datadog's default payload" },
    ],
    advice: 'Take the payload from docs/sources.md#datadog.',
  },
  monitorAlarms: {
    each: 'payload',
    // https://docs.datadoghq.com/integrations/webhooks/#variables, $ALERT_TRANSITION
    values: { transition: ['No Data', 'Re-No Data'] },
    meaning: 'Datadog has no data for the monitor.',
  },
  when: "transition == 'Triggered'",
  app: 'edasAppId',
  actor: 'monitor',
  problemStartedAt: 'startedAt',
  summary: 'monitor',
  deadlineMs: longestDeadlineMs,
} as const satisfies Preset;
