import { createHmac } from 'node:crypto';
import {
  badRequest,
  createNonceCheck,
  equalInConstantTime,
  gatewayRefusals,
  inTurn,
  isNow,
  type AccessKey,
  type ApiError,
  type Check as CheckOf,
} from '../gateway.ts';
import { splitTarget, type ApiRequest } from '../request.ts';

/** The parameters of an RPC call: those of the address and of the form in its body. */
export type RpcParameters = ReadonlyMap<string, string>;

type Check = CheckOf<[parameters: RpcParameters, method: string]>;

const kmsVersion = '2016-01-20';

/** The parameters of a call, from its address and its form. */
export function readParameters({ target, headers, body }: ApiRequest): RpcParameters {
  const { query } = splitTarget(target);
  const isForm = headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true;
  const form = new URLSearchParams(isForm ? body.toString('utf8') : '');
  return new Map([...query, ...form]);
}

/**
 * What an RPC signature covers: the method, the path, which is always `/`, and every parameter but the signature itself,
 * sorted by name.
 * https://www.alibabacloud.com/help/en/sdk/product-overview/rpc-mechanism
 */
export function stringToSign(parameters: RpcParameters, method: string): string {
  const sorted = [...parameters]
    .filter(([name]) => name !== 'Signature')
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const query = sorted.map(([name, value]) => `${percent(name)}=${percent(value)}`).join('&');
  return [method, percent('/'), percent(query)].join('&');
}

/** The base64 HMAC-SHA1 in the parameter `Signature`; the key ends with an ampersand. */
export function sign(text: string, accessKeySecret: string): string {
  return createHmac('sha1', `${accessKeySecret}&`).update(text, 'utf8').digest('base64');
}

/** The refusal of a wrong signature. Like the real gateway's, it repeats all that was signed, the security token included. */
export function signatureDoesNotMatch(parameters: RpcParameters, method: string): ApiError {
  const text = stringToSign(parameters, method);
  return badRequest(
    'SignatureDoesNotMatch',
    `Specified signature is not matched with our calculation. server string to sign is:${text}`,
  );
}

/**
 * Makes the gateway's check of a call: `undefined` when it is good, else the error to answer with. It never throws. It
 * remembers the nonce of every good call and refuses its repetition.
 *
 * @param key the key pair that calls must be signed with
 * @param now the gateway's clock, epoch milliseconds
 * @param version of the API that is called
 */
export function createRpcVerifier(key: AccessKey, now: () => number, version = kmsVersion): Check {
  const checkNonce = createNonceCheck();
  const checks: readonly Check[] = [
    (parameters) => (parameters.get('Version') === version ? undefined : gatewayRefusals.version),
    checkSignatureMethod,
    (parameters) =>
      parameters.get('AccessKeyId') === key.accessKeyId ? undefined : gatewayRefusals.accessKeyId,
    timeCheck(now),
    tokenCheck(key),
    signatureCheck(key),
    // Last, so that only a call that is otherwise good uses its nonce up.
    (parameters) => checkNonce(parameters.get('SignatureNonce')),
  ];
  return inTurn(checks);
}

function checkSignatureMethod(parameters: RpcParameters): ApiError | undefined {
  const isKnown =
    parameters.get('SignatureMethod') === 'HMAC-SHA1' && parameters.get('SignatureVersion') === '1.0';
  return isKnown ? undefined : gatewayRefusals.signatureMethod;
}

function timeCheck(now: () => number): Check {
  return (parameters) => {
    const time = parameters.get('Timestamp') ?? '';
    if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(time)) return gatewayRefusals.timeFormat;
    return isNow(Date.parse(time), now) ? undefined : gatewayRefusals.timeExpired;
  };
}

function tokenCheck({ securityToken }: AccessKey): Check {
  return (parameters) => {
    const token = parameters.get('SecurityToken');
    if (token === undefined) return securityToken === undefined ? undefined : gatewayRefusals.tokenMissing;
    return equalInConstantTime(token, securityToken ?? '') ? undefined : gatewayRefusals.tokenMismatch;
  };
}

function signatureCheck({ accessKeySecret }: AccessKey): Check {
  return (parameters, method) => {
    const expected = sign(stringToSign(parameters, method), accessKeySecret);
    const isRight = equalInConstantTime(parameters.get('Signature') ?? '', expected);
    return isRight ? undefined : signatureDoesNotMatch(parameters, method);
  };
}

/** RFC 3986, of which encodeURIComponent leaves five characters out. */
function percent(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
