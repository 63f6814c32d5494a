import { bodyInHex, json } from './common.ts';
import { longestPatienceMs, type Preset } from './preset.ts';

export const flux = {
  sender: 'Flux, provider generic-hmac',
  docs: 'https://fluxcd.io/flux/components/notification/providers/#generic-webhook-with-hmac',
  verify: { ...bodyInHex, header: 'x-signature', prefix: 'sha256=' },
  contentTypes: json,
  actor: 'involvedObject.name',
  when: "severity == 'error'",
  changeOrderId: 'metadata.changeOrderId',
  deadlineMs: longestPatienceMs,
} as const satisfies Preset;
