import { changeOrderStatus, isDocumentedStatus, type ChangeOrderStatus } from '../edas/status.ts';
import type { Texts } from './texts.ts';

const whatTerminatedMeans =
  '回滚后变更单显示为“已终止”；但只终止、未回滚的变更也显示为“已终止”，此时已更新的实例不会恢复：请在 EDAS 控制台核对各实例的版本。';

// After the words of https://help.aliyun.com/zh/edas/developer-reference/api-edas-2017-08-01-getchangeorderinfo
const statuses: Record<ChangeOrderStatus, string> = {
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

export const textsInChinese: Texts = {
  headlines: {
    started: '已开始：EDAS 回滚正在执行。',
    waiting: '等待确认：EDAS 回滚已暂停，需人工确认后才会执行下一批。',
    waiting_itself: '等待确认：EDAS 回滚对应的变更单已暂停，需人工处理。',
    failing_itself: '异常：EDAS 回滚对应的变更单中有步骤失败，流程仍在继续。',
    failing: '异常：EDAS 回滚中有步骤失败，回滚仍在继续。',
    succeeded: '成功：EDAS 回滚已完成，变更已回滚。',
    succeeded_presumably: '可能成功：看起来是 EDAS 回滚的变更单已执行成功。',
    partly_succeeded: '未完成：EDAS 回滚仅部分成功。',
    failed: '失败：EDAS 回滚执行失败。',
    terminated: '已终止：EDAS 回滚在完成前被终止。',
    terminated_itself: '已终止：变更单已终止，可能是 EDAS 回滚所致，也可能是被人工终止。',
    already_terminated: '已终止：变更单此前已终止，未再发起 EDAS 回滚。',
    not_rolled_back: '异常：EDAS 回滚未执行。',
    outcome_unknown: '结果未知：暂无法确认 EDAS 回滚是否已开始。',
    unreadable: '异常：无法读取变更单，已停止跟踪 EDAS 回滚。',
    out_of_time: '未结束：EDAS 回滚尚未结束，函数运行时间已用完，不再跟踪。',
    out_of_sight: '结果未知：函数运行时间已用完，未能确认 EDAS 回滚是否已结束。',
    task_refused: '异常：EDAS 回滚任务无法解析，未执行任何操作。',
  },
  next: {
    started: undefined,
    waiting: '请在 EDAS 控制台确认执行下一批。',
    waiting_itself: '无法判断等待的是发布还是回滚，确认下一批之前请先在 EDAS 控制台核对各实例的版本。',
    failing_itself: '无法判断失败的是发布还是回滚，请在 EDAS 控制台查看。',
    failing: '请在 EDAS 控制台查看失败的步骤。',
    succeeded: undefined,
    succeeded_presumably: 'EDAS 未明确显示变更已回滚，请在 EDAS 控制台核对各实例的版本。',
    partly_succeeded: '各实例的版本可能不一致，请在 EDAS 控制台查看失败原因，再次回滚或重新部署。',
    failed: '各实例的版本可能不一致，请在 EDAS 控制台查看失败原因，再次回滚或重新部署。',
    terminated: '各实例的版本可能不一致，请在 EDAS 控制台核对版本，再次回滚或重新部署。',
    terminated_itself: whatTerminatedMeans,
    already_terminated: whatTerminatedMeans,
    not_rolled_back:
      '函数计算可能会自动重试，处理前请先在 EDAS 控制台查看变更状态。不再重试后：排除原因并重新发送 webhook，或在 EDAS 控制台回滚。',
    outcome_unknown: '请先在 EDAS 控制台确认回滚是否已在执行，再决定是否重新发起。',
    unreadable: '请在 EDAS 控制台跟踪回滚进度。',
    out_of_time: '请在 EDAS 控制台继续跟踪，直到回滚结束。',
    out_of_sight: '请在 EDAS 控制台查看回滚进度。',
    task_refused: '请在 EDAS 控制台确认是否有变更需要回滚，并手动处理。',
  },
  labels: {
    app: '应用',
    change: '变更',
    rollback: '回滚变更单',
    status: '状态',
    batches: '批次',
    failed: '失败项',
    took: '请求至今',
    by: '发起方',
    why: '原因',
    next: '下一步',
  },
  colon: '：',
  comma: '，',
  changeOrder: (id) => `变更单 ${id}`,
  inBrackets: (text) => `（${text}）`,
  status: (status) =>
    `${status}（${isDocumentedStatus(status) ? statuses[status] : 'EDAS 文档未说明的状态'}）`,
  batches: (done, total) => `已完成 ${done}/${total} 批`,
  duration: (hours, minutes, seconds) => {
    if (hours > 0) return `${hours} 小时 ${minutes} 分 ${seconds} 秒`;
    return minutes > 0 ? `${minutes} 分 ${seconds} 秒` : `${seconds} 秒`;
  },
  source: (name) => `来源 ${name}`,
  delivery: (id) => `投递 ${id}`,
  moreFailures: (count) => `另有 ${count} 项`,
};
