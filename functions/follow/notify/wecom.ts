import { escapeForWeCom } from '../../lib/text-for-people.ts';
import { messageFor } from '../message.ts';
import { jsonRequest, judgeCode, type ChannelProtocol } from './channel.ts';

/** Bytes of UTF-8 that the text of a message may have. */
const longestBytes = 2048;

/**
 * A robot of a WeCom group: 20 messages a minute. The key is in its address, and nothing is signed.
 * https://developer.work.weixin.qq.com/document/path/91770
 */
export const weCom: ChannelProtocol = {
  requestFor: (notification, { url, language }) =>
    jsonRequest(url, {
      msgtype: 'text',
      text: { content: escapeForWeCom(messageFor(notification, language, longestBytes)) },
    }),
  judge: (answer) => judgeCode(answer, [{ code: 'errcode', words: 'errmsg' }], isRetryable),
};

/**
 * -1: the system is busy. 45009: sent too fast. 45033: too much at once.
 * https://developer.work.weixin.qq.com/document/path/90313
 */
function isRetryable(code: unknown): boolean {
  return code === -1 || code === 45009 || code === 45033;
}
