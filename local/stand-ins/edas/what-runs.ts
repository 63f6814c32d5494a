import {
  observe,
  statuses,
  type ChangeOrder,
  type InstanceState,
  type Life,
  type PackageVersion,
} from './change-order.ts';
import type { InstanceGroup } from './groups.ts';

/** A version on an instance or in a group, and since when. */
export interface Deployed {
  readonly version: PackageVersion;
  /** The order that brought it. */
  readonly changeOrderId: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

export interface RunningInstance {
  readonly id: string;
  readonly state: InstanceState;
  /** Undefined where nothing was deployed. */
  readonly deployed: Deployed | undefined;
  /** All that was deployed to it, oldest first. */
  readonly past: readonly Deployed[];
}

export interface RunningGroup extends Omit<InstanceGroup, 'instances'> {
  /** What its last order that succeeded brought. */
  readonly deployed: Deployed | undefined;
  readonly instances: readonly RunningInstance[];
}

/** What a batch does to an instance when it ends, or an order that succeeded to a group. */
interface Step {
  readonly at: number;
  /** The id of an instance or of a group. */
  readonly place: string;
  readonly changeOrderId: string;
  /** The version to run, or the order whose version is taken off again. */
  readonly brings: PackageVersion | { readonly takesBack: string };
}

/**
 * What runs on each instance of an application at a moment. Each batch moves its share of the instances when it ends, and not
 * where it fails; a group has a version once an order has brought it everywhere.
 *
 * @param lives the orders of the application, oldest first
 */
export function whatRuns(
  groups: readonly InstanceGroup[],
  lives: readonly Life[],
  now: number,
): RunningGroup[] {
  const running = new Map<string, Deployed>();
  const past = new Map<string, Deployed[]>();
  const replaced = new Map<string, Deployed | undefined>();
  const put = (place: string, deployed: Deployed) => {
    running.set(place, deployed);
    past.set(place, [...(past.get(place) ?? []), deployed]);
  };
  for (const step of stepsUntil(now, groups, lives)) {
    const { place, brings, changeOrderId, at } = step;
    if ('takesBack' in brings) {
      const before = replaced.get(`${brings.takesBack} ${place}`);
      if (before) put(place, { ...before, changeOrderId, at });
      else running.delete(place);
    } else {
      replaced.set(`${changeOrderId} ${place}`, running.get(place));
      put(place, { version: brings, changeOrderId, at });
    }
  }
  return groups.map((group) => {
    const deployed = running.get(group.id);
    const instances = group.instances.map(({ id, state }) => {
      const own = running.get(id) ?? deployed;
      return {
        id,
        deployed: own,
        past: past.get(id) ?? [],
        state: state === 7 ? (own?.version.instanceState ?? state) : state,
      };
    });
    return { ...group, deployed, instances };
  });
}

function stepsUntil(now: number, groups: readonly InstanceGroup[], lives: readonly Life[]): Step[] {
  const steps = lives.flatMap((life) => {
    if (life.version) return stepsOfDeployment(life, life.version, groups, now);
    const target = lives.find(({ plan }) => plan.id === life.rollbackOf);
    return target ? stepsBack(life, target, groups, now) : [];
  });
  return steps.toSorted((a, b) => a.at - b.at);
}

function stepsOfDeployment(
  { plan, ...life }: Life,
  brings: PackageVersion,
  groups: readonly InstanceGroup[],
  now: number,
): Step[] {
  const order = observe({ plan, ...life }, now);
  const targets = groups.filter(({ id }) => plan.target === 'all' || plan.target === id);
  const step = { changeOrderId: plan.id, brings };
  const { finishedAt } = order;
  return targets.flatMap(({ id, instances }) => [
    ...moved(instances, order).map((each) => ({ ...step, ...each })),
    ...(order.status === statuses.succeeded && finishedAt !== undefined
      ? [{ ...step, at: finishedAt, place: id }]
      : []),
  ]);
}

/** A rollback of an order that is in flight goes through the instances that the order had moved. */
function stepsBack(life: Life, target: Life, groups: readonly InstanceGroup[], now: number): Step[] {
  const updated = target.version ? stepsOfDeployment(target, target.version, groups, now) : [];
  const ids = new Set(updated.map(({ place }) => place));
  const instances = groups.flatMap((group) => group.instances).filter(({ id }) => ids.has(id));
  const step = { changeOrderId: life.plan.id, brings: { takesBack: target.plan.id } };
  return moved(instances, observe(life, now)).map((each) => ({ ...step, ...each }));
}

/** The instances whose batch has succeeded, and when it did. */
function moved(
  instances: readonly { readonly id: string }[],
  { batches }: ChangeOrder,
): { place: string; at: number }[] {
  return instances.flatMap(({ id }, index) => {
    const batch = batches[Math.floor((index * batches.length) / instances.length)];
    if (batch?.status !== statuses.succeeded || batch.updatedAt === undefined) return [];
    return [{ place: id, at: batch.updatedAt }];
  });
}
