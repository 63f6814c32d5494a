import { hmacSha256Hex } from './common.ts';
import { longestDeadlineMs, type Preset } from './preset.ts';

export const gitea = {
  sender: 'Gitea, Forgejo, Gogs',
  docs: 'https://docs.gitea.com/usage/webhooks',
  verify: {
    ...hmacSha256Hex,
    header: 'x-gitea-signature',
    aliases: ['x-forgejo-signature', 'x-gogs-signature'],
    signed: ['{payload}'],
  },
  contentTypes: ['json', 'json-in-form'],
  deliveryHeader: 'x-gitea-delivery',
  actor: 'sender.login',
  when: "state == 'failure' || state == 'error'",
  changeOrderId: 'description',
  deadlineMs: longestDeadlineMs,
} as const satisfies Preset;
