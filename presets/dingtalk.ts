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
  // People choose their nick. The id of the employee is there where the robot's own company has it.
  // https://open.dingtalk.com/document/orgapp/receive-message
  person: 'senderStaffId || senderId',
  // Formatted text comes in parts. https://open.dingtalk.com/document/orgapp/receive-message
  command: 'text.content || content.richText',
  // In a conversation of two there is nobody to mention.
  salutation: "conversationType == '2' && '@robot'",
  answerAt: 'sessionWebhook',
  deadlineMs: 4500,
} as const satisfies Preset;
