import { createHash, createHmac } from 'node:crypto';
import {
  badRequest,
  createNonceCheck,
  equalInConstantTime,
  gatewayRefusals,
  inTurn,
  isNow,
  readAuthorization,
  readDate,
  type AccessKey,
  type ApiError,
  type Check as CheckOf,
} from '../gateway.ts';
import { headersWithPrefix, readHeader, splitTarget, type ApiRequest } from '../request.ts';

type Check = CheckOf<[request: ApiRequest]>;

const edasVersion = '2017-08-01';

// What only the ROA gateway refuses; the texts are ours.
const refusals = {
  ...gatewayRefusals,
  tokenExpired: badRequest('InvalidSecurityToken.Expired', 'Specified SecurityToken is expired.'),
  contentMd5: badRequest('ContentMD5NotMatched', 'Specified Content-MD5 does not match the content.'),
};

/**
 * What an ROA signature covers: method, `Accept`, `Content-MD5`, `Content-Type` and `Date` a line each, then every
 * `x-acs-*` header, then the path with its sorted, decoded query.
 * https://www.alibabacloud.com/help/en/sdk/product-overview/roa-mechanism
 */
export function stringToSign({ method, target, headers }: ApiRequest): string {
  const lines = [
    method,
    headers.accept ?? '',
    readHeader(headers, 'content-md5') ?? '',
    headers['content-type'] ?? '',
    headers.date ?? '',
    ...headersWithPrefix(headers, 'x-acs-').map(([name, value]) => `${name}:${oneLine(value)}`),
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
 * it the caller's security token: a program that logs or forwards this message leaks the token.
 */
export function signatureDoesNotMatch(request: ApiRequest): ApiError {
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
    ({ headers }) => checkNonce(readHeader(headers, 'x-acs-signature-nonce')),
  ];
  return inTurn(checks);
}

function checkVersion({ headers }: ApiRequest): ApiError | undefined {
  return readHeader(headers, 'x-acs-version') === edasVersion ? undefined : refusals.version;
}

function checkSignatureMethod({ headers }: ApiRequest): ApiError | undefined {
  const isKnown =
    readHeader(headers, 'x-acs-signature-method') === 'HMAC-SHA1' &&
    readHeader(headers, 'x-acs-signature-version') === '1.0';
  return isKnown ? undefined : refusals.signatureMethod;
}

function accessKeyIdCheck(key: AccessKey): Check {
  return ({ headers }) =>
    readAuthorization(headers, 'acs').accessKeyId === key.accessKeyId ? undefined : refusals.accessKeyId;
}

function dateCheck(now: () => number): Check {
  return ({ headers }) => {
    const date = readDate(headers.date);
    if (date === undefined) return refusals.timeFormat;
    return isNow(date, now) ? undefined : refusals.timeExpired;
  };
}

function securityTokenCheck(key: AccessKey, now: () => number): Check {
  return ({ headers }) => {
    const token = readHeader(headers, 'x-acs-security-token');
    if (key.securityToken === undefined) return token === undefined ? undefined : refusals.tokenMismatch;
    if (token === undefined) return refusals.tokenMissing;
    if (!equalInConstantTime(token, key.securityToken)) return refusals.tokenMismatch;
    if (readHeader(headers, 'x-acs-accesskey-id') !== key.accessKeyId) return refusals.tokenMismatch;
    return now() <= (key.securityTokenExpiresAt ?? Infinity) ? undefined : refusals.tokenExpired;
  };
}

function checkContentMd5({ headers, body }: ApiRequest): ApiError | undefined {
  const md5 = createHash('md5').update(body).digest('base64');
  return readHeader(headers, 'content-md5') === md5 ? undefined : refusals.contentMd5;
}

function signatureCheck(key: AccessKey): Check {
  return (request) => {
    const expected = sign(stringToSign(request), key.accessKeySecret);
    const { signature } = readAuthorization(request.headers, 'acs');
    return equalInConstantTime(signature, expected) ? undefined : signatureDoesNotMatch(request);
  };
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
