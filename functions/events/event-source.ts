import type { RollbackPolicy } from '../select/policy.ts';

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
}

/** What the build writes into the bundle. */
export interface EventsConfiguration {
  version: string;
  sources: readonly CompiledEventSource[];
}
