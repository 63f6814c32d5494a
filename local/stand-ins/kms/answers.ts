import { randomUUID } from 'node:crypto';
import { jsonAnswer, type Answer } from '../answers.ts';
import type { ApiError } from '../gateway.ts';
import type { StoredVersion } from './secrets.ts';

/**
 * What GetSecretValue answers.
 * https://www.alibabacloud.com/help/en/kms/key-management-service/developer-reference/api-kms-2016-01-20-getsecretvalue
 */
export function secretAnswer(name: string, stage: string, { versionId, data, type }: StoredVersion): Answer {
  return jsonAnswer(200, {
    SecretName: name,
    SecretType: 'Generic',
    SecretDataType: type,
    SecretData: data,
    VersionId: versionId,
    VersionStages: { VersionStage: [stage] },
    CreateTime: '2026-01-02T03:04:05Z',
    RequestId: randomUUID(),
  });
}

/** A failure, in the shape of KMS: `HttpStatus`, `Code`, `Message`, `RequestId`. */
export function errorAnswer({ status, code, message }: ApiError): Answer {
  return jsonAnswer(status, {
    HttpStatus: status,
    Code: code,
    Message: message,
    RequestId: randomUUID(),
    HostId: 'kms.cn-hangzhou.aliyuncs.com',
  });
}
