import { bodyInHex, json } from './common.ts';
import { longestPatienceMs, type Preset } from './preset.ts';

export const jenkins = {
  sender: 'a Jenkinsfile that signs with openssl',
  verify: { ...bodyInHex, header: 'x-jenkins-signature' },
  contentTypes: json,
  deadlineMs: longestPatienceMs,
} as const satisfies Preset;
