import { hmacSha256Hex, inOneLine, json } from './common.ts';
import { longestDeadlineMs, type Preset } from './preset.ts';

export const circleci = {
  sender: 'CircleCI',
  docs: 'https://circleci.com/docs/guides/integration/outbound-webhooks/',
  verify: { ...hmacSha256Hex, header: 'circleci-signature', prefix: 'v1=', separator: ',' },
  contentTypes: json,
  event: { of: 'CircleCI', name: 'type', acts: ['workflow-completed'] },
  ping: { header: 'circleci-event-type', value: 'ping' },
  when: "type == 'workflow-completed' && contains(['failed', 'error'], workflow.status)",
  // CircleCI repeats everything that was not answered 2xx. By then another deployment may be in flight.
  problemStartedAt: 'happened_at',
  isByApplication: true,
  // A project of GitLab or of the GitHub app has its branch under trigger_parameters.
  // https://circleci.com/docs/reference/outbound-webhooks-reference/
  summary: inOneLine(
    'project.name',
    'workflow.name',
    'pipeline.vcs.branch || pipeline.trigger_parameters.git.branch',
    'pipeline.vcs.commit.subject || pipeline.trigger_parameters.git.commit_title',
  ),
  // https://circleci.com/docs/guides/integration/outbound-webhooks/
  refusalStatus: 200,
  deadlineMs: longestDeadlineMs,
} as const satisfies Preset;
