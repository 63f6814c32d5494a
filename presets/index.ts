import { alertmanager } from './alertmanager.ts';
import { argocd } from './argocd.ts';
import { arms } from './arms.ts';
import { azureDevops } from './azure-devops.ts';
import { bitbucket } from './bitbucket.ts';
import { circleci } from './circleci.ts';
import { cloudmonitor } from './cloudmonitor.ts';
import { codeup } from './codeup.ts';
import { coding } from './coding.ts';
import { datadog } from './datadog.ts';
import { dingtalk } from './dingtalk.ts';
import { feishu } from './feishu.ts';
import { flux } from './flux.ts';
import { generic } from './generic.ts';
import { gitea } from './gitea.ts';
import { github } from './github.ts';
import { gitlab, gitlabToken } from './gitlab.ts';
import { grafana } from './grafana.ts';
import { jenkins } from './jenkins.ts';
import { linear } from './linear.ts';
import { pagerduty } from './pagerduty.ts';
import type { Preset } from './preset.ts';
import { sentry } from './sentry.ts';
import { slack } from './slack.ts';
import { sls } from './sls.ts';
import { standardWebhooks } from './standard-webhooks.ts';
import { stripeStyle } from './stripe-style.ts';
import { svix } from './svix.ts';
import { zendesk } from './zendesk.ts';

/**
 * The presets by name, in the order of docs/sources.md. Only the build reads them: the bundle holds what the sources
 * use.
 */
export const presets = {
  generic,
  github,
  gitlab,
  'gitlab-token': gitlabToken,
  bitbucket,
  gitea,
  'standard-webhooks': standardWebhooks,
  svix,
  slack,
  dingtalk,
  feishu,
  grafana,
  pagerduty,
  flux,
  circleci,
  sentry,
  zendesk,
  linear,
  coding,
  'stripe-style': stripeStyle,
  jenkins,
  alertmanager,
  cloudmonitor,
  arms,
  sls,
  argocd,
  datadog,
  'azure-devops': azureDevops,
  codeup,
} as const satisfies Record<string, Preset>;

export type PresetName = keyof typeof presets;
