import { hmacSha256Hex, json } from './common.ts';
import { longestDeadlineMs, type Preset } from './preset.ts';

export const generic = {
  sender: "any sender of one's own, such as openssl in a shell",
  verify: { ...hmacSha256Hex, header: 'x-signature-256', prefix: 'sha256=' },
  contentTypes: json,
  deliveryHeader: 'x-delivery-id',
  summary: 'summary',
  deadlineMs: longestDeadlineMs,
} as const satisfies Preset;
