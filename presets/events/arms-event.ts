import { inOneLine } from '../common.ts';
import { lookAtFirstEvent, type EventPreset } from './event-preset.ts';

/** What people do with an alarm in ARMS. It is none of an alarm that fires. */
const byPeople = "['aliyun:arms:alarm:claim', 'aliyun:arms:alarm:comment', 'aliyun:arms:alarm:close']";

/**
 * Two ways lead from ARMS to EventBridge. Alert management puts its alarms on a custom bus, with `data.data` "compatible with
 * Alertmanager"; ARMS itself puts its own on the bus `default`, and no page shows the data of one. Both are read as the first, so
 * that what has another shape is refused.
 */
export const armsEvent = {
  sender: 'ARMS of Alibaba Cloud: alert management on a custom bus, or alerts on the bus default',
  docs: 'https://www.alibabacloud.com/help/en/arms/alarm-operation-center/send-alert-events-to-eventbridge',
  isConfirmed: false,
  // https://www.alibabacloud.com/help/en/eventbridge/user-guide/arms-events; that of alert management is set there.
  source: ['acs.arms', 'arms'],
  type: ['arms:Alert:*', 'aliyun:arms:alarm:*'],
  expects: {
    is: `contains(['firing', 'resolved'], data.data.status) && type(data.data.alerts) == 'array' || contains(${byPeople}, type)`,
    what: 'an event whose data.data is a group of alerts as Alertmanager has it, with status, firing or resolved, and the list alerts',
    advice: lookAtFirstEvent,
  },
  when: `data.data.status == 'firing' && !contains(${byPeople}, type)`,
  app: 'data.data.commonLabels.edas_app_id',
  actor: 'data.data.commonLabels.alertname',
  problemStartedAt: "data.data.alerts[?status == 'firing'].startsAt",
  summary: inOneLine(
    'data.data.commonLabels.alertname',
    'data.data.commonAnnotations.not_null(summary, description, message)',
  ),
  sample: {
    specversion: '1.0',
    id: 'c6f4c1b0-4f07-4b0a-9a55-6c1f0c6c9d11',
    source: 'arms',
    type: 'aliyun:arms:alarm:create',
    time: '2026-01-02T03:04:00Z',
    datacontenttype: 'application/json',
    aliyunaccountid: '1234567890123456',
    aliyuneventbusname: 'edas-rollback',
    data: {
      owner: 'alice',
      data: {
        status: 'firing',
        commonLabels: { alertname: 'shop: 5xx', edas_app_id: '3616cdca-0000-4000-8000-000000000001' },
        commonAnnotations: { message: 'Too many errors' },
        alerts: [
          {
            status: 'firing',
            startsAt: '2026-01-02T03:03:00Z',
            labels: { alertname: 'shop: 5xx', edas_app_id: '3616cdca-0000-4000-8000-000000000001' },
          },
        ],
      },
    },
  },
} as const satisfies EventPreset;
