import RPCClient from '@alicloud/pop-core/lib/rpc.js';
import { openConnection, type Connection } from '../alibaba/connection.ts';
import type { Credentials, CredentialsProvider } from '../alibaba/credentials.ts';
import { identifier } from '../alibaba/redact.ts';
import { withTimeout } from '../lib/async.ts';
import { isRecord, toRecord, toText } from '../lib/json.ts';
import { monotonicMs } from '../lib/time.ts';
import { failureOf, KmsFailure } from './failure.ts';

/**
 * Which version of a secret: the one in force, or the one before it. A new version moves both labels.
 * https://www.alibabacloud.com/help/en/kms/key-management-service/developer-reference/api-kms-2016-01-20-putsecretvalue
 */
export type VersionStage = 'ACSCurrent' | 'ACSPrevious';

/** A version of a secret. */
export interface SecretVersion {
  text: string;
  /** The name that the version got when it was stored. */
  versionId: string | undefined;
}

/** KMS Secrets Manager, as far as a source's secret needs it. */
export interface KmsClient {
  /**
   * `GetSecretValue`: a read.
   *
   * @param timeoutMs milliseconds that it may last
   * @throws KmsFailure
   */
  getSecretValue: (name: string, stage: VersionStage, timeoutMs: number) => Promise<SecretVersion>;
}

/** Milliseconds. Inside a region a connection takes a few. */
const longestConnectMs = 1000;
/** What senders sign with has some tens of bytes. */
const largestAnswerBytes = 256 * 1024;

/**
 * @param endpoint an origin as `kmsEndpoint` makes it
 * @param credentialsProvider asked once per call
 */
export function createKmsClient(endpoint: string, credentialsProvider: CredentialsProvider): KmsClient {
  return {
    getSecretValue: async (name, stage, timeoutMs) => {
      const deadlineAt = monotonicMs() + timeoutMs;
      const late = new KmsFailure('unavailable', `No credentials came within ${Math.round(timeoutMs)} ms.`);
      const credentials = await withTimeout(credentialsProvider.getCredentials(), timeoutMs, late);
      const leftMs = Math.max(1, Math.floor(deadlineAt - monotonicMs()));
      const connection = openConnection(endpoint, leftMs, largestAnswerBytes);
      try {
        const client = clientWith(endpoint, credentials);
        const parameters = { SecretName: name, VersionStage: stage };
        const answer = await client.request<unknown>(
          'GetSecretValue',
          parameters,
          optionsOf(connection, leftMs),
        );
        return toVersion(answer, credentials);
      } catch (error) {
        throw describe(error, connection, new URL(endpoint).host, credentials);
      } finally {
        connection.close();
      }
    },
  };
}

function clientWith(endpoint: string, { securityToken, ...keys }: Credentials): RPCClient {
  const { accessKeyId, accessKeySecret } = keys;
  return new RPCClient({
    endpoint,
    apiVersion: '2016-01-20',
    accessKeyId,
    accessKeySecret,
    ...(securityToken !== undefined && { securityToken }),
  });
}

function optionsOf({ agent }: Connection, leftMs: number) {
  return {
    // With GET, signature and token would stand in the address, which proxies log and pop-core's errors quote.
    method: 'POST',
    agent,
    connectTimeout: Math.min(longestConnectMs, leftMs),
    // The connection ends the call first, and knows better why.
    readTimeout: leftMs + 50,
  };
}

/** A success is recognised positively: text, and said to be text. */
function toVersion(answer: unknown, credentials: Credentials): SecretVersion {
  const { SecretData, SecretDataType, VersionId, RequestId } = toRecord(answer);
  const text = toText(SecretData);
  const requestId = identifier(RequestId, credentials);
  if (text !== undefined && SecretDataType === 'text') {
    return { text, versionId: identifier(VersionId, credentials) };
  }
  if (text !== undefined && SecretDataType === 'binary') {
    const advice = 'It is binary, and a secret here is text: store its text as a new version.';
    throw new KmsFailure('refused', advice, requestId);
  }
  throw new KmsFailure('unavailable', "KMS's answer cannot be read: it holds no secret.", requestId);
}

/**
 * Nothing of an error's own words is passed on. The parser's quote the answer, which is the secret; KMS's, where a
 * signature does not match, all that was signed, the security token included.
 */
function describe(
  error: unknown,
  connection: Connection,
  host: string,
  credentials: Credentials,
): KmsFailure {
  if (error instanceof KmsFailure) return error;
  const { data, entry, code } = toRecord(error);
  if (isRecord(data)) {
    const { statusCode } = toRecord(toRecord(entry)['response']);
    return failureOf({
      code: identifier(data['Code'], credentials),
      status: typeof statusCode === 'number' ? statusCode : undefined,
      requestId: identifier(data['RequestId'], credentials),
      host,
    });
  }
  const reason = connection.abortReason();
  // The system's code, such as ECONNREFUSED.
  const systemCode = typeof code === 'string' && /^[A-Z][A-Z0-9_]+$/.test(code) ? code : undefined;
  const fallback = connection.wasEstablished() ? 'its answer cannot be read' : 'no connection was made';
  return new KmsFailure('unavailable', `KMS gave no secret at ${host}: ${reason ?? systemCode ?? fallback}.`);
}
