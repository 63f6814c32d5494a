import { bodyInHex, json } from './common.ts';
import { longestPatienceMs, type Preset } from './preset.ts';

export const circleci = {
  sender: 'CircleCI',
  docs: 'https://circleci.com/docs/guides/integration/outbound-webhooks/',
  verify: { ...bodyInHex, header: 'circleci-signature', prefix: 'v1=', separator: ',' },
  contentTypes: json,
  ping: { header: 'circleci-event-type', value: 'ping' },
  when: "type == 'workflow-completed' && contains(['failed', 'error'], workflow.status)",
  // CircleCI repeats everything that was not answered 2xx. By then another deployment may be in flight.
  problemStartedAt: 'happened_at',
  isByApplication: true,
  deadlineMs: longestPatienceMs,
} as const satisfies Preset;
