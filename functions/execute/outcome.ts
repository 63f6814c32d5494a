import type { ReportStatus } from '../claim/roll-back-once.ts';
import type { RollbackOutcome } from '../rollback/outcome.ts';
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

/** People were asked, and decide until `expiresAt`. */
export interface Asked {
  outcome: 'asked';
  changeOrderId: string;
  /** ISO 8601. Undefined where it is not known until when an earlier delivery asked. */
  expiresAt?: string;
  /** An earlier delivery asked them. */
  duplicate?: true;
  message: string;
}

/** A person decided that the change order is not rolled back, and is not asked about it again. */
export interface LeftAlone {
  outcome: 'left_alone';
  changeOrderId: string;
  message: string;
}

/** The first of two people wants the rollback, or a person said so again. */
export interface Approved {
  outcome: 'approved';
  changeOrderId: string;
  /** ISO 8601. */
  expiresAt: string;
  /** The same person had said so before. */
  duplicate?: true;
  message: string;
}

/** What became of asking people. */
export type PeopleOutcome = Asked | LeftAlone | Approved;

/** The result of a request that was authenticated, or was a handshake. */
export type Outcome =
  (RollbackOutcome & Sending & Unchecked) | (Deferred & Unchecked) | (PeopleOutcome & Unchecked) | Ignored;
