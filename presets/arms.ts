import { alertmanagerAlerts, bearer } from './common.ts';
import type { Preset } from './preset.ts';

export const arms = {
  sender: 'ARMS alert management of Alibaba Cloud',
  docs: 'https://www.alibabacloud.com/help/en/arms/alarm-operation-center/obtain-the-webhook-url',
  verify: bearer,
  ...alertmanagerAlerts,
  contentTypes: ['json', 'json-as-text'],
  // How it takes a 4xx is not documented. It sends as Alertmanager does, and this is the answer that is safe for that.
  refusalStatus: 200,
  jsonAdvice: 'The template of notification and recovery must be $alertmanager_content, and nothing else.',
  deadlineMs: 4500,
} as const satisfies Preset;
