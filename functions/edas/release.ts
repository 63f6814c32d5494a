/** A version of an application in EDAS's history of deployments. */
export interface HistoryVersion {
  /** EDAS's own id, by which the state of an application names it. */
  id: string;
  /** The name that was given at the deployment, such as `2019-11-13 14:22:22`. Two versions may have the same. */
  version: string;
  /** Epoch milliseconds. */
  createdAt: number | undefined;
}

/** A group of instances, which runs one version. */
export interface InstanceGroup {
  id: string;
  /** Such as `_DEFAULT_GROUP`. */
  name: string | undefined;
  /** The id of a version of the history. Undefined where nothing was deployed. */
  versionId: string | undefined;
}

/** An instance of an application. */
export interface ApplicationInstance {
  id: string;
  groupId: string | undefined;
  /** One of {@link instanceStates}, or a number that EDAS does not document. */
  state: number | undefined;
  /** The id of the version that was deployed to it last. */
  versionId: string | undefined;
}

/** What runs of an application, and where. */
export interface ApplicationState {
  groups: readonly InstanceGroup[];
  instances: readonly ApplicationInstance[];
}

/**
 * How an instance is.
 * https://www.alibabacloud.com/help/en/edas/developer-reference/api-edas-2017-08-01-queryapplicationstatus
 */
export const instanceStates = { agentOff: 0, stopped: 1, unhealthy: 3, running: 7 } as const;

/** The redeployment of an earlier version. */
export interface ReleaseRollbackOrder {
  appId: string;
  /** The id of a group, or `all`. */
  groupId: string;
  /** The name of the version in the history, not its id. */
  version: string;
  /** 1 to 5. */
  batches: number;
  /** Minutes between two batches, 0 to 5. */
  batchWaitMinutes: number;
}
