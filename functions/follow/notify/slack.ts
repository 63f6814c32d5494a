import type { Answer } from '../../alibaba/exchange.ts';
import { escapeForSlack } from '../../lib/text-for-people.ts';
import { messageFor } from '../message.ts';
import { jsonRequest, judgeStatus, type ChannelProtocol, type Verdict } from './channel.ts';

/**
 * An incoming webhook of Slack: about one message a second.
 * https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
 */
export const slack: ChannelProtocol = {
  requestFor: (notification, { url, language }) =>
    jsonRequest(url, { text: escapeForSlack(messageFor(notification, language)) }),
  judge,
};

/** Slack says `ok` under a 200, and a word such as `no_service` under a 4xx. */
function judge(answer: Answer): Verdict {
  const failure = judgeStatus(answer);
  if (failure) return failure;
  if (answer.status === 200 && answer.text.trim() === 'ok') return { accepted: true };
  const reason = `it answered HTTP ${answer.status} without ok`;
  return { accepted: false, reason, words: answer.text, retryable: false };
}
