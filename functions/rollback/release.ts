import type { ChangeOrderInfo } from '../edas/change-order.ts';
import type { ListedChangeOrder } from '../edas/client.ts';
import type { ApplicationState, HistoryVersion } from '../edas/release.ts';

/** How a release that has ended is rolled back, as the operator of a source says. */
export interface ReleasePolicy {
  /** Milliseconds: how long ago a release may have ended. */
  withinMs: number;
  /** Milliseconds: for how long an application that was rolled back is left to people. */
  everyMs: number;
  /** The id of a group, or `all`. */
  group: string;
  /** 1 to 5; a group of fewer instances is rolled back in as many batches as it has instances. */
  batches: number;
  /** Minutes between two batches, 0 to 5. */
  batchWaitMinutes: number;
}

/** Which versions a rollback of a release is about. */
export interface ReleaseVersions {
  /** The version that runs. */
  fromVersion: string;
  /** The version that ran before it. */
  toVersion: string;
  /** The ids of the groups of instances. */
  groups: readonly string[];
}

/** Only these facts of something that knows more of a release. */
export function versionsOf({ fromVersion, toVersion, groups }: ReleaseVersions): ReleaseVersions {
  return { fromVersion, toVersion, groups };
}

/** A release that is to be rolled back although it has ended, and what may stand against it. */
export interface ReleaseRequest {
  app: string;
  /** The deployment. */
  changeOrderId: string;
  policy: ReleasePolicy;
  /** The version to go back to, where the sender or a person named it. */
  version?: string | undefined;
  /** Whether a person chose that version: then it need not be certain which one ran before. */
  isChosen?: boolean | undefined;
  /** Epoch milliseconds. A release that began later is not to blame. */
  problemStartedAt?: number | undefined;
}

/** What EDAS shows of the application of a release, all read at the same time. */
export interface ReleaseReadings {
  /** The recent change orders of the application, in any order. */
  orders: readonly ListedChangeOrder[];
  /** The release's own change order. */
  order: ChangeOrderInfo;
  history: readonly HistoryVersion[];
  state: ApplicationState;
  /** Epoch milliseconds. */
  readAt: number;
  /** Epoch milliseconds: when this function last rolled a release of the application back, as far as its tasks show it. */
  rolledBackAt?: number | undefined;
  /** The releases of the application that this function rolled back, or may have, as far as its tasks show it. */
  rolledBack?: readonly RolledBackRelease[] | undefined;
}

/** A release that this function rolled back, or may have. */
export interface RolledBackRelease {
  changeOrderId: string;
  /** The order that did. Undefined: it is not known which one, or whether there is one. */
  rollbackChangeOrderId: string | undefined;
}

/** A rollback of a release that may be sent. */
export interface ReleasePlan extends ReleaseVersions {
  plan: 'roll_back';
  /** The id of the version that runs. */
  fromVersionId: string;
  /** The id of a group, or `all`. */
  group: string;
  batches: number;
  batchWaitMinutes: number;
  /** Epoch milliseconds, by EDAS's clock: when the newest change order was made. A later one may be the rollback. */
  seenUntil: number;
}

/** A rollback of a release whose earlier version a person chooses. */
export interface ReleaseChoice {
  plan: 'choose';
  fromVersion: string;
  /** The version that ran before for certain. */
  toVersion: string | undefined;
  /** The versions to choose from, the newest first. */
  candidates: readonly string[];
  /** The ids of the groups of instances. */
  groups: readonly string[];
}

/** The release was rolled back before, and there is nothing to do. */
export interface RolledBackBefore {
  plan: 'already_rolled_back';
  /** The release. */
  changeOrderId: string;
  /** Its rollback, where that is known. */
  rollbackChangeOrderId: string | undefined;
}
