import type { ErrorCode } from '../../../errors.ts';
import type { Language } from '../../../lib/language.ts';
import type { VersionChoice } from '../../../task.ts';

/** All that the page shows. Texts from outside in it are as they came: the page escapes them. */
export interface PageView {
  language: Language;
  /** The application; its name where it could be read. */
  app: { id: string; name?: string | undefined } | undefined;
  change: ChangeView;
  asked: AskedView;
  stage: Stage;
  /** What came of what the person just did, where it did not work or the state has changed: shown first, as an alert. */
  notice?: Notice | undefined;
  /** Where people look, whatever happens. */
  consoleUrl: string;
  /** Epoch milliseconds: when this was read. */
  seenAt: number;
}

/** The change order, as EDAS shows it now. */
export interface ChangeView {
  changeOrderId: string;
  /** What EDAS calls it, such as a version. */
  description?: string | undefined;
  /** Undefined where EDAS could not be read. */
  status?: number | undefined;
  batches?: Share | undefined;
  /** Epoch milliseconds. */
  startedAt?: number | undefined;
}

/** So many of so many. */
export interface Share {
  done: number;
  total: number;
}

/** Why people are asked. */
export interface AskedView {
  source: string;
  /** Who asked, as the sender says it. */
  actor?: string | undefined;
  /** What the alert says, in its own words. */
  summary?: string | undefined;
  /** Epoch milliseconds: since when there has been a problem. */
  problemStartedAt?: number | undefined;
  /** Epoch milliseconds. */
  requestedAt?: number | undefined;
  /** Epoch milliseconds: the end of the time to decide. */
  expiresAt: number;
}

/** Who decided what, and when. */
export interface DecisionView {
  decision: 'roll_back' | 'leave';
  name?: string | undefined;
  /** Whether a chat proves the name; otherwise it was typed into this page. */
  isProved: boolean;
  /** Epoch milliseconds. */
  decidedAt: number;
}

export type Stage = OpenStage | MovingStage | OverStage | ClosedStage;

/** A person can decide. Both buttons are there; after `left` only the one that rolls back. */
export interface OpenStage {
  stage: 'open';
  /**
   * What the button does: it stops a change in flight and goes back; or deploys an earlier version; or, where EDAS cannot be
   * read, asks EDAS to roll the change order back, whatever its state: the emergency brake.
   */
  does: 'stop_change' | 'roll_back_release' | 'brake';
  /** A digest of what the page shows of the state, for the hidden field `shown` of the form. */
  shown: string;
  /** Of a release that has ended: the versions to choose from. */
  choice?: VersionChoice | undefined;
  /** What the instances run, where EDAS shows it. */
  instances?: InstancesView | undefined;
  /** A person decided to leave it alone before. */
  left?: DecisionView | undefined;
  /** A person decided to roll back, and EDAS does not show that it has begun: the button tries again. */
  tried?: DecisionView | undefined;
}

/** The rollback is under way, or is being handed over. */
export interface MovingStage {
  stage: 'moving';
  decision?: DecisionView | undefined;
  /** The order that carries the rollback out, where it is known. */
  rollback?: ChangeView | undefined;
  /** Whether the rollback was sent and EDAS does not show yet whether it has begun. */
  isInDoubt: boolean;
  /** What the instances run, where EDAS shows it. */
  instances?: InstancesView | undefined;
}

/** There is nothing more to decide, and nothing moves. */
export interface OverStage {
  stage: 'over';
  /**
   * - `unhealthy`: its rollback has succeeded, and not all instances are healthy.
   * - `rolled_back`: its rollback has succeeded. `partly`, `failed`, `terminated`: how else its rollback ended.
   * - `already_over`: the change was terminated or rolled back without this page.
   * - `unknown`: the rollback was sent, and it cannot be seen what came of it.
   */
  result: 'rolled_back' | 'unhealthy' | 'partly' | 'failed' | 'terminated' | 'already_over' | 'unknown';
  decision?: DecisionView | undefined;
  rollback?: ChangeView | undefined;
  /** What the instances run now, where EDAS shows it. */
  instances?: InstancesView | undefined;
}

export interface InstancesView {
  total: number;
  healthy: number;
  /** How many run each version; a version that is not in the history has no name. */
  versions: readonly { version: string | undefined; count: number }[];
}

/** Nothing can be decided here. */
export interface ClosedStage {
  stage: 'closed';
  /**
   * - `expired`: the time to decide is over. `left_alone`: it is over, too, and a person had decided to leave it alone.
   * - `suspended`: ROLLBACK_SUSPENDED is on. The page can be used again once it is off.
   * - `dry_run`: the source is a dry run.
   * - `refused`: a rule refuses it now; `problem` says why.
   * - `unreadable`: what the rules need cannot be read now; `problem` says why.
   * - `in_chat`: it is decided by a command in a chat.
   */
  reason: 'expired' | 'left_alone' | 'suspended' | 'dry_run' | 'refused' | 'unreadable' | 'in_chat';
  problem?: Notice | undefined;
  left?: DecisionView | undefined;
}

/** A problem, or that the state has changed since the page was shown. */
export type Notice = { kind: 'changed' } | { kind: 'problem'; code: ErrorCode; message: string };
