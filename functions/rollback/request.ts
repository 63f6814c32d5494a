/** A reason to check everything and send nothing. */
export type Hold = 'dry_run' | 'suspended';

/** What is to be rolled back, and what may stand against it. */
export interface RollbackRequest {
  changeOrderId: string;
  /** Milliseconds, on the clock. Everything, reads included, is over by then. */
  deadlineAt: number;
  hold?: Hold | undefined;
  /** Epoch milliseconds. A change that began later is not to blame, and is not rolled back. */
  problemStartedAt?: number | undefined;
  /**
   * Whether an earlier attempt may have sent the rollback, or this one comes so late that people will have acted. Then
   * nothing is sent unless the order is seen in flight.
   */
  onlyIfInFlight?: boolean | undefined;
  /** Whether an order that has succeeded is not sent, because it can be rolled back in another way. */
  refusesSucceeded?: boolean | undefined;
  /** The next order of the application, where that is a rollback: perhaps the one of this order. */
  nextRollback?: RollbackOrder | undefined;
}

/** A change order that is a rollback. */
export interface RollbackOrder {
  changeOrderId: string;
  status: number | undefined;
}
