import type { InstanceState } from './change-order.ts';
import { defaultGroupName } from './words.ts';

/** An application with groups of its own. All others have one group, `_DEFAULT_GROUP`, of two instances. */
export interface ApplicationPlan {
  readonly appId: string;
  readonly groups: readonly GroupPlan[];
}

export interface GroupPlan {
  /** Default: a UUID that ends with the place of the group. */
  readonly id?: string;
  /** Default `_DEFAULT_GROUP` for the first one, then `group-1`, … */
  readonly name?: string;
  /** The default group, one's own, or one for canary releases. Default 0 for the first one, then 1. */
  readonly type?: GroupType;
  /** The state of each, whatever runs on it. Default: two that run. */
  readonly instances?: readonly InstanceState[];
}

export type GroupType = 0 | 1 | 2;

/** A group of instances, before anything was deployed to it. */
export interface InstanceGroup {
  readonly id: string;
  readonly name: string;
  readonly type: GroupType;
  readonly instances: readonly { readonly id: string; readonly state: InstanceState }[];
}

/** The groups of an application that nothing is said of. */
export const usualGroups = planGroups([{}]);

/** The group of the plan, and its instances, with ids that are the same each time. */
export function planGroups(plans: readonly GroupPlan[]): InstanceGroup[] {
  return plans.map((plan, place) => ({
    id: plan.id ?? `8123db90-880f-486f-0000-${digits(place, 12)}`,
    name: plan.name ?? (place === 0 ? defaultGroupName : `group-${place}`),
    type: plan.type ?? (place === 0 ? 0 : 1),
    instances: (plan.instances ?? [7, 7]).map((state, index) => ({
      id: `0cf49a6c-95a8-4aa8-${digits(place, 4)}-${digits(index, 12)}`,
      state,
    })),
  }));
}

function digits(number: number, length: number): string {
  return String(number).padStart(length, '0');
}
