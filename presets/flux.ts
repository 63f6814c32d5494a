import { hmacSha256Hex, inOneLine, json } from './common.ts';
import { longestDeadlineMs, type Preset } from './preset.ts';

export const flux = {
  sender: 'Flux, provider generic-hmac',
  docs: 'https://fluxcd.io/flux/components/notification/providers/#generic-webhook-with-hmac',
  verify: { ...hmacSha256Hex, header: 'x-signature', prefix: 'sha256=' },
  contentTypes: json,
  expects: {
    is: "type(involvedObject) == 'object' && type(severity) == 'string'",
    what: 'an event of the Flux notification controller: an object with involvedObject and severity',
    advice: 'The Provider must be of type generic-hmac.',
  },
  monitorAlarms: {
    each: 'payload',
    // https://fluxcd.io/flux/components/source/
    values: {
      'involvedObject.kind': [
        'GitRepository',
        'OCIRepository',
        'HelmRepository',
        'HelmChart',
        'Bucket',
        'ExternalArtifact',
      ],
    },
    meaning: 'Flux could not read its source, and knows nothing of how the release runs.',
  },
  actor: 'involvedObject.name',
  when: "severity == 'error'",
  changeOrderId: 'metadata.changeOrderId',
  summary: inOneLine(
    "join('/', [involvedObject.kind || '', involvedObject.name || ''])",
    'reason',
    'message',
  ),
  deadlineMs: longestDeadlineMs,
} as const satisfies Preset;
