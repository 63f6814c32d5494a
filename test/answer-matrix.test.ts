import { beforeAll, describe, expect, test } from 'vitest';
import { toRecord } from '../functions/lib/json.ts';
import { anyAnswer } from '../local/stand-ins/edas/faults.ts';
import { startEdasStandIn, type EdasStandIn, type RecordedCall } from '../local/stand-ins/edas/stand-in.ts';
import { realClockThatLeaps } from './support/leaping-clock.ts';
import {
  answerOf,
  bodiesWith,
  isConsistent,
  statuses,
  wrappings,
  type Body,
  type Wrapping,
} from './support/rollback-answers.ts';
import { runs } from './support/runs.ts';
import { fakeCredentials, openWebhook, type Answer } from './support/webhook.ts';

/**
 * Every answer to a rollback that can be put together from these parts, but for those of which three parts are wrong: a
 * status, a content type, an end and an id, each with each body. EDAS may have done what it was asked or not, it may show
 * it at once or never, and it may answer the reads about another order. test/fault-matrix.test.ts has the faults by name.
 */

const orderId = '4f40e616-cdcd-4250-a018-efd459900000';
const anotherOrderId = '4f40e616-cdcd-4250-a018-efd459900009';
const app = '3616cdca-4f92-4413-0000-000000000000';
const sources = 'sources: { pipeline: { preset: generic, secrets: [SECRET_PIPELINE], deadlineMs: 5000 } }';

/** `Data` names the order that carries a rollback out. */
const inData = (ChangeOrderId: unknown) => ({ Data: { ChangeOrderId } });
const common = bodiesWith(inData);
const bodies = {
  ...common,
  'Data null': { says: 'nothing clear', text: withData(null) },
  'no Data': { says: 'nothing clear', text: withData(undefined) },
} as const satisfies Record<string, Body>;

function withData(Data: unknown) {
  return (id: string) => JSON.stringify({ ...toRecord(JSON.parse(common['a success'].text(id))), Data });
}

/** How EDAS shows the order: at once or never, and whether it answers about another one, which is terminated. */
interface World {
  isShown: boolean;
  /** About which order a read is answered. */
  readsAreOf: 'it' | 'another' | 'another from the rollback on';
}

const trueWorld: World = { isShown: true, readsAreOf: 'it' };
const worlds: World[] = [
  trueWorld,
  { isShown: false, readsAreOf: 'it' },
  { isShown: true, readsAreOf: 'another' },
  { isShown: true, readsAreOf: 'another from the rollback on' },
];

interface Case extends Wrapping, World {
  body: Body;
  isDone: boolean;
  isClear: boolean;
}

/**
 * Whether EDAS did it, and the rest of the world, are dealt out in turn, so that each status, end, type and id meets each of
 * them with one body or another. In the long run of the tests, it did and did not do it in each case.
 */
function casesOf(body: Body): Case[] {
  const offset = Object.values<Body>(bodies).indexOf(body);
  return wrappings.flatMap((wrapping, index) => {
    const turn = offset + index;
    const world = worlds[turn % worlds.length] ?? trueWorld;
    const isClear = body.says !== 'nothing clear' && isConsistent(wrapping, body);
    // Who says yes, or no, with one voice and does the other is a liar that nobody can see through.
    const isSettled = isClear && body.says !== 'throttled';
    const doings = isSettled ? [body.says === 'yes'] : inTurn(turn);
    return doings.map((isDone) => ({ ...wrapping, ...world, body, isDone, isClear }));
  });
}

function inTurn(turn: number): boolean[] {
  return runs(1) > 1 ? [true, false] : [Math.floor(turn / worlds.length) % 2 === 0];
}

/** As GetChangeOrderInfo shows an order that was rolled back. */
const anotherOrder = anyAnswer({
  body: JSON.stringify({
    Code: 200,
    Message: 'success',
    changeOrderInfo: { ChangeOrderId: anotherOrderId, Status: 6, SupportRollback: false },
  }),
});

interface Course {
  answer: Answer;
  /** How many rollbacks of the order took effect. */
  effects: number;
}

async function deliver(each: Case): Promise<Course> {
  const clock = realClockThatLeaps();
  const edas: EdasStandIn = await startEdasStandIn({
    credentials: fakeCredentials,
    now: clock.now,
    rollbackRules: { ofTerminated: 'accepted', showsAfterMs: each.isShown ? 0 : 86_400_000 },
    fault: ({ method, operation }: RecordedCall) => {
      if (method === 'PUT') return answerOf(each, each.body, orderId, each.isDone);
      const isOfAnother = {
        it: false,
        another: true,
        'another from the rollback on': edas.calls.some((call) => call.method === 'PUT'),
      };
      return operation === 'GetChangeOrderInfo' && isOfAnother[each.readsAreOf] ? anotherOrder : undefined;
    },
  });
  try {
    edas.orders.add({ id: orderId, appId: app, readyMs: 0, batchMs: 600_000 });
    const webhook = openWebhook(edas, { sources, clock });
    const answer = await webhook.post('pipeline', { changeOrderId: orderId });
    return { answer, effects: edas.orders.rollbacksOf(orderId) };
  } finally {
    await edas.close();
  }
}

/** What is wrong with what the caller was told. */
function untruthOf(
  { body: { says }, isClear, readsAreOf }: Case,
  { answer, effects }: Course,
): string | undefined {
  const { outcome, code } = answer.body;
  const told = String(outcome ?? code);
  const isUnknown = told === 'edas_outcome_unknown';
  const isClaim = told === 'rolling_back' || told === 'already_terminated';
  const isDenial = answer.text.includes('Nothing was') || !(isClaim || isUnknown);
  if (effects > (says === 'throttled' ? 2 : 1)) return `${told} after ${effects} rollbacks`;
  if (effects === 0 && isClaim) return `${told}, and nothing was rolled back`;
  if (effects > 0 && isDenial) return `${told}, and it was rolled back`;
  // Not to know is always true, and no help where EDAS spoke clearly.
  if (isClear && says === 'yes' && told !== 'rolling_back') return `${told} after a clear yes`;
  if (isClear && says === 'no' && readsAreOf === 'it' && isUnknown) return `${told} after a clear no`;
  return undefined;
}

describe('whatever EDAS answers to a rollback, the caller is told no untruth:', () => {
  // The first delivery of all loads the SDK.
  beforeAll(async () => {
    const [first] = casesOf(bodies['a success']);
    if (first) await deliver(first);
  });

  // Each takes a second; the time is for a machine that has much else to do.
  const timeout = 20_000 * runs(3);
  test.concurrent.for(Object.entries<Body>(bodies))(
    '%s, in every wrapping',
    { timeout },
    async ([, body]) => {
      const untruths: unknown[] = [];
      for (const each of casesOf(body)) {
        const untruth = untruthOf(each, await deliver(each));
        if (untruth !== undefined) untruths.push({ untruth, ...each, body: undefined });
      }
      expect(untruths).toEqual([]);
    },
  );

  test('in hundreds of cases, among them each status with each body', () => {
    const all = Object.values<Body>(bodies).flatMap(casesOf);
    expect(all.length).toBeGreaterThan(500);
    const pairs = new Set(all.map(({ status, body }) => `${status} ${body.text('')}`));
    expect(pairs.size).toBe(statuses.length * Object.keys(bodies).length);
  });
});
