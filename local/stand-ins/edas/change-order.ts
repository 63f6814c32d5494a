/**
 * The states of a change order, and of each of its batches, under the numbers that EDAS uses.
 * https://www.alibabacloud.com/help/en/edas/developer-reference/api-edas-2017-08-01-getchangeorderinfo
 */
export const statuses = {
  ready: 0,
  running: 1,
  succeeded: 2,
  failed: 3,
  terminated: 6,
  partlySucceeded: 7,
  waitingForPerson: 8,
  waitingForNextBatch: 9,
  systemException: 10,
} as const;

/** One of the numbers of {@link statuses}. */
export type Status = (typeof statuses)[keyof typeof statuses];

/** How a change order can end by itself. */
export type Outcome = 2 | 3 | 7 | 10;

/**
 * How an instance is, under the numbers that EDAS uses: its agent is off, it is stopped, it runs and fails its health
 * check, it runs.
 * https://www.alibabacloud.com/help/en/edas/developer-reference/api-edas-2017-08-01-queryapplicationstatus
 */
export type InstanceState = 0 | 1 | 3 | 7;

/** What EDAS says of a task that failed. Its codes begin with `EDAS-`, such as `EDAS-10001 STAR_AGENT_OFFLINE`. */
export interface TaskError {
  readonly code: string;
  readonly message: string;
}

/** What a change order is born with. All durations are milliseconds, all times epoch milliseconds. */
export interface ChangeOrderPlan {
  /** Default: a random UUID. */
  readonly id?: string;
  readonly appId: string;
  /** The name of the application, in the newest order that names one. Default `demo`. */
  readonly appName?: string;
  /** Default: what EDAS would write of its version, package and target. */
  readonly description?: string;
  /** `CoTypeCode` of the list. Default `CoDeploy`. Any other deploys nothing. */
  readonly coType?: string;
  /** The name of the version that it deploys. Default: its time of creation, as `2020-05-14 20:02:33`. */
  readonly version?: string;
  /** Default `demo-1.0.jar`. */
  readonly packageName?: string;
  /** Where it deploys to: the id of a group, or `all`. Default `all`. */
  readonly target?: string;
  /** How healthy instances are while they run its version. Default 7. */
  readonly instanceState?: InstanceState;
  /** Whether the history of deployments lists its version. Default true. */
  readonly inHistory?: boolean;
  /** Milliseconds until the application's list shows the order; `Infinity` for never. Default 0. */
  readonly listedAfterMs?: number;
  /** Default: now. A time in the past makes an order that has lived for a while. */
  readonly createdAt?: number;
  /** Default 2. EDAS allows 1 to 5. */
  readonly batches?: number;
  /** How long the order stays ready before its first batch starts. Default 1 000. */
  readonly readyMs?: number;
  /** How long one batch runs. Default 10 000. */
  readonly batchMs?: number;
  /** How long the order waits between two automatic batches. Default 2 000. */
  readonly pauseMs?: number;
  /** What the order has become when its last batch ends. Default 2, succeeded. */
  readonly outcome?: Outcome;
  /** After each batch but the last, wait for a person: see {@link ChangeOrders.confirm}. Default false. */
  readonly waitsForPerson?: boolean;
  /**
   * The batch, counted from 1, of which a task fails when half of its time is over. The order runs on, and ends as its
   * `outcome` says. Default 0: none.
   */
  readonly failsInBatch?: number;
  /** Of that task. Default `EDAS-10001 STAR_AGENT_OFFLINE`. */
  readonly taskError?: TaskError;
  /** What EDAS says about it; nothing here obeys it. Default true. */
  readonly supportRollback?: boolean;
}

/** One batch of a change order, as it is now. Times are epoch milliseconds. */
export interface Batch {
  readonly status: Status;
  /** Absent until the batch starts. */
  readonly startedAt?: number;
  /** The last time that something happened to the batch. Absent until it starts. */
  readonly updatedAt?: number;
  /** Of the task that has failed in it, if one has. */
  readonly taskError?: TaskError;
}

/** A change order as EDAS shows it now. Times are epoch milliseconds. */
export interface ChangeOrder {
  readonly id: string;
  readonly appId: string;
  readonly description: string;
  readonly coType: string;
  /** The id of the group that it is for, or `all`. */
  readonly target: string;
  readonly createdAt: number;
  /** `undefined` while the order is in flight. */
  readonly finishedAt: number | undefined;
  readonly status: Status;
  readonly batches: readonly Batch[];
  readonly waitsForPerson: boolean;
  readonly supportRollback: boolean;
  /** The order that this one rolls back, if it rolls one back. */
  readonly rollbackOf: string | undefined;
  /** Whether a person began it, or a call of EDAS's API. */
  readonly source: 'console' | 'pop';
}

/** A version that was deployed, and how instances are that run it. */
export interface PackageVersion {
  readonly id: string;
  readonly name: string;
  readonly packageName: string;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly instanceState: InstanceState;
  readonly inHistory: boolean;
}

/** A change order from its beginning on: what cannot be told by the clock alone. */
export interface Life {
  readonly plan: Required<ChangeOrderPlan>;
  readonly rollbackOf: string | undefined;
  /** What it puts onto instances. Of a rollback in flight none: it puts back what was there. */
  readonly version: PackageVersion | undefined;
  /** Whether RollbackApplication began it. */
  readonly isReleaseRollback: boolean;
  /** Changes once at most. */
  terminatedAt: number | undefined;
  /** When a person let the second batch begin, the third, … */
  readonly confirmedAt: number[];
  /** How many rollbacks of this order took effect. */
  rollbacks: number;
}

/** The order as it is at a moment. */
export function observe(life: Life, now: number): ChangeOrder {
  const { plan, rollbackOf } = life;
  const batches = Array.from({ length: plan.batches }, (_, index) => observeBatch(life, index, now));
  const status = statusOf(life, batches);
  return {
    id: plan.id,
    appId: plan.appId,
    description: plan.description,
    coType: plan.coType,
    target: plan.target,
    createdAt: plan.createdAt,
    finishedAt: inFlight(status) ? undefined : (life.terminatedAt ?? endOfBatch(life, plan.batches - 1)),
    status,
    batches,
    waitsForPerson: plan.waitsForPerson,
    supportRollback: plan.supportRollback,
    rollbackOf,
    source: rollbackOf === undefined && !life.isReleaseRollback ? 'console' : 'pop',
  };
}

function observeBatch(life: Life, index: number, now: number): Batch {
  const { plan, terminatedAt } = life;
  const until = terminatedAt ?? now;
  const startedAt = startOfBatch(life, index);
  const endsAt = endOfBatch(life, index);
  const failsAt = index + 1 === plan.failsInBatch ? startedAt + plan.batchMs / 2 : Infinity;

  if (until < startedAt) return { status: statuses.ready };
  const failure = until >= failsAt ? { taskError: plan.taskError } : {};
  if (until >= endsAt) {
    return { status: statusAfterBatch(plan, index), startedAt, updatedAt: endsAt, ...failure };
  }
  if (terminatedAt !== undefined) {
    return { status: statuses.terminated, startedAt, updatedAt: terminatedAt, ...failure };
  }
  const updatedAt = until >= failsAt ? failsAt : startedAt;
  return { status: statuses.running, startedAt, updatedAt, ...failure };
}

function statusOf({ plan, terminatedAt }: Life, batches: readonly Batch[]): Status {
  const every = (status: Status) => batches.every((batch) => batch.status === status);
  const some = (status: Status) => batches.some((batch) => batch.status === status);

  if (terminatedAt !== undefined) return statuses.terminated;
  if (every(statuses.ready)) return statuses.ready;
  if (some(statuses.running)) return statuses.running;
  if (!some(statuses.ready)) return plan.outcome;
  return plan.waitsForPerson ? statuses.waitingForPerson : statuses.waitingForNextBatch;
}

function statusAfterBatch(plan: Required<ChangeOrderPlan>, index: number): Status {
  if (index < plan.batches - 1) return statuses.succeeded;
  return plan.outcome === statuses.succeeded ? statuses.succeeded : statuses.failed;
}

/** A batch that waits for a person begins when one comes. */
function startOfBatch({ plan, confirmedAt }: Life, index: number): number {
  if (plan.waitsForPerson && index > 0) return confirmedAt[index - 1] ?? Infinity;
  return plan.createdAt + plan.readyMs + index * (plan.batchMs + plan.pauseMs);
}

function endOfBatch(life: Life, index: number): number {
  return startOfBatch(life, index) + life.plan.batchMs;
}

/** Whether an order of this status has yet to end. */
export function inFlight(status: Status): boolean {
  const { ready, running, waitingForPerson, waitingForNextBatch } = statuses;
  return ([ready, running, waitingForPerson, waitingForNextBatch] as Status[]).includes(status);
}
