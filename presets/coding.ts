import { hmacSha256Hex, json } from './common.ts';
import type { Preset } from './preset.ts';

export const coding = {
  sender: 'Coding.net',
  docs: 'https://help.coding.net/docs/project-settings/open/webhook.html',
  // Coding.net has no other algorithm.
  verify: { ...hmacSha256Hex, algorithm: 'sha1', header: 'x-coding-signature', prefix: 'sha1=' },
  contentTypes: json,
  deliveryHeader: 'x-coding-delivery',
  ping: { header: 'x-coding-event', value: 'ping' },
  deadlineMs: 4500,
} as const satisfies Preset;
