import type { Credentials } from '../alibaba/credentials.ts';
import { identifier, holdsPieceOfCredentials } from '../alibaba/redact.ts';
import { isRecord } from '../lib/json.ts';
import { excerpt } from '../lib/text.ts';

/**
 * What a failed EDAS call means for the question that matters: did EDAS take the request?
 *
 * - `not_sent`: it never left: no connection was established.
 * - `unauthenticated`, `denied`, `throttled`, `not_found`, `rejected`: EDAS (or its gateway) answered, and the answer is
 *   no. `unauthenticated`: it does not accept the credentials; `denied`: it does, and they lack the right.
 * - `doubt`: the request left and no answer can be relied on. It may have been carried out.
 */
export type EdasFailureKind =
  'not_sent' | 'unauthenticated' | 'denied' | 'throttled' | 'not_found' | 'rejected' | 'doubt';

/** A failed EDAS call. As the client throws it, its texts are bounded and hold no credentials. */
export class EdasFailure extends Error {
  override readonly name = 'EdasFailure';
  readonly kind: EdasFailureKind;
  /** EDAS's own code, e.g. `601` or `Throttling.User`. */
  readonly code: string | undefined;
  readonly requestId: string | undefined;
  readonly traceId: string | undefined;

  constructor(
    kind: EdasFailureKind,
    message: string,
    details: { code?: string | undefined; requestId?: string | undefined; traceId?: string | undefined } = {},
  ) {
    super(message);
    this.kind = kind;
    this.code = details.code;
    this.requestId = details.requestId;
    this.traceId = details.traceId;
  }
}

/** A JSON object that EDAS answered. */
export type EdasAnswer = Record<string, unknown>;

/**
 * Turns whatever `ROAClient.request` threw into what it means.
 *
 * @param connected whether a connection (with TLS: a finished handshake) was established for this call. pop-core's own
 *   words do not tell: it reports a connected but silent server as `ConnectTimeout`.
 */
export function failureOf(error: unknown, connected: boolean): EdasFailure {
  if (error instanceof EdasFailure) return error;
  const reason = describeCallError(error);
  if (!connected) return new EdasFailure('not_sent', `EDAS could not be reached: ${reason}`);
  return new EdasFailure('doubt', `EDAS gave no answer that can be relied on: ${reason}`);
}

/** What an answer means that says nowhere that it is a success. */
export function failureOfRefusal(answer: EdasAnswer, httpStatus: number): EdasFailure {
  const code = valueOf(answer['Code']) ?? valueOf(answer['code']);
  const errorCode = valueOf(answer['ErrorCode']);
  const message = valueOf(answer['Message']) ?? valueOf(answer['message']) ?? 'no message';
  const codes = [code, errorCode].filter((each) => each !== undefined);
  const kind = kindOf(codes, httpStatus);
  const status = httpStatus === 200 ? '' : ` (HTTP ${httpStatus})`;
  return new EdasFailure(kind, `EDAS answered ${codes.join(', ') || 'without a code'}${status}: ${message}`, {
    code: code ?? errorCode,
    requestId: valueOf(answer['RequestId']),
    traceId: valueOf(answer['TraceId']),
  });
}

/**
 * A refusal is only what EDAS clearly decided; whatever sounds like trouble on its side, or contradicts itself, is
 * doubt. The order of the rules matters.
 */
function kindOf(codes: string[], httpStatus: number): EdasFailureKind {
  const any = (pattern: RegExp) => codes.some((code) => pattern.test(code));
  // EDAS and its gateway name a code, always. A proxy that does not let an answer through may not.
  if (codes.length === 0) return 'doubt';
  // Only the gateway's own words: EDAS may relay the throttling of something else in the middle of its work.
  const mayThrottle = httpStatus < 500 || httpStatus === 503;
  if (mayThrottle && any(/^(Throttling(\.[A-Za-z]+)?|Rejected\.Throttling)$/)) return 'throttled';
  // Business errors of EDAS arrive as HTTP 500 too.
  const isBusinessError = any(/^Edas\.errorcode\./i);
  if (httpStatus >= 500 && !(httpStatus === 500 && isBusinessError)) return 'doubt';
  // After 429 and SignatureNonceUsed: each call has a nonce of its own, so a proxy has sent the request twice, and the
  // first one may have taken effect.
  if ([408, 429, 499].includes(httpStatus)) return 'doubt';
  if (any(/ServiceUnavailable|Internal(Server)?Error|Time-?d?out|^SignatureNonceUsed/i)) return 'doubt';
  if (any(/^(InvalidAccessKeyId|InvalidSecurityToken|MissingSecurityToken|SignatureDoesNotMatch)/)) {
    return 'unauthenticated';
  }
  // EDAS says 401 "no permission" and 403 "denied" inside a 200; RAM says Forbidden.* or NoPermission; SAE, which
  // shares the operation, spells it Resouce.no.permission. SAE also documents InvalidChangeOrder.NotFound.
  // https://www.alibabacloud.com/help/en/sae/api-sae-2019-05-06-abortandrollbackchangeorder
  if (httpStatus === 401 || httpStatus === 403) return 'denied';
  if (any(/^(401|403)$|^Forbidden|NoPermission|no\.permission/)) return 'denied';
  if (any(/ChangeOrder.*Not\.?(Found|Exist)/i)) return 'not_found';
  if (isBusinessError) return 'rejected';
  if (any(/^(408|5\d\d)$/)) return 'doubt';
  return httpStatus !== 200 || any(/^[46]\d\d$|^[A-Z]/) ? 'rejected' : 'doubt';
}

/** httpx runs its own words and the whole URL into a message; the system's code says the same in one. */
function describeCallError(error: unknown): string {
  if (!isRecord(error)) return 'no reason given';
  const code = valueOf(error['code']);
  if (code !== undefined && /^[A-Z][A-Z0-9_]+$/.test(code)) return code;
  if (error['name'] === 'RequestTimeoutError') return 'it took too long';
  return valueOf(error['message'])?.trim() ?? 'no reason given';
}

/** A text or a number of an answer, as text. */
export function valueOf(value: unknown): string | undefined {
  if (typeof value === 'string' && value !== '') return value;
  return typeof value === 'number' ? String(value) : undefined;
}

/** Characters of what EDAS said that are passed on. */
const longestText = 300;

/**
 * The failure with texts that are fit for an answer and a log: bounded, and without credentials. EDAS quotes the whole
 * string that it signed when a signature does not match, security token included; what it or a proxy may do to the
 * quotation, such as cutting or escaping it, is why the text is withheld rather than mended. A quotation in another
 * alphabet, such as base64, is not recognised.
 */
export function redactFailure(failure: EdasFailure, credentials: Credentials): EdasFailure {
  const code = identifier(failure.code, credentials);
  const { message: text } = failure;
  // A little more than is passed on, so that a quotation is seen as such also where the text is cut.
  const message = holdsPieceOfCredentials(text.slice(0, longestText * 5), credentials)
    ? `EDAS answered ${code ?? 'with a failure'}; its words are withheld, for they quote the credentials.`
    : excerpt(text, longestText);
  return new EdasFailure(failure.kind, message, {
    code,
    requestId: identifier(failure.requestId, credentials),
    traceId: identifier(failure.traceId, credentials),
  });
}
