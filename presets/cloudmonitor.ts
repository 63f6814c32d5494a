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
  // It repeats three times what was not answered within five seconds.
  // https://www.alibabacloud.com/help/en/document_detail/60714.html
  comesSeveralTimes: true,
  deadlineMs: 4500,
} as const satisfies Preset;
