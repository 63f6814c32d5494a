/**
 * What a failed read of a secret means.
 *
 * - `refused`: KMS, or who configured the call, has decided: there is no such secret, or the role may not read it, or it
 *   cannot be used as it is.
 * - `unavailable`: there was no decision. KMS was too slow, too busy or not there, or did not take the credentials.
 */
export type KmsFailureKind = 'refused' | 'unavailable';

/**
 * A failed read of a secret. Its texts are fit for a log: none of them is KMS's own, which may quote what it was sent.
 */
export class KmsFailure extends Error {
  override readonly name = 'KmsFailure';
  readonly kind: KmsFailureKind;
  /** KMS's own id of the call, for a ticket with Alibaba Cloud. */
  readonly requestId: string | undefined;
  /** KMS's own, such as `Forbidden.ResourceNotFound`; undefined where it gave none. */
  readonly code: string | undefined;

  constructor(kind: KmsFailureKind, message: string, requestId?: string, code?: string) {
    super(message);
    this.kind = kind;
    this.requestId = requestId;
    this.code = code;
  }
}

/** What KMS said when it did not give a secret. */
interface Refusal {
  /** KMS's own, such as `Forbidden.ResourceNotFound`. */
  code: string | undefined;
  status: number | undefined;
  requestId: string | undefined;
  /** The host that was asked. */
  host: string;
}

/** What KMS's refusal means, and what to do about it. */
export function failureOf({ code: given, status, requestId, host }: Refusal): KmsFailure {
  const code = given ?? 'without a code';
  const kind = isOutage(code, status) ? 'unavailable' : 'refused';
  const said = `KMS answered ${code}${status === undefined ? '' : ` (HTTP ${status})`}.`;
  return new KmsFailure(kind, `${said}${adviceOn(code, host)}`, requestId, given);
}

// https://github.com/aliyun/aliyun-secretsmanager-client-python/blob/master/src/alibaba_cloud_secretsmanager_client/utils/err_code_const.py
// names the codes after which Alibaba's own client tries again or keeps what it has; the rest are the gateway's:
// https://help.aliyun.com/document_detail/60629.html
const outagePattern = /Throttling|Unavailable|Internal|Time-?out|InDebt/i;
const credentialsRefusedPattern =
  /^(InvalidAccessKeyId|InvalidSecurityToken|MissingSecurityToken|SignatureDoesNotMatch|IncompleteSignature|InvalidTimeStamp|SignatureNonceUsed)/;

function isOutage(code: string, status: number | undefined): boolean {
  if (status !== undefined && (status >= 500 || status === 408 || status === 429)) return true;
  return outagePattern.test(code) || credentialsRefusedPattern.test(code) || code === 'without a code';
}

function adviceOn(code: string, host: string): string {
  if (credentialsRefusedPattern.test(code)) return '';
  if (code.includes('NotFound')) {
    return ` Is it spelt as in KMS, and in the region of ${host}?`;
  }
  if (/^Forbidden\.(?!InDebt)|NoPermission/.test(code)) {
    return " The function's role needs kms:GetSecretValue on the secret, and kms:Decrypt on the key that encrypts it: see policy/README.md.";
  }
  return '';
}
