import type { ServerResponse } from 'node:http';
import { listen } from '../listen.ts';
import { noteStatus, serveApi } from '../serve-api.ts';
import {
  applicationAnswer,
  applicationNotFoundAnswer,
  changeOrderInfoAnswer,
  changeOrderListAnswer,
  errorAnswer,
  rulingAnswer,
  sendAnswer,
  type Answer,
} from './answers.ts';
import { ChangeOrders, orderNotFound, type RollbackRules } from './change-orders.ts';
import type { Fault } from './faults.ts';
import { createRoaVerifier, splitTarget, type AccessKey, type RoaRequest } from './roa-signature.ts';

/** The operations of EDAS, version 2017-08-01, that the stand-in knows. */
export type Operation =
  | 'RollbackChangeOrder'
  | 'AbortAndRollbackChangeOrder'
  | 'AbortChangeOrder'
  | 'GetChangeOrderInfo'
  | 'ListRecentChangeOrder'
  | 'GetApplication';

/** One request that reached the stand-in. */
export interface RecordedCall {
  /** `undefined` when method and path are none of EDAS's. */
  readonly operation: Operation | undefined;
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly changeOrderId: string | undefined;
  readonly appId: string | undefined;
  /** The name and port by which it was called. */
  readonly host: string;
  /** When it arrived, epoch milliseconds. */
  readonly at: number;
  /** HTTP status of the answer. `undefined` until it begins, and for good when a fault sends none. */
  readonly status: number | undefined;
  /** Name of the fault that the call met. */
  readonly fault: string | undefined;
}

/** Chooses the fault that a call meets, if any. Asked for correctly signed calls only, before anything is done. */
export type ChooseFault = (call: RecordedCall) => Fault | undefined;

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
  readonly fault?: ChooseFault;
  /** Told of each call once it was answered, or met a fault that answers later or never. */
  readonly onCall?: (call: RecordedCall) => void;
}

/** A running stand-in. */
export interface EdasStandIn {
  /** `http://host:port`, an endpoint for an EDAS client. */
  readonly url: string;
  /** The change orders behind the API, to add to and to look into. */
  readonly orders: ChangeOrders;
  /** Every call so far, in order of arrival. */
  readonly calls: readonly RecordedCall[];
  /** Replaces the choice of faults; `undefined` ends them. */
  setFault(fault: ChooseFault | undefined): void;
  /** Stops listening and cuts every connection, including those that a fault keeps open. */
  close: () => Promise<void>;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

const operations: Readonly<Record<string, Operation>> = {
  'PUT /pop/v5/oam/changeorder/rollback': 'RollbackChangeOrder',
  'PUT /pop/v5/changeorder/change_order_abort_and_rollback': 'AbortAndRollbackChangeOrder',
  'PUT /pop/v5/changeorder/change_order_abort': 'AbortChangeOrder',
  'POST /pop/v5/changeorder/change_order_info': 'GetChangeOrderInfo',
  'POST /pop/v5/changeorder/change_order_list': 'ListRecentChangeOrder',
  'POST /pop/v5/app/app_info': 'GetApplication',
};

/**
 * Starts a local HTTP server that behaves as EDAS is documented to: it checks the ROA signature of every call, answers
 * in the documented shapes, and keeps change orders that live by the clock. Rejects with the server's own error when
 * it cannot listen, such as EADDRINUSE.
 */
export async function startEdasStandIn(options: EdasStandInOptions): Promise<EdasStandIn> {
  const {
    credentials,
    host = '127.0.0.1',
    port = 0,
    now = () => Date.now(),
    signatureNow = now,
    rollbackRules,
    onCall,
  } = options;
  const orders = new ChangeOrders(now, rollbackRules);
  const verify = createRoaVerifier(credentials, signatureNow);
  const calls: RecordedCall[] = [];
  let chooseFault = options.fault;

  function handle(request: RoaRequest, response: ServerResponse): void {
    const call = describe(request, now());
    calls.push(call);
    noteStatus(call, response, () => {
      respond(call, request, response);
    });
    onCall?.(call);
  }

  function respond(call: Writable<RecordedCall>, request: RoaRequest, response: ServerResponse): void {
    const refusal = verify(request);
    if (refusal) {
      sendAnswer(response, errorAnswer(refusal));
      return;
    }
    const fault = chooseFault?.(call);
    call.fault = fault?.name;
    if (!fault) {
      sendAnswer(response, perform(call, orders));
    } else if ('damage' in fault) {
      fault.damage(response, perform(call, orders));
    } else {
      if (fault.takesEffect) perform(call, orders);
      fault.instead(response, request);
    }
  }

  const { url, close } = await listen(serveApi(handle), port, host);

  return {
    url,
    orders,
    calls,
    setFault(fault) {
      chooseFault = fault;
    },
    close,
  };
}

function describe({ method, target, headers }: RoaRequest, at: number): Writable<RecordedCall> {
  const { path, query } = splitTarget(target);
  return {
    operation: operations[`${method} ${path}`],
    method,
    path,
    changeOrderId: query.get('ChangeOrderId') ?? undefined,
    appId: query.get('AppId') ?? undefined,
    host: headers.host ?? '',
    at,
    status: undefined,
    fault: undefined,
  };
}

function perform({ operation, appId, changeOrderId }: RecordedCall, orders: ChangeOrders): Answer {
  switch (operation) {
    case undefined:
      return notAnOperation();
    case 'ListRecentChangeOrder':
    case 'GetApplication':
      return appId ? performOnApplication(operation, appId, orders) : missing('AppId');
    default:
      return changeOrderId ? performOnOrder(operation, changeOrderId, orders) : missing('ChangeOrderId');
  }
}

function performOnApplication(
  operation: 'ListRecentChangeOrder' | 'GetApplication',
  appId: string,
  orders: ChangeOrders,
): Answer {
  if (operation === 'ListRecentChangeOrder') return changeOrderListAnswer(orders.ofApplication(appId));
  const name = orders.nameOf(appId);
  return name === undefined ? applicationNotFoundAnswer() : applicationAnswer(appId, name);
}

function performOnOrder(
  operation: Exclude<Operation, 'ListRecentChangeOrder' | 'GetApplication'>,
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
