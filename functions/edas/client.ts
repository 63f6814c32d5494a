import ROAClient from '@alicloud/pop-core/lib/roa.js';
import { openConnection } from '../alibaba/connection.ts';
import type { Credentials, CredentialsProvider } from '../alibaba/credentials.ts';
import { holdsPieceOfCredentials, identifier } from '../alibaba/redact.ts';
import { withTimeout } from '../lib/async.ts';
import { toRecord, toText } from '../lib/json.ts';
import { excerpt, isId } from '../lib/text.ts';
import { monotonicMs } from '../lib/time.ts';
import { hasWordsOfSuccess, isGiven, isSameId, requireSameId, requireSuccess } from './answer.ts';
import { toChangeOrder, toStatus, parseBeijingTime, type ChangeOrderProgress } from './change-order.ts';
import { EdasFailure, failureOf, type EdasAnswer, redactFailure } from './failure.ts';
import { itemsOf } from './items.ts';
import {
  toApplicationState,
  toHistory,
  type ApplicationState,
  type HistoryVersion,
  type ReleaseRollbackOrder,
} from './release.ts';

/** EDAS's operations that end a change and roll it back: in an ECS cluster, and in a Kubernetes cluster. */
export type RollbackOperation = 'RollbackChangeOrder' | 'AbortAndRollbackChangeOrder';

/** What EDAS said when it accepted a rollback. */
export interface RollbackReceipt {
  /** The order that carries the rollback out. No source says whether it is a new order or the same one. */
  rollbackChangeOrderId: string | undefined;
  requestId: string | undefined;
  traceId: string | undefined;
}

/** What is read of a change order in an application's list. */
export interface ListedChangeOrder {
  changeOrderId: string;
  status: number | undefined;
  /** `CoDeploy` for a deployment. */
  typeCode: string | undefined;
  /** EDAS's own words for it: its type and its description. */
  words: string;
  /** What was written down when it was made, such as a version. Empty where EDAS gives none that can be passed on. */
  description: string;
  /** The group that it was for, as EDAS names it. */
  groupId: string | undefined;
  /** Epoch milliseconds. */
  createdAt: number | undefined;
  /** Epoch milliseconds; undefined while it is in flight. */
  finishedAt: number | undefined;
}

/**
 * The EDAS change-order operations that a rollback needs. Every call takes the milliseconds that it may last, and
 * throws {@link EdasFailure}, whose `kind` says whether EDAS may have taken the request.
 */
export interface EdasClient {
  /** `GetChangeOrderInfo`: a read, although it is a POST. */
  getChangeOrderInfo: (changeOrderId: string, timeoutMs: number) => Promise<ChangeOrderProgress>;
  /** `GetApplication`: a read. The name of an application, where EDAS gives one. */
  getApplicationName: (appId: string, timeoutMs: number) => Promise<string | undefined>;
  /**
   * `ListRecentChangeOrder`: a read too. The orders of an application, in any order; how many is documented nowhere.
   */
  listRecentChangeOrders: (appId: string, timeoutMs: number) => Promise<ListedChangeOrder[]>;
  /** Ends a change in progress and rolls it back. */
  rollBack: (
    operation: RollbackOperation,
    changeOrderId: string,
    timeoutMs: number,
  ) => Promise<RollbackReceipt>;
  /** `ListHistoryDeployVersion`: a read. In any order; how many versions EDAS keeps is documented nowhere. */
  listHistoryVersions: (appId: string, timeoutMs: number) => Promise<HistoryVersion[]>;
  /** `QueryApplicationStatus`: a read. */
  getApplicationState: (appId: string, timeoutMs: number) => Promise<ApplicationState>;
  /**
   * `RollbackApplication`: deploys an earlier version, in an ECS cluster. EDAS may accept it and name no order:
   * `rollbackChangeOrderId` is undefined then.
   */
  rollBackApplication: (order: ReleaseRollbackOrder, timeoutMs: number) => Promise<RollbackReceipt>;
}

interface Operation {
  method: 'GET' | 'POST' | 'PUT';
  path: string;
}

// https://www.alibabacloud.com/help/en/edas/developer-reference/api-edas-2017-08-01-rollbackchangeorder and its
// siblings. Every parameter is a query parameter; no operation has a body.
const operations = {
  GetChangeOrderInfo: { method: 'POST', path: '/pop/v5/changeorder/change_order_info' },
  GetApplication: { method: 'POST', path: '/pop/v5/app/app_info' },
  ListRecentChangeOrder: { method: 'POST', path: '/pop/v5/changeorder/change_order_list' },
  RollbackChangeOrder: { method: 'PUT', path: '/pop/v5/oam/changeorder/rollback' },
  AbortAndRollbackChangeOrder: { method: 'PUT', path: '/pop/v5/changeorder/change_order_abort_and_rollback' },
  ListHistoryDeployVersion: { method: 'GET', path: '/pop/v5/app/deploy_history_version_list' },
  QueryApplicationStatus: { method: 'GET', path: '/pop/v5/app/app_status' },
  RollbackApplication: { method: 'POST', path: '/pop/v5/changeorder/co_rollback' },
} as const satisfies Record<string, Operation>;

/** Milliseconds. Inside a region a connection takes a few. */
const longestConnectMs = 1000;

/** A change order takes some hundred kilobytes; one made up of five batches on 200 instances each came to 5.9 MiB. */
const largestAnswerBytes = 8 * 1024 * 1024;

/** @param endpoint an origin as `edasEndpoint` makes it */
export function createEdasClient(endpoint: string, credentialsProvider: CredentialsProvider): EdasClient {
  async function call<T>(
    { method, path }: Operation,
    query: Record<string, string>,
    timeoutMs: number,
    pick: (answer: EdasAnswer, credentials: Credentials) => T,
  ): Promise<T> {
    const deadlineAt = monotonicMs() + timeoutMs;
    // A provider that asks a server for credentials may take as long as that server likes.
    const late = new EdasFailure('not_sent', `No credentials came within ${Math.round(timeoutMs)} ms.`);
    const credentials = await withTimeout(credentialsProvider.getCredentials(), timeoutMs, late);
    const leftMs = Math.max(1, Math.floor(deadlineAt - monotonicMs()));
    const client = new ROAClient({
      endpoint,
      apiVersion: '2017-08-01',
      credentialsProvider: { getCredentials: () => Promise.resolve(credentials) },
    });
    const connection = openConnection(endpoint, leftMs, largestAnswerBytes);
    const options = {
      agent: connection.agent,
      connectTimeout: Math.min(longestConnectMs, leftMs),
      // The connection ends the call first, and knows better why.
      readTimeout: leftMs + 50,
      // Of what it parses, pop-core tells neither the status nor whether it was whole.
      rawBody: true as const,
    };
    try {
      const body = await client.request(method, path, query, '', {}, options);
      return pick(requireSuccess(connection.answer(), body), credentials);
    } catch (error) {
      const reason = connection.abortReason();
      const cause = reason === undefined ? error : new Error(reason);
      throw redactFailure(failureOf(cause, connection.wasEstablished()), credentials);
    } finally {
      connection.close();
    }
  }

  return {
    getChangeOrderInfo: (id, timeoutMs) =>
      call(operations.GetChangeOrderInfo, { ChangeOrderId: id }, timeoutMs, (answer) =>
        toChangeOrder(answer, id),
      ),
    getApplicationName: (appId, timeoutMs) =>
      call(operations.GetApplication, { AppId: appId }, timeoutMs, (answer) =>
        toApplicationName(answer, appId),
      ),
    listRecentChangeOrders: (appId, timeoutMs) =>
      call(operations.ListRecentChangeOrder, { AppId: appId }, timeoutMs, (answer, credentials) =>
        toListedChangeOrders(answer, appId, credentials),
      ),
    rollBack: (operation, id, timeoutMs) =>
      call(operations[operation], { ChangeOrderId: id }, timeoutMs, toReceipt),
    listHistoryVersions: (appId, timeoutMs) =>
      call(operations.ListHistoryDeployVersion, { AppId: appId }, timeoutMs, (answer, credentials) =>
        toHistory(answer, appId, credentials),
      ),
    getApplicationState: (appId, timeoutMs) =>
      call(operations.QueryApplicationStatus, { AppId: appId }, timeoutMs, (answer, credentials) =>
        toApplicationState(answer, appId, credentials),
      ),
    rollBackApplication: ({ appId, groupId, version, batches, batchWaitMinutes }, timeoutMs) =>
      call(
        operations.RollbackApplication,
        {
          AppId: appId,
          GroupId: groupId,
          HistoryVersion: version,
          Batch: String(batches),
          BatchWaitTime: String(batchWaitMinutes),
        },
        timeoutMs,
        toReleaseReceipt,
      ),
  };
}

/**
 * A success of which nothing says what it is about is not believed: a rollback is accepted where EDAS names the order
 * that carries it out, which may be the one that was sent.
 *
 * @throws EdasFailure
 */
function toReceipt(answer: EdasAnswer, credentials: Credentials): RollbackReceipt {
  const { ChangeOrderId: given } = toRecord(answer['Data']);
  return receiptOf(given, answer, credentials);
}

/**
 * The id stands at the top, and may be empty although EDAS accepted the rollback: Terraform's provider has met that.
 * https://github.com/aliyun/terraform-provider-alicloud/blob/master/alicloud/resource_alicloud_edas_application_package_attachment.go
 *
 * @throws EdasFailure
 */
function toReleaseReceipt(answer: EdasAnswer, credentials: Credentials): RollbackReceipt {
  return receiptOf(answer['ChangeOrderId'], answer, credentials, { mayBeUnnamed: true });
}

function receiptOf(
  given: unknown,
  answer: EdasAnswer,
  credentials: Credentials,
  { mayBeUnnamed = false } = {},
): RollbackReceipt {
  const id = identifier(given, credentials)?.toLowerCase();
  const isNamed = id !== undefined && isId(id);
  const isUnnamed = mayBeUnnamed && !isGiven(given);
  // Where nothing but its words says what a success is about, an ErrorCode does not make up for them.
  const words = isUnnamed ? { Message: answer['Message'] } : answer;
  if (!(isNamed || isUnnamed) || !hasWordsOfSuccess(words)) {
    const message = toText(answer['Message']) ?? 'no message';
    throw new EdasFailure('doubt', `EDAS answered 200 without a sure sign that it rolls back: ${message}`);
  }
  return {
    rollbackChangeOrderId: id,
    requestId: identifier(answer['RequestId'], credentials),
    traceId: identifier(answer['TraceId'], credentials),
  };
}

/**
 * Seen under a misspelt name as well.
 * https://github.com/aliyun/alibaba-cloud-sdk-go/blob/master/services/edas/get_application.go
 */
function toApplicationName(answer: EdasAnswer, appId: string): string | undefined {
  const application = toRecord(answer['Application'] ?? answer['Applcation']);
  requireSameId(application['AppId'], appId);
  const name = toText(application['Name']);
  return name === undefined || name === '' ? undefined : excerpt(name);
}

/**
 * An application without change orders may have no list at all. Whether a sender may touch an order depends on this
 * list, so an order that names another application is left out.
 */
function toListedChangeOrders(
  answer: EdasAnswer,
  appId: string,
  credentials: Credentials,
): ListedChangeOrder[] {
  return itemsOf(answer, 'ChangeOrderList', 'ChangeOrder', 'change orders').flatMap((item) => {
    const order = toRecord(item);
    const changeOrderId = identifier(order['ChangeOrderId'], credentials)?.toLowerCase();
    if (changeOrderId === undefined || !isSameId(order['AppId'], appId)) return [];
    const description = toText(order['ChangeOrderDescription']) ?? '';
    return {
      changeOrderId,
      status: toStatus(order['Status']),
      typeCode: toText(order['CoTypeCode']),
      words: `${toText(order['CoType']) ?? ''} ${description}`,
      description: isQuotable(description, credentials) ? description : '',
      groupId: identifier(order['GroupId'], credentials),
      createdAt: parseBeijingTime(order['CreateTime']),
      finishedAt: parseBeijingTime(order['FinishTime']),
    };
  });
}

/** Characters. A description names a version, a package and groups. */
const longestDescription = 1000;

function isQuotable(description: string, credentials: Credentials): boolean {
  return description.length <= longestDescription && !holdsPieceOfCredentials(description, credentials);
}
