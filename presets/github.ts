import { hmacSha256Hex } from './common.ts';
import { longestDeadlineMs, type Preset } from './preset.ts';

export const github = {
  sender: 'GitHub',
  docs: 'https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries',
  verify: { ...hmacSha256Hex, header: 'x-hub-signature-256', prefix: 'sha256=' },
  contentTypes: ['json', 'json-in-form'],
  deliveryHeader: 'x-github-delivery',
  ping: { header: 'x-github-event', value: 'ping' },
  actor: 'sender.login',
  when: "deployment_status.state == 'failure' || deployment_status.state == 'error'",
  changeOrderId: 'deployment.payload.changeOrderId',
  deadlineMs: longestDeadlineMs,
} as const satisfies Preset;
