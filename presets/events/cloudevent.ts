import type { EventPreset } from './event-preset.ts';

/** Any CloudEvent: the source says which, and where in it everything stands. */
export const cloudevent = {
  sender: 'Any service or program that puts CloudEvents on EventBridge',
  docs: 'https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md',
  isConfirmed: true,
  sample: {
    specversion: '1.0',
    id: 'a1b2c3d4',
    source: 'shop.monitor',
    type: 'shop:Alert:Firing',
    time: '2026-11-29T03:00:00Z',
    datacontenttype: 'application/json',
    aliyunaccountid: '1234567890123456',
    aliyuneventbusname: 'shop',
    data: { app: '3616cdca-4f92-4413-8e80-4de3a52b1c9f' },
  },
} as const satisfies EventPreset;
