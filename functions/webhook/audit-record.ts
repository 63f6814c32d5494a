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
    for (const name of Object.keys(facts) as (keyof DeliveryFacts)[]) this.#facts[name] ??= facts[name];
  }
}
