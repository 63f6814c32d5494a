import fc, { type Arbitrary } from 'fast-check';
import type { EdasFailureKind } from '../../../../functions/edas/failure.ts';
import type { ReleasePolicy } from '../../../../functions/rollback/release.ts';
import { statuses, type ChangeOrderPlan } from '../../../../local/stand-ins/edas/change-orders.ts';
import { planGroups, type GroupPlan } from '../../../../local/stand-ins/edas/groups.ts';
import type { Possibilities } from './account.ts';
import type { Alert, HistoryPlan, SourcePlan, Step } from './history.ts';
import type { Fate, Operation } from './platform.ts';

const minute = 60_000;
const hour = 60 * minute;

const sometimes = <T>(arbitrary: Arbitrary<T>, weight = 1) =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight, arbitrary });

/** The same, so many times, for a choice among others. */
const often = <T>(times: number, what: T): T[] => Array.from({ length: times }, () => what);

const someGroups = planGroups([{}, {}]).map(({ id }) => id);

const groups = fc.constantFrom<readonly GroupPlan[]>(
  ...often<readonly GroupPlan[]>(3, [{}]),
  [{ instances: [7, 7, 7] }, { instances: [7, 7] }],
  [{}, { type: 2, instances: [7] }],
  [{}, { instances: [] }],
);

const possibilities: Arbitrary<Possibilities> = fc.record({
  release: fc.record({
    makesVersion: fc.boolean(),
    coType: fc.constantFrom('CoRollback', 'CoDeploy'),
    listedAfterMs: fc.constantFrom(0, 0, 30_000, Infinity),
    second: fc.constantFrom('refused', 'accepted', 'joined'),
    namesOrder: fc.constantFrom(true, true, false),
    whileInFlight: fc.constantFrom('refused', 'accepted'),
    language: fc.constantFrom('en', 'zh'),
    listsAllGroupsAs: fc.constantFrom('default-group', 'all'),
    order: fc.constantFrom({}, {}, { outcome: statuses.failed }, { outcome: statuses.partlySucceeded }),
  }),
  inFlight: fc.record({
    coType: fc.constantFrom('CoRollback', 'CoDeploy'),
    showsAfterMs: fc.constantFrom(0, 0, 1_500),
  }),
  groups,
  // Where the list does not reach back to the release, its rollback in flight cannot be told from a deployment.
  listed: fc.constantFrom(100, 100, 12, 8),
  versions: fc.constantFrom(100, 100, 4, 3),
  hasFinishTimes: fc.constantFrom(...often(9, true), false),
});

const policy: Arbitrary<ReleasePolicy> = fc.record({
  withinMs: fc.constantFrom(5 * minute, 30 * minute, 24 * hour, 24 * hour),
  everyMs: fc.constantFrom(0, 0, hour, 7 * 24 * hour),
  group: fc.constantFrom(...often(4, 'all'), ...someGroups),
  batches: fc.constantFrom(1, 2, 5),
  batchWaitMinutes: fc.constantFrom(0, 0, 1),
});

const source: Arbitrary<SourcePlan> = fc.record({
  ended: fc.oneof({ weight: 5, arbitrary: policy }, { weight: 1, arbitrary: fc.constant(undefined) }),
  mode: fc.constantFrom('now', 'now', 'deferred'),
});

const plan: Arbitrary<Omit<ChangeOrderPlan, 'appId'>> = fc.record({
  batches: fc.constantFrom(1, 2),
  readyMs: fc.constantFrom(0, 1_000),
  batchMs: fc.constantFrom(1_000, 10_000, minute),
  pauseMs: fc.constant(0),
  outcome: fc.constantFrom(
    ...often(6, statuses.succeeded),
    statuses.failed,
    statuses.partlySucceeded,
    statuses.systemException,
  ),
  target: fc.constantFrom(...often(6, 'all'), ...someGroups),
  waitsForPerson: fc.constantFrom(...often(7, false), true),
  listedAfterMs: fc.constantFrom(...often(8, 0), 30_000, Infinity),
  inHistory: fc.constantFrom(...often(8, true), false),
  supportRollback: fc.boolean(),
});

/** As people write it, and not EDAS. */
const ownDescription = fc.constantFrom('', 'fix the checkout', 'Version 7 of it');

const deploy: Arbitrary<Step> = fc
  .tuple(plan, sometimes(fc.integer({ min: 0, max: 3 })), sometimes(ownDescription))
  .map(([given, nameBack, description]) => ({
    step: 'deploy' as const,
    plan: { ...given, ...(description !== undefined && { description }) },
    // What EDAS does not list could not be told from another version of the same name.
    nameBack: given.inHistory === false ? undefined : nameBack,
  }));

/** A release of which nothing is out of the ordinary. */
const goodRelease: Arbitrary<Step> = fc.constantFrom(1_000, 10_000).map((batchMs) => ({
  step: 'deploy',
  plan: { batches: 1, batchMs, pauseMs: 0, readyMs: 0 },
  nameBack: undefined,
}));

const alert: Arbitrary<Alert> = fc.record({
  source: fc.integer({ min: 0, max: 2 }),
  target: fc.oneof(
    { weight: 6, arbitrary: fc.constant('application' as const) },
    { weight: 1, arbitrary: fc.constant('newest order' as const) },
    { weight: 3, arbitrary: fc.record({ releasesBack: fc.constantFrom(0, 0, 0, 1, 2) }) },
  ),
  problemMsAgo: sometimes(fc.constantFrom(0, 1_000, minute, 10 * minute)),
  versionBack: fc.constantFrom(...often(6, undefined), 0, 1, 1, 2),
  times: fc.constantFrom(1, 1, 2, 5),
  everyMs: fc.constantFrom(0, 100, 5_000, minute, 10 * minute),
});

const kinds: readonly EdasFailureKind[] = [
  'not_sent',
  'unauthenticated',
  'denied',
  'throttled',
  'not_found',
  'rejected',
  'doubt',
];

const edasFate: Arbitrary<Fate> = fc.oneof(
  fc.constantFrom(...kinds).map((failure) => ({ failure, takesEffect: false })),
  fc.constantFrom('doubt' as const, 'throttled' as const).map((failure) => ({ failure, takesEffect: true })),
  fc.boolean().map((takesEffect) => ({ failure: 'doubt' as const, takesEffect, afterMs: hour })),
);
const queueFate: Arbitrary<Fate> = fc.oneof(
  fc.constant({ failure: 'down' as const, takesEffect: false }),
  fc.boolean().map((takesEffect) => ({ failure: 'doubt' as const, takesEffect })),
  fc.boolean().map((takesEffect) => ({ failure: 'doubt' as const, takesEffect, afterMs: hour })),
);
const killed: Arbitrary<Fate> = fc.boolean().map((takesEffect) => ({ killed: true, takesEffect }));

const trouble: Arbitrary<Step> = fc
  .tuple(
    fc.oneof(
      fc.tuple(
        fc.constantFrom<Operation>('list', 'order', 'history', 'state', 'call', 'call', 'put'),
        edasFate,
      ),
      fc.tuple(fc.constantFrom<Operation>('submit', 'submit', 'read task'), queueFate),
      fc.tuple(fc.constantFrom<Operation>('submit', 'call', 'call', 'list', 'read task', 'order'), killed),
    ),
    fc.constantFrom(1, 1, 2, 5),
  )
  .map(([[operation, fate], calls]) => ({
    step: 'trouble',
    operation,
    fate,
    // Each task is tried three times, and one that is killed each time tells nothing.
    calls: 'killed' in fate ? 1 : calls,
  }));

const anyStep: Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: deploy },
  { weight: 6, arbitrary: goodRelease },
  { weight: 12, arbitrary: alert.map((each): Step => ({ step: 'alert', alert: each })) },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom('CoRestart', 'CoScaleOut', 'CoUnknown')
      .map((coType): Step => ({ step: 'change', coType })),
  },
  { weight: 1, arbitrary: fc.constant<Step>({ step: 'abort' }) },
  { weight: 1, arbitrary: fc.constant<Step>({ step: 'roll back in flight' }) },
  { weight: 1, arbitrary: fc.constant<Step>({ step: 'confirm' }) },
  {
    weight: 3,
    arbitrary: fc
      .record({ versionsBack: fc.constantFrom(1, 1, 2), group: sometimes(fc.integer({ min: 0, max: 1 })) })
      .map((each): Step => ({ step: 'go back', ...each })),
  },
  { weight: 1, arbitrary: fc.boolean().map((isOn): Step => ({ step: 'suspend', isOn })) },
);

const faultyStep: Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: anyStep },
  { weight: 3, arbitrary: trouble },
  { weight: 1, arbitrary: fc.constant<Step>({ step: 'twice' }) },
  { weight: 1, arbitrary: fc.constant<Step>({ step: 'trouble is over' }) },
);

const pause = fc.oneof(
  fc.constantFrom(0, 50, 500, 5_000),
  fc.constantFrom(20_000, 30_000, minute, 3 * minute),
  fc.constantFrom(3 * minute, 20 * minute, 2 * hour),
);

/** @param faulty whether calls fail, functions are killed, and tasks are delivered twice */
export function histories(faulty: boolean): Arbitrary<HistoryPlan> {
  const step = faulty ? faultyStep : anyStep;
  const timed = (each: Arbitrary<Step>) => fc.tuple(each, pause).map(([one, thenMs]) => ({ ...one, thenMs }));
  return fc
    .record({
      possibilities,
      platform: fc.record({
        legsMs: fc.array(fc.constantFrom(0, 10, 40, 300), { minLength: 1, maxLength: 5 }),
        aheadMs: fc.constantFrom(0, 0, 0, -4 * minute, 4 * minute),
      }),
      sources: fc.array(source, { minLength: 1, maxLength: 3 }),
      before: fc.oneof(
        { weight: 1, arbitrary: fc.constant([]) },
        { weight: 6, arbitrary: fc.array(timed(goodRelease), { minLength: 2, maxLength: 4, size: 'max' }) },
      ),
      steps: fc.array(timed(step), { minLength: 1, maxLength: 18, size: 'max' }),
    })
    .map(({ before, steps, ...history }) => ({ ...history, steps: [...before, ...steps] }));
}
