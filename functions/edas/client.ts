import ROAClient, { type ROACredentials } from '@alicloud/pop-core/lib/roa.js';
import { isRecord, toRecord } from '../record.ts';
import { openConnection } from './connection.ts';
import { identifier, withoutSecrets } from './scrub.ts';
import { EdasFailure, failureOf, requireSuccess, type EdasAnswer } from './failure.ts';

/** What EDAS said when it accepted a rollback. */
export interface RollbackReceipt {
  /** The order that carries the rollback out. No source says whether it is a new order or the same one. */
  rollbackChangeOrderId: string | undefined;
  requestId: string | undefined;
  traceId: string | undefined;
}

/** What is read of a change order; a field that EDAS left out is undefined. */
export interface ChangeOrderInfo {
  /** See `functions/rollback/states.ts` for what the numbers mean. */
  status: number | undefined;
  /** EDAS's own word on whether a finished order can be rolled back. */
  supportRollback: boolean | undefined;
}

/**
 * The EDAS change-order operations that a rollback needs. Every call takes the milliseconds that it may last, and
 * throws {@link EdasFailure}, whose `kind` says whether EDAS may have taken the request.
 */
export interface EdasClient {
  /** `GetChangeOrderInfo`: a read, although it is a POST. */
  getChangeOrderInfo: (changeOrderId: string, timeoutMs: number) => Promise<ChangeOrderInfo>;
  /** `RollbackChangeOrder`: ends a change in progress in an ECS cluster and rolls it back. */
  rollbackChangeOrder: (changeOrderId: string, timeoutMs: number) => Promise<RollbackReceipt>;
  /** `AbortAndRollbackChangeOrder`: the same for an application in a Kubernetes cluster. */
  abortAndRollbackChangeOrder: (changeOrderId: string, timeoutMs: number) => Promise<RollbackReceipt>;
}

/** Where credentials come from; asked once per call. */
export interface CredentialsProvider {
  getCredentials(): Promise<ROACredentials>;
}

interface Operation {
  method: 'POST' | 'PUT';
  path: string;
}

// https://www.alibabacloud.com/help/en/edas/developer-reference/api-edas-2017-08-01-rollbackchangeorder and its
// siblings. Every parameter is a query parameter; no operation has a body.
const operations = {
  getChangeOrderInfo: { method: 'POST', path: '/pop/v5/changeorder/change_order_info' },
  rollbackChangeOrder: { method: 'PUT', path: '/pop/v5/oam/changeorder/rollback' },
  abortAndRollbackChangeOrder: { method: 'PUT', path: '/pop/v5/changeorder/change_order_abort_and_rollback' },
} as const satisfies Record<string, Operation>;

/** Milliseconds. Inside a region a connection takes a few. */
const longestConnectMs = 1000;

/** @param endpoint an origin as `edasEndpoint` makes it */
export function createEdasClient(endpoint: string, credentialsProvider: CredentialsProvider): EdasClient {
  async function call<T>(
    { method, path }: Operation,
    changeOrderId: string,
    timeoutMs: number,
    pick: (answer: EdasAnswer, credentials: ROACredentials) => T,
  ): Promise<T> {
    const credentials = await credentialsProvider.getCredentials();
    const client = new ROAClient({
      endpoint,
      apiVersion: '2017-08-01',
      credentialsProvider: { getCredentials: () => Promise.resolve(credentials) },
    });
    const connection = openConnection(endpoint, timeoutMs);
    const options = {
      agent: connection.agent,
      connectTimeout: Math.min(longestConnectMs, timeoutMs),
      readTimeout: timeoutMs,
    };
    try {
      const answer = await client.request(method, path, { ChangeOrderId: changeOrderId }, '', {}, options);
      return pick(requireSuccess(answer), credentials);
    } catch (error) {
      const reason = connection.brokenOffBecause();
      const cause = reason === undefined ? error : new Error(reason);
      throw withoutSecrets(failureOf(cause, connection.wasEstablished()), credentials);
    } finally {
      connection.close();
    }
  }

  return {
    getChangeOrderInfo: (id, timeoutMs) =>
      call(operations.getChangeOrderInfo, id, timeoutMs, toChangeOrderInfo),
    rollbackChangeOrder: (id, timeoutMs) => call(operations.rollbackChangeOrder, id, timeoutMs, toReceipt),
    abortAndRollbackChangeOrder: (id, timeoutMs) =>
      call(operations.abortAndRollbackChangeOrder, id, timeoutMs, toReceipt),
  };
}

function toReceipt(answer: EdasAnswer, credentials: ROACredentials): RollbackReceipt {
  return {
    rollbackChangeOrderId: identifier(toRecord(answer['Data'])['ChangeOrderId'], credentials),
    requestId: identifier(answer['RequestId'], credentials),
    traceId: identifier(answer['TraceId'], credentials),
  };
}

function toChangeOrderInfo(answer: EdasAnswer): ChangeOrderInfo {
  // Lower-case on the public cloud, upper-case on Apsara Stack.
  const info = answer['changeOrderInfo'] ?? answer['ChangeOrderInfo'];
  if (!isRecord(info)) throw new EdasFailure('doubt', 'EDAS answered without the change order.');
  const { Status: status, SupportRollback: supportRollback } = info;
  const number = typeof status === 'string' && /^\d+$/.test(status) ? Number(status) : status;
  return {
    status: typeof number === 'number' ? number : undefined,
    supportRollback: typeof supportRollback === 'boolean' ? supportRollback : undefined,
  };
}
