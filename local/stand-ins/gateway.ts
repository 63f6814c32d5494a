import { timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** The only key pair that a stand-in knows. With a `securityToken` it is a temporary (STS) one. */
export interface AccessKey {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  readonly securityToken?: string | undefined;
  /** Epoch milliseconds after which the security token is refused. Default: never. */
  readonly securityTokenExpiresAt?: number | undefined;
}

/** A gateway's error: the HTTP status, and `Code` and `Message` of the JSON body. */
export interface ApiError {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

export function badRequest(code: string, message: string): ApiError {
  return { status: 400, code, message };
}

/** What a gateway checks of a call: undefined where it is good, else the error to answer with. */
export type Check<Call extends readonly unknown[]> = (...call: Call) => ApiError | undefined;

/** Makes one check of several. The first error counts. */
export function inTurn<Call extends readonly unknown[]>(checks: readonly Check<Call>[]): Check<Call> {
  return (...call) => {
    for (const check of checks) {
      const error = check(...call);
      if (error) return error;
    }
    return undefined;
  };
}

/** Remembers each nonce, and refuses its repetition. */
export function createNonceCheck(): Check<[nonce: string | undefined]> {
  const seen = new Set<string>();
  return (nonce) => {
    if (!nonce) return gatewayRefusals.nonceMissing;
    if (seen.has(nonce)) return gatewayRefusals.nonceUsed;
    seen.add(nonce);
    return undefined;
  };
}

/** How far a request's time may be from the gateway's clock. */
const timeToleranceMs = 15 * 60_000;

/** @param epochMs the time that the request states */
export function isNow(epochMs: number, now: () => number): boolean {
  return Math.abs(now() - epochMs) <= timeToleranceMs;
}

/** The time in an RFC 1123 date, in epoch milliseconds. `Date.parse` alone would take other formats, too. */
export function readDate(text = ''): number | undefined {
  const date = Date.parse(text);
  const isDate = /^\w{3}, \d{2} \w{3} \d{4} [\d:]{8} GMT$/.test(text) && !Number.isNaN(date);
  return isDate ? date : undefined;
}

/** Reads `Authorization: SCHEME KEY-ID:SIGNATURE`; both are empty where there is no such header. */
export function readAuthorization(
  { authorization = '' }: IncomingHttpHeaders,
  scheme: 'acs' | 'FC',
): { accessKeyId: string; signature: string } {
  const [, given, accessKeyId = '', signature = ''] = /^(\w+) ([^:]*):(.*)$/.exec(authorization) ?? [];
  return given === scheme ? { accessKeyId, signature } : { accessKeyId: '', signature: '' };
}

export function equalInConstantTime(given: string, expected: string): boolean {
  const [left, right] = [Buffer.from(given), Buffer.from(expected)];
  return left.length === right.length && timingSafeEqual(left, right);
}

/**
 * The errors with which Alibaba Cloud's gateway refuses a call to any product. Codes and statuses are those of the gateway,
 * texts too where it publishes them; those about the token are ours. https://help.aliyun.com/document_detail/60629.html
 */
export const gatewayRefusals = {
  version: badRequest('InvalidVersion', 'Specified parameter Version is not valid.'),
  signatureMethod: badRequest(
    'InvalidSignatureMethod',
    'Specified signature method or version is not valid.',
  ),
  accessKeyId: {
    status: 404,
    code: 'InvalidAccessKeyId.NotFound',
    message: 'Specified access key is not found.',
  },
  timeFormat: badRequest(
    'InvalidTimeStamp.Format',
    'Specified time stamp or date value is not well formatted.',
  ),
  timeExpired: badRequest('InvalidTimeStamp.Expired', 'Specified time stamp or date value is expired.'),
  tokenMissing: badRequest('MissingSecurityToken', 'SecurityToken is mandatory for this action.'),
  tokenMismatch: badRequest(
    'InvalidSecurityToken.MismatchWithAccessKey',
    'Specified SecurityToken mismatch with the AccessKey.',
  ),
  nonceMissing: badRequest('MissingSignatureNonce', 'SignatureNonce is mandatory for this action.'),
  nonceUsed: badRequest('SignatureNonceUsed', 'Specified signature nonce was used already.'),
};
