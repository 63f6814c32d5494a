import type { Language } from '../../lib/language.ts';
import { escapeForCard, escapeForWeCom } from '../../lib/text-for-people.ts';
import { messageFor } from '../message.ts';
import type { Notification } from '../rollback-event.ts';
import { jsonRequest, judgeCode, type ChannelProtocol } from './channel.ts';
import { pageLinkOf } from './page-link.ts';

/** Bytes of UTF-8 that a message may have: as text, and as Markdown. */
const [longestText, longestMarkdown] = [2048, 4096];

/**
 * A robot of a WeCom group: 20 messages a minute. The key is in its address, and nothing is signed.
 * https://developer.work.weixin.qq.com/document/path/91770
 */
export const weCom: ChannelProtocol = {
  requestFor: (notification, { url, language }) => jsonRequest(url, bodyFor(notification, language)),
  judge: (answer) => judgeCode(answer, [{ code: 'errcode', words: 'errmsg' }], isRetryable),
};

/**
 * A card (`text_notice`) would have a place to click, too, but too little room: about 110 characters.
 * https://developer.work.weixin.qq.com/document/path/99110
 */
function bodyFor(notification: Notification, language: Language): object {
  const page = pageLinkOf(notification, language);
  if (!page) {
    const content = escapeForWeCom(messageFor(notification, language, longestText));
    return { msgtype: 'text', text: { content } };
  }
  const link = `\n[${page.label}](${page.url})`;
  const message = messageFor(
    notification,
    language,
    longestMarkdown - Buffer.byteLength(link),
    escapeForCard,
  );
  return { msgtype: 'markdown', markdown: { content: escapeForCard(message) + link } };
}

/**
 * -1: the system is busy. 45009: sent too fast. 45033: too much at once.
 * https://developer.work.weixin.qq.com/document/path/90313
 */
function isRetryable(code: unknown): boolean {
  return code === -1 || code === 45009 || code === 45033;
}
