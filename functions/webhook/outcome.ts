import type { RollbackOutcome } from '../rollback/outcome.ts';
import type { Deferred, FollowStatus } from './hand-over.ts';

/** The request asked for no rollback. `body`: what a handshake wants to read instead of an outcome. */
export interface Ignored {
  outcome: 'ignored';
  message: string;
  body?: string;
}

/** The result of a request that was authenticated, or was a handshake. */
export type Outcome = (RollbackOutcome & { follow?: FollowStatus }) | Deferred | Ignored;
