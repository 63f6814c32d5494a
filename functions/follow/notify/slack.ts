import type { Answer } from '../../alibaba/exchange.ts';
import type { Language } from '../../lib/language.ts';
import { escapeForCard, escapeForSlack } from '../../lib/text-for-people.ts';
import { messageFor } from '../message.ts';
import type { Notification } from '../rollback-event.ts';
import { jsonRequest, judgeStatus, type ChannelProtocol, type Verdict } from './channel.ts';
import { pageLinkOf, type PageLink } from './page-link.ts';

/**
 * An incoming webhook of Slack: about one message a second.
 * https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
 */
export const slack: ChannelProtocol = {
  requestFor: (notification, { url, language }) => jsonRequest(url, bodyFor(notification, language)),
  judge,
};

function bodyFor(notification: Notification, language: Language): object {
  const message = messageFor(notification, language);
  const page = pageLinkOf(notification, language);
  if (!page) return { text: escapeForSlack(message) };
  return { text: escapeForSlack(`${message}\n${page.label}: ${page.url}`), blocks: blocksFor(message, page) };
}

/**
 * Blocks with a button. Slack also reports the click to the app; where that takes no such report, Slack opens the address
 * all the same, and shows a warning sign beside the button. So the address stands below it once more, as a plain link.
 * What others wrote is plain text, which is not read as markup.
 * https://docs.slack.dev/reference/block-kit/block-elements/button-element/
 * https://github.com/slackapi/node-slack-sdk/issues/869
 */
function blocksFor(message: string, { url, label }: PageLink): object[] {
  const button = { type: 'button', text: { type: 'plain_text', text: label }, style: 'primary', url };
  return [
    { type: 'section', text: { type: 'plain_text', text: escapeForCard(message), emoji: false } },
    { type: 'actions', elements: [button] },
    { type: 'section', text: { type: 'mrkdwn', text: `<${escapeForSlack(url)}>` } },
  ];
}

/** Slack says `ok` under a 200, and a word such as `no_service` under a 4xx. */
function judge(answer: Answer): Verdict {
  const failure = judgeStatus(answer);
  if (failure) return failure;
  if (answer.status === 200 && answer.text.trim() === 'ok') return { accepted: true };
  const reason = `it answered HTTP ${answer.status} without ok`;
  return { accepted: false, reason, words: answer.text, retryable: false };
}
