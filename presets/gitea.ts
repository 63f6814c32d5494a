import { bodyInHex } from './common.ts';
import { longestPatienceMs, type Preset } from './preset.ts';

export const gitea = {
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
} as const satisfies Preset;
