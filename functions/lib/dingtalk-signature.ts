import { createHmac } from 'node:crypto';

/**
 * How DingTalk's robots sign, both ways: HMAC-SHA256(secret, `<timestamp>\n<secret>`). It covers a time and nothing
 * else. https://open.dingtalk.com/document/robots/customize-robot-security-settings
 *
 * @param time epoch milliseconds, as the header or the address has it
 */
export function dingTalkSignature(key: Buffer, time: string): Buffer {
  return createHmac('sha256', key).update(`${time}\n`).update(key).digest();
}
