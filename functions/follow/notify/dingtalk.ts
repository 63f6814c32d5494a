import type { Answer } from '../../alibaba/exchange.ts';
import { dingTalkSignature } from '../../lib/dingtalk-signature.ts';
import { escapeForDingTalk } from '../../lib/text-for-people.ts';
import { messageFor } from '../message.ts';
import { jsonRequest, judgeCode, plainKey, type ChannelProtocol, type Verdict } from './channel.ts';

/**
 * A custom robot of a DingTalk group: 20 messages a minute and 20 000 bytes each, or it is silenced for ten minutes.
 * https://open.dingtalk.com/document/robots/custom-robot-access
 * https://open.dingtalk.com/document/robots/customize-robot-security-settings
 */
export const dingTalk: ChannelProtocol = {
  readKey: plainKey,
  requestFor: (notification, { url, key, language }, now) =>
    jsonRequest(key ? signed(url, key, String(now)) : url, dingTalkText(messageFor(notification, language))),
  judge: judgeDingTalk,
};

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
