import type { EventPreset } from './event-preset.ts';

const order = 'data.event.involvedObject.additionalProperties';
const kind = `to_string(${order}.eventType)`;

/**
 * One event is documented, and that one tells that a deployment has succeeded. `onFail…` is an assumption: if it means anything else, the
 * task that follows the order makes one look too many.
 */
export const edasEvent = {
  sender: 'EDAS: change orders',
  docs: 'https://www.alibabacloud.com/help/en/eventbridge/user-guide/edas-events',
  isConfirmed: true,
  source: ['acs.edas'],
  type: ['edas:ApplicationChange:ChangeOrder'],
  tellsEnds: {
    is: `${kind} == 'onSuccess' || starts_with(${kind}, 'onFail')`,
    app: 'data.appId',
    changeOrderId: `${order}.changeOrderId`,
  },
  actsOnlyOn: {
    is: "starts_with(to_string(data.event.reason), 'APPLICATION_CODEPLOY')",
    what: 'the event of a deployment (APPLICATION_CODEPLOY…)',
  },
  changeOrderId: `${order}.changeOrderId`,
  sample: {
    id: '7de5d52e-4f2b-4a0c-9d1e-0000000000aa',
    time: '2020-11-19T21:04:41+08:00',
    source: 'acs.edas',
    specversion: '1.0',
    datacontenttype: 'application/json',
    type: 'edas:ApplicationChange:ChangeOrder',
    aliyunaccountid: '1234567890123456',
    aliyunregionid: 'cn-hangzhou',
    aliyuneventbusname: 'default',
    aliyunpublishtime: '2020-11-19T21:04:42.179PRC',
    aliyunpublishaddr: '172.25.XX.XX',
    data: {
      appId: '6826ccd2-0000-4000-8000-000000000001',
      event: {
        category: 'OPERATION',
        id: 'e24b1dc2-0000-4000-8000-000000000002',
        level: 'NORMAL',
        message: 'msg.app.codeploy.success',
        reason: 'APPLICATION_CODEPLOY_SUCCESS',
        schemaVersion: '1.0',
        subjectType: 'USER',
        timestamp: 1604496738810,
        labels: {},
        payloads: {},
        involvedObject: {
          type: 'APPLICATION',
          id: '6826ccd2-0000-4000-8000-000000000001',
          name: 'ticketcore-service',
          additionalProperties: {
            changeOrderId: '28ab8de8-0000-4000-8000-000000000003',
            description:
              'Version: 2020-11-19 21:04:18 | Package Name: download | Deployment Target: Default Group',
            eventType: 'onSuccess',
            targets: 'i-2ze0000000000000000',
          },
        },
        primaryUser: { id: '1234567890123456', name: 'ops@example.com' },
        secondaryUser: { id: '1234567890123456', name: 'ops@example.com' },
      },
    },
  },
} as const satisfies EventPreset;
