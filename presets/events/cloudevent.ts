import type { EventPreset } from './event-preset.ts';

/** Any CloudEvent: the source says which, and where in it everything stands. */
export const cloudevent = {
  sender: 'Any service or program that puts CloudEvents on EventBridge',
  docs: 'https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md',
  isConfirmed: true,
  // The least that every event says: a change that began after the event is not its reason, however late that is delivered. A program
  // that repeats an alert says in another field since when there is a problem.
  problemStartedAt: 'time',
  sample: {
    specversion: '1.0',
    id: 'a1b2c3d4',
    source: 'shop.monitor',
    type: 'shop:Alert:Firing',
    time: '2026-01-02T03:04:00Z',
    datacontenttype: 'application/json',
    aliyunaccountid: '1234567890123456',
    aliyuneventbusname: 'edas-rollback',
    data: { app: '3616cdca-0000-4000-8000-000000000001' },
  },
} as const satisfies EventPreset;
