import { Problem } from '../../errors.ts';
import { escapeForDingTalk, escapeForFeishu, escapeForSlack, onOneLine } from '../../lib/text-for-people.ts';
import type { Outcome } from '../outcome.ts';
import { chatUsage } from '../payload/chat-command.ts';
import type { Chat } from '../source/compiled-source.ts';

/**
 * An answer as a message for the people in a chat: what happened, to which change order, who asked.
 *
 * - Slack: https://docs.slack.dev/interactivity/implementing-slash-commands#responding_to_commands. Everybody in the
 *   channel sees what became of a rollback; only who asked sees a refusal.
 * - DingTalk: https://open.dingtalk.com/document/robots/custom-robot-access
 * - Feishu: https://open.feishu.cn/document/feishu-cards/card-callback-communication: a toast where a card's button was
 *   pressed. It shows nothing of the answer to a message.
 */
export function chatMessage(chat: Chat, result: Outcome | Problem, actor: string | undefined): object {
  const text = describeResult(result, actor);
  const isNews = !(result instanceof Problem) && result.outcome !== 'ignored';
  switch (chat) {
    case 'slack':
      return { response_type: isNews ? 'in_channel' : 'ephemeral', text: escapeForSlack(text) };
    case 'dingtalk':
      return { msgtype: 'text', text: { content: escapeForDingTalk(text) } };
    case 'feishu':
      return { toast: { type: toastOf(result), content: escapeForFeishu(text) } };
  }
}

/** Green is for a rollback that began, and for nothing else. */
function toastOf(result: Outcome | Problem): 'success' | 'info' | 'error' {
  if (result instanceof Problem) return 'error';
  return result.outcome === 'rolling_back' ? 'success' : 'info';
}

/** Characters of who asked, and of the sentences behind it: senders choose how long these are. */
const [longestActor, longestMessage] = [100, 1000];

/** On one line, although a sender or EDAS wrote a part of it. An id of a change order holds letters, digits and dashes. */
function describeResult(result: Outcome | Problem, actor = ''): string {
  const message = onOneLine(result.message, longestMessage);
  if (result instanceof Problem) return describeProblem(result, message);
  if (result.outcome === 'ignored') return message;
  const asker = onOneLine(actor, longestActor);
  const by = asker === '' ? '' : `, asked for by ${asker}`;
  return `${headlines[result.outcome]}: change order ${result.changeOrderId}${by}. ${message}`;
}

const headlines: Record<Exclude<Outcome['outcome'], 'ignored'>, string> = {
  rolling_back: 'Rolling back',
  deferred: 'Handed to a task',
  already_terminated: 'Terminated already',
  dry_run: 'Dry run',
  suspended: 'Rollbacks are suspended',
};

function describeProblem({ code, facts: { changeOrderId } }: Problem, message: string): string {
  const subject = changeOrderId === undefined ? '' : `change order ${changeOrderId}`;
  const headline =
    code === 'edas_outcome_unknown'
      ? `It is not known yet what became of ${subject || 'the rollback'}`
      : ['Not rolled back', subject].filter((part) => part !== '').join(': ');
  const isUnclear = code === 'change_order_id_missing' || code === 'change_order_id_ambiguous';
  const advice = isUnclear && !message.includes(chatUsage) ? ` Type: ${chatUsage}` : '';
  return `${headline}. ${message}${advice} (${code})`;
}
