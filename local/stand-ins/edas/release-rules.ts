import type { ChangeOrderPlan } from './change-order.ts';

/** What the documentation leaves open about releases that have ended, so that callers can be tried against each possibility. */
export interface ReleaseRules {
  /**
   * Whether RollbackApplication makes an entry of its own in the history of deployments: the version of the same name, with
   * a new id and a new time. Default false.
   */
  readonly makesVersion?: boolean;
  /**
   * The `CoTypeCode` of its order. EDAS documents none. As `CoDeploy` it has the description of a deployment, which names the
   * version that is gone back to; else one with words of rollback. Default `CoRollback`, a code of ours.
   */
  readonly coType?: 'CoRollback' | 'CoDeploy';
  /** Milliseconds until the application's list shows its order. GetChangeOrderInfo shows it at once. Default 0. */
  readonly listedAfterMs?: number;
  /**
   * What a second call does while the first one's order is in flight: refused, or accepted with another order, or accepted
   * with the first one's and nothing more. Default `refused`.
   */
  readonly second?: 'refused' | 'accepted' | 'joined';
  /** Whether the answer names its order. Terraform's provider takes an empty id for a success too. Default true. */
  readonly namesOrder?: boolean;
  /** What a call does while another change of the application is in flight. Default `refused`. */
  readonly whileInFlight?: 'refused' | 'accepted';
  /** The language of descriptions. Default `en`. */
  readonly language?: Language;
  /** Whether `PackageVersionList` holds a list, as in the SDK, or is one, as in an older page. Default `object`. */
  readonly historyShape?: 'object' | 'array';
  /** Which group the list names of an order for all of them. Default `default-group`. */
  readonly listsAllGroupsAs?: 'default-group' | 'all';
  /** Whether QueryApplicationStatus lists the last deployment of each instance, or every one. Default `last`. */
  readonly deployRecords?: 'last' | 'every';
  /** How its order differs from what it would be: one as fast as the newest order of the application, which succeeds. */
  readonly order?: Omit<ChangeOrderPlan, 'id' | 'appId' | 'appName' | 'coType' | 'createdAt'>;
}

/** A language in which EDAS describes change orders. */
export type Language = 'en' | 'zh';

/** Milliseconds. Longer than a caller may take for the first reading after its call. */
const lateListingMs = 30_000;

const possibilities = {
  makesVersion: [false, true],
  coType: ['CoRollback', 'CoDeploy'],
  listedAfterMs: [0, lateListingMs],
  second: ['refused', 'accepted', 'joined'],
  namesOrder: [true, false],
  whileInFlight: ['refused', 'accepted'],
} as const satisfies { readonly [Name in keyof ReleaseRules]: readonly ReleaseRules[Name][] };

/** Every combination of what is documented nowhere about RollbackApplication. */
export function everyReleaseRules(): ReleaseRules[] {
  let combinations: ReleaseRules[] = [{}];
  for (const [name, values] of Object.entries(possibilities)) {
    combinations = combinations.flatMap((rules) => values.map((value) => ({ ...rules, [name]: value })));
  }
  return combinations;
}
