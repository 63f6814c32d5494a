import type { Expression } from '../select/expression.ts';
import type { PayloadKind, RollbackPolicy } from '../select/policy.ts';

/** How an event tells that a change order has ended. */
export interface EndExpressions {
  /** True for an event that tells it. */
  is: Expression;
  app: Expression;
  changeOrderId: Expression;
}

/** One source of `events` in `sources.yaml`, as the build writes it into the bundle. Plain JSON. */
export interface CompiledEventSource extends RollbackPolicy {
  /** The `source` of its CloudEvents. With a * at the end: whatever begins so. */
  eventSources: readonly string[];
  /** Their `type`, in the same way. */
  eventTypes: readonly string[];
  /** Milliseconds: how old an event may be. */
  maxAgeMs: number;
  /** The applications that it may touch, in lower case. */
  apps: readonly string[];
  /** Undefined where its events tell of no end. Where they do, it rolls back only with a `when`. */
  tellsEnds?: EndExpressions | undefined;
  /** The events that can be a reason to roll back. Undefined: all. */
  actsOnlyOn?: PayloadKind | undefined;
}

/** What the build writes into the bundle. */
export interface EventsConfiguration {
  version: string;
  sources: readonly CompiledEventSource[];
}
