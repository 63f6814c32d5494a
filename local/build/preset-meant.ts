import { eventPresets } from '../../presets/events/index.ts';
import { presets as webhookPresets } from '../../presets/index.ts';
import { nearestOf } from './did-you-mean.ts';

/**
 * The presets of senders under the names that people know them by: their products, what they were called before, what sends
 * through them, and short forms. Without blanks, dots, dashes and underscores.
 */
const otherNames: Record<string, readonly string[]> = {
  alertmanager: [
    'prometheus',
    'prom',
    'am',
    'prometheusalertmanager',
    'mimir',
    'cortex',
    'thanos',
    'vmalert',
    'loki',
  ],
  argocd: ['argo', 'argocdnotifications'],
  arms: ['aliyunarms', 'armsprometheus'],
  'azure-devops': ['azure', 'azuredevops', 'azurepipelines', 'ado', 'vsts', 'tfs'],
  bitbucket: ['bitbucketcloud'],
  circleci: ['circle'],
  cloudmonitor: ['cms', 'aliyunmonitor', '云监控'],
  codeup: ['yunxiaocodeup', 'aliyuncodeup'],
  coding: ['codingnet'],
  datadog: ['dd'],
  dingtalk: ['ding', 'dingding', '钉钉'],
  feishu: ['lark', 'larksuite', '飞书'],
  flux: ['fluxcd', 'weaveflux'],
  generic: ['custom', 'own', 'other', 'webhook', 'hmac', 'http', 'none', 'default'],
  gitea: ['forgejo', 'gogs', 'codeberg'],
  github: ['gh', 'githubactions', 'githubapp', 'githubenterprise', 'actions'],
  gitlab: ['gl', 'gitlabci', 'gitlabsigned', 'gitlabsigning', 'gitlabpipeline', 'gitlabcom'],
  'gitlab-token': ['gitlabsecret', 'gitlabsecrettoken'],
  grafana: ['grafanaalerting', 'grafanacloud'],
  jenkins: ['jenkinsci', 'cloudbees'],
  pagerduty: ['pd'],
  sentry: ['sentryio'],
  slack: ['slackbot', 'slashcommand'],
  sls: ['logservice', 'simplelogservice', 'aliyunlog', 'aliyunsls', '日志服务'],
  'standard-webhooks': ['standardwebhook', 'webhooks'],
  'stripe-style': ['stripe'],
};

/** Headings of docs/sources.md, for senders that need no preset, or another word. */
const recipes: Record<string, readonly string[]> = {
  'new-relic': ['newrelic', 'nr'],
  opsgenie: ['opsgenie', 'jiraservicemanagement', 'jsm'],
  zabbix: ['zabbix'],
  'yunxiao-flow': ['yunxiao', 'yunxiaoflow', 'flow', 'aliyunflow', '云效'],
  flagger: ['flagger'],
  'jenkins-with-http-request': ['jenkinshttp', 'httprequest'],
  'a-shell-with-openssl': ['shell', 'bash', 'sh', 'curl', 'openssl', 'script'],
  'spell-out-how-a-sender-signs': [
    ...['teams', 'msteams', 'microsoftteams', 'telegram', 'discord', 'googlechat', 'servicenow', 'dynatrace'],
    ...[
      'appdynamics',
      'nagios',
      'icinga',
      'uptimekuma',
      'statuspage',
      'travis',
      'teamcity',
      'drone',
      'harness',
    ],
    ...['spinnaker', 'tekton', 'buildkite', 'octopus'],
  ],
};

/** Words that are no sender. */
const noSenders: Record<string, string> = {
  k8s: 'no sender is called so: cluster: k8s says that the applications run in Kubernetes',
  kubernetes: 'no sender is called so: cluster: k8s says that the applications run in Kubernetes',
  ecs: 'no sender is called so: cluster: ecs, the default, says where the applications run',
  edas: 'EDAS sends no webhooks: name what asks for the rollback. Its own events come by EventBridge: preset: edas-event, under events',
  wecom: 'WeCom is told how a rollback ends (notify), and cannot ask for one',
  wechat: 'WeCom is told how a rollback ends (notify), and cannot ask for one',
  wework: 'WeCom is told how a rollback ends (notify), and cannot ask for one',
};

/** The end of a message about a preset that there is not: the one that was meant, or where senders without one stand. */
export function presetMeant(word: string, presets: readonly string[]): string {
  const name = plain(word);
  const same = presets.find((each) => plain(each) === name);
  const meant = same ?? keyWith(name, otherNames, presets);
  if (meant !== undefined) return `; did you mean "${meant}"?`;
  if (Object.hasOwn(noSenders, name)) return `; ${noSenders[name] ?? ''}`;
  const recipe = keyWith(name, recipes, Object.keys(recipes));
  if (recipe !== undefined) return `; it needs no preset: docs/sources.md#${recipe}`;
  const near = nearestOf(word, presets);
  if (near !== undefined) return `; did you mean "${near}"?`;
  return '; npm run explain lists the presets, and docs/sources.md#senders-without-a-preset has other senders';
}

/** The same for the preset of a source under `sources`, which may be one of events. */
export function webhookPresetMeant(word: string): string {
  const ofEvents = eventPresetCalled(plain(word));
  if (ofEvents !== undefined) return `; ${ofEvents} is for events: it belongs under events, beside sources`;
  return presetMeant(word, Object.keys(webhookPresets));
}

/** Events that are known under another name. */
const otherNamesOfEvents: Record<string, readonly string[]> = {
  cloudevent: ['cloudevents', 'eventbridge', 'event', 'events', 'any'],
};

/** And under `events`, where it may be one of webhooks. */
export function eventPresetMeant(word: string): string {
  const name = plain(word);
  const names = Object.keys(eventPresets);
  const ofWebhooks = keyWith(name, otherNames, Object.keys(otherNames));
  const meant =
    eventPresetCalled(name) ??
    keyWith(name, otherNamesOfEvents, names) ??
    eventPresetCalled(`${plain(ofWebhooks ?? word)}event`);
  if (meant !== undefined) return `; did you mean "${meant}"?`;
  if (Object.hasOwn(webhookPresets, word) || ofWebhooks !== undefined) {
    return `; ${ofWebhooks ?? word} sends webhooks: move this source under sources, or take preset: cloudevent if its events come by EventBridge`;
  }
  const near = nearestOf(word, names);
  if (near !== undefined) return `; did you mean "${near}"?`;
  return `; there are ${names.filter((each) => each !== 'cloudevent').join(', ')}, and cloudevent for any other event`;
}

/** The preset of events that is called so, without blanks, dots, dashes and underscores; also in the plural. */
function eventPresetCalled(name: string): string | undefined {
  return Object.keys(eventPresets).find((each) => plain(each) === name.replace(/s$/, ''));
}

function plain(word: string): string {
  return word.toLowerCase().replaceAll(/[\s._-]/g, '');
}

function keyWith(
  name: string,
  names: Record<string, readonly string[]>,
  known: readonly string[],
): string | undefined {
  return known.find((key) => names[key]?.includes(name));
}
