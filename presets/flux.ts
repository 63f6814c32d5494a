import { hmacSha256Hex, json } from './common.ts';
import { longestDeadlineMs, type Preset } from './preset.ts';

export const flux = {
  sender: 'Flux, provider generic-hmac',
  docs: 'https://fluxcd.io/flux/components/notification/providers/#generic-webhook-with-hmac',
  verify: { ...hmacSha256Hex, header: 'x-signature', prefix: 'sha256=' },
  contentTypes: json,
  actor: 'involvedObject.name',
  when: "severity == 'error'",
  changeOrderId: 'metadata.changeOrderId',
  deadlineMs: longestDeadlineMs,
} as const satisfies Preset;
