import type { Preset } from './preset.ts';

export const cloudmonitor = {
  sender: 'CloudMonitor of Alibaba Cloud',
  docs: 'https://www.alibabacloud.com/help/en/cms/user-guide/configure-callbacks-for-triggering-threshold-alerts',
  verify: { scheme: 'link' },
  contentTypes: ['form'],
  actor: 'alertName',
  when: "alertState == 'ALERT'",
  problemStartedAt: 'timestamp',
  isByApplication: true,
  deadlineMs: 4500,
} as const satisfies Preset;
