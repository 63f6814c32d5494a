import { json } from './common.ts';
import type { Preset } from './preset.ts';

export const codeup = {
  sender: 'Yunxiao Codeup: comments',
  docs: 'https://help.aliyun.com/zh/yunxiao/user-guide/webhook-settings',
  verify: { scheme: 'token', header: 'x-codeup-token', format: 'plain' },
  contentTypes: json,
  actor: 'user.name',
  // A note is told again when it is edited, and the system writes notes itself.
  when: "object_kind == 'note' && object_attributes.system != `true` && (object_attributes.action || 'create') == 'create' && object_attributes.created_at == object_attributes.updated_at",
  command: 'object_attributes.note',
  deadlineMs: 4500,
} as const satisfies Preset;
