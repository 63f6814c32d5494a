import { json } from './common.ts';
import type { Preset } from './preset.ts';

export const dingtalk = {
  sender: 'DingTalk robots',
  docs: 'https://open.dingtalk.com/document/robots/enterprise-created-chatbot',
  makesSecret: true,
  verify: { scheme: 'dingtalk' },
  contentTypes: json,
  reply: 'dingtalk',
  actor: 'senderNick',
  chatText: 'text.content',
  answerAt: 'sessionWebhook',
  deadlineMs: 4500,
} as const satisfies Preset;
