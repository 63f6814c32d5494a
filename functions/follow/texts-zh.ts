import type { Texts } from './message.ts';

const whatTerminatedMeans =
  '回滚后变更流程会显示为已终止，但仅被中止的变更也是如此，且已更新的实例不会恢复：请在 EDAS 控制台核对各实例的版本。';

// The words of the console: https://help.aliyun.com/zh/edas/developer-reference/api-edas-2017-08-01-getchangeorderinfo
const statuses: Record<number, string> = {
  0: '准备',
  1: '执行中',
  2: '执行成功',
  3: '执行失败',
  6: '已终止',
  7: '部分成功',
  8: '等待手动确认执行下一批',
  9: '等待自动执行下一批',
  10: '系统异常，执行失败',
};

export const textsInChinese: Texts = {
  headlines: {
    started: '已开始：EDAS 回滚正在执行。',
    waiting: '等待确认：EDAS 回滚已暂停，需人工确认后才会执行下一批。',
    failing: '异常：EDAS 回滚中有步骤失败，回滚仍在继续。',
    succeeded: '成功：EDAS 回滚已完成，变更已回滚。',
    partly_succeeded: '未完成：EDAS 回滚仅部分成功。',
    failed: '失败：EDAS 回滚执行失败。',
    terminated: '已终止：EDAS 回滚在完成前被终止。',
    terminated_itself: '已终止：变更流程已终止，可能是 EDAS 回滚所致，也可能是被人工中止。',
    already_terminated: '已终止：变更流程此前已终止，未再发起 EDAS 回滚。',
    not_rolled_back: '异常：EDAS 回滚未执行。',
    outcome_unknown: '结果未知：暂无法确认 EDAS 回滚是否已开始。',
    unreadable: '异常：无法读取变更流程，EDAS 回滚无人跟踪。',
    out_of_time: '未结束：EDAS 回滚尚未结束，函数运行时间已用完，不再跟踪。',
    task_refused: '异常：EDAS 回滚任务无法解析，未执行任何操作。',
  },
  next: {
    started: undefined,
    waiting: '请在 EDAS 控制台确认执行下一批。',
    failing: '请在 EDAS 控制台查看失败的步骤。',
    succeeded: undefined,
    partly_succeeded: '各实例的版本可能不一致，请在 EDAS 控制台查看失败原因，再次回滚或重新部署。',
    failed: '各实例的版本可能不一致，请在 EDAS 控制台查看失败原因，再次回滚或重新部署。',
    terminated: '各实例的版本可能不一致，请在 EDAS 控制台核对版本，再次回滚或重新部署。',
    terminated_itself: whatTerminatedMeans,
    already_terminated: whatTerminatedMeans,
    not_rolled_back: '变更尚未回滚，请排除原因后在 EDAS 控制台回滚。',
    outcome_unknown: '请先在 EDAS 控制台确认回滚是否已在执行，再决定是否重新发起。',
    unreadable: '请在 EDAS 控制台跟踪回滚进度。',
    out_of_time: '请在 EDAS 控制台继续跟踪，直到回滚结束。',
    task_refused: '请在 EDAS 控制台确认是否有变更需要回滚，并手动处理。',
  },
  labels: {
    app: '应用',
    change: '变更',
    rollback: '回滚流程',
    status: '状态',
    batches: '批次',
    failed: '失败项',
    took: '距请求已过',
    by: '发起方',
    why: '原因',
    next: '下一步',
  },
  colon: '：',
  comma: '，',
  changeOrder: (id) => `变更流程 ${id}`,
  inBrackets: (text) => `（${text}）`,
  status: (status) => `${status}（${statuses[status] ?? 'EDAS 文档未说明的状态'}）`,
  batches: (done, total) => `已完成 ${done}/${total} 批`,
  duration: (hours, minutes, seconds) => {
    if (hours > 0) return `${hours} 小时 ${minutes} 分 ${seconds} 秒`;
    return minutes > 0 ? `${minutes} 分 ${seconds} 秒` : `${seconds} 秒`;
  },
  source: (name) => `来源 ${name}`,
  delivery: (id) => `投递 ${id}`,
  moreFailures: (count) => `另有 ${count} 项`,
};
