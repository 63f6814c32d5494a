import type { ChangeOrderProgress } from '../../../../functions/edas/change-order.ts';
import type { ListedChangeOrder } from '../../../../functions/edas/client.ts';
import type {
  ApplicationState,
  HistoryVersion,
  ReleaseRollbackOrder,
} from '../../../../functions/edas/release.ts';
import {
  ChangeOrders,
  type ChangeOrder,
  type ChangeOrderPlan,
  type RollbackRules,
  type Ruling,
} from '../../../../local/stand-ins/edas/change-orders.ts';
import { usualGroups, type GroupPlan } from '../../../../local/stand-ins/edas/groups.ts';
import type { ReleaseRules } from '../../../../local/stand-ins/edas/release-rules.ts';

export const app = '3616cdca-4f92-4413-0000-000000000000';

/** What is the same in a whole history, and documented nowhere. */
export interface Possibilities {
  release: ReleaseRules;
  inFlight: RollbackRules;
  groups: readonly GroupPlan[];
  /** How many of the newest orders and versions EDAS lists. */
  listed: number;
  versions: number;
  /** Whether the list says when an order ended. */
  hasFinishTimes: boolean;
}

/** Why an order is there, whatever EDAS shows of it. */
export type Origin = 'a release' | 'another change' | `a rollback by ${'us' | 'a person'}`;

/** What is certain of an order, whatever EDAS shows of it. */
export interface KnownOrder {
  id: string;
  /** `order 1`, for the trace. */
  name: string;
  origin: Origin;
  /** What it deploys; undefined where it deploys nothing of its own. */
  package: string | undefined;
  version: string | undefined;
  /** What ran in each group when it was made. */
  before: ReadonlyMap<string, Running>;
  createdAt: number;
}

/** What runs on the instances of a group. */
export interface Running {
  /** The package of the group, as EDAS shows it for the whole. */
  group: string | undefined;
  /** Those on its instances, each once. */
  packages: readonly (string | undefined)[];
  /** The orders that brought them. */
  orders: readonly (string | undefined)[];
}

/** An account of EDAS with one application, and what is certain of it. */
export class Account {
  readonly orders: ChangeOrders;
  readonly known = new Map<string, KnownOrder>();
  readonly #possibilities: Possibilities;
  readonly #now: () => number;
  #releases = 0;

  constructor(now: () => number, possibilities: Possibilities) {
    this.#now = now;
    this.#possibilities = possibilities;
    this.orders = new ChangeOrders(now, possibilities.inFlight, possibilities.release);
    this.orders.setUp({ appId: app, groups: possibilities.groups });
  }

  /** The releases, oldest first. */
  get releases(): KnownOrder[] {
    return [...this.known.values()].filter(({ origin }) => origin === 'a release');
  }

  get isAtRest(): boolean {
    return this.orders.ofApplication(app).every(({ finishedAt }) => finishedAt !== undefined);
  }

  /** Deploys a package that was not there before, perhaps under the name of another one. */
  deploy(plan: Omit<ChangeOrderPlan, 'appId'> & { version: string }): KnownOrder {
    this.#releases += 1;
    const packageName = `package-${this.#releases}`;
    return this.#note('a release', { package: packageName, version: plan.version }, () =>
      this.orders.add({ ...plan, appId: app, packageName }),
    );
  }

  /** A restart, a scale-out, or another change that deploys nothing. */
  change(plan: Omit<ChangeOrderPlan, 'appId'>): KnownOrder {
    return this.#note('another change', nothing, () => this.orders.add({ ...plan, appId: app }));
  }

  /** RollbackChangeOrder. */
  rollBack(id: string, by: 'us' | 'a person'): Ruling {
    const before = this.running();
    const ruling = this.orders.rollback(id);
    if (ruling.accepted) this.#add(ruling.changeOrderId, `a rollback by ${by}`, nothing, before);
    return ruling;
  }

  /** RollbackApplication. */
  goBack(order: ReleaseRollbackOrder, by: 'us' | 'a person'): Ruling {
    const before = this.running();
    const what = { package: this.packageOf(order.version), version: order.version };
    const ruling = this.orders.rollBackApplication(order);
    // EDAS may name no order, or one that was there before.
    const made = this.orders
      .releaseRollbacksOf(app)
      .find(({ changeOrderId }) => !this.known.has(changeOrderId));
    if (made) this.#add(made.changeOrderId, `a rollback by ${by}`, what, before);
    return ruling;
  }

  /** The package that EDAS deploys for the name of a version. */
  packageOf(version: string): string | undefined {
    return this.orders.historyOf(app).findLast(({ name }) => name === version)?.packageName;
  }

  /** What runs in each group that has instances. */
  running(): Map<string, Running> {
    const groups = this.orders.runningIn(app).filter(({ instances }) => instances.length > 0);
    return new Map(
      groups.map(({ id, deployed, instances }) => [
        id,
        {
          group: deployed?.version.packageName,
          packages: [...new Set(instances.map((each) => each.deployed?.version.packageName))],
          orders: [...new Set(instances.map((each) => each.deployed?.changeOrderId))],
        },
      ]),
    );
  }

  /** The releases that run nowhere. */
  nowhere(): string[] {
    const running = [...this.running().values()].flatMap(({ group, packages }) => [group, ...packages]);
    return this.releases.filter((each) => !running.includes(each.package)).map(({ id }) => id);
  }

  nameOf(id: string): string {
    return this.known.get(id)?.name ?? id;
  }

  // What EDAS answers.

  order(id: string): ChangeOrderProgress | undefined {
    const order = this.orders.get(id);
    return (
      order && {
        status: order.status,
        supportRollback: order.supportRollback,
        startedAt: order.batches[0]?.startedAt ?? wholeSeconds(order.createdAt),
        description: order.description,
        batches: { done: 0, total: order.batches.length },
        failures: [],
      }
    );
  }

  list(): ListedChangeOrder[] {
    const { listed } = this.#possibilities;
    return newest(listed, this.orders.ofApplication(app)).map((order) => this.#toListed(order));
  }

  history(): HistoryVersion[] {
    const { versions } = this.#possibilities;
    return newest(versions, this.orders.historyOf(app)).map(({ id, name, createdAt }) => ({
      id,
      version: name,
      createdAt,
    }));
  }

  state(): ApplicationState {
    const groups = this.orders.runningIn(app);
    return {
      groups: groups.map(({ id, name, deployed }) => ({ id, name, versionId: deployed?.version.id })),
      instances: groups.flatMap((group) =>
        group.instances.map(({ id, state, deployed }) => ({
          id,
          groupId: group.id,
          state,
          versionId: deployed?.version.id,
        })),
      ),
    };
  }

  #toListed(order: ChangeOrder): ListedChangeOrder {
    const { release, hasFinishTimes } = this.#possibilities;
    const allGroups = release.listsAllGroupsAs === 'all' ? 'all' : usualGroups[0]?.id;
    const { finishedAt } = order;
    return {
      changeOrderId: order.id,
      status: order.status,
      typeCode: order.coType,
      words: `${order.coType === 'CoDeploy' ? 'Deploy Application' : order.coType} ${order.description}`,
      description: order.description,
      groupId: order.target === 'all' ? allGroups : order.target,
      createdAt: wholeSeconds(order.createdAt),
      finishedAt: finishedAt === undefined || !hasFinishTimes ? undefined : wholeSeconds(finishedAt),
    };
  }

  #note(origin: Origin, what: Pick<KnownOrder, 'package' | 'version'>, make: () => string): KnownOrder {
    const before = this.running();
    return this.#add(make(), origin, what, before);
  }

  #add(
    id: string,
    origin: Origin,
    what: Pick<KnownOrder, 'package' | 'version'>,
    before: ReadonlyMap<string, Running>,
  ): KnownOrder {
    const name = `order ${this.known.size + 1}`;
    const order = { id, name, origin, ...what, before, createdAt: this.#now() };
    this.known.set(id, order);
    return order;
  }
}

const nothing = { package: undefined, version: undefined };

function newest<T extends { createdAt: number }>(count: number, all: readonly T[]): T[] {
  return all.toSorted((a, b) => a.createdAt - b.createdAt).slice(-count);
}

/** EDAS writes the times of an order without milliseconds. */
function wholeSeconds(ms: number): number {
  return Math.floor(ms / 1_000) * 1_000;
}
