import { verifyDingTalk, type DingTalkParameters } from './dingtalk.ts';
import { verifyFeishu, type FeishuParameters } from './feishu.ts';
import { verifyHmac, type HmacParameters } from './hmac.ts';
import { verifyLink, type LinkGrant, type LinkParameters } from './link.ts';
import type { SignedRequest } from './match.ts';
import { verifyStripe, type StripeParameters } from './stripe.ts';
import { verifyToken, type TokenParameters } from './token.ts';

/** How a sender proves who it is. */
export type VerifyParameters =
  | HmacParameters
  | StripeParameters
  | DingTalkParameters
  | FeishuParameters
  | TokenParameters
  | LinkParameters;

/**
 * The one gate: returns if the request was made with one of the keys.
 *
 * @param now epoch milliseconds
 * @returns what the request is limited to, where it came by a link
 * @throws Problem, always with status 401
 */
export function verify(
  parameters: VerifyParameters,
  keys: readonly Buffer[],
  request: SignedRequest,
  now: number,
): LinkGrant | undefined {
  switch (parameters.scheme) {
    case 'hmac':
      verifyHmac(parameters, keys, request, now);
      return undefined;
    case 'stripe':
      verifyStripe(parameters, keys, request, now);
      return undefined;
    case 'dingtalk':
      verifyDingTalk(keys, request, now);
      return undefined;
    case 'feishu':
      verifyFeishu(keys, request, now);
      return undefined;
    case 'token':
      verifyToken(parameters, keys, request);
      return undefined;
    case 'link':
      return verifyLink(parameters, keys, request, now);
  }
}

/**
 * Whether what was verified covers the payload. A sender whose payload can be changed on its way gets narrower rights.
 */
export function coversPayload({ scheme }: Pick<VerifyParameters, 'scheme'>): boolean {
  return scheme === 'hmac' || scheme === 'stripe' || scheme === 'feishu';
}
