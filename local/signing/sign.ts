import { dingTalkSignature } from '../../functions/lib/dingtalk-signature.ts';
import { formField, isForm } from '../../functions/lib/form.ts';
import { decodeSecret } from '../../functions/secrets/decode-secret.ts';
import { secretEncodingOf } from '../../functions/secrets/read-key.ts';
import type { DigestEncoding } from '../../functions/webhook/verify/digest.ts';
import { dingTalkSignatureHeader, dingTalkTimestamp } from '../../functions/webhook/verify/dingtalk.ts';
import {
  feishuNonceHeader,
  feishuSignature,
  feishuSignatureHeader,
  feishuTimestamp,
} from '../../functions/webhook/verify/feishu.ts';
import { hmac, type HmacParameters } from '../../functions/webhook/verify/hmac.ts';
import { linkSignature, type LinkGrant, type LinkParameters } from '../../functions/webhook/verify/link.ts';
import type { TokenParameters } from '../../functions/webhook/verify/token.ts';
import { type VerifyParameters } from '../../functions/webhook/verify/verify.ts';
import { CliError } from '../cli/cli.ts';

interface Signing {
  /** Epoch milliseconds. */
  now?: number;
  /** Stands for `{id}`, and for Feishu's nonce. */
  id?: string;
  contentType?: string | undefined;
}

/**
 * The headers with which a sender would sign this body: what `verify` checks, the other way round. A link signs the
 * address instead: see {@link linkQuery}.
 *
 * @param secret as it stands in the environment, still encoded
 * @throws CliError where the secret cannot be decoded
 */
export function signatureHeaders(
  parameters: VerifyParameters,
  secret: string,
  body: string | Buffer,
  { now = Date.now(), id = 'delivery-1', contentType }: Signing = {},
): Record<string, string> {
  const key = keyOf(parameters, secret);
  const seconds = String(Math.floor(now / 1000));
  switch (parameters.scheme) {
    case 'hmac':
      return hmacHeaders(parameters, key, Buffer.from(body), { now, id, contentType });
    case 'stripe': {
      const signature = hmac('sha256', key, [`${seconds}.`, Buffer.from(body)]).toString('hex');
      return { [parameters.header]: `t=${seconds},v1=${signature}` };
    }
    case 'dingtalk':
      return {
        [dingTalkTimestamp.header]: String(now),
        [dingTalkSignatureHeader]: dingTalkSignature(key, String(now)).toString('base64'),
      };
    case 'feishu':
      return {
        [feishuTimestamp.header]: seconds,
        [feishuNonceHeader]: id,
        [feishuSignatureHeader]: feishuSignature(key, seconds, id, Buffer.from(body)).toString('hex'),
      };
    case 'token':
      return { [parameters.header]: tokenText(parameters, secret) };
    case 'link':
      return {};
  }
}

/**
 * The query of an address that authorises a source for an application, or for one change order of it.
 *
 * @throws CliError where the secret cannot be decoded
 */
export function linkQuery(parameters: LinkParameters, secret: string, grant: LinkGrant): string {
  const { app, changeOrderId, expiresAtSeconds } = grant;
  const query = new URLSearchParams({
    app,
    ...(changeOrderId !== undefined && { order: changeOrderId }),
    exp: String(expiresAtSeconds),
    sig: linkSignature(keyOf(parameters, secret), parameters.source, grant).toString('hex'),
  });
  return query.toString();
}

function keyOf(parameters: VerifyParameters, secret: string): Buffer {
  const encoding = secretEncodingOf(parameters);
  const key = decodeSecret(secret, encoding);
  if (!key) throw new CliError(`The secret cannot be decoded: its encoding is ${encoding}.`);
  return key;
}

function hmacHeaders(
  parameters: HmacParameters,
  key: Buffer,
  body: Buffer,
  { now, id, contentType }: { now: number; id: string; contentType: string | undefined },
): Record<string, string> {
  const { timestamp, idHeader, header, prefix, encoding } = parameters;
  const time = { s: String(Math.floor(now / 1000)), ms: String(now), iso: new Date(now).toISOString() };
  const timeText = timestamp ? time[timestamp.unit] : '';
  const placeholders = new Map<string, string | Buffer>([
    ['{body}', body],
    ['{timestamp}', timeText],
    ['{id}', id],
    ['{payload}', isForm(contentType) ? (formField(body, 'payload') ?? '') : body],
  ]);
  const parts = parameters.signed.map((part) => placeholders.get(part) ?? part);
  return {
    [header]: prefix + encodeDigest(hmac(parameters.algorithm, key, parts), encoding),
    ...(timestamp && { [timestamp.header]: timeText }),
    ...(idHeader !== undefined && { [idHeader]: id }),
  };
}

function encodeDigest(digest: Buffer, encoding: DigestEncoding): string {
  if (encoding !== 'base64-of-hex') return digest.toString(encoding);
  return Buffer.from(digest.toString('hex')).toString('base64');
}

function tokenText({ format }: TokenParameters, secret: string): string {
  switch (format) {
    case 'plain':
      return secret;
    case 'bearer':
      return `Bearer ${secret}`;
    case 'basic':
      return `Basic ${Buffer.from(secret).toString('base64')}`;
  }
}
