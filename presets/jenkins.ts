import { hmacSha256Hex, json } from './common.ts';
import { longestDeadlineMs, type Preset } from './preset.ts';

export const jenkins = {
  sender: 'a Jenkinsfile that signs with openssl',
  verify: { ...hmacSha256Hex, header: 'x-jenkins-signature' },
  contentTypes: json,
  jsonAdvice: 'Make the body with groovy.json.JsonOutput.toJson.',
  deadlineMs: longestDeadlineMs,
} as const satisfies Preset;
