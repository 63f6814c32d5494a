import { formField, isForm } from '../../functions/lib/form.ts';
import { dingTalkTimestamp } from '../../functions/webhook/verify/dingtalk.ts';
import { feishuNonceHeader, feishuTimestamp } from '../../functions/webhook/verify/feishu.ts';
import type { HmacParameters } from '../../functions/webhook/verify/hmac.ts';
import type { SignedRequest } from '../../functions/webhook/verify/match.ts';
import type { VerifyParameters } from '../../functions/webhook/verify/verify.ts';

/** A part of what a signature covers. */
export interface SignedPart {
  /** What it stands for, such as `{body}`; of a text that is always the same, `text`. */
  name: string;
  /** Undefined for the secret, where that is a part of what is signed. */
  bytes: Buffer | undefined;
}

/**
 * What the signature of a request covers, in the order in which it is hashed. Empty where nothing of the request is: a
 * token.
 */
export function signedParts(verify: VerifyParameters, request: SignedRequest): SignedPart[] {
  const { headers, query = new Map<string, string>(), body } = request;
  const header = (name: string, place: string) => part(place, headers.get(name) ?? '');
  switch (verify.scheme) {
    case 'hmac':
      return partsOfHmac(verify, request);
    case 'stripe': {
      const [, time = ''] = /(?:^|,)\s*t=([^,]*)/.exec(headers.get(verify.header) ?? '') ?? [];
      return [part('{timestamp}', time), part('text', '.'), part('{body}', body)];
    }
    case 'dingtalk':
      return [header(dingTalkTimestamp.header, '{timestamp}'), part('text', '\n'), secret];
    case 'feishu':
      return [
        header(feishuTimestamp.header, '{timestamp}'),
        header(feishuNonceHeader, '{nonce}'),
        secret,
        part('{body}', body),
      ];
    case 'token':
      return [];
    case 'link': {
      const values = ['app', 'order', 'exp'].map((name) => part(`{${name}}`, query.get(name) ?? ''));
      return [
        part('text', `link\n${verify.source}`),
        ...values.flatMap((value) => [part('text', '\n'), value]),
      ];
    }
  }
}

const secret: SignedPart = { name: '{secret}', bytes: undefined };

function part(name: string, content: string | Buffer): SignedPart {
  return { name, bytes: Buffer.from(content as string) };
}

function partsOfHmac(
  { signed, timestamp, idHeader, unbranded }: HmacParameters,
  { headers, body }: SignedRequest,
): SignedPart[] {
  const read = (own: string | undefined, other: string | undefined) =>
    [own, other].map((name) => headers.get(name ?? '')).find((value) => value !== undefined) ?? '';
  const payload = isForm(headers.get('content-type')) ? (formField(body, 'payload') ?? '') : body;
  const contents = new Map<string, string | Buffer>([
    ['{body}', body],
    ['{payload}', payload],
    ['{timestamp}', read(timestamp?.header, unbranded?.timestamp)],
    ['{id}', read(idHeader, unbranded?.idHeader)],
  ]);
  return signed.map((each) => {
    const content = contents.get(each);
    return content === undefined ? part('text', each) : part(each, content);
  });
}

/** The headers in which the proof of a request stands, by their names in lower case. */
export function proofHeaders(verify: VerifyParameters): string[] {
  switch (verify.scheme) {
    case 'hmac': {
      const { header, aliases = [], timestamp, idHeader, unbranded } = verify;
      const others = unbranded ? [unbranded.header, unbranded.timestamp, unbranded.idHeader] : [];
      return [header, ...aliases, timestamp?.header, idHeader, ...others].filter(
        (name) => name !== undefined,
      );
    }
    case 'stripe':
    case 'token':
      return [verify.header];
    case 'dingtalk':
      return [dingTalkTimestamp.header, 'sign'];
    case 'feishu':
      return [feishuTimestamp.header, feishuNonceHeader, 'x-lark-signature'];
    case 'link':
      return [];
  }
}
