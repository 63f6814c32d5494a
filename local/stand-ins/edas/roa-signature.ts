import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import {
  badRequest,
  createNonceCheck,
  gatewayRefusals,
  inTurn,
  type ApiError,
  type Check as CheckOf,
} from '../gateway-refusals.ts';

/** A request as it arrived, before anything in it is believed. */
export interface RoaRequest {
  readonly method: string;
  /** Path and query as they stand on the request line, still percent-encoded. */
  readonly target: string;
  /** Names in lower case, as node:http gives them. */
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** The only key pair that the stand-in knows. With a `securityToken` it is a temporary (STS) one. */
export interface AccessKey {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  readonly securityToken?: string | undefined;
  /** Epoch milliseconds after which the security token is refused. Default: never. */
  readonly securityTokenExpiresAt?: number | undefined;
}

type Check = CheckOf<[request: RoaRequest]>;

const edasVersion = '2017-08-01';
const dateToleranceMs = 15 * 60_000;

// What only the ROA gateway refuses; the texts are ours.
const refusals = {
  ...gatewayRefusals,
  tokenExpired: badRequest('InvalidSecurityToken.Expired', 'Specified SecurityToken is expired.'),
  contentMd5: badRequest('ContentMD5NotMatched', 'Specified Content-MD5 does not match the content.'),
};

/** Reads the whole request from the wire. Rejects when the sender goes away before its end. */
export async function receiveRoaRequest(message: IncomingMessage): Promise<RoaRequest> {
  const { method = '', url: target = '', headers } = message;
  return { method, target, headers, body: await buffer(message) };
}

/** Splits the request target at its first `?`. Names and values of the query are decoded, in their order. */
export function splitTarget(target: string): { path: string; query: URLSearchParams } {
  const mark = target.indexOf('?');
  if (mark === -1) return { path: target, query: new URLSearchParams() };
  return { path: target.slice(0, mark), query: new URLSearchParams(target.slice(mark + 1)) };
}

/**
 * What an ROA signature covers: method, `Accept`, `Content-MD5`, `Content-Type` and `Date` a line each, then every
 * `x-acs-*` header, then the path with its sorted, decoded query.
 * https://www.alibabacloud.com/help/en/sdk/product-overview/roa-mechanism
 */
export function stringToSign({ method, target, headers }: RoaRequest): string {
  const lines = [
    method,
    headers.accept ?? '',
    header(headers, 'content-md5') ?? '',
    headers['content-type'] ?? '',
    headers.date ?? '',
    ...canonicalHeaders(headers),
    canonicalResource(target),
  ];
  return lines.join('\n');
}

/** The base64 HMAC-SHA1 that goes behind the colon of `Authorization: acs <AccessKeyId>:<signature>`. */
export function sign(text: string, accessKeySecret: string): string {
  return createHmac('sha1', accessKeySecret).update(text, 'utf8').digest('base64');
}

/**
 * The refusal of a wrong signature. Like the real gateway's, its message repeats the whole string to sign, and with
 * it the caller's security token: whoever logs or forwards this message leaks the token.
 */
export function signatureDoesNotMatch(request: RoaRequest): ApiError {
  // The official Go SDK relies on this very text: errors/signature_does_not_match_wrapper.go in
  // https://github.com/aliyun/alibaba-cloud-sdk-go
  return badRequest(
    'SignatureDoesNotMatch',
    `Specified signature is not matched with our calculation. server string to sign is:${stringToSign(request)}`,
  );
}

/**
 * Makes the gateway's check of a request: `undefined` when the request is good, else the error to answer with. It
 * never throws. It remembers the nonce of every good request and refuses its repetition.
 *
 * @param key the key pair that requests must be signed with
 * @param now the gateway's clock, epoch milliseconds
 */
export function createRoaVerifier(key: AccessKey, now: () => number): Check {
  const checkNonce = createNonceCheck();
  const checks: readonly Check[] = [
    checkVersion,
    checkSignatureMethod,
    accessKeyIdCheck(key),
    dateCheck(now),
    securityTokenCheck(key, now),
    checkContentMd5,
    signatureCheck(key),
    // Last, so that only a request that is otherwise good uses its nonce up.
    ({ headers }) => checkNonce(header(headers, 'x-acs-signature-nonce')),
  ];
  return inTurn(checks);
}

function checkVersion({ headers }: RoaRequest): ApiError | undefined {
  return header(headers, 'x-acs-version') === edasVersion ? undefined : refusals.version;
}

function checkSignatureMethod({ headers }: RoaRequest): ApiError | undefined {
  const isKnown =
    header(headers, 'x-acs-signature-method') === 'HMAC-SHA1' &&
    header(headers, 'x-acs-signature-version') === '1.0';
  return isKnown ? undefined : refusals.signatureMethod;
}

function accessKeyIdCheck(key: AccessKey): Check {
  return ({ headers }) =>
    parseAuthorization(headers).accessKeyId === key.accessKeyId ? undefined : refusals.accessKeyId;
}

function dateCheck(now: () => number): Check {
  return ({ headers }) => {
    const date = Date.parse(headers.date ?? '');
    // RFC 1123, as ROA wants it; Date.parse would take much else.
    if (Number.isNaN(date) || !/^\w{3}, \d{2} \w{3} \d{4} [\d:]{8} GMT$/.test(headers.date ?? '')) {
      return refusals.timeFormat;
    }
    return Math.abs(now() - date) <= dateToleranceMs ? undefined : refusals.timeExpired;
  };
}

function securityTokenCheck(key: AccessKey, now: () => number): Check {
  return ({ headers }) => {
    const token = header(headers, 'x-acs-security-token');
    if (key.securityToken === undefined) return token === undefined ? undefined : refusals.tokenMismatch;
    if (token === undefined) return refusals.tokenMissing;
    if (!equalInConstantTime(token, key.securityToken)) return refusals.tokenMismatch;
    if (header(headers, 'x-acs-accesskey-id') !== key.accessKeyId) return refusals.tokenMismatch;
    return now() <= (key.securityTokenExpiresAt ?? Infinity) ? undefined : refusals.tokenExpired;
  };
}

function checkContentMd5({ headers, body }: RoaRequest): ApiError | undefined {
  const md5 = createHash('md5').update(body).digest('base64');
  return header(headers, 'content-md5') === md5 ? undefined : refusals.contentMd5;
}

function signatureCheck(key: AccessKey): Check {
  return (request) => {
    const expected = sign(stringToSign(request), key.accessKeySecret);
    const { signature } = parseAuthorization(request.headers);
    return equalInConstantTime(signature, expected) ? undefined : signatureDoesNotMatch(request);
  };
}

function canonicalHeaders(headers: IncomingHttpHeaders): string[] {
  const names = Object.keys(headers).filter((name) => name.startsWith('x-acs-'));
  return names.sort().map((name) => `${name}:${oneLine(header(headers, name) ?? '')}`);
}

function oneLine(value: string): string {
  return value.replaceAll(/[\t\n\r\f]/g, ' ').trim();
}

function canonicalResource(target: string): string {
  const { path, query } = splitTarget(target);
  query.sort();
  const pairs = [...query].map(([name, value]) => `${name}=${value}`);
  return pairs.length === 0 ? path : `${path}?${pairs.join('&')}`;
}

function parseAuthorization(headers: IncomingHttpHeaders): { accessKeyId: string; signature: string } {
  const [, accessKeyId = '', signature = ''] = /^acs ([^:]*):(.*)$/.exec(headers.authorization ?? '') ?? [];
  return { accessKeyId, signature };
}

/** Repeated ones joined by a comma. */
export function header(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}

export function equalInConstantTime(given: string, expected: string): boolean {
  const [left, right] = [Buffer.from(given), Buffer.from(expected)];
  return left.length === right.length && timingSafeEqual(left, right);
}
