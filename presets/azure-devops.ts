import { inOneLine, json } from './common.ts';
import { longestDeadlineMs, type Preset } from './preset.ts';

export const azureDevops = {
  sender: 'Azure DevOps service hooks',
  docs: 'https://learn.microsoft.com/en-us/azure/devops/service-hooks/events',
  verify: { scheme: 'token', header: 'authorization', format: 'basic' },
  contentTypes: json,
  expects: {
    is: "type(eventType) == 'string'",
    what: 'an event of an Azure DevOps service hook: an object with eventType and resource',
    advice: 'Choose Web Hooks as the service, and Resource details to send: All.',
  },
  event: { of: 'Azure DevOps', name: 'eventType', acts: ['build.complete'] },
  actor: 'resource.requestedFor.displayName',
  // Resource version 1.0 has the result in `status`, 2.0 in `result`.
  when: "eventType == 'build.complete' && (resource.result == 'failed' || resource.status == 'failed')",
  // Azure DevOps repeats what was not answered 2xx. By then another deployment may be in flight.
  problemStartedAt: 'resource.finishTime || createdDate',
  isByApplication: true,
  summary: inOneLine('resource.definition.name', 'resource.sourceBranch', 'message.text'),
  // A user reports that one answer other than 2xx restricted the subscription.
  // https://github.com/MicrosoftDocs/azure-devops-docs/issues/235
  refusalStatus: 200,
  deadlineMs: longestDeadlineMs,
} as const satisfies Preset;
