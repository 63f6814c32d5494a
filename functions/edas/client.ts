import ROAClient, { type ROACredentials } from '@alicloud/pop-core/lib/roa.js';
import { isRecord, toRecord, toText } from '../record.ts';
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
  /** When the change began, epoch milliseconds. */
  startedAt: number | undefined;
}

/** What is read of a change order in an application's list. */
export interface ListedChangeOrder {
  changeOrderId: string;
  status: number | undefined;
  /** `CoDeploy` for a deployment. */
  typeCode: string | undefined;
  /** EDAS's own words for it: its type and its description. */
  words: string;
  /** Epoch milliseconds. */
  createdAt: number | undefined;
}

/**
 * The EDAS change-order operations that a rollback needs. Every call takes the milliseconds that it may last, and
 * throws {@link EdasFailure}, whose `kind` says whether EDAS may have taken the request.
 */
export interface EdasClient {
  /** `GetChangeOrderInfo`: a read, although it is a POST. */
  getChangeOrderInfo: (changeOrderId: string, timeoutMs: number) => Promise<ChangeOrderInfo>;
  /** `ListRecentChangeOrder`: a read too. The orders of an application, in any order; how many is documented nowhere. */
  listRecentChangeOrders: (appId: string, timeoutMs: number) => Promise<ListedChangeOrder[]>;
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
  listRecentChangeOrders: { method: 'POST', path: '/pop/v5/changeorder/change_order_list' },
  rollbackChangeOrder: { method: 'PUT', path: '/pop/v5/oam/changeorder/rollback' },
  abortAndRollbackChangeOrder: { method: 'PUT', path: '/pop/v5/changeorder/change_order_abort_and_rollback' },
} as const satisfies Record<string, Operation>;

/** Milliseconds. Inside a region a connection takes a few. */
const longestConnectMs = 1000;

/** @param endpoint an origin as `edasEndpoint` makes it */
export function createEdasClient(endpoint: string, credentialsProvider: CredentialsProvider): EdasClient {
  async function call<T>(
    { method, path }: Operation,
    query: { ChangeOrderId: string } | { AppId: string },
    timeoutMs: number,
    pick: (answer: EdasAnswer, credentials: ROACredentials) => T,
  ): Promise<T> {
    const expiresAt = performance.now() + timeoutMs;
    const credentials = await withinTime(credentialsProvider.getCredentials(), timeoutMs);
    const leftMs = Math.max(1, Math.floor(expiresAt - performance.now()));
    const client = new ROAClient({
      endpoint,
      apiVersion: '2017-08-01',
      credentialsProvider: { getCredentials: () => Promise.resolve(credentials) },
    });
    const connection = openConnection(endpoint, leftMs);
    const options = {
      agent: connection.agent,
      connectTimeout: Math.min(longestConnectMs, leftMs),
      // The connection ends the call first, and knows better why.
      readTimeout: leftMs + 50,
    };
    try {
      const answer = await client.request(method, path, query, '', {}, options);
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
      call(operations.getChangeOrderInfo, { ChangeOrderId: id }, timeoutMs, toChangeOrderInfo),
    listRecentChangeOrders: (appId, timeoutMs) =>
      call(operations.listRecentChangeOrders, { AppId: appId }, timeoutMs, (answer, credentials) =>
        toListedChangeOrders(answer, appId, credentials),
      ),
    rollbackChangeOrder: (id, timeoutMs) =>
      call(operations.rollbackChangeOrder, { ChangeOrderId: id }, timeoutMs, toReceipt),
    abortAndRollbackChangeOrder: (id, timeoutMs) =>
      call(operations.abortAndRollbackChangeOrder, { ChangeOrderId: id }, timeoutMs, toReceipt),
  };
}

/** A provider that asks a server for credentials may take as long as that server likes. */
async function withinTime(credentials: Promise<ROACredentials>, timeoutMs: number): Promise<ROACredentials> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    const failure = new EdasFailure('not_sent', `No credentials came within ${Math.round(timeoutMs)} ms.`);
    timer = setTimeout(reject, timeoutMs, failure);
  });
  return Promise.race([credentials, late]).finally(() => {
    clearTimeout(timer);
  });
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
  const { SupportRollback: supportRollback } = info;
  return {
    status: toStatus(info['Status']),
    supportRollback: typeof supportRollback === 'boolean' ? supportRollback : undefined,
    startedAt: startOf(info),
  };
}

/**
 * An application without change orders may have no list at all. Membership in it is authority, so an order that names
 * another application is not in it.
 */
function toListedChangeOrders(
  answer: EdasAnswer,
  appId: string,
  credentials: ROACredentials,
): ListedChangeOrder[] {
  return itemsOf(answer['ChangeOrderList'], 'ChangeOrder').flatMap((item) => {
    const order = toRecord(item);
    const changeOrderId = identifier(order['ChangeOrderId'], credentials)?.toLowerCase();
    const owner = toText(order['AppId']) ?? appId;
    if (changeOrderId === undefined || owner.toLowerCase() !== appId.toLowerCase()) return [];
    const words = [order['CoType'], order['ChangeOrderDescription']].map((each) => toText(each) ?? '');
    return {
      changeOrderId,
      status: toStatus(order['Status']),
      typeCode: toText(order['CoTypeCode']),
      words: words.join(' '),
      createdAt: toTime(order['CreateTime']),
    };
  });
}

/** @throws EdasFailure where there is something, and it is no list: nobody may take that for an empty one */
function itemsOf(list: unknown, name: string): unknown[] {
  const items = isRecord(list) ? list[name] : list;
  if (items === undefined || items === null) return [];
  if (isRecord(list) && Array.isArray(items)) return items;
  throw new EdasFailure('doubt', 'EDAS answered without a list of change orders.');
}

/** The start of the first pipeline, else when the order was created. */
function startOf(info: Record<string, unknown>): number | undefined {
  const { PipelineInfo: pipelines } = toRecord(info['PipelineInfoList']);
  const starts = (Array.isArray(pipelines) ? pipelines : []).flatMap(
    (pipeline) => toEpochMilliseconds(toRecord(pipeline)['StartTime']) ?? [],
  );
  return starts.length > 0 ? Math.min(...starts) : toTime(info['CreateTime']);
}

// Zero, or seconds taken for milliseconds, would make a change older than every problem. So a time that is not of this
// age is none.

function toEpochMilliseconds(value: unknown): number | undefined {
  const text = typeof value === 'number' ? String(value) : toText(value);
  return text !== undefined && /^\d{13}$/.test(text) ? Number(text) : undefined;
}

/** `2019-11-13 14:23:46`, taken for Beijing time: see docs/decisions/0004. */
function toTime(value: unknown): number | undefined {
  const text = toText(value);
  if (text === undefined || !/^20\d\d-\d\d-\d\d \d\d:\d\d:\d\d$/.test(text)) return undefined;
  const time = Date.parse(`${text.replace(' ', 'T')}+08:00`);
  return Number.isNaN(time) ? undefined : time;
}

function toStatus(value: unknown): number | undefined {
  const status = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  return typeof status === 'number' ? status : undefined;
}
