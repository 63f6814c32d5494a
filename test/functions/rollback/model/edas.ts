import {
  ChangeOrders,
  type ChangeOrder,
  type ChangeOrderPlan,
  type RollbackRules,
  type Ruling,
} from '../../../../local/stand-ins/edas/change-orders.ts';

/** What is certain, whatever anybody was told: the model of the test. */
export interface Ledger {
  /** In the order in which they came to be: the first one is "order 1". */
  readonly orders: { id: string; app: string; rollbackOf?: string }[];
  /** Every rollback that took effect, and every abort. */
  readonly endings: Ending[];
}

export interface Ending {
  orderId: string;
  how: 'rollback' | 'abort';
  /** A person, or the delivery of this name. */
  by: string;
  at: number;
}

/** An account of EDAS, and the ledger of what happens in it. */
export class Edas {
  readonly ledger: Ledger = { orders: [], endings: [] };
  readonly rules: RollbackRules;
  readonly #orders: ChangeOrders;
  readonly #now: () => number;

  constructor(now: () => number, rules: RollbackRules) {
    this.rules = rules;
    this.#now = now;
    this.#orders = new ChangeOrders(now, rules);
  }

  /** The id of "order 1", "order 2", …; of an order that does not exist, an id that does not. */
  idOf(order: number): string {
    return this.ledger.orders[order - 1]?.id ?? `no-such-order-${order}`;
  }

  /** `order 1`, for the story. */
  nameOf(id: string): string {
    const index = this.ledger.orders.findIndex((each) => each.id === id);
    return index < 0 ? id : `order ${index + 1}`;
  }

  get(id: string): ChangeOrder | undefined {
    return this.#orders.get(id);
  }

  ofApplication(app: string): ChangeOrder[] {
    return this.#orders.ofApplication(app);
  }

  rollbacksOf(id: string): number {
    return this.#orders.rollbacksOf(id);
  }

  release(plan: ChangeOrderPlan): void {
    const id = this.#orders.add({ id: `release-${this.ledger.orders.length + 1}`, ...plan });
    this.ledger.orders.push({ id, app: plan.appId });
  }

  rollBack(id: string, by: string): Ruling {
    const ruling = this.#orders.rollback(id);
    if (!ruling.accepted) return ruling;
    const app = this.#orders.get(id)?.appId ?? '';
    this.ledger.orders.push({ id: ruling.changeOrderId, app, rollbackOf: id });
    this.ledger.endings.push({ orderId: id, how: 'rollback', by, at: this.#now() });
    return ruling;
  }

  abort(id: string, by: string): void {
    if (!this.#orders.abort(id).accepted) return;
    this.ledger.endings.push({ orderId: id, how: 'abort', by, at: this.#now() });
  }
}
