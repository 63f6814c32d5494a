import { inOneLine } from '../common.ts';
import { lookAtFirstEvent, type EventPreset } from './event-preset.ts';

/**
 * CloudMonitor 1.0 calls this type "alert callbacks", and no page shows its data. It is read as the callback of a threshold rule,
 * which is documented, and what has another shape is refused: so is what CloudMonitor 2.0 sends, under a source that is set there.
 * https://www.alibabacloud.com/help/en/document_detail/60714.html
 */
export const cloudmonitorEvent = {
  sender: 'CloudMonitor of Alibaba Cloud: alert callbacks of 1.0; for 2.0, say source and type',
  docs: 'https://help.aliyun.com/en/eventbridge/user-guide/cloudmonitor-events',
  isConfirmed: false,
  source: ['acs.cms'],
  type: ['cms:CloudMonitor:AlertWebHook'],
  expects: {
    is: "type(data.alertState) == 'string'",
    what: 'an event whose data has alertState, as the callback of a threshold alert rule',
    advice: lookAtFirstEvent,
  },
  // OK and INSUFFICIENT_DATA are no alarm about a release.
  when: "data.alertState == 'ALERT'",
  actor: 'data.alertName',
  problemStartedAt: 'data.timestamp',
  summary: inOneLine('data.alertName', 'data.metricName', 'data.curValue && to_string(data.curValue)'),
  sample: {
    specversion: '1.0',
    id: '5f1d7c84-2b1e-4d8a-9e0c-0d6f7e1a2b3c',
    source: 'acs.cms',
    type: 'cms:CloudMonitor:AlertWebHook',
    time: '2026-01-02T03:04:00Z',
    datacontenttype: 'application/json',
    aliyunaccountid: '1234567890123456',
    aliyuneventbusname: 'default',
    data: {
      alertName: 'shop: 5xx',
      alertState: 'ALERT',
      timestamp: '1767322980000',
      metricName: 'StatusCode5xx',
      curValue: '12',
      userId: '1234567890123456',
    },
  },
} as const satisfies EventPreset;
