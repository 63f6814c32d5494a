import type { HmacParameters } from '../verify/hmac.ts';
import type { LinkParameters } from '../verify/link.ts';
import type { TokenParameters } from '../verify/token.ts';
import type { VerifyParameters } from '../verify/verify.ts';
import type { CompiledSource, PayloadTimestamp, ContentType } from './compiled-source.ts';

/**
 * What a sender needs, so that a source of its kind takes three lines of sources.yaml: what it does of itself, and where
 * in its payload things stand (JMESPath), unless the source says otherwise.
 */
export interface Preset {
  /** Whose preset it is, and where the sender documents what it sends. */
  sender: string;
  docs?: string;
  verify: Exclude<VerifyParameters, LinkParameters> | Omit<LinkParameters, 'source'>;
  contentTypes: readonly ContentType[];
  payloadTimestamp?: PayloadTimestamp;
  deliveryHeader?: string;
  ping?: { header: string; value: string };
  handshake?: CompiledSource['handshake'];
  reply?: CompiledSource['reply'];
  actor?: string;
  when?: string;
  changeOrderId?: string;
  app?: string;
  chatText?: string;
  /** An address that takes the result later, from whoever knows it: only chats have one. */
  answerAt?: string;
  problemStartedAt?: string;
  /** Whether its payload has no place for an id: then one application under `apps` is what is rolled back. */
  isByApplication?: boolean;
  refusalStatus?: number;
  /** The sender's patience in milliseconds, less a little; never more than `longestPatienceMs`. */
  deadlineMs: number;
}

/** A rollback needs no more, and s.yaml's timeout is made for it. */
const longestPatienceMs = 9000;

const json = ['json'] as const;

const bodyInHex = {
  scheme: 'hmac',
  algorithm: 'sha256',
  encoding: 'hex',
  prefix: '',
  signed: ['{body}'],
  secretEncoding: 'plain',
} as const;

const bearer: TokenParameters = { scheme: 'token', header: 'authorization', format: 'bearer' };

/** https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md */
function standardWebhooks(headerPrefix: string): HmacParameters {
  return {
    scheme: 'hmac',
    algorithm: 'sha256',
    header: `${headerPrefix}-signature`,
    encoding: 'base64',
    prefix: 'v1,',
    separator: ' ',
    signed: ['{id}', '.', '{timestamp}', '.', '{body}'],
    timestamp: { header: `${headerPrefix}-timestamp`, unit: 's', toleranceSeconds: 300 },
    idHeader: `${headerPrefix}-id`,
    secretEncoding: 'whsec',
  };
}

const gitlab = {
  docs: 'https://docs.gitlab.com/user/project/integrations/webhook_events/#pipeline-events',
  contentTypes: json,
  deliveryHeader: 'x-gitlab-event-uuid',
  actor: 'user.username',
  when: "object_kind == 'pipeline' && object_attributes.status == 'failed'",
  changeOrderId: "object_attributes.variables[?key == 'EDAS_CHANGE_ORDER_ID'].value | [0]",
  // Every fourth failure in a row pauses the webhook, whatever the status, and the fortieth switches it off.
  // https://github.com/gitlabhq/gitlabhq/blob/master/app/models/concerns/web_hooks/auto_disabling.rb
  refusalStatus: 200,
  deadlineMs: longestPatienceMs,
} as const;

/** An alert that repeats itself would roll back the next deployment, too, were it not for the time when it began. */
const alerts = {
  contentTypes: json,
  when: "status == 'firing'",
  app: 'commonLabels.edas_app_id',
  problemStartedAt: "alerts[?status == 'firing'].startsAt",
} as const;

/** The senders that `preset:` knows. */
export const presets = {
  generic: {
    sender: "any sender of one's own, such as openssl in a shell",
    verify: { ...bodyInHex, header: 'x-signature-256', prefix: 'sha256=' },
    contentTypes: json,
    deliveryHeader: 'x-delivery-id',
    deadlineMs: longestPatienceMs,
  },
  github: {
    sender: 'GitHub',
    docs: 'https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries',
    verify: { ...bodyInHex, header: 'x-hub-signature-256', prefix: 'sha256=' },
    contentTypes: ['json', 'json-in-form'],
    deliveryHeader: 'x-github-delivery',
    ping: { header: 'x-github-event', value: 'ping' },
    actor: 'sender.login',
    when: "deployment_status.state == 'failure' || deployment_status.state == 'error'",
    changeOrderId: 'deployment.payload.changeOrderId',
    deadlineMs: longestPatienceMs,
  },
  gitlab: { sender: 'GitLab with a signing token', verify: standardWebhooks('webhook'), ...gitlab },
  'gitlab-token': {
    sender: 'GitLab with a secret token',
    verify: { scheme: 'token', header: 'x-gitlab-token', format: 'plain' },
    ...gitlab,
  },
  bitbucket: {
    sender: 'Bitbucket Cloud',
    docs: 'https://support.atlassian.com/bitbucket-cloud/docs/manage-webhooks/',
    verify: { ...bodyInHex, header: 'x-hub-signature', prefix: 'sha256=' },
    contentTypes: json,
    deliveryHeader: 'x-request-uuid',
    actor: 'actor.display_name',
    when: "commit_status.state == 'FAILED'",
    changeOrderId: 'commit_status.description',
    deadlineMs: longestPatienceMs,
  },
  gitea: {
    sender: 'Gitea, Forgejo, Gogs',
    docs: 'https://docs.gitea.com/usage/webhooks',
    verify: {
      ...bodyInHex,
      header: 'x-gitea-signature',
      aliases: ['x-forgejo-signature', 'x-gogs-signature'],
      signed: ['{payload}'],
    },
    contentTypes: ['json', 'json-in-form'],
    deliveryHeader: 'x-gitea-delivery',
    actor: 'sender.login',
    when: "state == 'failure' || state == 'error'",
    changeOrderId: 'description',
    deadlineMs: longestPatienceMs,
  },
  'standard-webhooks': {
    sender: 'Standard Webhooks',
    docs: 'https://www.standardwebhooks.com',
    verify: standardWebhooks('webhook'),
    contentTypes: json,
    deliveryHeader: 'webhook-id',
    changeOrderId: 'data.changeOrderId || changeOrderId',
    deadlineMs: longestPatienceMs,
  },
  svix: {
    sender: 'Svix',
    docs: 'https://docs.svix.com/receiving/verifying-payloads/how-manual',
    verify: standardWebhooks('svix'),
    contentTypes: json,
    deliveryHeader: 'svix-id',
    changeOrderId: 'data.changeOrderId || changeOrderId',
    deadlineMs: longestPatienceMs,
  },
  slack: {
    sender: 'Slack: slash commands, buttons, events',
    docs: 'https://docs.slack.dev/authentication/verifying-requests-from-slack',
    verify: {
      ...bodyInHex,
      header: 'x-slack-signature',
      prefix: 'v0=',
      signed: ['v0:', '{timestamp}', ':', '{body}'],
      timestamp: { header: 'x-slack-request-timestamp', unit: 's', toleranceSeconds: 300 },
    },
    contentTypes: ['form', 'json-in-form', 'json'],
    handshake: 'slack',
    reply: 'slack',
    actor: 'user_name || user.username || event.user',
    // `/rollback <id>` brings its verb along; what follows any other command needs one of its own.
    chatText:
      "contains(['/rollback', '/回滚'], command || '') && join(' ', ['rollback', text || '']) || text || actions[0].value || event.text",
    // Five messages within half an hour. Events have none.
    // https://docs.slack.dev/interactivity/handling-user-interaction#message_responses
    answerAt: 'response_url',
    deadlineMs: 2500,
  },
  dingtalk: {
    sender: 'DingTalk robots',
    docs: 'https://open.dingtalk.com/document/robots/enterprise-created-chatbot',
    verify: { scheme: 'dingtalk' },
    contentTypes: json,
    reply: 'dingtalk',
    actor: 'senderNick',
    chatText: 'text.content',
    answerAt: 'sessionWebhook',
    deadlineMs: 4500,
  },
  feishu: {
    sender: 'Feishu and Lark: messages to a bot, buttons of cards',
    docs: 'https://open.feishu.cn/document/server-docs/event-subscription-guide/overview',
    verify: { scheme: 'feishu' },
    contentTypes: json,
    handshake: 'feishu',
    reply: 'feishu',
    actor: 'event.sender.sender_id.open_id || event.operator.open_id',
    chatText: 'event.message.content || event.action.value.command',
    deadlineMs: 2500,
  },
  grafana: {
    sender: 'Grafana Alerting',
    docs: 'https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/',
    verify: { ...bodyInHex, header: 'x-grafana-alerting-signature' },
    ...alerts,
    actor: 'title',
    deadlineMs: longestPatienceMs,
  },
  pagerduty: {
    sender: 'PagerDuty webhooks v3',
    docs: 'https://developer.pagerduty.com/docs/webhooks-overview',
    verify: { ...bodyInHex, header: 'x-pagerduty-signature', prefix: 'v1=', separator: ',' },
    contentTypes: json,
    deliveryHeader: 'x-webhook-id',
    actor: 'event.data.html_url',
    when: "event.event_type == 'incident.triggered'",
    problemStartedAt: 'event.occurred_at',
    isByApplication: true,
    // Three 4xx in a row, and PagerDuty switches the webhook off for a day.
    refusalStatus: 200,
    deadlineMs: 4500,
  },
  flux: {
    sender: 'Flux, provider generic-hmac',
    docs: 'https://fluxcd.io/flux/components/notification/providers/#generic-webhook-with-hmac',
    verify: { ...bodyInHex, header: 'x-signature', prefix: 'sha256=' },
    contentTypes: json,
    actor: 'involvedObject.name',
    when: "severity == 'error'",
    changeOrderId: 'metadata.changeOrderId',
    deadlineMs: longestPatienceMs,
  },
  circleci: {
    sender: 'CircleCI',
    docs: 'https://circleci.com/docs/guides/integration/outbound-webhooks/',
    verify: { ...bodyInHex, header: 'circleci-signature', prefix: 'v1=', separator: ',' },
    contentTypes: json,
    ping: { header: 'circleci-event-type', value: 'ping' },
    when: "type == 'workflow-completed' && contains(['failed', 'error'], workflow.status)",
    // It repeats everything that was not answered 2xx, some time later: by then another deployment may be in flight.
    problemStartedAt: 'happened_at',
    isByApplication: true,
    deadlineMs: longestPatienceMs,
  },
  sentry: {
    sender: 'Sentry, internal integrations',
    docs: 'https://docs.sentry.io/organization/integrations/integration-platform/webhooks/',
    verify: { ...bodyInHex, header: 'sentry-hook-signature' },
    contentTypes: json,
    deliveryHeader: 'request-id',
    actor: 'actor.name',
    when: "action == 'critical' || action == 'triggered'",
    problemStartedAt: 'data.metric_alert.date_started || data.event.datetime',
    isByApplication: true,
    // It hangs up after 1 s, in which no rollback is done, and never asks again: the work goes on without it.
    deadlineMs: 2500,
  },
  zendesk: {
    sender: 'Zendesk',
    docs: 'https://developer.zendesk.com/documentation/webhooks/verifying/',
    verify: {
      ...bodyInHex,
      header: 'x-zendesk-webhook-signature',
      encoding: 'base64',
      signed: ['{timestamp}', '{body}'],
      timestamp: { header: 'x-zendesk-webhook-signature-timestamp', unit: 'iso', toleranceSeconds: 300 },
    },
    contentTypes: json,
    handshake: 'zendesk',
    deliveryHeader: 'x-zendesk-webhook-invocation-id',
    deadlineMs: longestPatienceMs,
  },
  linear: {
    sender: 'Linear',
    docs: 'https://linear.app/developers/webhooks',
    verify: { ...bodyInHex, header: 'linear-signature' },
    contentTypes: json,
    payloadTimestamp: { field: 'webhookTimestamp', unit: 'ms', toleranceSeconds: 60 },
    deliveryHeader: 'linear-delivery',
    actor: 'actor.name',
    when: "type == 'Issue' && action == 'create'",
    changeOrderId: 'data.title',
    // It repeats what was not answered 200 three times, and may then switch the webhook off; most issues are none of ours.
    refusalStatus: 200,
    deadlineMs: 4500,
  },
  coding: {
    sender: 'Coding.net',
    docs: 'https://help.coding.net/docs/project-settings/open/webhook.html',
    // The only algorithm that it has.
    verify: { ...bodyInHex, algorithm: 'sha1', header: 'x-coding-signature', prefix: 'sha1=' },
    contentTypes: json,
    deliveryHeader: 'x-coding-delivery',
    ping: { header: 'x-coding-event', value: 'ping' },
    deadlineMs: 4500,
  },
  'stripe-style': {
    sender: 'senders that sign as Stripe does',
    docs: 'https://docs.stripe.com/webhooks#verify-manually',
    verify: { scheme: 'stripe', header: 'stripe-signature', toleranceSeconds: 300 },
    contentTypes: json,
    deadlineMs: longestPatienceMs,
  },
  jenkins: {
    sender: 'a Jenkinsfile that signs with openssl',
    verify: { ...bodyInHex, header: 'x-jenkins-signature' },
    contentTypes: json,
    deadlineMs: longestPatienceMs,
  },
  alertmanager: {
    sender: 'Prometheus Alertmanager',
    docs: 'https://prometheus.io/docs/alerting/latest/configuration/#webhook_config',
    verify: bearer,
    ...alerts,
    actor: 'externalURL',
    deadlineMs: longestPatienceMs,
  },
  cloudmonitor: {
    sender: 'CloudMonitor of Alibaba Cloud',
    docs: 'https://www.alibabacloud.com/help/en/cms/user-guide/configure-callbacks-for-triggering-threshold-alerts',
    verify: { scheme: 'link' },
    contentTypes: ['form'],
    actor: 'alertName',
    when: "alertState == 'ALERT'",
    problemStartedAt: 'timestamp',
    isByApplication: true,
    deadlineMs: 4500,
  },
  arms: {
    sender: 'ARMS alert management of Alibaba Cloud',
    docs: 'https://www.alibabacloud.com/help/en/arms/alarm-operation-center/obtain-the-webhook-url',
    verify: bearer,
    ...alerts,
    contentTypes: ['json', 'json-as-text'],
    deadlineMs: 4500,
  },
  argocd: {
    sender: 'Argo CD notifications',
    docs: 'https://argo-cd.readthedocs.io/en/stable/operator-manual/notifications/services/webhook/',
    verify: bearer,
    contentTypes: json,
    when: "phase == 'Failed' || phase == 'Error' || health == 'Degraded'",
    app: 'edasAppId',
    actor: 'app',
    deadlineMs: longestPatienceMs,
  },
  datadog: {
    sender: 'Datadog',
    docs: 'https://docs.datadoghq.com/integrations/webhooks/',
    verify: bearer,
    contentTypes: json,
    when: "transition == 'Triggered'",
    app: 'edasAppId',
    actor: 'monitor',
    problemStartedAt: 'startedAt',
    deadlineMs: longestPatienceMs,
  },
  'azure-devops': {
    sender: 'Azure DevOps service hooks',
    docs: 'https://learn.microsoft.com/en-us/azure/devops/service-hooks/events',
    verify: { scheme: 'token', header: 'authorization', format: 'basic' },
    contentTypes: json,
    actor: 'resource.requestedFor.displayName',
    // Resource version 1.0 says so in `status`, 2.0 in `result`.
    when: "eventType == 'build.complete' && (resource.result == 'failed' || resource.status == 'failed')",
    // It tries again when it was not answered 2xx, and by then another deployment may be in flight.
    problemStartedAt: 'resource.finishTime || createdDate',
    isByApplication: true,
    // A user reports that one answer that is no 2xx restricted the subscription.
    // https://github.com/MicrosoftDocs/azure-devops-docs/issues/235
    refusalStatus: 200,
    deadlineMs: longestPatienceMs,
  },
  codeup: {
    sender: 'Yunxiao Codeup: comments',
    docs: 'https://help.aliyun.com/zh/yunxiao/user-guide/webhook-settings',
    verify: { scheme: 'token', header: 'x-codeup-token', format: 'plain' },
    contentTypes: json,
    actor: 'user.name',
    when: "object_kind == 'note'",
    chatText: 'object_attributes.note',
    deadlineMs: 4500,
  },
} as const satisfies Record<string, Preset>;

export type PresetName = keyof typeof presets;
