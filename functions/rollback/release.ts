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
