import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { releaseRules, type ReleaseRule } from '../../../functions/rollback/ended-release.ts';
import { everyReleaseRules } from '../../../local/stand-ins/edas/release-rules.ts';
import { runs } from '../../support/runs.ts';
import { histories } from './ended-model/histories.ts';
import { answerOf, play, type HistoryPlan } from './ended-model/history.ts';
import { breachesIn, requireInvariants } from './ended-model/invariants.ts';

// A history is what happens to an application: releases that end in every way, what people do to them, and alerts that
// come meanwhile, again and again. See ended-model/histories.ts. What must hold in each is in ended-model/invariants.ts.
const numRuns = runs(300);
/** `npm test` plays the same histories each time; `npm run test:long` others each time. */
const seed = numRuns === 300 ? { seed: 1 } : {};

test.each([
  ['', false],
  [', and whatever goes wrong', true],
])(
  'whatever happened to an application%s, its releases are rolled back at most once, and rightly',
  { timeout: 200 * numRuns },
  async (_what, faulty) => {
    const property = fc.asyncProperty(histories(faulty), async (plan) => {
      requireInvariants(await play(plan));
    });
    await fc.assert(property, { numRuns, ...seed });
  },
);

test('the histories come to every answer, and to many calls', async () => {
  const answers = new Set<string>();
  let calls = 0;
  const property = fc.asyncProperty(histories(true), async (plan) => {
    const { deliveries, platform } = await play(plan);
    for (const delivery of deliveries) answers.add(answerOf(delivery).split(':')[0] ?? '');
    calls += platform.calls.length;
  });
  await fc.assert(property, { numRuns: 400, seed: 1 });
  expect([...answers].sort()).toEqual(expect.arrayContaining(mostAnswers));
  expect(calls).toBeGreaterThan(50);
});

const mostAnswers = [
  'already_rolled_back',
  'already_terminated',
  'app_has_change_in_flight',
  'app_has_no_change_in_flight',
  'app_rolled_back_recently',
  'change_order_finished',
  'deferred',
  'edas_outcome_unknown',
  'edas_rejected',
  'edas_unavailable',
  'groups_differ',
  'no_previous_version',
  'previous_version_uncertain',
  'problem_predates_change',
  'release_already_tried',
  'release_end_unknown',
  'release_not_newest',
  'release_too_old',
  'rolling_back',
  'suspended',
  'task_not_taken',
];

const minute = 60_000;

/** Two releases that succeed, and an alert about the second one that comes again and again. */
const plainHistory: HistoryPlan = {
  possibilities: {
    release: {},
    inFlight: {},
    groups: [{}],
    listed: 100,
    versions: 100,
    hasFinishTimes: true,
  },
  platform: { legsMs: [10, 40], aheadMs: 0 },
  sources: [
    {
      ended: { withinMs: 30 * minute, everyMs: 60 * minute, group: 'all', batches: 2, batchWaitMinutes: 0 },
      mode: 'now',
    },
  ],
  steps: [
    { step: 'deploy', plan: { batchMs: 10_000 }, nameBack: undefined, thenMs: 24 * 60 * minute },
    { step: 'deploy', plan: { batchMs: 10_000 }, nameBack: undefined, thenMs: 10 * minute },
    {
      step: 'alert',
      alert: {
        source: 0,
        target: 'application',
        problemMsAgo: minute,
        versionBack: undefined,
        times: 20,
        everyMs: minute,
      },
      thenMs: 60 * minute,
    },
  ],
};

/** The same, but for what is said of EDAS. */
function plainHistoryWith(release: HistoryPlan['possibilities']['release']): HistoryPlan {
  return { ...plainHistory, possibilities: { ...plainHistory.possibilities, release } };
}

test.each(everyReleaseRules())(
  'a release that ended ten minutes ago is rolled back, once, and people are told of it, where %o',
  async (release) => {
    const history = await play(plainHistoryWith(release));
    requireInvariants(history);
    const { account, platform } = history;
    const [good, bad] = account.releases;
    expect(platform.calls).toMatchObject([{ release: bad?.id, version: good?.version }]);
    expect([...account.running().values()]).toMatchObject([{ group: good?.package }]);
    expect(platform.news.map(({ event }) => event)).toContain('started');
  },
);

/** Whether the model finds this breach in some hundred histories. */
async function finds(what: string, faulty = false, change = (plan: HistoryPlan) => plan) {
  for (const plan of fc.sample(histories(faulty), { numRuns: 600, seed: 1 })) {
    const breaches = breachesIn(await play(change(plan)));
    if (breaches.some((each) => each.what === what)) return true;
  }
  return false;
}

describe('the model finds what is missing', () => {
  // Without the two about versions no plan can be made, and they refuse what is not the newest, too.
  test.each([
    ['no change of the application is in flight', 'nothing was in flight when it looked'],
    ['the release ended a short time ago', 'the release ended within the window'],
    ['the release began before the problem did', 'the release began before the problem'],
    [
      'the application was not rolled back a short time ago',
      'the application was not rolled back a short time ago, as far as EDAS showed it',
    ],
  ])('without the rule "%s"', async (rule, what) => {
    expect(await withoutRule(rule, () => finds(what))).toBe(true);
  });

  test('where Function Compute takes the claim on the call twice', async () => {
    const takesTwice = (taskId: string) => taskId.startsWith('ended-call-');
    const change = (plan: HistoryPlan) => ({ ...plan, platform: { ...plan.platform, takesTwice } });
    expect(await finds('one call for one release', true, change)).toBe(true);
  });
});

/** As the function would be without one of its rules. */
async function withoutRule<T>(what: string, work: () => Promise<T>): Promise<T> {
  const rules = releaseRules as ReleaseRule[];
  const index = rules.findIndex((each) => each.what === what);
  const [rule] = rules.splice(index, 1);
  try {
    return await work();
  } finally {
    if (rule) rules.splice(index, 0, rule);
  }
}
