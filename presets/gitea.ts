import { hmacSha256Hex, inOneLine } from './common.ts';
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
  expects: {
    is: '(repository || state) != `null`',
    what: 'an event of Gitea, Forgejo or Gogs: an object with repository, and with state where it is a commit status',
    advice: 'Choose the format of the server itself, and none of a chat.',
  },
  event: {
    of: 'Gitea',
    name: "state && 'status' || pull_request && 'pull request' || issue && 'issue' || commits && 'push' || `null`",
    acts: ['status'],
  },
  deliveryHeader: 'x-gitea-delivery',
  actor: 'sender.login',
  when: "state == 'failure' || state == 'error'",
  changeOrderId: 'description',
  summary: inOneLine('repository.full_name', 'context', 'description'),
  deadlineMs: longestDeadlineMs,
} as const satisfies Preset;
