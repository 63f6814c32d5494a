import type { Answer } from '../../alibaba/exchange.ts';
import { escapeForSlack } from '../../lib/text-for-people.ts';
import type { AnswerAddress } from '../../task.ts';
import { messageFor } from '../message.ts';
import { jsonRequest, judgeStatus, type ChannelProtocol, type Verdict } from './channel.ts';
import { dingTalkText, judgeDingTalk } from './dingtalk.ts';

/** How the people of a chat are answered where they asked. */
export const chatAnswers: Record<AnswerAddress['chat'], ChannelProtocol> = {
  /** https://docs.slack.dev/interactivity/handling-user-interaction#message_responses */
  slack: {
    requestFor: (notification, { url, language }) =>
      jsonRequest(url, {
        response_type: 'in_channel',
        replace_original: false,
        text: escapeForSlack(messageFor(notification, language)),
      }),
    judge: judgeSlack,
  },
  /** `sessionWebhook`: https://open.dingtalk.com/document/robots/enterprise-created-chatbot */
  dingtalk: {
    requestFor: (notification, { url, language }) =>
      jsonRequest(url, dingTalkText(messageFor(notification, language))),
    judge: judgeDingTalk,
  },
};

/** No page says what is in the body of a success; a failure may say there that an address has expired or is used up. */
function judgeSlack(answer: Answer): Verdict {
  const failure = judgeStatus(answer);
  if (failure) return failure;
  if (!/^\s*<|"ok"\s*:\s*false/.test(answer.text)) return { accepted: true };
  return { accepted: false, reason: 'it answered that it is not ok', words: answer.text, retryable: false };
}
