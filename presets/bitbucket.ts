import { hmacSha256Hex, inOneLine, json } from './common.ts';
import { longestDeadlineMs, type Preset } from './preset.ts';

export const bitbucket = {
  sender: 'Bitbucket Cloud',
  docs: 'https://support.atlassian.com/bitbucket-cloud/docs/manage-webhooks/',
  verify: { ...hmacSha256Hex, header: 'x-hub-signature', prefix: 'sha256=' },
  contentTypes: json,
  expects: {
    is: "type(commit_status) == 'object' || type(repository) == 'object' && type(eventKey) != 'string'",
    what: 'an event of Bitbucket Cloud: an object with repository, and commit_status where it is one of a build',
    others: [
      // https://confluence.atlassian.com/bitbucketserver/event-payload-938025882.html
      { is: "type(eventKey) == 'string'", what: 'an event of Bitbucket Data Center' },
    ],
    advice:
      'Data Center has no event of this kind: let the job that fails send the webhook, with preset: generic.',
  },
  event: {
    of: 'Bitbucket',
    name: "commit_status && 'build status' || push && 'push' || pullrequest && 'pull request' || `null`",
    acts: ['build status'],
  },
  deliveryHeader: 'x-request-uuid',
  actor: 'actor.display_name',
  when: "commit_status.state == 'FAILED'",
  changeOrderId: 'commit_status.description',
  summary: inOneLine(
    'repository.full_name',
    'commit_status.name',
    'commit_status.refname',
    'commit_status.description',
  ),
  deadlineMs: longestDeadlineMs,
} as const satisfies Preset;
