import { hmacSha256Hex, inOneLine } from './common.ts';
import { longestDeadlineMs, type Preset } from './preset.ts';

export const github = {
  sender: 'GitHub',
  docs: 'https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries',
  verify: { ...hmacSha256Hex, header: 'x-hub-signature-256', prefix: 'sha256=' },
  contentTypes: ['json', 'json-in-form'],
  expects: {
    is: '(sender || repository || organization || deployment_status) != `null`',
    what: 'an event of GitHub: an object with sender, and with repository or organization',
    advice: 'Let a webhook of the repository or organisation post here, with the event Deployment statuses.',
  },
  event: {
    of: 'GitHub',
    // Of the others, the message names the fields.
    name: "deployment_status && 'deployment_status' || deployment && 'deployment' || `null`",
    acts: ['deployment_status'],
  },
  deliveryHeader: 'x-github-delivery',
  ping: { header: 'x-github-event', value: 'ping' },
  // A status that an app sets need not name a user.
  actor: "sender.login || deployment_status.creator.login || 'unknown'",
  when: "deployment_status.state == 'failure' || deployment_status.state == 'error'",
  // Whoever creates the deployment chooses: an object, or text, which may be JSON.
  // https://docs.github.com/en/rest/deployments/deployments#create-a-deployment
  changeOrderId: 'deployment.payload.changeOrderId || deployment.payload',
  summary: inOneLine(
    'repository.full_name',
    'workflow.name',
    'deployment.ref',
    'deployment_status.environment',
    'deployment_status.description',
  ),
  deadlineMs: longestDeadlineMs,
} as const satisfies Preset;
