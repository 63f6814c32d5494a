import type { EventPreset } from './event-preset.ts';

/** `data` is the content of the alert template: the default one has these fields, as for the webhook. */
export const slsEvent = {
  sender: 'Simple Log Service of Alibaba Cloud: alerts',
  isConfirmed: true,
  source: ['acs.sls.alert'],
  type: ['sls:AlertEvent:Firing', 'sls:AlertEvent:Resolved'],
  when: "type == 'sls:AlertEvent:Firing'",
  app: 'data.labels.edas_app_id',
  actor: 'data.alert_name',
  problemStartedAt: 'data.fire_time || time',
  sample: {
    specversion: '1.0',
    id: '84e5ac66c4b3bc34-5d8e2a1',
    source: 'acs.sls.alert',
    type: 'sls:AlertEvent:Firing',
    time: '2026-11-29T03:00:00Z',
    datacontenttype: 'application/json',
    aliyunaccountid: '1234567890123456',
    aliyuneventbusname: 'sls',
    data: {
      alert_name: 'shop: 5xx',
      status: 'firing',
      fire_time: 1796871600,
      labels: { edas_app_id: '3616cdca-4f92-4413-8e80-4de3a52b1c9f' },
      annotations: { title: 'Too many errors' },
    },
  },
} as const satisfies EventPreset;
