import { sendAnswer, type Answer } from '../answers.ts';
import type { AccessKey } from '../gateway.ts';
import { splitTarget, type ApiRequest } from '../request.ts';
import { startApi, type ApiCall, type ApiStandIn, type FaultChoice } from '../stand-in.ts';
import {
  applicationAnswer,
  applicationNotFoundAnswer,
  changeOrderInfoAnswer,
  changeOrderListAnswer,
  errorAnswer,
  rulingAnswer,
} from './answers.ts';
import { ChangeOrders, orderNotFound, type RollbackRules } from './change-orders.ts';
import type { Fault } from './faults.ts';
import { applicationStatusAnswer, historyAnswer, releaseRollbackAnswer } from './release-answers.ts';
import type { ReleaseRules } from './release-rules.ts';
import { createRoaVerifier } from './roa-signature.ts';

/** The operations of EDAS, version 2017-08-01, that the stand-in knows. */
export type Operation =
  | 'RollbackChangeOrder'
  | 'AbortAndRollbackChangeOrder'
  | 'AbortChangeOrder'
  | 'GetChangeOrderInfo'
  | ApplicationRead
  | 'RollbackApplication';

type ApplicationRead =
  'ListRecentChangeOrder' | 'GetApplication' | 'ListHistoryDeployVersion' | 'QueryApplicationStatus';

/** What a request asks for. */
interface EdasCall {
  /** `undefined` when method and path are none of EDAS's. */
  readonly operation: Operation | undefined;
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly changeOrderId: string | undefined;
  readonly appId: string | undefined;
  /** Every parameter, decoded. */
  readonly query: Readonly<Record<string, string>>;
  /** The name and port by which it was called. */
  readonly host: string;
  /** When it arrived, epoch milliseconds. */
  readonly at: number;
}

/** One request that reached the stand-in. */
export type RecordedCall = EdasCall & ApiCall;

export type ChooseFault = FaultChoice<RecordedCall, Fault>;

/** How {@link startEdasStandIn} starts. Only the credentials must be given. */
export interface EdasStandInOptions {
  /** The key pair that calls must be signed with. */
  readonly credentials: AccessKey;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 0: any free port. */
  readonly port?: number;
  /**
   * Clock of the change orders and of the signature check, epoch milliseconds. Callers sign with the real time, so
   * one that strays from it by more than 15 minutes has them refused, as the real gateway would.
   */
  readonly now?: () => number;
  /** Clock of the signature check alone, for change orders whose hours pass at once. Default `now`. */
  readonly signatureNow?: () => number;
  /** What the documentation leaves open about rollbacks. */
  readonly rollbackRules?: RollbackRules;
  /** What it leaves open about releases that have ended. */
  readonly releaseRules?: ReleaseRules;
  readonly fault?: ChooseFault;
  /** Told of each call once it was answered, or met a fault that answers later or never. */
  readonly onCall?: (call: RecordedCall) => void;
}

/** A running stand-in. Its URL is an endpoint for an EDAS client. */
export interface EdasStandIn extends ApiStandIn<RecordedCall, Fault> {
  /** The change orders behind the API, to add to and to look into. */
  readonly orders: ChangeOrders;
}

const operations: Readonly<Record<string, Operation>> = {
  'PUT /pop/v5/oam/changeorder/rollback': 'RollbackChangeOrder',
  'PUT /pop/v5/changeorder/change_order_abort_and_rollback': 'AbortAndRollbackChangeOrder',
  'PUT /pop/v5/changeorder/change_order_abort': 'AbortChangeOrder',
  'POST /pop/v5/changeorder/change_order_info': 'GetChangeOrderInfo',
  'POST /pop/v5/changeorder/change_order_list': 'ListRecentChangeOrder',
  'POST /pop/v5/app/app_info': 'GetApplication',
  'POST /pop/v5/changeorder/co_rollback': 'RollbackApplication',
  'GET /pop/v5/app/deploy_history_version_list': 'ListHistoryDeployVersion',
  'GET /pop/v5/app/app_status': 'QueryApplicationStatus',
};

/**
 * Starts a local HTTP server that behaves as EDAS is documented to: it checks the ROA signature of every call, answers
 * in the documented shapes, and keeps change orders that live by the clock. Rejects with the server's own error when
 * it cannot listen, such as EADDRINUSE.
 */
export async function startEdasStandIn(options: EdasStandInOptions): Promise<EdasStandIn> {
  const { now = () => Date.now(), signatureNow = now, rollbackRules = {}, releaseRules = {} } = options;
  const orders = new ChangeOrders(now, rollbackRules, releaseRules);
  const answer = (call: EdasCall) => perform(call, orders, releaseRules);
  const api = await startApi<EdasCall, Fault>({
    ...options,
    readCall: (request) => readCall(request, now()),
    verify: createRoaVerifier(options.credentials, signatureNow),
    refuse: (response, error) => {
      sendAnswer(response, errorAnswer(error));
    },
    respond: (response, request, call, fault) => {
      if (!fault) {
        sendAnswer(response, answer(call));
      } else if ('damage' in fault) {
        fault.damage(response, answer(call));
      } else {
        if (fault.takesEffect) answer(call);
        fault.instead(response, request);
      }
    },
  });
  return { ...api, orders };
}

function readCall({ method, target, headers }: ApiRequest, at: number): EdasCall {
  const { path, query } = splitTarget(target);
  return {
    operation: operations[`${method} ${path}`],
    method,
    path,
    changeOrderId: query.get('ChangeOrderId') ?? undefined,
    appId: query.get('AppId') ?? undefined,
    query: Object.fromEntries(query),
    host: headers.host ?? '',
    at,
  };
}

function perform(call: EdasCall, orders: ChangeOrders, rules: ReleaseRules): Answer {
  const { operation, appId, changeOrderId } = call;
  switch (operation) {
    case undefined:
      return notAnOperation();
    case 'RollbackApplication':
      return rollBackApplication(call, orders);
    case 'ListRecentChangeOrder':
    case 'GetApplication':
    case 'ListHistoryDeployVersion':
    case 'QueryApplicationStatus':
      return appId ? readApplication(operation, appId, orders, rules) : missing('AppId');
    default:
      return changeOrderId ? performOnOrder(operation, changeOrderId, orders) : missing('ChangeOrderId');
  }
}

function rollBackApplication({ query }: EdasCall, orders: ChangeOrders): Answer {
  const { AppId, GroupId, HistoryVersion, Batch = '1', BatchWaitTime = '0' } = query;
  if (!AppId) return missing('AppId');
  if (!GroupId) return missing('GroupId');
  if (!HistoryVersion) return missing('HistoryVersion');
  const ruling = orders.rollBackApplication({
    appId: AppId,
    groupId: GroupId,
    version: HistoryVersion,
    batches: Number(Batch),
    batchWaitMinutes: Number(BatchWaitTime),
  });
  return releaseRollbackAnswer(ruling);
}

function readApplication(
  operation: ApplicationRead,
  appId: string,
  orders: ChangeOrders,
  rules: ReleaseRules,
): Answer {
  // An application without orders has no list of them, known or not.
  if (operation === 'ListRecentChangeOrder') return changeOrderListAnswer(orders.ofApplication(appId), rules);
  const name = orders.nameOf(appId);
  if (name === undefined) return applicationNotFoundAnswer();
  switch (operation) {
    case 'GetApplication':
      return applicationAnswer(appId, name);
    case 'ListHistoryDeployVersion':
      return historyAnswer(appId, orders.historyOf(appId), rules);
    case 'QueryApplicationStatus':
      return applicationStatusAnswer(appId, name, orders.runningIn(appId), rules);
  }
}

function performOnOrder(
  operation: Exclude<Operation, ApplicationRead | 'RollbackApplication'>,
  id: string,
  orders: ChangeOrders,
): Answer {
  switch (operation) {
    case 'RollbackChangeOrder':
    case 'AbortAndRollbackChangeOrder':
      return rulingAnswer(orders.rollback(id));
    case 'AbortChangeOrder':
      return rulingAnswer(orders.abort(id));
    case 'GetChangeOrderInfo': {
      const order = orders.get(id);
      return order ? changeOrderInfoAnswer(order) : rulingAnswer(orderNotFound);
    }
  }
}

function notAnOperation(): Answer {
  return errorAnswer({
    status: 404,
    code: 'InvalidAction.NotFound',
    message: 'Specified api is not found, please check your url and method.',
  });
}

function missing(parameter: string): Answer {
  return errorAnswer({
    status: 400,
    code: `Missing${parameter}`,
    message: `${parameter} is mandatory for this action.`,
  });
}
