import { hmacSha256Hex } from './common.ts';
import type { Preset } from './preset.ts';

export const slack = {
  sender: 'Slack: slash commands, buttons, events',
  docs: 'https://docs.slack.dev/authentication/verifying-requests-from-slack',
  makesSecret: true,
  verify: {
    ...hmacSha256Hex,
    header: 'x-slack-signature',
    prefix: 'v0=',
    signed: ['v0:', '{timestamp}', ':', '{body}'],
    timestamp: { header: 'x-slack-request-timestamp', unit: 's', toleranceSeconds: 300 },
  },
  contentTypes: ['form', 'json-in-form', 'json'],
  handshake: {
    kind: 'slack',
    description:
      'url_verification is answered with its challenge, once it is verified; ssl_check with an empty answer',
  },
  reply: 'slack',
  actor: 'user_name || user.username || event.user',
  // A name can be changed. https://docs.slack.dev/interactivity/implementing-slash-commands#app_command_handling
  person: 'user_id || user.id || event.user',
  // `/rollback <id>` brings the verb along; the text after any other slash command must begin with one.
  command:
    "command == '/rollback' && join(' ', ['rollback', text || '']) || contains(['/回滚', '/回滾'], command || '') && join(' ', ['回滚', text || '']) || text || actions[0].value || event.text",
  salutation: "command || event && '@robot'",
  // It takes five messages within half an hour. Events have none.
  // https://docs.slack.dev/interactivity/handling-user-interaction#message_responses
  answerAt: 'response_url',
  deadlineMs: 2500,
} as const satisfies Preset;
