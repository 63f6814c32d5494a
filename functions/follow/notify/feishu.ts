import { createHmac } from 'node:crypto';
import type { Language } from '../../lib/language.ts';
import { escapeForCard, escapeForFeishu } from '../../lib/text-for-people.ts';
import { messageFor } from '../message.ts';
import type { Notification } from '../rollback-event.ts';
import { jsonRequest, judgeCode, plainKey, type ChannelProtocol } from './channel.ts';
import { pageLinkOf, type PageLink } from './page-link.ts';

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
      ...bodyFor(notification, language),
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

function bodyFor(notification: Notification, language: Language): object {
  const message = messageFor(notification, language);
  const page = pageLinkOf(notification, language);
  if (page) return { msg_type: 'interactive', card: cardFor(message, page) };
  return { msg_type: 'text', content: { text: escapeForFeishu(message) } };
}

/**
 * Card JSON 1.0, which clients of every age show. The bot can only open addresses, and it is asked for no more. What others
 * wrote is plain text, which no client reads as markup.
 * https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot
 * https://open.feishu.cn/document/uAjLw4CM/ukzMukzMukzM/feishu-cards/card-components/interactive-components/button
 */
function cardFor(message: string, { url, label }: PageLink): object {
  const [title, ...lines] = message.split('\n');
  const plain = (content: string | undefined) => ({ tag: 'plain_text', content });
  const button = { tag: 'button', text: plain(label), type: 'primary', url };
  return {
    config: { wide_screen_mode: true },
    header: { template: 'orange', title: plain(title) },
    elements: [
      { tag: 'div', text: plain(escapeForCard(lines.join('\n'))) },
      { tag: 'action', actions: [button] },
      { tag: 'div', text: { tag: 'lark_md', content: `[${url}](${url})` } },
    ],
  };
}

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
