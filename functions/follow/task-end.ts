import { versionsOf, type ReleaseVersions } from '../rollback/release.ts';
import type { ReleaseFacts, RollbackTask } from '../task.ts';

/** A task that has ended without news for people: another one goes on. */
export interface QuietEnd {
  /**
   * - `watched`: the function that had the claim has reported.
   * - `handed_over`: another task, or another run of this one, goes on with the rollback.
   * - `nothing_to_do`: no rollback took effect, and the sender was told so.
   * - `decided`: people have decided, and what follows is told by the tasks of their decision.
   * - `noted`: EDAS told that a change order has ended, and the task that follows it looks by itself.
   * - `still_open`: the function's time is up, people may still decide, and no task waits for that.
   */
  event: 'watched' | 'handed_over' | 'nothing_to_do' | 'decided' | 'noted' | 'still_open';
  /** The order that carries the rollback out, where this task sent it and EDAS named one. */
  rollbackChangeOrderId?: string | undefined;
  status?: undefined;
}

/** A rollback that has started. */
export interface StartedRollback {
  /** The order that carries the rollback out, where it is known. */
  rollbackChangeOrderId: string | undefined;
  /** Whether that order only looks like the rollback. */
  isPresumed: boolean;
  /** Whether an earlier attempt of the task has notified people of the start. */
  wasNotified: boolean;
  /** Of a release that has ended: what is rolled back. */
  release?: ReleaseOfApp | undefined;
}

/** A release that is rolled back, and whose. */
export interface ReleaseOfApp extends ReleaseFacts {
  app: string;
}

/** What people are told of it. */
export function told(release: ReleaseOfApp | undefined): ReleaseVersions | undefined {
  return release && versionsOf(release);
}

/** Undefined where a change in flight is rolled back. */
export function releaseIn({ app, release }: RollbackTask): ReleaseOfApp | undefined {
  return release && app !== undefined ? { ...release, app } : undefined;
}
