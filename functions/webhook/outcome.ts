import type { RollbackOutcome } from '../rollback/outcome.ts';
import type { Deferred, Follow } from './hand-over.ts';

/** What had nothing to do with a rollback. `body`: what a handshake wants to read instead of an outcome. */
export interface Ignored {
  outcome: 'ignored';
  message: string;
  body?: string;
}

/** What became of a request that was let in. */
export type Outcome = (RollbackOutcome & { follow?: Follow }) | Deferred | Ignored;
