import { inOneLine } from '../common.ts';
import type { EventPreset } from './event-preset.ts';

/** `data` is what the content of the alert template makes: the one of docs/sources.md#sls-event has these fields. */
export const slsEvent = {
  sender: 'Simple Log Service of Alibaba Cloud: alerts, by the alert template of docs/sources.md#sls-event',
  docs: 'https://help.aliyun.com/en/sls/notification-methods',
  isConfirmed: true,
  source: ['acs.sls.alert'],
  type: ['sls:AlertEvent:Firing', 'sls:AlertEvent:Resolved'],
  expects: {
    is: "contains(['firing', 'resolved'], data.status) && type(data.labels) == 'object' && type(data.fire_time) != 'null'",
    what: 'an event whose data has status, firing or resolved, labels and fire_time',
    advice: 'Take the content of the alert template from docs/sources.md#sls-event.',
  },
  // The function may be called by Simple Log Service directly as well. Then the template writes the type, too.
  when: "type == 'sls:AlertEvent:Firing' && data.status == 'firing'",
  app: 'data.labels.edas_app_id',
  actor: 'data.alert_name',
  // The first time that it fired, which its repetitions keep; `time` is that of the repetition.
  // https://help.aliyun.com/document_detail/317765.html
  problemStartedAt: 'data.fire_time',
  summary: inOneLine('data.annotations.title || data.alert_name', 'data.annotations.desc'),
  sample: {
    specversion: '1.0',
    id: '84e5ac66c4b3bc34-5d8e2a1',
    source: 'acs.sls.alert',
    type: 'sls:AlertEvent:Firing',
    time: '2026-01-02T03:04:00Z',
    datacontenttype: 'application/json',
    subject: 'shop: 5xx',
    aliyunaccountid: '1234567890123456',
    aliyuneventbusname: 'edas-rollback',
    data: {
      alert_name: 'shop: 5xx',
      status: 'firing',
      fire_time: 1767322980,
      labels: { edas_app_id: '3616cdca-0000-4000-8000-000000000001' },
      annotations: { title: 'Too many errors', desc: '5xx of shop: 12 %' },
    },
  },
} as const satisfies EventPreset;
