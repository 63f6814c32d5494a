import { statusesInChinese } from '../../../edas/status-zh.ts';
import { html } from './html.ts';
import type { DateAndTime, Texts } from './texts.ts';

const dateOf = ({ day, month }: DateAndTime) => `${month}月${day}日`;

const mayDiffer = '各实例的版本可能不一致。请在 EDAS 控制台查看失败原因，再次回滚或重新部署。';

export const textsInChinese: Texts = {
  tag: 'zh-CN',
  product: 'EDAS 回滚',
  theApplication: '该应用',
  labels: {
    app: '应用',
    change: '变更单',
    description: '描述',
    status: '状态',
    rollback: '回滚变更单',
    began: '开始时间',
    batches: '批次',
    instances: '实例',
    alert: '告警内容',
    now: '发布的当前状态',
    progress: '回滚的当前状态',
    effect: '“回滚”会做什么',
    decision: '谁做的决定',
    details: '详细信息',
    actor: '发起方',
    source: '来源',
    problem: '原因',
    console: '打开 EDAS 控制台',
  },
  open: {
    stop_change: { heading: (app) => html`是否回滚 ${app}？` },
    roll_back_release: { heading: (app) => html`是否回滚 ${app}？` },
    brake: { heading: (app) => html`无法读取 EDAS，是否仍要回滚 ${app}？` },
  },
  until: (time, left) =>
    left === undefined ? html`请在 ${time} 之前决定。` : html`请在 ${time} 之前决定，还剩 ${left}。`,
  since: (time, ago) => (ago === undefined ? html`开始于 ${time}。` : html`开始于 ${time}，已持续 ${ago}。`),
  noSummary: '告警没有文字内容。',
  stops: (version, batches) => {
    const reached = batches === undefined ? '' : `（已完成 ${batches.done}/${batches.total} 批）`;
    return version === undefined
      ? html`停止此变更${reached}，并恢复到变更之前的状态。`
      : html`停止版本 ${version} 的发布${reached}，并恢复到发布之前的版本。`;
  },
  deploys: (from, to) =>
    to === undefined
      ? html`在所有实例上分批部署您选择的版本，以替换版本 ${from}。`
      : html`在所有实例上分批部署版本 ${to}，以替换版本 ${from}。`,
  brake: '目前无法读取 EDAS。点击按钮后，仍会请求 EDAS 回滚此变更单。',
  notUndone: '配置和数据库的变更不会随之恢复。',
  chooseVersion: '回滚到哪个版本',
  sureVersion: '之前运行的版本',
  noVersionIsSure: '无法确定之前运行的是哪个版本，请选择。',
  noVersion: '这里没有可以回到的版本，请在 EDAS 控制台回滚。',
  name: '您的姓名（可不填）',
  nameHint: '其他人会看到，但不会核实。',
  rollBack: '回滚',
  rollBackAgain: '再次尝试回滚',
  leave: '保持现状，不回滚',
  moving: {
    in_doubt: {
      heading: (app) => html`${app} 的回滚已发出，尚未确认`,
      sentence: '回滚已发出，但 EDAS 尚未显示是否已开始。请不要再次发起。',
    },
    handed_over: {
      heading: (app) => html`正在回滚 ${app}`,
      sentence: '已决定回滚，EDAS 尚未显示该回滚。',
    },
    waiting: {
      heading: (app) => html`${app} 的回滚正在等待人工确认`,
      sentence: '回滚已暂停，请在 EDAS 控制台确认执行下一批。',
    },
    unseen: {
      heading: (app) => html`正在回滚 ${app}`,
      sentence: '回滚已开始，但目前无法读取其变更单。请在 EDAS 控制台查看回滚进度。',
    },
    under_way: {
      heading: (app) => html`正在回滚 ${app}`,
      sentence: '回滚正在执行，目前无需操作。',
    },
  },
  over: {
    rolled_back: {
      heading: (app) => html`${app} 已回滚`,
      sentence: '回滚已完成。请确认问题是否已消失。',
    },
    unhealthy: {
      heading: (app) => html`${app} 已回滚，但状态异常`,
      sentence: '回滚已完成，但并非所有实例都状态正常。请在 EDAS 控制台查看各实例的状态。',
    },
    partly: {
      heading: (app) => html`${app} 的回滚仅部分成功`,
      sentence: mayDiffer,
    },
    failed: {
      heading: (app) => html`${app} 的回滚失败`,
      sentence: mayDiffer,
    },
    terminated: {
      heading: (app) => html`${app} 的回滚被终止`,
      sentence: mayDiffer,
    },
    already_over: {
      heading: (app) => html`${app} 的变更已结束`,
      sentence:
        '变更已被回滚或终止，EDAS 未显示由哪个变更单执行。如果只是终止，已更新的实例不会恢复：请在 EDAS 控制台核对各实例的版本。',
    },
    unknown: {
      heading: (app) => html`${app} 的回滚结果未知`,
      sentence: '回滚已发出，但无法确认结果。再次发起之前，请先在 EDAS 控制台查看。',
    },
  },
  closed: {
    expired: {
      heading: (app) => html`${app}：决定时间已过`,
      sentence:
        '决定时间已过，此页面不会再做任何操作。如果之后又有询问，请打开最新的消息。如需回滚，请使用 EDAS 控制台。',
    },
    left_alone: {
      heading: (app) => html`${app}：保持现状`,
      sentence: '决定时间已过，不会再就此变更询问。如仍需回滚，请使用 EDAS 控制台。',
    },
    suspended: {
      heading: (app) => html`${app}：回滚已被暂停`,
      sentence:
        'ROLLBACK_SUSPENDED 已打开，此页面不会做任何操作。请使用 EDAS 控制台，或在其关闭后重新打开此页面。',
    },
    dry_run: {
      heading: (app) => html`${app}：仅演练`,
      sentence: '此来源只演练（dryRun），此页面不会做任何操作。如需回滚，请使用 EDAS 控制台。',
    },
    refused: {
      heading: (app) => html`${app}：不能在此回滚`,
      sentence: '有规则不允许此次回滚，此页面不会做任何操作。如仍需回滚，请使用 EDAS 控制台。',
    },
    unreadable: {
      heading: (app) => html`${app}：目前无法查看状态`,
      sentence:
        '规则所需的信息目前无法读取，此页面暂时不会做任何操作，稍后会再次查看。如情况紧急，请使用 EDAS 控制台。',
    },
    in_chat: {
      heading: (app) => html`${app}：在群聊中决定`,
      sentence: '此处不能决定。请到群聊中，输入消息里给出的命令。',
    },
  },
  decided: (decision, name = html`未留姓名的人`, time) => {
    const what = decision === 'roll_back' ? '决定回滚' : '决定保持现状，不回滚';
    return html`${name} ${time && html`于 ${time} `}${what}。`;
  },
  nameIsProved: '身份已由群聊验证。',
  nameIsClaimed: '姓名是在此页面填写的，未经核实。',
  canStill: '现在仍可以回滚。',
  notBegun: 'EDAS 未显示回滚已开始。可以再次尝试：不会重复回滚。',
  changed: '打开此页面后，状态发生了变化。未做任何操作。现在的状态如下。',
  notDone: '操作未成功。',
  batches: (done, total) => `已完成 ${done}/${total} 批`,
  healthy: (count, total) => `${count}/${total} 个状态正常`,
  onVersion: (count, total, version) =>
    version === undefined
      ? html`${count}/${total} 个运行没有名称的版本`
      : html`${count}/${total} 个运行 ${version}`,
  status: statusesInChinese,
  otherStatus: (status) => `${status}（EDAS 文档未说明的状态）`,
  notReadable: '目前无法读取 EDAS',
  asOf: (time) => html`更新于 ${time}。`,
  updatesItself: '此页面会自动更新。',
  offline: '没有连接。您看到的是 {time} 的状态。',
  sending: '正在发送……',
  time: (utc, china) =>
    `${dateOf(china)} ${china.time}（UTC ${utc.day === china.day ? '' : `${dateOf(utc)} `}${utc.time}）`,
  duration: (days, hours, minutes) => {
    if (days > 0) return `${days} 天 ${hours} 小时`;
    return hours > 0 ? `${hours} 小时 ${minutes} 分钟` : `${minutes} 分钟`;
  },
  problems: {
    link_malformed: {
      heading: '此链接无法使用',
      sentence: '链接不完整或被改动。请从消息中重新打开，或使用 EDAS 控制台。',
    },
    link_expired: {
      heading: '此链接已过期',
      sentence: '它不再显示任何内容。请在 EDAS 控制台查看发生了什么。',
    },
    method_not_allowed: {
      heading: '不能以这种方式使用此页面',
      sentence: '请从消息中重新打开链接。',
    },
    edas_outcome_unknown: {
      heading: '暂时无法确认回滚是否已开始',
      sentence: '请一分钟后重新打开此页面，或先在 EDAS 控制台查看，再决定是否重新发起。',
    },
  },
  otherProblem: {
    heading: '暂时无法显示此页面',
    sentence: '请一分钟后重新打开。如情况紧急，请使用 EDAS 控制台。',
  },
};
