import type { Answer } from '../../alibaba/exchange.ts';
import { dingTalkSignature } from '../../lib/dingtalk-signature.ts';
import type { Language } from '../../lib/language.ts';
import { escapeForCard, escapeForDingTalk } from '../../lib/text-for-people.ts';
import { messageFor } from '../message.ts';
import type { Notification } from '../rollback-event.ts';
import { jsonRequest, judgeCode, plainKey, type ChannelProtocol, type Verdict } from './channel.ts';
import { pageLinkOf, type PageLink } from './page-link.ts';

/**
 * A custom robot of a DingTalk group: 20 messages a minute and 20 000 bytes each, or it is silenced for ten minutes.
 * https://open.dingtalk.com/document/robots/custom-robot-access
 * https://open.dingtalk.com/document/robots/customize-robot-security-settings
 */
export const dingTalk: ChannelProtocol = {
  readKey: plainKey,
  requestFor: (notification, { url, key, language }, now) =>
    jsonRequest(key ? signed(url, key, String(now)) : url, bodyFor(notification, language)),
  judge: judgeDingTalk,
};

function bodyFor(notification: Notification, language: Language): object {
  const message = messageFor(notification, language);
  const page = pageLinkOf(notification, language);
  return page ? actionCard(message, page) : dingTalkText(message);
}

/**
 * A card with one button. On a phone its address opens inside DingTalk; on a computer it would open in a side bar, where no
 * one is signed in to anything, so it is wrapped into the one that opens in the browser. The link in the text is the plain
 * address. Two blanks around a line's end are what DingTalk advises.
 * https://open.dingtalk.com/document/orgapp/robot-message-type
 * https://open.dingtalk.com/document/orgapp/message-link-description
 */
function actionCard(message: string, { url, label }: PageLink): object {
  const [title = ''] = message.split('\n');
  const text = `${escapeForCard(message)}\n[${label}](${url})`.replaceAll('\n', '  \n  ');
  const singleURL = `dingtalk://dingtalkclient/page/link?url=${encodeURIComponent(url)}&pc_slide=false`;
  return { msgtype: 'actionCard', actionCard: { title, text, singleTitle: label, singleURL } };
}

export function dingTalkText(message: string): object {
  return { msgtype: 'text', text: { content: escapeForDingTalk(message) } };
}

export function judgeDingTalk(answer: Answer): Verdict {
  return judgeCode(answer, [{ code: 'errcode', words: 'errmsg' }], isRetryable);
}

/**
 * -1: the system is busy. 130101, and 410100 in newer pages: sent too fast.
 * https://open.dingtalk.com/document/orgapp/server-api-error-codes-1
 */
function isRetryable(code: unknown): boolean {
  return code === -1 || code === 130101 || code === 410100;
}

function signed(url: string, key: Buffer, timestamp: string): string {
  const sign = encodeURIComponent(dingTalkSignature(key, timestamp).toString('base64'));
  return `${url}${url.includes('?') ? '&' : '?'}timestamp=${timestamp}&sign=${sign}`;
}
