import { bodyInHex, json } from './common.ts';
import { longestPatienceMs, type Preset } from './preset.ts';

export const generic = {
  sender: "any sender of one's own, such as openssl in a shell",
  verify: { ...bodyInHex, header: 'x-signature-256', prefix: 'sha256=' },
  contentTypes: json,
  deliveryHeader: 'x-delivery-id',
  deadlineMs: longestPatienceMs,
} as const satisfies Preset;
