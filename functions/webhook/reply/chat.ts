import { Problem } from '../../errors.ts';
import type { Outcome } from '../../execute/outcome.ts';
import type { Language } from '../../lib/language.ts';
import { escapeForDingTalk, escapeForFeishu, escapeForSlack, onOneLine } from '../../lib/text-for-people.ts';
import type { TypedCommand } from '../payload/select-command.ts';
import type { Chat } from '../source/compiled-source.ts';
import { adviceOn, textsOf } from '../texts/advice.ts';
import type { Texts } from '../texts/texts.ts';

/** What a chat's answer is made for. */
export interface Asking {
  chat: Chat;
  /** The source's own; default: that of the command. */
  language: Language | undefined;
  /** Who asked, as the sender says it. */
  actor: string | undefined;
  command: TypedCommand | undefined;
  /** Whether it was a decision, so that this person did not ask. */
  isDecision?: boolean | undefined;
}

/**
 * An answer as a message for the people in a chat: what happened, to which change order, who asked.
 *
 * - Slack: https://docs.slack.dev/interactivity/implementing-slash-commands#responding_to_commands. Everybody in the
 *   channel sees what became of a rollback; only who asked sees a refusal.
 * - DingTalk: https://open.dingtalk.com/document/robots/custom-robot-access
 * - Feishu: https://open.feishu.cn/document/feishu-cards/card-callback-communication: a toast where a card's button was
 *   pressed. It shows nothing of the answer to a message.
 */
export function chatMessage(result: Outcome | Problem, asking: Asking): object {
  const text = describeResult(result, asking);
  const isNews = !(result instanceof Problem) && result.outcome !== 'ignored';
  switch (asking.chat) {
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

/** The language in which people are answered. */
export function languageFor({ language, command }: Pick<Asking, 'language' | 'command'>): Language {
  return language ?? command?.language ?? 'en';
}

/** On one line, although a sender or EDAS wrote a part of it. An id of a change order holds letters, digits and dashes. */
function describeResult(result: Outcome | Problem, asking: Asking): string {
  const language = languageFor(asking);
  const texts = textsOf(language);
  const advice = asking.command && adviceOn(asking.command, language);
  if (result instanceof Problem) return describeProblem(result, advice, language);
  if (result.outcome === 'ignored') return onOneLine(advice ?? texts.ignored(result.message), longestMessage);
  const headline = texts.headlineOf(
    texts.headlines[result.outcome],
    texts.changeOrder(result.changeOrderId),
    describeActor(asking, texts),
  );
  return `${headline}${onOneLine(texts.sentenceOf(result), longestMessage)}`;
}

function describeActor({ actor = '', isDecision }: Asking, texts: Texts): string {
  const name = onOneLine(actor, longestActor);
  if (name === '') return '';
  return isDecision ? texts.decidedBy(name) : texts.askedForBy(name);
}

function describeProblem(problem: Problem, advice: string | undefined, language: Language): string {
  const { code, facts } = problem;
  const texts = textsOf(language);
  const order = facts.changeOrderId === undefined ? '' : texts.changeOrder(facts.changeOrderId);
  const headline = code === 'edas_outcome_unknown' ? texts.notKnownYet(order) : texts.notRolledBack(order);
  const isUnclear = code === 'change_order_id_missing' || code === 'change_order_id_ambiguous';
  const why = isUnclear && advice !== undefined ? advice : texts.problem(problem);
  return `${headline}${onOneLine(why, longestMessage)}${texts.inBrackets(code)}`;
}
