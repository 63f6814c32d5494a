import type { ErrorCode } from '../../errors.ts';
import { excerpt } from '../../lib/text.ts';
import type { ReleaseVersions } from '../../rollback/release.ts';
import type { Result, Texts } from './texts.ts';

const whatTerminatedMeans =
  '回滚后变更单显示为“已终止”；但只终止、未回滚的变更也显示为“已终止”，此时已更新的实例不会恢复：请在 EDAS 控制台核对各实例的版本。';

const notVerified = '未能验证发送方的身份。';

/** What happened, and what to do. What the function knows beyond that stands behind it, as it came. */
const problems: Record<ErrorCode, string> = {
  signature_missing: notVerified,
  signature_malformed: notVerified,
  signature_mismatch: notVerified,
  token_missing: notVerified,
  token_mismatch: notVerified,
  link_malformed: notVerified,
  link_expired: notVerified,
  timestamp_missing: notVerified,
  timestamp_malformed: notVerified,
  timestamp_out_of_window: notVerified,
  payload_malformed: '无法读取消息的内容。',
  sender_not_allowed:
    '您不能这样做：不在此来源允许的人员之列（sources.yaml 的 allow）；或者需要他人决定，而这次请求由您发起，或无法确认您是谁。',
  app_not_allowed: '此来源不能操作该应用；如应允许，请将其加入 sources.yaml 的 apps。',
  source_unknown: '没有此路径的来源。',
  change_order_not_found: 'EDAS 中没有此变更单，请核对 ID 和地域（REGION）。',
  method_not_allowed: '此路径不接受该请求方法。',
  change_order_finished: '变更单已结束，无法再回滚，请在 EDAS 控制台部署之前的版本。',
  app_has_no_change_in_flight: '该应用没有正在执行的部署。',
  release_not_newest: '发布已结束，且不能确认它是该应用最新的部署，因此不回滚；请在 EDAS 控制台处理。',
  release_too_old: '发布已结束太久（sources.yaml 的 ended.within），因此不回滚；请在 EDAS 控制台处理。',
  app_has_change_in_flight: '该应用有变更正在执行，因此不回滚已结束的发布；请在 EDAS 控制台查看该变更。',
  groups_differ: '各分组运行的版本不一致，或没有实例，因此不回滚；请在 EDAS 控制台处理。',
  no_previous_version: '历史版本中没有可以回到的版本；请在 EDAS 控制台处理。',
  previous_version_uncertain: '无法确定应回到哪个版本，因此不回滚；请在 EDAS 控制台选择版本并回滚。',
  app_rolled_back_recently:
    '该应用不久前回滚过（sources.yaml 的 ended.every），因此不再自动回滚；请在 EDAS 控制台处理。',
  release_already_tried:
    '该发布此前尝试过回滚，每个发布只尝试一次，重新发送也不会再次回滚；请在 EDAS 控制台处理。',
  problem_predates_change: '问题在此变更开始之前就已出现，因此不回滚此变更。',
  body_too_large: '消息过大。',
  content_type_unsupported: '不支持此内容类型。',
  content_encoding_unsupported: '不支持压缩的消息。',
  payload_unexpected: '收到的内容不是此来源应有的内容。',
  change_order_id_missing: '消息中没有变更单 ID。',
  change_order_id_ambiguous: '无法确定是哪个变更单。',
  app_missing: '消息中没有应用 ID。',
  app_ambiguous: '消息中有多个应用 ID。',
  credentials_missing: '函数没有凭证：请为函数配置角色。',
  edas_endpoint_invalid: 'EDAS 的地址无法使用，请检查 EDAS_ENDPOINT。',
  internal: '函数出错，请重试；原因见日志。',
  edas_denied: 'EDAS 拒绝访问，请检查函数角色的权限。',
  edas_rejected: 'EDAS 拒绝了请求。',
  change_start_unknown: 'EDAS 未给出变更的开始时间，因此不能判断它是否早于问题。',
  release_end_unknown: 'EDAS 未给出发布的结束时间，因此不能判断它是否刚结束；请在 EDAS 控制台处理。',
  edas_unavailable: '未能连接 EDAS，请稍后重试，或在 EDAS 控制台回滚。',
  edas_throttled: 'EDAS 正在限流，请几秒后重试。',
  secrets_unavailable: '无法读取此来源的密钥，请稍后重试。',
  decision_not_open: '该变更单当前没有待决定的事项；如需回滚，请输入回滚命令，或在 EDAS 控制台操作。',
  task_not_taken: '这需要由任务完成，而函数计算没有接受任务；请重新发送，或在 EDAS 控制台操作。',
  source_not_configured: '此来源未启用：缺少密钥或密钥无法使用，变量名见日志。',
  edas_outcome_unknown: '请先在 EDAS 控制台确认回滚是否已在执行，再决定是否重新发起。',
  rollback_suspended: '回滚已被暂停（ROLLBACK_SUSPENDED）。',
  task_malformed: '任务无法解析。',
  notification_failed: '没有渠道接受通知。',
  event_malformed: '事件无法解析。',
  event_account_mismatch: '事件属于另一个账号。',
  event_unexpected: '没有来源接收这类事件。',
  event_out_of_window: '事件太旧，或来自未来。',
};

const followed = {
  dispatched: '任务会跟踪到结束并告知结果。',
  exists: '该变更单此前已有任务，因此没有新的任务跟踪。',
  failed: '没有已知的任务在跟踪，可能不会收到结束的通知：原因见日志。',
};

/** A deployment may have given its version any name. */
function rollBackTo({ fromVersion, toVersion }: Partial<ReleaseVersions>): string {
  if (fromVersion === undefined || toVersion === undefined) return '发起';
  return `将其从 ${excerpt(fromVersion)} 回滚到 ${excerpt(toVersion)}`;
}

function sentenceOf(result: Result): string {
  switch (result.outcome) {
    case 'rolling_back': {
      const began =
        result.evidence === 'reply'
          ? 'EDAS 已接受回滚，将按批次执行，可在 EDAS 控制台查看。'
          : '回滚发出前变更单仍在执行，现在已终止，因此回滚已经开始（除非期间有人终止了变更）：请在 EDAS 控制台核对各实例的版本。EDAS 对回滚的应答未收到。';
      const once =
        result.claimed === false ? '不能保证只发起一次：同一时刻的另一次请求可能也发起了回滚。' : '';
      return `${began}${result.follow ? followed[result.follow] : ''}${once}`;
    }
    case 'deferred':
      if (result.duplicate || result.task) {
        return `该变更单已有任务${result.task ? `（${result.task}）` : ''}，本次没有发起回滚；如最终没有回滚，请在 EDAS 控制台回滚。`;
      }
      return result.toVersion === undefined
        ? '任务会回滚一次，并跟踪到结束。'
        : `该发布已结束，任务会${rollBackTo(result)}，只发起一次，并跟踪到结束。配置和数据库的变更不会随之恢复。`;
    case 'already_terminated': {
      const next = 'rollbackChangeOrderId' in result ? result.rollbackChangeOrderId : undefined;
      return `${next ? `该应用的下一个变更单 ${next} 是一次回滚。` : ''}${whatTerminatedMeans}`;
    }
    case 'already_rolled_back': {
      const { rollbackChangeOrderId: id } = result;
      return `该发布的版本已不在任何实例上运行${id ? `，由变更单 ${id} 回滚` : ''}，因此没有再发起回滚。`;
    }
    case 'asked':
      return result.duplicate
        ? '此前已请人决定，本次没有再发消息，也没有发起回滚。'
        : `已在通知渠道请人决定，截止 ${result.expiresAt ?? ''}。在此之前不会回滚。`;
    case 'approved':
      return `还需要另一个人输入同样的命令，截止 ${result.expiresAt}。发起请求的人不算。`;
    case 'left_alone':
      return '有人已决定不回滚该变更单，不再询问。';
    case 'dry_run':
      return `此来源只演练（dryRun），没有发起回滚；否则现在会${rollBackTo(result)}。`;
    case 'suspended':
      return `ROLLBACK_SUSPENDED 已打开，没有发起回滚；否则现在会${rollBackTo(result)}。`;
  }
}

export const texts: Texts = {
  robot: '@机器人',
  verb: '回滚',
  leave: '保留',
  id: '<变更单 ID>',
  typeThis: (usage) => `请输入：${usage}`,
  typeOneOf: (toRollBack, toLeave) => `请输入：${toRollBack}；决定不回滚则输入：${toLeave}`,
  faults: {
    help: () => '这个命令回滚一个变更单。变更单 ID 见 EDAS 控制台中应用的变更记录。消息中不能有其他内容。',
    no_text: () => '这不是命令：消息没有文字。',
    too_long: () => '这不是命令：消息超过 500 个字符。',
    question: () => '这不是命令：消息中有问号或省略号。',
    quotation: () => '这不是命令：内容是引用、代码或被划掉的文字。',
    not_only_a_name: (words) => `这不是命令：“${words}”可能不只是名字。请去掉，或在名字后加空格。`,
    other_words: (words) => `这不是命令：应以动词开头，而这里是“${words}”。`,
    id_missing: () => '动词后没有变更单 ID。',
    id_malformed: (words) =>
      `“${words}”不是变更单 ID。ID 是一个 UUID：36 个字符，由数字、字母 a 到 f 和四个连字符组成。`,
    several_ids: (words) => `有多个 ID：${words}。一个命令只对应一个变更单。`,
    words_beside_id: (words) =>
      `ID 旁边还有“${words}”。其他文字可能改变命令的意思，因此命令只能有动词和 ID。`,
  },
  headlines: {
    rolling_back: '正在回滚',
    deferred: '已交给任务',
    already_terminated: '此前已终止',
    already_rolled_back: '此前已回滚',
    asked: '已征求确认',
    approved: '已同意，还需一人',
    left_alone: '不回滚',
    dry_run: '演练',
    suspended: '回滚已被暂停',
  },
  changeOrder: (id) => `变更单 ${id}`,
  headlineOf: (headline, order, by) => `${headline}：${order}${by === '' ? '' : `，${by}`}。`,
  askedForBy: (asker) => `由 ${asker} 发起`,
  decidedBy: (decider) => `由 ${decider} 决定`,
  sentenceOf,
  notRolledBack: (order) => `未回滚${order === '' ? '' : `：${order}`}。`,
  notKnownYet: (order) => `暂时无法确认${order || '回滚'}的结果。`,
  problem: ({ code, message }) => `${problems[code]}详情：${message}`,
  ignored: (message) => `已忽略。详情：${message}`,
  inBrackets: (code) => `（${code}）`,
};
