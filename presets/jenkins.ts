import { hmacSha256Hex, inOneLine, json } from './common.ts';
import { longestDeadlineMs, type Preset } from './preset.ts';

export const jenkins = {
  sender: 'a Jenkinsfile that signs with openssl',
  verify: { ...hmacSha256Hex, header: 'x-jenkins-signature' },
  contentTypes: json,
  jsonAdvice: 'Make the body with groovy.json.JsonOutput.toJson.',
  summary: inOneLine('job', "build && join('', ['#', to_string(build)])", 'summary'),
  deadlineMs: longestDeadlineMs,
} as const satisfies Preset;
