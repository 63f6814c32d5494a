import { inOneLine } from './common.ts';
import type { Preset } from './preset.ts';

export const cloudmonitor = {
  sender: 'CloudMonitor of Alibaba Cloud',
  docs: 'https://www.alibabacloud.com/help/en/cms/user-guide/configure-callbacks-for-triggering-threshold-alerts',
  verify: { scheme: 'link' },
  contentTypes: ['form'],
  expects: {
    is: "type(alertState) == 'string'",
    what: 'the callback of a threshold alert rule: a form with alertState',
    advice:
      'Set this address as the Alert Callback of a threshold rule; events and other notifications have no state.',
  },
  monitorAlarms: {
    each: 'payload',
    // https://www.alibabacloud.com/help/en/document_detail/60714.html
    values: { alertState: ['INSUFFICIENT_DATA'] },
    meaning: 'CloudMonitor has no data for the metric.',
  },
  actor: 'alertName',
  when: "alertState == 'ALERT'",
  problemStartedAt: 'timestamp',
  isByApplication: true,
  // What it does not know it writes as the word null. https://www.alibabacloud.com/help/en/document_detail/60714.html
  summary: inOneLine(
    'alertName',
    "instanceName != 'null' && instanceName",
    'metricName',
    "curValue && join('', [to_string(curValue), unit || ''])",
  ),
  // It repeats three times what was not answered within five seconds.
  // https://www.alibabacloud.com/help/en/document_detail/60714.html
  comesSeveralTimes: true,
  // A callback that failed is repeated three times. https://www.alibabacloud.com/help/en/document_detail/60714.html
  refusalStatus: 200,
  deadlineMs: 4500,
} as const satisfies Preset;
