import { bearer, json } from './common.ts';
import { longestDeadlineMs, type Preset } from './preset.ts';

export const argocd = {
  sender: 'Argo CD notifications',
  docs: 'https://argo-cd.readthedocs.io/en/stable/operator-manual/notifications/services/webhook/',
  verify: bearer,
  contentTypes: json,
  when: "phase == 'Failed' || phase == 'Error' || health == 'Degraded'",
  app: 'edasAppId',
  actor: 'app',
  deadlineMs: longestDeadlineMs,
} as const satisfies Preset;
