import { hmacSha256Hex, json } from './common.ts';
import { longestDeadlineMs, type Preset } from './preset.ts';

export const bitbucket = {
  sender: 'Bitbucket Cloud',
  docs: 'https://support.atlassian.com/bitbucket-cloud/docs/manage-webhooks/',
  verify: { ...hmacSha256Hex, header: 'x-hub-signature', prefix: 'sha256=' },
  contentTypes: json,
  deliveryHeader: 'x-request-uuid',
  actor: 'actor.display_name',
  when: "commit_status.state == 'FAILED'",
  changeOrderId: 'commit_status.description',
  deadlineMs: longestDeadlineMs,
} as const satisfies Preset;
