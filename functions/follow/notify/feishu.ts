import { createHmac } from 'node:crypto';
import { escapeForFeishu } from '../../lib/text-for-people.ts';
import { messageFor } from '../message.ts';
import { jsonRequest, judgeCode, plainKey, type ChannelProtocol } from './channel.ts';

/**
 * A custom bot of a Feishu or Lark group: 100 messages a minute, 5 a second, and 20 KB each.
 * https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot
 */
export const feishu: ChannelProtocol = {
  readKey: plainKey,
  requestFor: (notification, { url, key, language }, now) => {
    const timestamp = String(Math.floor(now / 1000));
    return jsonRequest(url, {
      ...(key && { timestamp, sign: feishuBotSignature(key, timestamp) }),
      msg_type: 'text',
      content: { text: escapeForFeishu(messageFor(notification, language)) },
    });
  },
  // Old and new names of the same two fields.
  judge: (answer) =>
    judgeCode(
      answer,
      [
        { code: 'code', words: 'msg' },
        { code: 'StatusCode', words: 'StatusMessage' },
      ],
      isRetryable,
    ),
};

/**
 * HMAC-SHA256 over nothing, under time and secret as the key, in base64.
 *
 * @param timestamp epoch seconds
 */
export function feishuBotSignature(secret: Buffer, timestamp: string): string {
  return createHmac('sha256', Buffer.concat([Buffer.from(`${timestamp}\n`), secret])).digest('base64');
}

/** 11232: sent too fast. 9499 means that too, and also that a request is no good: its words tell. */
function isRetryable(code: unknown, words: string): boolean {
  return code === 11232 || (code === 9499 && /too many/i.test(words));
}
