import { randomUUID } from 'node:crypto';

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
  readonly description?: string;
  /** `CoTypeCode` of the list. Default `CoDeploy`. */
  readonly coType?: string;
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
  readonly createdAt: number;
  /** `undefined` while the order is in flight. */
  readonly finishedAt: number | undefined;
  readonly status: Status;
  readonly batches: readonly Batch[];
  readonly waitsForPerson: boolean;
  readonly supportRollback: boolean;
  /** The order that this one rolls back, if it rolls one back. */
  readonly rollbackOf: string | undefined;
}

/** The answer to a rollback or an abort: the id that EDAS names, or why it refuses. */
export type Ruling =
  | { readonly accepted: true; readonly changeOrderId: string }
  | { readonly accepted: false; readonly code: string; readonly message: string };

/** What the documentation leaves open about rollbacks, so that callers can be tried against each possibility. */
export interface RollbackRules {
  /**
   * Which id `Data.ChangeOrderId` of a rollback carries: that of the new rollback order, or the one that was sent.
   * The documented examples disagree. Default `new-order`.
   */
  readonly answersWith?: 'new-order' | 'same-order';
  /**
   * What a rollback of an order that was terminated before does: refused as the sister product SAE documents it, or
   * accepted, which rolls back a second time. Default `refused`.
   */
  readonly ofTerminated?: 'refused' | 'accepted';
  /**
   * Milliseconds from the moment that EDAS accepts a rollback or an abort until it shows the order as terminated. Until
   * then the order is shown as it stood at that moment. It is not documented whether there is such a delay. EDAS
   * itself knows at once: `ofTerminated` rules what a second rollback does meanwhile, and the order that carries the
   * rollback out is shown from its start. Default 0.
   */
  readonly showsAfterMs?: number;
  /**
   * The `CoTypeCode` of the order that carries a rollback out. EDAS documents none, and may well call it a deployment
   * too. Default `CoRollback`, a code of ours.
   */
  readonly coType?: 'CoRollback' | 'CoDeploy';
  /**
   * How the order that carries a rollback out differs from what it would be: one that goes through the updated batches as
   * fast as they were updated, and succeeds.
   */
  readonly order?: Omit<ChangeOrderPlan, 'id' | 'appId' | 'appName' | 'coType' | 'createdAt'>;
}

interface Life {
  readonly plan: Required<ChangeOrderPlan>;
  readonly rollbackOf: string | undefined;
  /** Changes once at most. */
  terminatedAt: number | undefined;
  /** When a person let the second batch begin, the third, … */
  readonly confirmedAt: number[];
  /** How many rollbacks of this order took effect. */
  rollbacks: number;
}

/**
 * The change orders of one EDAS account. They live by the clock alone: nothing runs in the background, and an order
 * that is read later is further on.
 */
export class ChangeOrders {
  readonly #lives = new Map<string, Life>();
  readonly #now: () => number;
  readonly #rules: RollbackRules;

  /** @param now the clock, epoch milliseconds */
  constructor(now: () => number, rules: RollbackRules = {}) {
    this.#now = now;
    this.#rules = rules;
  }

  /** Starts a change order and returns its id. */
  add(plan: ChangeOrderPlan): string {
    return this.#begin(plan, undefined);
  }

  /** The order as EDAS shows it now; `undefined` when there is none. */
  get(id: string): ChangeOrder | undefined {
    const life = this.#lives.get(id);
    return life && this.#show(life);
  }

  /**
   * The orders of an application, oldest first. EDAS documents no order, and a client that counts on "newest first"
   * should fail here.
   */
  ofApplication(appId: string): ChangeOrder[] {
    const lives = [...this.#lives.values()].filter(({ plan }) => plan.appId === appId);
    return lives.map((life) => this.#show(life));
  }

  /** How many rollbacks of this order took effect. More than one is what this project must never cause. */
  rollbacksOf(id: string): number {
    return this.#lives.get(id)?.rollbacks ?? 0;
  }

  /** Terminates the order and starts another one that takes the updated batches back. */
  rollback(id: string): Ruling {
    const life = this.#lives.get(id);
    if (!life) return orderNotFound;
    const order = observe(life, this.#now());
    if (!this.#canRollBack(order.status)) return orderNotRunning;

    const { coType = 'CoRollback', order: differences } = this.#rules;
    const rollbackOrder = this.#begin({ ...rollbackPlan(order, life.plan), ...differences, coType }, id);
    life.terminatedAt ??= this.#now();
    life.rollbacks += 1;
    return { accepted: true, changeOrderId: this.#rules.answersWith === 'same-order' ? id : rollbackOrder };
  }

  /** Terminates the order and leaves the batches that were updated as they are. */
  abort(id: string): Ruling {
    const life = this.#lives.get(id);
    if (!life) return orderNotFound;
    if (observe(life, this.#now()).finishedAt !== undefined) return orderNotRunning;

    life.terminatedAt = this.#now();
    return { accepted: true, changeOrderId: id };
  }

  /** A person lets the next batch begin. Returns whether the order waited for that. */
  confirm(id: string): boolean {
    const life = this.#lives.get(id);
    if (!life || observe(life, this.#now()).status !== statuses.waitingForPerson) return false;
    life.confirmedAt.push(this.#now());
    return true;
  }

  /** The name of an application; `undefined` when no order is of it. */
  nameOf(appId: string): string | undefined {
    const plans = [...this.#lives.values()].map(({ plan }) => plan).filter((plan) => plan.appId === appId);
    return plans.findLast(({ appName }) => appName !== defaults.appName)?.appName ?? plans[0]?.appName;
  }

  #begin(plan: ChangeOrderPlan, rollbackOf: string | undefined): string {
    const id = plan.id ?? randomUUID();
    if (this.#lives.has(id)) throw new Error(`There is a change order ${id} already`);
    const whole = { ...defaults, id, createdAt: this.#now(), ...plan };
    this.#lives.set(id, { plan: whole, rollbackOf, terminatedAt: undefined, confirmedAt: [], rollbacks: 0 });
    return id;
  }

  #show(life: Life): ChangeOrder {
    const now = this.#now();
    const { terminatedAt } = life;
    const { showsAfterMs = 0 } = this.#rules;
    if (terminatedAt === undefined || now >= terminatedAt + showsAfterMs) return observe(life, now);
    // Standing still: an order that moved on could be shown as succeeded, and later as terminated all the same.
    return observe({ ...life, terminatedAt: undefined }, terminatedAt);
  }

  #canRollBack(status: Status): boolean {
    if (status === statuses.terminated) return this.#rules.ofTerminated === 'accepted';
    return status !== statuses.succeeded;
  }
}

const defaults = {
  appName: 'demo',
  description: 'Version: 2020-05-14 20:02:33 | Package: demo-1.0.jar | Deploy to: all groups',
  coType: 'CoDeploy',
  batches: 2,
  readyMs: 1_000,
  batchMs: 10_000,
  pauseMs: 2_000,
  outcome: statuses.succeeded,
  waitsForPerson: false,
  failsInBatch: 0,
  taskError: { code: 'EDAS-10001', message: 'STAR_AGENT_OFFLINE' },
  supportRollback: true,
} as const;

function observe(life: Life, now: number): ChangeOrder {
  const { plan, rollbackOf } = life;
  const batches = Array.from({ length: plan.batches }, (_, index) => observeBatch(life, index, now));
  const status = statusOf(life, batches);
  return {
    id: plan.id,
    appId: plan.appId,
    description: plan.description,
    coType: plan.coType,
    createdAt: plan.createdAt,
    finishedAt: inFlight(status) ? undefined : (life.terminatedAt ?? endOfBatch(life, plan.batches - 1)),
    status,
    batches,
    waitsForPerson: plan.waitsForPerson,
    supportRollback: plan.supportRollback,
    rollbackOf,
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

function inFlight(status: Status): boolean {
  const { ready, running, waitingForPerson, waitingForNextBatch } = statuses;
  return ([ready, running, waitingForPerson, waitingForNextBatch] as Status[]).includes(status);
}

function rollbackPlan(
  order: ChangeOrder,
  { readyMs, batchMs, pauseMs }: Required<ChangeOrderPlan>,
): ChangeOrderPlan {
  const updated = order.batches.filter(({ startedAt }) => startedAt !== undefined).length;
  return {
    appId: order.appId,
    description: `Rollback of ${order.id}`,
    // EDAS knows no release of zero batches.
    batches: Math.max(1, updated),
    readyMs,
    batchMs,
    pauseMs,
    supportRollback: false,
  };
}

/**
 * How a change order that does not exist is refused. This and the next are documented for SAE, whose operation has
 * the same name: https://www.alibabacloud.com/help/en/sae/api-sae-2019-05-06-abortandrollbackchangeorder
 */
export const orderNotFound = {
  accepted: false,
  code: 'InvalidChangeOrder.NotFound',
  message: 'The current change order does not exist.',
} as const satisfies Ruling;

/** How a change order that has ended is refused. */
export const orderNotRunning = {
  accepted: false,
  code: 'Application.ChangerOrder.Not.Running',
  message: 'The change order is not running and cannot be terminated.',
} as const satisfies Ruling;
