import { statusesInChinese } from '../edas/status-zh.ts';
import { isDocumentedStatus } from '../edas/status.ts';
import { toIso } from '../lib/time.ts';
import type { Texts } from './texts.ts';

const beijingOffsetMs = 8 * 3_600_000;

const whatTerminatedMeans =
  '回滚后变更单显示为“已终止”；但只终止、未回滚的变更也显示为“已终止”，此时已更新的实例不会恢复：请在 EDAS 控制台核对各实例的版本。';

const openThePage = '请打开页面：页面显示将执行的操作，并有两个按钮。截止时间之前无人决定，则不会回滚。';

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
    already_rolled_back: '无需处理：该发布的版本已不在任何实例上运行，未发起 EDAS 回滚。',
    started_release: '已开始：正在对已结束的发布执行 EDAS 回滚，将部署较早的版本。',
    succeeded_release: '成功：EDAS 回滚已结束，所有实例状态正常，且运行较早的版本。',
    succeeded_unhealthy: '异常：EDAS 回滚已结束，但并非所有实例都状态正常。',
    succeeded_elsewhere: '异常：EDAS 回滚已结束，但并非所有实例都运行较早的版本。',
    succeeded_unseen: '可能成功：EDAS 回滚已结束，但未能看到各实例当前运行的版本。',
    not_rolled_back_release: '异常：未对已结束的发布执行 EDAS 回滚。',
    not_rolled_back_decided: '异常：有人决定执行的 EDAS 回滚未执行。',
    outcome_unknown_release: '结果未知：暂无法确认对已结束的发布的 EDAS 回滚是否已开始。',
    asked: '请决定：是否终止此变更并执行 EDAS 回滚？有人决定之前不会发起任何操作。',
    asked_release: '请决定：是否执行 EDAS 回滚，部署较早的版本？有人决定之前不会发起任何操作。',
    approved: '已同意 1/2：已有一人同意 EDAS 回滚，另一人同意之前不会发起。',
    left_alone: '不回滚：有人决定不执行 EDAS 回滚，未发起任何操作。',
    not_decided: '无人决定：EDAS 回滚的决定时间已过，未发起任何操作。',
    not_decided_over: '无需决定：变更已结束，不再询问是否执行 EDAS 回滚。',
    not_decided_unasked: '异常：未能及时询问是否执行 EDAS 回滚，未发起任何操作。',
    not_decided_unseen: '结果未知：EDAS 回滚的决定时间已过，未能确认是否有人作出决定。',
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
      '函数计算可能会自动重试，处理前请先在 EDAS 控制台查看变更状态。不再重试后：排除原因并重新请求回滚，或在 EDAS 控制台回滚。',
    outcome_unknown: '请先在 EDAS 控制台确认回滚是否已在执行，再决定是否重新发起。',
    unreadable: '请在 EDAS 控制台跟踪回滚进度。',
    out_of_time: '请在 EDAS 控制台继续跟踪，直到回滚结束。',
    out_of_sight: '请在 EDAS 控制台查看回滚进度。',
    already_rolled_back: undefined,
    started_release: undefined,
    succeeded_release: '请确认问题是否已消失。',
    succeeded_unhealthy: '请在 EDAS 控制台查看各实例的状态。',
    succeeded_elsewhere: '请在 EDAS 控制台核对各实例的版本，再次回滚或重新部署。',
    succeeded_unseen: '请在 EDAS 控制台确认所有实例状态正常，且运行较早的版本。',
    not_rolled_back_release:
      '函数计算可能会自动重试，处理前请先在 EDAS 控制台查看应用状态。不再重试后，请在 EDAS 控制台回滚：对同一个发布，本函数最多发起一次回滚，再次请求回滚也不会再次发起。',
    not_rolled_back_decided: '请再次打开链接并点击按钮，或再次输入命令；也可在 EDAS 控制台回滚。',
    outcome_unknown_release:
      '请先在 EDAS 控制台确认是否有变更正在执行，以及各实例的版本，再决定是否在控制台回滚。本函数不会再次发起。',
    asked: openThePage,
    asked_release: openThePage,
    approved: undefined,
    left_alone: '不会再就此变更单询问。如仍需回滚，请在截止时间之前再次打开链接，或在 EDAS 控制台操作。',
    not_decided: '如仍需回滚，请重新请求回滚（会再次询问），或在 EDAS 控制台回滚。',
    not_decided_over: '请在 EDAS 控制台核对各实例的版本；如该发布有问题，请在控制台回滚。',
    not_decided_unasked: '请重新请求回滚（会再次询问），或在 EDAS 控制台回滚。',
    not_decided_unseen: '请先在 EDAS 控制台确认回滚是否已在执行，再决定是否发起。',
    task_refused: '请在 EDAS 控制台确认是否有变更需要回滚，并手动处理。',
  },
  notUndone: '配置和数据库的变更不会随之恢复，请确认较早的版本能否与之配合。',
  labels: {
    app: '应用',
    change: '变更',
    version: '版本',
    groups: '分组',
    rollback: '回滚变更单',
    status: '状态',
    batches: '批次',
    instances: '实例',
    failed: '失败项',
    alert: '告警内容',
    since: '问题开始于',
    until: '截止时间',
    people: '人数',
    took: '请求至今',
    by: '发起方',
    decidedBy: '决定人',
    page: '页面',
    why: '原因',
    next: '下一步',
  },
  colon: '：',
  comma: '，',
  space: '',
  changeOrder: (id) => `变更单 ${id}`,
  inBrackets: (text) => `（${text}）`,
  status: (status) =>
    `${status}（${isDocumentedStatus(status) ? statusesInChinese[status] : 'EDAS 文档未说明的状态'}）`,
  versions: (from, to) => `从 ${from} 回到 ${to}`,
  healthy: (count, total) => `${count}/${total} 个状态正常`,
  onVersion: (count, total, version) => `${count}/${total} 个运行 ${version}`,
  versionUnseen: 'EDAS 未显示各实例运行的版本',
  batches: (done, total) => `已完成 ${done}/${total} 批`,
  duration: (hours, minutes, seconds) => {
    if (hours > 0) return `${hours} 小时 ${minutes} 分 ${seconds} 秒`;
    return minutes > 0 ? `${minutes} 分 ${seconds} 秒` : `${seconds} 秒`;
  },
  source: (name) => `来源 ${name}`,
  delivery: (id) => `投递 ${id}`,
  more: (count) => `另有 ${count} 项`,
  versionsToChoose: (from, candidates) => `从 ${from} 回到您选择的版本：${candidates}`,
  time: (epochMs) =>
    `${toIso(epochMs + beijingOffsetMs)
      .slice(0, 16)
      .replace('T', ' ')}（北京时间）`,
  until: (time, minutes) => {
    const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
    return `${time}，还有 ${hours > 0 ? `${hours} 小时 ${rest} 分钟` : `${rest} 分钟`}`;
  },
  twoPeople: '需要两个不同的人同意，且都不能是发起方',
  typeInChat: (id) =>
    `请在可输入回滚命令的聊天中输入 rollback ${id} 或 leave ${id}。截止时间之前无人决定，则不会回滚。`,
  oneMoreTypes: (id) =>
    `还需另一人（不能是发起方）在截止时间之前输入 rollback ${id}；如不回滚，请输入 leave ${id}。`,
  claimedName: (name) => `${name}（在页面上填写的姓名，未核实）`,
  noName: '在页面上决定的人，未填写姓名',
  openPage: '打开页面并决定',
};
