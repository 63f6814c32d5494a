import type { TimeUnit } from '../../../functions/lib/time.ts';
import type { SecretEncoding } from '../../../functions/secrets/decode-secret.ts';
import { dingTalkSignatureHeader, dingTalkTimestamp } from '../../../functions/webhook/verify/dingtalk.ts';
import {
  feishuNonceHeader,
  feishuSignatureHeader,
  feishuTimestamp,
} from '../../../functions/webhook/verify/feishu.ts';
import type { HmacParameters } from '../../../functions/webhook/verify/hmac.ts';
import type { TokenParameters } from '../../../functions/webhook/verify/token.ts';
import type { VerifyParameters } from '../../../functions/webhook/verify/verify.ts';

/** What `verify` asks of a request, one line for each header and each rule. */
export function describeVerify(verify: DescribedParameters): string[] {
  switch (verify.scheme) {
    case 'hmac':
      return describeHmac(verify);
    case 'stripe':
      return [
        `${verify.header}: t=<unix seconds>,v1=<HMAC-SHA256 over <t>.{body}, in hex>`,
        within(verify.toleranceSeconds),
      ];
    case 'dingtalk':
      return [
        `${dingTalkTimestamp.header}: <unix milliseconds>`,
        `${dingTalkSignatureHeader}: <HMAC-SHA256 over <timestamp>, a newline and the secret, in base64>`,
        within(dingTalkTimestamp.toleranceSeconds),
        'The signature leaves the body out.',
      ];
    case 'feishu':
      return [
        `${feishuTimestamp.header}: <unix seconds>`,
        `${feishuNonceHeader}: <any text>`,
        `${feishuSignatureHeader}: <SHA-256 over timestamp, nonce, Encrypt Key and {body}, in hex>`,
        within(feishuTimestamp.toleranceSeconds),
        'A body {"encrypt": …} is decrypted with the same key.',
      ];
    case 'token':
      return [`${verify.header}: ${tokenShapes[verify.format]}`, 'A token covers nothing of the request.'];
    case 'link':
      return [
        'no header: the address is signed, POST /<source>?app=<id>&exp=<unix seconds>&sig=<hex>, perhaps with order=<id>',
        'npm run link makes one. It covers nothing of the body.',
      ];
  }
}

/** A preset's way of signing by link does not know its source yet. */
type DescribedParameters = Exclude<VerifyParameters, { scheme: 'link' }> | { scheme: 'link' };

const algorithms: Record<HmacParameters['algorithm'], string> = {
  sha256: 'HMAC-SHA256',
  sha512: 'HMAC-SHA512',
  sha1: 'HMAC-SHA1',
};

const tokenShapes: Record<TokenParameters['format'], string> = {
  plain: '<the token>',
  bearer: 'Bearer <the token>',
  basic: 'Basic <user:password, in base64>',
};

/** How times are written, by unit. */
export const timeShapes: Record<TimeUnit, string> = {
  s: 'unix seconds',
  ms: 'unix milliseconds',
  iso: 'ISO 8601 with a time zone',
};

const keys: Record<SecretEncoding, string | undefined> = {
  plain: undefined,
  hex: 'The key is the secret, decoded from hex.',
  base64: 'The key is the secret, decoded from base64.',
  whsec: 'The key is the secret, decoded from base64, without the whsec_ before it if there is one.',
};

function describeHmac(verify: HmacParameters): string[] {
  const {
    algorithm,
    header,
    aliases = [],
    unbranded,
    encoding,
    prefix,
    separator,
    signed,
    timestamp,
    idHeader,
  } = verify;
  const lines = [
    `${header}: ${prefix}<${algorithms[algorithm]} over ${signed.join('')}, in ${encoding}>`,
    aliases.length > 0 && `or under the name ${aliases.join(', ')}`,
    unbranded && `or all under ${unbranded.header}, ${unbranded.timestamp}, ${unbranded.idHeader}`,
    signed.includes('{payload}') && '{payload} is the field payload of a form, else the body.',
    separator !== undefined &&
      `Several may be listed, with a ${separator === ',' ? 'comma' : 'blank'} between them.`,
    idHeader !== undefined && `${idHeader}: <the id of the delivery>, which {id} stands for`,
    timestamp && `${timestamp.header}: <${timeShapes[timestamp.unit]}>, which {timestamp} stands for`,
    timestamp && within(timestamp.toleranceSeconds),
    keys[verify.secretEncoding],
  ];
  return lines.filter((line) => typeof line === 'string');
}

function within(seconds: number): string {
  return `The time may be ${seconds} s from now, in either direction.`;
}
