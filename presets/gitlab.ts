import { inOneLine, json, signedAsStandardWebhooks } from './common.ts';
import { longestDeadlineMs, type Preset } from './preset.ts';

const gitlabEvents = {
  docs: 'https://docs.gitlab.com/user/project/integrations/webhook_events/#pipeline-events',
  contentTypes: json,
  expects: {
    // Of groups, members and systems it is event_name.
    is: "type(object_kind) == 'string' || type(event_name) == 'string'",
    what: 'an event of GitLab: an object with object_kind, such as pipeline',
    advice: 'GitLab must post its own payload: leave the custom webhook template empty.',
  },
  event: { of: 'GitLab', name: 'object_kind || event_name', acts: ['pipeline'] },
  deliveryHeader: 'x-gitlab-event-uuid',
  actor: 'user.username',
  when: "object_kind == 'pipeline' && object_attributes.status == 'failed'",
  changeOrderId: "object_attributes.variables[?key == 'EDAS_CHANGE_ORDER_ID'].value | [0]",
  summary: inOneLine(
    'project.path_with_namespace',
    'object_attributes.name',
    'object_attributes.ref',
    'commit.title',
  ),
  // Every fourth failure in a row pauses the webhook, whatever the status, and the fortieth switches it off.
  // https://github.com/gitlabhq/gitlabhq/blob/master/app/models/concerns/web_hooks/auto_disabling.rb
  refusalStatus: 200,
  deadlineMs: longestDeadlineMs,
} as const;

export const gitlab = {
  sender: 'GitLab with a signing token',
  makesSecret: true,
  verify: signedAsStandardWebhooks('webhook'),
  ...gitlabEvents,
} as const satisfies Preset;

export const gitlabToken = {
  sender: 'GitLab with a secret token',
  verify: { scheme: 'token', header: 'x-gitlab-token', format: 'plain' },
  ...gitlabEvents,
} as const satisfies Preset;
