import { changeOrderStatus, type ChangeOrderStatus } from './status.ts';

/**
 * The statuses of a change order for people who read Chinese, after EDAS's own words.
 * https://help.aliyun.com/zh/edas/developer-reference/api-edas-2017-08-01-getchangeorderinfo
 */
export const statusesInChinese: Record<ChangeOrderStatus, string> = {
  [changeOrderStatus.ready]: '准备',
  [changeOrderStatus.running]: '执行中',
  [changeOrderStatus.succeeded]: '执行成功',
  [changeOrderStatus.failed]: '执行失败',
  [changeOrderStatus.terminated]: '已终止',
  [changeOrderStatus.partlySucceeded]: '部分成功',
  [changeOrderStatus.awaitingConfirmation]: '等待手工确认执行下一批',
  [changeOrderStatus.awaitingNextBatch]: '等待下一批自动执行',
  [changeOrderStatus.systemException]: '系统异常，执行失败',
};
