import { json } from './common.ts';
import type { Preset } from './preset.ts';

export const codeup = {
  sender: 'Yunxiao Codeup: comments',
  docs: 'https://help.aliyun.com/zh/yunxiao/user-guide/webhook-settings',
  verify: { scheme: 'token', header: 'x-codeup-token', format: 'plain' },
  contentTypes: json,
  actor: 'user.name',
  when: "object_kind == 'note'",
  chatText: 'object_attributes.note',
  deadlineMs: 4500,
} as const satisfies Preset;
