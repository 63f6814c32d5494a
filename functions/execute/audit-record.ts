import type { Decision } from '../task.ts';

/** What is known of a delivery. With its outcome or problem, it becomes the delivery's line in the audit trail. */
export interface DeliveryFacts {
  requestId: string | undefined;
  /** The name of the source. */
  source: string | undefined;
  /** The sender's own id of the delivery. */
  delivery: string | undefined;
  app: string | undefined;
  changeOrderId: string | undefined;
  /** Who asked, as the sender says it. */
  actor: string | undefined;
  /** What a person decided, who it was, and whether that is proved. */
  decision?: Decision;
  decidedBy?: string | undefined;
  decidedByProved?: boolean;
}

/** Collects the facts of one delivery as they become known. A fact that is known is never replaced. */
export class AuditRecord {
  readonly #facts: DeliveryFacts = {
    requestId: undefined,
    source: undefined,
    delivery: undefined,
    app: undefined,
    changeOrderId: undefined,
    actor: undefined,
  };

  get facts(): Readonly<DeliveryFacts> {
    return this.#facts;
  }

  add(facts: Partial<DeliveryFacts>): void {
    const known = Object.entries(this.#facts).filter(([, value]) => value !== undefined);
    Object.assign(this.#facts, facts, Object.fromEntries(known));
  }
}
