import { createHash, createHmac } from 'node:crypto';
import {
  equalInConstantTime,
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

// Codes, statuses and texts of the key id, the signature and a missing header are Function Compute's; of what else is
// checked here no refusal is documented, so that the code is the documented one for "no right", and the text is ours.
// https://help.aliyun.com/zh/fc/developer-reference/error-codes
const refusals = {
  signature: denied(
    'SignatureNotMatch',
    'The request signature we calculated does not match the signature you provided. Check your access key and signing method',
  ),
  date: denied('AccessDenied', 'the Date header is no RFC 1123 date within 15 minutes of the current time'),
  token: denied('AccessDenied', 'the security token does not belong to the access key'),
  tokenExpired: denied('AccessDenied', 'the security token has expired'),
  account: denied('AccessDenied', 'the access key does not belong to the account'),
  contentMd5: denied('AccessDenied', 'the content-md5 does not belong to the body'),
};

/**
 * What the signature covers: method, `content-md5`, `content-type` and `date` a line each, then every `x-fc-*` header,
 * then the path without the query.
 * https://help.aliyun.com/en/functioncompute/fc-2-0/developer-reference/signature-authentication
 */
export function stringToSign({ method, target, headers }: ApiRequest): string {
  const lines = [
    method,
    readHeader(headers, 'content-md5') ?? '',
    headers['content-type'] ?? '',
    headers.date ?? '',
    ...headersWithPrefix(headers, 'x-fc-').map(([name, value]) => `${name}:${value}`),
    splitTarget(target).path,
  ];
  return lines.join('\n');
}

/** The base64 HMAC-SHA256 that goes behind the colon of `Authorization: FC <key id>:<signature>`. */
export function sign(text: string, accessKeySecret: string): string {
  return createHmac('sha256', accessKeySecret).update(text, 'utf8').digest('base64');
}

/**
 * Makes the API's check of a request: `undefined` when the request is good, else the error to answer with. It never
 * throws.
 *
 * @param key the key pair that requests must be signed with
 * @param accountId the account that they must name
 * @param now the API's clock, epoch milliseconds
 */
export function createFcVerifier(key: AccessKey, accountId: string, now: () => number): Check {
  const checks: readonly Check[] = [
    accessKeyIdCheck(key),
    dateCheck(now),
    accountCheck(accountId),
    securityTokenCheck(key, now),
    checkContentMd5,
    signatureCheck(key),
  ];
  return inTurn(checks);
}

function accessKeyIdCheck(key: AccessKey): Check {
  return ({ headers }) => {
    const { accessKeyId } = readAuthorization(headers, 'FC');
    return accessKeyId === key.accessKeyId
      ? undefined
      : denied('InvalidAccessKeyID', `invalid access key ID '${accessKeyId}'`);
  };
}

function dateCheck(now: () => number): Check {
  return ({ headers }) => {
    if (headers.date === undefined) return missingHeader('Date');
    const date = readDate(headers.date);
    return date !== undefined && isNow(date, now) ? undefined : refusals.date;
  };
}

function accountCheck(accountId: string): Check {
  return ({ headers }) => {
    const given = readHeader(headers, 'x-fc-account-id');
    if (given === undefined) return missingHeader('x-fc-account-id');
    return given === accountId ? undefined : refusals.account;
  };
}

function securityTokenCheck(key: AccessKey, now: () => number): Check {
  return ({ headers }) => {
    const token = readHeader(headers, 'x-fc-security-token');
    if (key.securityToken === undefined) return token === undefined ? undefined : refusals.token;
    if (token === undefined || !equalInConstantTime(token, key.securityToken)) return refusals.token;
    return now() <= (key.securityTokenExpiresAt ?? Infinity) ? undefined : refusals.tokenExpired;
  };
}

function checkContentMd5({ headers, body }: ApiRequest): ApiError | undefined {
  const given = readHeader(headers, 'content-md5');
  if (given === undefined) return undefined;
  const digest = createHash('md5').update(body).digest();
  // RFC 1864 wants the digest in base64; fc2 sends its hexadecimal text in base64.
  // https://github.com/aliyun/fc-nodejs-sdk/blob/master/lib/client.js
  const asFc2Writes = Buffer.from(digest.toString('hex')).toString('base64');
  return given === digest.toString('base64') || given === asFc2Writes ? undefined : refusals.contentMd5;
}

function signatureCheck(key: AccessKey): Check {
  return (request) => {
    const expected = sign(stringToSign(request), key.accessKeySecret);
    const { signature } = readAuthorization(request.headers, 'FC');
    return equalInConstantTime(signature, expected) ? undefined : refusals.signature;
  };
}

function missingHeader(name: string): ApiError {
  return {
    status: 400,
    code: 'MissingRequiredHeader',
    message: `required HTTP header ${name} was not specified`,
  };
}

function denied(code: string, message: string): ApiError {
  return { status: 403, code, message };
}
