import type { RollbackOutcome } from '../rollback/outcome.ts';
import type { ReportStatus } from '../claim/roll-back-once.ts';
import type { Deferred } from './hand-over.ts';

/** The request asked for no rollback. `body`: what a handshake wants to read instead of an outcome. */
export interface Ignored {
  outcome: 'ignored';
  message: string;
  body?: string;
}

/** What an answer says of a rollback that has begun, beside its outcome. */
export interface Sending {
  /** Whether this delivery had the claim. If not, a delivery at the same moment may have sent the rollback too. */
  claimed?: boolean;
  /** Whether a task follows the rollback. */
  follow?: ReportStatus;
}

/** What an answer says of a rollback that was not held against the beginning of the problem, although its preset does so. */
export interface Unchecked {
  causality?: 'unchecked';
}

/** The result of a request that was authenticated, or was a handshake. */
export type Outcome = (RollbackOutcome & Sending & Unchecked) | (Deferred & Unchecked) | Ignored;
