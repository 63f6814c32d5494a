import { randomUUID } from 'node:crypto';
import {
  inFlight,
  observe,
  statuses,
  type ChangeOrder,
  type ChangeOrderPlan,
  type Life,
  type PackageVersion,
  type Status,
} from './change-order.ts';
import { planGroups, usualGroups, type ApplicationPlan, type InstanceGroup } from './groups.ts';
import type { ReleaseRules } from './release-rules.ts';
import { whatRuns, type RunningGroup } from './what-runs.ts';
import { describeDeployment, describeReleaseRollback, localTime } from './words.ts';

export { statuses } from './change-order.ts';
export type {
  Batch,
  ChangeOrder,
  ChangeOrderPlan,
  InstanceState,
  Outcome,
  PackageVersion,
  Status,
  TaskError,
} from './change-order.ts';

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

/** What RollbackApplication is asked for. */
export interface ReleaseRollback {
  readonly appId: string;
  /** The id of a group, or `all`. */
  readonly groupId: string;
  /** The name of a version. */
  readonly version: string;
  /** 1 to 5. Default 1. */
  readonly batches?: number;
  /** Minutes, 0 to 5. Default 0. */
  readonly batchWaitMinutes?: number;
}

/** A call of RollbackApplication that took effect. */
export interface ReleaseRollbackEffect {
  readonly changeOrderId: string;
  readonly groupId: string;
  /** The name of the version that was gone back to. */
  readonly version: string;
}

/**
 * The change orders of one EDAS account, and what they deployed. They live by the clock alone: nothing runs in the
 * background, and an order that is read later is further on.
 */
export class ChangeOrders {
  readonly #lives = new Map<string, Life>();
  readonly #now: () => number;
  readonly #rules: RollbackRules;
  readonly #releaseRules: ReleaseRules;
  readonly #groups = new Map<string, readonly InstanceGroup[]>();

  /** @param now the clock, epoch milliseconds */
  constructor(now: () => number, rules: RollbackRules = {}, releaseRules: ReleaseRules = {}) {
    this.#now = now;
    this.#rules = rules;
    this.#releaseRules = releaseRules;
  }

  /** Gives an application groups of its own, before its first order or in place of those that it had. */
  setUp({ appId, groups }: ApplicationPlan): void {
    this.#groups.set(appId, planGroups(groups));
  }

  /** Starts a change order and returns its id. */
  add(plan: ChangeOrderPlan): string {
    return this.#begin(plan);
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
    const now = this.#now();
    const listed = this.#livesOf(appId).filter(({ plan }) => now >= plan.createdAt + plan.listedAfterMs);
    return listed.map((life) => this.#show(life));
  }

  /** The ids of the applications that orders are of, in the order of their first. */
  get applications(): readonly string[] {
    return [...new Set([...this.#lives.values()].map(({ plan }) => plan.appId))];
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
    const plan = { ...rollbackPlan(order, life.plan), ...differences, coType };
    const rollbackOrder = this.#begin(plan, { rollbackOf: id });
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

  /** Starts an order that deploys an earlier version again. */
  rollBackApplication(asked: ReleaseRollback): Ruling {
    const running = this.#livesOf(asked.appId).filter(({ plan: { id } }) => this.#isInFlight(id));
    const first = running.find(({ isReleaseRollback }) => isReleaseRollback);
    const { second = 'refused', whileInFlight = 'refused' } = this.#releaseRules;
    const version = this.historyOf(asked.appId).findLast(({ name }) => name === asked.version);

    const refusal = this.#refusalOf(asked);
    if (refusal !== undefined) return refusedRelease(refusal);
    if (!version) return refusedRelease(`The history has no version ${asked.version}.`);
    if (first && second === 'joined') return { accepted: true, changeOrderId: this.#named(first.plan.id) };
    const isRefused = first ? second === 'refused' : running.length > 0 && whileInFlight === 'refused';
    if (isRefused) return refusedRelease('Another change of the application is running.');
    return { accepted: true, changeOrderId: this.#named(this.#deployAgain(version, asked)) };
  }

  /** Every call of RollbackApplication that took effect, oldest first. */
  releaseRollbacksOf(appId: string): ReleaseRollbackEffect[] {
    return this.#livesOf(appId).flatMap(({ plan, version, isReleaseRollback }) =>
      isReleaseRollback && version
        ? [{ changeOrderId: plan.id, groupId: plan.target, version: version.name }]
        : [],
    );
  }

  /** The versions of an application, oldest first. EDAS documents no order of these either. */
  historyOf(appId: string): PackageVersion[] {
    const versions = this.#livesOf(appId).flatMap(({ version }) => version ?? []);
    return [...new Set(versions)]
      .filter(({ inHistory }) => inHistory)
      .toSorted((a, b) => a.createdAt - b.createdAt);
  }

  /** What runs in the groups of an application, and on their instances. */
  runningIn(appId: string): RunningGroup[] {
    return whatRuns(this.#groupsOf(appId), this.#livesOf(appId), this.#now());
  }

  /** The name of an application; `undefined` when no order is of it and it was not set up: there is none such. */
  nameOf(appId: string): string | undefined {
    const plans = this.#livesOf(appId).map(({ plan }) => plan);
    const [first = this.#groups.has(appId) ? defaults : undefined] = plans;
    return (plans.findLast(({ appName }) => appName !== defaults.appName) ?? first)?.appName;
  }

  #begin(plan: ChangeOrderPlan, origin: Partial<Origin> = {}): string {
    const id = plan.id ?? randomUUID();
    if (this.#lives.has(id)) throw new Error(`There is a change order ${id} already`);
    const createdAt = plan.createdAt ?? this.#now();
    const named = { ...defaults, version: localTime(createdAt), ...plan, id, createdAt };
    const { rollbackOf, isReleaseRollback = false } = origin;
    const isDeployment = named.coType === 'CoDeploy' && rollbackOf === undefined;
    const version = origin.version ?? (isDeployment ? versionOf(named) : undefined);
    const description = named.description ?? this.#describe(named, version, isReleaseRollback);
    const life = { plan: { ...named, description }, rollbackOf, version, isReleaseRollback };
    this.#lives.set(id, { ...life, terminatedAt: undefined, confirmedAt: [], rollbacks: 0 });
    return id;
  }

  #deployAgain(
    version: PackageVersion,
    { appId, groupId, batches = 1, batchWaitMinutes = 0 }: ReleaseRollback,
  ) {
    const { coType = 'CoRollback', listedAfterMs = 0, makesVersion = false, order } = this.#releaseRules;
    const { readyMs, batchMs, pauseMs } = this.#livesOf(appId).at(-1)?.plan ?? defaults;
    const plan = {
      appId,
      coType,
      batches,
      listedAfterMs,
      target: groupId,
      readyMs,
      batchMs,
      pauseMs: Math.max(pauseMs, batchWaitMinutes * 60_000),
      supportRollback: false,
      ...order,
    };
    const entry = makesVersion ? { ...version, id: randomUUID(), createdAt: this.#now() } : version;
    return this.#begin(plan, { version: entry, isReleaseRollback: true });
  }

  #describe(
    { appId, target, packageName, coType }: Named,
    version: PackageVersion | undefined,
    isReleaseRollback: boolean,
  ): string {
    const { language = 'en' } = this.#releaseRules;
    const groupName = this.#groupsOf(appId).find(({ id }) => id === target)?.name;
    const deployment = {
      version: version?.name,
      packageName: version?.packageName ?? packageName,
      groupName,
    };
    const describe =
      isReleaseRollback && coType !== 'CoDeploy' ? describeReleaseRollback : describeDeployment;
    return describe(deployment, language);
  }

  /** Why EDAS would not even look for the version. */
  #refusalOf({ appId, groupId, batches = 1, batchWaitMinutes = 0 }: ReleaseRollback): string | undefined {
    const groups = this.#groupsOf(appId).filter(({ id }) => groupId === 'all' || groupId === id);
    if (this.nameOf(appId) === undefined) return 'The application does not exist.';
    if (groups.length === 0) return `The application has no group ${groupId}.`;
    if (groups.every(({ instances }) => instances.length === 0)) return 'ex.app.deploy.group.empty';
    if (!isWholeWithin(batches, 1, 5)) return 'Batch must be from 1 to 5.';
    if (!isWholeWithin(batchWaitMinutes, 0, 5)) return 'BatchWaitTime must be from 0 to 5.';
    return undefined;
  }

  #named(id: string): string {
    return (this.#releaseRules.namesOrder ?? true) ? id : '';
  }

  #isInFlight(id: string): boolean {
    const life = this.#lives.get(id);
    return life !== undefined && inFlight(observe(life, this.#now()).status);
  }

  #livesOf(appId: string): Life[] {
    return [...this.#lives.values()].filter(({ plan }) => plan.appId === appId);
  }

  #groupsOf(appId: string): readonly InstanceGroup[] {
    return this.#groups.get(appId) ?? usualGroups;
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

type Origin = Pick<Life, 'rollbackOf' | 'version' | 'isReleaseRollback'>;

/** A plan of which all is settled but its description. */
type Named = Omit<Life['plan'], 'description'> & { readonly description?: string };

const defaults = {
  appName: 'demo',
  coType: 'CoDeploy',
  packageName: 'demo-1.0.jar',
  target: 'all',
  instanceState: 7,
  inHistory: true,
  listedAfterMs: 0,
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

function versionOf({ version, packageName, createdAt, instanceState, inHistory }: Named): PackageVersion {
  return { id: randomUUID(), name: version, packageName, createdAt, instanceState, inHistory };
}

function isWholeWithin(number: number, least: number, most: number): boolean {
  return Number.isInteger(number) && number >= least && number <= most;
}

function rollbackPlan(
  order: ChangeOrder,
  { readyMs, batchMs, pauseMs }: Required<ChangeOrderPlan>,
): ChangeOrderPlan {
  const updated = order.batches.filter(({ startedAt }) => startedAt !== undefined).length;
  return {
    appId: order.appId,
    description: `Rollback of ${order.id}`,
    target: order.target,
    // EDAS knows no release of zero batches.
    batches: Math.max(1, updated),
    readyMs,
    batchMs,
    pauseMs,
    supportRollback: false,
  };
}

/**
 * How RollbackApplication refuses. No page documents a code: 601 under HTTP 200 is what EDAS calls a business error, and
 * `ex.app.deploy.group.empty` is what Terraform's provider looks for in the message of a group without instances.
 * https://github.com/aliyun/terraform-provider-alicloud/blob/master/alicloud/resource_alicloud_edas_application_package_attachment.go
 */
function refusedRelease(message: string): Ruling {
  return { accepted: false, code: '601', message };
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
