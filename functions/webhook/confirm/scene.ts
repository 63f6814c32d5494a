import type { FunctionContext } from '../../platform/context.ts';
import type { Log } from '../../platform/log.ts';
import type { Runtime } from '../../platform/runtime.ts';
import type { RollbackPolicy } from '../../select/policy.ts';
import type { StateDependencies, Subject } from './read-state.ts';
import type { Terms } from './stage.ts';

/** What an instance of the function has for every request. */
export interface ConfirmDependencies extends Runtime {
  /** Of all that ask people, webhooks and events. */
  policies: ReadonlyMap<string, RollbackPolicy>;
  log: Log;
}

/** Everything that a request for the page works with. */
export interface Scene {
  subject: Subject;
  terms: Terms;
  dependencies: StateDependencies;
  context: FunctionContext;
  runtime: ConfirmDependencies;
  /** Milliseconds, on the clock: until the answer must be there. */
  answerAt: number;
}
