import { bearer, inOneLine } from './common.ts';
import type { Preset } from './preset.ts';

/** As its default template has it: https://www.alibabacloud.com/help/doc-detail/210002.htm */
export const sls = {
  sender: 'Simple Log Service of Alibaba Cloud: alerts',
  docs: 'https://help.aliyun.com/en/sls/create-a-webhook',
  verify: bearer,
  contentTypes: ['json', 'json-as-text'],
  expects: {
    is: "type(@) == 'object' && contains(['firing', 'resolved'], status) && type(labels) == 'object'",
    what: 'an alert by the default template: an object with status, firing or resolved, labels and fire_time',
    advice:
      'Leave the content of the alert template empty, or keep these three fields: docs/sources.md#sls has a template.',
  },
  when: "status == 'firing'",
  app: 'labels.edas_app_id',
  actor: 'alert_name',
  // The first time that it fired, which its repetitions keep.
  // https://help.aliyun.com/document_detail/317765.html
  problemStartedAt: 'fire_time',
  summary: inOneLine('annotations.title || alert_name', 'annotations.desc'),
  // What was not answered with exactly 200 within 5 s counts as failed, and may be repeated.
  comesSeveralTimes: true,
  refusalStatus: 200,
  successStatus: 200,
  deadlineMs: 4500,
} as const satisfies Preset;
