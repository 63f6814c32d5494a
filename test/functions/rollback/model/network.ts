import type { ChangeOrderInfo } from '../../../../functions/edas/change-order.ts';
import type { ListedChangeOrder, RollbackReceipt } from '../../../../functions/edas/client.ts';
import { EdasFailure, type EdasFailureKind } from '../../../../functions/edas/failure.ts';
import { Problem } from '../../../../functions/errors.ts';
import type { ChangeOrders } from '../../../../functions/rollback/change-orders.ts';
import {
  orderNotFound,
  type ChangeOrder,
  type Ruling,
} from '../../../../local/stand-ins/edas/change-orders.ts';
import type { Edas } from './edas.ts';
import type { Timeline } from './timeline.ts';

/** What EDAS can be asked; `put` is the rollback. */
export type Operation = 'read' | 'list' | 'put';

/** What the real client throws: an EdasFailure of a kind, or a Problem. */
export type Failure = EdasFailureKind | 'no_credentials';

/** A call, as the network and EDAS saw it. */
export interface Call {
  readonly operation: Operation;
  /** The id of the change order; of a list, the application. */
  readonly subject: string;
  readonly sentAt: number;
  /** When the caller gives up. */
  readonly expiresAt: number;
  arrivedAt?: number;
  end?: 'answered' | Failure;
  /** What EDAS said of the order. The caller knows it if the call ended as answered, as with the next one. */
  seen?: ChangeOrderInfo;
  /** The orders that EDAS listed. */
  listed?: string[];
  /** What EDAS decided. */
  ruling?: Ruling;
}

/** Whoever calls EDAS. */
export interface Caller {
  /** For the story. */
  readonly name: string;
  readonly calls: Call[];
  /** How long the next call takes to EDAS, or the next answer back. */
  readonly nextLegMs: () => number;
}

/** What becomes of a call. */
export type Fate = {
  /** The end of a sentence about calls. */
  readonly story: string;
  readonly thereMs?: number;
  readonly backMs?: number;
  /** EDAS leaves out what it knows of an order. */
  readonly isBare?: true;
} & (
  | { readonly takesEffect: true; readonly failure?: EdasFailureKind }
  | { readonly takesEffect: false; readonly failure: Failure }
);

/** The ways in which the real client fails. */
export const faults: readonly Fate[] = [
  { story: 'never leave', takesEffect: false, failure: 'not_sent' },
  { story: 'find nobody, and take 1 s to see it', takesEffect: false, failure: 'not_sent', thereMs: 1_000 },
  { story: 'are throttled', takesEffect: false, failure: 'throttled' },
  { story: 'are denied', takesEffect: false, failure: 'denied' },
  { story: 'are not authenticated', takesEffect: false, failure: 'unauthenticated' },
  { story: 'are rejected', takesEffect: false, failure: 'rejected' },
  { story: 'are told that there is no such thing', takesEffect: false, failure: 'not_found' },
  { story: 'are answered with nonsense, and not carried out', takesEffect: false, failure: 'doubt' },
  { story: 'are answered with nonsense, and carried out', takesEffect: true, failure: 'doubt' },
  {
    story: 'are never answered, and not carried out',
    takesEffect: false,
    failure: 'doubt',
    backMs: Infinity,
  },
  { story: 'are never answered, and carried out', takesEffect: true, backMs: Infinity },
  { story: 'arrive 4 s late', takesEffect: true, thereMs: 4_000 },
  { story: 'are answered 4 s late', takesEffect: true, backMs: 4_000 },
  { story: 'are answered without the fields that matter', takesEffect: true, isBare: true },
  { story: 'have no credentials', takesEffect: false, failure: 'no_credentials' },
];

/** What EDAS does when a call arrives. An Error is what the client makes of a refusal. */
type Act<T> = (call: Call, fate: Fate) => T | Error;

const goesWell: Fate = { story: 'go well', takesEffect: true };

/** What lies between the deliveries and EDAS: time, faults and rights. It reports failures as the real client does. */
export class Network {
  /** Whether the function's role may read. */
  canRead = true;
  readonly #edas: Edas;
  readonly #timeline: Timeline;
  #fates: { operation: Operation; fate: Fate }[] = [];

  constructor(edas: Edas, timeline: Timeline) {
    this.#edas = edas;
    this.#timeline = timeline;
  }

  /** Prepares a fate for the next calls of an operation. */
  disturb(operation: Operation, fate: Fate, calls: number): void {
    this.#fates.push(...Array.from({ length: calls }, () => ({ operation, fate })));
  }

  recover(): void {
    this.#fates = [];
  }

  /** EDAS as one caller sees it. */
  portOf(caller: Caller): ChangeOrders {
    return {
      read: (id, timeoutMs) =>
        this.#call(caller, 'read', id, timeoutMs, (call, fate) => this.#read(call, fate)),
      list: (app, timeoutMs) => this.#call(caller, 'list', app, timeoutMs, (call) => this.#list(call)),
      rollBack: (id, timeoutMs) =>
        this.#call(caller, 'put', id, timeoutMs, (call) => this.#rollBack(call, caller)),
    };
  }

  #read(call: Call, { isBare }: Fate): ChangeOrderInfo | Error {
    if (!this.canRead) return failed('denied');
    const order = this.#edas.get(call.subject);
    if (!order) return failed('not_found');
    call.seen = isBare ? bareInfo : toInfo(order);
    return call.seen;
  }

  #list(call: Call): ListedChangeOrder[] | Error {
    if (!this.canRead) return failed('denied');
    const orders = this.#edas.ofApplication(call.subject);
    call.listed = orders.map(({ id }) => id);
    return orders.map(toListed);
  }

  #rollBack(call: Call, caller: Caller): RollbackReceipt | Error {
    const ruling = this.#edas.rollBack(call.subject, caller.name);
    call.ruling = ruling;
    if (!ruling.accepted) return failed(ruling.code === orderNotFound.code ? 'not_found' : 'rejected');
    return { rollbackChangeOrderId: ruling.changeOrderId, requestId: undefined, traceId: undefined };
  }

  async #call<T extends object>(
    caller: Caller,
    operation: Operation,
    subject: string,
    timeoutMs: number,
    act: Act<T>,
  ): Promise<T> {
    const sentAt = this.#timeline.now;
    const call: Call = { operation, subject, sentAt, expiresAt: sentAt + timeoutMs };
    caller.calls.push(call);
    const answer = await this.#transport(caller, call, act);
    call.end = endOf(answer);
    if (answer instanceof Error) throw answer;
    return answer;
  }

  async #transport<T>(caller: Caller, call: Call, act: Act<T>): Promise<T | Error> {
    const fate = this.#nextFate(call.operation);
    const what = `the ${call.operation} of ${this.#edas.nameOf(call.subject)} by ${caller.name}`;
    const { sentAt, expiresAt } = call;
    const arrivesAt = sentAt + caller.nextLegMs() + (fate.thereMs ?? 0);
    const answerAt = arrivesAt + caller.nextLegMs() + (fate.backMs ?? 0);
    if (fate.failure === 'not_sent' || fate.failure === 'no_credentials') {
      await this.#timeline.until(Math.min(arrivesAt, expiresAt), `${what} never leaves`);
      return failed(fate.failure);
    }
    const answer = this.#timeline.until(arrivesAt, `${what} arrives`).then(() => {
      call.arrivedAt = this.#timeline.now;
      const result = fate.takesEffect ? act(call, fate) : failed(fate.failure);
      return fate.failure ? failed(fate.failure) : result;
    });
    // Nobody waits for it any more, but what has left arrives all the same.
    if (answerAt > expiresAt) {
      await this.#timeline.until(expiresAt, `${what} takes too long`);
      return failed('doubt');
    }
    await answer;
    await this.#timeline.until(answerAt, `${what} is answered`);
    return answer;
  }

  #nextFate(operation: Operation): Fate {
    const index = this.#fates.findIndex((each) => each.operation === operation);
    if (index < 0) return goesWell;
    return this.#fates.splice(index, 1)[0]?.fate ?? goesWell;
  }
}

function failed(failure: Failure): EdasFailure | Problem {
  const message = `A fake failure: ${failure}.`;
  if (failure === 'no_credentials') return new Problem('credentials_missing', message);
  return new EdasFailure(failure, message);
}

function endOf(answer: unknown): 'answered' | Failure {
  if (answer instanceof EdasFailure) return answer.kind;
  return answer instanceof Error ? 'no_credentials' : 'answered';
}

const bareInfo: ChangeOrderInfo = { status: undefined, supportRollback: undefined, startedAt: undefined };

function toInfo(order: ChangeOrder): ChangeOrderInfo {
  return { status: order.status, supportRollback: order.supportRollback, startedAt: startOf(order) };
}

/** The start of the first batch, else when the order was created. */
function startOf({ createdAt, batches }: ChangeOrder): number {
  return batches[0]?.startedAt ?? wholeSeconds(createdAt);
}

function toListed(order: ChangeOrder): ListedChangeOrder {
  return {
    changeOrderId: order.id,
    status: order.status,
    typeCode: order.coType,
    words: order.description,
    description: order.description,
    groupId: undefined,
    createdAt: wholeSeconds(order.createdAt),
    finishedAt: undefined,
  };
}

/** EDAS writes the time of creation without milliseconds. */
function wholeSeconds(ms: number): number {
  return Math.floor(ms / 1_000) * 1_000;
}
