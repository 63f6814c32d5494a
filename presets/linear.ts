import { hmacSha256Hex, json } from './common.ts';
import type { Preset } from './preset.ts';

export const linear = {
  sender: 'Linear',
  docs: 'https://linear.app/developers/webhooks',
  makesSecret: true,
  verify: { ...hmacSha256Hex, header: 'linear-signature' },
  contentTypes: json,
  payloadTimestamp: { field: 'webhookTimestamp', unit: 'ms', toleranceSeconds: 60 },
  deliveryHeader: 'linear-delivery',
  actor: 'actor.name',
  when: "type == 'Issue' && action == 'create'",
  command: 'data.title',
  // The title is the command.
  summary: 'data.description',
  // Linear repeats three times what was not answered 200, and may then switch the webhook off. Most issues ask for no
  // rollback.
  refusalStatus: 200,
  // https://linear.app/developers/webhooks asks for 200, and names no other status.
  successStatus: 200,
  deadlineMs: 4500,
} as const satisfies Preset;
