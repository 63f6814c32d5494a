/** A reason to check everything and send nothing. */
export type Hold = 'dry_run' | 'suspended';

/** What is to be rolled back, and what may stand against it. */
export interface RollbackRequest {
  changeOrderId: string;
  /** Epoch milliseconds. Everything, reads included, is over by then. */
  deadlineAt: number;
  hold?: Hold | undefined;
  /** Epoch milliseconds. A change that began later is not to blame, and is not rolled back. */
  problemStartedAt?: number | undefined;
  /** The order that rolled this one back, where the application's list shows one. */
  rolledBackBy?: RollbackOrder | undefined;
}

/** A change order that is the rollback of another one. */
export interface RollbackOrder {
  changeOrderId: string;
  status: number | undefined;
}
