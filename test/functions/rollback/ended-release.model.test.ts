import fc from 'fast-check';
import { expect, test } from 'vitest';
import { runs } from '../../support/runs.ts';
import { histories } from './ended-model/histories.ts';
import { play } from './ended-model/history.ts';
import { requireInvariants } from './ended-model/invariants.ts';

const numRuns = runs(300);

test.each([false, true])(
  'whatever happened to an application, no release is rolled back twice, wrongly or untold; with faults: %s',
  { timeout: 200 * numRuns },
  async (faulty) => {
    await fc.assert(
      fc.asyncProperty(histories(faulty), async (plan) => {
        requireInvariants(await play(plan));
      }),
      { numRuns },
    );
  },
);

test('the histories come to every answer', async () => {
  const seen = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(histories(true), async (plan) => {
      const { deliveries, platform } = await play(plan);
      for (const { outcome, problem } of deliveries) {
        const answer = outcome?.outcome ?? problem?.code ?? 'none';
        seen.set(answer, (seen.get(answer) ?? 0) + 1);
      }
      seen.set('calls', (seen.get('calls') ?? 0) + platform.calls.length);
    }),
    { numRuns: 300, seed: 1 },
  );
  expect(seen.size).toBeGreaterThan(0);
});
