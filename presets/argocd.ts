import { bearer, inOneLine, json } from './common.ts';
import { longestDeadlineMs, type Preset } from './preset.ts';

export const argocd = {
  sender: 'Argo CD notifications',
  docs: 'https://argo-cd.readthedocs.io/en/stable/operator-manual/notifications/services/webhook/',
  verify: bearer,
  contentTypes: json,
  // https://argo-cd.readthedocs.io/en/stable/operator-manual/notifications/services/webhook/
  jsonAdvice:
    'Write {{toJson .app.metadata.name}}, without quotation marks around it, for each text in the template.',
  expects: {
    is: "type(@) == 'object' && (type(phase) == 'string' || type(health) == 'string')",
    what: 'what the template in the recipe makes: an object with app, phase, health, edasAppId and the times',
    advice: 'Take the template from docs/sources.md#argocd.',
  },
  when: "phase == 'Failed' || phase == 'Error' || health == 'Degraded'",
  app: 'edasAppId',
  actor: 'app',
  // The latest of what fired: an old failure does not protect a release after which the application degraded.
  // https://github.com/argoproj/argo-cd/blob/master/pkg/apis/application/v1alpha1/types.go: OperationState.finishedAt,
  // AppHealthStatus.lastTransitionTime, which older versions do not have. A time is written in UTC, so text sorts as time does.
  problemStartedAt:
    "max([health == 'Degraded' && (degradedAt || finishedAt) || '', contains(['Failed', 'Error'], phase) && finishedAt || ''])",
  summary: inOneLine('app', "phase && join(' ', ['sync', phase])", "health && join(' ', ['health', health])"),
  // It repeats three times within seconds what was answered 5xx, and the triggers of a sync and of the health fire together.
  comesSeveralTimes: true,
  // What was not answered 2xx is sent again each time that the application is looked at.
  // https://github.com/argoproj/notifications-engine/blob/master/pkg/controller/controller.go
  refusalStatus: 200,
  deadlineMs: longestDeadlineMs,
} as const satisfies Preset;
