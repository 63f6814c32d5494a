import { describe, expect, onTestFinished, test } from 'vitest';
import { compileSources } from '../local/build/compile-sources.ts';
import type { RollbackRules } from '../local/stand-ins/edas/change-orders.ts';
import { startEdasStandIn, type EdasStandIn } from '../local/stand-ins/edas/stand-in.ts';
import { bundleSources, webhook } from './support/invoke-bundle.ts';
import { deliverAtOnce } from './support/processes.ts';
import { temporaryFolder } from './support/temporary-folder.ts';
import { fakeContext, fakeCredentials } from './support/webhook.ts';

const changeOrderId = 'dc5133d7-773f-4c81-9c5a-e2103dce0f6a';
const unknownOrderId = '00000000-0000-4000-8000-000000000000';
const appId = '3616cdca-4f92-4413-0000-000000000000';
const minuteMs = 60_000;

/** It says that a delivery at the same moment may have sent the rollback too. */
const rollingBack = '202 rolling_back, unclaimed';
const terminated = '200 already_terminated';
const rejected = '502 edas_rejected';

/** What comes of 200 deliveries of one webhook. */
interface Race {
  /** How many were answered so: the HTTP status, and what happened in a word. */
  answers: Record<string, number>;
  /** The details of those that EDAS rejected. */
  rejections: (string | undefined)[];
  /** The rollback orders that answers report as begun. */
  reported: (string | undefined)[];
  /** The rollback orders that EDAS began. */
  begun: string[];
  /** How many rollbacks of the order took effect. */
  rollbacks: number;
  /** How many were sent. */
  puts: number;
}

// 200 deliveries at once take their time on a busy machine, and none of them shall give up before.
const patientSources = compileSources(`
sources:
  pipeline: { preset: generic, secrets: [SECRET_PIPELINE], when: status == 'failed', deadlineMs: 60000 }
`);

/** 25 deliveries in each of 8 processes, all at once. */
async function race(rollbackRules: RollbackRules): Promise<Race> {
  const edas = await startEdas(rollbackRules);
  const { path: bundle } = await bundleSources(patientSources, temporaryFolder());
  const responses = await deliverAtOnce(bundle, {
    processes: 8,
    times: 25,
    event: webhook(changeOrderId),
    warmUp: webhook(unknownOrderId),
    context: fakeContext,
    env: { EDAS_ENDPOINT: edas.url },
  });
  const told = responses.map(({ statusCode, body }) => toTold(statusCode, body));
  const toldThat = (what: string) => told.filter(({ answer }) => answer === what);
  return {
    answers: tally(told.map(({ answer }) => answer)),
    rejections: toldThat(rejected).map(({ detail }) => detail),
    reported: toldThat(rollingBack).map(({ rollbackChangeOrderId }) => rollbackChangeOrderId),
    begun: rollbackOrdersIn(edas),
    rollbacks: edas.orders.rollbacksOf(changeOrderId),
    puts: edas.calls.filter(({ operation }) => operation === 'RollbackChangeOrder').length,
  };
}

/**
 * Its clock leaps a minute ahead after 500 calls. 8 of them warm up, and 200 deliveries read, send and read again: some
 * read again before the leap, and some after it.
 */
async function startEdas(rollbackRules: RollbackRules): Promise<EdasStandIn> {
  let calls = 0;
  const edas = await startEdasStandIn({
    credentials: fakeCredentials,
    rollbackRules,
    now: () => Date.now() + (calls < 500 ? 0 : minuteMs),
    onCall: () => {
      calls += 1;
    },
  });
  onTestFinished(() => edas.close());
  edas.orders.add({ id: changeOrderId, appId, batches: 5, readyMs: 0, batchMs: 60 * minuteMs });
  return edas;
}

function toTold(status: number, body: string) {
  const told = JSON.parse(body) as Record<string, string | undefined> & { claimed?: boolean };
  const { outcome, code, detail, message = '', rollbackChangeOrderId, claimed } = told;
  const isUnclaimed = claimed === false && message.includes('Once is not sure');
  const answer = `${status} ${outcome ?? code ?? 'nothing'}${isUnclaimed ? ', unclaimed' : ''}`;
  return { answer, detail, rollbackChangeOrderId };
}

function tally(words: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}

function rollbackOrdersIn({ orders }: EdasStandIn): string[] {
  return orders
    .ofApplication(appId)
    .flatMap(({ id, rollbackOf }) => (rollbackOf === changeOrderId ? id : []));
}

// With a follow function, see races.test.ts. A machine that is too slow for it shall see what went wrong, not that the time
// was up.
describe(
  'of 200 deliveries of one webhook to a source without a follow function, in 8 processes at once,',
  { timeout: 60_000 },
  () => {
    describe('to an EDAS that refuses a second rollback,', () => {
      test('one rolls back, and every other says that the order is terminated', async () => {
        const { answers, reported, begun, rollbacks } = await race({ ofTerminated: 'refused' });
        expect(rollbacks).toBe(1);
        expect(answers).toEqual({ [rollingBack]: 1, [terminated]: 199 });
        expect(reported).toEqual(begun);
      });

      test('one rolls back although EDAS shows it late, and until then every other says that it was refused', async () => {
        const { answers, rejections, reported, begun, rollbacks } = await race({
          ofTerminated: 'refused',
          showsAfterMs: minuteMs,
        });
        expect(rollbacks).toBe(1);
        expect(Object.keys(answers).sort()).toEqual([terminated, rollingBack, rejected]);
        expect(answers[rollingBack]).toBe(1);
        expect(reported).toEqual(begun);
        for (const detail of rejections) {
          expect(detail).toMatch(
            /answered Application\.ChangerOrder\.Not\.Running.* status is 1 \(running\)/,
          );
        }
      });
    });

    describe('to an EDAS that accepts a second rollback,', () => {
      test('each that found the order in flight rolls back, once, and says so truly', async () => {
        const { answers, reported, begun, rollbacks, puts } = await race({ ofTerminated: 'accepted' });
        const { [rollingBack]: rolledBack = 0, [terminated]: foundItDone = 0 } = answers;
        expect(rolledBack).toBeGreaterThan(0);
        expect(rolledBack + foundItDone).toBe(200);
        expect([rollbacks, puts]).toEqual([rolledBack, rolledBack]);
        expect(reported.sort()).toEqual(begun.sort());
      });

      test('all 200 roll back as long as EDAS does not show it: this is the limit without a claim', async () => {
        const { answers, reported, begun, rollbacks, puts } = await race({
          ofTerminated: 'accepted',
          showsAfterMs: Infinity,
        });
        expect(answers).toEqual({ [rollingBack]: 200 });
        expect([rollbacks, puts]).toEqual([200, 200]);
        expect(reported.sort()).toEqual(begun.sort());
      });
    });
  },
);
