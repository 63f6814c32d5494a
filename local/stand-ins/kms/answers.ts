import { randomUUID } from 'node:crypto';
import type { Answer } from '../edas/answers.ts';
import type { ApiError } from '../gateway-refusals.ts';
import type { StoredVersion } from './secrets.ts';

/**
 * What GetSecretValue answers.
 * https://www.alibabacloud.com/help/en/kms/key-management-service/developer-reference/api-kms-2016-01-20-getsecretvalue
 */
export function secretAnswer(name: string, stage: string, { versionId, data, type }: StoredVersion): Answer {
  return answer(200, {
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
  return answer(status, {
    HttpStatus: status,
    Code: code,
    Message: message,
    RequestId: randomUUID(),
    HostId: 'kms.cn-hangzhou.aliyuncs.com',
  });
}

function answer(status: number, body: unknown): Answer {
  return { status, json: JSON.stringify(body) };
}
