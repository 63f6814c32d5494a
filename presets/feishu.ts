import { json } from './common.ts';
import type { Preset } from './preset.ts';

export const feishu = {
  sender: 'Feishu and Lark: messages to a bot, buttons of cards',
  docs: 'https://open.feishu.cn/document/server-docs/event-subscription-guide/overview',
  makesSecret: true,
  verify: { scheme: 'feishu' },
  contentTypes: json,
  handshake: {
    kind: 'feishu',
    description: 'url_verification is answered with its challenge, plain or encrypted',
  },
  reply: 'feishu',
  actor: 'event.sender.sender_id.open_id || event.operator.open_id',
  person: 'event.sender.sender_id.open_id || event.operator.open_id',
  command: 'event.message.content || event.action.value.command',
  salutation: "event.message.chat_type == 'group' && '@robot'",
  deadlineMs: 2500,
} as const satisfies Preset;
