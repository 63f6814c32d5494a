/** An error in the gateway's words: the HTTP status, and `Code` and `Message` of the JSON body. */
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

/** One check of several: the first that finds a fault has the word. */
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

/**
 * With which Alibaba Cloud's gateway refuses a call, whichever product it is for. Codes and statuses are those of the gateway,
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
