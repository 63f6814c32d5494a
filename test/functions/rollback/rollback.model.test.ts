import fc from 'fast-check';
import { expect, test } from 'vitest';
import { runs } from '../../support/runs.ts';
import { plan, stories, theEnd } from './model/commands.ts';
import { answerOf, effectsOf, type Simulation } from './model/delivery.ts';
import { Edas } from './model/edas.ts';
import { Network } from './model/network.ts';
import { Timeline } from './model/timeline.ts';

// A story is what happens to an account of EDAS while webhooks come in: see model/commands.ts. The rules that hold after
// every step of it are in model/invariants.ts.
const numRuns = runs(500);

const startsAt = Date.parse('2026-01-02T03:04:05.678Z');

/** Any story. `ended` is given the simulation that it leaves. */
function anyStory(
  ofTerminated: 'refused' | 'accepted',
  ended: (simulation: Simulation) => void = () => undefined,
) {
  const rules = fc.record({
    ofTerminated: fc.constant(ofTerminated),
    showsAfterMs: fc.constantFrom(0, 0, 20, 1_500, 30_000),
    coType: fc.constantFrom('CoRollback', 'CoDeploy'),
  });
  return fc.asyncProperty(fc.scheduler(), rules, plan, stories, async (scheduler, ruling, release, story) => {
    const timeline = new Timeline(scheduler, startsAt);
    const edas = new Edas(() => timeline.now, ruling);
    const simulation: Simulation = { timeline, edas, network: new Network(edas, timeline), deliveries: [] };
    edas.release(release);
    await fc.asyncModelRun(() => ({ model: edas.ledger, real: simulation }), story);
    await theEnd.run(edas.ledger, simulation);
    ended(simulation);
  });
}

test.each(['refused', 'accepted'] as const)(
  'whatever happens, in whichever order, every rule holds after every step, where a second rollback is %s',
  { timeout: 100 * numRuns },
  async (ofTerminated) => {
    await fc.assert(anyStory(ofTerminated), { numRuns });
  },
);

test('the stories come to every answer, and to deliveries that roll one order back twice', async () => {
  const answers = new Set<string>();
  let twice = 0;
  const story = anyStory('accepted', ({ deliveries }) => {
    for (const delivery of deliveries) answers.add(answerOf(delivery));
    const rolledBack = deliveries.flatMap(effectsOf).map(({ subject }) => subject);
    if (new Set(rolledBack).size < rolledBack.length) twice += 1;
  });
  await fc.assert(story, { seed: 1, numRuns: 500 });
  expect([...answers].sort()).toEqual([
    'already_terminated',
    'app_has_no_change_in_flight',
    'app_not_allowed',
    'change_order_finished',
    'change_order_not_found',
    'change_start_unknown',
    'credentials_missing',
    'dry_run',
    'edas_denied',
    'edas_outcome_unknown',
    'edas_rejected',
    'edas_throttled',
    'edas_unavailable',
    'problem_predates_change',
    'rolling_back (order)',
    'rolling_back (reply)',
    'suspended',
  ]);
  expect(twice).toBeGreaterThan(0);
});
